package netflow

import (
	"github.com/weirflow/weir/flow"
)

// counted is octets and packets of a flow in both directions, as the exporter
// counts them.
type counted struct{ octets, packets, backOctets, backPackets uint64 }

// flowKey tells flows of an observation domain apart whose counters run on: by
// the exporter's own number of the connection, or by addresses, ports and the
// time that the flow began.
type flowKey struct {
	id           uint64
	start        unixNanos
	startUptime  uptimeMillis
	interfaces   [2]uint32
	source, dest [16]byte
	ports        [2]uint16
	protocol     uint8
}

// running holds what has been counted of flows that are not over: of permanent
// flows and others whose total counters come again and again, and of a firewall's
// connections, whose end repeats what their updates have counted.
type running map[flowKey]counted

const (
	// maxRunning is how many flows are kept of one domain.
	maxRunning = 1 << 15
	// costRunning is what one takes, in bytes, with its share of the map.
	costRunning = 256
)

// keep notes what has been counted of a flow. When there is no room another flow
// makes some, any one: its next total then counts whole.
func (m *run) keep(key flowKey, c counted) {
	d := m.domain
	if _, known := d.running[key]; !known {
		if len(d.running) >= maxRunning || !m.store.reserve(m.x, costRunning) {
			for other := range d.running {
				m.forgetFlow(other)
				break
			}
			if !m.store.reserve(m.x, costRunning) {
				return
			}
		}
		if d.running == nil {
			d.running = running{}
		}
	}
	d.running[key] = c
}

func (m *run) forgetFlow(key flowKey) {
	delete(m.domain.running, key)
	m.store.reserve(m.x, -costRunning)
}

// increment makes totals into what has come since the record before. over tells
// that no further record of the flow will come.
func (m *run) increment(key flowKey, total counted, over bool) counted {
	before, known := m.domain.running[key]
	switch {
	case !over:
		m.keep(key, total)
	case known:
		m.forgetFlow(key)
	}
	if total.octets < before.octets || total.packets < before.packets ||
		total.backOctets < before.backOctets || total.backPackets < before.backPackets {
		return total // it was counted anew
	}
	return counted{total.octets - before.octets, total.packets - before.packets, total.backOctets - before.backOctets, total.backPackets - before.backPackets}
}

// update adds an increment to what has been counted of a connection.
func (m *run) update(key flowKey, c counted) {
	before := m.domain.running[key]
	m.keep(key, counted{add(before.octets, c.octets), add(before.packets, c.packets), add(before.backOctets, c.backOctets), add(before.backPackets, c.backPackets)})
}

// keyOf gives a flow's key; what the record does not say stays 0.
func keyOf(r *flow.Record, s *scratch) flowKey {
	key := flowKey{id: s.flowID, start: s.start, startUptime: s.startUptime}
	if r.Has(flow.FieldSourceIP) {
		key.source = r.SourceIP.As16()
	}
	if r.Has(flow.FieldDestinationIP) {
		key.dest = r.DestinationIP.As16()
	}
	for i, port := range [...]flow.FieldID{flow.FieldSourcePort, flow.FieldDestinationPort} {
		if r.Has(port) {
			key.ports[i] = uint16(r.Uint(port))
		}
	}
	for i, id := range [...]flow.FieldID{flow.FieldIngressInterfaceID, flow.FieldEgressInterfaceID} {
		if r.Has(id) {
			key.interfaces[i] = uint32(r.Uint(id))
		}
	}
	if r.Has(flow.FieldNetworkIANANumber) {
		key.protocol = r.NetworkIANANumber
	}
	return key
}

// Reasons for the end of a flow record (IANA flowEndReason).
const endActiveTimeout = 2

// picked is the counters that octets and packets come from, -1 for none.
type picked struct{ octets, packets, backOctets, backPackets int }

// of gives what they count.
func (p picked) of(s *scratch) counted {
	return counted{s.at(p.octets), s.at(p.packets), s.at(p.backOctets), s.at(p.backPackets)}
}

// picked chooses the counters of a record among some of them.
func (s *scratch) picked(among uint32) picked {
	return picked{s.pick(forwardOctets & among), s.pick(forwardPackets & among), s.pick(reverseOctets & among), s.pick(reversePackets & among)}
}

// once keeps counters that come more than once from being counted twice, and
// reports whether it took anything away. from has where c comes from.
func (m *run) once(r *flow.Record, c counted, from picked) (counted, bool) {
	s := &m.scratch
	connection := flowKey{id: s.flowID}
	switch firewall := s.events[eventFirewall]; {
	case firewall == firewallUpdated && s.flowID != 0 && s.has&initiated != 0:
		m.update(connection, c)
	case firewall == firewallDeleted && s.flowID != 0 && s.has&initiated != 0:
		// Cisco's ASA: updates have increments, the end the totals.
		if rest := m.increment(connection, c, true); rest != c {
			return rest, true
		}
	case s.has&totals != 0:
		over := r.Has(flow.FieldFlowEndReason) && r.FlowEndReason != 0 && r.FlowEndReason != endActiveTimeout
		rest := m.increment(keyOf(r, s), s.picked(totals).of(s), over)
		// A delta counts as it is. The total beside it is noted all the same: it is
		// what is left when the delta of a later record is 0.
		for _, x := range [...]struct {
			from int
			to   *uint64
			c    uint64
		}{{from.octets, &rest.octets, c.octets}, {from.packets, &rest.packets, c.packets},
			{from.backOctets, &rest.backOctets, c.backOctets}, {from.backPackets, &rest.backPackets, c.backPackets}} {
			if bit(x.from)&totals == 0 {
				*x.to = x.c
			}
		}
		if rest != c {
			return rest, true
		}
	}
	return c, false
}
