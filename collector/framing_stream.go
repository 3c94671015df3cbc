package collector

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/weirflow/weir/collector/message"
)

// maxStreamMessage is the longest message that a stream may carry, in bytes:
// IPFIX's length field has 16 bits.
const maxStreamMessage = 65535

// Faults of framing; StreamMessage's errors wrap one of them.
var (
	errStreamProtocol = errors.New("not available over a stream")
	errStreamBytes    = errors.New("not the beginning of a message of IPFIX or NetFlow")
	errStreamLength   = errors.New("bad length")
)

// StreamMessage looks for the end of the message that b begins with, which comes
// from a stream of messages behind each other.
//
// When need is 0 the message is the first size bytes of b. Otherwise need, which is
// above len(b), is how many bytes must be there to say more; size is then len(b) if
// the message may end there, which only more bytes or their absence can tell, and 0
// if it does not.
//
// IPFIX has a length field, NetFlow v5 and its like a count, which has to be
// trusted here. NetFlow v9 ends where a version word stands in place of a FlowSet's
// number. An error means that the stream cannot be read any further.
func StreamMessage(b []byte) (size, need int, err error) {
	if len(b) < setHeader {
		return 0, setHeader, nil
	}
	p := Recognise(b)
	switch {
	case p == message.IPFIX:
		if size = ipfixClaim(b); size < ipfixHeader {
			return 0, 0, fmt.Errorf("%w: a message claims %d bytes, fewer than its header's %d", errStreamLength, size, ipfixHeader)
		}
	case p == message.NetFlow9:
		return streamMessage9(b)
	case p == message.NetFlow1, p == message.NetFlow5, p == message.NetFlow7:
		if size = fixedLength(p, b); size > maxStreamMessage {
			return 0, 0, fmt.Errorf("%w: %d records of %s would be longer than any message", errStreamLength, binary.BigEndian.Uint16(b[2:]), p)
		}
	case p == message.SFlow5:
		return 0, 0, fmt.Errorf("sFlow is %w; it goes over UDP", errStreamProtocol)
	case b[0] == 0x16 && b[1] == 3:
		return 0, 0, fmt.Errorf("%w: the peer speaks TLS to a clear-text endpoint", errStreamBytes)
	default:
		return 0, 0, fmt.Errorf("the bytes % x are %w", b[:setHeader], errStreamBytes)
	}
	if size > len(b) {
		return 0, size, nil
	}
	return size, 0, nil
}

func ipfixClaim(b []byte) int { return int(binary.BigEndian.Uint16(b[2:])) }

// streamMessage9 walks FlowSets to the next message.
func streamMessage9(b []byte) (size, need int, err error) {
	at := netflow9Header
	for at < len(b) {
		if follows(b[at:]) {
			return at, 0, nil
		}
		if at+setHeader > len(b) {
			break
		}
		id, length := binary.BigEndian.Uint16(b[at:]), ipfixClaim(b[at:])
		switch {
		case id > 1 && id < 256:
			return 0, 0, fmt.Errorf("%w: after %d bytes of NetFlow v9 there is neither a FlowSet nor a message, but %d", errStreamBytes, at, id)
		case length < setHeader:
			return 0, 0, fmt.Errorf("%w: FlowSet %d claims %d bytes, less than its own header", errStreamLength, id, length)
		}
		if at += length; at > maxStreamMessage-setHeader {
			return 0, 0, fmt.Errorf("%w: a message of NetFlow v9 is longer than %d bytes", errStreamLength, maxStreamMessage-setHeader)
		}
	}
	if at == len(b) && (at > netflow9Header || binary.BigEndian.Uint16(b[2:]) == 0) {
		size = at
	}
	return size, at + setHeader, nil
}
