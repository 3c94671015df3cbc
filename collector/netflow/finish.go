package netflow

import (
	"math"
	"math/bits"

	"github.com/weirflow/weir/flow"
)

// IP protocol numbers that the meaning of other fields depends on.
const (
	protoICMP   = 1
	protoIPv4   = 4
	protoUDP    = 17
	protoIPv6   = 41
	protoGRE    = 47
	protoICMPv6 = 58
)

// finish brings a flow record together from what its fields said.
func (m *run) finish(r *flow.Record) {
	s := &m.scratch
	m.times(r)
	if s.physical && !r.Has(flow.FieldIngressInterfaceID) && !r.Has(flow.FieldEgressInterfaceID) {
		r.SetIngressInterfaceID(s.ingress)
		r.SetEgressInterfaceID(s.egress)
	}
	if r.Has(flow.FieldFlowClientIP) && !r.Has(flow.FieldSourceIP) && !r.Has(flow.FieldDestinationIP) {
		m.client(r)
	}
	if r.Has(flow.FieldSourceIP) {
		if r.SourceIP.Is4() {
			r.SetNetworkType("ipv4")
		} else {
			r.SetNetworkType("ipv6")
		}
	}
	m.icmp(r)
	if s.flagsBack != 0 {
		addFlags(r, s.flagsBack)
	}
	m.counters(r)
	m.names(r)
	if s.app.length != 0 {
		m.application(r)
	}
	if s.event {
		m.happened(r)
	}
	if r.Has(flow.FieldFlowForwardingStatus) {
		m.forwarded(r)
	}
	m.ends(r)
}

// icmp takes type and code from the destination port, where NetFlow puts them
// when the template has no element for them, and drops the ports. Templates for
// every protocol carry type and code in vain when it is another one.
func (m *run) icmp(r *flow.Record) {
	if !r.Has(flow.FieldNetworkIANANumber) {
		return
	}
	known := r.Has(flow.FieldFlowICMPType)
	if r.NetworkIANANumber != protoICMP && r.NetworkIANANumber != protoICMPv6 {
		if known && r.FlowICMPType == 0 && r.FlowICMPCode == 0 {
			r.Clear(flow.FieldFlowICMPType)
			r.Clear(flow.FieldFlowICMPCode)
		}
		return
	}
	port := r.DestinationPort
	if r.Has(flow.FieldDestinationPort) && (!known || m.scratch.icmps && r.FlowICMPType == 0 && r.FlowICMPCode == 0 && port != 0) {
		r.SetFlowICMPType(uint8(port >> 8))
		r.SetFlowICMPCode(uint8(port))
	}
	r.Clear(flow.FieldSourcePort)
	r.Clear(flow.FieldDestinationPort)
}

// client takes the client of a record that names no source and destination for
// one of them: the source where there is a server, too; of a wireless station what
// comes in is from it, and what goes out is to it.
func (m *run) client(r *flow.Record) {
	switch {
	case r.Has(flow.FieldFlowServerIP):
		r.SetSourceIP(r.FlowClientIP)
		r.SetDestinationIP(r.FlowServerIP)
		if r.Has(flow.FieldFlowServerPort) && !r.Has(flow.FieldDestinationPort) {
			r.SetDestinationPort(r.FlowServerPort)
		}
		if port := m.scratch.clientPort; port != 0 && !r.Has(flow.FieldSourcePort) {
			r.SetSourcePort(port)
		}
	case !r.Has(flow.FieldFlowDirection):
	case r.FlowDirection == 0:
		r.SetSourceIP(r.FlowClientIP)
	default:
		r.SetDestinationIP(r.FlowClientIP)
	}
}

// Values of biflowDirection.
const (
	biflowInitiator        = 1
	biflowReverseInitiator = 2
)

// ends sets client and server where the exporter says who began, and the kind of
// tunnel where an address inside one is known.
func (m *run) ends(r *flow.Record) {
	s := &m.scratch
	if (s.has&initiated != 0 || s.biflow == biflowInitiator || s.biflow == biflowReverseInitiator) && r.Has(flow.FieldSourceIP) && r.Has(flow.FieldDestinationIP) {
		// After the translation of the destination, before that of the source.
		to, port, hasPort := r.DestinationIP, r.DestinationPort, r.Has(flow.FieldDestinationPort)
		if r.Has(flow.FieldDestinationNATIP) {
			to = r.DestinationNATIP
			if r.Has(flow.FieldDestinationNATPort) {
				port = r.DestinationNATPort
			}
		}
		if s.biflow == biflowReverseInitiator {
			r.SetFlowClientIP(to)
			r.SetFlowServerIP(r.SourceIP)
			port, hasPort = r.SourcePort, r.Has(flow.FieldSourcePort)
		} else {
			r.SetFlowClientIP(r.SourceIP)
			r.SetFlowServerIP(to)
		}
		if hasPort {
			r.SetFlowServerPort(port)
		}
	}
	if r.Has(flow.FieldInnerSourceIP) && !r.Has(flow.FieldFlowTunnelType) && r.Has(flow.FieldNetworkIANANumber) {
		switch r.NetworkIANANumber {
		case protoIPv4, protoIPv6:
			r.SetFlowTunnelType("ipip")
		case protoGRE:
			r.SetFlowTunnelType("gre")
		case protoUDP:
			setText(r, flow.FieldFlowTunnelType, tunnelPorts[r.DestinationPort])
		}
	}
}

