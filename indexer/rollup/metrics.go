package rollup

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"
)

// The values of the label "result" of weir_rollup_records_total.
const (
	resultSummed = "summed"
	resultNoTime = "no_time" // without a time there is no interval
)

type metrics struct {
	summed, noTime  prometheus.Counter
	documents       map[string]prometheus.Counter // by interval
	other           [numBy]prometheus.Counter
	early, repeated prometheus.Counter
	withheld        prometheus.Counter
	dropped         prometheus.Counter
}

func newMetrics(r prometheus.Registerer, s *Sink) (*metrics, error) {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	}
	counters := func(name, help, label string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, []string{label})
	}
	records := counters("weir_rollup_records_total", "Flows by what became of them: summed, or no_time (a flow without a time is in no interval).", "result")
	documents := counters("weir_rollup_documents_total", "Roll-up documents handed to the sink; what becomes of them the sink's own metrics tell.", "interval")
	other := counters("weir_rollup_other_sums_total", "Sums that went to the document of the others, as there was no place for another key: index.rollup.max_keys.", "by")
	m := &metrics{
		summed: records.WithLabelValues(resultSummed), noTime: records.WithLabelValues(resultNoTime), documents: map[string]prometheus.Counter{},
		early:    counter("weir_rollup_early_windows_total", "Intervals written before their time, as all of them together had too many sums. What comes for them later is written as further documents."),
		repeated: counter("weir_rollup_repeated_windows_total", "Intervals begun that were written before: late flows."),
		withheld: counter("weir_rollup_withheld_flows_total", "Flows that were summed up and not handed on: index.rollup.raw is false."),
		dropped:  counter("weir_rollup_dropped_records_total", "Records dropped at a stop while the sink was busy with roll-ups."),
	}
	for _, i := range s.intervals {
		m.documents[i.name] = documents.WithLabelValues(i.name)
	}
	for k := range numBy {
		m.other[k] = other.WithLabelValues(byNames[k])
	}
	gauge := func(name, help string, value func() int) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, func() float64 {
			s.mu.Lock()
			defer s.mu.Unlock()
			return float64(value())
		})
	}
	r = prometheus.WrapRegistererWith(prometheus.Labels{"sink": s.Name()}, r)
	var errs []error
	for _, c := range []prometheus.Collector{records, documents, other, m.early, m.repeated, m.withheld, m.dropped,
		gauge("weir_rollup_open_windows", "Intervals that are being summed up.", func() int { return len(s.windows) + len(s.long) }),
		gauge("weir_rollup_open_sums", "Sums that they hold.", func() int { return s.size() }),
	} {
		errs = append(errs, r.Register(c))
	}
	return m, errors.Join(errs...)
}
