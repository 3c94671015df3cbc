package column

import (
	"net/netip"

	"github.com/weirflow/weir/flow/communityid"
)

// ends is the part of a conversation besides its addresses; -1 is absent.
type ends struct {
	sourcePort, destinationPort int32
	icmpType, icmpCode          int32
	protocol                    uint8
}

// tuple gives what the identifier is computed from; ok is false when there is
// none. The rules are the enricher's.
func (e ends) tuple(source, destination netip.Addr) (t communityid.Tuple, ok bool) {
	t = communityid.Tuple{Source: source, Destination: destination, Protocol: e.protocol}
	if !source.IsValid() || source.Unmap().BitLen() != destination.Unmap().BitLen() {
		return t, false
	}
	switch e.protocol {
	case 6, 17, 132: // TCP, UDP, SCTP
		if e.sourcePort < 0 || e.destinationPort < 0 {
			return t, false
		}
		t.SourcePort, t.DestinationPort = uint16(e.sourcePort), uint16(e.destinationPort)
	case 1, 58: // ICMP, ICMPv6
		switch {
		case e.icmpType >= 0:
			t.SourcePort, t.DestinationPort = uint16(e.icmpType), uint16(max(e.icmpCode, 0))
		case e.destinationPort >= 0:
			t.SourcePort, t.DestinationPort = uint16(e.destinationPort>>8), uint16(e.destinationPort&0xff)
		default:
			return t, false
		}
	}
	return t, true
}
