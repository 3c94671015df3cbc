package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-viper/mapstructure/v2"
	"github.com/spf13/pflag"
	"github.com/spf13/viper"
)

// Options say where to read the configuration.
type Options struct {
	// File is the configuration file; empty searches weir.yml in Search.
	File string
	// Search is the folders to search, in order.
	Search []string
	// Environ is the environment as KEY=value.
	Environ []string
	// Flags are the command line's flags, see AddFlags; nil means none.
	Flags *pflag.FlagSet
	// Collecting says that the collector is to run: settings of a sink that is
	// not there are faults then. Other commands may use them without the sink.
	Collecting bool
}

// Loaded is a configuration and where it comes from.
type Loaded struct {
	Config
	// File is the file that was read, empty for none.
	File string
	// places maps a key to where its value stands, for messages.
	places map[string]string
	// values are as they are written, with references.
	values map[string]any
	// used are the references of each key.
	used map[string][]resolved
	// unresolved are faults for commands that need the key.
	unresolved []error
	// passwordFile holds the keystore's password, if any does.
	passwordFile string
}

func newReader() *reader {
	return &reader{schema: newSchema(), loaded: &Loaded{Config: Default(), places: map[string]string{}, values: map[string]any{}, used: map[string][]resolved{}}}
}

// Load reads and checks the configuration. The error, if any, joins every
// fault.
func Load(o Options) (*Loaded, error) {
	r := newReader()
	l := r.loaded
	if err := r.file(o); err != nil {
		return nil, err
	}
	r.environ(o.Environ)
	if o.Flags != nil {
		r.flags(o.Flags)
	}
	r.decode(o)
	if l.HTTP.Listen == "none" { // as on the command line
		l.HTTP.Listen = ""
	}
	r.local()
	if len(r.faults) == 0 {
		r.validate(o.Collecting)
	}
	return l, errors.Join(r.faults...)
}

// Place tells where a key's value comes from: file:line, a variable, a flag, or
// default.
func (l *Loaded) Place(key string) string {
	if place, ok := l.places[key]; ok {
		return place
	}
	return "default"
}

// Explain puts the place of the key that a message begins with before it.
func (l *Loaded) Explain(message string) string {
	key, _, _ := strings.Cut(message, ": ")
	if i := strings.IndexAny(key, "[ "); i >= 0 {
		key = key[:i]
	}
	// The key may be one inside a value, such as a rule's.
	for at := key; at != ""; at = at[:max(0, strings.LastIndex(at, delimiter))] {
		if place, ok := l.places[at]; ok {
			message = l.clean(at, message)
			if place == portFlag { // which is for all protocols, so that the key would mislead
				_, message, _ = strings.Cut(message, ": ")
			}
			return place + ": " + message
		}
	}
	return l.clean("", message)
}

type reader struct {
	loaded *Loaded
	schema schema
	faults []error
	// store tells that something below index.local is configured, replaced that
	// the command line names all sinks.
	store, replaced bool
}

// local gives the embedded store its folder when it is a sink without one. A
// store that is only an output becomes that of the section, whose other settings
// it has.
func (r *reader) local() {
	c := &r.loaded.Config
	if r.store && !r.replaced || slices.Contains(c.Sinks(), Output{Kind: "local"}) {
		c.Index.Local = c.Local(Output{})
	}
	if c.Index.Local.Path != "" {
		return
	}
	for i, s := range c.Index.Outputs {
		if o, err := ParseOutput(s); err == nil && o.Kind == "local" {
			c.Index.Local = c.Local(o)
			c.Index.Outputs = slices.Delete(slices.Clone(c.Index.Outputs), i, i+1)
			r.loaded.places[storeSection+".path"] = r.loaded.Place("index.outputs")
			return
		}
	}
}

func (r *reader) fault(format string, args ...any) {
	r.faults = append(r.faults, fmt.Errorf(format, args...))
}

// storeSection is the section of the embedded store.
const storeSection = "index.local"

// set notes a value; later ones win.
func (r *reader) set(key, place string, value any) {
	r.loaded.values[key], r.loaded.places[key] = value, place
	r.store = r.store || strings.HasPrefix(key, storeSection+delimiter)
}

