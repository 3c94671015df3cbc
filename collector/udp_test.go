package collector

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/weirflow/weir/collector/message"
	"github.com/weirflow/weir/flow"
)

func udpConfig(url string) Config {
	c := testConfig()
	c.NetFlow5 = []string{url}
	return c
}

func TestUDPReceives(t *testing.T) {
	tests := []struct {
		listen, to, from string
		ipv6             bool
	}{
		{"udp://127.0.0.1:0", "127.0.0.1", "127.0.0.1", false},
		{"udp://0.0.0.0:0", "127.0.0.1", "127.0.0.1", false},
		{"udp://[::1]:0", "::1", "::1", true},
		{"udp://:0", "127.0.0.1", "127.0.0.1", false},
		{"udp://:0", "::1", "::1", true},
		{"udp://[::]:0", "127.0.0.1", "127.0.0.1", true},
	}
	for _, test := range tests {
		t.Run(test.listen+" from "+test.from, func(t *testing.T) {
			if test.ipv6 {
				needIPv6(t)
			}
			c := udpConfig(test.listen)
			c.Workers = 2
			r := startRig(t, c, nil)
			before := time.Now().UnixNano()
			to := net.JoinHostPort(test.to, fmt.Sprint(r.Addrs()[0].Addr.Port()))
			send(t, to, newMessage(5, 1, 100), nil, newMessage(10, 2, 65507)) // the largest over IPv4; one is empty
			records := r.sink.take(t, 2)
			for i, want := range []got{{1, 100, netip.MustParseAddr(test.from), "udp", false}, {2, 65507, netip.MustParseAddr(test.from), "udp", false}} {
				if records[i] != want {
					t.Errorf("record %d: got %+v, want %+v", i, records[i], want)
				}
			}
			r.stop(t)
			for _, o := range r.sink.origins {
				if o.Received < before || o.Received > time.Now().UnixNano() || o.Session != 0 || o.Port == 0 {
					t.Errorf("origin %+v of a test that began at %d", o, before)
				}
			}
		})
	}
}

func TestUDPCounts(t *testing.T) {
	r := startRig(t, udpConfig("udp://127.0.0.1:0"), nil)
	send(t, r.addr(), newMessage(9, 1, 50), []byte("hello"), newMessage(10, 2, 70))
	r.sink.take(t, 2)
	listener := "listener=udp://" + r.addr()
	for _, want := range []struct {
		value  float64
		name   string
		labels []string
	}{
		{3, "weir_collector_datagrams_total", []string{listener}},
		{125, "weir_collector_received_bytes_total", []string{listener}},
		{1, "weir_collector_messages_total", []string{"protocol=netflow9"}},
		{1, "weir_collector_messages_total", []string{"protocol=unknown"}},
		{1, "weir_collector_records_total", []string{"protocol=ipfix", "kind=flow"}},
		{1, "weir_collector_problems_total", []string{"reason=truncated_header"}},
		{0, "weir_collector_kernel_drops_total", []string{listener}},
		{4 << 20, "weir_collector_queue_limit_bytes", []string{listener}},
		{1, "weir_exporter_records_total", []string{"exporter=127.0.0.1", "protocol=netflow9"}},
		{70, "weir_exporter_bytes_total", []string{"exporter=127.0.0.1", "protocol=ipfix"}},
		{2, "weir_collector_exporters", nil},
	} {
		if value := r.metric(t, want.name, want.labels...); value != want.value {
			t.Errorf("%s %v is %v, want %v", want.name, want.labels, value, want.value)
		}
	}
	if granted := r.metric(t, "weir_collector_receive_buffer_bytes", listener); granted < 4096 {
		t.Errorf("the receive buffer is %v bytes", granted)
	}
	if log := r.log.String(); !strings.Contains(log, "reason=truncated_header") || !strings.Contains(log, "exporter=127.0.0.1") || !strings.Contains(log, "advice=") {
		t.Errorf("the log does not explain the problem:\n%s", log)
	}
	r.stop(t)
	families, err := r.registry.Gather()
	if err != nil || len(families) != 0 {
		t.Errorf("%d metrics are left after Close, error %v", len(families), err)
	}
}

func TestOnlyNarrows(t *testing.T) {
	r := startRig(t, udpConfig("udp://127.0.0.1:0?only=netflow9"), nil)
	send(t, r.addr(), newMessage(10, 1, 50), newMessage(5, 2, 50), newMessage(9, 3, 50))
	if records := r.sink.take(t, 1); records[0].sequence != 3 {
		t.Errorf("got %+v", records)
	}
	for _, protocol := range []string{"ipfix", "netflow5"} {
		if n := r.metric(t, "weir_collector_problems_total", "protocol="+protocol, "reason="+message.ReasonProtocolNotAllowed.String()); n != 1 {
			t.Errorf("%v %s messages were refused, want 1", n, protocol)
		}
	}
}

