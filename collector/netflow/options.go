package netflow

import (
	"errors"
	"math/bits"

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
	m.told(r)
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
	m.vrf(r)
}

// vrf keeps a VRF's name and route distinguisher.
func (m *run) vrf(r *flow.Record) {
	id := r.FlowVRFIngressID
	if !r.Has(flow.FieldFlowVRFIngressID) {
		if id = r.FlowVRFEgressID; !r.Has(flow.FieldFlowVRFEgressID) {
			return
		}
	}
	if r.Has(flow.FieldFlowVRFName) && !put(m.store, m.x, m.x.vrfs, id, vrfName(clip(r.FlowVRFName))) ||
		r.Has(flow.FieldFlowVRFRD) && !put(m.store, m.x, m.x.distinguishers, id, vrfName(r.FlowVRFRD)) {
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

// told keeps what options data says in elements that flows have another use for:
// counters, which are not traffic, and times.
func (m *run) told(r *flow.Record) {
	s := &m.scratch
	for left := s.has; left != 0; left &= left - 1 {
		i := bits.TrailingZeros32(left)
		r.Extra = append(r.Extra, flow.Element{Name: counterNames[i], Kind: flow.ElementUint, Num: s.counters[i]})
	}
	for _, x := range [...]struct {
		name string
		at   unixNanos
	}{{"systemInitTimeMilliseconds", s.boot}, {"observationTimeMilliseconds", s.observed}} {
		if x.at != 0 {
			r.Extra = append(r.Extra, flow.Element{Name: x.name, Kind: flow.ElementTime, Num: uint64(x.at)})
		}
	}
	if s.start != 0 {
		r.SetEventStart(int64(s.start))
	}
	if s.end != 0 {
		r.SetEventEnd(int64(s.end))
	}
}

func (m *run) full() { m.res.Add(message.ReasonSamplerLimit, 0, 0, errNames) }
