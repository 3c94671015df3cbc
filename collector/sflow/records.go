package sflow

import (
	"encoding/binary"

	"github.com/weirflow/weir/collector/message"
	"github.com/weirflow/weir/flow"
)

// listed is a record of a sample that fields come from.
type listed struct {
	slot uint8
	body []byte
	at   int // offset in the datagram
}

// recordList is those records of one sample in the order of their slots. Of
// records of the same slot the first counts.
type recordList struct {
	list    [numSlots]listed
	n       int
	used    int    // the largest n since forget
	present uint32 // a bit for each slot
	// inner is where in the sampled header the packet inside a tunnel begins, as
	// the agent says; 0 when it does not.
	inner uint32
	// work is what an application did, when the sample is of that and of no packet.
	work transaction
}

func (l *recordList) add(slot uint8, body []byte, at int) {
	if l.present&(1<<slot) != 0 {
		return
	}
	i := l.n
	if l.present>>slot != 0 { // one of a later slot is there
		for ; i > 0 && l.list[i-1].slot > slot; i-- {
			l.list[i] = l.list[i-1]
		}
	}
	l.present |= 1 << slot
	l.n++
	x := &l.list[i] // field by field: a composite is copied twice
	x.slot, x.body, x.at = slot, body, at
}

// reset makes room for the records of the next sample.
func (l *recordList) reset() {
	l.used = max(l.used, l.n)
	l.n, l.present, l.inner = 0, 0, 0
	l.work.known = false
}

// forget lets go of the datagram's bytes, which are not ours to keep.
func (l *recordList) forget() {
	clear(l.list[:l.used])
	l.used = 0
}

// maxExtra is how many elements a record of ours may get from one sample; what
// comes after them is left and counted.
const maxExtra = 512

// keepOctets is how much is kept of a record or structure that has no parser
// here.
const keepOctets = 256

// Kinds of unknownName.
const (
	unknownRecord = iota
	unknownStructure
)

// list sorts the sample's records into slots. What goes to no field becomes
// elements of the record at once.
func (m *run) list(r *flow.Record, s *packet) {
	l := &m.records
	m.parts(s.format, s.count, s.records, s.at, func(format uint32, body []byte, at int) bool {
		switch format {
		case recordHeader: // what nearly every sample has
			l.add(slotHeader, body, at)
			return true
		case recordSwitch:
			l.add(slotSwitch, body, at)
			return true
		}
		if slot, ok := slotOf(format); ok {
			l.add(slot, body, at)
			return true
		}
		if format == recordWLANAggregation {
			return m.aggregation(r, s, body, at)
		}
		return m.element(r, s, format, body, at)
	})
}

// aggregation takes the records of the first of several 802.11 frames that were
// sent as one; the sample's size and rate are those of all of them.
func (m *run) aggregation(r *flow.Record, s *packet, p []byte, at int) bool {
	if len(p) < 4 {
		m.cut(s.format, recordWLANAggregation, p, at)
		return true
	}
	frames := binary.BigEndian.Uint32(p)
	count(r, "wlan_pdus", uint64(frames))
	if frames == 0 {
		return true
	}
	if len(p) < 8 {
		m.cut(s.format, recordWLANAggregation, p, at)
		return true
	}
	m.parts(s.format, binary.BigEndian.Uint32(p[4:]), p[8:], at+8, func(format uint32, body []byte, at int) bool {
		if slot, ok := slotOf(format); ok {
			m.records.add(slot, body, at)
			return true
		}
		return m.element(r, s, format, body, at)
	})
	return true
}

// element keeps a record that no field takes: by the names of its layout, or as
// octets under record_enterprise_format.
func (m *run) element(r *flow.Record, s *packet, format uint32, body []byte, at int) bool {
	if len(r.Extra) >= maxExtra {
		m.problem(message.ReasonBadSample, s.format, at, "more than %d records in one sample", maxExtra)
		return false
	}
	l := records[format]
	if l == nil {
		r.Extra = append(r.Extra, flow.Element{Name: m.unknownName(unknownRecord, "record", format), Kind: flow.ElementHex, Bytes: m.w.Copy(body[:min(len(body), keepOctets)])})
		return true
	}
	m.structure(r, s.format, format, l, body, at)
	if len(body) < 4 {
		return true
	}
	switch v := binary.BigEndian.Uint32(body); format {
	case recordVNIEgress, recordVNIIngress:
		if !r.Has(flow.FieldFlowTunnelID) {
			r.SetFlowTunnelID(uint64(v))
		}
	case recordDecapEgress, recordDecapIngress:
		m.records.inner = v
	case recordACL:
		if rule, _, ok := text(body, 4); ok && len(rule) > 0 {
			r.SetRuleName(m.string(rule))
		}
	}
	return true
}

