package sflow

import (
	"encoding/binary"

	"github.com/weirflow/weir/flow"
)

// Values of flow.tunnel.type.
const (
	tunnelIPIP       = "ipip" // IPv4 or IPv6 in either
	tunnelGRE        = "gre"
	tunnelNVGRE      = "nvgre"
	tunnelERSPAN     = "erspan"
	tunnelPPTP       = "pptp"
	tunnelEtherIP    = "etherip"
	tunnelMPLS       = "mpls"
	tunnelVXLAN      = "vxlan"
	tunnelVXLANGPE   = "vxlan-gpe"
	tunnelGeneve     = "geneve"
	tunnelGTP        = "gtp"
	tunnelTeredo     = "teredo"
	tunnelLISP       = "lisp"
	tunnelPseudowire = "pseudowire" // Ethernet over MPLS
)

// tunnel says that the packet is a tunnel's, and which.
func tunnel(r *flow.Record, kind string, id uint64) {
	r.SetFlowTunnelType(kind)
	r.SetFlowTunnelID(id)
}

// tunnelIP reads what an IP packet of a tunnel's protocol carries.
func tunnelIP(r *flow.Record, proto uint8, p []byte) {
	switch proto {
	case protoIPv4, protoIPv6:
		r.SetFlowTunnelType(tunnelIPIP)
		innerIP(r, p)
	case protoGRE:
		gre(r, p)
	case protoEtherIP:
		if len(p) >= 2 && p[0]>>4 == 3 {
			r.SetFlowTunnelType(tunnelEtherIP)
			innerEthernet(r, p[2:])
		}
	case protoMPLS:
		r.SetFlowTunnelType(tunnelMPLS)
		innerMPLS(r, p)
	}
}

// Bits of GRE's first word (RFC 2784, RFC 2890, RFC 2637).
const (
	greChecksum  = 0x8000
	greRouting   = 0x4000 // RFC 1701; not read
	greKey       = 0x2000
	greSequence  = 0x1000
	greAck       = 0x0080 // version 1
	greVersion   = 0x0007
	etherBridged = 0x6558 // transparent Ethernet bridging
	etherPPP     = 0x880b
	etherERSPAN  = 0x88be // types I and II
	etherERSPAN3 = 0x22eb
	// firstVSID is the lowest virtual subnet that NVGRE may use (RFC 7637 section
	// 3.2). A bridge over GRE with a small key is no NVGRE.
	firstVSID = 0x1000
)

// gre reads GRE in its versions 0 and 1 (PPTP).
func gre(r *flow.Record, p []byte) {
	if len(p) < 4 {
		return
	}
	flags, typ := binary.BigEndian.Uint16(p), binary.BigEndian.Uint16(p[2:])
	at := 4
	if flags&greChecksum != 0 {
		at += 4
	}
	key := at
	if flags&greKey != 0 {
		at += 4
	}
	if flags&greSequence != 0 {
		at += 4
	}
	if flags&greVersion == 1 {
		if flags&greAck != 0 {
			at += 4
		}
		if typ != etherPPP || flags&greKey == 0 || len(p) < at {
			return
		}
		tunnel(r, tunnelPPTP, uint64(binary.BigEndian.Uint16(p[key+2:]))) // the call
		innerPPP(r, p[at:])
		return
	}
	if flags&(greVersion|greRouting) != 0 || len(p) < at {
		return
	}
	inner := p[at:]
	kind := tunnelGRE
	if flags&greKey != 0 {
		id := uint64(binary.BigEndian.Uint32(p[key:]))
		if typ == etherBridged && flags&(greChecksum|greSequence) == 0 && id>>8 >= firstVSID {
			kind, id = tunnelNVGRE, id>>8
		}
		r.SetFlowTunnelID(id)
	}
	switch typ {
	case etherERSPAN, etherERSPAN3:
		erspan(r, typ, flags&greSequence != 0, inner)
		return
	case etherBridged:
		innerEthernet(r, inner)
	case etherPPP:
		innerPPP(r, inner)
	default:
		innerEther(r, typ, inner)
	}
	r.SetFlowTunnelType(kind)
}

// erspan reads a mirrored frame, as switches send it
// (draft-foschiano-erspan-03). Its number is the session's.
func erspan(r *flow.Record, typ uint16, sequenced bool, p []byte) {
	r.SetFlowTunnelType(tunnelERSPAN)
	size := 8
	switch {
	case typ == etherERSPAN && !sequenced: // type I has no header
		innerEthernet(r, p)
		return
	case typ == etherERSPAN3:
		size = 12
	}
	if len(p) < size {
		return
	}
	r.SetFlowTunnelID(uint64(binary.BigEndian.Uint16(p[2:]) & 0x3ff))
	if typ == etherERSPAN3 && p[11]&1 != 0 { // an optional header follows
		size += 8
	}
	if len(p) > size {
		innerEthernet(r, p[size:])
	}
}