// Everything that was sent before Close is decoded: what the kernel holds, what
// waits in the queue, and what is in a batch.
func TestCloseDrains(t *testing.T) {
	const senders, each, size = 4, 2500, 1000
	c := udpConfig("udp://127.0.0.1:0")
	c.Workers = 2
	gate := make(chan struct{})
	r := newRig(t, c, nil)
	r.deps.NewDecoder = func() MessageDecoder { return &fakeDecoder{gate: gate} }
	if err := r.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i := range senders {
		var payloads [][]byte
		for j := range each {
			payloads = append(payloads, newMessage(10, uint32(i*each+j), size))
		}
		send(t, r.addr(), payloads...)
	}
	go func() {
		for _, w := range r.workers {
			<-w.stopped
		}
		close(gate) // nothing was decoded before Close began
	}()
	r.stop(t)
	seen := map[uint64]bool{}
	for _, record := range r.sink.records {
		seen[record.sequence] = true
	}
	dropped, granted := uint64(0), r.workers[0].socket.granted
	for _, w := range r.workers {
		dropped += w.socket.drops.value()
	}
	if len(seen) != len(r.sink.records) || uint64(len(seen))+dropped != senders*each {
		t.Errorf("%d records, %d different ones, and %d kernel drops of %d datagrams", len(r.sink.records), len(seen), dropped, senders*each)
	}
	if dropped > 0 && granted >= c.ReceiveBuffer {
		t.Errorf("the kernel dropped %d datagrams with a receive buffer of %d bytes", dropped, granted)
	}
}

func TestKernelDropsAreCounted(t *testing.T) {
	const sent, size = 3000, 1400
	c := udpConfig("udp://127.0.0.1:0")
	c.ReceiveBuffer, c.Queue = 4096, minChunks*chunkBytes
	gate := make(chan struct{})
	r := startRig(t, c, func(d *Dependencies) { d.NewDecoder = func() MessageDecoder { return &fakeDecoder{gate: gate} } })
	var payloads [][]byte
	for i := range sent {
		payloads = append(payloads, newMessage(10, uint32(i), size))
	}
	send(t, r.addr(), payloads...)
	// No datagram follows the drops: a scrape finds them all the same.
	if list := r.Receivers(); len(list) != 1 || list[0].Drops == 0 || list[0].Granted == 0 || list[0].Asked != c.ReceiveBuffer || list[0].Endpoint.String() == "" {
		t.Errorf("the receivers are %+v", list)
	}
	if drops := r.metric(t, "weir_collector_kernel_drops_total"); drops == 0 {
		t.Errorf("no kernel drops after %d bytes into a queue of %d", sent*size, c.Queue)
	}
	if waiting := r.metric(t, "weir_collector_queue_bytes"); waiting > float64(c.Queue) {
		t.Errorf("%v bytes wait in a queue of %d", waiting, c.Queue)
	}
	close(gate)
	r.stop(t)
	drops := r.workers[0].socket.drops.value()
	if received := uint64(len(r.sink.records)); received+drops != sent || received == 0 || drops == 0 {
		t.Errorf("received %d, kernel dropped %d, sent %d", received, drops, sent)
	}
}

// The drop count also comes with the datagrams themselves.
func TestDropCountComesWithDatagrams(t *testing.T) {
	sockets, err := openUDP(t.Context(), &listener{Endpoint: Endpoint{Scheme: "udp", Host: "127.0.0.1"}}, 1, 4096)
	if err != nil {
		t.Fatal(err)
	}
	s := sockets[0]
	defer s.conn.Close()
	var payloads [][]byte
	for range 100 {
		payloads = append(payloads, make([]byte, 1400))
	}
	to := s.conn.LocalAddr().String()
	send(t, to, payloads...)
	oob, buffer := make([]byte, ancillaryBytes), make([]byte, maxDatagram)
	read := func() ancillary {
		_, n, _, _, err := s.conn.ReadMsgUDP(buffer, oob)
		if err != nil {
			t.Fatal(err)
		}
		a := parseAncillary(oob[:n])
		if age := time.Since(time.Unix(0, a.received)); age < 0 || age > patience {
			t.Errorf("the kernel says that the datagram was received %v ago", age)
		}
		return a
	}
	if read().hasDrops {
		t.Error("the first datagram reports drops")
	}
	send(t, to, []byte{1}) // there is room again
	s.pollDrops()
	if err := s.conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	var last ancillary
	for n := len(payloads); n > 0 && !last.hasDrops; n-- {
		last = read()
	}
	if !last.hasDrops || uint64(last.drops) != s.drops.value() {
		t.Errorf("the datagram reports %d drops (%v), SO_MEMINFO %d", last.drops, last.hasDrops, s.drops.value())
	}
}

