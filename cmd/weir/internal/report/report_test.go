package report

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"github.com/weirflow/weir/collector"
	"github.com/weirflow/weir/collector/message"
	"github.com/weirflow/weir/collector/netflow"
	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/flow/catalogue"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// scene is what a reporter looks at.
type scene struct {
	stats     []collector.ExporterStats
	states    []netflow.State
	registry  *prometheus.Registry
	now       time.Time
	documents []map[string]any
}

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

func newScene(t *testing.T) (*scene, *Reporter) {
	t.Helper()
	s := &scene{registry: prometheus.NewRegistry(), now: noon}
	r, err := New(DefaultConfig(), Dependencies{
		Exporters: func() []collector.ExporterStats { return s.stats }, States: func() []netflow.State { return s.states },
		Gatherer: s.registry, Host: "collector-1", Version: "1.2.3", Now: func() time.Time { return s.now },
		Put: func(_ context.Context, b *flow.Batch) {
			for i := range b.Records() {
				var d map[string]any
				if err := json.Unmarshal(flow.NewEncoder().AppendJSON(nil, b.At(i)), &d); err != nil {
					t.Error(err)
				}
				s.documents = append(s.documents, d)
			}
			b.Release()
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	r.last = noon
	return s, r
}

// report lets a minute pass and gives the documents by observer.name.
func (s *scene) report(t *testing.T, r *Reporter) map[string]map[string]any {
	t.Helper()
	s.now = s.now.Add(time.Minute)
	s.documents = nil
	r.Report(t.Context())
	by := map[string]map[string]any{}
	for _, d := range s.documents {
		name := fmt.Sprint(lookup(d, "observer.name"))
		if by[name] != nil {
			t.Errorf("%s has two documents", name)
		}
		by[name] = d
		listed(t, d)
	}
	return by
}

// listed checks that every name below flow.status is in the catalogue's table,
// for documents of the kind.
func listed(t *testing.T, d map[string]any) {
	t.Helper()
	of := catalogue.OfExporter
	if lookup(d, "event.action") == flow.ActionCollector {
		of = catalogue.OfCollector
	}
	known := map[string]bool{}
	for _, f := range catalogue.Status {
		known[f.Name] = f.Of&of != 0
	}
	status, _ := lookup(d, catalogue.StatusObject).(map[string]any)
	if len(status) < 5 {
		t.Errorf("the document has hardly any status: %v", d)
	}
	for name := range status {
		if !known[name] {
			t.Errorf("flow.status.%s is not in the table for such documents", name)
		}
	}
}

func lookup(d map[string]any, name string) any {
	var v any = d
	for part := range strings.SplitSeq(name, ".") {
		o, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = o[part]
	}
	return v
}

func expect(t *testing.T, d map[string]any, want map[string]any) {
	t.Helper()
	for name, w := range want {
		if n, ok := w.(int); ok {
			w = float64(n)
		}
		if got := lookup(d, name); got != w {
			t.Errorf("%s is %v, want %v", name, got, w)
		}
	}
}

var edge, branch = netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::2")

func TestExporters(t *testing.T) {
	s, r := newScene(t)
	s.stats = []collector.ExporterStats{
		{Addr: edge, Protocol: message.NetFlow9, Messages: 8, Records: 100, Bytes: 9000, Lost: 2, Reordered: 1, Errors: 3, NoTemplate: 4, Released: 1,
			LastSeen: noon.Add(50 * time.Second), ClockSkew: -1500 * time.Millisecond, Transport: "udp", SamplingRate: 1000, SamplingSource: "options"},
		{Addr: edge, Protocol: message.SFlow5, Messages: 1, Records: 5, Bytes: 500, LastSeen: noon.Add(20 * time.Second), Transport: "udp"},
		{Name: "probe.example.net", Protocol: message.IPFIX, Messages: 3, Records: 60, Bytes: 600, Lost: 20, LastSeen: noon.Add(time.Second), Transport: "tls", Domain: 7},
		{Addr: branch, Protocol: message.SFlow5, Messages: 1, Records: 1, LastSeen: noon, Domain: 9, SamplingRate: 512, SamplingSource: "record"},
		{Protocol: message.NetFlow5, Messages: 5, Records: 150, LastSeen: noon},
		{Protocol: message.ProtocolUnknown, Messages: 6, Bytes: 60, Errors: 6, LastSeen: noon},
	}
	s.states = []netflow.State{
		{Addr: edge, Name: "192.0.2.1", Domains: 2, Samplers: 3, Templates: 4, OldestTemplate: noon.Add(-time.Minute).UnixNano(), NewestTemplate: noon.UnixNano(), HeldSets: 3, HeldBytes: 99},
		{Addr: branch, Name: "probe.example.net", Session: 5, Domains: 1, Domain: 7, Templates: 1, OldestTemplate: noon.UnixNano(), NewestTemplate: noon.UnixNano()},
		{Addr: branch, Name: "not heard of", Domains: 1},
	}
	by := s.report(t, r)
	if len(by) != 5 {
		t.Errorf("documents of %d, want 4 exporters' and the collector's", len(by))
	}
	expect(t, by["192.0.2.1"], map[string]any{"@timestamp": "2026-01-02T12:01:00.000Z", "event.kind": "metric", "event.action": "exporter_status", "observer.ip": "192.0.2.1",
		"flow.exporter.protocol": "netflow9", "flow.exporter.transport": "udp", "flow.exporter.domain_id": nil, "flow.status.interval_seconds": 60,
		"flow.status.records": 105, "flow.status.bytes": 9500, "flow.status.datagrams": 9, "flow.status.lost": 2, "flow.status.lost_ratio": 2. / 11, "flow.status.reordered": 1,
		"flow.status.errors": 3, "flow.status.missing_templates": 4, "flow.status.released_sets": 1, "flow.status.held_sets": 3, "flow.status.held_bytes": 99,
		"flow.status.templates": 4, "flow.status.template_age_seconds": 120, "flow.status.template_refresh_seconds": 60, "flow.status.domains": 2, "flow.status.protocols": 2,
		"flow.status.sampling_rate": 1000, "flow.status.sampling_source": "options", "flow.status.samplers": 3, "flow.status.clock_skew_ms": -1500,
		"flow.status.last_seen": "2026-01-02T12:00:50.000Z", "flow.status.silent_seconds": 10})
	expect(t, by["probe.example.net"], map[string]any{"observer.ip": "2001:db8::2", "flow.exporter.domain_id": 7, "flow.status.records": 60, "flow.status.lost_ratio": 0.25, "flow.exporter.transport": "tls",
		"flow.status.sampling_rate": nil})
	expect(t, by["2001:db8::2"], map[string]any{"flow.exporter.protocol": "sflow5", "flow.exporter.domain_id": 9, "flow.status.sampling_rate": 512, "flow.status.clock_skew_ms": nil, "flow.status.templates": nil})
	expect(t, by["other"], map[string]any{"observer.ip": nil, "flow.status.records": 150})
	expect(t, by["collector-1"], map[string]any{"flow.status.records": 316, "flow.status.datagrams": 24, "flow.status.errors": 9, "flow.status.exporters": 3, "flow.status.exporters_active": 3,
		"flow.status.records_per_second": 316. / 60, "flow.status.version": "1.2.3", "observer.ip": nil, "event.action": "collector_status"})

	// A minute later one has sent, one has lost its place and come anew.
	s.stats[0].Records, s.stats[0].Messages, s.stats[0].Lost = 110, 9, 3
	s.stats[3] = collector.ExporterStats{Addr: branch, Protocol: message.SFlow5, Messages: 0, LastSeen: noon}
	by = s.report(t, r)
	expect(t, by["192.0.2.1"], map[string]any{"flow.status.records": 10, "flow.status.datagrams": 1, "flow.status.lost": 1, "flow.status.lost_ratio": 0.5, "flow.status.silent_seconds": 70})
	expect(t, by["probe.example.net"], map[string]any{"flow.status.records": 0, "flow.status.lost_ratio": nil, "flow.status.silent_seconds": 119})
	expect(t, by["collector-1"], map[string]any{"flow.status.records": 10, "flow.status.exporters": 3, "flow.status.exporters_active": 1})

	// After a day of silence nobody asks any more.
	s.now = s.now.Add(forgetAfter)
	if by = s.report(t, r); len(by) != 1 {
		t.Errorf("%d documents after a day, want the collector's alone", len(by))
	}
}

func TestCollector(t *testing.T) {
	s, r := newScene(t)
	counters := func(name string, labels ...string) *prometheus.CounterVec {
		c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: "h"}, labels)
		s.registry.MustRegister(c)
		return c
	}
	documents := counters("weir_elastic_documents_total", "sink", "result", "reason")
	index := counters("weir_index_dropped_records_total", "sink", "reason")
	store := counters("weir_local_dropped_records_total", "reason")
	drops := counters("weir_collector_kernel_drops_total", "listener")
	buffer := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "weir_collector_receive_buffer_bytes", Help: "h"}, []string{"listener"})
	started := prometheus.NewGauge(prometheus.GaugeOpts{Name: "process_start_time_seconds", Help: "h"})
	s.registry.MustRegister(buffer, started)
	started.Set(float64(noon.Unix()) - 40)
	buffer.WithLabelValues("a").Set(4096)
	buffer.WithLabelValues("b").Set(1024)
	drops.WithLabelValues("a").Add(3)
	drops.WithLabelValues("b").Add(4)
	documents.WithLabelValues("x", "indexed", "").Add(100)
	documents.WithLabelValues("y", "indexed", "").Add(10)
	documents.WithLabelValues("x", "rejected", "mapper_parsing_exception").Add(5)
	for i, reason := range []string{"queue_full", "server_down", "shutdown", "too_old"} {
		documents.WithLabelValues("x", "dropped", reason).Add(float64(i + 1))
	}
	for i, reason := range []string{"queue_full", "sink_stalled", "shutdown", "panic"} {
		index.WithLabelValues("x", reason).Add(float64(10 * (i + 1)))
	}
	for i, reason := range []string{"disk_full", "write_failed", "shutdown"} {
		store.WithLabelValues(reason).Add(float64(100 * (i + 1)))
	}
	by := s.report(t, r)
	expect(t, by["collector-1"], map[string]any{"flow.status.kernel_drops": 7, "flow.status.receive_buffer_bytes": 1024, "flow.status.indexed": 110, "flow.status.rejected": 5,
		"flow.status.dropped_queue_full": 11, "flow.status.dropped_server_down": 2, "flow.status.dropped_sink_stalled": 20, "flow.status.dropped_shutdown": 333,
		"flow.status.dropped_disk": 300, "flow.status.dropped_other": 44, "flow.status.dropped": 710, "flow.status.uptime_seconds": 100, "flow.status.cpu_seconds": nil})
	drops.WithLabelValues("a").Add(1)
	by = s.report(t, r)
	expect(t, by["collector-1"], map[string]any{"flow.status.kernel_drops": 1, "flow.status.receive_buffer_bytes": 1024, "flow.status.indexed": 0, "flow.status.dropped": 0})
	// The collector's metrics are gone at a stop, and what they said is not told anew
	// when they are back.
	s.registry.Unregister(drops)
	by = s.report(t, r)
	expect(t, by["collector-1"], map[string]any{"flow.status.kernel_drops": nil})
	s.registry.MustRegister(drops)
	by = s.report(t, r)
	expect(t, by["collector-1"], map[string]any{"flow.status.kernel_drops": 0})
}

