package sflow

import (
	"encoding/binary"
	"net/netip"

	"github.com/weirflow/weir/flow"
)

// The functions below read the packet inside a tunnel into the fields of
// flow.inner, as far as its bytes go. A tunnel inside that is not looked into.

// innerPacket reads a packet that is IP or Ethernet, by its first octets. A
// hardware address that begins with 4x or 6x is taken for IP only if the IP
// header behind it is sound.
func innerPacket(r *flow.Record, p []byte) {
	switch {
	case len(p) >= ipv4Len && p[0]>>4 == 4 && p[0]&15 >= ipv4Len/4 && int(binary.BigEndian.Uint16(p[2:])) >= ipv4Len && !etherKnown(p):
		innerIP(r, p)
	case len(p) >= ipv6Len && p[0]>>4 == 6 && !etherKnown(p):
		innerIP(r, p)
	default:
		innerEthernet(r, p)
	}
}

// etherKnown reports whether an Ethernet frame with something that is known
// begins here.
func etherKnown(p []byte) bool {
	if len(p) < ethernetLen {
		return false
	}
	switch typ := binary.BigEndian.Uint16(p[ethernetLen-2:]); typ {
	case etherIPv4, etherIPv6, etherMPLS:
		return true
	default:
		return tagSize(typ) != 0
	}
}

func innerEthernet(r *flow.Record, p []byte) {
	if len(p) >= ethernetLen {
		innerEther(r, binary.BigEndian.Uint16(p[ethernetLen-2:]), p[ethernetLen:])
	}
}

// innerBridged goes on behind an EtherType that may be that of a whole frame.
func innerBridged(r *flow.Record, typ uint16, p []byte) {
	if typ == etherBridged {
		innerEthernet(r, p)
		return
	}
	innerEther(r, typ, p)
}

// innerEther goes on behind an EtherType.
func innerEther(r *flow.Record, typ uint16, p []byte) {
	for range maxTags {
		size := tagSize(typ)
		if size == 0 {
			break
		}
		if len(p) < size {
			return
		}
		typ, p = binary.BigEndian.Uint16(p[size-2:]), p[size:]
	}
	switch typ {
	case etherIPv4, etherIPv6:
		innerIP(r, p)
	case etherMPLS, etherMPLSMult:
		innerMPLS(r, p)
	case etherPPPoE:
		if len(p) >= 6 && p[0] == 0x11 && p[1] == 0 {
			innerPPP(r, p[6:])
		}
	}
}

func innerPPP(r *flow.Record, p []byte) {
	if len(p) >= 2 && p[0] == 0xff && p[1] == 3 {
		p = p[2:]
	}
	if len(p) < 2 {
		return
	}
	switch binary.BigEndian.Uint16(p) {
	case 0x0021, 0x0057:
		innerIP(r, p[2:])
	}
}

func innerMPLS(r *flow.Record, p []byte) {
	for range maxLabels {
		if len(p) < 4 {
			return
		}
		bottom := p[2]&1 != 0
		p = p[4:]
		if bottom {
			innerIP(r, p)
			return
		}
	}
}

// innerIP reads an IPv4 or IPv6 packet: addresses, protocol, ports.
func innerIP(r *flow.Record, p []byte) {
	if len(p) == 0 {
		return
	}
	switch {
	case p[0]>>4 == 4 && p[0]&15 >= ipv4Len/4 && len(p) >= ipv4Len:
		r.SetInnerIANANumber(p[9])
		r.SetInnerSourceIP(netip.AddrFrom4([4]byte(p[12:16])))
		r.SetInnerDestinationIP(netip.AddrFrom4([4]byte(p[16:20])))
		if size := int(p[0]&15) * 4; len(p) > size && binary.BigEndian.Uint16(p[6:])&0x1fff == 0 {
			innerPorts(r, p[9], p[size:])
		}
	case p[0]>>4 == 6 && len(p) >= ipv6Len:
		r.SetInnerSourceIP(netip.AddrFrom16([16]byte(p[8:24])))
		r.SetInnerDestinationIP(netip.AddrFrom16([16]byte(p[24:40])))
		proto, rest := extensions(p[6], p[ipv6Len:])
		r.SetInnerIANANumber(proto)
		innerPorts(r, proto, rest)
	}
}

func innerPorts(r *flow.Record, proto uint8, p []byte) {
	switch proto {
	case protoTCP, protoUDP, protoSCTP, protoDCCP, protoUDPLite:
		if len(p) >= 4 {
			r.SetInnerSourcePort(binary.BigEndian.Uint16(p))
			r.SetInnerDestinationPort(binary.BigEndian.Uint16(p[2:]))
		}
	}
}
