package netflow

import (
	"errors"

	"github.com/weirflow/weir/collector/message"
	"github.com/weirflow/weir/flow"
)

var errNames = errors.New("more interfaces, applications, VRFs or samplers than are kept of one exporter or of all")

// options uses what an options data record tells.
func (m *run) options(r *flow.Record) {
	s := &m.scratch
	r.SetTimestamp(int64(m.exported))
	if s.boot != 0 {
		m.domain.boot, m.domain.hasBoot = s.boot, true
		m.boot, m.hasBoot = s.boot, true
	}
	m.sampler(r)
	m.interfaceName(r)
	if name := s.texts[textSubApp]; len(name) > 0 && s.app.length == 4 {
		key := appKey{s.app.id<<16 | uint64(s.subApp), subAppLength}
		if !put(m.store, m.x, m.x.applications, key, Application{Name: clip(m.text(name))}) {
			m.full()
		}
	} else if s.app.length != 0 {
		app := Application{clip(r.NetworkApplication), clip(r.FlowApplicationDescription)}
		if app != (Application{}) && !put(m.store, m.x, m.x.applications, s.app, app) {
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
