package sflow

import (
	"encoding/binary"

	"github.com/weirflow/weir/flow"
)

// llc goes on behind IEEE 802.2's header when that is SNAP, which carries an
// EtherType (RFC 1042; 00-00-F8 is the bridge tunnel of IEEE 802.1H).
func llc(r *flow.Record, p []byte, at int) dissected {
	if len(p) >= at+8 && p[at] == 0xaa && p[at+1] == 0xaa && p[at+2] == 3 && p[at+3] == 0 && p[at+4] == 0 && (p[at+5] == 0 || p[at+5] == 0xf8) {
		return etherType(r, binary.BigEndian.Uint16(p[at+6:]), p, at+8)
	}
	return noNetwork
}

// addresses sets the hardware addresses at p[at], the destination's first, and
// reports whether both are there.
func addresses(r *flow.Record, p []byte, at int) bool {
	if len(p) >= at+6 {
		r.SetDestinationMAC(flow.MAC(p[at : at+6]))
	}
	if len(p) < at+12 {
		return false
	}
	r.SetSourceMAC(flow.MAC(p[at+6 : at+12]))
	return true
}

// fddi reads a frame of ANSI X3T9.5: frame control, addresses, LLC.
func fddi(r *flow.Record, p []byte) dissected {
	if !addresses(r, p, 1) {
		return noNetwork
	}
	return llc(r, p, 13)
}

// tokenRing reads a frame of IEEE 802.5: access and frame control, addresses,
// routing information if the source address says so, LLC.
func tokenRing(r *flow.Record, p []byte) dissected {
	const controls, routed = 2, 0x80
	if !addresses(r, p, controls) {
		return noNetwork
	}
	at := controls + 12
	if p[controls+6]&routed != 0 {
		source := r.SourceMAC
		source[0] &^= routed
		r.SetSourceMAC(source)
		if len(p) <= at {
			return noNetwork
		}
		at += int(p[at] & 0x1f)
	}
	return llc(r, p, at)
}

// frameRelay reads RFC 2427's encapsulation behind an address of two octets.
func frameRelay(r *flow.Record, p []byte) dissected {
	const (
		unnumbered = 3
		nlpidIPv4  = 0xcc
		nlpidIPv6  = 0x8e
		nlpidSNAP  = 0x80
	)
	if len(p) < 4 || p[0]&1 != 0 || p[1]&1 == 0 {
		return noNetwork
	}
	if p[2] != unnumbered { // Cisco's: an EtherType follows
		return etherType(r, binary.BigEndian.Uint16(p[2:]), p, 4)
	}
	at := 3
	if p[at] == 0 { // padding
		at++
	}
	if len(p) <= at {
		return noNetwork
	}
	switch p[at] {
	case nlpidIPv4:
		return ipv4(r, p, at+1)
	case nlpidIPv6:
		return ipv6(r, p, at+1)
	case nlpidSNAP:
		if len(p) >= at+6 && p[at+1] == 0 && p[at+2] == 0 && p[at+3] == 0 {
			return etherType(r, binary.BigEndian.Uint16(p[at+4:]), p, at+6)
		}
	}
	return noNetwork
}

// pointToPoint reads PPP as it is framed on serial lines and on SONET (RFC 1662,
// RFC 2615), or without the frame's address and control; and Cisco's HDLC, which
// has an EtherType.
func pointToPoint(r *flow.Record, p []byte) dissected {
	switch {
	case len(p) >= 4 && (p[0] == 0x0f || p[0] == 0x8f) && p[1] == 0:
		return etherType(r, binary.BigEndian.Uint16(p[2:]), p, 4)
	case len(p) >= 2 && p[0] == 0xff && p[1] == 3:
		return ppp(r, p, 2)
	}
	return ppp(r, p, 0)
}

// either reads a packet that is IPv4 or IPv6.
func either(r *flow.Record, p []byte) dissected {
	if len(p) > 0 && p[0]>>4 == 6 {
		return ipv6(r, p, 0)
	}
	return ipv4(r, p, 0)
}

// Bits of the frame control of 802.11 (IEEE 802.11-2020 section 9.2.4.1).
const (
	wlanToDS      = 0x01
	wlanFromDS    = 0x02
	wlanProtected = 0x40
	wlanOrder     = 0x80
	wlanNoData    = 0x40 // of the subtype, in the first octet
	wlanQoS       = 0x80 // likewise
)

// wlanHeaderLen is the header with three addresses.
const wlanHeaderLen = 24

// wlan reads a frame of 802.11: whose it is, through which access point, and what
// it carries unless that is encrypted.
func wlan(r *flow.Record, p []byte) dissected {
	const management, data = 0, 2
	if len(p) < wlanHeaderLen || p[0]&3 != 0 {
		return noNetwork
	}
	kind, flags := p[0]>>2&3, p[1]
	if kind != management && kind != data {
		return noNetwork
	}
	first, second, third := flow.MAC(p[4:10]), flow.MAC(p[10:16]), flow.MAC(p[16:22])
	at := wlanHeaderLen
	switch flags & (wlanToDS | wlanFromDS) {
	case 0:
		r.SetDestinationMAC(first)
		r.SetSourceMAC(second)
		r.SetFlowAccessPointMAC(third)
	case wlanToDS:
		r.SetDestinationMAC(third)
		r.SetSourceMAC(second)
		r.SetFlowAccessPointMAC(first)
		r.SetFlowClientMAC(second)
	case wlanFromDS:
		r.SetDestinationMAC(first)
		r.SetSourceMAC(third)
		r.SetFlowAccessPointMAC(second)
		if first[0]&1 == 0 { // else it is to all stations
			r.SetFlowClientMAC(first)
		}
	default: // between access points
		r.SetDestinationMAC(third)
		if len(p) < at+6 {
			return noNetwork
		}
		r.SetSourceMAC(flow.MAC(p[at : at+6]))
		at += 6
	}
	if kind != data || p[0]&wlanNoData != 0 || flags&wlanProtected != 0 || p[22]&0xf != 0 {
		return noNetwork // nothing to read, or not the first fragment
	}
	if p[0]&wlanQoS != 0 {
		if len(p) < at+2 {
			return noNetwork
		}
		several := p[at]&0x80 != 0
		at += 2
		if flags&wlanOrder != 0 {
			at += 4 // HT control
		}
		if several {
			at += 14 // the first subframe's addresses and length
		}
	}
	return llc(r, p, at)
}
