package local

import (
	"errors"
	"fmt"
	"time"
)

// Config sets a store: the section index.local.
type Config struct {
	// Path is the folder. One process at a time may write to it. No default here;
	// the command line's is ./data/flows.
	Path string `mapstructure:"path" yaml:"path"`
	// Keep is how long flows are kept after their end, 0 for ever. Default: 30
	// days.
	Keep time.Duration `mapstructure:"keep" yaml:"keep"`
	// MaxSize is how many bytes the folder may take, damaged files that were set
	// aside included. Those go first, then the oldest segments. 0 is no limit. Default: 20 GiB.
	MaxSize int64 `mapstructure:"max_size" yaml:"max_size"`
	// SyncInterval is how long flows may wait until the disk has them. 0 has each
	// batch synced at once, together with those that come meanwhile. Default: 0.
	SyncInterval time.Duration `mapstructure:"sync_interval" yaml:"sync_interval"`
	// RotateRows and RotateAfter say when the log becomes a segment: by rows,
	// 1024 to 131072, and by the age of its first row. Defaults: 131072, 10 m.
	RotateRows  int           `mapstructure:"rotate_rows" yaml:"rotate_rows"`
	RotateAfter time.Duration `mapstructure:"rotate_after" yaml:"rotate_after"`
	// MergeRows is up to how many rows small segments are merged into one, 0 for
	// no merging. Default: 1048576.
	MergeRows int64 `mapstructure:"merge_rows" yaml:"merge_rows"`
	// QueueBytes is how many bytes of the log may wait for the disk; Append waits
	// beyond. Default: 16 MiB.
	QueueBytes int `mapstructure:"queue_bytes" yaml:"queue_bytes"`
	// ScrubBytes is how many bytes per second the check of all segments, once a
	// day, may read; 0 for no check. Default: 16 MiB.
	ScrubBytes int64 `mapstructure:"scrub_bytes" yaml:"scrub_bytes"`
	// Options has options records stored, too. Default: false.
	Options bool `mapstructure:"options" yaml:"options"`
}

// maxRotateRows keeps a log's table within one row group.
const maxRotateRows = 131072

// DefaultConfig gives the defaults, for a folder.
func DefaultConfig(path string) Config {
	return Config{Path: path, Keep: 30 * 24 * time.Hour, MaxSize: 20 << 30, RotateRows: maxRotateRows, RotateAfter: 10 * time.Minute,
		MergeRows: 1 << 20, QueueBytes: 16 << 20, ScrubBytes: 16 << 20}
}

// Validate reports every value that is out of bounds, each with its key.
func (c Config) Validate() error {
	var errs []error
	check := func(ok bool, key string, value any, allowed string) {
		if !ok {
			errs = append(errs, fmt.Errorf("index.local.%s: %v is not allowed; %s", key, value, allowed))
		}
	}
	check(c.Path != "", "path", "an empty name", "name a folder")
	check(c.Keep >= 0, "keep", c.Keep, "0 (for ever) or more")
	check(c.MaxSize == 0 || c.MaxSize >= minSize, "max_size", c.MaxSize, "0 (no limit), or 64 MiB or more")
	check(c.SyncInterval >= 0 && c.SyncInterval <= time.Minute, "sync_interval", c.SyncInterval, "0 (at once) to 1m")
	check(c.RotateRows >= 1024 && c.RotateRows <= maxRotateRows, "rotate_rows", c.RotateRows, "1024 to 131072")
	check(c.RotateAfter >= time.Second, "rotate_after", c.RotateAfter, "1s or more")
	check(c.MergeRows == 0 || c.MergeRows >= maxRotateRows && c.MergeRows <= 1<<24, "merge_rows", c.MergeRows, "0 (no merging), or 131072 to 16777216")
	check(c.QueueBytes >= 1<<20, "queue_bytes", c.QueueBytes, "1 MiB or more")
	check(c.ScrubBytes >= 0, "scrub_bytes", c.ScrubBytes, "0 (no check) or more")
	return errors.Join(errs...)
}

// minSize is the least MaxSize, in bytes: the log and a segment must fit.
const minSize = 64 << 20
