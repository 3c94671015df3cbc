package collector

import (
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/weirflow/weir/collector/message"
)

const (
	// exporterIdle is when an exporter's place may go to another.
	exporterIdle = time.Hour
	// sweepInterval bounds how often a full table is searched for such places.
	sweepInterval = time.Minute
	// otherExporter stands for those without a place.
	otherExporter = "other"
)

// exporterKey is whose metrics: an address, or the verified name, and a protocol.
type exporterKey struct {
	addr     netip.Addr
	name     string
	protocol message.Protocol
}

// exporterStats is what one exporter sent. Safe for concurrent use.
type exporterStats struct {
	messages, records, bytes, lost atomic.Uint64
	reordered, errors              atomic.Uint64
	noTemplate, released           atomic.Uint64
	samplingRate                   atomic.Uint64
	samplingSource, transport      atomic.Pointer[string]
	domain                         atomic.Uint32
	lastSeen                       atomic.Int64 // Unix nanoseconds
	clockSkew                      atomic.Int64 // nanoseconds, of the last message
	gone                           atomic.Bool  // its place was given away
}

func (s *exporterStats) add(o *message.Origin, r *message.Result, size int) {
	s.messages.Add(1)
	s.records.Add(uint64(r.Flows + r.Options + r.Counters))
	s.bytes.Add(uint64(size))
	if r.Lost > 0 {
		s.lost.Add(r.Lost)
	}
	s.lastSeen.Store(o.Received)
	s.clockSkew.Store(int64(r.ClockSkew))
	s.domain.Store(r.Domain)
	if r.Reordered {
		s.reordered.Add(1)
	}
	if r.SamplingRate != 0 {
		s.samplingRate.Store(r.SamplingRate)
		keep(&s.samplingSource, r.SamplingSource)
	}
	keep(&s.transport, o.Transport)
	if r.Released > 0 {
		s.released.Add(uint64(r.Released))
	}
	if r.SetsWithoutTemplate > 0 {
		s.noTemplate.Add(uint64(r.SetsWithoutTemplate))
	}
	if r.First == nil {
		return
	}
	for reason, n := range r.Problems {
		if n > 0 && !message.Reason(reason).Harmless() && message.Reason(reason) != message.ReasonNoTemplate {
			s.errors.Add(uint64(n))
		}
	}
}

// keep stores a text that hardly ever changes.
func keep(p *atomic.Pointer[string], s string) {
	if old := p.Load(); old == nil || *old != s {
		fresh := s // or every call would allocate
		p.Store(&fresh)
	}
}

// exporterTable holds a bounded number of exporters, and publishes them. Safe
// for concurrent use.
type exporterTable struct {
	now   func() time.Time
	limit int
	// other is those without a place; under ProtocolUnknown messages of no protocol.
	other [message.NumProtocols]exporterStats

	mu      sync.RWMutex
	entries map[exporterKey]*exporterStats
	swept   time.Time
}

func newExporterTable(limit int, now func() time.Time) *exporterTable {
	return &exporterTable{now: now, limit: limit, entries: map[exporterKey]*exporterStats{}}
}

