package service

import (
	"errors"
	"io"
	"log/slog"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/weirflow/weir/cmd/weir/internal/capture"
	"github.com/weirflow/weir/collector"
	"github.com/weirflow/weir/collector/message"
	"github.com/weirflow/weir/collector/netflow"
	"github.com/weirflow/weir/collector/sflow"
	"github.com/weirflow/weir/enrich"
	"github.com/weirflow/weir/flow"
)

// exportPayloads reads the datagrams of a recorded export.
func exportPayloads(tb testing.TB, path string) (list [][]byte) {
	tb.Helper()
	r, err := capture.Open(path, &capture.Sessions{})
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	for {
		d, err := r.Next()
		if errors.Is(err, io.EOF) {
			return list
		} else if err != nil {
			tb.Fatal(err)
		}
		list = append(list, slices.Clone(d.Payload))
	}
}

// BenchmarkPath is the whole way of a flow on one core, over recorded exports:
// wire → record → enriched record, and on to a discarding sink or to the lines
// of a bulk body.
func BenchmarkPath(b *testing.B) {
	for _, export := range []string{"softflowd-v5-demo", "softflowd-v9-demo", "pmacctd-ipfix-demo", "pmacctd-sflow-demo"} {
		for _, to := range []string{"discard", "bulk"} {
			b.Run(export+"/"+to, func(b *testing.B) {
				benchmarkPath(b, "../../../../testdata/exports/"+export+".pcap", to == "bulk")
			})
		}
	}
}

func benchmarkPath(b *testing.B, path string, bulk bool) {
	payloads := exportPayloads(b, path)
	chain, err := enrich.New(enrich.DefaultConfig(), enrich.Dependencies{Logger: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry()})
	if err != nil {
		b.Fatal(err)
	}
	if err := chain.Start(b.Context()); err != nil {
		b.Fatal(err)
	}
	defer chain.Close()
	worker, decoder := chain.Worker(), collector.NewDecoder(netflow.NewStore(netflow.DefaultConfig()), sflow.DefaultConfig())
	encoder, batch := flow.NewEncoder(), flow.NewBatch(batchRecords)
	const action = `{"create":{}}` + "\n"
	body := make([]byte, 0, 6<<20)
	flows := 0
	w := flow.NewWriter(func() *flow.Batch { batch.Reset(); return batch }, func(batch *flow.Batch) {
		worker.Enrich(batch)
		flows += batch.Len()
		if !bulk {
			return
		}
		for i := range batch.Records() {
			if len(body) > 5e6 {
				body = body[:0]
			}
			body = append(encoder.AppendJSON(append(body, action...), batch.At(i)), '\n')
		}
	})
	origin := message.Origin{Addr: netip.MustParseAddr("192.0.2.1"), Transport: "udp", Received: time.Now().UnixNano()}
	var res message.Result
	for _, p := range payloads { // templates and caches
		decoder.Decode(origin, p, w, &res)
	}
	w.Flush()
	flows = 0
	b.ReportAllocs()
	for b.Loop() {
		for _, p := range payloads {
			decoder.Decode(origin, p, w, &res)
		}
	}
	w.Flush()
	b.ReportMetric(float64(flows)/b.Elapsed().Seconds(), "flows/s")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(flows), "ns/flow")
}
