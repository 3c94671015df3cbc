package sflow

import (
	"encoding/binary"
	"encoding/json"
	"iter"
	"path/filepath"
	"slices"
	"testing"

	"github.com/weirflow/weir/collector/message"
	"github.com/weirflow/weir/flow"
)

// FuzzDecode decodes arbitrary bytes behind a right version and address type,
// and uses what comes out.
func FuzzDecode(f *testing.F) {
	frame := rawHeader(headerEthernet, ethernetFrame(etherVLAN, u16(5, etherMPLS), join(30<<12|0x140), packet6(protoTCP, tcpHeader)))
	f.Add(datagram(flowOf(frame, tagged(recordSwitch, 1, 0, 2, 0), tagged(recordRouter, src4, 24, 24), tagged(recordGateway, src6, 1, 2, 3, 1, 2, 2, 4, 5, 1, 6, 100))))
	f.Add(datagram(flowOf(tagged(recordUser, 106, "anna", 106, "bernd"), tagged(recordURL, 1, "http://h/p?q", "h"), tagged(recordMPLS, src4, 1, 1<<12, 0), tagged(recordNAT, src4, dst4),
		tagged(recordNATPort, 1, 2), tagged(recordACL, 1, "x", 1), tagged(recordFunction, "f"), tagged(recordVNIEgress, 1))))
	f.Add(datagram(tagged(formatFlowExpanded, 1, 0, 1, 10, 100, 0, 0, 1, 1, 258, 3, tagged(recordIPv4, 40, 6, src4.AsSlice(), dst4.AsSlice(), 1, 2, 3, 4),
		tagged(recordIPv6, 60, 17, src6.AsSlice(), dst6.AsSlice(), 1, 2, 0, 4), tagged(recordEthernet, 64, srcMAC[:], u16(0), dstMAC[:], u16(0), 0x800))))
	f.Add(datagram(tagged(formatDiscarded, 1, 0, 5, 0, 5, 0, 257, 0), tagged(formatCounters, 1, 5, 2, tagged(1005, "eth0"), tagged(77, 1, 2)),
		tagged(formatCounterExpanded, 1, 0, 5, 1, tagged(2000, "host", make([]byte, 16), 3, 2, "6.1"))))
	for _, p := range seeds(f) {
		f.Add(p)
	}
	encoder := flow.NewEncoder()
	f.Fuzz(func(t *testing.T, p []byte) {
		if len(p) >= 8 {
			p = slices.Clone(p)
			copy(p, []byte{0, 0, 0, version, 0, 0, 0, p[7] % 3})
		}
		d := NewDecoder(Config{MaxAgents: 2})
		b := flow.NewBatch(16)
		w := flow.NewWriter(func() *flow.Batch { b.Reset(); return b }, func(b *flow.Batch) {
			for i := range b.Len() {
				r := b.At(i)
				if doc := encoder.AppendJSON(nil, r); !json.Valid(doc) {
					t.Fatalf("not JSON: %s", doc)
				}
				if len(r.Extra) > maxExtra {
					t.Fatalf("%d elements", len(r.Extra))
				}
			}
		})
		var first, res message.Result
		bounded(t, func() {
			d.Decode(testOrigin, p, w, &first)
			w.Flush()
			d.Decode(testOrigin, p, w, &res)
			w.Flush()
		})
		if n := res.Flows + res.Counters; n*(sampleHeaderLen+counterSampleLen) > len(p) {
			t.Fatalf("%d records out of %d bytes", n, len(p))
		}
		if first.Flows != res.Flows || first.Counters != res.Counters || first.Problems != res.Problems {
			t.Fatalf("the same bytes again: %+v, then %+v", first, res)
		}
	})
}

// seeds gives every quirk, and the first few datagrams of each recorded export and,
// where they are, of each real exporter's capture.
func seeds(f *testing.F) (list [][]byte) {
	f.Helper()
	const fromEach = 4
	quirks, err := filepath.Glob("../../testdata/quirks/sflow-*")
	if err != nil || len(quirks) < 150 {
		f.Fatalf("%d quirks, error %v", len(quirks), err)
	}
	for _, path := range quirks {
		list = append(list, datagrams(f, path, filepath.Ext(path)[1:])...)
	}
	for _, path := range []string{"pmacctd-sflow.pcap", "pmacctd-sflow-demo.pcap"} {
		list = append(list, datagrams(f, "../../testdata/exports/"+path, "pcap")[:fromEach]...)
	}
	captures, err := readCaptures(f)
	if err != nil {
		f.Logf("no seeds from captures of real exporters: %v", err)
	}
	for _, c := range captures {
		list = append(list, c.datagrams[:min(len(c.datagrams), fromEach)]...)
	}
	return list
}

