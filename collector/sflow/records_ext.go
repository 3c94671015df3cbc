package sflow

import (
	"bytes"
	"encoding/binary"
	"net/netip"

	"github.com/weirflow/weir/flow"
)

// The functions below each read one record of sFlow v5 into fields that are not
// there yet, and report false when it ends before its format does. What was
// whole is used all the same.

// Bytes of the records of fixed size.
const (
	sampledIPv4Len  = 32
	sampledIPv6Len  = 56
	extSwitchLen    = 16
	ethernetPadded  = 24 // MAC addresses as XDR pads them
	ethernetCompact = 20 // and as some agents send them
)

func sampledIPv4(r *flow.Record, p []byte, size *octets) bool {
	if len(p) < sampledIPv4Len {
		return false
	}
	if !r.Has(flow.FieldSourceIP) && !r.Has(flow.FieldDestinationIP) {
		r.SetNetworkType(typeIPv4)
		r.SetSourceIP(netip.AddrFrom4([4]byte(p[8:])))
		r.SetDestinationIP(netip.AddrFrom4([4]byte(p[12:])))
		*size = octets{binary.BigEndian.Uint32(p), true}
	}
	sampledTransport(r, binary.BigEndian.Uint32(p[4:]), p[16:])
	return true
}

func sampledIPv6(r *flow.Record, p []byte, size *octets) bool {
	if len(p) < sampledIPv6Len {
		return false
	}
	if !r.Has(flow.FieldSourceIP) && !r.Has(flow.FieldDestinationIP) {
		r.SetNetworkType(typeIPv6)
		r.SetSourceIP(netip.AddrFrom16([16]byte(p[8:])))
		r.SetDestinationIP(netip.AddrFrom16([16]byte(p[24:])))
		*size = octets{binary.BigEndian.Uint32(p), true}
	}
	sampledTransport(r, binary.BigEndian.Uint32(p[4:]), p[40:])
	return true
}

// sampledTransport reads what both IP records end with: ports, TCP flags and
// type of service (IPv6: priority), 32 bits each.
func sampledTransport(r *flow.Record, proto uint32, p []byte) {
	if proto > 255 {
		return
	}
	if !r.Has(flow.FieldNetworkIANANumber) {
		r.SetNetworkIANANumber(uint8(proto))
	}
	if !r.Has(flow.FieldFlowToS) {
		r.SetFlowToS(uint8(binary.BigEndian.Uint32(p[12:])))
	}
	src, dst := binary.BigEndian.Uint32(p), binary.BigEndian.Uint32(p[4:])
	switch uint8(proto) {
	case protoTCP, protoUDP, protoSCTP, protoDCCP, protoUDPLite:
		if src > 0xffff || dst > 0xffff || src == 0 && dst == 0 || r.Has(flow.FieldSourcePort) {
			break // a later fragment has no ports
		}
		r.SetSourcePort(uint16(src))
		r.SetDestinationPort(uint16(dst))
	}
	if flags := binary.BigEndian.Uint32(p[8:]); proto == protoTCP && flags <= tcpFlagBits && !r.Has(flow.FieldFlowTCPFlags) {
		r.SetFlowTCPFlags(uint16(flags))
	}
}

// sampledEthernet takes the addresses and, when nothing else says it, the size.
func sampledEthernet(r *flow.Record, p []byte, size *octets) bool {
	if len(p) < ethernetCompact {
		return false
	}
	dst, typ := 12, 20
	if len(p) < ethernetPadded {
		dst, typ = 10, 16
	}
	if !r.Has(flow.FieldSourceMAC) && !r.Has(flow.FieldDestinationMAC) {
		r.SetSourceMAC(flow.MAC(p[4:10]))
		r.SetDestinationMAC(flow.MAC(p[dst : dst+6]))
	}
	switch v := binary.BigEndian.Uint32(p[typ:]); {
	case r.Has(flow.FieldNetworkType):
	case v == etherIPv4:
		r.SetNetworkType(typeIPv4)
	case v == etherIPv6:
		r.SetNetworkType(typeIPv6)
	}
	if !size.known {
		*size = octets{binary.BigEndian.Uint32(p), true}
	}
	return true
}

// extendedSwitch takes the VLANs on both sides. The one on the way in is the
// packet's own when the sampled header has no tag: the switch took it off.
func extendedSwitch(r *flow.Record, p []byte) bool {
	if len(p) < extSwitchLen {
		return false
	}
	// 0 is no VLAN, and agents write all ones for unknown.
	if v := binary.BigEndian.Uint32(p); v != 0 && v < vlanReserve {
		r.SetIngressVLANID(uint16(v))
		if !r.Has(flow.FieldNetworkVLANID) {
			r.SetNetworkVLANID(uint16(v))
		}
	}
	if v := binary.BigEndian.Uint32(p[8:]); v != 0 && v < vlanReserve {
		r.SetEgressVLANID(uint16(v))
	}
	return true
}

func extendedRouter(r *flow.Record, p []byte) bool {
	hop, at, ok := address(p, 0)
	if !ok {
		return false
	}
	nextHop(r, hop)
	if len(p) < at+8 {
		return false
	}
	if v := binary.BigEndian.Uint32(p[at:]); v <= 128 {
		r.SetSourcePrefixLength(uint8(v))
	}
	if v := binary.BigEndian.Uint32(p[at+4:]); v <= 128 {
		r.SetDestinationPrefixLength(uint8(v))
	}
	return true
}

