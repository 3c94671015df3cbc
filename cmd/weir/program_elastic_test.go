package main

import (
	"strings"
	"testing"
	"time"

	"github.com/weirflow/weir/indexer/elastic/elastictest"
)

// slowly is how long the tests wait for servers that share the machine.
const slowly = 3 * time.Minute

// elasticArguments are those of a collector that writes to servers.
func elasticArguments(urls ...string) []string {
	list := []string{"--collector-port", "udp://127.0.0.1:0", "--http-listen", "127.0.0.1:0"}
	for _, u := range urls {
		list = append(list, "--output", "elasticsearch:"+u)
	}
	return list
}

// indexed gives how many documents the servers of p have taken.
func (p *program) indexed() uint64 {
	return uint64(p.metric("weir_elastic_documents_total", `result="indexed"`))
}

// losses gives how many datagrams and records are lost.
func (p *program) losses() float64 {
	return p.metric("weir_collector_kernel_drops_total") + p.metric("weir_collector_dropped_datagrams_total") + p.metric("weir_collector_dropped_records_total") +
		p.metric("weir_index_dropped_records_total") + p.metric("weir_elastic_documents_total", `result="dropped"`)
}

// explain logs the metrics of a test that has failed; to be deferred.
func (p *program) explain() {
	if !p.t.Failed() {
		return
	}
	for line := range strings.Lines(p.get("/metrics")) {
		if strings.HasPrefix(line, "weir_") && !strings.HasSuffix(line, " 0\n") && !strings.Contains(line, "_bucket{") {
			p.t.Log(strings.TrimSuffix(line, "\n"))
		}
	}
}

// TestProgramIndexes sends 100,000 flows at 20,000 per second over UDP, and finds
// all of them in both products.
func TestProgramIndexes(t *testing.T) { elastictest.Pairs(t, programIndexes) }

