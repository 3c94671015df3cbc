package elastic

import (
	"errors"
	"strconv"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

// The values of the label "result" of weir_elastic_documents_total. Every record
// that Write gets ends in exactly one of them.
const (
	resultIndexed   = "indexed"   // the server has it
	resultDuplicate = "duplicate" // the server had it already
	resultRejected  = "rejected"  // the server will never take it; reason is its error type
	resultDropped   = "dropped"   // lost here, see the reasons below
	resultSkipped   = "skipped"   // not meant for a server
)

// The values of the label "reason" of dropped and skipped documents.
const (
	reasonQueueFull   = "queue_full"         // documents come faster than the server takes them
	reasonServerDown  = "server_down"        // the queue is full because no server answers
	reasonShutdown    = "shutdown"           // the time for the graceful stop was over
	reasonAttempts    = "too_many_attempts"  // Retry.MaxAttempts
	reasonAge         = "too_old"            // Retry.MaxAge
	reasonUnreadable  = "unreadable_answer"  // what answers is no bulk API, several times
	reasonMalformed   = "malformed_request"  // the server does not understand the body
	reasonOptions     = "options_record"     // options records are not indexed
	reasonCompression = "compression_failed" // a bug
)

// maxReasons bounds the error types that become label values, as the server
// chooses them.
const maxReasons = 50

type metrics struct {
	documents  *prometheus.CounterVec
	indexed    prometheus.Counter
	retried    *prometheus.CounterVec
	uncertain  prometheus.Counter
	reports    *prometheus.CounterVec
	requests   *prometheus.CounterVec
	seconds    prometheus.Histogram
	rawBytes   prometheus.Counter
	wireBytes  prometheus.Counter
	lastWorked prometheus.Gauge

	mu      sync.Mutex
	reasons map[string]bool
}

func newMetrics(r prometheus.Registerer, s *Sink) (*metrics, error) {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	}
	counters := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	gauge := func(name, help string, value func() float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, value)
	}
	m := &metrics{
		documents: counters("weir_elastic_documents_total", "Records by what became of them: indexed, duplicate, rejected (reason: the server's error type), dropped or skipped.", "result", "reason"),
		retried:   counters("weir_elastic_retried_documents_total", "Documents that are sent once more, each time: overloaded, forbidden, missing_stream, too_large, network, unreadable_answer or malformed_request.", "reason"),
		uncertain: counter("weir_elastic_uncertain_documents_total", "Documents of requests whose outcome stayed unknown. They are sent again, so that some may be there twice."),
		reports:   counters("weir_elastic_rejected_reports_total", "Documents about rejected documents by what became of them: stored or lost.", "result"),
		requests:  counters("weir_elastic_requests_total", "Bulk requests by HTTP status; status error is a request without an answer.", "status"),
		seconds:   prometheus.NewHistogram(prometheus.HistogramOpts{Name: "weir_elastic_request_seconds", Help: "Time until the answer to a bulk request was read.", Buckets: prometheus.ExponentialBuckets(0.01, 2, 14)}),
		rawBytes:  counter("weir_elastic_raw_bytes_total", "Bytes of bulk bodies before compression."),
		wireBytes: counter("weir_elastic_wire_bytes_total", "Bytes of bulk bodies as sent."),
		lastWorked: prometheus.NewGauge(prometheus.GaugeOpts{Name: "weir_elastic_last_success_timestamp_seconds",
			Help: "When a bulk request last worked, Unix time; 0 before the first one."}),
		reasons: make(map[string]bool),
	}
	m.indexed = m.documents.WithLabelValues(resultIndexed, "")
	r = prometheus.WrapRegistererWith(prometheus.Labels{"sink": s.Name()}, r)
	var errs []error
	for _, c := range []prometheus.Collector{
		m.documents, m.retried, m.uncertain, m.reports, m.requests, m.seconds, m.rawBytes, m.wireBytes, m.lastWorked,
		gauge("weir_elastic_queue_bytes", "Bytes of encoded documents that wait or are being sent.", func() float64 { n, _, _, _ := s.queue.load(); return float64(n) }),
		gauge("weir_elastic_queue_documents", "Documents that wait or are being sent.", func() float64 { _, n, _, _ := s.queue.load(); return float64(n) }),
		gauge("weir_elastic_requests_in_flight", "Bodies that are being sent, or held by a sender while the server is away.", func() float64 { _, _, n, _ := s.queue.load(); return float64(n) }),
		gauge("weir_elastic_servers", "Servers in use: those configured and, with sniff, those found.", func() float64 { return float64(s.servers()) }),
		gauge("weir_elastic_up", "1 while the server can be written to.", func() float64 {
			if s.link.ready() != nil {
				return 0
			}
			return 1
		}),
	} {
		errs = append(errs, r.Register(c))
	}
	return m, errors.Join(errs...)
}

// drop counts documents that are lost.
func (m *metrics) drop(n int, reason string) {
	if n > 0 {
		m.documents.WithLabelValues(resultDropped, reason).Add(float64(n))
	}
}

// dropBody counts a body's documents as lost.
func (m *metrics) dropBody(b *body, reason string) {
	if b.report {
		m.reports.WithLabelValues("lost").Add(float64(b.len()))
		return
	}
	m.drop(b.len(), reason)
}

// reject counts a document that the server refused for good.
func (m *metrics) reject(kind string) {
	m.documents.WithLabelValues(resultRejected, m.bounded(kind)).Inc()
}

// bounded gives a label value for a text of the server's.
func (m *metrics) bounded(kind string) string {
	kind = clip(kind, 80)
	if kind == "" {
		return "unknown"
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.reasons[kind] {
		if len(m.reasons) == maxReasons {
			return "other"
		}
		m.reasons[kind] = true
	}
	return kind
}

// status counts a request; 0 is one without an answer.
func (m *metrics) status(code int) {
	text := "error"
	if code >= 100 && code < 600 {
		text = strconv.Itoa(code)
	} else if code != 0 {
		text = "invalid"
	}
	m.requests.WithLabelValues(text).Inc()
}
