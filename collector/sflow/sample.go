package sflow

import (
	"encoding/binary"
	"math"
	"math/bits"

	"github.com/weirflow/weir/collector/message"
	"github.com/weirflow/weir/flow"
)

// Bytes of the fixed part of each sample format: what stands before its records.
const (
	flowSampleLen            = 32
	flowSampleExpandedLen    = 44
	discardedPacketLen       = 32
	counterSampleLen         = 12
	counterSampleExpandedLen = 16
)

// Values of flow.direction (IPFIX element 61).
const (
	directionIngress = 0
	directionEgress  = 1
)

// Formats of an interface (sFlow v5, interface_expanded).
const (
	interfaceIndex     = 0
	interfaceDiscarded = 1 // value is why
	interfaceMultiple  = 2 // value is to how many
	// interfaceNone and interfaceNoneWide are the index of packets that the
	// device itself sends or receives; 0 is one that the agent does not know.
	interfaceNone     = 0x3fffffff
	interfaceNoneWide = 0xffffffff
)

// source is a data source (sFlow v5, sflow_data_source_expanded).
type source struct{ class, index uint32 }

// sourceInterface is the class of a source whose index is an ifIndex.
const sourceInterface = 0

// iface is an interface (sFlow v5, interface_expanded).
type iface struct{ format, value uint32 }

// index gives the ifIndex, ok only when there is one and it is known.
func (i iface) index() (v uint32, ok bool) {
	return i.value, i.format == interfaceIndex && i.value != 0 && i.value != interfaceNone && i.value != interfaceNoneWide
}

// compactInterface splits the compact form: two bits of format, 30 of value.
func compactInterface(v uint32) iface { return iface{v >> 30, v & 0x3fffffff} }

// compactSource splits the compact form: 8 bits of class, 24 of index.
func compactSource(v uint32) source { return source{v >> 24, v & 0xffffff} }

// packet is the fixed part of a flow sample.
type packet struct {
	format     uint32 // of the sample
	source     source
	rate       uint32 // 0: not said
	in, out    iface
	count      uint32 // claimed number of records
	records    []byte
	at         int // offset of records in the datagram
	dropped    bool
	notice     bool   // of a drop
	unreported uint32 // drops that the agent could not report, if notice
	dropReason uint32 // valid if dropped
}

func (m *run) flowSample(p []byte, at int) {
	if len(p) < flowSampleLen {
		m.short(formatFlow, p, at, flowSampleLen)
		return
	}
	m.packet(&packet{format: formatFlow, source: compactSource(binary.BigEndian.Uint32(p[4:])), rate: binary.BigEndian.Uint32(p[8:]),
		in: compactInterface(binary.BigEndian.Uint32(p[20:])), out: compactInterface(binary.BigEndian.Uint32(p[24:])),
		count: binary.BigEndian.Uint32(p[28:]), records: p[flowSampleLen:], at: at + flowSampleLen})
}

func (m *run) flowSampleExpanded(p []byte, at int) {
	if len(p) < flowSampleExpandedLen {
		m.short(formatFlowExpanded, p, at, flowSampleExpandedLen)
		return
	}
	m.packet(&packet{format: formatFlowExpanded, source: source{binary.BigEndian.Uint32(p[4:]), binary.BigEndian.Uint32(p[8:])},
		rate: binary.BigEndian.Uint32(p[12:]), in: iface{binary.BigEndian.Uint32(p[24:]), binary.BigEndian.Uint32(p[28:])},
		out:   iface{binary.BigEndian.Uint32(p[32:]), binary.BigEndian.Uint32(p[36:])},
		count: binary.BigEndian.Uint32(p[40:]), records: p[flowSampleExpandedLen:], at: at + flowSampleExpandedLen})
}

// discardedPacket reads the notice of one dropped packet. Every such packet is
// reported, as far as the agent's rate limit lets it, so its rate is 1.
func (m *run) discardedPacket(p []byte, at int) {
	if len(p) < discardedPacketLen {
		m.short(formatDiscarded, p, at, discardedPacketLen)
		return
	}
	m.packet(&packet{format: formatDiscarded, source: source{binary.BigEndian.Uint32(p[4:]), binary.BigEndian.Uint32(p[8:])},
		rate: 1, in: iface{interfaceIndex, binary.BigEndian.Uint32(p[16:])}, out: iface{interfaceIndex, binary.BigEndian.Uint32(p[20:])},
		dropped: true, dropReason: binary.BigEndian.Uint32(p[24:]), notice: true, unreported: binary.BigEndian.Uint32(p[12:]),
		count: binary.BigEndian.Uint32(p[28:]), records: p[discardedPacketLen:], at: at + discardedPacketLen})
}

