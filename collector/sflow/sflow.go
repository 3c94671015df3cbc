// Package sflow decodes sFlow version 5 datagrams: bytes in, records and typed
// problems out.
//
// The sources are the sFlow v5 specification (sflow.org/sflow_version_5.txt) and
// its extensions for hosts, link aggregation, OpenFlow, tunnels and drops. A
// datagram holds samples, and a sample holds records of one packet or
// structures of counters, each with its length in front. Lengths and counts are
// claims: they are bounded by what is there. The sample's length alone decides
// where the next sample begins, so padding, unknown records and broken ones
// spoil no neighbour.
//
// Samples are parsed here and not by goflow2's decoders/sflow, which are the
// oracle of the tests. Called per sample they would keep neighbours apart, but
// they cost several times as much before a sampled header is looked into (compare
// BenchmarkOracle with BenchmarkDecode), give a sample up for one bad record,
// reserve memory for as many records as an expanded sample claims, hand out the
// padding of a sampled header as a part of it, take MAC addresses for unpadded
// and an AS path for one segment. TestOracleFaults shows each.
//
// The package does no I/O, logs nothing, counts nothing and reads no
// configuration file; collector does.
package sflow

import (
	"encoding/binary"
	"fmt"
	"net/netip"

	"github.com/weirflow/weir/collector/message"
	"github.com/weirflow/weir/flow"
)

// Config bounds what a decoder keeps.
type Config struct {
	// MaxAgents is how many agents (pairs of transport address and agent address
	// with sub-agent) have their sequence numbers followed; the one that was
	// silent for longest goes first. About 200 bytes each. Default 4096; 0 means
	// the default.
	MaxAgents int
}

// DefaultConfig gives the defaults.
func DefaultConfig() Config { return Config{MaxAgents: 4096} }

// Decoder decodes datagrams. It is used by one goroutine; two decoders share
// nothing, so one exporter's datagrams should all go to the same one.
type Decoder struct {
	agents  agents
	strings interner
	names   map[uint64]string
	records recordList // of the sample that is read
}

// NewDecoder gives a decoder.
func NewDecoder(cfg Config) *Decoder {
	if cfg.MaxAgents <= 0 {
		cfg.MaxAgents = DefaultConfig().MaxAgents
	}
	return &Decoder{agents: newAgents(cfg.MaxAgents), strings: interner{}, names: map[uint64]string{}}
}

// Address types (sFlow v5, enum address_type).
const (
	addressUnknown = 0
	addressIPv4    = 1
	addressIPv6    = 2
)

const version = 5

// Old reports whether payload begins as sFlow version 2 or 4 does (RFC 3176,
// section 5): version, then the agent's address with its type. They are not
// decoded: their samples have no lengths, so that one that is not understood
// would spoil all behind it, and no agent of the last twenty years needs them.
func Old(payload []byte) bool {
	if len(payload) < 8 {
		return false
	}
	v, address := binary.BigEndian.Uint32(payload), binary.BigEndian.Uint32(payload[4:])
	return (v == 2 || v == 4) && (address == addressIPv4 || address == addressIPv6)
}

// sampleHeaderLen is a sample's format and length.
const sampleHeaderLen = 8

// run is the state of decoding one datagram.
type run struct {
	*Decoder
	origin message.Origin
	agent  netip.Addr
	w      *flow.Writer
	res    *message.Result
}

// Decode decodes one datagram into w and reports in res, which it resets. What
// can be read is read, whatever else is wrong. payload is not kept.
//
// A flow sample gives one record of one packet, scaled by the sampling rate, and
// a counter sample one of flow.KindCounters. sFlow carries no wall-clock time:
// the record's times are the receive time.
func (d *Decoder) Decode(o message.Origin, payload []byte, w *flow.Writer, res *message.Result) {
	res.Reset()
	m := run{Decoder: d, origin: o, w: w, res: res}
	if len(payload) < 8 {
		m.problem(message.ReasonTruncatedHeader, 0, 0, "%d bytes are too few for an sFlow header", len(payload))
		return
	}
	if v := binary.BigEndian.Uint32(payload); v != version {
		if Old(payload) {
			m.problem(message.ReasonUnknownVersion, 0, 0, "version %d of sFlow, of which version 5 alone is decoded: set the agent to it", v)
		} else {
			m.problem(message.ReasonUnknownVersion, 0, 0, "version %d of sFlow is not 5", v)
		}
		return
	}
	res.Protocol = message.SFlow5
	agent, at, ok := address(payload, 4)
	if !ok || len(payload) < at+16 {
		if typ := binary.BigEndian.Uint32(payload[4:]); typ > addressIPv6 {
			m.problem(message.ReasonBadLength, 0, 4, "agent address of type %d, whose length is not known", typ)
			return
		}
		m.problem(message.ReasonTruncatedHeader, 0, 0, "%d bytes are too few for the header of sFlow version 5", len(payload))
		return
	}
	m.agent = agent
	res.Domain = binary.BigEndian.Uint32(payload[at:])
	state := d.agents.of(agentKey{o.Addr, agent, res.Domain})
	if m.origin.Name == "" {
		m.origin.Name = state.name
	}
	res.Lost, res.Reordered = state.next(binary.BigEndian.Uint32(payload[at+4:]), binary.BigEndian.Uint32(payload[at+8:]))
	m.samples(payload, at+16, binary.BigEndian.Uint32(payload[at+12:]))
	d.records.forget()
}