// The destination ports of tunnels over UDP (IANA).
const (
	portGTP        = 2152
	portTeredo     = 3544
	portLISP       = 4341
	portVXLAN      = 4789
	portVXLANGPE   = 4790
	portGeneve     = 6081
	portMPLS       = 6635
	portVXLANLinux = 8472 // before VXLAN had a port, and Linux's default
)

// tunnelUDP reads the payload of a UDP packet that goes to a tunnel's port. The
// port alone proves nothing: the header behind it must be of its kind, too.
func tunnelUDP(r *flow.Record, p []byte) {
	switch r.DestinationPort {
	case portVXLAN, portVXLANLinux:
		// Flags with the bit for a valid number (RFC 7348 section 5).
		if len(p) >= 8 && p[0]&0x08 != 0 {
			tunnel(r, tunnelVXLAN, uint64(binary.BigEndian.Uint32(p[4:])>>8))
			innerEthernet(r, p[8:])
		}
	case portVXLANGPE:
		vxlanGPE(r, p)
	case portGeneve:
		// Version 0, length of options in words, and the type (RFC 8926 section 3.4).
		if len(p) < 8 || p[0]>>6 != 0 {
			return
		}
		tunnel(r, tunnelGeneve, uint64(binary.BigEndian.Uint32(p[4:])>>8))
		if at := 8 + 4*int(p[0]&0x3f); len(p) >= at {
			innerBridged(r, binary.BigEndian.Uint16(p[2:]), p[at:])
		}
	case portGTP:
		gtp(r, p)
	case portTeredo:
		teredo(r, p)
	case portLISP:
		// A number only with its flag (RFC 9300 section 5.1).
		if len(p) < 9 || !(p[8]>>4 == 4 || p[8]>>4 == 6) {
			return
		}
		if p[0]&0x08 != 0 {
			r.SetFlowTunnelID(uint64(binary.BigEndian.Uint32(p[4:]) >> 8))
		}
		r.SetFlowTunnelType(tunnelLISP)
		innerIP(r, p[8:])
	case portMPLS:
		r.SetFlowTunnelType(tunnelMPLS)
		innerMPLS(r, p)
	}
}

// vxlanGPE reads draft-ietf-nvo3-vxlan-gpe: a flag says that the protocol is
// named.
func vxlanGPE(r *flow.Record, p []byte) {
	if len(p) < 8 || p[0]&0x08 == 0 {
		return
	}
	tunnel(r, tunnelVXLANGPE, uint64(binary.BigEndian.Uint32(p[4:])>>8))
	switch next := p[3]; {
	case p[0]&0x04 == 0 || next == 3:
		innerEthernet(r, p[8:])
	case next == 1 || next == 2:
		innerIP(r, p[8:])
	}
}

// maxGTPExtensions is how many extension headers of GTP are walked.
const maxGTPExtensions = 8

// gtp reads a user packet of GTP version 1 (3GPP TS 29.281 section 5).
func gtp(r *flow.Record, p []byte) {
	const (
		version1   = 0x30 // with the bit for GTP proper
		optional   = 0x07 // any of extension, sequence, N-PDU
		extension  = 0x04
		userPacket = 0xff
	)
	if len(p) < 8 || p[0]&0xf0 != version1 || p[1] != userPacket {
		return
	}
	tunnel(r, tunnelGTP, uint64(binary.BigEndian.Uint32(p[4:])))
	at := 8
	if p[0]&optional != 0 {
		at += 4
		if len(p) < at {
			return
		}
		next := p[at-1]
		if p[0]&extension == 0 {
			next = 0
		}
		for range maxGTPExtensions {
			if next == 0 || len(p) <= at {
				break
			}
			size := 4 * int(p[at])
			if size == 0 || len(p) < at+size {
				return
			}
			at += size
			next = p[at-1]
		}
		if next != 0 {
			return
		}
	}
	if len(p) > at {
		innerIP(r, p[at:])
	}
}

// teredo reads IPv6 behind Teredo's indications (RFC 4380 section 5.1.1).
func teredo(r *flow.Record, p []byte) {
	if len(p) >= 4 && p[0] == 0 && p[1] == 1 { // authentication
		size := 13 + int(p[2]) + int(p[3])
		if len(p) < size {
			return
		}
		p = p[size:]
	}
	if len(p) >= 8 && p[0] == 0 && p[1] == 0 { // origin
		p = p[8:]
	}
	if len(p) >= ipv6Len && p[0]>>4 == 6 {
		r.SetFlowTunnelType(tunnelTeredo)
		innerIP(r, p)
	}
}
