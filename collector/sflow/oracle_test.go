package sflow

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	oracle "github.com/netsampler/goflow2/v2/decoders/sflow"

	"github.com/weirflow/weir/collector/message"
	"github.com/weirflow/weir/flow"
)

// compared counts what the oracles were asked.
type compared struct{ datagrams, flows, counters, headers, gateways, inner int }

// TestOracle compares what is decoded from every capture with what goflow2 reads
// from the same datagram, and what is dissected of a sampled header with what
// gopacket reads from it.
func TestOracle(t *testing.T) {
	var n compared
	for _, c := range captures(t) {
		d := NewDecoder(DefaultConfig())
		for _, p := range c.datagrams {
			var want oracle.Packet
			if oracle.DecodeMessageVersion(bytes.NewBuffer(p), &want) != nil {
				continue // goflow2 gives the datagram up
			}
			b, w := sink(256)
			var res message.Result
			d.Decode(testOrigin, p, w, &res)
			n.datagrams++
			if want.SubAgentId != res.Domain || len(want.Samples) != b.Len() {
				t.Errorf("%s: sub-agent %d, %d samples; goflow2 reads %d, %d", c.path, res.Domain, b.Len(), want.SubAgentId, len(want.Samples))
				continue
			}
			for i, sample := range want.Samples {
				if sample != nil { // goflow2 leaves a sample out when it is cut off
					n.sample(t, c.path, sample, b.At(i))
				}
			}
			if t.Failed() {
				break
			}
		}
	}
	t.Logf("compared: %+v", n)
	if n.inner < 1 || n.flows < 12000 || n.counters < 500 || n.headers < 12000 || n.gateways < 1 {
		t.Errorf("too little was compared: %+v", n)
	}
}

func (n *compared) sample(t *testing.T, path string, sample any, r *flow.Record) {
	t.Helper()
	var records []oracle.FlowRecord
	var rate uint32
	switch s := sample.(type) {
	case oracle.FlowSample:
		records, rate = s.Records, s.SamplingRate
		n.interfaces(t, path, r, s.Input>>30, s.Input&0x3fffffff, s.Output>>30, s.Output&0x3fffffff)
	case oracle.ExpandedFlowSample:
		records, rate = s.Records, s.SamplingRate
		n.interfaces(t, path, r, s.InputIfFormat, s.InputIfValue, s.OutputIfFormat, s.OutputIfValue)
	case oracle.CounterSample:
		n.counter(t, path, s, r)
		return
	default:
		t.Errorf("%s: goflow2 reads a %T", path, sample)
		return
	}
	n.flows++
	if uint64(rate) != r.FlowSamplingRate {
		t.Errorf("%s: rate %d, goflow2 reads %d", path, r.FlowSamplingRate, rate)
	}
	for _, record := range records {
		switch x := record.Data.(type) {
		case oracle.SampledHeader:
			n.header(t, path, x, r)
		case oracle.SampledIPv4:
			n.addresses(t, path, r, x.SrcIP, x.DstIP, x.Protocol)
		case oracle.SampledIPv6:
			n.addresses(t, path, r, x.SrcIP, x.DstIP, x.Protocol)
		case oracle.ExtendedSwitch:
			if v := x.SrcVlan; v > 0 && v < 4095 && uint32(r.IngressVLANID) != v {
				t.Errorf("%s: ingress VLAN %d, goflow2 reads %d", path, r.IngressVLANID, v)
			}
			if v := x.DstVlan; v > 0 && v < 4095 && uint32(r.EgressVLANID) != v {
				t.Errorf("%s: egress VLAN %d, goflow2 reads %d", path, r.EgressVLANID, v)
			}
		case oracle.ExtendedRouter:
			if hop, _ := netip.AddrFromSlice(x.NextHop); r.Has(flow.FieldFlowNextHop) && r.FlowNextHop != hop {
				t.Errorf("%s: next hop %s, goflow2 reads %s", path, r.FlowNextHop, hop)
			}
			if uint32(r.SourcePrefixLength) != x.SrcMaskLen || uint32(r.DestinationPrefixLength) != x.DstMaskLen {
				t.Errorf("%s: masks %d, %d, goflow2 reads %d, %d", path, r.SourcePrefixLength, r.DestinationPrefixLength, x.SrcMaskLen, x.DstMaskLen)
			}
		case oracle.ExtendedGateway:
			n.gateways++
			if len(x.ASPath) > 0 && (r.FlowBGPNextAS != x.ASPath[0] || r.DestinationASNumber != x.ASPath[len(x.ASPath)-1]) {
				t.Errorf("%s: AS path %d … %d, goflow2 reads %v", path, r.FlowBGPNextAS, r.DestinationASNumber, x.ASPath)
			}
			if x.SrcAS != 0 && x.SrcAS != r.SourceASNumber || x.SrcPeerAS != r.FlowBGPPreviousAS {
				t.Errorf("%s: source AS %d, peer %d, goflow2 reads %d, %d", path, r.SourceASNumber, r.FlowBGPPreviousAS, x.SrcAS, x.SrcPeerAS)
			}
			n.route(t, path, r, &x)
		}
	}
}

