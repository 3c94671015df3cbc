package sflow

import (
	"encoding/binary"

	"github.com/weirflow/weir/flow"
)

// Values of header_protocol in a sampled header (sFlow v5, enum
// header_protocol).
const (
	headerEthernet   = 1
	headerTokenRing  = 3
	headerFDDI       = 4
	headerFrameRelay = 5
	headerPPP        = 7
	headerAAL5       = 9
	headerAAL5IP     = 10
	headerIPv4       = 11
	headerIPv6       = 12
	headerMPLS       = 13
	headerPOS        = 14
	headerWLAN       = 15
	headerAMSDU      = 17 // a subframe: addresses, length, LLC
)

// EtherTypes (IEEE 802 numbers, IANA).
const (
	etherIPv4     = 0x0800
	etherVLAN     = 0x8100 // IEEE 802.1Q
	etherQinQ     = 0x88a8 // IEEE 802.1ad
	etherQinQOld  = 0x9100 // before 802.1ad was a standard
	etherQinQOld2 = 0x9200
	etherIPv6     = 0x86dd
	etherMPLS     = 0x8847
	etherMPLSMult = 0x8848 // upstream-assigned labels, RFC 5332
	etherPPPoE    = 0x8864 // session stage, RFC 2516
	etherPBB      = 0x88e7 // provider backbone bridge, IEEE 802.1ah
	etherVNTag    = 0x8926 // Cisco's virtual interfaces
	etherETag     = 0x893f // IEEE 802.1BR
)

const (
	ethernetLen = 14
	maxTags     = 8    // VLAN tags that are walked; two are kept
	maxLabels   = 32   // MPLS labels that are walked; flow.Labels keeps ten
	vlanReserve = 4095 // IEEE 802.1Q table 9-2: reserved
)

// dissected is what the dissector found and did not put into the record.
type dissected struct {
	// network is the offset of the IP header in the bytes, or -1 when there is
	// none.
	network int
	// length is the size of the IP packet with its header, as that header says;
	// 0 when it does not (no IP, cut off, a segment that the sender's card
	// splits, a jumbogram).
	length uint32
}

var noNetwork = dissected{network: -1}

// dissect reads a sampled header that begins with the given protocol into the
// record. It stops where the bytes end or where it does not know what follows,
// and what it found until then stays. Of a tunnel it gives the outer header
// as the packet's own, and the packet inside it in fields of its own (see
// tunnel). known is false when nothing is known of the header's protocol.
func dissect(r *flow.Record, protocol uint32, p []byte) (d dissected, known bool) {
	switch protocol {
	case headerEthernet:
		return ethernet(r, p), true
	case headerIPv4:
		return ipv4(r, p, 0), true
	case headerIPv6:
		return ipv6(r, p, 0), true
	case headerMPLS:
		return mpls(r, p, 0), true
	case headerPPP, headerPOS:
		return pointToPoint(r, p), true
	case headerWLAN:
		return wlan(r, p), true
	case headerAMSDU:
		return ethernet(r, p), true
	case headerTokenRing:
		return tokenRing(r, p), true
	case headerFDDI:
		return fddi(r, p), true
	case headerFrameRelay:
		return frameRelay(r, p), true
	case headerAAL5:
		return llc(r, p, 0), true
	case headerAAL5IP:
		return either(r, p), true
	}
	return noNetwork, false
}

func ethernet(r *flow.Record, p []byte) dissected {
	if len(p) < ethernetLen {
		addresses(r, p, 0)
		return noNetwork
	}
	r.SetDestinationMAC(flow.MAC(p[:6]))
	r.SetSourceMAC(flow.MAC(p[6:12]))
	return etherTypeTagged(r, p, ethernetLen-2)
}

