// Package config reads the configuration of the collector: weir.yml, WEIR_…
// environment variables and flags, in rising order of precedence. Every fault
// is reported with the place that it stands in, the key, the value and what is
// allowed; unknown keys are faults. It opens no file but the configuration's
// own.
package config

import (
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/weirflow/weir/collector"
	"github.com/weirflow/weir/collector/netflow"
	"github.com/weirflow/weir/enrich"
	"github.com/weirflow/weir/indexer"
	"github.com/weirflow/weir/indexer/elastic"
	"github.com/weirflow/weir/indexer/local"
	"github.com/weirflow/weir/indexer/ndjson"
)

// Config is the whole configuration.
type Config struct {
	// DataDir is the folder for what the collector keeps, such as templates.
	// Default ./data.
	DataDir string `mapstructure:"data_dir"`
	// Collectors says where to listen.
	Collectors collector.Config `mapstructure:"collectors"`
	// Decode bounds what is kept of exporters, and sets sampling rates for those
	// that do not tell theirs.
	Decode netflow.Config `mapstructure:"decode"`
	// Enrich says what to add to records.
	Enrich enrich.Config `mapstructure:"enrich"`
	// Index says where records go.
	Index Index `mapstructure:"index"`
	// HTTP serves metrics and health.
	HTTP HTTP `mapstructure:"http"`
	// Log sets the log on standard error.
	Log Log `mapstructure:"log"`
	// ShutdownTimeout is how long a graceful stop may take to write what was
	// received. Default 30s.
	ShutdownTimeout time.Duration `mapstructure:"shutdown_timeout"`
}

// Index says where records go. With no sink configured, they go to the embedded
// store.
type Index struct {
	// Queue is the hand-over to sinks.
	Queue indexer.Config `mapstructure:"queue"`
	// Local is the embedded store. It is used when any of its keys is set, and when
	// there is no other sink; its path is the folder flows in data_dir unless
	// named.
	Local local.Config `mapstructure:"local"`
	// NDJSON writes documents to a file once its path is set.
	NDJSON ndjson.Config `mapstructure:"ndjson"`
	// Elasticsearch writes to Elasticsearch or OpenSearch once urls is set.
	Elasticsearch elastic.Config `mapstructure:"elasticsearch"`
	// Outputs are further sinks as on the command line: local or local:DIR,
	// ndjson:FILE (- is standard output), elasticsearch:URL or opensearch:URL.
	// Default: none.
	Outputs []string `mapstructure:"outputs"`
}

// HTTP serves /metrics, /healthz and /readyz.
type HTTP struct {
	// Listen is host:port; empty serves nothing. Default 127.0.0.1:9470.
	Listen string `mapstructure:"listen"`
}

// Log sets the log.
type Log struct {
	// Level is debug, info, warn or error. Default info.
	Level string `mapstructure:"level"`
	// Format is text or json. Default text.
	Format string `mapstructure:"format"`
}

// Default gives the configuration of a program that nothing was told.
func Default() Config {
	return Config{
		DataDir:         "./data",
		Collectors:      collector.DefaultConfig(),
		Decode:          netflow.DefaultConfig(),
		Enrich:          enrich.DefaultConfig(),
		Index:           Index{Queue: indexer.DefaultConfig(), Local: local.DefaultConfig(""), NDJSON: ndjson.DefaultConfig(""), Elasticsearch: elastic.DefaultConfig()},
		HTTP:            HTTP{Listen: "127.0.0.1:9470"},
		Log:             Log{Level: "info", Format: "text"},
		ShutdownTimeout: 30 * time.Second,
	}
}

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
	if o.Target == "" {
		return e
	}
	e.URLs = []string{o.Target}
	if u, err := url.Parse(o.Target); err == nil && u.User != nil {
		e.Username, e.Password, e.PasswordFile, e.APIKey, e.APIKeyFile = "", "", "", "", ""
	}
	return e
}

// Validate reports every fault that can be told without touching files or
// sockets. Each line begins with its key.
func (c *Config) Validate() error {
	errs := []error{c.Collectors.Validate(), c.Decode.Validate(), below("enrich", c.Enrich.Validate())}
	if len(c.Index.Elasticsearch.URLs) > 0 {
		errs = append(errs, c.Index.Elasticsearch.Validate())
	}
	outputs, folders := map[Output]bool{}, map[string]bool{}
	if c.Index.Local.Path != "" {
		errs = append(errs, c.Index.Local.Validate())
		folders[filepath.Clean(c.Index.Local.Path)] = true
	}
	for _, s := range c.Index.Outputs {
		o, err := ParseOutput(s)
		folder := filepath.Clean(c.Local(o).Path)
		if err == nil && (outputs[o] || o.Kind == "local" && o.Target != "" && folders[folder]) {
			err = fmt.Errorf("%q is there twice", maskURL(s))
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("index.outputs: %w", err))
			continue
		}
		outputs[o] = true
		switch o.Kind {
		case "elasticsearch":
			errs = append(errs, c.Elastic(o).Validate())
		case "local":
			folders[folder] = true
			errs = append(errs, c.Local(o).Validate())
		}
	}
	oneOf := func(key, value string, allowed ...string) {
		if !slices.Contains(allowed, value) {
			errs = append(errs, fmt.Errorf("%s: %q is not known; allowed: %s", key, value, strings.Join(allowed, ", ")))
		}
	}
	oneOf("log.level", c.Log.Level, "debug", "info", "warn", "error")
	oneOf("log.format", c.Log.Format, "text", "json")
	if c.ShutdownTimeout < time.Second || c.ShutdownTimeout > time.Hour {
		errs = append(errs, fmt.Errorf("shutdown_timeout: %s is out of range; allowed: 1s to 1h", c.ShutdownTimeout))
	}
	if c.DataDir == "" {
		errs = append(errs, errors.New("data_dir: is empty; name a folder"))
	}
	return errors.Join(errs...)
}

// below puts a section's key before the message of an error from it.
func below(section string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s.%w", section, err)
}