// route compares the elements of a gateway record.
func (n *compared) route(t *testing.T, path string, r *flow.Record, x *oracle.ExtendedGateway) {
	t.Helper()
	var asPath []uint32
	var communities []string
	var preference uint64
	for _, e := range r.Extra {
		switch e.Name {
		case "dst_as_path":
			asPath = append(asPath, uint32(e.Num))
		case "communities":
			communities = append(communities, string(e.Bytes))
		case "localpref":
			preference = e.Num
		}
	}
	if !slices.Equal(asPath, x.ASPath) || len(communities) != len(x.Communities) || preference != uint64(x.LocalPref) {
		t.Errorf("%s: AS path %v, communities %v, preference %d, goflow2 reads %v, %v, %d", path, asPath, communities, preference, x.ASPath, x.Communities, x.LocalPref)
		return
	}
	for i, v := range x.Communities {
		if want := fmt.Sprintf("%d:%d", v>>16, v&0xffff); communities[i] != want {
			t.Errorf("%s: community %s, goflow2 reads %s", path, communities[i], want)
		}
	}
}

// tunnel compares the packet inside a tunnel with gopacket's.
func (n *compared) tunnel(t *testing.T, path string, r *flow.Record, src, dst []byte, proto uint8) {
	t.Helper()
	n.inner++
	if !bytesEqual(r.InnerSourceIP, src) || !bytesEqual(r.InnerDestinationIP, dst) || r.InnerIANANumber != proto || !r.Has(flow.FieldFlowTunnelType) {
		t.Errorf("%s: %s with %s → %s, protocol %d, gopacket reads % x → % x, %d", path, r.FlowTunnelType, r.InnerSourceIP, r.InnerDestinationIP, r.InnerIANANumber, src, dst, proto)
	}
}

func (n *compared) interfaces(t *testing.T, path string, r *flow.Record, inFormat, in, outFormat, out uint32) {
	t.Helper()
	known := func(format, v uint32) bool {
		return format == 0 && v != 0 && v != interfaceNone && v != interfaceNoneWide
	}
	if r.Has(flow.FieldIngressInterfaceID) != known(inFormat, in) || known(inFormat, in) && r.IngressInterfaceID != in {
		t.Errorf("%s: ingress %d, goflow2 reads %d:%d", path, r.IngressInterfaceID, inFormat, in)
	}
	if r.Has(flow.FieldEgressInterfaceID) != known(outFormat, out) || known(outFormat, out) && r.EgressInterfaceID != out {
		t.Errorf("%s: egress %d, goflow2 reads %d:%d", path, r.EgressInterfaceID, outFormat, out)
	}
}

func (n *compared) addresses(t *testing.T, path string, r *flow.Record, src, dst []byte, proto uint32) {
	t.Helper()
	if !bytes.Equal(r.SourceIP.AsSlice(), src) || !bytes.Equal(r.DestinationIP.AsSlice(), dst) || uint32(r.NetworkIANANumber) != proto {
		t.Errorf("%s: %s → %s, protocol %d, the oracle reads % x → % x, %d", path, r.SourceIP, r.DestinationIP, r.NetworkIANANumber, src, dst, proto)
	}
}

