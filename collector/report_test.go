package collector

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/weirflow/weir/collector/message"
)

func TestReportsAreLimited(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	var log logBuffer
	r := newReporter(slog.New(slog.NewTextHandler(&log, nil)), func() time.Time { return now })
	o := message.Origin{Addr: netip.MustParseAddr("192.0.2.1"), Transport: "udp"}
	for range 1000 {
		r.problem(&o, &message.Error{Reason: message.ReasonBadTemplate, Protocol: message.IPFIX, Domain: 5, Set: 256, Offset: 20, Err: errors.New("why")})
		r.problem(&o, &message.Error{Reason: message.ReasonCountMismatch, Err: errors.New("harmless")})
	}
	r.problem(&o, &message.Error{Reason: message.ReasonTruncatedSet, Err: errors.New("another")}) // has a limit of its own
	now = now.Add(logInterval)
	r.problem(&o, &message.Error{Reason: message.ReasonBadTemplate, Err: errors.New("why")})
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	if len(lines) != logBurst+2 {
		t.Fatalf("%d lines:\n%s", len(lines), log.String())
	}
	for _, part := range []string{"reason=bad_template", "exporter=192.0.2.1", "protocol=ipfix", "domain=5", "set=256", "offset=20", "error=why", "advice=\""} {
		if !strings.Contains(lines[0], part) {
			t.Errorf("%s does not say %s", lines[0], part)
		}
	}
	if last := lines[len(lines)-1]; !strings.Contains(last, fmt.Sprintf("suppressed=%d", 1000-logBurst)) {
		t.Errorf("%s does not say how many lines were left out", last)
	}
}

func TestExportersAreBounded(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	table := newExporterTable(3, func() time.Time { return now })
	caches := []*exporterCache{newExporterCache(table), newExporterCache(table)}
	see := func(host byte, p message.Protocol, by ...*exporterCache) {
		o := message.Origin{Addr: netip.AddrFrom4([4]byte{192, 0, 2, host}), Received: now.UnixNano()}
		for _, c := range by {
			c.add(&o, &message.Result{Protocol: p, Flows: 2, Options: 1, Lost: 4, ClockSkew: -1500 * time.Millisecond}, 100)
		}
	}
	seen := func(host byte, p message.Protocol) { see(host, p, caches...) }
	compare := func(what, want string) {
		t.Helper()
		if err := testutil.CollectAndCompare(table, strings.NewReader(want), "weir_exporter_records_total"); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	const head = "# HELP weir_exporter_records_total Records decoded from the exporter, of any kind.\n# TYPE weir_exporter_records_total counter\n"
	line := func(exporter string, protocol message.Protocol, n int) string {
		return fmt.Sprintf("weir_exporter_records_total{exporter=%q,protocol=%q} %d\n", exporter, protocol, n)
	}
	seen(1, message.IPFIX)
	seen(1, message.SFlow5)
	seen(2, message.IPFIX)
	for host := byte(3); host < 103; host++ {
		seen(host, message.NetFlow9)
	}
	seen(200, message.ProtocolUnknown) // nobody knows who that was
	compare("full", head+line("192.0.2.1", message.IPFIX, 6)+line("192.0.2.1", message.SFlow5, 6)+
		line("192.0.2.2", message.IPFIX, 6)+line("other", message.NetFlow9, 600))
	want := `# HELP weir_exporter_clock_skew_seconds Export time minus receive time of the last message.
# TYPE weir_exporter_clock_skew_seconds gauge
weir_exporter_clock_skew_seconds{exporter="192.0.2.1",protocol="ipfix"} -1.5
weir_exporter_clock_skew_seconds{exporter="192.0.2.1",protocol="sflow5"} -1.5
weir_exporter_clock_skew_seconds{exporter="192.0.2.2",protocol="ipfix"} -1.5
`
	if err := testutil.CollectAndCompare(table, strings.NewReader(want), "weir_exporter_clock_skew_seconds"); err != nil {
		t.Error(err)
	}
	// After an hour of silence a place goes to somebody else, in every cache.
	now = now.Add(exporterIdle / 2)
	seen(1, message.IPFIX)
	now = now.Add(exporterIdle/2 + time.Second)
	see(9, message.NetFlow9, caches[0])
	see(2, message.IPFIX, caches[1]) // which still knows the one that is gone
	compare("after an hour", head+line("192.0.2.1", message.IPFIX, 12)+line("192.0.2.2", message.IPFIX, 3)+
		line("192.0.2.9", message.NetFlow9, 3)+line("other", message.NetFlow9, 600))
	for _, c := range caches {
		if len(c.entries) > table.limit {
			t.Errorf("a cache holds %d exporters", len(c.entries))
		}
	}
}

func TestMetricNames(t *testing.T) {
	r := startRig(t, udpConfig("udp://127.0.0.1:0"), nil)
	send(t, r.addr(), newMessage(10, 1, 16))
	r.sink.take(t, 1)
	problems, err := testutil.GatherAndLint(r.registry)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
	if _, err := New(udpConfig("udp://127.0.0.1:0"), Dependencies{Registerer: r.registry, NewDecoder: r.deps.NewDecoder, Output: r.deps.Output}); !errors.As(err, &prometheus.AlreadyRegisteredError{}) {
		t.Errorf("two collectors at one registry: %v", err)
	}
}
