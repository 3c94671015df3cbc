package geo

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/phuslu/iploc"
	"github.com/prometheus/client_golang/prometheus"
)

// Dependencies are what the databases are handed.
type Dependencies struct {
	// Logger gets a line per file that is read, missing or refused.
	Logger *slog.Logger
	// Registerer gets the metrics.
	Registerer prometheus.Registerer
}

// Databases follows the files and offers the current set of them.
type Databases struct {
	cfg       Config
	log       *slog.Logger
	metrics   *metrics
	countries *countries
	current   atomic.Pointer[Set]
	files     map[string]*file // the checker's own
	cancel    context.CancelFunc
	done      sync.WaitGroup
}

// file is what the checker knows of one path.
type file struct {
	info     fs.FileInfo // of the content that was last tried
	database *database   // the last one that was sound; nil when none was
	missing  bool        // said so already
}

// New checks the configuration and reads no file.
func New(cfg Config, deps Dependencies) (*Databases, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	names, err := newCountries()
	if err != nil {
		return nil, err
	}
	m, err := newMetrics(deps.Registerer)
	if err != nil {
		return nil, err
	}
	d := &Databases{cfg: cfg, log: deps.Logger, metrics: m, countries: names, files: map[string]*file{}}
	d.publish()
	return d, nil
}

// Current is the databases of this moment; never nil. Safe for concurrent use.
func (d *Databases) Current() *Set { return d.current.Load() }

// Start reads the files and follows their changes until ctx ends or Close is
// called. Missing and broken files are logged and never fail the start.
func (d *Databases) Start(ctx context.Context) {
	if !d.cfg.Enabled {
		return
	}
	if d.cfg.Countries {
		iploc.Country(make([]byte, 16)) // unpacks its IPv6 table, once
	}
	d.check()
	for k := range numKinds {
		if !d.has(k) {
			d.log.Warn("no GeoIP database of this kind is loaded; `make geoip` builds free ones, or set enrich.geo.files",
				"kind", k.String(), "where", d.where(), "without", [...]string{
					"cities and locations", "countries come from the table that is compiled in", "AS numbers other than the exporters' own"}[k])
		}
	}
	if d.cfg.CheckInterval == 0 {
		return
	}
	ctx, d.cancel = context.WithCancel(ctx)
	d.done.Go(func() {
		ticker := time.NewTicker(d.cfg.CheckInterval)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				d.check()
			}
		}
	})
}

// Close stops following the files. The current set stays usable.
func (d *Databases) Close() {
	if d.cancel != nil {
		d.cancel()
	}
	d.done.Wait()
}

func (d *Databases) where() []string {
	if len(d.cfg.Files) > 0 {
		return d.cfg.Files
	}
	return []string{filepath.Join(d.cfg.Folder, "*.mmdb")}
}

// paths are the files that are wanted now, and those that were there before.
func (d *Databases) paths() []string {
	list := slices.Clone(d.cfg.Files)
	if len(list) == 0 && d.cfg.Folder != "" {
		entries, err := os.ReadDir(d.cfg.Folder)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			d.metrics.failures.Inc()
			d.log.Error("the GeoIP folder cannot be read", "folder", d.cfg.Folder, "error", err)
		}
		for _, e := range entries {
			if filepath.Ext(e.Name()) == ".mmdb" && e.Name()[0] != '.' {
				list = append(list, filepath.Join(d.cfg.Folder, e.Name()))
			}
		}
	}
	for path := range d.files {
		if !slices.Contains(list, path) {
			list = append(list, path)
		}
	}
	return list
}

// check looks at every file and publishes a new set when one has changed.
func (d *Databases) check() {
	changed := false
	for _, path := range d.paths() {
		f := d.files[path]
		if f == nil {
			f = &file{}
			d.files[path] = f
		}
		info, err := os.Stat(path)
		if err != nil {
			if !f.missing {
				f.missing = true
				d.metrics.failures.Inc()
				d.log.Error("a GeoIP database cannot be read", "file", path, "error", err, "kept", f.database != nil)
			}
			continue
		}
		f.missing = false
		if f.info != nil && os.SameFile(f.info, info) && f.info.Size() == info.Size() && f.info.ModTime().Equal(info.ModTime()) {
			continue
		}
		f.info = info
		fresh, err := openDatabase(path)
		if errors.Is(err, errUnused) {
			d.log.Info("a file in the GeoIP folder is not used", "file", path, "reason", err)
			continue
		}
		if err != nil {
			d.metrics.failures.Inc()
			d.log.Error("a GeoIP database is refused", "file", path, "error", err, "kept", f.database != nil)
			continue
		}
		f.database, changed = fresh, true
		d.log.Info("GeoIP database loaded", "file", path, "kind", fresh.kind.String(), "type", fresh.reader.Metadata.DatabaseType, "built", fresh.built.UTC().Format(time.DateOnly))
	}
	if changed {
		d.publish()
	}
}

func (d *Databases) has(k kind) bool {
	for _, f := range d.files {
		if f.database != nil && f.database.kind == k {
			return true
		}
	}
	return false
}

// publish makes the loaded databases the current set.
func (d *Databases) publish() {
	s := &Set{countries: d.countries, fallback: d.cfg.Countries && d.cfg.Enabled, errors: d.metrics.errors}
	var kinds [numKinds][]*database
	for _, path := range d.ordered() {
		if db := d.files[path].database; db != nil {
			kinds[db.kind] = append(kinds[db.kind], db)
		}
	}
	s.places = append(append(s.places, kinds[kindCity]...), kinds[kindCountry]...)
	s.systems = kinds[kindASN]
	for k, list := range kinds {
		d.metrics.report(kind(k), list)
	}
	d.current.Store(s)
}

// ordered is the configured order, or the order of names.
func (d *Databases) ordered() []string {
	rest := make([]string, 0, len(d.files))
	var list []string
	for _, path := range d.cfg.Files {
		if d.files[path] != nil && !slices.Contains(list, path) {
			list = append(list, path)
		}
	}
	for path := range d.files {
		if !slices.Contains(list, path) {
			rest = append(rest, path)
		}
	}
	slices.Sort(rest)
	return append(list, rest...)
}

// String names the loaded files, for diagnostics.
func (s *Set) String() string {
	var paths []string
	for _, d := range append(slices.Clone(s.places), s.systems...) {
		paths = append(paths, d.path)
	}
	return fmt.Sprint(paths)
}
