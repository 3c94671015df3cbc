package netflow

import (
	"errors"
	"math"
	"math/bits"
	"net/netip"

	"github.com/weirflow/weir/collector/message"
	"github.com/weirflow/weir/flow"
)

// Values of flow.sampling.source.
const (
	rateRecord   = "record"
	rateOptions  = "options"
	rateOverride = "override"
	rateAssumed  = "assumed"
)

// Sampling parameters.
const (
	samplingInterval uint8 = iota // one of how many
	samplingPacketInterval
	samplingPacketSpace
	samplingTimeInterval
	samplingTimeSpace
	samplingSize
	samplingPopulation
	samplingProbability // 64-bit float, by its bits
	samplingHashMin
	samplingHashMax
	samplingSelectedMin
	samplingSelectedMax
	numSampling
)

// sampling holds the sampling parameters of a record.
type sampling struct {
	values [numSampling]uint64
	has    uint16 // a bit for each parameter
}

// put notes a parameter. RouterOS writes them with the low byte first; a value
// of 16 million and more that is small the other way round is taken for that.
func (s *sampling) put(index uint8, v uint64) {
	if v >= 1<<24 && v <= math.MaxUint32 && index <= samplingPopulation {
		if swapped := bits.ReverseBytes32(uint32(v)); swapped < 1<<20 {
			v = uint64(swapped)
		}
	}
	if s.has == 0 {
		s.values = [numSampling]uint64{}
	}
	s.values[index] = v
	s.has |= 1 << index
}

func (s *sampling) have(index uint8) bool { return s.has&(1<<index) != 0 }

// rate gives the rate that the parameters make, 0 for none (RFC 5477 section
// 8.2): size packets of a population are taken, or interval packets and then
// space packets left out, or the same in microseconds, or each packet with a
// probability, or those whose hash is in a range. Size and population go first:
// IOS XR sends an interval of 1 beside them. An interval without a space means
// one of so many, as nobody configures to take every packet that way.
func (s *sampling) rate() uint64 {
	if s.has == 0 {
		return 0
	}
	v := &s.values
	switch {
	case v[samplingSize] != 0 && v[samplingPopulation] >= v[samplingSize]:
		return divide(v[samplingPopulation], v[samplingSize])
	case v[samplingPacketInterval] != 0 && s.have(samplingPacketSpace):
		return divide(add(v[samplingPacketInterval], v[samplingPacketSpace]), v[samplingPacketInterval])
	case v[samplingPacketInterval] != 0 && v[samplingInterval] == 0:
		return min(v[samplingPacketInterval], math.MaxInt64)
	case v[samplingTimeInterval] != 0 && s.have(samplingTimeSpace):
		return divide(add(v[samplingTimeInterval], v[samplingTimeSpace]), v[samplingTimeInterval])
	case s.have(samplingProbability):
		if p := math.Float64frombits(v[samplingProbability]); p > 0 && p <= 1 && 1/p < math.MaxInt64 {
			return uint64(math.Round(1 / p))
		}
	case s.have(samplingSelectedMax) && s.have(samplingHashMax):
		all, taken := v[samplingHashMax]-v[samplingHashMin], v[samplingSelectedMax]-v[samplingSelectedMin]
		if v[samplingHashMax] > v[samplingHashMin] && taken <= all && taken < math.MaxInt64 {
			return divide(add(all, 1), taken+1)
		}
	}
	return min(v[samplingInterval], math.MaxInt64)
}

// divide rounds to the nearest.
func divide(a, b uint64) uint64 { return add(a, b/2) / b }

// samplers maps sampler ids to rates. Rates that were told of an interface stand
// under its number, marked by interfaceSampler.
type samplers map[uint64]uint64

const (
	// noSampler is the id of a rate that was told without one.
	noSampler = 1<<64 - 1
	// interfaceSampler marks an interface's number, and cardSampler that of a line
	// card; ids of samplers stay below.
	interfaceSampler = 1 << 63
	cardSampler      = 1<<63 | 1<<32
)

