// Package config reads the configuration of the collector: weir.yml, WEIR_…
// environment variables and flags, in rising order of precedence. Every fault
// is reported with the place that it stands in, the key, the value and what is
// allowed; unknown keys are faults. It opens no file but the configuration's
// own.
package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/weirflow/weir/collector"
	"github.com/weirflow/weir/collector/netflow"
	"github.com/weirflow/weir/enrich"
	"github.com/weirflow/weir/flow/catalogue"
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
	// Fields is how much documents of flows in Elasticsearch and OpenSearch carry:
	// full, lean (without what repeats other fields of the document) or min (who
	// talked to whom, how much, through which exporter). docs/fields.md says which
	// field is in which. Default lean.
	Fields string `mapstructure:"fields"`
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
	// Listen is host:port; none, or nothing at all, serves nothing. Default 127.0.0.1:9470.
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
		Index:           Index{Fields: catalogue.Lean.String(), Queue: indexer.DefaultConfig(), Local: local.DefaultConfig(""), NDJSON: ndjson.DefaultConfig(""), Elasticsearch: elastic.DefaultConfig()},
		HTTP:            HTTP{Listen: "127.0.0.1:9470"},
		Log:             Log{Level: "info", Format: "text"},
		ShutdownTimeout: 30 * time.Second,
	}
}

// Validate reports every fault that can be told without touching files or
// sockets. Each line begins with its key.
func (c *Config) Validate() error {
	errs := []error{c.Collectors.Validate(), c.Decode.Validate(), below("enrich", c.Enrich.Validate()), c.validateIndex()}
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