// tunnelPorts are the UDP ports of tunnels (IANA).
var tunnelPorts = map[uint16]string{2152: "gtp", 4789: "vxlan", 6081: "geneve"}

// counters sets the octets and packets, scaled by the sampling rate.
func (m *run) counters(r *flow.Record) {
	s := &m.scratch
	rate, source := m.rate(r)
	r.SetFlowSamplingRate(rate)
	r.SetFlowSamplingSource(source)
	m.res.SamplingRate, m.res.SamplingSource = rate, source
	if s.has == 0 {
		return // an event
	}
	from := s.picked(1<<numCounters - 1)
	octets, packets, backOctets, backPackets := from.octets, from.packets, from.backOctets, from.backPackets
	c := from.of(s)
	if s.has&totals != 0 || s.events[eventFirewall] != 0 && s.flowID != 0 {
		rest, less := m.once(r, c, from)
		if less {
			m.totals(r, octets, packets, backOctets, backPackets)
		}
		c = rest
	}
	if octets >= 0 {
		r.SetSourceBytes(scale(c.octets, rate))
	}
	if packets >= 0 {
		r.SetSourcePackets(scale(c.packets, rate))
	}
	if backOctets >= 0 {
		r.SetDestinationBytes(scale(c.backOctets, rate))
	}
	if backPackets >= 0 {
		r.SetDestinationPackets(scale(c.backPackets, rate))
	}
	const sideless = 1<<counterIncomingOctets | 1<<counterOutgoingOctets | 1<<counterIncomingPackets | 1<<counterOutgoingPackets
	if s.has&sideless != 0 {
		m.sideless(r, octets, packets, rate)
	}
	if octets >= 0 || backOctets >= 0 {
		both := add(c.octets, c.backOctets)
		r.SetNetworkBytes(scale(both, rate))
		if rate > 1 {
			r.SetFlowSamplingBytes(both)
		}
	}
	if packets >= 0 || backPackets >= 0 {
		both := add(c.packets, c.backPackets)
		r.SetNetworkPackets(scale(both, rate))
		if rate > 1 {
			r.SetFlowSamplingPackets(both)
		}
	}
	// The counters after the exporter's own work are kept beside the ones before.
	if s.has&posts == 0 || s.has&(1<<counterOctets|1<<counterPackets) == 0 {
		return
	}
	for left := s.has & posts; left != 0; left &= left - 1 {
		i := bits.TrailingZeros32(left)
		r.Extra = append(r.Extra, flow.Element{Name: counterNames[i], Kind: flow.ElementUint, Num: s.counters[i]})
	}
}

// setBoth sets a network total, and the unscaled one when it was sampled.
func setBoth(r *flow.Record, scaled, raw flow.FieldID, v, rate uint64) {
	r.SetUint(scaled, scale(v, rate))
	if rate > 1 {
		r.SetUint(raw, v)
	}
}

// sideless counts both directions of records that do not tell which end's they
// are, and keeps them under their names.
func (m *run) sideless(r *flow.Record, octets, packets int, rate uint64) {
	s := &m.scratch
	for _, x := range [...]struct {
		in, out     uint8
		known       int
		scaled, raw flow.FieldID
	}{{counterIncomingOctets, counterOutgoingOctets, octets, flow.FieldNetworkBytes, flow.FieldFlowSamplingBytes},
		{counterIncomingPackets, counterOutgoingPackets, packets, flow.FieldNetworkPackets, flow.FieldFlowSamplingPackets}} {
		both := uint64(0)
		for _, i := range [...]uint8{x.in, x.out} {
			if s.has&(1<<i) != 0 {
				both = add(both, s.counters[i])
				r.Extra = append(r.Extra, flow.Element{Name: counterNames[i], Kind: flow.ElementUint, Num: s.counters[i]})
			}
		}
		if x.known < 0 && s.has&(1<<x.in|1<<x.out) != 0 {
			setBoth(r, x.scaled, x.raw, both, rate)
		}
	}
}

