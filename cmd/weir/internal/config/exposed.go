package config

import (
	"fmt"
	"io/fs"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// secretFile reports whether a key names a file that holds a secret.
func secretFile(key string) bool {
	last := key[strings.LastIndex(key, delimiter)+1:]
	base, isFile := strings.CutSuffix(last, "_file")
	return isFile && (secret(base) || base == "key") || key == "collectors.tls.key"
}

// Exposed tells of each file with secrets that everybody on this machine may
// read, with what to do about it.
func (l *Loaded) Exposed() []string {
	var list []string
	look := func(path, why string) {
		about, err := os.Stat(path)
		if err != nil || about.Mode().Perm()&0o004 == 0 || !about.Mode().IsRegular() {
			return // what cannot be read is told elsewhere
		}
		text := fmt.Sprintf("%s (%s) can be read by everybody on this machine (mode %04o); run: chmod %s %s", path, why, about.Mode().Perm(), narrowed(about.Mode()), path)
		if !slices.Contains(list, text) {
			list = append(list, text)
		}
	}
	for _, key := range l.textKeys("", reflect.ValueOf(l.Config)) {
		if secretFile(key.name) && key.value != "" {
			look(key.value, key.name)
		}
	}
	if l.passwordFile != "" {
		look(l.passwordFile, "WEIR_KEYSTORE_PASSWORD_FILE")
	}
	for key := range l.values {
		if l.File != "" && strings.HasPrefix(l.places[key], l.File+":") && l.holdsSecret(key) {
			look(l.File, "with secrets in it")
			break
		}
	}
	return list
}

// narrowed is a file's mode without what others may.
func narrowed(mode fs.FileMode) string { return fmt.Sprintf("%o", mode.Perm()&0o770) }

// literalPassword finds a password in a URL.
var literalPassword = regexp.MustCompile(`://[^:/@\s]*:[^@\s]+@`)

// holdsSecret reports whether a key's value, as it is written, is a secret rather
// than a reference to one.
func (l *Loaded) holdsSecret(key string) bool {
	found := false
	var visit func(value any)
	visit = func(value any) {
		switch x := value.(type) {
		case string:
			// A reference stands for a text that is no secret here.
			bare := references.ReplaceAllString(x, "")
			found = found || secret(key) && strings.Trim(bare, ": ") != "" || literalPassword.MatchString(bare)
		case []any:
			for _, part := range x {
				visit(part)
			}
		case map[string]any:
			for _, part := range x {
				visit(part)
			}
		}
	}
	visit(l.values[key])
	return found
}

// textKey is a key whose value is a text.
type textKey struct{ name, value string }

func (l *Loaded) textKeys(prefix string, v reflect.Value) []textKey {
	var list []textKey
	for _, f := range fieldsOf(prefix, v.Type()) {
		content := v.FieldByIndex(f.Index)
		switch {
		case f.section:
			list = append(list, l.textKeys(f.key, content)...)
		case content.Kind() == reflect.String:
			list = append(list, textKey{f.key, content.String()})
		}
	}
	return list
}
