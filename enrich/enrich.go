// Package enrich adds to flow records what their exporters did not say: names
// of protocols and services, which side is ours, who asked whom, where an
// address is, what kind of traffic it was. It changes records in place, one
// batch at a time, and may not drop, reorder or keep them. It asks no network
// and, on the way of a record, takes no lock and reads no file.
package enrich

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/weirflow/weir/enrich/category"
	"github.com/weirflow/weir/enrich/geo"
	"github.com/weirflow/weir/enrich/vendor"
)

// Dependencies are what a Chain is handed.
type Dependencies struct {
	// Logger gets what happens to databases; nothing per record.
	Logger *slog.Logger
	// Registerer gets the metrics, weir_enrich_*.
	Registerer prometheus.Registerer
}

// Chain is the enrichers with their tables, shared by its workers.
type Chain struct {
	cfg      Config
	tables   *tables
	vendors  *vendor.Table // nil: switched off
	networks []netip.Prefix
	geo      *geo.Databases
	metrics  *metrics
	files    atomic.Pointer[files]
}

// files is what was read at the start.
type files struct {
	rules      *category.Rules
	interfaces interfaceNames
}

// New checks the configuration and prepares the tables that are compiled in. It
// reads no file; until Start the rules and interface names of files and the
// GeoIP databases are missing.
func New(cfg Config, deps Dependencies) (*Chain, error) {
	fail := func(err error) (*Chain, error) { return nil, fmt.Errorf("enrich: %w", err) }
	if err := cfg.Validate(); err != nil {
		return fail(err)
	}
	c := &Chain{cfg: cfg}
	var err error
	if c.networks, err = parseNetworks(cfg.Networks); err != nil {
		return fail(err)
	}
	if c.tables, err = newTables(); err != nil {
		return fail(err)
	}
	if cfg.MACVendor {
		if c.vendors, err = vendor.New(); err != nil {
			return fail(err)
		}
	}
	rules, err := category.Compile(cfg.Category.Rules, c.tables.shipped, c.tables.services)
	if err != nil {
		return fail(err)
	}
	interfaces, err := cfg.Interfaces.compile(nil)
	if err != nil {
		return fail(err)
	}
	c.files.Store(&files{rules, interfaces})
	if c.metrics, err = newMetrics(deps.Registerer); err != nil {
		return fail(err)
	}
	if c.geo, err = geo.New(cfg.Geo, geo.Dependencies{Logger: deps.Logger, Registerer: deps.Registerer}); err != nil {
		return fail(err)
	}
	return c, nil
}

// Start reads the files and follows the GeoIP databases until ctx ends or Close
// is called. A rules or interfaces file that is missing or wrong is an error;
// a GeoIP database is not.
func (c *Chain) Start(ctx context.Context) error {
	rules, err := c.cfg.readRules(c.tables)
	if err != nil {
		return fmt.Errorf("enrich: %w", err)
	}
	interfaces, err := c.cfg.Interfaces.read()
	if err != nil {
		return fmt.Errorf("enrich: %w", err)
	}
	c.files.Store(&files{rules, interfaces})
	c.geo.Start(ctx)
	return nil
}

// Close stops following the databases. Workers may still be used.
func (c *Chain) Close() { c.geo.Close() }