// samplerKeys is where the rate of a flow may stand; noSampler for what the flow
// does not name.
type samplerKeys struct{ id, ingress, egress, card uint64 }

// of gives the rate of a flow: its sampler's, else its interface's, else its line
// card's, else the one that was told without an id, else, for a flow without an id,
// the only one there is.
func (s samplers) of(k samplerKeys) uint64 {
	if len(s) == 0 {
		return 0
	}
	for _, key := range [...]uint64{k.id, k.ingress, k.egress, k.card} {
		if rate, ok := s[key]; ok && key != noSampler {
			return rate
		}
	}
	if rate, ok := s[noSampler]; ok {
		return rate
	}
	if k.id == noSampler && len(s) == 1 {
		for key, rate := range s {
			if key&interfaceSampler == 0 {
				return rate
			}
		}
	}
	return 0
}

// rate tells one of how many packets was sampled, and who says so.
func (m *run) rate(r *flow.Record) (uint64, string) {
	if rate := m.scratch.sampling.rate(); rate != 0 {
		return rate, rateRecord
	}
	id := uint64(noSampler)
	if r.Has(flow.FieldFlowSamplingID) {
		id = r.FlowSamplingID
	}
	if m.x.samplers > 0 {
		k := samplerKeys{id, noSampler, noSampler, noSampler}
		if r.Has(flow.FieldIngressInterfaceID) {
			k.ingress = interfaceSampler | uint64(r.IngressInterfaceID)
		}
		if r.Has(flow.FieldEgressInterfaceID) {
			k.egress = interfaceSampler | uint64(r.EgressInterfaceID)
		}
		if r.Has(flow.FieldFlowDirection) && r.FlowDirection == 1 {
			k.ingress = noSampler
		} else if r.Has(flow.FieldFlowDirection) {
			k.egress = noSampler
		}
		if m.scratch.hasCard {
			k.card = cardSampler | uint64(m.scratch.card)
		} else if r.Has(flow.FieldFlowExporterEngineID) { // the card's slot, where there are cards
			k.card = cardSampler | uint64(r.FlowExporterEngineID)
		}
		if rate := m.x.samplingRate(m.domain, k); rate != 0 {
			return rate, rateOptions
		}
	}
	if rate := m.x.override; rate != 0 {
		return rate, rateOverride
	}
	if id != noSampler && id != 0 {
		m.noSampler()
	}
	return 1, rateAssumed
}

var errNoSampler = errors.New("a sampler is not known (yet); its flows count as not sampled")

// noSampler counts a flow whose rate had to be assumed. An exporter that never
// tells its rate has it with every flow, so that this must cost nothing: the
// detail is the decoder's, good until its next message.
func (m *run) noSampler() {
	m.res.Problems[message.ReasonNoSampler]++
	if m.res.First == nil {
		m.detail = message.Error{Reason: message.ReasonNoSampler, Protocol: m.res.Protocol, Domain: m.res.Domain, Err: errNoSampler}
		m.res.First = &m.detail
	}
}

// sampler keeps the rate that an options record tells, for a sampler, else for an
// interface, else for the whole domain. That of a line card is kept for the card and
// for the flows that do not name theirs, as few do.
func (m *run) sampler(r *flow.Record) {
	rate := m.scratch.sampling.rate()
	if rate == 0 {
		return
	}
	id := uint64(noSampler)
	switch s := &m.scratch; {
	case r.Has(flow.FieldFlowSamplingID):
		id = r.FlowSamplingID
	case s.scopeInterface:
		id = interfaceSampler | uint64(s.scopeInterfaceID)
	case r.Has(flow.FieldIngressInterfaceID):
		id = interfaceSampler | uint64(r.IngressInterfaceID)
	case r.Has(flow.FieldEgressInterfaceID):
		id = interfaceSampler | uint64(r.EgressInterfaceID)
	}
	card := m.scratch.hasCard && id == noSampler
	if !m.store.putSampler(m.x, m.domain, id, rate) || card && !m.store.putSampler(m.x, m.domain, cardSampler|uint64(m.scratch.card), rate) {
		m.full()
		return
	}
	r.SetFlowSamplingRate(rate)
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
