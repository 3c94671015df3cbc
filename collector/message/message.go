// Package message is what decoders are given beside the bytes, and what they
// report: where a message came from, what was in it and what was wrong with it.
//
// It holds plain values that the decoders of collector/netflow and
// collector/sflow share with the collector; it does no I/O and counts nothing
// itself.
package message

import (
	"fmt"
	"net/netip"
	"time"
)

// Origin tells where a message came from.
type Origin struct {
	// Addr is the transport source address, never IPv4-mapped IPv6.
	Addr netip.Addr
	// Port is the source port of a datagram, 0 when it is not known. It is no part
	// of who the exporter is, as behind address translation and containers it
	// changes; weir doctor finds those by it.
	Port uint16
	// Name is the peer's verified name, or empty.
	Name string
	// Transport is udp, tcp, tls or file.
	Transport string
	// Session is unique for each stream connection, and the scope of its
	// templates (RFC 7011 section 8); 0 for datagrams.
	Session uint64
	// Received is when the message was received, in Unix nanoseconds.
	Received int64
}

// Protocol is an export protocol.
type Protocol uint8

// The export protocols. The zero value is one that was not recognised.
const (
	ProtocolUnknown Protocol = iota
	NetFlow1
	NetFlow5
	NetFlow7
	NetFlow9
	IPFIX
	SFlow5
	// NumProtocols bounds arrays indexed by Protocol.
	NumProtocols
)

var protocolNames = [NumProtocols]string{"unknown", "netflow1", "netflow5", "netflow7", "netflow9", "ipfix", "sflow5"}

// String is the name in documents, metrics and configuration.
func (p Protocol) String() string {
	if p < NumProtocols {
		return protocolNames[p]
	}
	return protocolNames[ProtocolUnknown]
}

// Reason says what was wrong with a message or a part of it.
type Reason uint8

// The reasons.
const (
	// ReasonNone is the zero value.
	ReasonNone Reason = iota
	// ReasonTruncatedHeader: the bytes end inside the message header.
	ReasonTruncatedHeader
	// ReasonUnknownVersion: no protocol that Weir knows begins like this.
	ReasonUnknownVersion
	// ReasonBadLength: a length field claims more than there is, or less than
	// its own header.
	ReasonBadLength
	// ReasonTruncatedSet: a set or flowset ends after the message does.
	ReasonTruncatedSet
	// ReasonBadTemplate: a template that cannot be right.
	ReasonBadTemplate
	// ReasonZeroTemplate: a template whose records would have no bytes.
	ReasonZeroTemplate
	// ReasonTemplateLimit: a template or an observation domain that there is no
	// room for.
	ReasonTemplateLimit
	// ReasonNoTemplate: a data set whose template is not known (yet).
	ReasonNoTemplate
	// ReasonTruncatedRecord: a record that ends after its set does.
	ReasonTruncatedRecord
	// ReasonTruncatedSample: an sFlow sample that ends after the datagram does.
	ReasonTruncatedSample
	// ReasonBadSample: an sFlow sample that contradicts itself.
	ReasonBadSample
	// ReasonUnknownSample: an sFlow sample of a format that is not known.
	ReasonUnknownSample
	// ReasonExporterLimit: more exporters than are kept.
	ReasonExporterLimit
	// ReasonTrailingBytes: bytes after the last thing that could be read.
	ReasonTrailingBytes
	// ReasonReservedSet: a set number that the protocol reserves.
	ReasonReservedSet
	// ReasonProtocolNotAllowed: the protocol is not allowed on this endpoint.
	ReasonProtocolNotAllowed
	// ReasonCountMismatch: the header's count disagrees with what is there.
	// What is there was used.
	ReasonCountMismatch
	// ReasonSamplerLimit: the exporter has more samplers, interfaces or
	// applications than are kept.
	ReasonSamplerLimit
	// ReasonTemplateEvicted: the exporter has more templates than are kept, and
	// the one that was not defined again for longest made room for a new one.
	// Nothing is lost unless data follows that needs it.
	ReasonTemplateEvicted
	// ReasonNoSampler: a flow whose sampler is not known (yet), so that its rate
	// was assumed to be 1. The flow was stored.
	ReasonNoSampler
	// ReasonBadList: structured data (RFC 6313) that contradicts itself. It was kept
	// as it is.
	ReasonBadList
	// ReasonListTemplate: structured data whose template is not known. It was kept
	// as it is.
	ReasonListTemplate
	// ReasonListLimit: structured data that is longer or deeper than is decoded.
	ReasonListLimit
	// NumReasons bounds arrays indexed by Reason.
	NumReasons
)

