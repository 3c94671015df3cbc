package demo

import (
	"cmp"
	"net/netip"
	"slices"
	"time"

	"github.com/weirflow/weir/flow"
)

// sumsOfEach is how many of each dimension's sums are written: those with most
// octets.
var sumsOfEach = map[string]int{"exporter": 24, "interface": 12, "category": 24, "application": 16, "as": 14, "country": 14, "host": 10}

// dimension is what flows are summed up by: one of flow.rollup.by, with the values
// that the flows have in common.
type dimension struct {
	by, side    string
	observer    *exporter
	direction   string
	locality    string
	port        *port
	way         uint8 // flow.direction, of interfaces
	net         *network
	application string
	transport   string
	service     string
	category    string
	host        netip.Addr
}

// sum is what the flows of a dimension have together.
type sum struct{ octets, packets, flows, sent, received float64 }

// add counts a flow in every dimension.
func (m *maker) add(r *flow.Record, t *talk, in, out *port) {
	base := dimension{observer: t.exporter, direction: r.NetworkDirection, locality: r.FlowLocality}
	one := sum{octets: float64(r.NetworkBytes), packets: float64(r.NetworkPackets), flows: 1, sent: float64(r.NetworkBytes)}
	put := func(d dimension, s sum) {
		if m.sums[d] == nil {
			m.sums[d] = &sum{}
			m.dimensions = append(m.dimensions, d)
		}
		all := m.sums[d]
		all.octets, all.packets, all.flows = all.octets+s.octets, all.packets+s.packets, all.flows+s.flows
		all.sent, all.received = all.sent+s.sent, all.received+s.received
	}
	with := func(by string, change func(d *dimension)) {
		d := base
		d.by = by
		change(&d)
		put(d, one)
	}
	with("exporter", func(*dimension) {})
	with("interface", func(d *dimension) { d.port, d.way = in, 0 })
	with("interface", func(d *dimension) { d.port, d.way = out, 1 })
	with("category", func(d *dimension) { d.category = r.FlowCategory })
	if r.NetworkApplication != "" {
		with("application", func(d *dimension) {
			d.application, d.transport, d.service = r.NetworkApplication, r.NetworkTransport, r.FlowService
		})
	}
	source, destination := t.client.net, t.server.net
	if r.SourceIP == t.server.ip {
		source, destination = destination, source
	}
	side := func(name string, n *network) {
		if n != nil {
			with("as", func(d *dimension) { d.side, d.net = name, n })
			with("country", func(d *dimension) { d.side, d.net = name, n })
		}
	}
	side("source", source)
	side("destination", destination)
	host := dimension{by: "host", observer: t.exporter}
	if source == nil {
		host.host = r.SourceIP
		put(host, one)
	}
	if destination == nil {
		host.host = r.DestinationIP
		received := one
		received.sent, received.received = 0, one.octets
		put(host, received)
	}
}

// rollups writes sums by the minute and by the hour: the span's sums, spread over
// the time by the curve of those who cause them, with quiet weekends and growth.
func (m *maker) rollups() {
	var chosen []dimension
	count := map[string]int{}
	slices.SortStableFunc(m.dimensions, func(a, b dimension) int { return cmp.Compare(m.sums[b].octets, m.sums[a].octets) })
	for _, d := range m.dimensions {
		kind := d.by + d.side + string(rune('0'+d.way))
		if count[kind]++; count[kind] <= sumsOfEach[d.by] {
			chosen = append(chosen, d)
		}
	}
	for _, step := range []struct {
		name string
		back time.Duration
		long time.Duration
	}{{"1m", m.c.Minutes, time.Minute}, {"1h", m.c.Hours, time.Hour}} {
		for at := m.c.End.Add(-step.back).Truncate(step.long); at.Before(m.c.End.Add(-step.long)); at = at.Add(step.long) {
			for _, d := range chosen {
				m.rollup(d, step.name, at, step.long)
			}
		}
	}
}

// rollup writes one sum, unless nothing happened.
func (m *maker) rollup(d dimension, interval string, at time.Time, long time.Duration) {
	c := &office
	if d.observer.tenant == isp {
		c = &evening
	}
	total := 0.0
	for _, v := range c {
		total += v
	}
	part := c.at(at) / total * long.Hours() * (24 / m.c.Span.Hours()) * (.85 + .3*m.rnd.Float64())
	if day := at.UTC().Weekday(); c == &office && (day == time.Saturday || day == time.Sunday) {
		part *= .35
	}
	part *= 1 - .006*m.c.End.Sub(at).Hours()/24
	all := m.sums[d]
	flows := uint64(all.flows*part + .5)
	if flows == 0 && interval == "1m" && m.chance(all.flows*part) {
		flows = 1
	}
	if flows == 0 {
		return
	}
	r := m.w.Next()
	r.Kind = flow.KindRollup
	r.SetTimestamp(at.UnixNano())
	r.SetFlowRollupInterval(interval)
	r.SetFlowRollupBy(d.by)
	r.SetObserverIP(d.observer.ip())
	r.SetObserverName(d.observer.name)
	r.SetNetworkBytes(uint64(all.octets * part))
	r.SetNetworkPackets(max(1, uint64(all.packets*part)))
	r.SetSourceBytes(uint64(all.sent * part))
	r.SetFlowCount(flows)
	d.describe(r)
	if d.host.IsValid() {
		r.SetDestinationBytes(uint64(all.received * part))
	}
}

// describe sets what a dimension's flows have in common.
func (d *dimension) describe(r *flow.Record) {
	if d.by != "host" {
		r.SetNetworkDirection(d.direction)
		r.SetFlowLocality(d.locality)
		r.SetFlowSite(d.observer.site)
		r.SetFlowTenant(d.observer.tenant)
	}
	if d.side != "" {
		r.SetFlowRollupSide(d.side)
	}
	if d.category != "" {
		r.SetFlowCategory(d.category)
	}
	if d.application != "" {
		r.SetNetworkApplication(d.application)
		r.SetNetworkTransport(d.transport)
	}
	if d.service != "" {
		r.SetFlowService(d.service)
	}
	if d.host.IsValid() {
		r.SetSourceIP(d.host)
		r.SetSourceLocality("internal")
		if name := nameOf(d.host); name != "" {
			r.SetSourceDomain(name)
		}
	}
	switch {
	case d.port != nil && d.way == 0:
		r.SetFlowDirection(0)
		r.SetIngressInterfaceID(d.port.index)
		r.SetIngressInterfaceName(d.port.name)
		r.SetIngressInterfaceAlias(d.port.alias)
	case d.port != nil:
		r.SetFlowDirection(1)
		r.SetEgressInterfaceID(d.port.index)
		r.SetEgressInterfaceName(d.port.name)
		r.SetEgressInterfaceAlias(d.port.alias)
	case d.by == "as" && d.side == "source":
		r.SetSourceASNumber(d.net.number)
		r.SetSourceASOrganization(d.net.name)
	case d.by == "as":
		r.SetDestinationASNumber(d.net.number)
		r.SetDestinationASOrganization(d.net.name)
	case d.by == "country" && d.side == "source":
		r.SetSourceGeoCountryCode(d.net.code)
		r.SetSourceGeoCountryName(d.net.country)
	case d.by == "country":
		r.SetDestinationGeoCountryCode(d.net.code)
		r.SetDestinationGeoCountryName(d.net.country)
	}
}
