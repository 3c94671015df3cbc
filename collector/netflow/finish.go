package netflow

import (
	"encoding/hex"
	"math"
	"math/bits"
	"net/netip"
	"strconv"

	"github.com/weirflow/weir/flow"
)

// IP protocol numbers whose ports are no ports.
const (
	protoICMP   = 1
	protoICMPv6 = 58
)

// finish brings a flow record together from what its fields said.
func (m *run) finish(r *flow.Record) {
	s := &m.scratch
	m.times(r)
	if r.Has(flow.FieldSourceIP) {
		if r.SourceIP.Is4() {
			r.SetNetworkType("ipv4")
		} else {
			r.SetNetworkType("ipv6")
		}
	}
	m.icmp(r)
	m.counters(r)
	m.names(r)
	if s.appIDLen != 0 {
		m.application(r)
	}
}

// icmp takes type and code from the destination port, where NetFlow puts them
// when the template has no element for them, and drops the ports.
func (m *run) icmp(r *flow.Record) {
	if r.NetworkIANANumber != protoICMP && r.NetworkIANANumber != protoICMPv6 || !r.Has(flow.FieldNetworkIANANumber) {
		return
	}
	known := r.Has(flow.FieldFlowICMPType)
	port := r.DestinationPort
	if r.Has(flow.FieldDestinationPort) && (!known || m.scratch.icmps && r.FlowICMPType == 0 && r.FlowICMPCode == 0 && port != 0) {
		r.SetFlowICMPType(uint8(port >> 8))
		r.SetFlowICMPCode(uint8(port))
	}
	r.Clear(flow.FieldSourcePort)
	r.Clear(flow.FieldDestinationPort)
}

// counters sets the octets and packets, scaled by the sampling rate.
func (m *run) counters(r *flow.Record) {
	s := &m.scratch
	rate, source := m.rate(r)
	r.SetFlowSamplingRate(rate)
	r.SetFlowSamplingSource(source)
	octets, hasOctets := s.pick(forwardOctets)
	packets, hasPackets := s.pick(forwardPackets)
	backOctets, hasBackOctets := s.pick(reverseOctets)
	backPackets, hasBackPackets := s.pick(reversePackets)
	if hasOctets {
		r.SetSourceBytes(scale(octets, rate))
	}
	if hasPackets {
		r.SetSourcePackets(scale(packets, rate))
	}
	if hasBackOctets {
		r.SetDestinationBytes(scale(backOctets, rate))
	}
	if hasBackPackets {
		r.SetDestinationPackets(scale(backPackets, rate))
	}
	if hasOctets || hasBackOctets {
		both := add(octets, backOctets)
		r.SetNetworkBytes(scale(both, rate))
		if rate > 1 {
			r.SetFlowSamplingBytes(both)
		}
	}
	if hasPackets || hasBackPackets {
		both := add(packets, backPackets)
		r.SetNetworkPackets(scale(both, rate))
		if rate > 1 {
			r.SetFlowSamplingPackets(both)
		}
	}
	// The counters after the exporter's own work are kept beside the ones before.
	for i, name := range postNames {
		if s.has&(1<<i) != 0 && name != "" && s.has&(1<<counterOctets|1<<counterPackets) != 0 {
			r.Extra = append(r.Extra, flow.Element{Name: name, Kind: flow.ElementUint, Num: s.counters[i]})
		}
	}
}

var postNames = [numCounters]string{counterPostOctets: "postOctetDeltaCount", counterPostPackets: "postPacketDeltaCount",
	counterPostTotalOctets: "postOctetTotalCount", counterPostTotalPackets: "postPacketTotalCount", counterLayer2Octets: "layer2OctetDeltaCount"}

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

// Values of flow.sampling.source.
const (
	rateRecord   = "record"
	rateOptions  = "options"
	rateOverride = "override"
	rateAssumed  = "assumed"
)

// rate tells one of how many packets was sampled, and who says so.
func (m *run) rate(r *flow.Record) (uint64, string) {
	if rate := m.scratch.rate(); rate != 0 {
		return rate, rateRecord
	}
	id := uint64(noSampler)
	if r.Has(flow.FieldFlowSamplingID) {
		id = r.FlowSamplingID
	}
	if rate := m.x.samplingRate(m.domain, id); rate != 0 {
		return rate, rateOptions
	}
	if rate := m.x.override; rate != 0 {
		return rate, rateOverride
	}
	return 1, rateAssumed
}

// sampling notes a sampling parameter. RouterOS writes them with the low byte
// first; a value of 16 million and more that is small the other way round is
// taken for that.
func (s *scratch) sampling(index uint8, v uint64) {
	if v >= 1<<24 && v <= math.MaxUint32 {
		if swapped := bits.ReverseBytes32(uint32(v)); swapped < 1<<20 {
			v = uint64(swapped)
		}
	}
	switch index {
	case samplingInterval:
		s.interval = v
	case samplingPacketInterval:
		s.pktInterval = v
	case samplingPacketSpace:
		s.pktSpace = v
	case samplingSize:
		s.size = v
	case samplingPopulation:
		s.population = v
	}
	s.samplerSeen = true
}

// rate gives the rate that the sampling parameters make, 0 for none: interval
// packets are taken, then space packets left out (RFC 5477 section 8.2.2 and
// 8.2.3); size packets of a population (8.2.6, 8.2.7).
func (s *scratch) rate() uint64 {
	switch {
	case s.pktInterval != 0:
		return add(add(s.pktInterval, s.pktSpace), s.pktInterval/2) / s.pktInterval
	case s.size != 0 && s.population >= s.size:
		return add(s.population, s.size/2) / s.size
	}
	return min(s.interval, math.MaxInt64)
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
	if len(m.x.vrfs) > 0 && r.Has(flow.FieldFlowVRFIngressID) && !r.Has(flow.FieldFlowVRFName) {
		setText(r, flow.FieldFlowVRFName, string(m.x.vrfs[r.FlowVRFIngressID]))
	}
}

func setText(r *flow.Record, field flow.FieldID, text string) {
	if text != "" {
		r.SetString(field, text)
	}
}

// application looks the application id up in what options data told.
func (m *run) application(r *flow.Record) {
	app, ok := m.x.applications[appKey{m.scratch.appID, m.scratch.appIDLen}]
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

// panaL7 is the engine whose selectors begin with an enterprise number (RFC
// 6759 section 4.1).
const panaL7 = 20

// appIDText writes an application id as engine:selector.
func (m *run) appIDText(v []byte) string {
	var room [40]byte
	out := strconv.AppendUint(room[:0], uint64(v[0]), 10)
	out = append(out, ':')
	if v[0] == panaL7 && len(v) > 5 {
		out = strconv.AppendUint(out, number(v[1:5]), 10)
		out = strconv.AppendUint(append(out, ':'), number(v[5:]), 10)
	} else if len(v) > 1 {
		out = strconv.AppendUint(out, number(v[1:]), 10)
	} else {
		out = append(out, hex.EncodeToString(v[1:])...)
	}
	return m.strings.of(out)
}

// override finds the configured rate for an exporter, 0 for none.
func (c *Config) override(a netip.Addr) (rate uint64) {
	longest := -1
	for prefix, v := range c.SamplingRates {
		if prefix.Contains(a) && prefix.Bits() > longest {
			longest, rate = prefix.Bits(), v
		}
	}
	return rate
}