func programIndexes(t *testing.T, servers []elastictest.Server) {
	namespace := servers[0].Namespace(t)
	servers[1].Forget(t, namespace)
	t.Setenv("WEIR_INDEX_ELASTICSEARCH_NAMESPACE", namespace)
	p := start(t, t.TempDir(), elasticArguments(servers[0].URL, servers[1].URL)...)
	defer p.explain()
	l := newLoad(t, 100_000)
	began := time.Now()
	end := <-p.send(l, 20_000)
	if end.err != nil {
		t.Fatal(end.err)
	}
	if rate := float64(l.flows) / end.seconds; rate < 18_000 {
		t.Errorf("sent at %.0f flows per second, which shows nothing about 20,000", rate)
	}
	until(t, slowly, "not all flows are indexed", func() bool { return p.indexed() >= 2*l.flows || p.losses() > 0 })
	t.Logf("%d flows sent in %.2f s, all indexed by both servers %s after the start", l.flows, end.seconds, time.Since(began).Round(time.Millisecond))
	for name, want := range map[string]float64{
		"weir_collector_kernel_drops_total": 0, "weir_index_dropped_records_total": 0, "weir_elastic_uncertain_documents_total": 0,
		"weir_elastic_documents_total": 2 * float64(l.flows), // nothing but indexed ones
	} {
		if got := p.metric(name); got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	p.stop()
	for _, s := range servers {
		documents, bytes := s.Totals(t, "weir-flows-"+namespace, "network.bytes")
		if documents != l.flows || bytes != l.bytes {
			t.Errorf("%s has %d documents with %d bytes, want %d with %d", s.Name, documents, bytes, l.flows, l.bytes)
		}
	}
}

// TestProgramServerDown has the server away when the collector starts, and away
// again in the middle, after it has written documents without saying so.
func TestProgramServerDown(t *testing.T) {
	t.Setenv("WEIR_INDEX_ELASTICSEARCH_RETRY_MAX", "1s")
	t.Setenv("WEIR_INDEX_ELASTICSEARCH_FLUSH_INTERVAL", "200ms")
	elastictest.Each(t, func(t *testing.T, s elastictest.Server) {
		namespace := s.Namespace(t)
		t.Setenv("WEIR_INDEX_ELASTICSEARCH_NAMESPACE", namespace)
		away := newProxy(t, strings.TrimPrefix(s.URL, "http://"))
		p := start(t, t.TempDir(), elasticArguments("http://"+away.address)...)
		defer p.explain()
		check := func(sent ...load) {
			t.Helper()
			var flows, sum uint64
			for _, l := range sent {
				flows, sum = flows+l.flows, sum+l.bytes
			}
			until(t, slowly, "not all flows are indexed", func() bool { return p.indexed() >= flows })
			documents, bytes := s.Totals(t, "weir-flows-"+namespace, "network.bytes")
			uncertain := uint64(p.metric("weir_elastic_uncertain_documents_total"))
			t.Logf("%d flows sent, %d documents are there, %d were uncertain", flows, documents, uncertain)
			if p.indexed() != flows || documents < flows || documents-flows > uncertain || documents == flows && bytes != sum {
				t.Errorf("%d indexed, %d documents with %d bytes, %d uncertain; want %d flows with %d bytes", p.indexed(), documents, bytes, uncertain, flows, sum)
			}
			if lost := p.metric("weir_elastic_documents_total", `result="dropped"`) + p.metric("weir_index_dropped_records_total"); lost != 0 {
				t.Errorf("%v records are lost", lost)
			}
		}

		first := newLoad(t, 5000)
		if end := <-p.send(first, 10_000); end.err != nil {
			t.Fatal(end.err)
		}
		until(t, slowly, "the flows do not wait for the server", func() bool { return p.metric("weir_index_records_total") == float64(first.flows) })
		if text := p.get("/readyz"); !strings.Contains(text, "connection refused") || p.metric("weir_elastic_up") != 0 || p.indexed() != 0 {
			t.Errorf("while the server is down, /readyz says %q and weir_elastic_up %v", text, p.metric("weir_elastic_up"))
		}
		away.up()
		check(first)
		if n := p.metric("weir_elastic_uncertain_documents_total"); n != 0 {
			t.Errorf("%v documents uncertain although none was sent in vain", n)
		}

		second := newLoad(t, 20_000)
		end := p.send(second, 4000)
		until(t, slowly, "nothing is indexed", func() bool { return p.indexed() > first.flows+2000 })
		away.keepAnswers()
		until(t, slowly, "no answer was kept back", func() bool { return away.kept() > 0 })
		away.down()
		until(t, slowly, "the collector does not see that the server is away", func() bool { return p.metric("weir_elastic_up") == 0 })
		if end := <-end; end.err != nil { // takes some seconds more
			t.Fatal(end.err)
		}
		away.up()
		check(first, second)
		if p.metric("weir_elastic_uncertain_documents_total") == 0 {
			t.Error("a request without an answer made no document uncertain")
		}
		p.stop()
	})
}

// TestProgramMemoryLimit has more flows arrive than may wait for a server that
// is down: the others are counted, and none is lost in silence.
func TestProgramMemoryLimit(t *testing.T) {
	t.Setenv("WEIR_INDEX_ELASTICSEARCH_FLUSH_BYTES", "64KiB")
	t.Setenv("WEIR_INDEX_ELASTICSEARCH_QUEUE_BYTES", "1MiB")
	t.Setenv("WEIR_INDEX_ELASTICSEARCH_RETRY_MAX", "1s")
	elastictest.Each(t, func(t *testing.T, s elastictest.Server) {
		namespace := s.Namespace(t)
		t.Setenv("WEIR_INDEX_ELASTICSEARCH_NAMESPACE", namespace)
		away := newProxy(t, strings.TrimPrefix(s.URL, "http://"))
		p := start(t, t.TempDir(), elasticArguments("http://"+away.address)...)
		defer p.explain()
		l := newLoad(t, 5000)
		if end := <-p.send(l, 10_000); end.err != nil {
			t.Fatal(end.err)
		}
		until(t, slowly, "the sink has not seen all flows", func() bool { return p.metric("weir_index_records_total") == float64(l.flows) })
		dropped := uint64(p.metric("weir_elastic_documents_total", `result="dropped"`, `reason="server_down"`))
		if waiting := p.metric("weir_elastic_queue_bytes"); dropped == 0 || dropped >= l.flows || waiting > 1<<20 || waiting < 1<<19 {
			t.Errorf("%d of %d flows dropped, %v bytes wait; want those beyond 1 MiB", dropped, l.flows, waiting)
		}
		away.up()
		until(t, slowly, "what waited is not indexed", func() bool { return p.indexed()+dropped == l.flows })
		documents, _ := s.Totals(t, "weir-flows-"+namespace, "network.bytes")
		if documents+dropped != l.flows {
			t.Errorf("%d documents are there and %d were dropped, want %d together", documents, dropped, l.flows)
		}
		p.stop()
	})
}
