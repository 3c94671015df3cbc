package config

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/weirflow/weir/cmd/weir/internal/keystore"
)

// A value may hold ${NAME} or ${NAME:default}, and $${ for a ${ that is none.
var (
	references    = regexp.MustCompile(`\$?\$\{[^}]*\}`)
	referenceName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]*$`)
)

// resolver puts secrets and variables in the place of references: the keystore's
// first, then the environment's.
type resolver struct {
	environ map[string]string
	// path is the keystore's; empty while it is not known yet.
	path     string
	password func() (string, error)
	opened   bool
	store    *keystore.Store // nil when there is none
	err      error
}

// resolved is what a reference stood for.
type resolved struct {
	reference, value string
	secret           bool // from the keystore
}

func newResolver(environ []string) *resolver {
	v := &resolver{environ: map[string]string{}}
	for _, kv := range environ {
		name, value, _ := strings.Cut(kv, "=")
		v.environ[name] = value
	}
	v.password = func() (string, error) { return KeystorePassword(environ) }
	return v
}

// KeystorePassword gives the keystore's password from the environment: of
// WEIR_KEYSTORE_PASSWORD, or of the file that WEIR_KEYSTORE_PASSWORD_FILE names;
// empty without them.
func KeystorePassword(environ []string) (string, error) {
	password, file := "", ""
	for _, kv := range environ {
		switch name, value, _ := strings.Cut(kv, "="); name {
		case "WEIR_KEYSTORE_PASSWORD":
			password = value
		case "WEIR_KEYSTORE_PASSWORD_FILE":
			file = value
		}
	}
	switch {
	case file == "":
		return password, nil
	case password != "":
		return "", errors.New("WEIR_KEYSTORE_PASSWORD_FILE: give this or WEIR_KEYSTORE_PASSWORD, not both")
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("WEIR_KEYSTORE_PASSWORD_FILE: %w", err)
	}
	return strings.TrimRight(string(text), "\r\n"), nil
}

// value resolves the references in a value of any kind. It changes nothing in
// place.
func (v *resolver) value(value any, used *[]resolved) (any, error) {
	var errs []error
	each := func(part any) any {
		out, err := v.value(part, used)
		errs = append(errs, err)
		return out
	}
	switch x := value.(type) {
	case string:
		return v.text(x, used)
	case []any:
		list := make([]any, len(x))
		for i := range x {
			list[i] = each(x[i])
		}
		value = list
	case map[string]any:
		table := make(map[string]any, len(x))
		for key, part := range x {
			table[key] = each(part)
		}
		value = table
	}
	return value, errors.Join(errs...)
}

func (v *resolver) text(s string, used *[]resolved) (string, error) {
	var errs []error
	out := references.ReplaceAllStringFunc(s, func(match string) string {
		if strings.HasPrefix(match, "$$") {
			return match[1:]
		}
		found, err := v.one(match)
		if err != nil {
			errs = append(errs, err)
			return ""
		}
		*used = append(*used, found)
		return found.value
	})
	return out, errors.Join(errs...)
}

// one finds what a single reference stands for.
func (v *resolver) one(reference string) (resolved, error) {
	name, otherwise, has := strings.Cut(reference[2:len(reference)-1], ":")
	if !referenceName.MatchString(name) {
		// What it says is not repeated: it may be a password that holds ${ by chance.
		return resolved{}, errors.New("a text between ${ and } is no name; allowed: ${NAME} or ${NAME:default} for a secret of the keystore or a variable, and $${ for ${ itself")
	}
	reference = "${" + name + "}" // without the default, which may be a secret, too
	store, err := v.open()
	if err != nil {
		return resolved{}, fmt.Errorf("%s: the keystore cannot be used: %w", reference, err)
	}
	if store != nil {
		if value, ok := store.Get(name); ok {
			return resolved{reference, value, true}, nil
		}
	}
	if value, ok := v.environ[name]; ok {
		return resolved{reference, value, false}, nil
	}
	if has {
		return resolved{reference, otherwise, false}, nil
	}
	where := "the environment has no such variable"
	switch {
	case store != nil:
		where = "neither the keystore " + v.path + " nor the environment has it"
	case v.path != "":
		where += ", and there is no keystore " + v.path
	}
	return resolved{}, fmt.Errorf("%s: %s; run weir keystore add %s, set the variable, or give a default as in ${%s:default}", reference, where, name, name)
}

// open opens the keystore when it is first needed.
func (v *resolver) open() (*keystore.Store, error) {
	if v.opened || v.path == "" {
		return v.store, v.err
	}
	v.opened = true
	var password string
	if password, v.err = v.password(); v.err != nil {
		return nil, v.err
	}
	v.store, v.err = keystore.Open(v.path, password)
	if errors.Is(v.err, fs.ErrNotExist) {
		v.store, v.err = nil, nil
	}
	return v.store, v.err
}

// resolve gives the key's value without references. Of the sections that only
// some commands need, what cannot be resolved is noted for them.
func (r *reader) resolve(v *resolver, key string, lenient bool) (value any, ok bool) {
	var used []resolved
	value, err := v.value(r.loaded.values[key], &used)
	r.loaded.used[key] = used
	if err == nil {
		return value, true
	}
	for _, line := range strings.Split(err.Error(), "\n") {
		fault := fmt.Errorf("%s: %s: %s", r.loaded.places[key], key, line)
		if lenient && strings.HasPrefix(key, elasticSection) {
			r.loaded.unresolved = append(r.loaded.unresolved, fault)
		} else {
			r.faults = append(r.faults, fault)
		}
	}
	return nil, false
}

const elasticSection = "index.elasticsearch."

// Unresolved gives the faults of references that this command may do without:
// those of index.elasticsearch, when the collector is not to run.
func (l *Loaded) Unresolved() error { return errors.Join(l.unresolved...) }

// keystorePath finds the keystore, whose place cannot be a secret itself.
func (r *reader) keystorePath(v *resolver) string {
	find := func(key, otherwise string) string {
		if value, ok := r.loaded.values[key].(string); ok {
			if value, err := v.text(value, new([]resolved)); err == nil && value != "" {
				return value
			}
		}
		return otherwise
	}
	return find("keystore", filepath.Join(find("data_dir", r.loaded.DataDir), "weir.keystore"))
}

// KeystorePath tells where the keystore is, whatever else is wrong with the
// configuration: it may refer to secrets that are about to be added.
func KeystorePath(o Options) (string, error) {
	r := newReader()
	if err := r.file(o); err != nil {
		return "", err
	}
	r.environ(o.Environ)
	if o.Flags != nil {
		r.flags(o.Flags)
	}
	return r.keystorePath(newResolver(o.Environ)), nil
}

// clean keeps what references stood for out of a message about a key: secrets
// always, variables when they are of that key.
func (l *Loaded) clean(key, message string) string {
	var list []resolved
	for of, used := range l.used {
		for _, u := range used {
			if (u.secret || of == key) && len(u.value) >= 4 {
				list = append(list, u)
			}
		}
	}
	slices.SortFunc(list, func(a, b resolved) int { return cmp.Compare(len(b.value), len(a.value)) })
	for _, u := range list {
		quoted := strconv.Quote(u.value)
		for _, form := range []string{u.value, quoted[1 : len(quoted)-1], url.QueryEscape(u.value), url.PathEscape(u.value)} {
			message = strings.ReplaceAll(message, form, u.reference)
		}
	}
	return message
}

// hidden reports whether a key's value holds something from the keystore.
func (l *Loaded) hidden(key string) bool {
	return slices.ContainsFunc(l.used[key], func(u resolved) bool { return u.secret })
}