// counter compares the counters that goflow2 has fields for.
func (n *compared) counter(t *testing.T, path string, s oracle.CounterSample, r *flow.Record) {
	t.Helper()
	n.counters++
	values := map[string]uint64{}
	for _, e := range r.Extra {
		values[e.Name] = e.Num
	}
	want := func(name string, v uint64) {
		if got, ok := values[name]; !ok || got != v {
			t.Errorf("%s: %s = %d (%t), goflow2 reads %d", path, name, got, ok, v)
		}
	}
	want("source_id_index", uint64(s.Header.SourceIdValue))
	want("source_id_class", uint64(s.Header.SourceIdType))
	for _, record := range s.Records {
		switch x := record.Data.(type) {
		case oracle.IfCounters:
			want("if_index", uint64(x.IfIndex))
			want("if_type", uint64(x.IfType))
			want("if_speed", x.IfSpeed)
			want("if_status", uint64(x.IfStatus))
			want("if_in_octets", x.IfInOctets)
			want("if_in_ucast_pkts", uint64(x.IfInUcastPkts))
			want("if_in_unknown_protos", uint64(x.IfInUnknownProtos))
			want("if_out_octets", x.IfOutOctets)
			want("if_out_errors", uint64(x.IfOutErrors))
			want("if_promiscuous_mode", uint64(x.IfPromiscuousMode))
		case oracle.EthernetCounters:
			want("dot3_stats_alignment_errors", uint64(x.Dot3StatsAlignmentErrors))
			want("dot3_stats_fcs_errors", uint64(x.Dot3StatsFCSErrors))
			want("dot3_stats_symbol_errors", uint64(x.Dot3StatsSymbolErrors))
		}
	}
}

// header compares the dissection of a sampled header with gopacket's.
func (n *compared) header(t *testing.T, path string, x oracle.SampledHeader, r *flow.Record) {
	t.Helper()
	bytes := x.HeaderData[:min(len(x.HeaderData), int(x.OriginalLength))]
	first := gopacket.LayerType(layers.LayerTypeEthernet)
	switch x.Protocol {
	case headerEthernet:
	case headerIPv4:
		first = layers.LayerTypeIPv4
	default:
		t.Errorf("%s: header protocol %d is not compared", path, x.Protocol)
		return
	}
	n.headers++
	vlans, ip := 0, false
	for _, layer := range gopacket.NewPacket(bytes, first, gopacket.Lazy).Layers() {
		switch l := layer.(type) {
		case *layers.Ethernet:
			if ip {
				continue // inside a tunnel
			}
			if flow.MAC(l.SrcMAC) != r.SourceMAC || flow.MAC(l.DstMAC) != r.DestinationMAC {
				t.Errorf("%s: %s → %s, gopacket reads %s → %s", path, r.SourceMAC, r.DestinationMAC, l.SrcMAC, l.DstMAC)
			}
		case *layers.Dot1Q:
			if ip {
				continue
			}
			vlans++
			if vlans == 1 && l.VLANIdentifier != 0 && l.VLANIdentifier != r.NetworkVLANID || vlans == 2 && l.VLANIdentifier != r.NetworkInnerVLANID {
				t.Errorf("%s: VLANs %d, %d, gopacket reads %d at %d", path, r.NetworkVLANID, r.NetworkInnerVLANID, l.VLANIdentifier, vlans)
			}
		case *layers.IPv4:
			if ip {
				n.tunnel(t, path, r, l.SrcIP.To4(), l.DstIP.To4(), uint8(l.Protocol))
				return
			}
			ip = true
			n.addresses(t, path, r, l.SrcIP.To4(), l.DstIP.To4(), uint32(l.Protocol))
			if size := binary.BigEndian.Uint16(l.Contents[2:]); size != 0 && r.NetworkBytes != uint64(size)*r.FlowSamplingRate || l.TOS != r.FlowToS {
				t.Errorf("%s: %d bytes, ToS %d, gopacket reads %d at rate %d, %d", path, r.NetworkBytes, r.FlowToS, l.Length, r.FlowSamplingRate, l.TOS)
			}
			if l.FragOffset != 0 {
				if r.Has(flow.FieldSourcePort) {
					t.Errorf("%s: port %d in a later fragment", path, r.SourcePort)
				}
				return
			}
		case *layers.IPv6:
			if ip {
				n.tunnel(t, path, r, l.SrcIP, l.DstIP, uint8(l.NextHeader))
				return
			}
			ip = true
			if !bytesEqual(r.SourceIP, l.SrcIP) || !bytesEqual(r.DestinationIP, l.DstIP) || r.FlowToS != l.TrafficClass || l.Length != 0 && r.NetworkBytes != (uint64(l.Length)+40)*r.FlowSamplingRate {
				t.Errorf("%s: %s → %s, ToS %d, %d bytes, gopacket reads %v", path, r.SourceIP, r.DestinationIP, r.FlowToS, r.NetworkBytes, l)
			}
		case *layers.TCP:
			if uint16(l.SrcPort) != r.SourcePort || uint16(l.DstPort) != r.DestinationPort || binary.BigEndian.Uint16(l.Contents[12:])&0xfff != r.FlowTCPFlags {
				t.Errorf("%s: TCP %d → %d, flags %x, gopacket reads %v", path, r.SourcePort, r.DestinationPort, r.FlowTCPFlags, l)
			}
			return
		case *layers.UDP:
			if uint16(l.SrcPort) != r.SourcePort || uint16(l.DstPort) != r.DestinationPort {
				t.Errorf("%s: UDP %d → %d, gopacket reads %v", path, r.SourcePort, r.DestinationPort, l)
			}
			if !r.Has(flow.FieldFlowTunnelType) {
				return // gopacket goes on by source ports as well
			}
		case *layers.ICMPv4:
			if l.TypeCode.Type() != r.FlowICMPType || l.TypeCode.Code() != r.FlowICMPCode {
				t.Errorf("%s: ICMP %d/%d, gopacket reads %s", path, r.FlowICMPType, r.FlowICMPCode, l.TypeCode)
			}
			return
		case *layers.ICMPv6:
			if l.TypeCode.Type() != r.FlowICMPType || l.TypeCode.Code() != r.FlowICMPCode {
				t.Errorf("%s: ICMPv6 %d/%d, gopacket reads %s", path, r.FlowICMPType, r.FlowICMPCode, l.TypeCode)
			}
			return
		}
	}
}

