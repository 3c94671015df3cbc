package netflow

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"testing"

	"github.com/weirflow/weir/collector/message"
	"github.com/weirflow/weir/ipfix"
)

// benchmarkFields is a template as routers send it: 23 fields, 82 bytes.
var benchmarkFields = [][2]uint16{{8, 4}, {12, 4}, {7, 2}, {11, 2}, {4, 1}, {5, 1}, {6, 1}, {10, 4}, {14, 4}, {1, 8}, {2, 8}, {152, 8}, {153, 8},
	{15, 4}, {16, 4}, {17, 4}, {9, 1}, {13, 1}, {58, 2}, {61, 1}, {136, 1}, {32, 2}, {48, 1}}

// benchmarkMessages builds an IPFIX message with the template and one with 17
// records.
func benchmarkMessages() (template, data []byte) {
	var set []byte
	set = binary.BigEndian.AppendUint16(set, 300)
	set = binary.BigEndian.AppendUint16(set, uint16(len(benchmarkFields)))
	size := 0
	for _, f := range benchmarkFields {
		set = binary.BigEndian.AppendUint16(set, f[0])
		set = binary.BigEndian.AppendUint16(set, f[1])
		size += int(f[1])
	}
	var records []byte
	for i := range 17 {
		r := make([]byte, size)
		for j := range r {
			r[j] = byte(i + j)
		}
		copy(r, []byte{10, 0, 0, byte(i), 192, 0, 2, byte(i), 0xc0, byte(i), 1, 0xbb, 6, 0, 0x1b})
		at := 0
		for _, f := range benchmarkFields {
			if f[1] == 8 { // counters and times in range
				binary.BigEndian.PutUint64(r[at:], 1_790_000_000_000+uint64(i))
			}
			at += int(f[1])
		}
		records = append(records, r...)
	}
	return ipfixMessage(1_790_000_000, 0, 7, set2(2, set)), ipfixMessage(1_790_000_000, 0, 7, set2(300, records))
}

// ipfixMessage wraps sets into a message.
func ipfixMessage(exported, sequence, domain uint32, sets ...[]byte) []byte {
	b := []byte{0, 10, 0, 0}
	b = binary.BigEndian.AppendUint32(b, exported)
	b = binary.BigEndian.AppendUint32(b, sequence)
	b = binary.BigEndian.AppendUint32(b, domain)
	for _, s := range sets {
		b = append(b, s...)
	}
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)))
	return b
}

// set2 wraps a body into a set.
func set2(id uint16, body []byte) []byte {
	b := binary.BigEndian.AppendUint16(nil, id)
	b = binary.BigEndian.AppendUint16(b, uint16(4+len(body)))
	return append(b, body...)
}

func BenchmarkDecode(b *testing.B) {
	template, data := benchmarkMessages()
	benchmark(b, 17, data, template)
}

// TestDecodeAllocates proves that decoding allocates nothing once the template
// is known.
func TestDecodeAllocates(t *testing.T) {
	template, data := benchmarkMessages()
	d := NewDecoder(NewStore(DefaultConfig()))
	_, w := sink(256)
	var res message.Result
	d.Decode(testOrigin, template, w, &res)
	if n := testing.AllocsPerRun(100, func() { d.Decode(testOrigin, data, w, &res) }); n != 0 {
		t.Errorf("%v allocations per message of 17 records, want 0", n)
	}
}

// BenchmarkDecode1, 5 and 7 are full datagrams of the versions without templates.
func BenchmarkDecode1(b *testing.B) { benchmarkFixed(b, 1, 16, 24, 48) }
func BenchmarkDecode5(b *testing.B) { benchmarkFixed(b, 5, header5Len, 30, record5Len) }
func BenchmarkDecode7(b *testing.B) { benchmarkFixed(b, 7, 24, 27, 52) }

func benchmarkFixed(b *testing.B, version byte, header, records, size int) {
	p := make([]byte, header+records*size)
	p[1], p[3] = version, byte(records)
	benchmark(b, records, p)
}

// BenchmarkDecode9 is the records of BenchmarkDecode in NetFlow v9, their times in
// milliseconds since boot.
func BenchmarkDecode9(b *testing.B) {
	template, data := benchmarkMessages()
	to9 := func(p []byte, count uint16) []byte {
		return v9Packet(count, 5000, 1_790_000_000, 0, 7, bytes.ReplaceAll(p[ipfix.HeaderLen:], u16(152, 8, 153, 8), u16(22, 8, 21, 8)))
	}
	template = to9(template, 1)
	template[ipfix.Header9Len+1] = 0 // the set id of templates
	benchmark(b, 17, to9(data, 17), template)
}

// benchmark decodes the same packet again and again, after those before it.
func benchmark(b *testing.B, flows int, p []byte, before ...[]byte) {
	d := NewDecoder(NewStore(DefaultConfig()))
	_, w := sink(256)
	var res message.Result
	o := message.Origin{Addr: netip.MustParseAddr("192.0.2.1"), Transport: "udp", Received: 1_790_000_000_000_000_000}
	for _, p := range before {
		d.Decode(o, p, w, &res)
	}
	b.ReportAllocs()
	b.SetBytes(int64(len(p)))
	records := 0
	for b.Loop() {
		d.Decode(o, p, w, &res)
		records += res.Flows
	}
	if res.Flows != flows || !res.Clean() {
		b.Fatalf("%d flows, %v", res.Flows, res.First)
	}
	b.ReportMetric(float64(records)/b.Elapsed().Seconds(), "flows/s")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(records), "ns/flow")
}
