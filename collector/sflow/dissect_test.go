package sflow

import (
	"fmt"
	"slices"
	"testing"

	"github.com/weirflow/weir/flow"
)

// seen is what a test of the dissector looks at.
type seen struct {
	typ           string
	proto         int // -1: none
	src, dst      string
	sport, dport  int // -1: none
	flags         int
	tos           int
	icmp          [2]int
	vlan, inner   uint16
	labels        []uint32
	etherType     uint64
	network       int
	length        uint32
	hasMAC, known bool
}

func look(protocol uint32, p []byte) seen {
	var r flow.Record
	d, known := dissect(&r, protocol, p)
	number := func(id flow.FieldID, v int) int {
		if !r.Has(id) {
			return -1
		}
		return v
	}
	s := seen{typ: r.NetworkType, proto: number(flow.FieldNetworkIANANumber, int(r.NetworkIANANumber)),
		sport: number(flow.FieldSourcePort, int(r.SourcePort)), dport: number(flow.FieldDestinationPort, int(r.DestinationPort)),
		flags: number(flow.FieldFlowTCPFlags, int(r.FlowTCPFlags)), tos: number(flow.FieldFlowToS, int(r.FlowToS)),
		icmp: [2]int{number(flow.FieldFlowICMPType, int(r.FlowICMPType)), number(flow.FieldFlowICMPCode, int(r.FlowICMPCode))},
		vlan: r.NetworkVLANID, inner: r.NetworkInnerVLANID, labels: slices.Clone(r.FlowMPLSLabels.List()),
		network: d.network, length: d.length, hasMAC: r.SourceMAC == srcMAC && r.DestinationMAC == dstMAC, known: known}
	if r.Has(flow.FieldSourceIP) {
		s.src = r.SourceIP.String()
	}
	if r.Has(flow.FieldDestinationIP) {
		s.dst = r.DestinationIP.String()
	}
	if len(r.Extra) > 0 && r.Extra[0].Name == "ethernetType" {
		s.etherType = r.Extra[0].Num
	}
	return s
}

// Frequent results; tests change them.
func noIP() seen {
	return seen{proto: -1, sport: -1, dport: -1, flags: -1, tos: -1, icmp: [2]int{-1, -1}, network: -1, hasMAC: true, known: true}
}

func plain4(at int, proto byte, payload int) seen {
	s := noIP()
	s.typ, s.proto, s.src, s.dst, s.tos, s.network, s.length = typeIPv4, int(proto), src4.String(), dst4.String(), 0xb8, at, uint32(20+payload)
	return s
}

func plain6(at int, proto byte, payload int) seen {
	s := noIP()
	s.typ, s.proto, s.src, s.dst, s.tos, s.network, s.length = typeIPv6, int(proto), src6.String(), dst6.String(), 0xb8, at, uint32(40+payload)
	return s
}

func (s seen) ports(src, dst int) seen { s.sport, s.dport = src, dst; return s }
func (s seen) tcp() seen               { s.flags = 0x112; return s.ports(40000, 443) }
func (s seen) tags(outer, inner uint16) seen {
	s.vlan, s.inner = outer, inner
	return s
}
func (s seen) stack(labels ...uint32) seen { s.labels = labels; return s }
func (s seen) typed(v uint64) seen         { s.etherType = v; return s }
func (s seen) noMAC() seen                 { s.hasMAC = false; return s }
func (s seen) icmped(typ, code int) seen   { s.icmp = [2]int{typ, code}; return s }

