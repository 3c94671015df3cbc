package indexer

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are the indexer's metrics; children are resolved once for each sink.
type metrics struct {
	registerer prometheus.Registerer
	records    *prometheus.CounterVec
	errors     *prometheus.CounterVec
	dropped    *prometheus.CounterVec
}

type sinkMetrics struct {
	records prometheus.Counter
	errors  prometheus.Counter
	dropped *prometheus.CounterVec
}

func newMetrics(r prometheus.Registerer) (*metrics, error) {
	m := &metrics{registerer: r,
		records: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "weir_index_records_total", Help: "Records that a sink has taken."}, []string{"sink"}),
		errors:  prometheus.NewCounterVec(prometheus.CounterOpts{Name: "weir_index_write_errors_total", Help: "Batches that a sink could not write."}, []string{"sink"}),
		dropped: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "weir_index_dropped_records_total",
			Help: "Records that were lost on the way to a sink: queue_full (it is behind), sink_stalled (no progress while others work), shutdown, panic."}, []string{"sink", "reason"}),
	}
	return m, errors.Join(r.Register(m.records), r.Register(m.errors), r.Register(m.dropped))
}

// sink resolves the children of one sink; depth gives its queue's length.
func (m *metrics) sink(name string, depth func() float64) *sinkMetrics {
	label := prometheus.Labels{"sink": name}
	// A second sink of the same name shares the first one's gauge.
	_ = m.registerer.Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "weir_index_queue_batches", Help: "Batches that wait for a sink.", ConstLabels: label}, depth))
	return &sinkMetrics{records: m.records.With(label), errors: m.errors.With(label), dropped: m.dropped.MustCurryWith(label)}
}