// When the time for a graceful stop is over, Close says what it left.
func TestCloseRunsOutOfTime(t *testing.T) {
	const sent = 5000
	r := newRig(t, udpConfig("udp://127.0.0.1:0"), nil)
	blocked := make(chan struct{}, 1)
	delivered := 0
	r.deps.Output = func(ctx context.Context, b *flow.Batch) {
		delivered += b.Len()
		b.Release()
		select {
		case blocked <- struct{}{}:
		default:
		}
		<-ctx.Done()
	}
	if err := r.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	var payloads [][]byte
	for i := range sent {
		payloads = append(payloads, newMessage(10, uint32(i), 100))
	}
	send(t, r.addr(), payloads...)
	<-blocked
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := r.Close(ctx)
	left := &r.metrics.abandoned
	if want := fmt.Sprintf("ran out: %d datagrams and %d decoded records were dropped", left.datagrams.Load(), left.records.Load()); err == nil ||
		!strings.Contains(err.Error(), want) || !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v, want one with %q", err, want)
	}
	all := uint64(delivered) + left.datagrams.Load() + left.records.Load() + r.workers[0].socket.drops.value()
	if left.datagrams.Load() == 0 || all != sent {
		t.Errorf("%d delivered, %d datagrams and %d records left, %d in all of %d", delivered, left.datagrams.Load(), left.records.Load(), all, sent)
	}
}

func TestPortInUse(t *testing.T) {
	for _, scheme := range []string{"udp", "tcp"} {
		c := testConfig()
		c.Workers = 2
		c.IPFIX = []string{scheme + "://127.0.0.1:0"}
		first := startRig(t, c, nil)
		c.IPFIX = []string{scheme + "://" + first.addr(), scheme + "://127.0.0.1:0"}
		second := newRig(t, c, nil)
		err := second.Start(t.Context())
		if !errors.Is(err, unix.EADDRINUSE) {
			t.Fatalf("%s: starting twice at one port: %v", scheme, err)
		}
		for _, part := range []string{"collectors.ipfix[0]", scheme + "://" + first.addr(), fmt.Sprintf("process %d (", os.Getpid()), "ss -" + scheme[:1] + "lnp"} {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("the error %q does not say %q", err, part)
			}
		}
		if len(second.Addrs()) != 0 {
			t.Errorf("after a failed start, %v is open", second.Addrs())
		}
		first.stop(t)
		if err := c.CheckPorts(t.Context()); err != nil {
			t.Errorf("once the port is free: %v", err)
		}
	}
}

func TestCloseWithoutStart(t *testing.T) {
	r := newRig(t, udpConfig("udp://127.0.0.1:0"), nil)
	r.stop(t)
	if err := r.Close(t.Context()); err != nil {
		t.Errorf("closing again: %v", err)
	}
}

func TestStartErrors(t *testing.T) {
	c := udpConfig("udp://192.0.2.1:2055") // documentation range: no machine has it
	if err := c.CheckPorts(t.Context()); err == nil || !strings.Contains(err.Error(), "no interface of this machine has that address") {
		t.Errorf("an address of another machine: %v", err)
	}
	c.NetFlow5 = []string{"udp://name.invalid:0"}
	if err := c.CheckPorts(t.Context()); err == nil || !strings.Contains(err.Error(), "name.invalid") {
		t.Errorf("a name that does not resolve: %v", err)
	}
}

// Without CAP_NET_ADMIN the kernel caps the buffer at net.core.rmem_max.
func TestReceiveBufferCapped(t *testing.T) {
	text, err := os.ReadFile("/proc/sys/net/core/rmem_max")
	if err != nil {
		lacking(t, "/proc/sys/net/core/rmem_max", err)
	}
	var limit int
	if _, err := fmt.Sscan(string(text), &limit); err != nil {
		t.Fatal(err)
	}
	sockets, err := openUDP(t.Context(), &listener{Endpoint: Endpoint{Scheme: "udp", Host: "127.0.0.1"}}, 1, 8192)
	if err != nil {
		t.Fatal(err)
	}
	s := sockets[0]
	defer s.conn.Close()
	if s.granted != 8192 {
		t.Errorf("asked for 8192 bytes, granted %d", s.granted)
	}
	var setErr error
	if err := s.raw.Control(func(fd uintptr) { setErr = setReceiveBuffer(int(fd), 2*limit, false) }); err != nil || setErr != nil {
		t.Fatal(err, setErr)
	}
	if granted, err := s.receiveBuffer(); err != nil || granted != limit {
		t.Errorf("asked for %d bytes without force: granted %d, %v; want %d", 2*limit, granted, err, limit)
	}
}