func bytesEqual(a netip.Addr, b []byte) bool { return bytes.Equal(a.AsSlice(), b) }

// TestOracleFaults shows what the package comment says of goflow2's decoder. When
// it fails, goflow2 has become better and the comment is out of date.
func TestOracleFaults(t *testing.T) {
	read := func(format int, sample []byte) any {
		s, err := oracle.DecodeSample(&oracle.SampleHeader{Format: uint32(format), Length: uint32(len(sample) - 8)}, bytes.NewBuffer(sample[8:]))
		if err != nil {
			return err
		}
		return s
	}
	flowRecord := func(record []byte) any {
		s, ok := read(formatFlow, flowOf(record)).(oracle.FlowSample)
		if !ok {
			return nil
		}
		return s.Records[0].Data
	}
	if x, ok := flowRecord(tagged(recordEthernet, 64, srcMAC[:], u16(0), dstMAC[:], u16(0), 0x800)).(oracle.SampledEthernet); !ok || flow.MAC(x.DstMac) == dstMAC {
		t.Errorf("padded addresses are read: %v", x)
	}
	if x, ok := flowRecord(rawHeader(headerEthernet, make([]byte, 61))).(oracle.SampledHeader); !ok || len(x.HeaderData) == 61 {
		t.Errorf("padding is cut off: %d bytes", len(x.HeaderData))
	}
	if x, ok := flowRecord(tagged(recordGateway, src4, 1, 2, 3, 2, 2, 1, 4, 2, 1, 5, 0, 100)).(oracle.ExtendedGateway); ok && len(x.ASPath) == 2 {
		t.Errorf("both segments are read: %v", x.ASPath)
	}
	if x, ok := read(formatFlowExpanded, tagged(formatFlowExpanded, 1, 0, 1, 1, 1, 0, 0, 1, 0, 2, 1_000_000)).(oracle.ExpandedFlowSample); !ok || len(x.Records) < 1_000_000 {
		t.Errorf("the count is bounded: %d records", len(x.Records))
	}
	good := flowOf(rawHeader(headerIPv4, packet4(protoTCP, 0, tcpHeader)))
	var m oracle.Packet
	if err := oracle.DecodeMessageVersion(bytes.NewBuffer(datagram(flowOf(tagged(recordRouter, 9)), good)), &m); err == nil || len(m.Samples) > 1 && m.Samples[1] != nil {
		t.Error("a bad record leaves the other samples")
	}
}
