package collector

import (
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/weirflow/weir/collector/message"
)

// metrics is everything the collector counts. Children are resolved when they
// are made, so that counting is an addition.
type metrics struct {
	registerer prometheus.Registerer
	registered []prometheus.Collector

	messages       messageCounters
	exporters      *exporterTable
	report         *reporter
	droppedRecords prometheus.Counter
	reloads        *prometheus.CounterVec
	expiry         prometheus.Gauge

	datagrams, bytes, readErrors        *prometheus.CounterVec
	dropped                             *prometheus.CounterVec
	connections                         *prometheus.GaugeVec
	accepted, closed, refused, failures *prometheus.CounterVec
	acceptErrors                        *prometheus.CounterVec

	// abandoned is what a stop that ran out of time left, for its error.
	abandoned struct{ datagrams, records atomic.Uint64 }
}

// messageCounters counts messages by what the decoders say of them.
type messageCounters struct {
	messages, reordered, templates, lost [message.NumProtocols]prometheus.Counter
	// records is by kind: flows, options, counters.
	records  [message.NumProtocols][3]prometheus.Counter
	problems [message.NumProtocols][message.NumReasons]prometheus.Counter
}

// datagramCounters counts datagrams at one listener.
type datagramCounters struct {
	datagrams, bytes, readErrors, oversized, shutdown prometheus.Counter
}

// newMetrics makes the metrics and registers them; close undoes that.
func newMetrics(r prometheus.Registerer, log *slog.Logger, now func() time.Time, maxExporters int) (*metrics, error) {
	if r == nil {
		r = prometheus.NewRegistry()
	}
	m := &metrics{registerer: r, exporters: newExporterTable(maxExporters, now), report: newReporter(log, now)}
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
		m.registered = append(m.registered, c)
		return c
	}
	m.makeMessages(counter)
	m.droppedRecords = counter("weir_collector_dropped_records_total",
		"Decoded records that were dropped before they reached a sink.", "reason").WithLabelValues("shutdown")
	m.datagrams = counter("weir_collector_datagrams_total", "UDP datagrams received.", "listener")
	m.bytes = counter("weir_collector_received_bytes_total", "Payload bytes received, over UDP, TCP and TLS.", "listener")
	m.readErrors = counter("weir_collector_read_errors_total", "Failed receive calls on UDP sockets.", "listener")
	m.dropped = counter("weir_collector_dropped_datagrams_total",
		"Datagrams received but dropped undecoded: oversized (longer than UDP allows), shutdown (the time for a graceful stop ran out).", "listener", "reason")
	m.accepted = counter("weir_collector_connections_accepted_total", "Stream connections accepted.", "listener")
	m.closed = counter("weir_collector_connections_closed_total", "Stream connections closed, by reason.", "listener", "reason")
	m.refused = counter("weir_collector_connections_refused_total", "Stream connections refused, by reason.", "listener", "reason")
	m.failures = counter("weir_collector_tls_handshake_failures_total", "TLS handshakes that failed, by reason.", "listener", "reason")
	m.acceptErrors = counter("weir_collector_accept_errors_total", "Failed attempts to accept a connection.", "listener")
	m.reloads = counter("weir_collector_certificate_reloads_total", "Readings of changed certificate files, by result.", "result")
	m.connections = prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "weir_collector_connections", Help: "Stream connections open."}, []string{"listener"})
	m.expiry = prometheus.NewGauge(prometheus.GaugeOpts{Name: "weir_collector_certificate_expiry_timestamp_seconds",
		Help: "When the collector's own certificate expires, in Unix seconds; 0 without one."})
	m.registered = append(m.registered, m.connections, m.expiry, m.exporters)
	for i, c := range m.registered {
		if err := r.Register(c); err != nil {
			m.registered = m.registered[:i]
			m.close()
			return nil, err
		}
	}
	return m, nil
}

