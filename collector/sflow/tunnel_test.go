package sflow

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"github.com/weirflow/weir/flow"
)

var (
	innerSrc4 = netip.MustParseAddr("10.0.0.1")
	innerDst4 = netip.MustParseAddr("10.0.0.2")
	innerSrc6 = netip.MustParseAddr("fd00::1")
	innerDst6 = netip.MustParseAddr("fd00::2")
)

// inside makes an IPv4 packet for a tunnel, with its TCP header; inside6 one of
// IPv6, UDP.
func inside() []byte {
	return join([]byte{0x45, 0}, u16(uint16(20+len(tcpHeader)), 1, 0), []byte{64, protoTCP, 0, 0}, innerSrc4.AsSlice(), innerDst4.AsSlice(), tcpHeader)
}

func inside6() []byte {
	return join([]byte{0x60, 0, 0, 0}, u16(uint16(len(udpHeader))), []byte{protoUDP, 64}, innerSrc6.AsSlice(), innerDst6.AsSlice(), udpHeader)
}

// toPort makes an IPv4 packet of UDP to a port.
func toPort(port uint16, payload ...any) []byte {
	body := join(payload...)
	return packet4(protoUDP, 0, join(u16(50000, port, uint16(8+len(body)), 0), body))
}

// tunnelled is what a test sees of a tunnel: type, id (-1: none), and the packet
// inside.
func tunnelled(r *flow.Record) string {
	id := int64(-1)
	if r.Has(flow.FieldFlowTunnelID) {
		id = int64(r.FlowTunnelID)
	}
	s := fmt.Sprintf("%s %d", r.FlowTunnelType, id)
	if r.Has(flow.FieldInnerSourceIP) {
		s += fmt.Sprintf(" %s>%s/%d", r.InnerSourceIP, r.InnerDestinationIP, r.InnerIANANumber)
	}
	if r.Has(flow.FieldInnerSourcePort) {
		s += fmt.Sprintf(" %d>%d", r.InnerSourcePort, r.InnerDestinationPort)
	}
	return s
}

const (
	tcpInside = " 10.0.0.1>10.0.0.2/6 40000>443"
	udpInside = " fd00::1>fd00::2/17 5353>53"
)

