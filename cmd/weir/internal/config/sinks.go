package config

import (
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"github.com/weirflow/weir/flow/catalogue"
	"github.com/weirflow/weir/indexer/elastic"
	"github.com/weirflow/weir/indexer/local"
	"github.com/weirflow/weir/indexer/ndjson"
)

// Output is a sink of Index.Outputs.
type Output struct {
	// Kind is local, ndjson or elasticsearch.
	Kind string
	// Target is a folder, a file or a URL; empty for what the sections index.local
	// and index.elasticsearch say.
	Target string
}

// ParseOutput reads KIND:TARGET, or local alone.
func ParseOutput(s string) (Output, error) {
	kind, target, found := strings.Cut(s, ":")
	if kind == "opensearch" {
		kind = "elasticsearch"
	}
	switch {
	case kind == "local" && !found:
		return Output{Kind: "local"}, nil
	case !found || target == "" || !slices.Contains([]string{"local", "ndjson", "elasticsearch"}, kind):
		return Output{}, fmt.Errorf("%q is no output; allowed: local, local:DIR, ndjson:FILE (- is standard output), elasticsearch:URL, opensearch:URL", maskURL(s))
	case kind == "elasticsearch" && !strings.HasPrefix(target, "http://") && !strings.HasPrefix(target, "https://"):
		return Output{}, fmt.Errorf("%q: the URL must begin with http:// or https://", maskURL(s))
	}
	return Output{kind, target}, nil
}

// Sinks gives the sinks to make: those of the sections that are set, then the
// outputs; the embedded store when there are none.
func (c *Config) Sinks() []Output {
	var list []Output
	if c.Index.Local.Path != "" {
		list = append(list, Output{Kind: "local"})
	}
	if c.Index.NDJSON.Path != "" {
		list = append(list, Output{"ndjson", c.Index.NDJSON.Path})
	}
	if len(c.Index.Elasticsearch.URLs) > 0 {
		list = append(list, Output{Kind: "elasticsearch"})
	}
	for _, s := range c.Index.Outputs {
		o, err := ParseOutput(s)
		if err != nil || o == (Output{Kind: "local"}) && c.Index.Local.Path != "" {
			continue // Validate reports the former; the latter is the section
		}
		list = append(list, o)
	}
	if len(list) == 0 {
		list = append(list, Output{Kind: "local"})
	}
	return list
}

// Local gives the configuration of a local output: the section's, for the
// output's folder.
func (c *Config) Local(o Output) local.Config {
	l := c.Index.Local
	if o.Target != "" {
		l.Path = o.Target
	}
	if l.Path == "" {
		l.Path = filepath.Join(c.DataDir, "flows")
	}
	return l
}

// StorePath is the folder of the embedded store: of the first one that is a
// sink, else where it would be.
func (c *Config) StorePath() string {
	for _, o := range c.Sinks() {
		if o.Kind == "local" {
			return c.Local(o).Path
		}
	}
	return c.Local(Output{}).Path
}

// Elastic gives the configuration of an elasticsearch output: the section's, for
// the output's URL. Credentials in the URL replace the section's.
func (c *Config) Elastic(o Output) elastic.Config {
	e := c.Index.Elasticsearch
	e.Fields, _ = catalogue.ParseProfile(c.Index.Fields) // Validate reports what is none
	if o.Target == "" {
		return e
	}
	e.URLs = []string{o.Target}
	if u, err := url.Parse(o.Target); err == nil && u.User != nil {
		e.Username, e.Password, e.PasswordFile, e.APIKey, e.APIKeyFile = "", "", "", "", ""
	}
	return e
}

// NDJSON gives the configuration of an ndjson output: the section's, for the
// output's path.
func (c *Config) NDJSON(o Output) ndjson.Config {
	n := c.Index.NDJSON
	n.Path = o.Target
	return n
}

// key is the key that says where an output writes to.
func (c *Config) key(o Output) string {
	switch {
	case o.Kind == "elasticsearch" && o.Target == "":
		return "index.elasticsearch.urls"
	case o.Kind == "ndjson" && o.Target == c.Index.NDJSON.Path:
		return "index.ndjson.path"
	}
	return "index.outputs"
}

// validateIndex checks the sinks: each alone, and that no two write to the same
// place.
func (c *Config) validateIndex() error {
	errs := []error{c.Index.Queue.Validate(), c.Index.NDJSON.Validate()}
	if _, err := catalogue.ParseProfile(c.Index.Fields); err != nil {
		errs = append(errs, fmt.Errorf("index.fields: %w", err))
	}
	for _, s := range c.Index.Outputs {
		if _, err := ParseOutput(s); err != nil {
			errs = append(errs, fmt.Errorf("index.outputs: %w", err))
		}
	}
	names := map[string]bool{}
	for _, o := range c.Sinks() {
		name, err := c.validateOutput(o)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if names[name] {
			errs = append(errs, fmt.Errorf("index.outputs: %q is there twice; allowed: once, also together with the sections of index", name))
		}
		names[name] = true
	}
	return errors.Join(errs...)
}

// validateOutput checks one sink, and gives a name of the place that it writes
// to.
func (c *Config) validateOutput(o Output) (string, error) {
	switch o.Kind {
	case "local":
		l := c.Local(o)
		return "local:" + filepath.Clean(l.Path), l.Validate()
	case "elasticsearch":
		e := c.Elastic(o)
		if err := e.Validate(); err != nil {
			return "", errors.New(strings.ReplaceAll(err.Error(), "index.elasticsearch.urls:", c.key(o)+":"))
		}
		return elastic.Name(e), nil
	}
	return "ndjson:" + o.Target, nil
}

// unused finds keys of index.elasticsearch that are set although no server is
// named anywhere: flows would go to the embedded store instead.
func (l *Loaded) unused() error {
	const section = "index.elasticsearch."
	for _, o := range l.Sinks() {
		if o.Kind == "elasticsearch" {
			return nil
		}
	}
	first := ""
	for key := range l.places {
		if key == section+"urls" { // an empty list says that none is wanted
			return nil
		}
		if strings.HasPrefix(key, section) && (first == "" || key < first) {
			first = key
		}
	}
	if first == "" {
		return nil
	}
	return fmt.Errorf("%s: it is set, but no server is; allowed: name the servers in %surls, or leave the section out", first, section)
}

// Check looks at the files that the sinks will use, without changing any. Each
// line begins with its key.
func (c *Config) Check() error {
	var errs []error
	for _, o := range c.Sinks() {
		switch o.Kind {
		case "elasticsearch":
			errs = append(errs, c.Elastic(o).Check())
		case "ndjson":
			if err := c.NDJSON(o).Check(); err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", c.key(o), err))
			}
		}
	}
	return errors.Join(errs...)
}