func TestDissect(t *testing.T) {
	tcp4, tcp6 := packet4(protoTCP, 0, tcpHeader), packet6(protoTCP, tcpHeader)
	udp6 := packet6(protoUDP, udpHeader)
	options := slices.Concat([]byte{0x46}, tcp4[1:20], []byte{1, 1, 1, 0}, tcpHeader) // a header of 24 octets
	entry := func(label, bottom int) []byte { return join(label<<12 | bottom<<8 | 64) }
	tests := []struct {
		name     string
		protocol uint32
		bytes    []byte
		want     seen
	}{
		{"TCP", headerEthernet, ethernetFrame(etherIPv4, tcp4), plain4(14, 6, 20).tcp()},
		{"TCP over IPv6", headerEthernet, ethernetFrame(etherIPv6, tcp6), plain6(14, 6, 20).tcp()},
		{"IPv4 options", headerEthernet, ethernetFrame(etherIPv4, options), plain4(14, 6, 20).tcp()},
		{"raw IPv4", headerIPv4, tcp4, plain4(0, 6, 20).tcp().noMAC()},
		{"raw IPv6", headerIPv6, udp6, plain6(0, 17, 8).ports(5353, 53).noMAC()},
		{"802.1Q", headerEthernet, ethernetFrame(etherVLAN, u16(0x6000|100, etherIPv4), tcp4), plain4(18, 6, 20).tcp().tags(100, 0)},
		{"802.1ad", headerEthernet, ethernetFrame(etherQinQ, u16(200, etherVLAN, 100, etherIPv6), tcp6), plain6(22, 6, 20).tcp().tags(200, 100)},
		{"priority tag before a VLAN", headerEthernet, ethernetFrame(etherVLAN, u16(0xe000, etherVLAN, 7, etherIPv4), tcp4), plain4(22, 6, 20).tcp().tags(7, 0)},
		{"three tags", headerEthernet, ethernetFrame(etherQinQOld, u16(1, etherQinQOld2, 2, etherVLAN, 3, etherIPv4), tcp4), plain4(26, 6, 20).tcp().tags(1, 2)},
		{"nine tags", headerEthernet, ethernetFrame(etherVLAN, slices.Repeat(u16(9, etherVLAN), 8), u16(9, etherIPv4), tcp4), noIP().tags(9, 9)},
		{"VLAN, MPLS, IPv6", headerEthernet, ethernetFrame(etherVLAN, u16(5, etherMPLS), entry(16001, 0), entry(30, 1), tcp6), plain6(26, 6, 20).tcp().tags(5, 0).stack(16001, 30)},
		{"MPLS alone", headerMPLS, join(entry(17, 1), tcp4), plain4(4, 6, 20).tcp().stack(17).noMAC()},
		{"MPLS pseudowire", headerEthernet, ethernetFrame(etherMPLSMult, entry(17, 1), []byte{0, 0, 0, 0}, ethernetFrame(etherIPv4, tcp4)), noIP().stack(17)},
		{"MPLS without a bottom", headerEthernet, ethernetFrame(etherMPLS, slices.Repeat(entry(17, 0), 40)), noIP().stack(slices.Repeat([]uint32{17}, 10)...)},
		{"PPPoE", headerEthernet, ethernetFrame(etherPPPoE, []byte{0x11, 0}, u16(9, 42, 0x21), tcp4), plain4(22, 6, 20).tcp()},
		{"PPPoE with IPv6", headerEthernet, ethernetFrame(etherPPPoE, []byte{0x11, 0}, u16(9, 62, 0x57), tcp6), plain6(22, 6, 20).tcp()},
		{"PPP", headerPPP, join(u16(0xff03, 0x21), tcp4), plain4(4, 6, 20).tcp().noMAC()},
		{"PPP without framing", headerPPP, join(u16(0x21), tcp4), plain4(2, 6, 20).tcp().noMAC()},
		{"SNAP", headerEthernet, ethernetFrame(48, []byte{0xaa, 0xaa, 3, 0, 0, 0}, u16(etherIPv4), tcp4), plain4(22, 6, 20).tcp()},
		{"SNAP of another organisation", headerEthernet, ethernetFrame(48, []byte{0xaa, 0xaa, 3, 0, 0, 0xc}, u16(etherIPv4), tcp4), noIP()},
		{"spanning tree", headerEthernet, ethernetFrame(38, []byte{0x42, 0x42, 3}, make([]byte, 35)), noIP()},
		{"ARP", headerEthernet, ethernetFrame(0x0806, make([]byte, 28)), noIP().typed(0x806)},
		{"first fragment", headerEthernet, ethernetFrame(etherIPv4, packet4(protoUDP, 0x2000, udpHeader)), plain4(14, 17, 8).ports(5353, 53)},
		{"later fragment", headerEthernet, ethernetFrame(etherIPv4, packet4(protoUDP, 185, udpHeader)), plain4(14, 17, 8)},
		{"extension headers", headerIPv6, packet6(protoHopByHop, join([]byte{protoRouting, 0, 5, 2, 0, 0, 0, 0}, []byte{protoDestOpts, 1}, make([]byte, 14), []byte{protoTCP, 0, 0, 0, 0, 0, 0, 0}, tcpHeader)), plain6(0, 6, 52).tcp().noMAC()},
		{"authentication header", headerIPv6, packet6(protoAH, join([]byte{protoTCP, 4}, make([]byte, 22), tcpHeader)), plain6(0, 6, 44).tcp().noMAC()},
		{"IPv6 first fragment", headerIPv6, packet6(protoFragment, join([]byte{protoUDP, 0}, u16(1), 9, udpHeader)), plain6(0, 17, 16).ports(5353, 53).noMAC()},
		{"IPv6 later fragment", headerIPv6, packet6(protoFragment, join([]byte{protoUDP, 0}, u16(1448), 9, udpHeader)), plain6(0, 17, 16).noMAC()},
		{"extension header cut off", headerIPv6, packet6(protoHopByHop, []byte{protoTCP, 3, 0, 0}), plain6(0, 6, 4).noMAC()},
		{"endless extension headers", headerIPv6, packet6(protoDestOpts, slices.Repeat([]byte{protoDestOpts, 0, 0, 0, 0, 0, 0, 0}, 20)), plain6(0, 60, 160).noMAC()},
		{"ICMP", headerIPv4, packet4(protoICMP, 0, icmpEcho), plain4(0, 1, 8).icmped(8, 3).noMAC()},
		{"ICMPv6", headerIPv6, packet6(protoICMPv6, []byte{135, 0, 0, 0}), plain6(0, 58, 4).icmped(135, 0).noMAC()},
		{"SCTP", headerIPv4, packet4(protoSCTP, 0, u16(9899, 36412, 0, 0)), plain4(0, 132, 8).ports(9899, 36412).noMAC()},
		{"GRE: the outer header", headerIPv4, packet4(47, 0, join(u16(0, etherIPv4), tcp4)), plain4(0, 47, 44).noMAC()},
		{"IP in IP: the outer header", headerIPv4, packet4(4, 0, tcp4), plain4(0, 4, 40).noMAC()},
		{"VXLAN: the outer header", headerIPv4, packet4(protoUDP, 0, join(u16(50000, 4789, 50, 0), []byte{8, 0, 0, 0, 0, 0, 9, 0}, ethernetFrame(etherIPv6, tcp6))), plain4(0, 17, 90).ports(50000, 4789).noMAC()},
		{"TCP cut after the ports", headerIPv4, tcp4[:24], plain4(0, 6, 20).ports(40000, 443).noMAC()},
		{"TCP cut in the ports", headerIPv4, tcp4[:23], plain4(0, 6, 20).ports(40000, -1).noMAC()},
		{"IPv4 cut in the destination", headerIPv4, tcp4[:19], func() seen { s := plain4(0, 6, 20).noMAC(); s.dst = ""; return s }()},
		{"IPv6 cut in the destination", headerIPv6, tcp6[:39], func() seen { s := plain6(0, 6, 20).noMAC(); s.dst = ""; return s }()},
		{"Ethernet cut behind the addresses", headerEthernet, macs, noIP()},
		{"nothing", headerEthernet, nil, noIP().noMAC()},
		{"another version", headerIPv4, tcp6, noIP().noMAC()},
		{"X.25", 6, tcp4, func() seen { s := noIP().noMAC(); s.known = false; return s }()},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := look(test.protocol, test.bytes)
			if !slices.Equal(got.labels, test.want.labels) {
				t.Errorf("labels %v, want %v", got.labels, test.want.labels)
			}
			got.labels, test.want.labels = nil, nil
			if a, b := fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", test.want); a != b {
				t.Errorf("got\n%s, want\n%s", a, b)
			}
		})
	}
}
