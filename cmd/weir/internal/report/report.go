// Package report writes down, every minute, what each exporter has sent and what
// is wrong with it, and how the collector itself is, as records for the sinks, so
// that dashboards and alerts of the servers need no Prometheus. It reads what
// other rooms count; it counts nothing itself and does no I/O.
package report

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/weirflow/weir/collector"
	"github.com/weirflow/weir/collector/netflow"
	"github.com/weirflow/weir/flow"
)

// Config sets the documents about exporters and the collector.
type Config struct {
	// Enabled has a document about each exporter, and one about the collector itself,
	// written to Elasticsearch or OpenSearch, and where index.ndjson.exporters says
	// so. Default true.
	Enabled bool `mapstructure:"enabled"`
	// Interval is how often they are written; their counts are those of the interval.
	// Default 1m.
	Interval time.Duration `mapstructure:"interval"`
}

// DefaultConfig gives the defaults.
func DefaultConfig() Config { return Config{Enabled: true, Interval: time.Minute} }

// Validate reports every value that is out of bounds, each with its key.
func (c Config) Validate() error {
	if c.Interval < time.Second || c.Interval > time.Hour {
		return fmt.Errorf("index.exporters.interval: %s is not allowed; allowed: 1s to 1h", c.Interval)
	}
	return nil
}

// Dependencies are what New needs; all are required.
type Dependencies struct {
	// Exporters tells what each exporter has sent since the start.
	Exporters func() []collector.ExporterStats
	// States tells what is kept of exporters of NetFlow and IPFIX.
	States func() []netflow.State
	// Gatherer has the collector's metrics.
	Gatherer prometheus.Gatherer
	// Put takes the records over, with the reference.
	Put func(context.Context, *flow.Batch)
	// Host is the collector's host name, Version its version.
	Host, Version string
	// Now gives the time.
	Now func() time.Time
}

// forgetAfter is for how long a silent exporter goes on having documents.
const forgetAfter = 24 * time.Hour

// batchRecords is how many records are put at once.
const batchRecords = 256

// Reporter writes reports. One goroutine calls Start, Report and Close.
type Reporter struct {
	cfg Config
	d   Dependencies
	// last is the time of the report before, begun that of the first one.
	last   time.Time
	sent   map[exporterID]totals
	counts map[flow.Status]float64
	done   chan struct{}
	cancel context.CancelFunc
}

// New makes a reporter; Start begins the first interval.
func New(c Config, d Dependencies) (*Reporter, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if d.Exporters == nil || d.States == nil || d.Gatherer == nil || d.Put == nil || d.Now == nil {
		return nil, errors.New("report: a dependency is missing")
	}
	return &Reporter{cfg: c, d: d, sent: map[exporterID]totals{}}, nil
}

// Start begins to report.
func (r *Reporter) Start() {
	ctx, cancel := context.WithCancel(context.Background())
	r.last, r.done, r.cancel = r.d.Now(), make(chan struct{}), cancel
	go func() {
		defer close(r.done)
		tick := time.NewTicker(r.cfg.Interval)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				r.Report(ctx)
			}
		}
	}()
}

// Close reports what is left of the interval, so that the documents' counts add
// up to all that was received. It must come after the collector's Close and
// before the indexer's.
func (r *Reporter) Close(ctx context.Context) error {
	if r.cancel == nil {
		return nil
	}
	r.cancel()
	<-r.done
	r.cancel = nil
	r.Report(ctx)
	return nil
}

// Report writes the documents of the interval that ends now.
func (r *Reporter) Report(ctx context.Context) {
	now := r.d.Now()
	p := &page{now: now, seconds: now.Sub(r.last).Seconds(), put: func(b *flow.Batch) { r.d.Put(ctx, b) }}
	r.last = now
	sum := r.exporters(p)
	r.collector(p, sum)
	p.flush()
}

// page gathers the records of one report.
type page struct {
	now     time.Time
	seconds float64
	batch   *flow.Batch
	put     func(*flow.Batch)
}

// next begins a document.
func (p *page) next() *flow.Record {
	var r *flow.Record
	if p.batch != nil {
		r = p.batch.Next()
	}
	if r == nil {
		p.flush()
		p.batch = flow.NewBatch(batchRecords)
		r = p.batch.Next()
	}
	r.Kind = flow.KindExporter
	r.SetTimestamp(p.now.UnixNano())
	r.AddStatusFloat(flow.StatusInterval, p.seconds)
	return r
}

func (p *page) flush() {
	if p.batch != nil {
		p.put(p.batch)
		p.batch = nil
	}
}
