package service

import (
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/weirflow/weir/collector/netflow"
)

// templateFile keeps the templates of exporters over restarts: most exporters
// send them only every few minutes, and what comes before them cannot be read.
type templateFile struct {
	path     string
	store    *netflow.Store
	log      *slog.Logger
	now      func() time.Time
	failures prometheus.Counter
	saved    prometheus.Gauge
}

func newTemplateFile(path string, store *netflow.Store, d Dependencies) (*templateFile, error) {
	f := &templateFile{path: path, store: store, log: d.Logger, now: d.Now,
		failures: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "weir_template_file_failures_total", Help: "Failed reads and writes of the file that keeps templates over restarts."}),
		saved: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "weir_template_file_saved_timestamp_seconds", Help: "When the template file was last written, in Unix seconds; 0 for never."}),
	}
	for _, c := range []prometheus.Collector{f.failures, f.saved} {
		if err := d.Registry.Register(c); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// load restores what was saved. A file that is damaged costs templates, which
// exporters send again; it is no reason not to start.
func (f *templateFile) load() {
	if err := f.store.LoadFile(f.path, f.now().UnixNano()); err != nil {
		f.failures.Inc()
		f.log.Warn("templates could not all be restored; exporters will send them again", "file", f.path, "error", err)
		return
	}
	if s := f.store.Stats(); s.Templates > 0 {
		f.log.Info("templates restored", "file", f.path, "exporters", s.Exporters, "templates", s.Templates)
	}
}

// save writes the file, and reports whether that worked.
func (f *templateFile) save() bool {
	if err := f.store.SaveFile(f.path); err != nil {
		f.failures.Inc()
		f.log.Error("templates could not be saved", "file", f.path, "error", err)
		return false
	}
	f.saved.Set(float64(f.now().Unix()))
	return true
}

// registerStore registers what the template store holds.
func registerStore(r prometheus.Registerer, store *netflow.Store) error {
	for _, c := range []prometheus.Collector{
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "weir_netflow_exporters",
			Help: "Exporters and stream sessions of NetFlow and IPFIX whose state is kept."},
			func() float64 { return float64(store.Stats().Exporters) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "weir_netflow_templates", Help: "Templates that are kept."},
			func() float64 { return float64(store.Stats().Templates) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "weir_netflow_template_fields", Help: "Fields of the templates that are kept."},
			func() float64 { return float64(store.Stats().Fields) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "weir_netflow_state_bytes",
			Help: "What templates, names and rates of all exporters take, as reckoned for decode.max_bytes."},
			func() float64 { return float64(store.Stats().Bytes) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "weir_netflow_templates_evicted_total",
			Help: "Templates that made room for others."},
			func() float64 { return float64(store.Stats().Evicted) }),
	} {
		if err := r.Register(c); err != nil {
			return err
		}
	}
	return nil
}
