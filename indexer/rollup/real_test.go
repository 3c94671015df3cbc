package rollup

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/indexer/elastic"
	"github.com/weirflow/weir/indexer/elastic/elastictest"
)

// TestReal has the servers sum up roll-ups and flows to the same, by everything
// and in both intervals.
func TestReal(t *testing.T) {
	elastictest.Each(t, func(t *testing.T, server elastictest.Server) {
		c := elastic.DefaultConfig(server.URL)
		c.Namespace = server.Namespace(t)
		log, registry := slog.New(slog.DiscardHandler), prometheus.NewRegistry()
		to, err := elastic.New(c, elastic.Dependencies{Logger: log, Registerer: registry})
		if err != nil {
			t.Fatal(err)
		}
		cfg := DefaultConfig()
		cfg.MaxKeys, cfg.TopHosts = 64, 20
		s, err := New(cfg, Dependencies{Logger: log, Registerer: registry, Sink: to})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		x := rand.New(rand.NewPCG(7, 8))
		var want total
		for range 8 {
			b := flow.NewBatch(250)
			b.Waits = true
			for range b.Cap() {
				r := b.Next()
				random(x, r, 100*time.Minute, 400)
				want.plus(totalOf(r))
			}
			if err := s.Write(t.Context(), b); err != nil {
				t.Fatal(err)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
		defer cancel()
		if err := s.Close(ctx); err != nil {
			t.Fatal(err)
		}
		if n, bytes := server.Totals(t, "weir-flows-"+c.Namespace, "network.bytes"); n != 2000 || bytes != want.bytes {
			t.Errorf("%d flows of %d bytes are there, want 2000 of %d", n, bytes, want.bytes)
		}
		for _, i := range intervals {
			stream := "weir-rollup-" + i.name + "-" + c.Namespace
			server.Call(t, http.MethodPost, "/"+stream+"/_refresh", "", nil)
			for _, k := range []struct {
				by, side, filter string
			}{{"exporter", "", ""}, {"application", "", ""}, {"category", "", ""}, {"interface", "0", "flow.direction:ingress"}, {"interface", "1", "flow.direction:egress"},
				{"as", "", "flow.rollup.side:source"}, {"as", "", "flow.rollup.side:destination"}, {"country", "", "flow.rollup.side:source"}, {"country", "", "flow.rollup.side:destination"}, {"host", "", ""}} {
				query := fmt.Sprintf("flow.rollup.by:%s AND event.kind:metric AND flow.rollup.interval:%s", k.by, i.name)
				if k.filter != "" {
					query += " AND " + k.filter
				}
				got := summed(t, server, stream, query)
				expected := want
				if k.by == "host" {
					expected = total{2 * want.bytes, 2 * want.packets, want.bytes, want.bytes, 2 * want.flows}
				}
				if got != expected {
					t.Errorf("%s, %s: the server sums %+v, want %+v", stream, query, got, expected)
				}
			}
		}
	})
}

func summed(t *testing.T, s elastictest.Server, stream, query string) total {
	t.Helper()
	sum := func(name string) string { return fmt.Sprintf(`{"sum":{"field":%q}}`, name) }
	type value struct{ Value float64 }
	var answer struct {
		Aggregations struct{ Bytes, Packets, Sent, Received, Flows value }
	}
	s.Call(t, http.MethodPost, "/"+stream+"/_search", fmt.Sprintf(`{"size":0,"query":{"query_string":{"query":%q}},"aggs":{"bytes":%s,"packets":%s,"sent":%s,"received":%s,"flows":%s}}`, query,
		sum("network.bytes"), sum("network.packets"), sum("source.bytes"), sum("destination.bytes"), sum("flow.count")), &answer)
	a := answer.Aggregations
	return total{uint64(a.Bytes.Value), uint64(a.Packets.Value), uint64(a.Sent.Value), uint64(a.Received.Value), uint64(a.Flows.Value)}
}