// nextHop sets the next hop; the unspecified address is what agents write when
// there is none.
func nextHop(r *flow.Record, hop netip.Addr) {
	if hop.IsValid() && !hop.IsUnspecified() && !r.Has(flow.FieldFlowNextHop) {
		r.SetFlowNextHop(hop)
	}
}

// extendedGateway takes the BGP next hop and the ends of the AS path. A source
// AS of 0 and an empty path are taken for the gateway's own AS, as there is no
// way that leads out of it. Communities and the local preference are left.
func extendedGateway(r *flow.Record, p []byte) bool {
	hop, at, ok := address(p, 0)
	if !ok || len(p) < at+16 {
		return false
	}
	if hop.IsValid() && !hop.IsUnspecified() {
		r.SetFlowBGPNextHop(hop)
	}
	own, src := binary.BigEndian.Uint32(p[at:]), binary.BigEndian.Uint32(p[at+4:])
	if src == 0 {
		src = own
	}
	if src != 0 {
		r.SetSourceASNumber(src)
	}
	if v := binary.BigEndian.Uint32(p[at+8:]); v != 0 {
		r.SetFlowBGPPreviousAS(v)
	}
	segments := binary.BigEndian.Uint32(p[at+12:])
	at += 16
	first, last := uint32(0), own
	for ; segments > 0; segments-- { // ends with the bytes at the latest
		if len(p) < at+8 {
			return false
		}
		n := uint64(binary.BigEndian.Uint32(p[at+4:]))
		at += 8
		if n*4 > uint64(len(p)-at) {
			return false
		}
		if n == 0 {
			continue
		}
		if first == 0 {
			first = binary.BigEndian.Uint32(p[at:])
		}
		at += int(n) * 4
		last = binary.BigEndian.Uint32(p[at-4:])
	}
	if first != 0 {
		r.SetFlowBGPNextAS(first)
	}
	if last != 0 {
		r.SetDestinationASNumber(last)
	}
	return true
}

// text reads a string or octets with their number in front, which XDR pads to
// four. next is the offset behind the padding.
func text(p []byte, at int) (s []byte, next int, ok bool) {
	if len(p) < at+4 {
		return nil, at, false
	}
	n := uint64(binary.BigEndian.Uint32(p[at:]))
	at += 4
	if n > uint64(len(p)-at) {
		return nil, at, false
	}
	return p[at : at+int(n)], min(at+(int(n)+3)&^3, len(p)), true
}

// extendedUser takes the user at the source, else the one at the destination.
// If there are both, the second is an element of its own.
func (m *run) extendedUser(r *flow.Record, p []byte) bool {
	src, at, ok := text(p, 4) // behind the character set
	if !ok {
		return false
	}
	dst, _, ok := text(p, at+4)
	switch {
	case len(src) > 0:
		r.SetUserName(m.string(src))
		if len(dst) > 0 {
			r.Extra = append(r.Extra, flow.Element{Name: "destination_user", Kind: flow.ElementString, Bytes: m.w.Copy(dst)})
		}
	case len(dst) > 0:
		r.SetUserName(m.string(dst))
	}
	return ok
}

// extendedURL takes host and path. A URL that is more than its path is kept
// whole as an element.
func (m *run) extendedURL(r *flow.Record, p []byte) bool {
	url, at, ok := text(p, 4) // behind the direction
	if !ok {
		return false
	}
	host, _, ok := text(p, at)
	path := url
	if i := bytes.Index(path, []byte("://")); i > 0 && !bytes.ContainsAny(path[:i], "/?#") {
		path = path[i+3:]
		end := bytes.IndexAny(path, "/?#")
		if end < 0 {
			end = len(path)
		}
		if len(host) == 0 {
			host = path[:end]
		}
		path = path[end:]
	}
	if i := bytes.IndexAny(path, "?#"); i >= 0 {
		path = path[:i]
	}
	if len(host) > 0 {
		r.SetURLDomain(m.string(host))
	}
	if len(path) > 0 {
		r.SetURLPath(m.string(path))
	}
	if len(path) != len(url) {
		r.Extra = append(r.Extra, flow.Element{Name: "url", Kind: flow.ElementString, Bytes: m.w.Copy(url)})
	}
	return ok
}

// extendedMPLS takes the next hop and, when the sampled header shows no labels,
// the stack of the received packet (entries as in RFC 3032). The stack that was
// sent is left.
func extendedMPLS(r *flow.Record, p []byte) bool {
	hop, at, ok := address(p, 0)
	if !ok || len(p) < at+4 {
		return false
	}
	nextHop(r, hop)
	n := uint64(binary.BigEndian.Uint32(p[at:]))
	at += 4
	if n*4 > uint64(len(p)-at) {
		return false
	}
	if !r.Has(flow.FieldFlowMPLSLabels) {
		for i := range min(int(n), maxLabels) {
			label(r, binary.BigEndian.Uint32(p[at+4*i:]))
		}
	}
	return true
}

func extendedNAT(r *flow.Record, p []byte) bool {
	src, at, ok := address(p, 0)
	if !ok {
		return false
	}
	if src.IsValid() {
		r.SetSourceNATIP(src)
	}
	dst, _, ok := address(p, at)
	if ok && dst.IsValid() {
		r.SetDestinationNATIP(dst)
	}
	return ok
}

func extendedNATPort(r *flow.Record, p []byte) bool {
	if len(p) < 8 {
		return false
	}
	if v := binary.BigEndian.Uint32(p); v <= 0xffff {
		r.SetSourceNATPort(uint16(v))
	}
	if v := binary.BigEndian.Uint32(p[4:]); v <= 0xffff {
		r.SetDestinationNATPort(uint16(v))
	}
	return true
}
