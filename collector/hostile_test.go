package collector

import (
	"bytes"
	"context"
	"encoding/binary"
	"net"
	"net/netip"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/weirflow/weir/collector/message"
	"github.com/weirflow/weir/collector/netflow"
	"github.com/weirflow/weir/collector/sflow"
	"github.com/weirflow/weir/flow"
)

// words is numbers of 16 bits in network order.
func words(v ...int) (b []byte) {
	for _, x := range v {
		b = binary.BigEndian.AppendUint16(b, uint16(x))
	}
	return b
}

// setOf is a set, or flowset, whose length is right.
func setOf(id int, body ...[]byte) []byte {
	b := slices.Concat(body...)
	return append(words(id, 4+len(b)), b...)
}

// messageOf is an IPFIX message of domain 0.
func messageOf(sequence uint32, sets ...[]byte) []byte {
	b := slices.Concat(sets...)
	head := binary.BigEndian.AppendUint32(append(words(10, 16+len(b)), make([]byte, 4)...), sequence)
	return append(append(head, 0, 0, 0, 0), b...)
}

// wideTemplate is a definition of n fields of one byte each.
func wideTemplate(id, n int) []byte {
	b := words(id, n)
	for i := range n {
		b = append(b, words(1+i%400, 1)...)
	}
	return b
}

// octets has octetDeltaCount (1) in 4 bytes and nothing else.
func octets(id int) []byte { return words(id, 1, 1, 4) }

// attack is one kind of hostile datagram, sent again and again.
type attack struct {
	name     string
	datagram func(round int) []byte
	protocol message.Protocol
	// problems is what each datagram is counted as.
	problems []message.Reason
}

var attacks = []attack{
	{"no bytes", func(int) []byte { return nil }, message.ProtocolUnknown, []message.Reason{message.ReasonTruncatedHeader}},
	{"one byte", func(int) []byte { return []byte{0} }, message.ProtocolUnknown, []message.Reason{message.ReasonTruncatedHeader}},
	{"a version word", func(int) []byte { return []byte{0, 9, 0, 1} }, message.NetFlow9, []message.Reason{message.ReasonTruncatedHeader}},
	{"no protocol", func(int) []byte { return []byte("GET / HTTP/1.1") }, message.ProtocolUnknown, []message.Reason{message.ReasonUnknownVersion}},
	{"v5 that counts too many", func(int) []byte { return append(words(5, 30), make([]byte, 20+48)...) }, message.NetFlow5, []message.Reason{message.ReasonTruncatedRecord}},
	{"template of no bytes", func(int) []byte {
		return messageOf(0, setOf(2, words(500, 2, 8, 0, 12, 0)), setOf(500, make([]byte, 60_000)))
	}, message.IPFIX,
		[]message.Reason{message.ReasonZeroTemplate, message.ReasonNoTemplate}},
	{"template that lies", func(int) []byte { return messageOf(0, setOf(2, words(501, 65535, 8, 4))) }, message.IPFIX, []message.Reason{message.ReasonBadTemplate}},
	{"set past the end", func(int) []byte { return messageOf(0, setOf(2, octets(502)), words(502, 65535), make([]byte, 6)) }, message.IPFIX,
		[]message.Reason{message.ReasonTruncatedSet}},
	{"set of 3 bytes", func(int) []byte { return messageOf(0, words(502, 3), make([]byte, 40)) }, message.IPFIX, []message.Reason{message.ReasonBadLength}},
	{"message that lies", func(int) []byte { b := messageOf(0, setOf(2, octets(502))); b[2] = 0xff; return b }, message.IPFIX, []message.Reason{message.ReasonBadLength}},
	{"reserved set", func(int) []byte { return messageOf(0, setOf(99, make([]byte, 8))) }, message.IPFIX, []message.Reason{message.ReasonReservedSet}},
	{"sFlow that lies", func(int) []byte {
		return slices.Concat([]byte{0, 0, 0, 5, 0, 0, 0, 1, 127, 0, 0, 2}, make([]byte, 12), bytes.Repeat([]byte{0xff}, 4), []byte{0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff})
	}, message.SFlow5, []message.Reason{message.ReasonTruncatedSample}},
	// The template ids: 100 new ones in each datagram, and wide ones that are
	// more than an exporter's share of fields.
	{"many templates", func(round int) []byte {
		var definitions []byte
		for i := range 100 {
			definitions = append(definitions, octets(1000+100*round+i)...)
		}
		return messageOf(0, setOf(2, definitions))
	}, message.IPFIX, nil},
	{"wide templates", func(round int) []byte { return messageOf(0, setOf(2, wideTemplate(20_000+round, 2100))) }, message.IPFIX, []message.Reason{message.ReasonTemplateLimit}},
	{"wide records", func(round int) []byte { return messageOf(0, setOf(20_000+round, bytes.Repeat([]byte{7}, 60_000))) }, message.IPFIX, nil},
	{"many domains", func(round int) []byte {
		b := messageOf(0, setOf(2, octets(256)))
		binary.BigEndian.PutUint32(b[12:], uint32(1+round))
		return b
	}, message.IPFIX, nil},
}