// TestInterval reports each minute, and what is left at the end.
func TestInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var at []time.Duration
		begin := time.Now()
		r, err := New(DefaultConfig(), Dependencies{
			Exporters: func() []collector.ExporterStats { return nil }, States: func() []netflow.State { return nil }, Gatherer: prometheus.NewRegistry(), Now: time.Now,
			Put: func(_ context.Context, b *flow.Batch) {
				at = append(at, time.Unix(0, b.At(0).Timestamp).Sub(begin))
				if v := b.At(0).Extra[0]; v.Name != "interval_seconds" {
					t.Errorf("the first status is %s", v.Name)
				}
				b.Release()
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		r.Start()
		<-time.After(150 * time.Second)
		if err := r.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := r.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if fmt.Sprint(at) != "[1m0s 2m0s 2m30s]" {
			t.Errorf("reports after %v", at)
		}
	})
}

func TestConfig(t *testing.T) {
	for _, interval := range []time.Duration{0, time.Millisecond, 2 * time.Hour} {
		if err := (Config{Interval: interval}).Validate(); err == nil || !strings.Contains(err.Error(), "index.exporters.interval: "+interval.String()) {
			t.Errorf("%s: %v", interval, err)
		}
	}
	if _, err := New(DefaultConfig(), Dependencies{}); err == nil {
		t.Error("nothing to report from is accepted")
	}
}