func TestTunnels(t *testing.T) {
	in4, in6, frame := inside(), inside6(), ethernetFrame(etherIPv4, inside())
	tests := []struct {
		name   string
		packet []byte
		want   string
	}{
		{"IPv4 in IPv4", packet4(protoIPv4, 0, in4), "ipip -1" + tcpInside},
		{"IPv6 in IPv4", packet4(protoIPv6, 0, in6), "ipip -1" + udpInside},
		{"IPv4 in IPv6 behind a routing header", packet6(protoRouting, join([]byte{protoIPv4, 0, 4, 0, 0, 0, 0, 0}, in4)), "ipip -1" + tcpInside},
		{"GRE", packet4(protoGRE, 0, join(u16(0, etherIPv4), in4)), "gre -1" + tcpInside},
		{"GRE with checksum, key and sequence number", packet4(protoGRE, 0, join(u16(greChecksum|greKey|greSequence, etherIPv6), 0, 77, 1, in6)), "gre 77" + udpInside},
		{"GRE with a bridge and a small key", packet4(protoGRE, 0, join(u16(greKey, etherBridged), 77, frame)), "gre 77" + tcpInside},
		{"GRE with MPLS", packet4(protoGRE, 0, join(u16(0, etherMPLS), 5<<12, 6<<12|0x100, in4)), "gre -1" + tcpInside},
		{"GRE with PPP", packet4(protoGRE, 0, join(u16(0, etherPPP), []byte{0xff, 3}, u16(0x57), in6)), "gre -1" + udpInside},
		{"GRE with something else", packet4(protoGRE, 0, join(u16(0, 0x9999), in4)), "gre -1"},
		{"GRE with source routes", packet4(protoGRE, 0, join(u16(greRouting, etherIPv4), in4)), " -1"},
		{"PPTP", packet4(protoGRE, 0, join(u16(greKey|greSequence|greAck|1, etherPPP), u16(uint16(len(in4)), 9), 1, 1, u16(0x21), in4)), "pptp 9" + tcpInside},
		{"NVGRE", packet4(protoGRE, 0, join(u16(greKey, etherBridged), 0x5001<<8|7, frame)), "nvgre 20481" + tcpInside},
		{"ERSPAN I", packet4(protoGRE, 0, join(u16(0, etherERSPAN), frame)), "erspan -1" + tcpInside},
		{"ERSPAN II", packet4(protoGRE, 0, join(u16(greSequence, etherERSPAN), 1, u16(0x1064, 0x0805), 0, frame)), "erspan 5" + tcpInside},
		{"ERSPAN III", packet4(protoGRE, 0, join(u16(greSequence, etherERSPAN3), 1, u16(0x2064, 0x0005), 99, 1, uint64(0), frame)), "erspan 5" + tcpInside},
		{"EtherIP", packet4(protoEtherIP, 0, join([]byte{0x30, 0}, frame)), "etherip -1" + tcpInside},
		{"MPLS in IP", packet4(protoMPLS, 0, join(9<<12|0x100, in6)), "mpls -1" + udpInside},
		{"MPLS in UDP", toPort(portMPLS, 9<<12|0x100, in4), "mpls -1" + tcpInside},
		{"VXLAN", toPort(portVXLAN, 8<<24, 5000<<8, frame), "vxlan 5000" + tcpInside},
		{"VXLAN with tags inside", toPort(portVXLAN, 8<<24, 5000<<8, ethernetFrame(etherQinQ, u16(3, etherVLAN, 4, etherIPv6), in6)), "vxlan 5000" + udpInside},
		{"VXLAN on Linux' port", toPort(portVXLANLinux, 8<<24, 1<<8, ethernetFrame(0x0806, make([]byte, 28))), "vxlan 1"},
		{"not VXLAN", toPort(portVXLAN, 0, 5000<<8, frame), " -1"},
		{"VXLAN GPE with IPv6", toPort(portVXLANGPE, 0x0c<<24|2, 7<<8, in6), "vxlan-gpe 7" + udpInside},
		{"VXLAN GPE with Ethernet", toPort(portVXLANGPE, 0x0c<<24|3, 7<<8, frame), "vxlan-gpe 7" + tcpInside},
		{"Geneve with an option", toPort(portGeneve, []byte{2, 0}, u16(etherBridged), 6<<8, uint64(1), frame), "geneve 6" + tcpInside},
		{"Geneve with IP", toPort(portGeneve, []byte{0, 0}, u16(etherIPv6), 6<<8, in6), "geneve 6" + udpInside},
		{"GTP", toPort(portGTP, []byte{0x30, 0xff}, u16(uint16(len(in4))), 0xcafe, in4), "gtp 51966" + tcpInside},
		{"GTP with a sequence number and an extension", toPort(portGTP, []byte{0x36, 0xff}, u16(0), 1, u16(5), []byte{0, 0x85, 1, 0x10, 1, 0}, in6), "gtp 1" + udpInside},
		{"GTP's own message", toPort(portGTP, []byte{0x32, 1}, u16(4), 0, 0, in4), " -1"},
		{"Teredo with an origin", toPort(portTeredo, uint64(1), in6), "teredo -1" + udpInside},
		{"LISP", toPort(portLISP, 0x08<<24, 3<<8, in4), "lisp 3" + tcpInside},
		{"a later fragment", packet4(protoIPv4, 100, in4), " -1"},
		{"a fragment inside", packet4(protoIPv4, 0, join(in4[:6], u16(100), in4[8:])), "ipip -1 10.0.0.1>10.0.0.2/6"},
		{"cut in the addresses inside", packet4(protoIPv4, 0, in4[:19]), "ipip -1"},
		{"no tunnel", packet4(protoTCP, 0, tcpHeader), " -1"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var r flow.Record
			protocol := uint32(headerIPv4)
			if test.packet[0]>>4 == 6 {
				protocol = headerIPv6
			}
			dissect(&r, protocol, test.packet)
			if got := tunnelled(&r); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
			if r.SourceIP != src4 && r.SourceIP != src6 || r.DestinationIP != dst4 && r.DestinationIP != dst6 {
				t.Errorf("the outer header's addresses became %s → %s", r.SourceIP, r.DestinationIP)
			}
			for n := range test.packet { // cut off anywhere
				var part flow.Record
				dissect(&part, protocol, test.packet[:n])
				for id := range flow.NumFields {
					if part.Has(id) && !r.Has(id) {
						t.Fatalf("%s is in %d bytes and not in all", id, n)
					}
				}
			}
		})
	}
}

