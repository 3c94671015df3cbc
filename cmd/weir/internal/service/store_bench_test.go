package service

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sys/unix"

	"github.com/weirflow/weir/collector"
	"github.com/weirflow/weir/collector/message"
	"github.com/weirflow/weir/collector/netflow"
	"github.com/weirflow/weir/collector/sflow"
	"github.com/weirflow/weir/enrich"
	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/indexer/local"
)

// demoMix gives flows like those of the demo: its exports over and over, decoded
// and enriched. With vary, each time round the flows are others of the same kind:
// other clients and client ports, other times, other amounts; without, they
// differ in their times only, as when captures are replayed.
type demoMix struct {
	payloads [][]byte
	decoder  *collector.Decoder
	worker   *enrich.Worker
	rng      *rand.Rand
	vary     bool
	clock    int64 // Unix nanoseconds
	made     int
}

// demoRate is how many flows per second of their own time the mix has.
const demoRate = 2000

func newDemoMix(tb testing.TB, vary bool) *demoMix {
	tb.Helper()
	chain, err := enrich.New(enrich.DefaultConfig(), enrich.Dependencies{Logger: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry()})
	if err != nil {
		tb.Fatal(err)
	}
	if err := chain.Start(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(chain.Close)
	m := &demoMix{decoder: collector.NewDecoder(netflow.NewStore(netflow.DefaultConfig()), sflow.DefaultConfig()), worker: chain.Worker(),
		rng: rand.New(rand.NewPCG(1, 2)), vary: vary, clock: time.Now().Add(-12 * time.Hour).UnixNano()}
	for _, export := range []string{"softflowd-v5-demo", "softflowd-v9-demo", "pmacctd-ipfix-demo", "pmacctd-sflow-demo"} {
		m.payloads = append(m.payloads, exportPayloads(tb, "../../../../testdata/exports/"+export+".pcap")...)
	}
	return m
}

// make calls put with batches of n flows in all, and a few more.
func (m *demoMix) make(n int, put func(*flow.Batch)) {
	var res message.Result
	until := m.made + n
	w := flow.NewWriter(func() *flow.Batch { return flow.NewBatch(batchRecords) }, func(b *flow.Batch) {
		for i := range b.Records() {
			m.shift(b.At(i))
		}
		m.worker.Enrich(b)
		m.made += b.Len()
		put(b)
	})
	for m.made < until {
		for i, p := range m.payloads {
			origin := message.Origin{Addr: netip.AddrFrom4([4]byte{192, 0, 2, byte(1 + i*4/len(m.payloads))}), Transport: "udp", Received: m.clock}
			m.clock += int64(m.rng.ExpFloat64() * 1e9 / demoRate * 10) // some ten flows per datagram
			m.decoder.Decode(origin, p, w, &res)
			if m.made >= until {
				break
			}
		}
	}
	w.Flush()
}

// shift brings a flow to the time of its receipt, and makes another flow of it.
func (m *demoMix) shift(r *flow.Record) {
	if r.Has(flow.FieldEventEnd) && r.Has(flow.FieldEventCreated) {
		// Exporters tell of a flow some seconds after its end, in milliseconds.
		end := r.EventCreated/1e6*1e6 - m.rng.Int64N(15000)*1e6
		if r.Has(flow.FieldEventStart) {
			length := r.EventEnd - r.EventStart
			if m.vary {
				length = int64(float64(length)*(0.5+m.rng.Float64())) / 1e6 * 1e6
			}
			r.SetEventStart(end - length)
			r.SetEventDuration(length)
		}
		r.SetEventEnd(end)
		r.SetTimestamp(end)
	}
	if !m.vary {
		return
	}
	factor := 0.5 + m.rng.Float64()
	if r.Has(flow.FieldNetworkBytes) {
		r.SetNetworkBytes(uint64(float64(r.NetworkBytes) * factor))
		r.SetSourceBytes(r.NetworkBytes)
	}
	if r.Has(flow.FieldNetworkPackets) && r.NetworkPackets > 3 {
		r.SetNetworkPackets(uint64(float64(r.NetworkPackets) * factor))
		r.SetSourcePackets(r.NetworkPackets)
	}
	port := uint16(32768 + m.rng.IntN(28232))
	if r.Has(flow.FieldSourcePort) && r.SourcePort >= 32768 {
		r.SetSourcePort(port)
	} else if r.Has(flow.FieldDestinationPort) && r.DestinationPort >= 32768 {
		r.SetDestinationPort(port)
	}
	if r.Has(flow.FieldSourceIP) {
		r.SetSourceIP(m.other(r.SourceIP))
		r.SetDestinationIP(m.other(r.DestinationIP))
	}
}

// other gives another address of the same network of ours; the others' stay.
func (m *demoMix) other(a netip.Addr) netip.Addr {
	if !a.IsPrivate() || !a.Is4() {
		return a
	}
	b := a.As4()
	b[3] = byte(1 + m.rng.IntN(254))
	return netip.AddrFrom4(b)
}

func newBenchStore(b *testing.B, dir string) *local.Store {
	b.Helper()
	s, err := local.New(local.DefaultConfig(dir), local.Dependencies{Logger: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry()})
	if err == nil {
		err = s.Start(b.Context())
	}
	if err != nil {
		b.Fatal(err)
	}
	return s
}

// BenchmarkStoreSize gives the bytes that a flow of the demo's mix takes on the
// disk: "varied" flows all differ, "replayed" ones are the demo's, over and over.
func BenchmarkStoreSize(b *testing.B) {
	for _, vary := range []bool{true, false} {
		name := map[bool]string{true: "varied", false: "replayed"}[vary]
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				dir := b.TempDir()
				s, m := newBenchStore(b, dir), newDemoMix(b, vary)
				m.make(4*131072, func(batch *flow.Batch) {
					if _, err := s.Append(b.Context(), batch.Records()); err != nil {
						b.Fatal(err)
					}
				})
				if err := s.Close(b.Context()); err != nil {
					b.Fatal(err)
				}
				if keep := os.Getenv("WEIR_KEEP"); keep != "" {
					_ = os.CopyFS(keep+"-"+name, os.DirFS(dir))
				}
				size := int64(0)
				files, err := os.ReadDir(dir)
				if err != nil {
					b.Fatal(err)
				}
				for _, f := range files {
					if info, err := f.Info(); err == nil {
						size += info.Size()
					}
				}
				b.ReportMetric(float64(size)/float64(m.made), "B/flow")
			}
		})
	}
}