// samples walks the samples of the datagram p from at on; count is the number
// that the header claims.
func (m *run) samples(p []byte, at int, count uint32) {
	for i := uint32(0); i < count; i++ {
		if at == len(p) {
			m.problem(message.ReasonCountMismatch, 0, at, "the header counts %d samples, there are %d", count, i)
			return
		}
		if len(p) < at+sampleHeaderLen {
			m.problem(message.ReasonTruncatedSample, 0, at, "%d bytes are left, too few for the header of sample %d of %d", len(p)-at, i+1, count)
			return
		}
		format, length := binary.BigEndian.Uint32(p[at:]), binary.BigEndian.Uint32(p[at+4:])
		at += sampleHeaderLen
		body := p[at:]
		if uint64(length) > uint64(len(body)) {
			m.problem(message.ReasonTruncatedSample, format, at, "a sample of %d bytes, of which the datagram holds %d", length, len(body))
			// What is there is read. That its records end early is the same fault,
			// and not one of the sample.
			bad := m.res.Problems[message.ReasonBadSample]
			m.sample(format, body, at)
			m.res.Problems[message.ReasonBadSample] = bad
			return
		}
		body = body[:length]
		m.sample(format, body, at)
		at += len(body)
	}
	for _, b := range p[at:] {
		if b != 0 { // zeros are padding
			m.problem(message.ReasonTrailingBytes, 0, at, "%d bytes after the last of %d samples", len(p)-at, count)
			return
		}
	}
}

// Sample formats of enterprise 0.
const (
	formatFlow            = 1
	formatCounters        = 2
	formatFlowExpanded    = 3
	formatCounterExpanded = 4
	formatDiscarded       = 5 // sflow.org/sflow_drops.txt
)

// sample decodes one sample; at is where in the datagram its body begins.
func (m *run) sample(format uint32, body []byte, at int) {
	switch format {
	case formatFlow:
		m.flowSample(body, at)
	case formatFlowExpanded:
		m.flowSampleExpanded(body, at)
	case formatDiscarded:
		m.discardedPacket(body, at)
	case formatCounters:
		m.counterSample(body, at)
	case formatCounterExpanded:
		m.counterSampleExpanded(body, at)
	default:
		m.problem(message.ReasonUnknownSample, format, at, "sample of enterprise %d, format %d (%d bytes)", format>>12, format&0xfff, len(body))
	}
}

// short reports a sample whose fixed part is not all there.
func (m *run) short(format uint32, body []byte, at, need int) {
	m.problem(message.ReasonBadSample, format, at, "a sample of %d bytes, the fixed part of its format has %d", len(body), need)
}

// problem counts a problem; only the first one's text is made, so that a
// datagram full of them costs little.
func (m *run) problem(reason message.Reason, format uint32, offset int, text string, args ...any) {
	if m.res.First != nil {
		m.res.Add(reason, uint16(format), offset, nil)
		return
	}
	m.res.Add(reason, uint16(format), offset, fmt.Errorf(text, args...))
}

// begin gives the next record with what every record of the datagram shares.
func (m *run) begin(kind flow.Kind) *flow.Record {
	r := m.w.Next()
	r.Kind = kind
	r.SetObserverIP(m.origin.Addr)
	r.SetObserverName(m.origin.Name)
	r.SetFlowExporterProtocol(message.SFlow5.String())
	r.SetFlowExporterTransport(m.origin.Transport)
	r.SetFlowExporterDomain(m.res.Domain)
	if m.agent.IsValid() {
		r.SetFlowExporterAgent(m.agent)
	}
	if t := m.origin.Received; t != 0 {
		r.SetEventCreated(t)
		r.SetEventStart(t)
		r.SetEventEnd(t)
		r.SetTimestamp(t)
		r.SetFlowTimeSource("received")
	}
	return r
}

// address reads an address with its type at p[at]. next is the offset behind
// it; an address of type unknown takes no bytes and gives the zero Addr.
func address(p []byte, at int) (a netip.Addr, next int, ok bool) {
	if len(p) < at+4 {
		return a, at, false
	}
	switch binary.BigEndian.Uint32(p[at:]) {
	case addressUnknown:
		return a, at + 4, true
	case addressIPv4:
		if len(p) >= at+8 {
			return netip.AddrFrom4([4]byte(p[at+4:])), at + 8, true
		}
	case addressIPv6:
		if len(p) >= at+20 {
			return netip.AddrFrom16([16]byte(p[at+4:])), at + 20, true
		}
	}
	return a, at, false
}
