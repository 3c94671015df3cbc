package netflow

import (
	"encoding/binary"
	"testing"

	"github.com/weirflow/weir/collector/message"
	"github.com/weirflow/weir/flow"
)

// Builders of datagrams for tests.

func u16(v ...uint16) (b []byte) {
	for _, x := range v {
		b = binary.BigEndian.AppendUint16(b, x)
	}
	return b
}

func u32(v ...uint32) (b []byte) {
	for _, x := range v {
		b = binary.BigEndian.AppendUint32(b, x)
	}
	return b
}

func join(parts ...[]byte) (b []byte) {
	for _, p := range parts {
		b = append(b, p...)
	}
	return b
}

// v9Packet wraps flowsets; the count is what the header claims.
func v9Packet(count uint16, uptime, exported, sequence, domain uint32, sets ...[]byte) []byte {
	return append(join(u16(9, count), u32(uptime, exported, sequence, domain)), join(sets...)...)
}

// v5Packet builds a NetFlow v5 datagram of n records that differ in the source
// address's last byte.
func v5Packet(claim uint16, n int, uptime, exported uint32, sampling uint16, first, last uint32) []byte {
	b := join(u16(5, claim), u32(uptime, exported, 0, 1000), []byte{1, 2}, u16(sampling))
	for i := range n {
		b = append(b, join([]byte{10, 0, 0, byte(i + 1), 192, 0, 2, 1, 0, 0, 0, 0}, u16(3, 4), u32(7, 700, first, last),
			u16(40000, 443), []byte{0, 0x12, 6, 0xb8}, u16(64496, 0), []byte{24, 16, 0, 0})...)
	}
	return b
}

// set1 is a flow of a template {sourceIPv4Address, octetDeltaCount 4}.
var (
	smallTemplate = u16(300, 2, 8, 4, 1, 4)
	smallRecord   = join([]byte{10, 0, 0, 1}, u32(1000))
)

// bench drives one decoder with one store.
type testbed struct {
	t     *testing.T
	d     *Decoder
	batch *flow.Batch
	w     *flow.Writer
	res   message.Result
	o     message.Origin
}

func newTestbed(t *testing.T, cfg Config) *testbed {
	b := &testbed{t: t, d: NewDecoder(NewStore(cfg)), o: testOrigin}
	b.batch, b.w = sink(2048)
	return b
}

// decode decodes one message and gives its records, valid until the next call.
func (b *testbed) decode(p []byte) []flow.Record {
	b.t.Helper()
	b.batch.Reset()
	b.d.Decode(b.o, p, b.w, &b.res)
	return b.batch.Records()
}

// clean fails the test unless the last message was understood whole.
func (b *testbed) clean() {
	b.t.Helper()
	if !b.res.Clean() {
		b.t.Fatalf("unexpected problem: %v", b.res.First)
	}
}

// problem fails the test unless the last message had that problem, n times.
func (b *testbed) problem(reason message.Reason, n uint32) {
	b.t.Helper()
	if b.res.Problems[reason] != n {
		b.t.Fatalf("%s counted %d times, want %d; first problem: %v", reason, b.res.Problems[reason], n, b.res.First)
	}
}

// extra gives the element that no field claims, by name.
func extra(r *flow.Record, name string) (flow.Element, bool) {
	for _, e := range r.Extra {
		if e.Name == name {
			return e, true
		}
	}
	return flow.Element{}, false
}