// sampledHeaders gives the packet headers of a datagram with their protocols:
// wherever words are as those of such a record.
func sampledHeaders(p []byte) iter.Seq2[uint32, []byte] {
	return func(yield func(uint32, []byte) bool) {
		word := func(at int) int { return int(binary.BigEndian.Uint32(p[at:])) }
		for at := 28; len(p)-at >= 24; at += 4 {
			length := word(at + 20)
			if word(at) == recordHeader && length > 0 && length <= len(p)-at-24 && word(at+4) == 16+(length+3)&^3 && !yield(uint32(word(at+8)), p[at+24:at+24+length]) {
				return
			}
		}
	}
}

// FuzzDissect dissects arbitrary bytes, and a part of them: what is found in the
// part must be found in the whole.
func FuzzDissect(f *testing.F) {
	f.Add(uint32(headerEthernet), 30, ethernetFrame(etherVLAN, u16(5, etherMPLS), join(30<<12|0x140), packet6(protoTCP, tcpHeader)))
	f.Add(uint32(headerEthernet), 50, ethernetFrame(etherPPPoE, []byte{0x11, 0}, u16(9, 42, 0x21), packet4(protoUDP, 0, udpHeader)))
	f.Add(uint32(headerEthernet), 40, ethernetFrame(48, []byte{0xaa, 0xaa, 3, 0, 0, 0}, u16(etherIPv4), packet4(protoICMP, 0, icmpEcho)))
	f.Add(uint32(headerIPv6), 48, packet6(protoHopByHop, join([]byte{protoFragment, 0, 5, 2, 0, 0, 0, 0}, []byte{protoTCP, 0}, u16(1), 9, tcpHeader)))
	for protocol, p := range map[uint32][]byte{
		headerIPv4: toPort(portVXLAN, 8<<24, 5000<<8, ethernetFrame(etherVLAN, u16(3, etherIPv4), inside())), headerPOS: join(u16(0xff03, 0x21), toPort(portGTP, []byte{0x36, 0xff}, u16(0), 1, u16(5), []byte{0, 0x85, 1, 0x10, 1, 0}, inside6())),
		headerEthernet: ethernetFrame(etherPBB, join(0x123456), ethernetFrame(etherIPv4, packet4(protoGRE, 0, join(u16(greSequence, etherERSPAN3), 1, u16(0x2064, 0x0005), 99, 1, uint64(0), ethernetFrame(etherIPv6, inside6()))))),
		headerMPLS:     join(5<<12|0x100, 0, ethernetFrame(etherIPv4, inside())), headerWLAN: join([]byte{0x88, 1, 0, 0}, macs, make([]byte, 10), []byte{0xaa, 0xaa, 3, 0, 0, 0}, u16(etherIPv4), packet4(protoIPv6, 0, inside6())),
		headerTokenRing: join([]byte{0x10, 0x40}, macs[:6], []byte{0x82}, macs[7:], []byte{4, 0, 0, 1}), headerFrameRelay: join([]byte{0x18, 0x41, 3, 0xcc}, inside()),
	} {
		f.Add(protocol, len(p)/2, p)
	}
	f.Add(uint32(headerPPP), 10, join(u16(0xff03, 0x57), packet6(protoSCTP, u16(1, 2, 3, 4))))
	for _, p := range seeds(f) {
		for protocol, header := range sampledHeaders(p) {
			f.Add(protocol, len(header)/2, header)
		}
	}
	f.Fuzz(func(t *testing.T, protocol uint32, cut int, p []byte) {
		var whole, part flow.Record
		var d dissected
		var known bool
		bounded(t, func() {
			d, known = dissect(&whole, protocol, p)
			innerPacket(new(flow.Record), p)
			if cut >= 0 && cut <= len(p) {
				dissect(&part, protocol, p[:cut])
			}
		})
		if d.network > len(p) || d.network < -1 || d.network < 0 && d.length != 0 {
			t.Fatalf("network header at %d of %d bytes, %d long", d.network, len(p), d.length)
		}
		if !known && (whole.Has(flow.FieldSourceIP) || whole.Has(flow.FieldSourceMAC)) {
			t.Fatal("fields out of an unknown header")
		}
		for id := range flow.NumFields {
			if part.Has(id) && !whole.Has(id) {
				t.Errorf("%s is in %d bytes and not in all %d", id, cut, len(p))
			}
		}
		if part.Has(flow.FieldSourceIP) && part.SourceIP != whole.SourceIP || part.Has(flow.FieldDestinationPort) && part.DestinationPort != whole.DestinationPort {
			t.Errorf("%s port %d in %d bytes, %s port %d in all", part.SourceIP, part.DestinationPort, cut, whole.SourceIP, whole.DestinationPort)
		}
		if part.Has(flow.FieldInnerSourceIP) && part.InnerSourceIP != whole.InnerSourceIP || part.Has(flow.FieldFlowTunnelType) && part.FlowTunnelType != whole.FlowTunnelType {
			t.Errorf("%s with %s in %d bytes, %s with %s in all", part.FlowTunnelType, part.InnerSourceIP, cut, whole.FlowTunnelType, whole.InnerSourceIP)
		}
	})
}
