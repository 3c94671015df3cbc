package collector

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func tcpConfig() Config {
	c := testConfig()
	c.IPFIX = []string{"tcp://127.0.0.1:0"}
	return c
}

func dial(t testing.TB, to string) *net.TCPConn {
	t.Helper()
	conn, err := net.Dial("tcp", to)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn.(*net.TCPConn)
}

func write(t testing.TB, conn io.Writer, b ...[]byte) {
	t.Helper()
	if _, err := conn.Write(slices.Concat(b...)); err != nil {
		t.Fatal(err)
	}
}

// ended waits until n sessions have ended.
func (r *rig) ended(t *testing.T, n int) {
	t.Helper()
	r.sink.wait(t, fmt.Sprintf("the end of %d sessions", n), func() bool { return len(r.sink.closed) >= n })
}

// closedFor waits until n sessions have ended and tells how many for the reason.
func (r *rig) closedFor(t *testing.T, n int, reason string) float64 {
	t.Helper()
	r.ended(t, n)
	r.stop(t) // the counters are written by now
	return testCounter(r.accepts[0].count.closed[reason])
}

// wantEOF checks that the collector has closed the connection.
func wantEOF(t *testing.T, conn net.Conn) {
	t.Helper()
	if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	if n, err := conn.Read(make([]byte, 1)); n != 0 || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("read %d bytes, %v; want a closed connection", n, err)
	}
}

func TestTCPReceives(t *testing.T) {
	r := startRig(t, tcpConfig(), nil)
	conn := dial(t, r.addr())
	// Two in one segment, the smallest and the longest, and one after them.
	write(t, conn, newMessage(10, 1, 16), newMessage(10, 2, 1400))
	write(t, conn, newMessage(10, 3, 65535))
	write(t, conn, newMessage(10, 4, 20))
	conn.CloseWrite()
	records := r.sink.take(t, 4)
	for i, length := range []uint64{16, 1400, 65535, 20} {
		want := got{uint64(i + 1), length, netip.MustParseAddr("127.0.0.1"), "tcp", true}
		if records[i] != want {
			t.Errorf("record %d: got %+v, want %+v", i, records[i], want)
		}
	}
	wantEOF(t, conn)
	if n := r.closedFor(t, 1, closedByPeer); n != 1 {
		t.Errorf("%v connections closed by their peer", n)
	}
	count := r.accepts[0].count
	if b, open := testCounter(count.bytes), testGauge(count.open); b != 16+1400+65535+20 || open != 0 {
		t.Errorf("%v bytes, %v connections open", b, open)
	}
}

func TestTCPOverIPv6(t *testing.T) {
	needIPv6(t)
	c := tcpConfig()
	c.IPFIX = []string{"tcp://[::]:0"}
	r := startRig(t, c, nil)
	for i, host := range []string{"::1", "127.0.0.1"} {
		write(t, dial(t, net.JoinHostPort(host, fmt.Sprint(r.Addrs()[0].Addr.Port()))), newMessage(10, 1, 16))
		if records := r.sink.take(t, i+1); records[i].from != netip.MustParseAddr(host) {
			t.Errorf("the record came from %v, want %s", records[i].from, host)
		}
	}
}

// pipeRig is a collector that listens nowhere, for connections over net.Pipe,
// where each write arrives as one read.
func pipeRig(t testing.TB, d MessageDecoder) *rig {
	r := newRig(t, tcpConfig(), func(deps *Dependencies) { deps.NewDecoder = func() MessageDecoder { return d } })
	r.streams = &streams{ctx: r.ctx, deps: &r.deps, m: r.metrics, idleTimeout: r.config.IdleTimeout,
		pipelines: make(chan *pipeline, 1), open: map[*streamConn]struct{}{}}
	r.streams.pipelines <- newPipeline(r.ctx, &r.deps, r.metrics, true)
	return r
}

func (r *rig) pipeConn(conn net.Conn) *streamConn {
	l := &streamListener{streams: r.streams, listener: r.listeners[0], stopped: make(chan struct{}), count: r.metrics.streamAt("pipe")}
	return &streamConn{streamListener: l, raw: conn, conn: conn}
}

// serve runs one connection to its end and returns why it ended.
func (r *rig) serve(writes ...[]byte) (string, error) {
	ours, theirs := net.Pipe()
	defer ours.Close()
	go func() {
		defer theirs.Close()
		for _, b := range writes {
			if _, err := theirs.Write(b); err != nil {
				return // the collector has had enough
			}
		}
	}()
	return r.pipeConn(ours).serve()
}