var reasonNames = [NumReasons]string{"none", "truncated_header", "unknown_version", "bad_length", "truncated_set", "bad_template",
	"zero_size_template", "template_limit", "no_template", "truncated_record", "truncated_sample", "bad_sample", "unknown_sample",
	"exporter_limit", "trailing_bytes", "reserved_set", "protocol_not_allowed", "count_mismatch", "options_limit",
	"template_evicted", "no_sampler", "bad_list", "list_template", "list_limit"}

// String is the value of the reason label in metrics.
func (r Reason) String() string {
	if r < NumReasons {
		return reasonNames[r]
	}
	return "unknown"
}

// Harmless reports whether everything in the message was understood all the
// same, so that the reason is worth counting but no loss.
func (r Reason) Harmless() bool {
	return r == ReasonNone || r == ReasonCountMismatch || r == ReasonTemplateEvicted || r == ReasonNoSampler
}

// Error is one problem in detail.
type Error struct {
	Reason   Reason
	Protocol Protocol
	// Domain is the observation domain, source id or sub-agent.
	Domain uint32
	// Set is the set, template or sample format concerned, 0 when none is.
	Set uint16
	// Offset is where in the message, in bytes.
	Offset int
	// Err says what was wrong.
	Err error
}

// Error names the protocol, the domain, the set and the place.
func (e *Error) Error() string {
	return fmt.Sprintf("%s: %s, domain %d, set %d, byte %d: %v", e.Reason, e.Protocol, e.Domain, e.Set, e.Offset, e.Err)
}

// Unwrap gives the underlying error.
func (e *Error) Unwrap() error { return e.Err }

// Result is what a decoder reports of one message. It is reused: call Reset
// before each message.
type Result struct {
	Protocol Protocol
	// Domain is the observation domain, source id or sub-agent.
	Domain uint32
	// Flows, Options and Counters are records by kind.
	Flows, Options, Counters int
	// Templates and OptionsTemplates are definitions read, repeated ones too.
	Templates, OptionsTemplates int
	// SetsWithoutTemplate is data sets whose template is not known (yet); Held is
	// how many of them are kept until it comes.
	SetsWithoutTemplate, Held int
	// Released is data sets of earlier messages that were held, and are decoded now
	// that their template has come: their records are among Flows and Options.
	Released int
	// Lost is what the sequence numbers say is missing before this message:
	// records (NetFlow v5 and v7, IPFIX), or packets (NetFlow v9, sFlow). NetFlow v1
	// has no numbers.
	Lost uint64
	// Reordered tells that the message came after a later one.
	Reordered bool
	// SamplingRate and SamplingSource are flow.sampling.rate and its source of the
	// message's last flow; 0 without one.
	SamplingRate   uint64
	SamplingSource string
	// ClockSkew is export time minus receive time; 0 for sFlow.
	ClockSkew time.Duration
	// Problems counts by reason.
	Problems [NumReasons]uint32
	// First details the first problem, nil when there was none.
	First *Error
}

// Reset empties the result.
func (r *Result) Reset() { *r = Result{} }

// Add counts a problem. The first one's detail is kept: set and offset say
// where, err says what.
func (r *Result) Add(reason Reason, set uint16, offset int, err error) {
	r.Problems[reason]++
	if r.First == nil {
		r.First = &Error{Reason: reason, Protocol: r.Protocol, Domain: r.Domain, Set: set, Offset: offset, Err: err}
	}
}

// Clean reports whether every byte was understood.
func (r *Result) Clean() bool {
	for reason, n := range r.Problems {
		if n > 0 && !Reason(reason).Harmless() {
			return false
		}
	}
	return true
}
