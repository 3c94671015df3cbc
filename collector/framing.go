package collector

import (
	"encoding/binary"
	"errors"

	"github.com/weirflow/weir/collector/message"
)

// Sizes of the fixed parts of messages, in bytes.
const (
	netflow1Header = 16
	netflow5Header = 24 // and NetFlow v7's
	netflow5Record = 48 // and NetFlow v1's
	netflow7Record = 52
	netflow9Header = 20
	ipfixHeader    = 16
	setHeader      = 4
	sampleHeader   = 8
)

// ErrNotAMessage is what MessageLength says about bytes that begin no protocol
// that Weir knows.
var ErrNotAMessage = errors.New("the bytes begin no message of NetFlow (1, 5, 7, 9), IPFIX or sFlow v5")

// MessageLength gives the length in bytes and the protocol of the first message
// in b, where messages follow each other without framing, as in a file of
// concatenated payloads. b must hold the whole message, and may hold more.
//
// 1 ≤ n ≤ len(b) unless err is not nil; then n is 0. What the message says about
// its own size is a claim: where it claims more than there is, n is what there
// is, and the decoder reports the fault.
//
//   - NetFlow v1, v5 and v7 end after as many records as their header counts.
//   - NetFlow v9 has no length (RFC 3954 section 5.1), and real exporters' counts
//     are wrong. It ends where the next message begins: a FlowSet number is 0, 1
//     or above 255, so that a version word in its place is a header. Only
//     NetFlow v1 cannot be told from a FlowSet of options templates.
//   - IPFIX has a length field (RFC 7011 section 3.1).
//   - sFlow v5 ends after as many samples as its header counts; the samples say
//     how long they are.
func MessageLength(b []byte) (n int, p message.Protocol, err error) {
	p = Recognise(b)
	switch p {
	case message.NetFlow1, message.NetFlow5, message.NetFlow7:
		n = fixedLength(p, b)
	case message.NetFlow9:
		n = netflow9Length(b)
	case message.IPFIX:
		n = ipfixLength(b)
	case message.SFlow5:
		n = sflowLength(b)
	default:
		return 0, message.ProtocolUnknown, ErrNotAMessage
	}
	return min(n, len(b)), p, nil
}

// fixedLength is of NetFlow v1, v5 and v7.
func fixedLength(p message.Protocol, b []byte) int {
	if len(b) < 4 {
		return len(b)
	}
	header, record := netflow5Header, netflow5Record
	switch p {
	case message.NetFlow1:
		header = netflow1Header
	case message.NetFlow7:
		record = netflow7Record
	}
	return header + int(binary.BigEndian.Uint16(b[2:]))*record
}

func netflow9Length(b []byte) int {
	at := netflow9Header
	for at+setHeader <= len(b) {
		if follows(b[at:]) {
			return at
		}
		id := binary.BigEndian.Uint16(b[at:])
		length := int(binary.BigEndian.Uint16(b[at+2:]))
		if (id > 1 && id < 256) || length < setHeader {
			break // no FlowSet: where the message ends cannot be known
		}
		at += length
	}
	return len(b)
}

// follows reports whether b, which stands where a FlowSet may, is the next message.
func follows(b []byte) bool {
	p := Recognise(b)
	return p != message.ProtocolUnknown && p != message.NetFlow1 && !templateSetOfFive(b)
}

// templateSetOfFive tells a FlowSet of templates that is 5 bytes long, which no
// exporter sends as it has no room for a template, from the head of an sFlow
// datagram, which goes on with the kind of the agent's address.
func templateSetOfFive(b []byte) bool {
	return Recognise(b) == message.SFlow5 && !sflowHead(b)
}

func ipfixLength(b []byte) int {
	if len(b) < ipfixHeader {
		return len(b)
	}
	n := int(binary.BigEndian.Uint16(b[2:]))
	if n < ipfixHeader {
		return len(b)
	}
	return n
}

// sflowHead reports whether b begins like an sFlow datagram: version 5, and an
// agent address of kind 1 (IPv4) or 2 (IPv6).
func sflowHead(b []byte) bool {
	if len(b) < 8 || binary.BigEndian.Uint32(b) != 5 {
		return false
	}
	kind := binary.BigEndian.Uint32(b[4:])
	return kind == 1 || kind == 2
}

func sflowLength(b []byte) int {
	if !sflowHead(b) {
		return len(b)
	}
	at := 28 // version, kind and IPv4 address of the agent, sub-agent, sequence, uptime, count
	if binary.BigEndian.Uint32(b[4:]) == 2 {
		at = 40
	}
	if len(b) < at {
		return len(b)
	}
	for samples := binary.BigEndian.Uint32(b[at-4:]); samples > 0 && at+sampleHeader <= len(b); samples-- {
		// A sample of format 5 would be 1 or 2 bytes long if this were one, and
		// samples are padded to 4 bytes: it is the next datagram.
		if sflowHead(b[at:]) {
			return at
		}
		length := binary.BigEndian.Uint32(b[at+4:])
		if uint64(length) > uint64(len(b)-at-sampleHeader) {
			return len(b)
		}
		at += sampleHeader + int(length)
	}
	return at
}