// etherTypeTagged reads an EtherType at p[at] and the tags that it may be the
// first of. Two VLANs are kept, of all that are read.
func etherTypeTagged(r *flow.Record, p []byte, at int) dissected {
	typ := binary.BigEndian.Uint16(p[at:])
	at += 2
	for tags := 0; typ != etherIPv4 && typ != etherIPv6; tags++ { // most have few tags
		size := tagSize(typ)
		if size == 0 {
			break
		}
		if tags == maxTags || len(p) < at+size {
			return noNetwork
		}
		// Identifier 0 is a priority tag: it names no VLAN.
		if id := binary.BigEndian.Uint16(p[at:]) & 0xfff; size == vlanTag && id != 0 && id != vlanReserve {
			switch {
			case !r.Has(flow.FieldNetworkVLANID):
				r.SetNetworkVLANID(id)
			case !r.Has(flow.FieldNetworkInnerVLANID):
				r.SetNetworkInnerVLANID(id)
			}
		}
		at += size
		typ = binary.BigEndian.Uint16(p[at-2:])
	}
	if typ > 1500 {
		return etherType(r, typ, p, at)
	}
	return llc(r, p, at) // IEEE 802.3: the field is a length
}

// vlanTag is the size of a VLAN tag behind its EtherType, with the one after it.
const vlanTag = 4

// tagSize is the size of what stands between an EtherType and the next one, which
// it includes; 0 when the EtherType is that of a packet.
func tagSize(typ uint16) int {
	switch typ {
	case etherVLAN, etherQinQ, etherQinQOld, etherQinQOld2:
		return vlanTag
	case etherVNTag:
		return 6
	case etherETag:
		return 8
	case etherPBB:
		return 4 + ethernetLen // service tag, and the customer's whole header
	}
	return 0
}

// etherType goes on behind an EtherType. One that carries no IP is kept by
// IPFIX's name for it (element 256).
func etherType(r *flow.Record, typ uint16, p []byte, at int) dissected {
	switch typ {
	case etherIPv4:
		return ipv4(r, p, at)
	case etherIPv6:
		return ipv6(r, p, at)
	case etherMPLS, etherMPLSMult:
		return mpls(r, p, at)
	case etherPPPoE:
		// Version and type, code, session, length: RFC 2516 section 4.
		if len(p) >= at+6 && p[at] == 0x11 && p[at+1] == 0 {
			return ppp(r, p, at+6)
		}
	}
	if len(r.Extra) >= maxExtra {
		return noNetwork
	}
	r.Extra = append(r.Extra, flow.Element{Name: "ethernetType", Kind: flow.ElementUint, Num: uint64(typ)})
	return noNetwork
}

// ppp goes on behind PPP's protocol field (RFC 1661; numbers from IANA).
func ppp(r *flow.Record, p []byte, at int) dissected {
	if len(p) < at+2 {
		return noNetwork
	}
	switch binary.BigEndian.Uint16(p[at:]) {
	case 0x0021:
		return ipv4(r, p, at+2)
	case 0x0057:
		return ipv6(r, p, at+2)
	case 0x0281, 0x0283:
		return mpls(r, p, at+2)
	}
	return noNetwork
}

// mpls keeps the label stack and looks at the first half-octet behind it, as
// routers do (RFC 4928): 4 and 6 are IP, 0 is the control word of a pseudowire
// that carries Ethernet (RFC 4385, RFC 4448). A pseudowire without one looks like
// anything.
func mpls(r *flow.Record, p []byte, at int) dissected {
	bottom := false
	for n := 0; n < maxLabels && !bottom; n++ {
		if len(p) < at+4 {
			return noNetwork
		}
		entry := binary.BigEndian.Uint32(p[at:])
		label(r, entry)
		bottom = entry&0x100 != 0
		at += 4
	}
	if !bottom || len(p) <= at {
		return noNetwork
	}
	switch p[at] >> 4 {
	case 4:
		return ipv4(r, p, at)
	case 6:
		return ipv6(r, p, at)
	case 0:
		if len(p) >= at+4+ethernetLen {
			r.SetFlowTunnelType(tunnelPseudowire)
			innerEthernet(r, p[at+4:])
		}
	}
	return noNetwork
}

// label adds the label of a stack entry (RFC 3032 section 2.1); those for which
// the record has no room are left.
func label(r *flow.Record, entry uint32) { r.AddFlowMPLSLabels(entry >> 12) }
