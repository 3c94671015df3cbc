package ndjson

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// Config sets a sink.
type Config struct {
	// Path is the file to append to; "-" is standard output. No default.
	Path string `mapstructure:"path"`
	// BufferBytes is how much is gathered before it is written. Default 256 KiB.
	BufferBytes int `mapstructure:"buffer_bytes"`
	// FlushInterval is how long a document waits at most. Default 1s.
	FlushInterval time.Duration `mapstructure:"flush_interval"`
	// Options has options records written, too. Default false.
	Options bool `mapstructure:"options"`
	// Exporters has the documents about exporters and the collector written, too
	// (index.exporters). Default false.
	Exporters bool `mapstructure:"exporters"`
}

// DefaultConfig gives the defaults, for a path.
func DefaultConfig(path string) Config {
	return Config{Path: path, BufferBytes: 256 << 10, FlushInterval: time.Second}
}

// Validate reports every value that is out of bounds, each with its key.
func (c Config) Validate() error {
	var errs []error
	if c.BufferBytes < 1 || c.BufferBytes > 1<<30 {
		errs = append(errs, fmt.Errorf("index.ndjson.buffer_bytes: %d is not allowed; allowed: 1 to 1GiB", c.BufferBytes))
	}
	if c.FlushInterval <= 0 {
		errs = append(errs, fmt.Errorf("index.ndjson.flush_interval: %s is not allowed; allowed: above 0", c.FlushInterval))
	}
	return errors.Join(errs...)
}

// Check looks whether the file can be appended to. It leaves nothing behind.
func (c Config) Check() error {
	if c.Path == "-" {
		return nil
	}
	const allowed = "allowed: a file in a folder that exists, or - for standard output"
	about, err := os.Stat(c.Path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		if about, err := os.Stat(filepath.Dir(c.Path)); err != nil || !about.IsDir() {
			return fmt.Errorf("%q: there is no folder %s; %s", c.Path, filepath.Dir(c.Path), allowed)
		}
		return nil
	case err != nil:
		return fmt.Errorf("%q: %w; %s", c.Path, err, allowed)
	case about.IsDir():
		return fmt.Errorf("%q: it is a folder; %s", c.Path, allowed)
	case !about.Mode().IsRegular():
		return nil // opening a pipe would wait for its reader
	}
	f, err := os.OpenFile(c.Path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("%q: %w; %s", c.Path, err, allowed)
	}
	return f.Close()
}