// file finds and reads the configuration file.
func (r *reader) file(o Options) error {
	path := o.File
	for _, dir := range o.Search {
		if path != "" {
			break
		}
		if candidate := filepath.Join(dir, "weir.yml"); exists(candidate) {
			path = candidate
		}
	}
	if path == "" {
		return nil
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: there is no such file", path)
	}
	if err != nil {
		return err
	}
	r.loaded.File = path
	return r.yaml(path, text)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// environ reads the WEIR_… variables. A variable that names no key is a fault,
// as it is most likely misspelt.
func (r *reader) environ(list []string) {
	known := map[string]string{}
	for _, key := range r.schema.keys() {
		known[env(key)] = key
	}
	for _, kv := range list {
		name, value, _ := strings.Cut(kv, "=")
		if !strings.HasPrefix(name, "WEIR_") || slices.ContainsFunc(otherVariables, func(other string) bool { return strings.HasPrefix(name, other) }) {
			continue
		}
		key, ok := known[name]
		if !ok {
			r.fault("%s: unknown variable; `weir config show --env` lists those that are known", name)
			continue
		}
		r.set(key, name, value)
	}
}

// otherVariables are the beginnings of variables that are no keys: they belong
// to the tests, to the servers for tests, to --config and to the keystore.
var otherVariables = []string{"WEIR_CONFIG", "WEIR_REQUIRE", "WEIR_SHARED", "WEIR_ELASTICSEARCH", "WEIR_OPENSEARCH", "WEIR_SERVERS_", "WEIR_KEYSTORE_PASSWORD"}

// decode turns the values into the structs. Each value is decoded alone first,
// so that each fault is told with its place; then viper merges them over the
// defaults.
func (r *reader) decode(o Options) {
	resolver := newResolver(o.Environ)
	r.loaded.passwordFile = resolver.environ["WEIR_KEYSTORE_PASSWORD_FILE"]
	resolver.path = r.keystorePath(resolver)
	// Keys inside a table, such as networks, may hold dots and colons.
	const separator = "\x00"
	v := viper.NewWithOptions(viper.KeyDelimiter(separator))
	for _, key := range r.schema.keys() {
		value, ok := r.loaded.values[key]
		if !ok {
			continue
		}
		written := value
		if value, ok = r.resolve(resolver, key, !o.Collecting); !ok {
			continue
		}
		t := r.schema.leaves[key]
		if err := decodeLeaf(value, t); err != nil {
			what := show(key, written) + " is not allowed"
			if value == nil {
				what = "has no value"
			}
			r.fault("%s: %s: %s; allowed: %s%s", r.loaded.places[key], key, what, want(t), r.loaded.clean(key, detail(err)))
			continue
		}
		v.Set(strings.ReplaceAll(key, delimiter, separator), value)
	}
	if len(r.faults) > 0 {
		return
	}
	if err := v.Unmarshal(&r.loaded.Config, viper.DecodeHook(hooks()), func(c *mapstructure.DecoderConfig) { c.ErrorUnused = true }); err != nil {
		r.fault("%s", r.loaded.clean("", err.Error()))
	}
}

// show is a value in a message.
func show(key string, value any) string {
	if secret(key) {
		return "the value"
	}
	if s, ok := value.(string); ok {
		return fmt.Sprintf("%q", maskURL(s))
	}
	text, err := json.Marshal(value)
	if err != nil {
		text = fmt.Append(nil, value)
	}
	return credentials.ReplaceAllString(string(text), "://"+masked+"@")
}

// validate runs the rooms' own checks and puts the place before each fault.
func (r *reader) validate(collecting bool) {
	err := r.loaded.Validate()
	if collecting {
		err = errors.Join(err, r.loaded.unused())
	}
	if err == nil {
		return
	}
	said := map[string]bool{} // a section's faults come again with each output that uses it
	for _, line := range strings.Split(r.loaded.clean("", err.Error()), "\n") {
		if !said[line] {
			r.faults = append(r.faults, errors.New(r.loaded.Explain(line)))
		}
		said[line] = true
	}
}