// get gives the exporter's statistics, or nil when there is no place for it.
func (t *exporterTable) get(key exporterKey) *exporterStats {
	t.mu.RLock()
	s := t.entries[key]
	full := s == nil && len(t.entries) >= t.limit && t.now().Sub(t.swept) < sweepInterval
	t.mu.RUnlock()
	if s != nil || full {
		return s
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if s := t.entries[key]; s != nil {
		return s
	}
	if len(t.entries) >= t.limit {
		t.sweep()
	}
	if len(t.entries) >= t.limit {
		return nil
	}
	s = &exporterStats{}
	s.lastSeen.Store(t.now().UnixNano())
	t.entries[key] = s
	return s
}

// sweep frees the places of exporters that have been silent. t.mu is held.
func (t *exporterTable) sweep() {
	t.swept = t.now()
	for key, s := range t.entries {
		if t.swept.UnixNano()-s.lastSeen.Load() > int64(exporterIdle) {
			s.gone.Store(true)
			delete(t.entries, key)
		}
	}
}

// exporterCache spares one goroutine the table's lock.
type exporterCache struct {
	table   *exporterTable
	entries map[exporterKey]*exporterStats
}

func newExporterCache(t *exporterTable) *exporterCache {
	return &exporterCache{table: t, entries: map[exporterKey]*exporterStats{}}
}

// add counts a message of size bytes, unless nobody knows what it was.
func (c *exporterCache) add(o *message.Origin, r *message.Result, size int) {
	if r.Protocol == message.ProtocolUnknown {
		c.table.other[r.Protocol].add(o, r, size)
		return
	}
	key := exporterKey{addr: o.Addr, protocol: r.Protocol}
	if o.Name != "" {
		key.addr, key.name = netip.Addr{}, o.Name
	}
	s := c.entries[key]
	if s == nil || s.gone.Load() {
		if s = c.table.get(key); s == nil {
			c.table.other[r.Protocol].add(o, r, size)
			return
		}
		if len(c.entries) >= c.table.limit {
			clear(c.entries) // some are gone; those that are not come back
		}
		c.entries[key] = s
	}
	s.add(o, r, size)
}

var (
	exporterLabels  = []string{"exporter", "protocol"}
	exporterRecords = prometheus.NewDesc("weir_exporter_records_total", "Records decoded from the exporter, of any kind.", exporterLabels, nil)
	exporterBytes   = prometheus.NewDesc("weir_exporter_bytes_total", "Payload bytes received from the exporter.", exporterLabels, nil)
	exporterLost    = prometheus.NewDesc("weir_exporter_lost_total",
		"Missing by sequence number: records for netflow5, netflow7 and ipfix, messages for netflow9 and sflow5.", exporterLabels, nil)
	exporterSeen = prometheus.NewDesc("weir_exporter_last_seen_timestamp_seconds", "When the exporter's last message was received, in Unix seconds.", exporterLabels, nil)
	exporterSkew = prometheus.NewDesc("weir_exporter_clock_skew_seconds", "Export time minus receive time of the last message.", exporterLabels, nil)
	exporterHeld = prometheus.NewDesc("weir_collector_exporters", "Exporters with metrics of their own.", nil, nil)
)

// Describe implements prometheus.Collector.
func (t *exporterTable) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{exporterRecords, exporterBytes, exporterLost, exporterSeen, exporterSkew, exporterHeld} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (t *exporterTable) Collect(ch chan<- prometheus.Metric) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	send := func(d *prometheus.Desc, kind prometheus.ValueType, value float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, kind, value, labels...)
	}
	all := func(s *exporterStats, exporter, protocol string) {
		send(exporterRecords, prometheus.CounterValue, float64(s.records.Load()), exporter, protocol)
		send(exporterBytes, prometheus.CounterValue, float64(s.bytes.Load()), exporter, protocol)
		send(exporterLost, prometheus.CounterValue, float64(s.lost.Load()), exporter, protocol)
		send(exporterSeen, prometheus.GaugeValue, float64(s.lastSeen.Load())/1e9, exporter, protocol)
	}
	for key, s := range t.entries {
		name := strings.ToValidUTF8(key.name, "?")
		if name == "" {
			name = key.addr.String()
		}
		all(s, name, key.protocol.String())
		send(exporterSkew, prometheus.GaugeValue, time.Duration(s.clockSkew.Load()).Seconds(), name, key.protocol.String())
	}
	for p := range t.other {
		// Many exporters share these, so that a skew would mean nothing.
		if s := &t.other[p]; s.bytes.Load() > 0 && message.Protocol(p) != message.ProtocolUnknown {
			all(s, otherExporter, message.Protocol(p).String())
		}
	}
	send(exporterHeld, prometheus.GaugeValue, float64(len(t.entries)))
}