// BenchmarkStoreAppend is how many flows of the demo's mix per second become
// durable, one sync per batch, and a segment in the end.
func BenchmarkStoreAppend(b *testing.B) {
	m := newDemoMix(b, true)
	var batches []*flow.Batch
	m.make(40*batchRecords, func(batch *flow.Batch) { batches = append(batches, batch) })
	s := newBenchStore(b, b.TempDir())
	var last local.Pending
	rows, i := 0, 0
	before := cpuTime(b)
	b.ReportAllocs()
	for b.Loop() {
		batch := batches[i%len(batches)]
		i++
		for j := range batch.Records() { // later flows
			r := batch.At(j)
			r.Timestamp, r.EventStart, r.EventEnd, r.EventCreated = r.Timestamp+1e9, r.EventStart+1e9, r.EventEnd+1e9, r.EventCreated+1e9
		}
		p, err := s.Append(b.Context(), batch.Records())
		if err != nil {
			b.Fatal(err)
		}
		last = p
		rows += batch.Len()
	}
	if err := last.Wait(b.Context()); err != nil {
		b.Fatal(err)
	}
	elapsed := b.Elapsed() // without the flush of the rest: a running store always has one
	if err := s.Close(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(rows)/elapsed.Seconds(), "flows/s")
	b.ReportMetric(float64(cpuTime(b)-before)/float64(rows), "cpu-ns/flow")
}

// BenchmarkStoreOpen opens a store that was killed: segments, and a log that is
// nearly full. Segments are read by their footers, the log as a whole.
func BenchmarkStoreOpen(b *testing.B) {
	live, m := b.TempDir(), newDemoMix(b, true)
	s := newBenchStore(b, live)
	var last local.Pending
	m.make(6*131072-20000, func(batch *flow.Batch) {
		p, err := s.Append(b.Context(), batch.Records())
		if err != nil {
			b.Fatal(err)
		}
		last = p
	})
	if err := last.Wait(b.Context()); err != nil {
		b.Fatal(err)
	}
	for s.Stats().Segments < 5 {
		runtime.Gosched()
	}
	dir := filepath.Join(b.TempDir(), "killed")
	if err := os.CopyFS(dir, os.DirFS(live)); err != nil {
		b.Fatal(err)
	}
	stats := s.Stats()
	if err := s.Close(b.Context()); err != nil {
		b.Fatal(err)
	}
	for _, what := range []string{"segments", "log"} {
		b.Run(what, func(b *testing.B) {
			size := map[string]int64{"segments": stats.SegmentBytes, "log": stats.LogBytes}[what]
			elapsed := time.Duration(0)
			for b.Loop() {
				b.StopTimer()
				folder := filepath.Join(b.TempDir(), "store")
				if err := os.CopyFS(folder, os.DirFS(dir)); err != nil {
					b.Fatal(err)
				}
				if what == "segments" {
					logs, err := filepath.Glob(filepath.Join(folder, "*.wal"))
					if err != nil || len(logs) != 1 {
						b.Fatal(logs, err)
					}
					if err := os.Remove(logs[0]); err != nil {
						b.Fatal(err)
					}
				}
				b.StartTimer()
				begin := time.Now()
				s := newBenchStore(b, folder)
				elapsed += time.Since(begin)
				b.StopTimer()
				canceled, cancel := context.WithCancel(b.Context())
				cancel()
				if err := s.Close(canceled); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
			}
			b.ReportMetric(elapsed.Seconds()/float64(b.N)/float64(size)*(1<<30), "s/GiB")
		})
	}
}

// cpuTime is what the process has used of all cores.
func cpuTime(b *testing.B) time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
