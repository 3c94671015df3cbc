package enrich

import (
	"fmt"
	"net/netip"

	"github.com/weirflow/weir/enrich/category"
	"github.com/weirflow/weir/enrich/geo"
	"github.com/weirflow/weir/enrich/service"
)

// Config says what is added to records. Its keys stand under `enrich:`.
type Config struct {
	// Networks are ours: an address in one of them is internal. Addresses or
	// networks such as 203.0.113.0/24. Default none.
	Networks []string `mapstructure:"networks" yaml:"networks"`
	// PrivateNetworks tells whether private, shared, link-local and loopback
	// addresses are internal too (RFC 1918, 4193, 6598, 3927, 4291). Default true.
	PrivateNetworks bool `mapstructure:"private_networks" yaml:"private_networks"`
	// CacheSize is how many addresses each worker remembers, rounded up to a
	// power of two; an address takes about 50 bytes. 2 to 4194304. Default 32768.
	CacheSize int `mapstructure:"cache_size" yaml:"cache_size"`
	// Geo is the GeoIP databases.
	Geo geo.Config `mapstructure:"geo" yaml:"geo"`
	// Category is the rules for categories, sites, tenants and tags.
	Category CategoryConfig `mapstructure:"category" yaml:"category"`
	// Interfaces names interfaces whose exporters do not.
	Interfaces InterfacesConfig `mapstructure:"interfaces" yaml:"interfaces"`
	// MACVendor switches flow.source.mac_vendor and flow.destination.mac_vendor
	// on. Default true.
	MACVendor bool `mapstructure:"mac_vendor" yaml:"mac_vendor"`
	// CommunityID is network.community_id.
	CommunityID CommunityIDConfig `mapstructure:"community_id" yaml:"community_id"`
}

// CategoryConfig is where the user's rules stand; the shipped categories come
// after them.
type CategoryConfig struct {
	// RulesFile is the path of a YAML file with the key rules. Default none.
	RulesFile string `mapstructure:"rules_file" yaml:"rules_file"`
	// Rules come before those of the file. Default none.
	Rules []category.Rule `mapstructure:"rules" yaml:"rules"`
}

// CommunityIDConfig is the settings of network.community_id.
type CommunityIDConfig struct {
	// Enabled switches the identifier on. Default true.
	Enabled bool `mapstructure:"enabled" yaml:"enabled"`
	// Seed must be the same in all tools that are to agree, 0 to 65535.
	// Default 0.
	Seed uint16 `mapstructure:"seed" yaml:"seed"`
}

// DefaultConfig is the configuration when nothing is set.
func DefaultConfig() Config {
	return Config{
		PrivateNetworks: true,
		CacheSize:       32768,
		Geo:             geo.DefaultConfig(),
		MACVendor:       true,
		CommunityID:     CommunityIDConfig{Enabled: true},
	}
}

// Validate reports the first bad value, by its key below enrich. It reads no
// file.
func (c Config) Validate() error {
	if _, err := parseNetworks(c.Networks); err != nil {
		return err
	}
	if c.CacheSize < 2 || c.CacheSize > 1<<22 {
		return fmt.Errorf("cache_size: %d: want 2 to %d addresses", c.CacheSize, 1<<22)
	}
	if err := c.Geo.Validate(); err != nil {
		return err
	}
	tables, err := newTables()
	if err != nil {
		return err
	}
	if _, err := category.Compile(c.Category.Rules, tables.shipped, tables.services); err != nil {
		return fmt.Errorf("category.rules: %w", err)
	}
	_, err = c.Interfaces.compile(nil)
	return err
}

// Check is Validate, and reads the files that the configuration names as well.
func (c Config) Check() error {
	if err := c.Validate(); err != nil {
		return err
	}
	tables, err := newTables()
	if err != nil {
		return err
	}
	if _, err := c.readRules(tables); err != nil {
		return err
	}
	_, err = c.Interfaces.read()
	return err
}

// readRules reads and compiles all the user's rules.
func (c Config) readRules(tables *tables) (*category.Rules, error) {
	rules := c.Category.Rules
	if c.Category.RulesFile != "" {
		more, err := category.ReadRules(c.Category.RulesFile, tables.services)
		if err != nil {
			return nil, fmt.Errorf("category.rules_file: %w", err)
		}
		rules = append(rules[:len(rules):len(rules)], more...)
	}
	compiled, err := category.Compile(rules, tables.shipped, tables.services)
	if err != nil {
		return nil, fmt.Errorf("category: %w", err)
	}
	return compiled, nil
}

func parseNetworks(list []string) ([]netip.Prefix, error) {
	var networks []netip.Prefix
	for i, text := range list {
		p, err := netip.ParsePrefix(text)
		if a, errAddr := netip.ParseAddr(text); errAddr == nil && a.Zone() == "" {
			a = a.Unmap()
			p, err = netip.PrefixFrom(a, a.BitLen()), nil
		}
		if err != nil || p.Addr().Is4In6() || p.Masked() != p {
			return nil, fmt.Errorf("networks: entry %d: %q: want an address or a network without bits beyond its length, such as 203.0.113.0/24 or 2001:db8::/32", i+1, text)
		}
		networks = append(networks, p)
	}
	return networks, nil
}

// tables are what is compiled in. They are immutable.
type tables struct {
	services *service.Table
	shipped  *category.Shipped
}

func newTables() (*tables, error) {
	services, err := service.New()
	if err != nil {
		return nil, err
	}
	shipped, err := category.NewShipped(services)
	return &tables{services, shipped}, err
}