// TestInnerOffset: the agent says where the packet inside begins, of a tunnel that
// is not known here.
func TestInnerOffset(t *testing.T) {
	for _, test := range []struct {
		name   string
		inner  []byte
		record int
		want   string
	}{
		{"IPv4", inside(), recordDecapEgress, " -1" + tcpInside},
		{"IPv6", inside6(), recordDecapIngress, " -1" + udpInside},
		{"Ethernet", ethernetFrame(etherVLAN, u16(5, etherIPv4), inside()), recordDecapEgress, " -1" + tcpInside},
		{"Ethernet whose address looks like IP", join([]byte{0x45, 0, 0, 60, 0, 1}, macs[6:], u16(etherIPv4), inside()), recordDecapEgress, " -1" + tcpInside},
	} {
		packet := packet4(200, 0, join(uint64(1), test.inner))
		for _, records := range [][][]byte{
			{tagged(test.record, 28), rawHeader(headerIPv4, packet)},
			{rawHeader(headerIPv4, packet), tagged(test.record, 28)},
		} {
			r := one(t, datagram(flowOf(records...)))
			if got := tunnelled(r); got != test.want {
				t.Errorf("%s: got %q, want %q", test.name, got, test.want)
			}
		}
	}
	beyond := one(t, datagram(flowOf(tagged(recordDecapEgress, 9999), rawHeader(headerIPv4, packet4(200, 0, nil)))))
	if got := tunnelled(beyond); got != " -1" {
		t.Errorf("beyond the header: %q", got)
	}
}

