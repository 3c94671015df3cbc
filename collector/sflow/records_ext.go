package sflow

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"strconv"

	"github.com/weirflow/weir/flow"
)

// The functions below each read one record of sFlow v5 into fields that are not
// there yet, and report false when it ends before its format does. What was
// whole is used all the same.

// Bytes of the records of fixed size.
const (
	sampledIPv4Len  = 32
	sampledIPv6Len  = 56
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

// Limits of what is kept of a route: no real path or set of communities is
// longer.
const (
	maxPath        = 64
	maxCommunities = 64
)

// extendedGateway takes the BGP next hop and the ends of the AS path. A source
// AS of 0 and an empty path are taken for the gateway's own AS, as there is no
// way that leads out of it. The whole path, the communities (RFC 1997) and the
// local preference are elements.
func (m *run) extendedGateway(r *flow.Record, p []byte) bool {
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
	first, last, kept := uint32(0), own, 0
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
		for end := at + int(n)*4; at < end; at += 4 {
			if last = binary.BigEndian.Uint32(p[at:]); kept < maxPath {
				count(r, "dst_as_path", uint64(last))
				kept++
			}
		}
	}
	if first != 0 {
		r.SetFlowBGPNextAS(first)
	}
	if last != 0 {
		r.SetDestinationASNumber(last)
	}
	return m.communities(r, p[at:])
}

// communities reads what stands behind the AS path. Some agents leave it out.
func (m *run) communities(r *flow.Record, p []byte) bool {
	if len(p) == 0 {
		return true
	}
	if len(p) < 4 {
		return false
	}
	n := uint64(binary.BigEndian.Uint32(p))
	p = p[4:]
	if n*4 > uint64(len(p)) {
		return false
	}
	var room [len("65535:65535")]byte
	for i := range min(n, maxCommunities) {
		v := binary.BigEndian.Uint32(p[4*i:])
		s := strconv.AppendUint(append(strconv.AppendUint(room[:0], uint64(v>>16), 10), ':'), uint64(v&0xffff), 10)
		m.word(r, "communities", s)
	}
	p = p[4*n:]
	if len(p) == 0 {
		return true
	}
	if len(p) < 4 {
		return false
	}
	if v := binary.BigEndian.Uint32(p); v != 0 {
		count(r, "localpref", uint64(v))
	}
	return true
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
			m.word(r, "destination_user", dst)
		}
	case len(dst) > 0:
		r.SetUserName(m.string(dst))
	}
	return ok
}

// extendedURL takes host and path.
func (m *run) extendedURL(r *flow.Record, p []byte) bool {
	url, at, ok := text(p, 4) // behind the direction
	if !ok {
		return false
	}
	host, _, ok := text(p, at)
	m.url(r, url, host)
	return ok
}

// url sets the host and path of a request. A URL that is more than its path is
// kept whole as an element.
func (m *run) url(r *flow.Record, url, host []byte) {
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
		m.word(r, "url", url)
	}
}

// extendedMPLS takes the next hop and, when the sampled header shows no labels,
// the stack of the received packet (entries as in RFC 3032). The labels that the
// packet was sent with are elements.
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
	p = p[at+4*int(n):]
	if len(p) < 4 {
		return false
	}
	n = uint64(binary.BigEndian.Uint32(p))
	p = p[4:]
	for i := range min(n, uint64(len(p)/4), maxLabels) {
		count(r, "mpls_out_labels", uint64(binary.BigEndian.Uint32(p[4*i:])>>12))
	}
	return n*4 <= uint64(len(p))
}

// extendedNAT takes the translated addresses. One that was not translated is
// sent as the packet has it, and left out.
func extendedNAT(r *flow.Record, p []byte) bool {
	src, at, ok := address(p, 0)
	if !ok {
		return false
	}
	if src.IsValid() && !(r.Has(flow.FieldSourceIP) && r.SourceIP == src) {
		r.SetSourceNATIP(src)
	}
	dst, _, ok := address(p, at)
	if ok && dst.IsValid() && !(r.Has(flow.FieldDestinationIP) && r.DestinationIP == dst) {
		r.SetDestinationNATIP(dst)
	}
	return ok
}

func extendedNATPort(r *flow.Record, p []byte) bool {
	if len(p) < 8 {
		return false
	}
	if v := binary.BigEndian.Uint32(p); v <= 0xffff && !(r.Has(flow.FieldSourcePort) && uint32(r.SourcePort) == v) {
		r.SetSourceNATPort(uint16(v))
	}
	if v := binary.BigEndian.Uint32(p[4:]); v <= 0xffff && !(r.Has(flow.FieldDestinationPort) && uint32(r.DestinationPort) == v) {
		r.SetDestinationNATPort(uint16(v))
	}
	return true
}
