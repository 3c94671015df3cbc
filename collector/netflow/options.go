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

var errNames = errors.New("more interfaces, applications, VRFs or samplers than are kept of one exporter or of all")

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
		if m.store.putSampler(m.x, m.domain, id, rate) {
			r.SetFlowSamplingRate(rate)
		} else {
			m.full()
		}
	}
	m.interfaceName(r)
	if s.appIDLen != 0 {
		app := Application{clip(r.NetworkApplication), clip(r.FlowApplicationDescription)}
		if app != (Application{}) && !put(m.store, m.x, m.x.applications, appKey{s.appID, s.appIDLen}, app) {
			m.full()
		}
	}
	if r.Has(flow.FieldFlowVRFIngressID) && r.Has(flow.FieldFlowVRFName) && !put(m.store, m.x, m.x.vrfs, r.FlowVRFIngressID, vrfName(clip(r.FlowVRFName))) {
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
	i := Interface{clip(m.text(s.texts[textInterfaceName])), clip(m.text(s.texts[textInterfaceDescription]))}
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
	if !put(m.store, m.x, m.x.interfaces, id, i) {
		m.full()
	}
}

func (m *run) full() { m.res.Add(message.ReasonSamplerLimit, 0, 0, errNames) }