// from dials from an address of the loopback network.
func from(t *testing.T, network, local, to string) net.Conn {
	t.Helper()
	host := net.ParseIP(local)
	d := net.Dialer{LocalAddr: &net.UDPAddr{IP: host}}
	if network == "tcp" {
		d.LocalAddr = &net.TCPAddr{IP: host}
	}
	conn, err := d.DialContext(t.Context(), network, to)
	if err != nil {
		lacking(t, "a second address on the loopback network, "+local, err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// tally sums what came of each exporter.
type tally struct {
	*sink
	records map[netip.Addr]int
	bytes   map[netip.Addr]uint64
}

func (s *tally) output(_ context.Context, b *flow.Batch) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range b.Records() {
		r := b.At(i)
		s.records[r.ObserverIP]++
		s.bytes[r.ObserverIP] += r.NetworkBytes
	}
	b.Release()
	s.changed.Broadcast()
}

// TestHostileExporter has one exporter send everything that no exporter should,
// by datagrams and over connections, and another one its flows in between: each
// fault is counted under its reason, memory stays bounded, and the other
// exporter's flows are all there.
func TestHostileExporter(t *testing.T) {
	const rounds, records = 100, 20
	bad, good := netip.MustParseAddr("127.0.0.2"), netip.MustParseAddr("127.0.0.3")
	config := udpConfig("udp://127.0.0.1:0")
	config.IPFIX = []string{"tcp://127.0.0.1:0"}
	limits := netflow.DefaultConfig()
	store := netflow.NewStore(limits)
	all := &tally{sink: newSink(), records: map[netip.Addr]int{}, bytes: map[netip.Addr]uint64{}}
	r := startRig(t, config, func(d *Dependencies) {
		d.NewDecoder = func() MessageDecoder { return NewDecoder(store, sflow.DefaultConfig()) }
		d.Output = all.output
		d.SessionClosed = func(session uint64) { store.SessionClosed(session); all.sessionClosed(session) }
	})
	udp, tcp := r.Addrs()[0].Addr.String(), r.Addrs()[1].Addr.String()
	hostile, honest := from(t, "udp", bad.String(), udp), from(t, "udp", good.String(), udp)

	before := heapInUse()
	write(t, honest, messageOf(0, setOf(2, octets(256))))
	var peak, connections int
	for round := range rounds {
		for _, a := range attacks {
			write(t, hostile, a.datagram(round))
		}
		var data []byte
		for range records {
			data = binary.BigEndian.AppendUint32(data, 1000)
		}
		write(t, honest, messageOf(uint32(round*records), setOf(256, data)))
		if round%20 == 0 {
			connections += attackStreams(t, bad.String(), tcp)
			peak = max(peak, heapInUse())
		}
		// Nothing is lost in the kernel: each round waits for its flows.
		all.wait(t, "the honest exporter's flows", func() bool { return all.records[good] >= (round+1)*records })
	}
	all.wait(t, "the end of the connections", func() bool { return len(all.closed) >= connections })

	if all.records[good] != rounds*records || all.bytes[good] != rounds*records*1000 {
		t.Errorf("%d flows with %d bytes of the honest exporter, want %d with %d", all.records[good], all.bytes[good], rounds*records, rounds*records*1000)
	}
	if lost := r.metric(t, "weir_exporter_lost_total", "exporter="+good.String()); lost != 0 {
		t.Errorf("%v flows of the honest exporter count as lost", lost)
	}
	checkProblems(t, r, rounds)
	if n := all.records[bad]; n < 5*longestRecords {
		t.Errorf("%d flows of the hostile exporter, want those of its longest messages at least", n)
	}
	st := store.Stats()
	if st.Templates > limits.MaxTemplates+1 || st.Fields > limits.MaxTemplateFields+1 || st.Evicted == 0 || st.Exporters != 2 {
		t.Errorf("the store holds %+v of two exporters", st)
	}
	// The pool's batches are most of it: see flow.Batch.
	const bound = 24 << 20
	if grown := max(peak, heapInUse()) - before; grown > bound {
		t.Errorf("the heap grew by %d bytes, want at most %d", grown, bound)
	} else {
		t.Logf("the heap grew by %d bytes at most; the store holds %+v", grown, st)
	}
}

// checkProblems compares the counters with what the attacks must have given.
func checkProblems(t *testing.T, r *rig, rounds int) {
	t.Helper()
	type counter struct {
		protocol message.Protocol
		reason   message.Reason
	}
	want := map[counter]int{}
	for _, a := range attacks {
		for _, reason := range a.problems {
			want[counter{a.protocol, reason}] += rounds
		}
	}
	// One bad length in each of the connections that attackStreams has cut.
	want[counter{message.IPFIX, message.ReasonBadLength}] += rounds / 20
	for c, n := range want {
		if got := r.metric(t, "weir_collector_problems_total", "protocol="+c.protocol.String(), "reason="+c.reason.String()); got != float64(n) {
			t.Errorf("%s of %s was counted %v times, want %d", c.reason, c.protocol, got, n)
		}
	}
	if n := r.metric(t, "weir_collector_problems_total", "reason="+message.ReasonTemplateEvicted.String()); n == 0 {
		t.Error("no template made room for another")
	}
	r.stop(t) // the connections' counters are written by now
	for _, reason := range []string{closedByPeer, closedTruncated, closedBadLength} {
		if n := testCounter(r.accepts[0].count.closed[reason]); n != float64(rounds/20) {
			t.Errorf("%v connections were closed for %s, want %d", n, reason, rounds/20)
		}
	}
}

// longestRecords is how many records attackStreams puts into a message of 65,535
// bytes: header 16, template set 12, data set header 4.
const longestRecords = (65535 - 16 - 12 - 4) / 4

// attackStreams opens connections and gives their number: one with a message of
// 65,535 bytes, one that ends in the middle of such a message, one whose second
// message claims less than its header. All have ended when it returns.
func attackStreams(t *testing.T, local, to string) int {
	t.Helper()
	longest := messageOf(0, setOf(2, octets(256)), setOf(256, bytes.Repeat([]byte{0, 0, 0, 1}, longestRecords), make([]byte, (65535-16-12-4)%4)))
	if len(longest) != 65535 {
		t.Fatalf("the longest message has %d bytes", len(longest))
	}
	var running sync.WaitGroup
	streams := [][]byte{longest, longest[:40_000], append(messageOf(0, setOf(2, octets(256))), 0, 10, 0, 15, 0, 0)}
	for _, stream := range streams {
		conn := from(t, "tcp", local, to).(*net.TCPConn)
		running.Go(func() {
			// The collector may have closed the connection before all was written.
			_, _ = conn.Write(stream)
			_ = conn.CloseWrite()
			_, _ = conn.Read(make([]byte, 1))
			_ = conn.Close()
		})
	}
	running.Wait()
	return len(streams)
}

// heapInUse is the number of bytes in use after a collection.
func heapInUse() int {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}
