package netflow

import (
	"errors"

	"github.com/weirflow/weir/collector/message"
	"github.com/weirflow/weir/flow"
)

// samplers maps sampler ids to rates.
type samplers map[uint64]uint64

// of gives the rate of a sampler. A flow without a sampler id takes the rate
// that was told without one, else the only one there is.
func (s samplers) of(id uint64) uint64 {
	if len(s) == 0 {
		return 0
	}
	if rate, ok := s[id]; ok {
		return rate
	}
	if rate, ok := s[noSampler]; ok {
		return rate
	}
	if id == noSampler && len(s) == 1 {
		for _, rate := range s {
			return rate
		}
	}
	return 0
}

var errNames = errors.New("the exporter names more interfaces, applications, VRFs or samplers than are kept")

// options uses what an options data record tells.
func (m *run) options(r *flow.Record) {
	s := &m.scratch
	r.SetTimestamp(m.exported)
	if s.hasBoot {
		m.domain.boot, m.domain.hasBoot = s.boot, true
		m.boot, m.hasBoot = s.boot, true
	}
	if rate := s.rate(); s.samplerSeen && rate != 0 {
		id := uint64(noSampler)
		if r.Has(flow.FieldFlowSamplingID) {
			id = r.FlowSamplingID
		}
		if put(m.domain.samplers, id, rate, m.x.maxNames) {
			r.SetFlowSamplingRate(rate)
		} else {
			m.full()
		}
	}
	m.interfaceName(r)
	if s.appIDLen != 0 {
		app := Application{r.NetworkApplication, r.FlowApplicationDescription}
		if app != (Application{}) && !put(m.x.applications, appKey{s.appID, s.appIDLen}, app, m.x.maxNames) {
			m.full()
		}
	}
	if r.Has(flow.FieldFlowVRFIngressID) && r.Has(flow.FieldFlowVRFName) && !put(m.x.vrfs, r.FlowVRFIngressID, r.FlowVRFName, m.x.maxNames) {
		m.full()
	}
}

// interfaceName keeps an interface's name under its number, which is an
// element, or the scope in NetFlow v9.
func (m *run) interfaceName(r *flow.Record) {
	s := &m.scratch
	if len(s.texts[textInterfaceName]) == 0 && len(s.texts[textInterfaceDescription]) == 0 {
		return
	}
	i := Interface{m.text(s.texts[textInterfaceName]), m.text(s.texts[textInterfaceDescription])}
	var id uint32
	switch {
	case r.Has(flow.FieldIngressInterfaceID):
		id = r.IngressInterfaceID
	case r.Has(flow.FieldEgressInterfaceID):
		id = r.EgressInterfaceID
	case s.scopeInterface:
		id = s.scopeInterfaceID
	default:
		return
	}
	if !put(m.x.interfaces, id, i, m.x.maxNames) {
		m.full()
	}
}

func (m *run) full() { m.res.Add(message.ReasonSamplerLimit, 0, 0, errNames) }

// put sets a key unless the map is full and the key a new one.
func put[K comparable, V any](in map[K]V, key K, value V, limit int) bool {
	if _, ok := in[key]; !ok && len(in) >= limit {
		return false
	}
	in[key] = value
	return true
}
