package capture

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/netip"

	"github.com/weirflow/weir/collector"
	"github.com/weirflow/weir/collector/message"
)

// unknownExporter stands for the exporter in files without addresses.
var unknownExporter = netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), 0)

// maxPayload is the largest message: UDP's and IPFIX's lengths have 16 bits.
const maxPayload = 65535

// payloads is a file that holds UDP payloads and nothing else, one or several
// behind each other.
type payloads struct {
	in      *bufio.Reader
	offset  int64
	pending int // bytes at the head of in that the last datagram lies in
}

func (p *payloads) next(*Stats) (Datagram, error) {
	if _, err := p.in.Discard(p.pending); err != nil {
		return Datagram{}, fileError(err)
	}
	p.offset += int64(p.pending)
	p.pending = 0
	window, err := p.in.Peek(maxPayload)
	if len(window) == 0 {
		if err == io.EOF {
			return Datagram{}, io.EOF
		}
		return Datagram{}, fileError(err)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return Datagram{}, fileError(err)
	}
	n, _, unknown := collector.MessageLength(window)
	switch {
	case unknown != nil && p.offset > 0:
		return Datagram{}, &Error{ReasonUnknownBytes, fmt.Errorf("from byte %d on there is no message of a protocol that Weir knows", p.offset)}
	case unknown != nil && len(window) == maxPayload:
		return Datagram{}, &Error{ReasonBadFile, errors.New("this is neither pcap nor pcapng, and it begins no message of a protocol that Weir knows")}
	case unknown != nil:
		n = len(window) // one payload; the decoder says what is wrong with it
	case n < len(window) && collector.Recognise(window[n:]) == message.ProtocolUnknown:
		// What follows begins no message, so the message was longer than it
		// said, as it is when it came in one datagram.
		n = len(window)
	}
	p.pending = n
	return Datagram{Source: unknownExporter, Transport: TransportFile, Payload: window[:n:n]}, nil
}