func (m *metrics) makeMessages(counter func(name, help string, labels ...string) *prometheus.CounterVec) {
	messages := counter("weir_collector_messages_total", "Messages received, by protocol.", "protocol")
	reordered := counter("weir_collector_reordered_messages_total", "Messages that came after a later one of their exporter.", "protocol")
	templates := counter("weir_collector_templates_total", "Template definitions read, repeated ones too.", "protocol")
	records := counter("weir_collector_records_total", "Records decoded, by protocol and kind.", "protocol", "kind")
	lostRecords := counter("weir_collector_lost_records_total", "Records missing by sequence number (protocols that number records).", "protocol")
	lostMessages := counter("weir_collector_lost_messages_total", "Messages missing by sequence number (protocols that number messages).", "protocol")
	problems := counter("weir_collector_problems_total", "Faults found in messages, by reason.", "protocol", "reason")
	c := &m.messages
	for p := message.ProtocolUnknown; p < message.NumProtocols; p++ {
		name := p.String()
		c.messages[p] = messages.WithLabelValues(name)
		c.reordered[p] = reordered.WithLabelValues(name)
		c.templates[p] = templates.WithLabelValues(name)
		lost := lostMessages
		if p == message.NetFlow5 || p == message.NetFlow7 || p == message.IPFIX {
			lost = lostRecords
		}
		c.lost[p] = lost.WithLabelValues(name)
		for i, kind := range []string{"flow", "options", "counters"} {
			c.records[p][i] = records.WithLabelValues(name, kind)
		}
		for reason := message.ReasonNone + 1; reason < message.NumReasons; reason++ {
			c.problems[p][reason] = problems.WithLabelValues(name, reason.String())
		}
	}
}

// add counts one message, its problems left out.
func (c *messageCounters) add(r *message.Result) {
	c.messages[r.Protocol].Inc()
	for i, n := range [...]int{r.Flows, r.Options, r.Counters} {
		if n > 0 {
			c.records[r.Protocol][i].Add(float64(n))
		}
	}
	if n := r.Templates + r.OptionsTemplates; n > 0 {
		c.templates[r.Protocol].Add(float64(n))
	}
	if r.Lost > 0 {
		c.lost[r.Protocol].Add(float64(r.Lost))
	}
	if r.Reordered {
		c.reordered[r.Protocol].Inc()
	}
}

// datagramsAt resolves the counters of a UDP listener.
func (m *metrics) datagramsAt(listener string) *datagramCounters {
	return &datagramCounters{
		datagrams:  m.datagrams.WithLabelValues(listener),
		bytes:      m.bytes.WithLabelValues(listener),
		readErrors: m.readErrors.WithLabelValues(listener),
		oversized:  m.dropped.WithLabelValues(listener, "oversized"),
		shutdown:   m.dropped.WithLabelValues(listener, "shutdown"),
	}
}

// watch publishes what is asked of the workers of one UDP listener at each
// scrape.
func (m *metrics) watch(listener string, workers []*udpWorker) error {
	sum := func(of func(*udpWorker) float64) func() float64 {
		return func() float64 {
			total := 0.0
			for _, w := range workers {
				total += of(w)
			}
			return total
		}
	}
	labels := prometheus.Labels{"listener": listener}
	gauge := func(name, help string, of func() float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help, ConstLabels: labels}, of)
	}
	return m.register(
		prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "weir_collector_kernel_drops_total",
			Help: "Datagrams that the kernel dropped because the receive buffer was full.", ConstLabels: labels},
			sum(func(w *udpWorker) float64 { w.socket.pollDrops(); return float64(w.socket.drops.value()) })),
		gauge("weir_collector_receive_buffer_bytes", "Receive buffer that the kernel granted to each socket of the listener.",
			func() float64 { return float64(workers[0].socket.granted) }),
		gauge("weir_collector_queue_datagrams", "Datagrams received and not yet decoded.",
			sum(func(w *udpWorker) float64 { n, _ := w.queue.depth(); return float64(n) })),
		gauge("weir_collector_queue_bytes", "Bytes received and not yet decoded.",
			sum(func(w *udpWorker) float64 { _, n := w.queue.depth(); return float64(n) })),
		gauge("weir_collector_queue_limit_bytes", "Bytes that may wait between receiving and decoding.",
			sum(func(w *udpWorker) float64 { return float64(w.queue.limit * chunkBytes) })),
	)
}

func (m *metrics) register(list ...prometheus.Collector) error {
	var errs []error
	for _, c := range list {
		if err := m.registerer.Register(c); err != nil {
			errs = append(errs, err)
			continue
		}
		m.registered = append(m.registered, c)
	}
	return errors.Join(errs...)
}

// close takes the metrics back from the registry.
func (m *metrics) close() {
	for _, c := range m.registered {
		m.registerer.Unregister(c)
	}
	m.registered = nil
}

// abandonRecords counts records that a stop ran out of time for.
func (m *metrics) abandonRecords(n int) {
	m.droppedRecords.Add(float64(n))
	m.abandoned.records.Add(uint64(n))
}

// abandonDatagrams does the same for datagrams of the listener that c counts.
func (m *metrics) abandonDatagrams(c *datagramCounters, n int) {
	c.shutdown.Add(float64(n))
	m.abandoned.datagrams.Add(uint64(n))
}
