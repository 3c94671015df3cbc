package capture

import (
	"encoding/binary"
	"net/netip"

	"github.com/gopacket/gopacket/layers"
)

// ipHead is what IPv4 and IPv6 headers have in common.
type ipHead struct {
	source, destination netip.Addr
	protocol            layers.IPProtocol
	// fragmented, id, offset (in bytes) and more describe a fragment.
	fragmented, more bool
	id               uint32
	offset           int
}

func ipv4Head(ip *layers.IPv4) (ipHead, []byte) {
	h := ipHead{protocol: ip.Protocol, id: uint32(ip.Id), offset: int(ip.FragOffset) * 8, more: ip.Flags&layers.IPv4MoreFragments != 0}
	h.source, _ = netip.AddrFromSlice(ip.SrcIP)
	h.destination, _ = netip.AddrFromSlice(ip.DstIP)
	h.fragmented = h.more || h.offset > 0
	return h, ip.Payload
}

// maxExtensions bounds the walk over IPv6 extension headers.
const maxExtensions = 16

// ipv6Head walks the extension headers (RFC 8200 section 4) up to UDP, TCP or a
// fragment.
func ipv6Head(ip *layers.IPv6) (ipHead, []byte) {
	h := ipHead{protocol: ip.NextHeader}
	h.source, _ = netip.AddrFromSlice(ip.SrcIP)
	h.destination, _ = netip.AddrFromSlice(ip.DstIP)
	payload := ip.Payload
	if ip.HopByHop != nil { // the library takes this header into the layer
		h.protocol = ip.HopByHop.NextHeader
	}
	for range maxExtensions {
		switch h.protocol {
		case layers.IPProtocolIPv6HopByHop, layers.IPProtocolIPv6Routing, layers.IPProtocolIPv6Destination:
			if len(payload) < 8 {
				return h, nil
			}
			size := 8 + 8*int(payload[1])
			if size > len(payload) {
				return h, nil
			}
			h.protocol, payload = layers.IPProtocol(payload[0]), payload[size:]
		case layers.IPProtocolIPv6Fragment:
			if len(payload) < 8 {
				return h, nil
			}
			word := binary.BigEndian.Uint16(payload[2:])
			h.offset, h.more, h.id = int(word&^7), word&1 != 0, binary.BigEndian.Uint32(payload[4:])
			h.fragmented = h.more || h.offset > 0
			h.protocol, payload = layers.IPProtocol(payload[0]), payload[8:]
			if h.fragmented {
				return h, payload
			}
		default:
			return h, payload
		}
	}
	return h, nil
}
