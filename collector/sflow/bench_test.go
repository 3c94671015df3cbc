package sflow

import (
	"bytes"
	"slices"
	"testing"

	oracle "github.com/netsampler/goflow2/v2/decoders/sflow"

	"github.com/weirflow/weir/collector/message"
)

// benchmarkSamples is how many samples benchmarkDatagram has.
const benchmarkSamples = 7

// benchmarkDatagram is what a switch sends: seven samples, each with 128 octets
// of a VLAN-tagged TCP packet and the record of the switch.
func benchmarkDatagram() []byte {
	var samples [][]byte
	for i := range benchmarkSamples {
		frame := ethernetFrame(etherVLAN, u16(uint16(100+i), etherIPv4), packet4(protoTCP, 0, slices.Concat(tcpHeader, make([]byte, 70))))
		samples = append(samples, flowOf(rawHeader(headerEthernet, frame), tagged(recordSwitch, 100+i, 0, 100+i, 0)))
	}
	return datagram(samples...)
}

func BenchmarkDecode(b *testing.B) {
	p := benchmarkDatagram()
	d := NewDecoder(DefaultConfig())
	batch, w := sink(256)
	var res message.Result
	b.ReportAllocs()
	b.SetBytes(int64(len(p)))
	samples := 0
	for b.Loop() {
		d.Decode(testOrigin, p, w, &res)
		samples += res.Flows
	}
	if res.Flows != benchmarkSamples || res.First != nil {
		b.Fatalf("%d samples, %v", res.Flows, res.First)
	}
	if r := batch.At(0); r.SourceIP != src4 || r.DestinationPort != 443 || r.NetworkVLANID == 0 || r.IngressVLANID == 0 || r.NetworkBytes != 110*400 {
		b.Fatalf("%s → port %d, VLAN %d, %d bytes", r.SourceIP, r.DestinationPort, r.NetworkVLANID, r.NetworkBytes)
	}
	b.ReportMetric(float64(samples)/b.Elapsed().Seconds(), "samples/s")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(samples), "ns/sample")
}

// BenchmarkOracle is goflow2's decoder on the datagram of BenchmarkDecode. It
// stops before the sampled header's bytes, which BenchmarkDecode dissects.
func BenchmarkOracle(b *testing.B) {
	p := benchmarkDatagram()
	b.ReportAllocs()
	b.SetBytes(int64(len(p)))
	samples := 0
	for b.Loop() {
		var m oracle.Packet
		if err := oracle.DecodeMessageVersion(bytes.NewBuffer(p), &m); err != nil {
			b.Fatal(err)
		}
		samples += len(m.Samples)
	}
	b.ReportMetric(float64(samples)/b.Elapsed().Seconds(), "samples/s")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(samples), "ns/sample")
}

func BenchmarkCounters(b *testing.B) {
	p := datagram(slices.Repeat([][]byte{tagged(formatCounters, 1, 5, 2, tagged(1, make([]byte, 88)), tagged(2, make([]byte, 52)))}, 7)...)
	d := NewDecoder(DefaultConfig())
	_, w := sink(256)
	var res message.Result
	b.ReportAllocs()
	samples := 0
	for b.Loop() {
		d.Decode(testOrigin, p, w, &res)
		samples += res.Counters
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(samples), "ns/sample")
}

// TestDecodeAllocates proves that decoding allocates nothing, whatever records
// the samples have, once names were seen and the batch's elements have room.
func TestDecodeAllocates(t *testing.T) {
	for _, test := range []struct {
		name  string
		bytes []byte
	}{
		{"switch", benchmarkDatagram()},
		{"gateway", datagram(flowOf(tagged(recordIPv6, 800, 17, src6.AsSlice(), dst6.AsSlice(), 1, 2, 0, 0), tagged(recordGateway, src4, 1, 2, 3, 1, 2, 2, 4, 5, 0, 100), tagged(recordRouter, src6, 24, 24)))},
		{"names", datagram(flowOf(tagged(recordUser, 106, "anna", 106, "bernd"), tagged(recordURL, 1, "http://h/p?q", "h"), tagged(9<<12|1, 1, 2)))},
		{"tunnel", datagram(flowOf(rawHeader(headerIPv4, toPort(portVXLAN, 8<<24, 5000<<8, ethernetFrame(etherIPv4, inside()))), tagged(recordVNIIngress, 5000)))},
		{"drop", datagram(tagged(formatDiscarded, 1, 0, 5, 3, 5, 0, 258, 2, tagged(recordACL, 110, "deny-all", 1), rawHeader(headerIPv4, packet4(protoTCP, 0, tcpHeader))))},
		{"HTTP", datagram(flowOf(tagged(recordHTTP, 2, 1001, "/a?b=c", "www.example.net", "http://example.org/", "curl/8", "", "anna", "text/html", uint64(100), uint64(2000), 1500, 404)))},
		{"lists", datagram(tagged(formatCounters, 1, 5, 1, tagged(2001, 1, 2, 1, srcMAC[:], u16(0))))},
		{"counters", datagram(tagged(formatCounters, 1, 5, 2, tagged(1, make([]byte, 88)), tagged(9<<12|1, 1, 2)))},
	} {
		d := NewDecoder(DefaultConfig())
		_, w := sink(16)
		var res message.Result
		for range 16 {
			d.Decode(testOrigin, test.bytes, w, &res)
		}
		w.Flush()
		if n := testing.AllocsPerRun(100, func() { d.Decode(testOrigin, test.bytes, w, &res) }); n != 0 {
			t.Errorf("%s: %v allocations per datagram, want 0", test.name, n)
		}
		if res.First != nil {
			t.Errorf("%s: %v", test.name, res.First)
		}
	}
}
