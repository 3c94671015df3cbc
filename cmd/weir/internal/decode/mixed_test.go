package decode

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/netip"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/weirflow/weir/cmd/weir/internal/capture"
	"github.com/weirflow/weir/collector"
	"github.com/weirflow/weir/collector/message"
	"github.com/weirflow/weir/collector/netflow"
	"github.com/weirflow/weir/collector/sflow"
	"github.com/weirflow/weir/flow"
)

const (
	// replayPatience is how long the whole replay may take; it takes seconds.
	replayPatience = 2 * time.Minute
	// inFlight and inFlightBytes bound what is sent and not decoded yet, so that
	// the least receive buffer of a Linux machine does not overflow.
	inFlight      = 32
	inFlightBytes = 64 << 10
)

// tally is what came of one exporter's datagrams.
type tally struct {
	datagrams                                                               int
	flows, options, counters, templates, optionsTemplates, withoutTemplates int
	lost                                                                    uint64
	problems                                                                [message.NumReasons]uint32
	// What the records say, by their own address.
	records        [3]int
	bytes, packets uint64
}

// tallies is one for each exporter address. Safe for concurrent use.
type tallies struct {
	mu   sync.Mutex
	byIP map[netip.Addr]*tally
}

func newTallies() *tallies { return &tallies{byIP: map[netip.Addr]*tally{}} }

// of gives an exporter's tally; mu is held.
func (s *tallies) of(addr netip.Addr) *tally {
	if s.byIP[addr] == nil {
		s.byIP[addr] = &tally{}
	}
	return s.byIP[addr]
}

func (s *tallies) result(addr netip.Addr, r *message.Result) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.of(addr)
	t.datagrams++
	t.flows += r.Flows
	t.options += r.Options
	t.counters += r.Counters
	t.templates += r.Templates
	t.optionsTemplates += r.OptionsTemplates
	t.withoutTemplates += r.SetsWithoutTemplate
	t.lost += r.Lost
	for reason, n := range r.Problems {
		t.problems[reason] += n
	}
}

func (s *tallies) batch(b *flow.Batch) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range b.Len() {
		r := b.At(i)
		t := s.of(r.ObserverIP)
		t.records[r.Kind]++
		t.bytes += r.NetworkBytes
		t.packets += r.NetworkPackets
	}
}

// exporter is a stream of datagrams with an address of its own.
type exporter struct {
	name      string
	addr      netip.Addr
	datagrams [][]byte
}

// exporters gives the datagrams of every capture, each with the files that it
// needs before it, and each source address in it as an exporter of its own.
func exporters(t *testing.T) (list []*exporter) {
	dir, rows := index(t)
	next := netip.MustParseAddr("127.77.0.1")
	for _, row := range rows {
		bySource := map[netip.Addr]*exporter{}
		for _, file := range append(slices.Clone(row.needs), row.path) {
			for _, d := range datagramsOf(t, filepath.Join(dir, file)) {
				source := d.Source.Addr()
				if len(row.needs) > 0 {
					source = netip.Addr{} // captures of one exporter that come with several addresses
				}
				x := bySource[source]
				if x == nil {
					x = &exporter{name: row.path, addr: next}
					bySource[source], next = x, next.Next()
					list = append(list, x)
				}
				x.datagrams = append(x.datagrams, d.Payload)
			}
		}
	}
	return list
}

// datagramsOf reads a capture; what a stream carried counts as datagrams as well.
func datagramsOf(t *testing.T, path string) (list []capture.Datagram) {
	t.Helper()
	const largest = 65507 // of UDP over IPv4
	var sessions capture.Sessions
	r, err := capture.Open(path, &sessions)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for {
		d, err := r.Next()
		var damaged *capture.Error
		switch {
		case errors.Is(err, io.EOF), errors.As(err, &damaged):
			return list
		case err != nil:
			t.Fatal(err)
		}
		if n := len(d.Payload); n > 0 && n <= largest {
			d.Payload = slices.Clone(d.Payload)
			list = append(list, d)
		}
	}
}

// alone decodes each exporter's datagrams with a decoder and a store of its own.
func alone(list []*exporter) *tallies {
	s := newTallies()
	for _, x := range list {
		batch := flow.NewBatch(512)
		w := flow.NewWriter(func() *flow.Batch { return batch }, func(b *flow.Batch) { s.batch(b); b.Reset() })
		d := collector.NewDecoder(netflow.NewStore(replayConfig()), sflow.DefaultConfig())
		var res message.Result
		for _, p := range x.datagrams {
			d.Decode(message.Origin{Addr: x.addr, Transport: "udp", Received: time.Now().UnixNano()}, p, w, &res)
			s.result(x.addr, &res)
		}
		w.Flush()
	}
	return s
}

