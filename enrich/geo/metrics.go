package geo

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	loaded   *prometheus.GaugeVec
	built    *prometheus.GaugeVec
	failures prometheus.Counter
	errors   prometheus.Counter
}

func newMetrics(r prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		loaded: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "weir_enrich_geo_database_loaded",
			Help: "Number of GeoIP database files in use, by kind; 0 means that none is."}, []string{"kind"}),
		built: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "weir_enrich_geo_database_build_timestamp_seconds",
			Help: "When the oldest GeoIP database in use was built, by kind, in Unix seconds; 0 means that none is in use."}, []string{"kind"}),
		failures: prometheus.NewCounter(prometheus.CounterOpts{Name: "weir_enrich_geo_reload_failures_total",
			Help: "GeoIP files that were missing or refused when they were looked at; what was loaded before stays in use."}),
		errors: prometheus.NewCounter(prometheus.CounterOpts{Name: "weir_enrich_geo_lookup_errors_total",
			Help: "Look-ups that met a damaged record in a GeoIP database."}),
	}
	return m, errors.Join(r.Register(m.loaded), r.Register(m.built), r.Register(m.failures), r.Register(m.errors))
}

func (m *metrics) report(k kind, list []*database) {
	oldest := 0.0
	for _, d := range list {
		if t := float64(d.built.Unix()); oldest == 0 || t < oldest {
			oldest = t
		}
	}
	m.loaded.WithLabelValues(k.String()).Set(float64(len(list)))
	m.built.WithLabelValues(k.String()).Set(oldest)
}
