package ndjson

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	documents prometheus.Counter
	lost      prometheus.Counter
}

func newMetrics(r prometheus.Registerer, path string) (*metrics, error) {
	labels := prometheus.Labels{"path": path}
	m := &metrics{
		documents: prometheus.NewCounter(prometheus.CounterOpts{Name: "weir_ndjson_documents_total", Help: "Documents written.", ConstLabels: labels}),
		lost:      prometheus.NewCounter(prometheus.CounterOpts{Name: "weir_ndjson_lost_documents_total", Help: "Documents that could not be written.", ConstLabels: labels}),
	}
	return m, errors.Join(r.Register(m.documents), r.Register(m.lost))
}
