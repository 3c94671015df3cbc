package rollup

import (
	"github.com/weirflow/weir/flow"
)

// tagOther marks the documents of what had no place of its own.
const tagOther = "other"

// documents calls put with each document of a window. next gives an empty
// record. The window is spent then.
func (w *window) documents(name string, topHosts int, next func() *flow.Record) {
	begin := func(kind by, exporter uint32, sum *sums) *flow.Record {
		r := next()
		r.Kind = flow.KindRollup
		r.SetTimestamp(w.start)
		r.SetFlowRollupInterval(name)
		r.SetFlowRollupBy(byNames[kind])
		r.SetNetworkBytes(stored(sum.bytes))
		r.SetNetworkPackets(stored(sum.packets))
		r.SetFlowCount(stored(sum.flows))
		if kind == byHost || sum.sent > 0 {
			r.SetSourceBytes(stored(sum.sent))
		}
		if kind == byHost || sum.received > 0 {
			r.SetDestinationBytes(stored(sum.received))
		}
		if o := w.exporters[exporter]; o.addr.IsValid() {
			r.SetObserverIP(o.addr)
		}
		if o := w.exporters[exporter]; o.name != "" {
			r.SetObserverName(o.name)
		}
		return r
	}
	for i := range w.rows {
		x := &w.rows[i]
		x.fill(begin(x.key.by, x.key.exporter, &x.sum))
	}
	list, details := w.hosts.largest(topHosts)
	for i := range list {
		h := &list[i]
		details[i].fill(begin(byHost, h.exporter, &h.sum), h)
	}
	for exporter, sum := range w.hosts.others {
		begin(byHost, exporter, sum).AddTags(tagOther)
	}
}

// text sets a field unless there is nothing to say.
func text(r *flow.Record, id flow.FieldID, s string) {
	if s != "" {
		r.SetString(id, s)
	}
}

// fill writes what the row's flows have in common.
func (x *row) fill(r *flow.Record) {
	k := &x.key
	if k.other {
		r.AddTags(tagOther)
	}
	text(r, flow.FieldNetworkDirection, k.direction)
	text(r, flow.FieldFlowLocality, k.locality)
	text(r, flow.FieldFlowSite, k.site)
	text(r, flow.FieldFlowTenant, k.tenant)
	number, name, detail := flow.FieldIngressInterfaceID, flow.FieldIngressInterfaceName, flow.FieldIngressInterfaceAlias
	switch k.by {
	case byInterface:
		if r.SetFlowDirection(k.side); k.side == sideDestination { // whose numbers are IANA's for ingress and egress
			number, name, detail = flow.FieldEgressInterfaceID, flow.FieldEgressInterfaceName, flow.FieldEgressInterfaceAlias
		}
	case byAS:
		number, name = flow.FieldSourceASNumber, flow.FieldSourceASOrganization
		if k.setSide(r) {
			number, name = flow.FieldDestinationASNumber, flow.FieldDestinationASOrganization
		}
	case byCountry:
		code := flow.FieldSourceGeoCountryCode
		name = flow.FieldSourceGeoCountryName
		if k.setSide(r) {
			code, name = flow.FieldDestinationGeoCountryCode, flow.FieldDestinationGeoCountryName
		}
		text(r, code, k.value)
	case byApplication:
		text(r, flow.FieldNetworkApplication, k.value)
		text(r, flow.FieldFlowService, k.service)
		text(r, flow.FieldNetworkTransport, k.transport)
	case byCategory:
		text(r, flow.FieldFlowCategory, k.value)
	}
	if k.has {
		r.SetUint(number, uint64(k.number))
	}
	text(r, name, x.name)
	text(r, detail, x.detail)
}

// setSide says which end the sum is by, and reports whether it is the
// destination.
func (k *rowKey) setSide(r *flow.Record) bool {
	if k.side == sideDestination {
		r.SetFlowRollupSide("destination")
		return true
	}
	r.SetFlowRollupSide("source")
	return false
}

// fill writes what is known of a host.
func (d *hostDetail) fill(r *flow.Record, h *host) {
	if h.family != 0 {
		r.SetSourceIP(h.addr())
	}
	if d.hasAS {
		r.SetSourceASNumber(d.as)
	}
	text(r, flow.FieldSourceASOrganization, d.holder)
	text(r, flow.FieldSourceGeoCountryCode, d.code)
	text(r, flow.FieldSourceGeoCountryName, d.country)
	text(r, flow.FieldSourceDomain, d.domain)
	text(r, flow.FieldSourceLocality, d.locality)
}
