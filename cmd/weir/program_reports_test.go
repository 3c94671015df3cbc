package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"testing"
	"time"

	"github.com/weirflow/weir/cmd/weir/internal/capture"
	"github.com/weirflow/weir/collector"
	"github.com/weirflow/weir/collector/message"
	"github.com/weirflow/weir/collector/netflow"
	"github.com/weirflow/weir/collector/sflow"
	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/indexer/elastic/elastictest"
)

// flowsAlone leaves out what the collector adds to the flows, for tests that
// count documents.
func flowsAlone(t *testing.T) {
	t.Setenv("WEIR_INDEX_ROLLUP_ENABLED", "false")
	t.Setenv("WEIR_INDEX_EXPORTERS_ENABLED", "false")
}

// sending is a recorded export of which one datagram gets lost.
type sending struct {
	name, from string
	lost       int // the datagram, from 0
	payloads   [][]byte
	// what a decoder makes of the rest
	messages, records, lostBy, bytes, network uint64
	templates                                 int
}

func newSending(t *testing.T, name, from string, lost int) *sending {
	t.Helper()
	x := &sending{name: name, from: from, lost: lost}
	r, err := capture.Open("../../testdata/exports/"+name+".pcap", &capture.Sessions{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	store := netflow.NewStore(netflow.DefaultConfig())
	decoder, origin := collector.NewDecoder(store, sflow.DefaultConfig()), message.Origin{Addr: netip.MustParseAddr(from), Received: time.Now().UnixNano()}
	w := flow.NewWriter(func() *flow.Batch { return flow.NewBatch(100) }, func(b *flow.Batch) {
		for i := range b.Records() {
			x.network += b.At(i).NetworkBytes
		}
	})
	for i := 0; ; i++ {
		d, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if i == lost {
			continue
		}
		payload := append([]byte(nil), d.Payload...)
		x.payloads = append(x.payloads, payload)
		var res message.Result
		decoder.Decode(origin, payload, w, &res)
		x.messages++
		x.records += uint64(res.Flows + res.Options + res.Counters)
		x.lostBy += res.Lost
		x.bytes += uint64(len(payload))
	}
	w.Flush()
	x.templates = store.Stats().Templates
	if x.lostBy == 0 {
		t.Fatalf("%s: nothing is missing by sequence number", name)
	}
	return x
}

func (x *sending) send(t *testing.T, to string) {
	t.Helper()
	dialer := net.Dialer{LocalAddr: &net.UDPAddr{IP: net.ParseIP(x.from)}}
	c, err := dialer.DialContext(t.Context(), "udp", to)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	for _, p := range x.payloads {
		if _, err := c.Write(p); err != nil {
			t.Fatal(err)
		}
	}
}

// TestProgramReports sends two recorded exports, of which a datagram is missing
// each, and finds in the servers what was received, what was lost, and sums that
// are the flows'.
func TestProgramReports(t *testing.T) {
	servers := elastictest.All(t)
	namespace := servers[0].Namespace(t)
	var urls []string
	for _, s := range servers {
		s.Forget(t, namespace)
		urls = append(urls, s.URL)
	}
	t.Setenv("WEIR_INDEX_ELASTICSEARCH_NAMESPACE", namespace)
	t.Setenv("WEIR_INDEX_EXPORTERS_INTERVAL", "1s")
	exports := []*sending{newSending(t, "softflowd-v9-demo", "127.0.0.1", 2), newSending(t, "pmacctd-ipfix-demo", "127.0.0.2", 3)}
	if exports[0].lostBy != 1 {
		t.Fatalf("%d messages of NetFlow v9 are lost, want 1", exports[0].lostBy)
	}
	p := start(t, t.TempDir(), elasticArguments(urls...)...)
	defer p.explain()
	var messages, records, lost, network uint64
	for _, x := range exports {
		x.send(t, p.listening["udp"])
		messages, records, lost, network = messages+x.messages, records+x.records, lost+x.lostBy, network+x.network
	}
	until(t, patience, "not all is received", func() bool { return uint64(p.metric("weir_collector_messages_total")) == messages })
	p.stop()
	for _, s := range servers {
		stream := "weir-exporters-" + namespace
		for _, x := range exports {
			got := statusOf(t, s, stream, fmt.Sprintf("observer.ip:%q AND event.action:exporter_status", x.from))
			want := reported{Datagrams: float64(x.messages), Records: float64(x.records), Bytes: float64(x.bytes), Lost: float64(x.lostBy), Templates: float64(x.templates)}
			if got != want {
				t.Errorf("%s, %s: %+v, want %+v", s.Product, x.name, got, want)
			}
		}
		got := statusOf(t, s, stream, "event.action:collector_status AND flow.status.uptime_seconds:*")
		if got.Datagrams != float64(messages) || got.Records != float64(records) || got.Lost != float64(lost) {
			t.Errorf("%s, collector: %+v, want %d messages with %d records and %d lost", s.Product, got, messages, records, lost)
		}
		if _, bytes := s.Totals(t, "weir-flows-"+namespace, "network.bytes"); bytes != network {
			t.Errorf("%s: the flows have %d bytes, want %d", s.Product, bytes, network)
		}
		for _, interval := range []string{"1m", "1h"} {
			// In all: by three kinds once, by three twice, and both ends' hosts.
			if _, bytes := s.Totals(t, "weir-rollup-"+interval+"-"+namespace, "network.bytes"); bytes != (3+2*3+2)*network {
				t.Errorf("%s: the sums of %s have %d bytes, want 11 times %d", s.Product, interval, bytes, network)
			}
		}
	}
}

// reported is sums of documents about exporters, and how many templates there were.
type reported struct{ Datagrams, Records, Bytes, Lost, Templates float64 }

func statusOf(t *testing.T, s elastictest.Server, stream, query string) reported {
	t.Helper()
	s.Call(t, http.MethodPost, "/"+stream+"/_refresh", "", nil)
	type value struct{ Value float64 }
	var answer struct {
		Aggregations struct{ Datagrams, Records, Bytes, Lost, Templates value }
	}
	sum := func(kind, name string) string { return fmt.Sprintf(`{%q:{"field":"flow.status.%s"}}`, kind, name) }
	s.Call(t, http.MethodPost, "/"+stream+"/_search", fmt.Sprintf(`{"size":0,"query":{"query_string":{"query":%q}},"aggs":{"datagrams":%s,"records":%s,"bytes":%s,"lost":%s,"templates":%s}}`, query,
		sum("sum", "datagrams"), sum("sum", "records"), sum("sum", "bytes"), sum("sum", "lost"), sum("max", "templates")), &answer)
	a := answer.Aggregations
	return reported{a.Datagrams.Value, a.Records.Value, a.Bytes.Value, a.Lost.Value, a.Templates.Value}
}
