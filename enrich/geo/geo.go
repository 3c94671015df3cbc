// Package geo says where an address is and which autonomous system announces
// it. It reads MaxMind DB files into memory, follows their changes, and falls
// back on a country table that is compiled in. It never fails for lack of a
// file and never asks the network.
package geo

import (
	_ "embed" // the country names
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/phuslu/iploc"
)

//go:generate go run ./gen

//go:embed countries.tsv
var countriesTSV string

// Place is what is known of an address's whereabouts. It is immutable.
type Place struct {
	// CountryCode is ISO 3166-1 alpha-2, or "".
	CountryCode string
	// CountryName is the English name, or "".
	CountryName string
	// City is the English name, or "".
	City string
	// Latitude and Longitude are degrees, WGS 84, when HasPoint is true.
	Latitude, Longitude float64
	// HasPoint tells that the database has coordinates.
	HasPoint bool
}

// AS is an autonomous system. It is immutable.
type AS struct {
	// Organization is who holds the number, or "".
	Organization string
	// Number is the AS number, never 0.
	Number uint32
}

// Config says which databases are read.
type Config struct {
	// Enabled switches the look-ups on. Default true.
	Enabled bool `mapstructure:"enabled" yaml:"enabled"`
	// Folder is where *.mmdb files are looked for when Files is empty; it need
	// not exist. Default ./data/geoip.
	Folder string `mapstructure:"folder" yaml:"folder"`
	// Files are paths of MaxMind DB files: City, Country, Enterprise, ASN or
	// ISP. Within a kind the first that knows an address wins. Default none.
	Files []string `mapstructure:"files" yaml:"files"`
	// CheckInterval is how often the files are looked at for changes; 0 switches
	// that off. Default 1m.
	CheckInterval time.Duration `mapstructure:"check_interval" yaml:"check_interval"`
	// Countries tells whether the table that is compiled in names the country
	// when no file does. Default true.
	Countries bool `mapstructure:"countries" yaml:"countries"`
}

// DefaultConfig is the configuration when nothing is set.
func DefaultConfig() Config {
	return Config{Enabled: true, Folder: "./data/geoip", CheckInterval: time.Minute, Countries: true}
}

// Validate reports the first bad value.
func (c Config) Validate() error {
	if c.CheckInterval < 0 || c.CheckInterval > 0 && c.CheckInterval < time.Second {
		return fmt.Errorf("geo.check_interval: %v: want 0 (never) or at least 1s", c.CheckInterval)
	}
	for i, path := range c.Files {
		if path == "" {
			return fmt.Errorf("geo.files: entry %d is empty: want the path of an .mmdb file", i+1)
		}
	}
	return nil
}

// countries holds the country names and the places of the compiled-in table.
type countries struct {
	places map[string]*Place
}

func newCountries() (*countries, error) {
	c := &countries{places: map[string]*Place{}}
	number := 0
	for line := range strings.Lines(countriesTSV) {
		number++
		if line[0] == '#' {
			continue
		}
		code, name, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		if !ok || len(code) != 2 || name == "" {
			return nil, fmt.Errorf("countries.tsv:%d: want code and name, got %q", number, line)
		}
		c.places[code] = &Place{CountryCode: code, CountryName: name}
	}
	return c, nil
}

// name is the English name of a country, or "".
func (c *countries) name(code string) string {
	if p := c.places[code]; p != nil {
		return p.CountryName
	}
	return ""
}

// lookup finds the country in the compiled-in table, or nil.
func (c *countries) lookup(addr netip.Addr) *Place {
	return c.places[iploc.IPCountry(addr)]
}
