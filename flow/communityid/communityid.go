// Package communityid computes Community ID version 1, a short name for a
// conversation that many network tools agree on
// (github.com/corelight/community-id-spec). It allocates nothing and keeps no
// state.
package communityid

import (
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"net/netip"
)

// Length of an identifier in bytes: "1:" and a base64 SHA-1.
const Length = 2 + 28

// Tuple is what an identifier is computed from.
type Tuple struct {
	// Source and Destination must both be IPv4 or both be IPv6. An IPv4 address
	// mapped into IPv6 counts as IPv4.
	Source, Destination netip.Addr
	// SourcePort and DestinationPort are the ports of TCP, UDP and SCTP, or type
	// and code of ICMP and ICMPv6; other protocols have none.
	SourcePort, DestinationPort uint16
	// Protocol is the IP protocol number.
	Protocol uint8
}

// Append appends the identifier to dst. It appends nothing when the addresses
// are not of one family.
func Append(dst []byte, seed uint16, t Tuple) []byte {
	source, destination := t.Source.Unmap(), t.Destination.Unmap()
	if !source.IsValid() || source.BitLen() != destination.BitLen() {
		return dst
	}
	sourcePort, destinationPort, oneWay := t.SourcePort, t.DestinationPort, false
	ports := true
	switch t.Protocol {
	case 6, 17, 132:
	case 1:
		destinationPort, oneWay = counterpart(icmpPairs, sourcePort, destinationPort)
	case 58:
		destinationPort, oneWay = counterpart(icmp6Pairs, sourcePort, destinationPort)
	default:
		ports = false
		sourcePort, destinationPort = 0, 0
	}
	if order := source.Compare(destination); !oneWay && (order > 0 || order == 0 && sourcePort > destinationPort) {
		source, destination = destination, source
		sourcePort, destinationPort = destinationPort, sourcePort
	}

	var text [2 + 16 + 16 + 2 + 4]byte
	buf := binary.BigEndian.AppendUint16(text[:0], seed)
	if source.Is4() {
		a, b := source.As4(), destination.As4()
		buf = append(append(buf, a[:]...), b[:]...)
	} else {
		a, b := source.As16(), destination.As16()
		buf = append(append(buf, a[:]...), b[:]...)
	}
	buf = append(buf, t.Protocol, 0)
	if ports {
		buf = binary.BigEndian.AppendUint16(buf, sourcePort)
		buf = binary.BigEndian.AppendUint16(buf, destinationPort)
	}
	sum := sha1.Sum(buf)
	return base64.StdEncoding.AppendEncode(append(dst, "1:"...), sum[:])
}

// pair is a request type and the type that answers it, in either order.
type pair struct{ a, b uint16 }

// The types that answer each other, so that both directions get one identifier
// (the specification's table, which follows Zeek).
var (
	icmpPairs  = []pair{{8, 0}, {13, 14}, {15, 16}, {10, 9}, {17, 18}}
	icmp6Pairs = []pair{{128, 129}, {133, 134}, {135, 136}, {130, 131}, {139, 140}, {144, 145}}
)

// counterpart is what stands in for the destination port of an ICMP message:
// the type that answers it, or its code when nothing does. The message is then
// one-way and its addresses are not put in order.
func counterpart(pairs []pair, kind, code uint16) (port uint16, oneWay bool) {
	for _, p := range pairs {
		switch kind {
		case p.a:
			return p.b, false
		case p.b:
			return p.a, false
		}
	}
	return code, true
}