func TestFragmentsAtEveryOffset(t *testing.T) {
	r := pipeRig(t, &fakeDecoder{})
	stream := slices.Concat(newMessage(10, 1, 40), newMessage(10, 2, 16), newMessage(10, 3, 33))
	for at := 1; at < len(stream); at++ {
		if reason, err := r.serve(stream[:at], stream[at:]); reason != closedByPeer {
			t.Fatalf("cut at byte %d: %s, %v", at, reason, err)
		}
	}
	var single [][]byte
	for i := range stream {
		single = append(single, stream[i:i+1])
	}
	if reason, err := r.serve(single...); reason != closedByPeer {
		t.Fatalf("byte by byte: %s, %v", reason, err)
	}
	records := r.sink.take(t, 3*len(stream))
	for i, record := range records {
		if want := uint64(i%3 + 1); record.sequence != want || record.length != []uint64{40, 16, 33}[i%3] {
			t.Fatalf("record %d is %+v", i, record)
		}
	}
	if len(records) != 3*len(stream) {
		t.Errorf("%d records, want %d", len(records), 3*len(stream))
	}
}

func TestTCPRefusesWhatItCannotFrame(t *testing.T) {
	tests := []struct {
		name         string
		send         []byte
		reason       string
		problem, log string
	}{
		{"length below the header", append(newMessage(10, 1, 16), 0, 10, 0, 15), closedBadLength, "protocol=ipfix reason=bad_length", "claims 15 bytes"},
		{"sFlow", []byte{0, 0, 0, 5, 0, 0, 0, 1}, closedNotAllowed, "protocol=sflow5 reason=protocol_not_allowed", "sFlow is not available over a stream"},
		{"NetFlow v9 without a FlowSet", append(newMessage(9, 1, 20), 0, 99, 0, 8), closedBadVersion, "protocol=netflow9 reason=unknown_version", "neither a FlowSet nor a message, but 99"},
		{"TLS", []byte{0x16, 3, 1, 2, 0}, closedBadVersion, "protocol=unknown reason=unknown_version", "the peer speaks TLS"},
		{"HTTP", []byte("GET / HTTP/1.1\r\n"), closedBadVersion, "protocol=unknown reason=unknown_version", "not the beginning of a message"},
		{"cut in the header", newMessage(10, 1, 16)[:3], closedTruncated, "", "3 of 4 bytes"},
		{"cut in the message", newMessage(10, 1, 100)[:99], closedTruncated, "", "99 of 100 bytes"},
		{"nothing", nil, closedByPeer, "", "reason=closed_by_peer"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := startRig(t, tcpConfig(), nil)
			conn := dial(t, r.addr())
			write(t, conn, test.send)
			conn.CloseWrite()
			wantEOF(t, conn)
			r.ended(t, 1)
			if test.problem != "" {
				if n := r.metric(t, "weir_collector_problems_total", strings.Fields(test.problem)...); n != 1 {
					t.Errorf("%v problems %s", n, test.problem)
				}
			}
			if n := r.closedFor(t, 1, test.reason); n != 1 {
				t.Errorf("%v connections closed for %s", n, test.reason)
			}
			if log := r.log.String(); !strings.Contains(log, test.log) || !strings.Contains(log, "exporter=127.0.0.1") {
				t.Errorf("the log does not say %q:\n%s", test.log, log)
			}
		})
	}
}

func TestSilentPeerDelaysNobody(t *testing.T) {
	r := startRig(t, tcpConfig(), nil) // one worker
	silent, partial := dial(t, r.addr()), dial(t, r.addr())
	write(t, partial, newMessage(10, 9, 1000)[:999])
	for i := range 3 {
		write(t, dial(t, r.addr()), newMessage(10, uint32(i), 50))
		r.sink.take(t, i+1)
	}
	write(t, partial, []byte{0})
	if records := r.sink.take(t, 4); records[3].sequence != 9 {
		t.Errorf("got %+v", records)
	}
	_ = silent
}

func TestSessions(t *testing.T) {
	r := startRig(t, tcpConfig(), nil)
	for i := range 3 {
		conn := dial(t, r.addr())
		write(t, conn, newMessage(10, 1, 16), newMessage(10, 2, 16))
		conn.Close()
		r.ended(t, i+1)
	}
	r.stop(t)
	var sessions []uint64
	for _, o := range r.sink.origins {
		sessions = append(sessions, o.Session)
	}
	if !slices.Equal(sessions, []uint64{1, 1, 2, 2, 3, 3}) || !slices.Equal(r.sink.closed, []uint64{1, 2, 3}) {
		t.Errorf("messages of sessions %v, closed %v", sessions, r.sink.closed)
	}
}

func TestConnectionLimit(t *testing.T) {
	c := tcpConfig()
	c.MaxConnections = 1
	r := startRig(t, c, nil)
	first := dial(t, r.addr())
	write(t, first, newMessage(10, 1, 16))
	r.sink.take(t, 1)
	wantEOF(t, dial(t, r.addr()))
	if n := r.metric(t, "weir_collector_connections_refused_total", "reason="+refusedLimit); n != 1 {
		t.Errorf("%v connections refused", n)
	}
	write(t, first, newMessage(10, 2, 16))
	r.sink.take(t, 2)
}