// TestLinks reads headers of other links than Ethernet, and what stands between
// Ethernet and IP.
func TestLinks(t *testing.T) {
	tcp4 := packet4(protoTCP, 0, tcpHeader)
	snap := join([]byte{0xaa, 0xaa, 3, 0, 0, 0}, u16(etherIPv4), tcp4)
	wlanFrame := func(control, flags byte, extra ...any) []byte {
		return join([]byte{control, flags, 0, 0}, macs[:6], macs[6:], []byte{2, 0, 0, 0, 0, 0xaa, 0x10, 0}, join(extra...))
	}
	ap := flow.MAC{2, 0, 0, 0, 0, 0xaa}
	for _, test := range []struct {
		name             string
		protocol         uint32
		bytes            []byte
		ip               bool
		src, dst, ap, st flow.MAC
		vlans            []uint16
	}{
		{"802.1ah", headerEthernet, ethernetFrame(etherPBB, join(0x123456), ethernetFrame(etherIPv4, tcp4)), true, srcMAC, dstMAC, flow.MAC{}, flow.MAC{}, nil},
		{"VN-Tag", headerEthernet, ethernetFrame(etherVNTag, u16(1, 2, etherVLAN, 7, etherIPv4), tcp4), true, srcMAC, dstMAC, flow.MAC{}, flow.MAC{}, []uint16{7}},
		{"E-Tag", headerEthernet, ethernetFrame(etherETag, u16(1, 2, 3, etherIPv4), tcp4), true, srcMAC, dstMAC, flow.MAC{}, flow.MAC{}, nil},
		{"three VLAN tags", headerEthernet, ethernetFrame(etherQinQ, u16(1, etherVLAN, 2, etherVLAN, 3, etherIPv4), tcp4), true, srcMAC, dstMAC, flow.MAC{}, flow.MAC{}, []uint16{1, 2}},
		{"FDDI", headerFDDI, join([]byte{0x50}, macs, snap), true, srcMAC, dstMAC, flow.MAC{}, flow.MAC{}, nil},
		{"token ring", headerTokenRing, join([]byte{0x10, 0x40}, macs, snap), true, srcMAC, dstMAC, flow.MAC{}, flow.MAC{}, nil},
		{"token ring with a route", headerTokenRing, join([]byte{0x10, 0x40}, macs[:6], []byte{0x82}, macs[7:], []byte{4, 0, 0, 1}, snap), true, srcMAC, dstMAC, flow.MAC{}, flow.MAC{}, nil},
		{"frame relay", headerFrameRelay, join([]byte{0x18, 0x41, 3, 0xcc}, tcp4), true, flow.MAC{}, flow.MAC{}, flow.MAC{}, flow.MAC{}, nil},
		{"frame relay with SNAP", headerFrameRelay, join([]byte{0x18, 0x41, 3, 0, 0x80, 0, 0, 0}, u16(etherIPv4), tcp4), true, flow.MAC{}, flow.MAC{}, flow.MAC{}, flow.MAC{}, nil},
		{"Cisco's frame relay", headerFrameRelay, join([]byte{0x18, 0x41}, u16(etherIPv4), tcp4), true, flow.MAC{}, flow.MAC{}, flow.MAC{}, flow.MAC{}, nil},
		{"SONET", headerPOS, join([]byte{0xff, 3}, u16(0x21), tcp4), true, flow.MAC{}, flow.MAC{}, flow.MAC{}, flow.MAC{}, nil},
		{"Cisco's HDLC", headerPOS, join([]byte{0x0f, 0}, u16(etherIPv4), tcp4), true, flow.MAC{}, flow.MAC{}, flow.MAC{}, flow.MAC{}, nil},
		{"AAL5", headerAAL5, snap, true, flow.MAC{}, flow.MAC{}, flow.MAC{}, flow.MAC{}, nil},
		{"AAL5 with IP", headerAAL5IP, tcp4, true, flow.MAC{}, flow.MAC{}, flow.MAC{}, flow.MAC{}, nil},
		{"802.11 to the network", headerWLAN, wlanFrame(0x88, wlanToDS, u16(0), snap), true, srcMAC, ap, dstMAC, srcMAC, nil},
		{"802.11 from the network", headerWLAN, wlanFrame(0x08, wlanFromDS, snap), true, ap, dstMAC, srcMAC, dstMAC, nil},
		{"802.11 between stations", headerWLAN, wlanFrame(0x08, 0, snap), true, srcMAC, dstMAC, ap, flow.MAC{}, nil},
		{"802.11 between access points", headerWLAN, wlanFrame(0x08, wlanToDS|wlanFromDS, srcMAC[:], snap), true, srcMAC, ap, flow.MAC{}, flow.MAC{}, nil},
		{"802.11 aggregate", headerWLAN, wlanFrame(0x88, wlanToDS, []byte{0x80, 0}, macs, u16(48), snap), true, srcMAC, ap, dstMAC, srcMAC, nil},
		{"802.11 encrypted", headerWLAN, wlanFrame(0x08, wlanToDS|wlanProtected, snap), false, srcMAC, ap, dstMAC, srcMAC, nil},
		{"802.11 beacon", headerWLAN, wlanFrame(0x80, 0, snap), false, srcMAC, dstMAC, ap, flow.MAC{}, nil},
		{"802.11 acknowledgement", headerWLAN, join([]byte{0xd4, 0, 0, 0}, macs[:6]), false, flow.MAC{}, flow.MAC{}, flow.MAC{}, flow.MAC{}, nil},
		{"802.11 subframe", headerAMSDU, join(macs, u16(48), snap), true, srcMAC, dstMAC, flow.MAC{}, flow.MAC{}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			var r flow.Record
			_, known := dissect(&r, test.protocol, test.bytes)
			if !known || r.Has(flow.FieldSourceIP) != test.ip || test.ip && (r.SourceIP != src4 || r.DestinationPort != 443) {
				t.Errorf("known %t, %s port %d", known, r.SourceIP, r.DestinationPort)
			}
			if r.SourceMAC != test.src || r.DestinationMAC != test.dst || r.FlowAccessPointMAC != test.ap || r.FlowClientMAC != test.st {
				t.Errorf("%s → %s, access point %s, station %s", r.SourceMAC, r.DestinationMAC, r.FlowAccessPointMAC, r.FlowClientMAC)
			}
			var vlans []uint16
			if r.Has(flow.FieldNetworkVLANID) {
				vlans = append(vlans, r.NetworkVLANID)
			}
			if r.Has(flow.FieldNetworkInnerVLANID) {
				vlans = append(vlans, r.NetworkInnerVLANID)
			}
			if !slices.Equal(vlans, test.vlans) {
				t.Errorf("VLANs %v, want %v", vlans, test.vlans)
			}
			if r.Has(flow.FieldInnerSourceIP) {
				t.Error("a tunnel")
			}
		})
	}
	var r flow.Record
	dissect(&r, headerMPLS, join(5<<12|0x100, 0, ethernetFrame(etherIPv4, inside())))
	if got, want := tunnelled(&r), "pseudowire -1"+tcpInside; got != want || r.Has(flow.FieldSourceIP) {
		t.Errorf("pseudowire: %q, want %q", got, want)
	}
}
