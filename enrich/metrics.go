package enrich

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	records prometheus.Counter
	hits    prometheus.Counter
	misses  prometheus.Counter
}

func newMetrics(r prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		records: prometheus.NewCounter(prometheus.CounterOpts{Name: "weir_enrich_records_total", Help: "Flow records that were enriched."}),
		hits:    prometheus.NewCounter(prometheus.CounterOpts{Name: "weir_enrich_address_cache_hits_total", Help: "Addresses that a worker's cache knew."}),
		misses:  prometheus.NewCounter(prometheus.CounterOpts{Name: "weir_enrich_address_cache_misses_total", Help: "Addresses that had to be looked up."}),
	}
	return m, errors.Join(r.Register(m.records), r.Register(m.hits), r.Register(m.misses))
}
