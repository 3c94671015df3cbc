package rollup

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Config sets the roll-ups.
type Config struct {
	// Enabled has sums of the flows written beside them, for long retention.
	// Default true.
	Enabled bool `mapstructure:"enabled"`
	// Intervals are what is summed: 1m, 1h or both, each into a data stream of its
	// own. Default 1m and 1h.
	Intervals []string `mapstructure:"intervals"`
	// TopHosts is how many hosts of an exporter have a document of their own in an
	// interval, those with the most bytes; the others are summed up in one.
	// Default 100.
	TopHosts int `mapstructure:"top_hosts"`
	// MaxKeys is how many keys of a kind (interfaces, hosts and so on) are told
	// apart in an interval, of all exporters together; what comes beyond is summed
	// up as other. All open intervals together hold 32 times as many. Default 5000,
	// which takes 70 MiB at most.
	MaxKeys int `mapstructure:"max_keys"`
	// Grace is how long an interval waits for late flows, after the time that it
	// lasts has passed since its first one. Later ones are written as further
	// documents. Default 1m.
	Grace time.Duration `mapstructure:"grace"`
	// Raw has the flows themselves written, too. Without, servers get only their
	// sums, and what is no flow, such as counters. Default true.
	Raw bool `mapstructure:"raw"`
}

// interval is a value of Config.Intervals.
type interval struct {
	name   string
	length time.Duration
}

// intervals are the values of Config.Intervals, shortest first.
var intervals = []interval{{"1m", time.Minute}, {"1h", time.Hour}}

// DefaultConfig gives the defaults.
func DefaultConfig() Config {
	return Config{Enabled: true, Intervals: []string{"1m", "1h"}, TopHosts: 100, MaxKeys: 5000, Grace: time.Minute, Raw: true}
}

// Validate reports every value that is out of bounds, each with its key.
func (c Config) Validate() error {
	var errs []error
	if !c.Enabled && !c.Raw {
		errs = append(errs, errors.New("index.rollup.raw: false is not allowed without roll-ups, as servers would get no flows at all; allowed: set index.rollup.enabled, too"))
	}
	if len(c.Intervals) == 0 {
		errs = append(errs, errors.New("index.rollup.intervals: it is empty; allowed: 1m, 1h or both; index.rollup.enabled: false switches roll-ups off"))
	}
	for i, name := range c.Intervals {
		known := slices.ContainsFunc(intervals, func(v interval) bool { return v.name == name })
		if !known || slices.Contains(c.Intervals[:i], name) {
			errs = append(errs, fmt.Errorf("index.rollup.intervals: %q is not allowed; allowed: 1m and 1h, each once", strings.Join(c.Intervals, ", ")))
			break
		}
	}
	if c.TopHosts < 1 || c.TopHosts > maxKeysAllowed {
		errs = append(errs, fmt.Errorf("index.rollup.top_hosts: %d is not allowed; allowed: 1 to %d", c.TopHosts, maxKeysAllowed))
	}
	if c.MaxKeys < 16 || c.MaxKeys > maxKeysAllowed {
		errs = append(errs, fmt.Errorf("index.rollup.max_keys: %d is not allowed; allowed: 16 to %d", c.MaxKeys, maxKeysAllowed))
	}
	if c.Grace < 0 || c.Grace > time.Hour {
		errs = append(errs, fmt.Errorf("index.rollup.grace: %s is not allowed; allowed: 0s to 1h", c.Grace))
	}
	return errors.Join(errs...)
}

// maxKeysAllowed keeps a slip of the keyboard from taking all memory.
const maxKeysAllowed = 1 << 18