// A peer that sends byte after byte but never a whole message is idle.
func TestIdleTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := pipeRig(t, &fakeDecoder{})
		ours, theirs := net.Pipe()
		defer theirs.Close()
		began := time.Now()
		var peer sync.WaitGroup
		defer peer.Wait()
		peer.Go(func() {
			write(t, theirs, newMessage(10, 1, 100)) // the time begins anew after it
			for _, b := range newMessage(10, 2, 100) {
				<-time.After(r.config.IdleTimeout / 20) // of the bubble's clock
				if _, err := theirs.Write([]byte{b}); err != nil {
					return
				}
			}
		})
		reason, err := r.pipeConn(ours).serve()
		ours.Close()
		if reason != closedIdle || !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(began) != r.config.IdleTimeout {
			t.Errorf("after %v: %s, %v", time.Since(began), reason, err)
		}
	})
}

// What is on its way when the collector stops is decoded, and what is not whole
// is left.
func TestCloseDrainsStreams(t *testing.T) {
	const count = 1000 // less than the kernel takes of a connection that is not read
	gate, begun := make(chan struct{}), make(chan struct{})
	begin := sync.OnceFunc(func() { close(begun) })
	r := newRig(t, tcpConfig(), nil)
	r.deps.NewDecoder = func() MessageDecoder { return &fakeDecoder{called: begin, gate: gate, seen: r.sink.origin} }
	if err := r.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	conn := dial(t, r.addr())
	write(t, conn, newMessage(10, 0, 60))
	<-begun // nothing more is read until the gate opens
	var stream []byte
	for i := range count - 1 {
		stream = append(stream, newMessage(10, uint32(i+1), 60)...)
	}
	write(t, conn, stream, newMessage(10, count, 60)[:59])
	go func() {
		<-r.accepts[0].stopped
		// The connection's time is over before anything of it is decoded.
		<-time.After(streamGrace + time.Millisecond)
		close(gate)
	}()
	if n := r.closedForAfterStop(t, closedShutdown); n != 1 {
		t.Errorf("%v connections closed by the stop", n)
	}
	if len(r.sink.records) != count {
		t.Errorf("%d records of %d", len(r.sink.records), count)
	}
	wantEOF(t, conn)
}

func (r *rig) closedForAfterStop(t *testing.T, reason string) float64 {
	t.Helper()
	r.stop(t)
	return testCounter(r.accepts[0].count.closed[reason])
}

func TestStreamCloseRunsOutOfTime(t *testing.T) {
	gate := make(chan struct{})
	waiting := make(chan struct{})
	r := newRig(t, tcpConfig(), func(d *Dependencies) {
		d.NewDecoder = func() MessageDecoder { return &gatedDecoder{gate, waiting, fakeDecoder{}} }
	})
	if err := r.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	write(t, dial(t, r.addr()), newMessage(10, 1, 60))
	<-waiting
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	go func() {
		<-r.ctx.Done()
		close(gate)
	}()
	if err := r.Close(ctx); err == nil || !strings.Contains(err.Error(), "0 datagrams and 1 decoded records were dropped") {
		t.Errorf("Close: %v", err)
	}
}

// gatedDecoder tells when it was called and waits.
type gatedDecoder struct {
	gate, waiting chan struct{}
	fakeDecoder
}

// FuzzStream feeds any bytes in two pieces: the connection ends with a reason,
// and what was decoded is a prefix of the bytes.
func FuzzStream(f *testing.F) {
	f.Add(slices.Concat(newMessage(10, 1, 40), newMessage(10, 2, 16)), uint16(5))
	f.Add(append(newMessage(10, 1, 40), 0, 10, 0, 3), uint16(50))
	f.Add([]byte("GET / HTTP/1.1\r\n"), uint16(2))
	for _, b := range append(quirks(f), captured(f)...) {
		f.Add(b, uint16(len(b)/2))
	}
	f.Fuzz(func(t *testing.T, stream []byte, cut uint16) {
		var decoded bytes.Buffer
		r := pipeRig(t, &tapDecoder{to: &decoded})
		at := min(int(cut), len(stream))
		var reason string
		bounded(t, func() { reason, _ = r.serve(stream[:at], stream[at:]) })
		if !slices.Contains(closeReasons, reason) {
			t.Errorf("the reason is %q", reason)
		}
		if !bytes.HasPrefix(stream, decoded.Bytes()) {
			t.Errorf("decoded % x of % x", decoded.Bytes(), stream)
		}
		if reason == closedByPeer && decoded.Len() != len(stream) {
			t.Errorf("a clean end, but %d of %d bytes were decoded", decoded.Len(), len(stream))
		}
	})
}