func replayConfig() netflow.Config {
	cfg := netflow.DefaultConfig()
	cfg.EmitOptions = true
	return cfg
}

// watched is a decoder that tells of every datagram when it is decoded.
type watched struct {
	*collector.Decoder
	tallies *tallies
	done    chan<- int // bytes
}

func (d *watched) Decode(o message.Origin, payload []byte, w *flow.Writer, res *message.Result) {
	d.Decoder.Decode(o, payload, w, res)
	d.tallies.result(o.Addr, res)
	d.done <- len(payload)
}

// TestMixedReplay sends every capture at once, a datagram of each in turn and each
// from an address of its own, to one collector on a real socket. What comes out
// must be what comes of each alone.
func TestMixedReplay(t *testing.T) {
	list := exporters(t)
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	want, got := alone(list), newTallies()

	done := make(chan int, inFlight)
	store := netflow.NewStore(replayConfig())
	cfg := collector.DefaultConfig()
	cfg.NetFlow5, cfg.NetFlow9, cfg.IPFIX, cfg.SFlow = []string{"udp://127.0.0.1:0"}, nil, nil, nil
	cfg.Workers = 2
	c, err := collector.New(cfg, collector.Dependencies{
		NewDecoder: func() collector.MessageDecoder {
			return &watched{collector.NewDecoder(store, sflow.DefaultConfig()), got, done}
		},
		Output: func(_ context.Context, b *flow.Batch) {
			got.batch(b)
			b.Release()
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), replayPatience)
	defer cancel()
	if err := c.Start(ctx); err != nil {
		t.Fatal(err)
	}
	sent, err := interleave(ctx, list, c.Addrs()[0].Addr, done)
	if err != nil {
		t.Error(err)
	}
	if err := c.Close(ctx); err != nil {
		t.Error(err)
	}
	records := [3]int{}
	for _, x := range list {
		w, g := want.of(x.addr), got.of(x.addr)
		for kind, n := range g.records {
			records[kind] += n
		}
		if *w != *g {
			t.Errorf("%s (%s): alone %+v, among the others %+v", x.name, x.addr, *w, *g)
		}
	}
	t.Logf("%d datagrams of %d exporters: %d flows, %d options, %d counters", sent, len(list), records[flow.KindFlow], records[flow.KindOptions], records[flow.KindCounters])
	if len(list) < 248 || sent < 11_000 || records[flow.KindFlow] < 40_000 || records[flow.KindOptions] < 1000 || records[flow.KindCounters] < 600 {
		t.Error("too little was compared")
	}
	if len(got.byIP) != len(want.byIP) {
		t.Errorf("records of %v", slices.Collect(maps.Keys(got.byIP)))
	}
}

// interleave sends a datagram of each exporter in turn until none has any left,
// and waits until all are decoded.
func interleave(ctx context.Context, list []*exporter, to netip.AddrPort, done <-chan int) (sent int, err error) {
	flying, bytes := 0, 0
	land := func() error {
		select {
		case n := <-done:
			flying, bytes = flying-1, bytes-n
			return nil
		case <-ctx.Done():
			return fmt.Errorf("%d datagrams were sent and not decoded: %w", flying, ctx.Err())
		}
	}
	conns := make([]*net.UDPConn, len(list))
	defer func() {
		for _, conn := range conns {
			if conn != nil {
				_ = conn.Close()
			}
		}
	}()
	for i, x := range list {
		if conns[i], err = net.DialUDP("udp4", &net.UDPAddr{IP: x.addr.AsSlice()}, net.UDPAddrFromAddrPort(to)); err != nil {
			return sent, err
		}
	}
	for turn, left := 0, true; left; turn++ {
		left = false
		for i, x := range list {
			if turn >= len(x.datagrams) {
				continue
			}
			left = true
			p := x.datagrams[turn]
			for flying >= inFlight || flying > 0 && bytes+len(p) > inFlightBytes {
				if err := land(); err != nil {
					return sent, err
				}
			}
			if _, err := conns[i].Write(p); err != nil {
				return sent, fmt.Errorf("%s: %w", x.name, err)
			}
			sent, flying, bytes = sent+1, flying+1, bytes+len(p)
		}
	}
	for flying > 0 {
		if err := land(); err != nil {
			return sent, err
		}
	}
	return sent, nil
}
