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
		prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "weir_netflow_templates_expired_total",
			Help: "Templates given up because they were neither used nor defined again while others were."},
			func() float64 { return float64(store.Stats().Expired) }),
	} {
		if err := r.Register(c); err != nil {
			return err
		}
	}
	return registerHeld(r, store)
}

// registerHeld registers what became of data that came before its template.
func registerHeld(r prometheus.Registerer, store *netflow.Store) error {
	list := []prometheus.Collector{
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "weir_netflow_waiting_sets", Help: "Data sets that wait for their templates."},
			func() float64 { return float64(store.Held().Waiting) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "weir_netflow_waiting_bytes", Help: "What data that waits for its templates takes."},
			func() float64 { return float64(store.Held().Bytes) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "weir_netflow_held_sets_total", Help: "Data sets that were held for their templates."},
			func() float64 { return float64(store.Held().Total) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "weir_netflow_held_sets_released_total",
			Help: "Data sets that were held and decoded when their templates came."},
			func() float64 { return float64(store.Held().Released) }),
	}
	for reason, value := range map[string]func(netflow.Held) uint64{
		"refused": func(h netflow.Held) uint64 { return h.Refused }, "expired": func(h netflow.Held) uint64 { return h.Expired },
		"pushed_out": func(h netflow.Held) uint64 { return h.PushedOut }, "abandoned": func(h netflow.Held) uint64 { return h.Abandoned },
	} {
		list = append(list, prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "weir_netflow_held_sets_dropped_total",
			Help:        "Data sets lost for want of a template: refused (no room, or switched off), expired, pushed_out (by newer ones), abandoned (their exporter or session is gone).",
			ConstLabels: prometheus.Labels{"reason": reason}},
			func() float64 { return float64(value(store.Held())) }))
	}
	for _, c := range list {
		if err := r.Register(c); err != nil {
			return err
		}
	}
	return nil
}