// totals keeps the counters as the exporter sent them, when a part of them was
// counted before.
func (m *run) totals(r *flow.Record, picked ...int) {
	for _, i := range picked {
		if i >= 0 {
			r.Extra = append(r.Extra, flow.Element{Name: counterNames[i], Kind: flow.ElementUint, Num: m.scratch.counters[i]})
		}
	}
}

// counterNames are the elements that counters come from.
var counterNames = [numCounters]string{counterOctets: "octetDeltaCount", counterPackets: "packetDeltaCount",
	counterPostOctets: "postOctetDeltaCount", counterPostPackets: "postPacketDeltaCount", counterLayer2Octets: "layer2OctetDeltaCount",
	counterReverseOctets: "reverseOctetDeltaCount", counterReversePackets: "reversePacketDeltaCount",
	counterIncomingOctets: "proceraIncomingOctets", counterOutgoingOctets: "proceraOutgoingOctets",
	counterIncomingPackets: "proceraIncomingPackets", counterOutgoingPackets: "proceraOutgoingPackets",
	counterTotalOctets: "octetTotalCount", counterTotalPackets: "packetTotalCount",
	counterInitiatorOctets: "initiatorOctets", counterInitiatorPackets: "initiatorPackets", counterResponderOctets: "responderOctets", counterResponderPackets: "responderPackets",
	counterPostTotalOctets: "postOctetTotalCount", counterPostTotalPackets: "postPacketTotalCount",
	counterReverseTotalOctets: "reverseOctetTotalCount", counterReverseTotalPackets: "reversePacketTotalCount"}

const posts = 1<<counterPostOctets | 1<<counterPostPackets | 1<<counterPostTotalOctets | 1<<counterPostTotalPackets | 1<<counterLayer2Octets

// scale multiplies, and stops at what signed stores can hold.
func scale(v, rate uint64) uint64 {
	hi, lo := bits.Mul64(v, rate)
	if hi != 0 || lo > math.MaxInt64 {
		return math.MaxInt64
	}
	return lo
}

// add adds, and stops there too.
func add(v, w uint64) uint64 {
	sum, carry := bits.Add64(v, w, 0)
	if carry != 0 || sum > math.MaxInt64 {
		return math.MaxInt64
	}
	return sum
}

// names puts the names that options data gave in place of the numbers.
func (m *run) names(r *flow.Record) {
	if len(m.x.interfaces) > 0 {
		if i, ok := m.x.interfaces[r.IngressInterfaceID]; ok && r.Has(flow.FieldIngressInterfaceID) {
			setText(r, flow.FieldIngressInterfaceName, i.Name)
			setText(r, flow.FieldIngressInterfaceAlias, i.Description)
		}
		if i, ok := m.x.interfaces[r.EgressInterfaceID]; ok && r.Has(flow.FieldEgressInterfaceID) {
			setText(r, flow.FieldEgressInterfaceName, i.Name)
			setText(r, flow.FieldEgressInterfaceAlias, i.Description)
		}
	}
	if len(m.x.vrfs) > 0 {
		if r.Has(flow.FieldFlowVRFIngressID) && !r.Has(flow.FieldFlowVRFName) {
			setText(r, flow.FieldFlowVRFName, string(m.x.vrfs[r.FlowVRFIngressID]))
		}
		if r.Has(flow.FieldFlowVRFEgressID) {
			setText(r, flow.FieldFlowVRFEgressName, string(m.x.vrfs[r.FlowVRFEgressID]))
		}
	}
	if len(m.x.distinguishers) > 0 && !r.Has(flow.FieldFlowVRFRD) && r.Has(flow.FieldFlowVRFIngressID) {
		rd := m.x.distinguishers[r.FlowVRFIngressID]
		if rd == "" && r.Has(flow.FieldFlowVRFEgressID) {
			rd = m.x.distinguishers[r.FlowVRFEgressID]
		}
		setText(r, flow.FieldFlowVRFRD, string(rd))
	}
}

func setText(r *flow.Record, field flow.FieldID, text string) {
	if text != "" {
		r.SetString(field, text)
	}
}

// application looks the application id up in what options data told.
func (m *run) application(r *flow.Record) {
	app, ok := m.x.applications[m.scratch.app]
	if !ok {
		return
	}
	if !r.Has(flow.FieldNetworkApplication) {
		setText(r, flow.FieldNetworkApplication, app.Name)
	}
	if !r.Has(flow.FieldFlowApplicationDescription) {
		setText(r, flow.FieldFlowApplicationDescription, app.Description)
	}
}