// packet makes the record of one sampled packet.
func (m *run) packet(s *packet) {
	r := m.begin(flow.KindFlow)
	m.res.Flows++
	m.interfaces(r, s)
	if s.notice {
		r.SetEventAction(actionDropped)
		if s.unreported > 0 {
			count(r, "drops", uint64(s.unreported))
		}
	}
	m.list(r, s)
	size := m.apply(r, s)
	if m.records.work.known && m.records.present&packetSlots == 0 {
		m.work(r, s.rate, &m.records.work)
	} else {
		m.volume(r, s.rate, size)
	}
	m.records.reset()
}

// packetSlots are the records that say that a packet was sampled.
const packetSlots = 1<<slotHeader | 1<<slotIPv4 | 1<<slotIPv6 | 1<<slotEthernet | 1<<slotWLANPayload

// interfaces sets where the packet came in and went out, and whether it was
// seen on the way in or out. An interface that is none, unknown, or many is left
// out.
func (m *run) interfaces(r *flow.Record, s *packet) {
	in, hasIn := s.in.index()
	if hasIn {
		r.SetIngressInterfaceID(in)
	}
	out, hasOut := s.out.index()
	if hasOut {
		r.SetEgressInterfaceID(out)
	}
	if s.source.class == sourceInterface {
		switch {
		case hasIn && in == s.source.index:
			r.SetFlowDirection(directionIngress)
		case hasOut && out == s.source.index:
			r.SetFlowDirection(directionEgress)
		}
	}
	if s.out.format == interfaceDiscarded {
		s.dropped, s.dropReason = true, s.out.value
	}
	if s.dropped {
		m.dropped(r, s.dropReason)
	}
}

// volume sets octets and packets: one packet of the given size, if it is known,
// scaled by the sampling rate.
func (m *run) volume(r *flow.Record, rate uint32, size octets) {
	factor := m.sampling(r, rate)
	r.SetNetworkPackets(factor)
	r.SetSourcePackets(factor)
	if factor > 1 {
		r.SetFlowSamplingPackets(1)
	}
	if !size.known {
		return
	}
	scaled := scale(uint64(size.n), factor)
	r.SetNetworkBytes(scaled)
	r.SetSourceBytes(scaled)
	if factor > 1 {
		r.SetFlowSamplingBytes(uint64(size.n))
	}
}

// sampling sets the rate, and gives it as a factor.
func (m *run) sampling(r *flow.Record, rate uint32) uint64 {
	factor, said := uint64(rate), "record"
	if rate == 0 {
		factor, said = 1, "assumed"
	}
	r.SetFlowSamplingRate(factor)
	r.SetFlowSamplingSource(said)
	m.res.SamplingRate, m.res.SamplingSource = factor, said
	return factor
}

// work sets what an application's transaction carried both ways, and counts it
// as a flow: how many packets that took is not known.
func (m *run) work(r *flow.Record, rate uint32, w *transaction) {
	factor := m.sampling(r, rate)
	r.SetFlowCount(factor)
	if w.request == 0 && w.response == 0 {
		return
	}
	request, response := scale(w.request, factor), scale(w.response, factor)
	r.SetSourceBytes(request)
	r.SetDestinationBytes(response)
	r.SetNetworkBytes(min(request+response, math.MaxInt64))
	if factor > 1 {
		r.SetFlowSamplingBytes(scale(min(w.request, math.MaxInt64)+min(w.response, math.MaxInt64), 1))
	}
}

// scale multiplies, and stops at what signed stores can hold.
func scale(v, rate uint64) uint64 {
	hi, lo := bits.Mul64(v, rate)
	if hi != 0 || lo > math.MaxInt64 {
		return math.MaxInt64
	}
	return lo
}

// parts walks the tagged parts of a sample, records or structures, and gives
// each to use until that says false. A part that claims more than there is is
// given as far as it goes.
func (m *run) parts(sample, count uint32, p []byte, at int, use func(format uint32, body []byte, at int) bool) {
	for i := uint32(0); i < count; i++ {
		if len(p) < sampleHeaderLen {
			m.problem(message.ReasonBadSample, sample, at, "%d bytes are left, too few for record %d of %d", len(p), i+1, count)
			return
		}
		format, length := binary.BigEndian.Uint32(p), binary.BigEndian.Uint32(p[4:])
		p, at = p[sampleHeaderLen:], at+sampleHeaderLen
		body := p
		if uint64(length) > uint64(len(p)) {
			m.problem(message.ReasonBadSample, sample, at, "record %d of %d claims %d bytes, the sample holds %d more", i+1, count, length, len(p))
		} else {
			body = p[:length]
		}
		if !use(format, body, at) {
			return
		}
		p, at = p[len(body):], at+len(body)
	}
}
