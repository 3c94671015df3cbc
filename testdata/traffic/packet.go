package main

import (
	"bufio"
	"io"
	"net"
	"net/netip"
	"slices"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"
)

// IP protocol numbers and TCP flag bits that the recipes use.
const (
	protoICMP   = 1
	protoTCP    = 6
	protoUDP    = 17
	protoICMPv6 = 58

	flagFIN = 0x01
	flagSYN = 0x02
	flagRST = 0x04
	flagPSH = 0x08
	flagACK = 0x10
)

// snaplen is the number of bytes of a frame that is stored. The IP total length and
// the capture's original length stay true; exporters count those.
const snaplen = 1600

// packet is one IP packet in an Ethernet frame.
type packet struct {
	at           time.Time
	src, dst     netip.Addr
	sport, dport uint16 // 0 for ICMP
	proto        uint8
	flags        uint8 // TCP only
	icmpType     uint8
	icmpCode     uint8
	tos          uint8
	vlan         uint16 // 0: untagged
	payload      int    // bytes after the TCP, UDP or ICMP header
	snap         int    // bytes of the frame to store; 0 means snaplen
	srcMAC       net.HardwareAddr
	dstMAC       net.HardwareAddr
}

// headerLen is the length of the TCP, UDP or ICMP header.
func (p packet) headerLen() int {
	if p.proto == protoTCP {
		return 20
	}
	return 8
}

// ipLen is the IP packet's length in bytes: what NetFlow and IPFIX count as octets.
func (p packet) ipLen() int {
	if p.src.Is6() {
		return 40 + p.headerLen() + p.payload
	}
	return 20 + p.headerLen() + p.payload
}

// frameLen is the length of the Ethernet frame in bytes, without FCS and padding.
func (p packet) frameLen() int {
	if p.vlan != 0 {
		return 18 + p.ipLen()
	}
	return 14 + p.ipLen()
}

// frame builds the packet's bytes, checksums included.
func (p packet) frame() ([]byte, error) {
	etherType, srcMAC, dstMAC := layers.EthernetTypeIPv4, p.srcMAC, p.dstMAC
	if p.src.Is6() {
		etherType = layers.EthernetTypeIPv6
	}
	if srcMAC == nil {
		srcMAC = macOf(p.src)
	}
	if dstMAC == nil {
		dstMAC = macOf(p.dst)
	}
	stack := []gopacket.SerializableLayer{&layers.Ethernet{SrcMAC: srcMAC, DstMAC: dstMAC, EthernetType: etherType}}
	if p.vlan != 0 {
		stack[0].(*layers.Ethernet).EthernetType = layers.EthernetTypeDot1Q
		stack = append(stack, &layers.Dot1Q{VLANIdentifier: p.vlan, Type: etherType})
	}
	var network gopacket.NetworkLayer
	if p.src.Is6() {
		ip := &layers.IPv6{Version: 6, TrafficClass: p.tos, HopLimit: 64, NextHeader: layers.IPProtocol(p.proto),
			SrcIP: p.src.AsSlice(), DstIP: p.dst.AsSlice()}
		network, stack = ip, append(stack, ip)
	} else {
		ip := &layers.IPv4{Version: 4, IHL: 5, TOS: p.tos, TTL: 64, Flags: layers.IPv4DontFragment, Protocol: layers.IPProtocol(p.proto),
			SrcIP: p.src.AsSlice(), DstIP: p.dst.AsSlice()}
		network, stack = ip, append(stack, ip)
	}
	stack = append(stack, p.transport(network)...)
	stack = append(stack, gopacket.Payload(make([]byte, p.payload)))
	buf := gopacket.NewSerializeBuffer()
	err := gopacket.SerializeLayers(buf, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, stack...)
	if err != nil {
		return nil, err
	}
	// gopacket pads to 60 bytes as a network card does. A capture on the sending host has no padding, and softflowd would count it.
	return buf.Bytes()[:p.frameLen()], nil
}

// transport is the layer above IP, its checksum tied to the network layer.
func (p packet) transport(network gopacket.NetworkLayer) []gopacket.SerializableLayer {
	switch p.proto {
	case protoTCP:
		tcp := &layers.TCP{SrcPort: layers.TCPPort(p.sport), DstPort: layers.TCPPort(p.dport), Window: 64240,
			FIN: p.flags&flagFIN != 0, SYN: p.flags&flagSYN != 0, RST: p.flags&flagRST != 0, PSH: p.flags&flagPSH != 0, ACK: p.flags&flagACK != 0}
		_ = tcp.SetNetworkLayerForChecksum(network) // fails for other than IP only
		return []gopacket.SerializableLayer{tcp}
	case protoUDP:
		udp := &layers.UDP{SrcPort: layers.UDPPort(p.sport), DstPort: layers.UDPPort(p.dport)}
		_ = udp.SetNetworkLayerForChecksum(network)
		return []gopacket.SerializableLayer{udp}
	case protoICMPv6:
		icmp := &layers.ICMPv6{TypeCode: layers.CreateICMPv6TypeCode(p.icmpType, p.icmpCode)}
		_ = icmp.SetNetworkLayerForChecksum(network)
		return []gopacket.SerializableLayer{icmp, gopacket.Payload(make([]byte, 4))}
	default:
		return []gopacket.SerializableLayer{&layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(p.icmpType, p.icmpCode)}}
	}
}

// macOf gives an address a locally administered MAC of its own.
func macOf(a netip.Addr) net.HardwareAddr {
	b := a.As16()
	return net.HardwareAddr{0x02, b[0] ^ b[11], b[12], b[13], b[14], b[15]}
}

// inOrder sorts packets by time and keeps the order of equal times.
func inOrder(packets []packet) {
	slices.SortStableFunc(packets, func(a, b packet) int { return a.at.Compare(b.at) })
}

// writePcap writes a classic pcap file with microsecond times.
func writePcap(out io.Writer, packets []packet) error {
	buffered := bufio.NewWriter(out)
	w := pcapgo.NewWriter(buffered)
	if err := w.WriteFileHeader(snaplen, layers.LinkTypeEthernet); err != nil {
		return err
	}
	for _, p := range packets {
		data, err := p.frame()
		if err != nil {
			return err
		}
		ci := gopacket.CaptureInfo{Timestamp: p.at, Length: len(data)}
		limit := snaplen
		if p.snap > 0 {
			limit = p.snap
		}
		data = data[:min(len(data), limit)]
		ci.CaptureLength = len(data)
		if err := w.WritePacket(ci, data); err != nil {
			return err
		}
	}
	return buffered.Flush()
}
