package sflow

import (
	"encoding/binary"

	"github.com/weirflow/weir/collector/message"
	"github.com/weirflow/weir/flow"
)

// Flow record formats of enterprise 0.
const (
	recordHeader      = 1
	recordEthernet    = 2
	recordIPv4        = 3
	recordIPv6        = 4
	recordSwitch      = 1001
	recordRouter      = 1002
	recordGateway     = 1003
	recordUser        = 1004
	recordURL         = 1005
	recordMPLS        = 1006
	recordNAT         = 1007
	recordNATPort     = 1020
	recordVNIEgress   = 1029
	recordVNIIngress  = 1030
	recordEgressQueue = 1036
	recordACL         = 1037
	recordFunction    = 1038
)

// The slots of recordList: the order in which records are applied, as earlier
// ones know better. The agent may send them in any order.
const (
	slotHeader = iota
	slotIPv4
	slotIPv6
	slotEthernet
	slotSwitch
	slotRouter
	slotGateway
	slotUser
	slotURL
	slotMPLS
	slotNAT
	slotNATPort
	numSlots
)

// recordList is the records of one sample that fields come from. Of records of
// the same format the first counts.
type recordList struct {
	body [numSlots][]byte
	at   [numSlots]int
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

// list sorts the sample's records into slots. What goes to no field becomes an
// element of the record at once.
func (m *run) list(r *flow.Record, s *packet, list *recordList) {
	m.parts(s.format, s.count, s.records, s.at, func(format uint32, body []byte, at int) bool {
		slot := 0
		switch format {
		case recordHeader:
			slot = slotHeader
		case recordEthernet:
			slot = slotEthernet
		case recordIPv4:
			slot = slotIPv4
		case recordIPv6:
			slot = slotIPv6
		case recordSwitch:
			slot = slotSwitch
		case recordRouter:
			slot = slotRouter
		case recordGateway:
			slot = slotGateway
		case recordUser:
			slot = slotUser
		case recordURL:
			slot = slotURL
		case recordMPLS:
			slot = slotMPLS
		case recordNAT:
			slot = slotNAT
		case recordNATPort:
			slot = slotNATPort
		default:
			return m.element(r, s, format, body, at)
		}
		if list.body[slot] == nil {
			list.body[slot], list.at[slot] = body, at
		}
		return true
	})
}

// element keeps a record that no field takes: a few by their names, others as
// octets under record_enterprise_format.
func (m *run) element(r *flow.Record, s *packet, format uint32, body []byte, at int) bool {
	if len(r.Extra) >= maxExtra {
		m.problem(message.ReasonBadSample, s.format, at, "more than %d records in one sample", maxExtra)
		return false
	}
	switch format {
	case recordVNIEgress:
		m.number(r, s, "vni_egress", body, at)
	case recordVNIIngress:
		m.number(r, s, "vni_ingress", body, at)
	case recordEgressQueue:
		m.number(r, s, "egress_queue", body, at)
	case recordACL:
		m.number(r, s, "acl_number", body, at)
		if name, next, ok := text(body, 4); ok {
			r.Extra = append(r.Extra, flow.Element{Name: "acl_name", Kind: flow.ElementString, Bytes: m.w.Copy(name)})
			if len(body) >= next+4 {
				m.number(r, s, "acl_direction", body[next:], at+next)
			}
		}
	case recordFunction:
		if symbol, _, ok := text(body, 0); ok {
			r.Extra = append(r.Extra, flow.Element{Name: "function", Kind: flow.ElementString, Bytes: m.w.Copy(symbol)})
		} else {
			m.cut(s.format, format, body, at)
		}
	default:
		r.Extra = append(r.Extra, flow.Element{Name: m.unknownName(unknownRecord, "record", format), Kind: flow.ElementHex, Bytes: m.w.Copy(body[:min(len(body), keepOctets)])})
	}
	return true
}

// number adds an element of 32 bits.
func (m *run) number(r *flow.Record, s *packet, name string, body []byte, at int) {
	if len(body) < 4 {
		m.cut(s.format, 0, body, at)
		return
	}
	r.Extra = append(r.Extra, flow.Element{Name: name, Kind: flow.ElementUint, Num: uint64(binary.BigEndian.Uint32(body))})
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
func (m *run) apply(r *flow.Record, s *packet, list *recordList) (size octets) {
	if body := list.body[slotHeader]; body != nil {
		size = m.header(r, s, body, list.at[slotHeader])
	}
	for slot := slotHeader + 1; slot < numSlots; slot++ {
		body := list.body[slot]
		if body == nil {
			continue
		}
		ok := true
		switch slot {
		case slotIPv4:
			ok = sampledIPv4(r, body, &size)
		case slotIPv6:
			ok = sampledIPv6(r, body, &size)
		case slotEthernet:
			ok = sampledEthernet(r, body, &size)
		case slotSwitch:
			ok = extendedSwitch(r, body)
		case slotRouter:
			ok = extendedRouter(r, body)
		case slotGateway:
			ok = extendedGateway(r, body)
		case slotUser:
			ok = m.extendedUser(r, body)
		case slotURL:
			ok = m.extendedURL(r, body)
		case slotMPLS:
			ok = extendedMPLS(r, body)
		case slotNAT:
			ok = extendedNAT(r, body)
		case slotNATPort:
			ok = extendedNATPort(r, body)
		}
		if !ok {
			m.problem(message.ReasonBadSample, s.format, list.at[slot], "a record of %d bytes is not what its format says", len(body))
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
	switch before := uint64(stripped) + uint64(max(d.network, 0)); {
	case d.length != 0:
		return octets{d.length, true}
	case d.network >= 0 && uint64(frame) > before:
		return octets{frame - uint32(before), true}
	}
	return octets{frame, frame != 0}
}
