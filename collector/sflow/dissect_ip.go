package sflow

import (
	"encoding/binary"
	"net/netip"

	"github.com/weirflow/weir/flow"
)

// IP protocol numbers (IANA).
const (
	protoHopByHop = 0
	protoICMP     = 1
	protoIPv4     = 4 // in IP, RFC 2003
	protoTCP      = 6
	protoUDP      = 17
	protoDCCP     = 33
	protoIPv6     = 41 // in IP, RFC 4213
	protoRouting  = 43
	protoFragment = 44
	protoGRE      = 47
	protoAH       = 51
	protoICMPv6   = 58
	protoDestOpts = 60
	protoEtherIP  = 97 // RFC 3378
	protoSCTP     = 132
	protoMobility = 135
	protoUDPLite  = 136
	protoMPLS     = 137 // in IP, RFC 4023
	protoHIP      = 139
	protoShim6    = 140
)

const (
	ipv4Len = 20
	ipv6Len = 40
	udpLen  = 8
	// maxExtensions is how many IPv6 extension headers are walked; a real packet
	// has one or two.
	maxExtensions = 8
	// tcpFlagBits is the bits of tcpControlBits (RFC 9565): octets 13 and 14
	// without the data offset.
	tcpFlagBits = 0x0fff
)

// Values of network.type.
const (
	typeIPv4 = "ipv4"
	typeIPv6 = "ipv6"
)

// ipv4 reads the header at p[at] and what follows it (RFC 791).
func ipv4(r *flow.Record, p []byte, at int) dissected {
	h := p[at:]
	if len(h) == 0 || h[0]>>4 != 4 || h[0]&15 < ipv4Len/4 {
		return noNetwork
	}
	r.SetNetworkType(typeIPv4)
	d := dissected{network: at}
	if len(h) < ipv4Len {
		// Cut off inside the header: what is whole is used.
		if len(h) >= 2 {
			r.SetFlowToS(h[1])
		}
		if len(h) >= 4 {
			d.length = uint32(binary.BigEndian.Uint16(h[2:]))
		}
		if len(h) >= 10 {
			r.SetNetworkIANANumber(h[9])
		}
		if len(h) >= 16 {
			r.SetSourceIP(netip.AddrFrom4([4]byte(h[12:16])))
		}
		return d
	}
	d.length = uint32(binary.BigEndian.Uint16(h[2:]))
	r.SetFlowToS(h[1])
	r.SetNetworkIANANumber(h[9])
	r.SetSourceIP(netip.AddrFrom4([4]byte(h[12:16])))
	r.SetDestinationIP(netip.AddrFrom4([4]byte(h[16:20])))
	// Only the first fragment has the transport header.
	if size := int(h[0]&15) * 4; len(h) > size && binary.BigEndian.Uint16(h[6:])&0x1fff == 0 {
		transport(r, h[9], h[size:])
	}
	return d
}

// ipv6 reads the header at p[at], its extension headers and what follows (RFC
// 8200). network.iana_number is the protocol behind the extension headers, or
// that of the extension header in which the bytes end.
func ipv6(r *flow.Record, p []byte, at int) dissected {
	h := p[at:]
	if len(h) == 0 || h[0]>>4 != 6 {
		return noNetwork
	}
	r.SetNetworkType(typeIPv6)
	d := dissected{network: at}
	if len(h) < 7 {
		if len(h) >= 2 {
			r.SetFlowToS(h[0]<<4 | h[1]>>4)
		}
		return d
	}
	r.SetFlowToS(h[0]<<4 | h[1]>>4)
	if payload := binary.BigEndian.Uint16(h[4:]); payload != 0 {
		d.length = ipv6Len + uint32(payload)
	}
	proto := h[6]
	if len(h) >= 24 {
		r.SetSourceIP(netip.AddrFrom16([16]byte(h[8:24])))
	}
	if len(h) < ipv6Len {
		r.SetNetworkIANANumber(proto)
		return d
	}
	r.SetDestinationIP(netip.AddrFrom16([16]byte(h[24:40])))
	proto, rest := extensions(proto, h[ipv6Len:])
	r.SetNetworkIANANumber(proto)
	transport(r, proto, rest)
	return d
}

// extensions skips IPv6 extension headers (RFC 7045 has the list). rest is nil
// when there is no transport header to read.
func extensions(proto uint8, p []byte) (last uint8, rest []byte) {
	for range maxExtensions {
		size := 0
		switch proto {
		case protoHopByHop, protoRouting, protoDestOpts, protoMobility, protoHIP, protoShim6:
			if len(p) < 2 {
				return proto, nil
			}
			size = (int(p[1]) + 1) * 8
		case protoAH:
			if len(p) < 2 {
				return proto, nil
			}
			size = (int(p[1]) + 2) * 4
		case protoFragment:
			if len(p) < 8 {
				return proto, nil
			}
			if binary.BigEndian.Uint16(p[2:])&0xfff8 != 0 {
				return p[0], nil // not the first fragment
			}
			size = 8
		default:
			return proto, p
		}
		if len(p) < size {
			return p[0], nil
		}
		proto, p = p[0], p[size:]
	}
	return proto, nil
}

// transport reads ports, flags, type and code as far as the bytes go.
func transport(r *flow.Record, proto uint8, p []byte) {
	switch proto {
	case protoTCP, protoUDP, protoSCTP, protoDCCP, protoUDPLite:
		if len(p) < 2 {
			return
		}
		r.SetSourcePort(binary.BigEndian.Uint16(p))
		if len(p) < 4 {
			return
		}
		r.SetDestinationPort(binary.BigEndian.Uint16(p[2:]))
		switch {
		case proto == protoTCP && len(p) >= 14:
			r.SetFlowTCPFlags(binary.BigEndian.Uint16(p[12:]) & tcpFlagBits)
		case proto == protoUDP && len(p) > udpLen:
			tunnelUDP(r, p[udpLen:])
		}
	case protoICMP, protoICMPv6:
		if len(p) >= 1 {
			r.SetFlowICMPType(p[0])
		}
		if len(p) >= 2 {
			r.SetFlowICMPCode(p[1])
		}
	case protoIPv4, protoIPv6, protoGRE, protoEtherIP, protoMPLS:
		tunnelIP(r, proto, p)
	}
}