// cut reports a record that ends before its format does.
func (m *run) cut(sample, format uint32, body []byte, at int) {
	m.problem(message.ReasonBadSample, sample, at, "record of enterprise %d, format %d ends after %d bytes", format>>12, format&0xfff, len(body))
}

// octets is a number of octets that may be unknown.
type octets struct {
	n     uint32
	known bool
}

// apply fills the record's fields from the listed records and gives the size of
// the sampled packet.
//
// That size is the length of the IP packet, as NetFlow and IPFIX count it
// (IANA's element 1, octetDeltaCount), so that exporters of all
// protocols can be compared and summed. It comes from the sampled header's own
// IP length; else from the agent's IP record; else it is the frame's length
// without what stands before the IP header and what the agent stripped. A packet
// that is no IP counts with its frame's length, which agents give with the frame
// check sequence (4 octets).
func (m *run) apply(r *flow.Record, s *packet) (size octets) {
	l := &m.records
	for i := range l.n {
		x := &l.list[i]
		ok := true
		switch x.slot {
		case slotHeader:
			size = m.header(r, s, x.body, x.at)
		case slotIPv4:
			ok = sampledIPv4(r, x.body, &size)
		case slotIPv6:
			ok = sampledIPv6(r, x.body, &size)
		case slotEthernet:
			ok = sampledEthernet(r, x.body, &size)
		case slotSwitch:
			ok = extendedSwitch(r, x.body)
		case slotRouter:
			ok = extendedRouter(r, x.body)
		case slotGateway:
			ok = m.extendedGateway(r, x.body)
		case slotUser:
			ok = m.extendedUser(r, x.body)
		case slotURL:
			ok = m.extendedURL(r, x.body)
		case slotMPLS:
			ok = extendedMPLS(r, x.body)
		case slotNAT:
			ok = extendedNAT(r, x.body)
		case slotNATPort:
			ok = extendedNATPort(r, x.body)
		case slotVLANTunnel, slotVLANIn, slotVLANOut:
			ok = vlanStack(r, x.slot, x.body)
		case slotWLANPayload:
			ok = wlanPayload(r, x.body, &size)
		case slotWLANRx, slotWLANTx:
			ok = m.wlanRadio(r, x.slot == slotWLANTx, x.body)
		default:
			ok = m.application(r, x.slot, x.body)
		}
		if !ok {
			m.problem(message.ReasonBadSample, s.format, x.at, "a record of %d bytes is not what its format says", len(x.body))
		}
	}
	return size
}

// sampledHeaderLen is what stands before the header's bytes: protocol, frame
// length, stripped octets, and the number of bytes.
const sampledHeaderLen = 16

// header reads a sampled header (sFlow v5, struct sampled_header).
func (m *run) header(r *flow.Record, s *packet, p []byte, at int) octets {
	if len(p) < sampledHeaderLen {
		m.cut(s.format, recordHeader, p, at)
		return octets{}
	}
	protocol, frame, stripped, length := binary.BigEndian.Uint32(p), binary.BigEndian.Uint32(p[4:]), binary.BigEndian.Uint32(p[8:]), binary.BigEndian.Uint32(p[12:])
	bytes := p[sampledHeaderLen:]
	if uint64(length) > uint64(len(bytes)) {
		m.problem(message.ReasonBadSample, s.format, at, "a sampled header claims %d bytes, its record holds %d", length, len(bytes))
	} else {
		bytes = bytes[:length]
	}
	d, known := dissect(r, protocol, bytes)
	if !known {
		m.problem(message.ReasonUnknownSample, s.format, at, "sampled header of protocol %d", protocol)
	}
	if inner := m.records.inner; inner > 0 && uint64(inner) < uint64(len(bytes)) && !r.Has(flow.FieldInnerSourceIP) {
		innerPacket(r, bytes[inner:])
	}
	switch before := uint64(stripped) + uint64(max(d.network, 0)); {
	case d.length != 0:
		return octets{d.length, true}
	case d.network >= 0 && uint64(frame) > before:
		return octets{frame - uint32(before), true}
	}
	return octets{frame, frame != 0}
}
