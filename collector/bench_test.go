package collector

import (
	"context"
	"net"
	"sync/atomic"
	"testing"

	"github.com/weirflow/weir/collector/message"
	"github.com/weirflow/weir/flow"
)

// countingDecoder stands in for a decoder that costs nothing, so that the
// receive path alone is measured.
type countingDecoder struct{ n *atomic.Int64 }

func (d countingDecoder) Decode(_ message.Origin, _ []byte, _ *flow.Writer, res *message.Result) {
	res.Reset()
	res.Protocol = message.IPFIX
	d.n.Add(1)
}

func benchRig(b *testing.B, c Config) (*rig, *atomic.Int64) {
	var n atomic.Int64
	return startRig(b, c, func(d *Dependencies) {
		d.NewDecoder = func() MessageDecoder { return countingDecoder{&n} }
		d.Output = func(_ context.Context, batch *flow.Batch) { batch.Release() }
	}), &n
}

// BenchmarkUDP sends datagrams of 1400 bytes over loopback, as fast as the sender
// can on the same CPUs. One operation is one datagram; lost/op is the part that
// the kernel dropped.
func BenchmarkUDP(b *testing.B) {
	c := udpConfig("udp://127.0.0.1:0")
	r, n := benchRig(b, c)
	conn, err := net.Dial("udp", r.addr())
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	payload := newMessage(10, 1, 1400)
	b.SetBytes(int64(len(payload)))
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		if _, err := conn.Write(payload); err != nil {
			b.Fatal(err)
		}
	}
	r.stop(b) // until all of it is decoded
	b.StopTimer()
	b.ReportMetric(float64(n.Load())/b.Elapsed().Seconds(), "datagrams/s")
	b.ReportMetric(float64(int64(b.N)-n.Load())/float64(b.N), "lost/op")
}

// BenchmarkTCP sends IPFIX messages of 1400 bytes over one loopback connection.
// One operation is one message.
func BenchmarkTCP(b *testing.B) {
	r, n := benchRig(b, tcpConfig())
	conn := dial(b, r.addr())
	var burst []byte
	const messages = 40
	for i := range messages {
		burst = append(burst, newMessage(10, uint32(i), 1400)...)
	}
	b.SetBytes(1400)
	b.ReportAllocs()
	b.ResetTimer()
	for left := b.N; left > 0; left -= messages {
		if _, err := conn.Write(burst[:1400*min(left, messages)]); err != nil {
			b.Fatal(err)
		}
	}
	conn.Close()
	r.sink.wait(b, "the end of the connection", func() bool { return len(r.sink.closed) == 1 })
	b.StopTimer()
	if n.Load() != int64(b.N) {
		b.Fatalf("received %d of %d messages", n.Load(), b.N)
	}
	b.ReportMetric(float64(n.Load())/b.Elapsed().Seconds(), "messages/s")
}

// BenchmarkQueue is the hand-over between reader and decoder, in batches of 64
// datagrams of 1400 bytes. One operation is one datagram.
func BenchmarkQueue(b *testing.B) {
	q := newQueue(4 << 20)
	list := make([]datagram, readBatch)
	for i := range list {
		list[i].payload = make([]byte, 1400)
	}
	b.SetBytes(1400)
	b.ReportAllocs()
	b.ResetTimer()
	go func() {
		defer q.close()
		for left := b.N; left > 0; left -= len(list) {
			q.put(list[:min(left, len(list))])
		}
	}()
	taken := 0
	for c := q.take(); c != nil; c = q.take() {
		taken += len(c.datagrams)
		q.giveBack(c)
	}
	if taken != b.N {
		b.Fatalf("took %d of %d datagrams", taken, b.N)
	}
}
