package service

import (
	"context"
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
	"github.com/weirflow/weir/indexer"
	"github.com/weirflow/weir/indexer/rollup"
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
// wire → record → enriched record, and on to a discarding sink, to the lines
// of a bulk body, or to those by way of the roll-ups.
func BenchmarkPath(b *testing.B) {
	for _, export := range []string{"softflowd-v5-demo", "softflowd-v9-demo", "pmacctd-ipfix-demo", "pmacctd-sflow-demo"} {
		for _, to := range []string{"discard", "bulk", "bulk, summed up"} {
			b.Run(export+"/"+to, func(b *testing.B) {
				benchmarkPath(b, "../../../../testdata/exports/"+export+".pcap", to)
			})
		}
	}
}

// bodies is a sink that appends documents to a bulk body.
type bodies struct {
	encoder *flow.Encoder
	body    []byte
}

func (*bodies) Name() string                { return "bodies" }
func (*bodies) Start(context.Context) error { return nil }
func (*bodies) Ready() error                { return nil }
func (*bodies) Close(context.Context) error { return nil }
func (s *bodies) Write(_ context.Context, b *flow.Batch) error {
	const action = `{"create":{}}` + "\n"
	for i := range b.Records() {
		if len(s.body) > 5e6 {
			s.body = s.body[:0]
		}
		s.body = append(s.encoder.AppendJSON(append(s.body, action...), b.At(i)), '\n')
	}
	return nil
}

func benchmarkPath(b *testing.B, path, to string) {
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
	batch := flow.NewBatch(batchRecords)
	var sink indexer.Sink = &bodies{flow.NewEncoder(), make([]byte, 0, 6<<20)}
	if to == "bulk, summed up" {
		if sink, err = rollup.New(rollup.DefaultConfig(), rollup.Dependencies{Logger: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry(), Sink: sink}); err != nil {
			b.Fatal(err)
		}
		if err := sink.Start(b.Context()); err != nil {
			b.Fatal(err)
		}
		defer func() { _ = sink.Close(context.Background()) }()
	}
	flows := 0
	w := flow.NewWriter(func() *flow.Batch { batch.Reset(); return batch }, func(batch *flow.Batch) {
		worker.Enrich(batch)
		flows += batch.Len()
		if to == "discard" {
			return
		}
		if err := sink.Write(context.Background(), batch); err != nil {
			b.Error(err)
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
