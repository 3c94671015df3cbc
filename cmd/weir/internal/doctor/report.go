package doctor

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"
	"strconv"

	"github.com/weirflow/weir/collector/message"
	"github.com/weirflow/weir/collector/netflow"
	"github.com/weirflow/weir/ipfix"
)

// maxUnnamed is how many things without a name are listed.
const maxUnnamed = 20

// Report sums the facts up and judges them. The report that is given has what the
// doctor cannot know: where the messages came from, and since when; zero times are
// filled in from the messages. No message may come after it.
func (d *Doctor) Report(r Report) *Report {
	d.mu.Lock()
	defer d.mu.Unlock()
	r.Version, r.Datagrams, r.Bytes, r.Untold = 1, d.datagrams, d.bytes, d.untold
	if r.Began.IsZero() {
		r.Began, r.Ended = unixTime(d.first), unixTime(d.last)
	}
	r.Seconds = r.Ended.Sub(r.Began).Seconds()
	r.Exporters = []Exporter{}
	for _, e := range d.exporters {
		d.finish(e, r.Seconds)
		r.Exporters = append(r.Exporters, e.Exporter)
	}
	slices.SortFunc(r.Exporters, func(a, b Exporter) int { return cmp.Or(a.Address.Compare(b.Address), cmp.Compare(a.Name, b.Name)) })
	r.judge()
	return &r
}

// finish brings the lists of an exporter together.
func (d *Doctor) finish(e *exporter, seconds float64) {
	if e.Name == "" {
		d.learnFrom(e, e.Address, 0)
	}
	for session := range e.sessions {
		d.learn(e, session)
	}
	e.FirstSeen, e.LastSeen = unixTime(e.first), unixTime(e.last)
	if seconds >= 1 { // rates of less say nothing
		e.RecordsPerSecond, e.BytesPerSecond = float64(e.all())/seconds, float64(e.Bytes)/seconds
	}
	e.Protocols = []string{}
	for p := message.ProtocolUnknown + 1; p < message.NumProtocols; p++ {
		if e.seen[p] {
			e.Protocols = append(e.Protocols, p.String())
		}
	}
	e.Domains = []Domain{}
	for _, key := range slices.SortedFunc(maps.Keys(e.domains), func(a, b domainKey) int {
		return cmp.Or(cmp.Compare(a.protocol, b.protocol), cmp.Compare(a.id, b.id))
	}) {
		x := e.domains[key]
		x.finish()
		e.Domains = append(e.Domains, x.Domain)
		e.Flow.ASCarried = e.Flow.ASCarried || x.carriesAS()
	}
	e.Agents = slices.SortedFunc(maps.Keys(e.agents), netip.Addr.Compare)
	e.Ports = len(e.ports)
	e.Sampling = []Sampling{}
	for k, n := range e.rates {
		e.Sampling = append(e.Sampling, Sampling{k.rate, k.source, n})
	}
	slices.SortFunc(e.Sampling, func(a, b Sampling) int {
		return cmp.Or(cmp.Compare(b.Flows, a.Flows), cmp.Compare(a.Rate, b.Rate), cmp.Compare(a.Source, b.Source))
	})
	d.countNames(e)
	for _, bits := range e.conversations {
		e.Conversation.Seen++
		if bits == 3 {
			e.Conversation.Both++
		}
	}
	e.Vendor = recognise(&e.Exporter)
}

func (d *Doctor) countNames(e *exporter) {
	for _, id := range slices.Sorted(maps.Keys(e.interfaces)) {
		named := e.interfaces[id] || d.cfg.InterfaceNamed != nil && d.cfg.InterfaceNamed(e.Address, id)
		e.Interfaces.add(strconv.FormatUint(uint64(id), 10), named)
	}
	for _, id := range slices.Sorted(maps.Keys(e.applications)) {
		e.Applications.add(id, e.applications[id])
	}
}

func (n *Names) add(id string, named bool) {
	n.Seen++
	switch {
	case named:
		n.Named++
	case len(n.Unnamed) < maxUnnamed:
		n.Unnamed = append(n.Unnamed, id)
	}
}

// learn takes over what a stream session has told.
func (d *Doctor) learn(e *exporter, session uint64) { d.learnFrom(e, e.sessions[session], session) }

func (d *Doctor) learnFrom(e *exporter, addr netip.Addr, session uint64) {
	known, ok := d.store.Known(addr, session)
	if !ok {
		return
	}
	for i := range known.Domains {
		k := &known.Domains[i]
		x := e.domains[domainKey{k.Protocol, k.ID}]
		if x == nil {
			continue
		}
		x.Samplers = max(x.Samplers, k.Samplers)
		x.BootTime = x.BootTime || k.Boot != 0
		for j := range k.Templates {
			x.template(&k.Templates[j])
		}
	}
	for id := range known.Interfaces {
		if named, seen := e.interfaces[id]; seen && !named {
			e.interfaces[id] = true
		}
	}
}

// template takes over a template; one that an earlier session defined gives way.
func (x *domain) template(t *ipfix.Template) {
	out := Template{ID: t.ID, Options: t.Options, Fields: make([]Field, len(t.Fields))}
	for i, f := range t.Fields {
		scope := i < t.Scopes
		out.Fields[i] = Field{netflow.FieldName(f, x.key.protocol, scope), f.PEN, f.ID, f.Length, scope}
	}
	i := slices.IndexFunc(x.Templates, func(old Template) bool { return old.ID == t.ID })
	if i < 0 {
		x.Templates = append(x.Templates, out)
		return
	}
	x.Templates[i] = out
}

// finish tells the templates that data used from those that are missing.
func (x *domain) finish() {
	if x.Templates == nil {
		x.Templates = []Template{}
	}
	x.Missing = []Missing{}
	slices.SortFunc(x.Templates, func(a, b Template) int { return cmp.Compare(a.ID, b.ID) })
	for _, id := range slices.Sorted(maps.Keys(x.sets)) {
		s := x.sets[id]
		if i := slices.IndexFunc(x.Templates, func(t Template) bool { return t.ID == id }); i >= 0 {
			x.Templates[i].Sets = s.sets
		} else {
			x.Missing = append(x.Missing, Missing{id, s.sets, s.bytes})
			x.Late -= min(x.Late, s.sets)
		}
	}
	if x.key.protocol != message.IPFIX && x.key.protocol != message.SFlow5 {
		x.BootTime = true
	}
	x.Domain.Ports, x.FlowPorts, x.PortReturns = x.ports.n, x.flowPorts.n, x.flowPorts.times
	x.Split = x.ports.times > 0 && x.ports.n > x.flowPorts.n && x.Definitions > 0
	x.Boots, x.BootReturns = x.boots.n, x.boots.times
	if x.boots.erratic {
		x.Boots, x.BootReturns = 0, 0 // its uptime says nothing
	}
}

// carriesAS tells whether records of the domain have a place for AS numbers.
func (x *domain) carriesAS() bool {
	return (x.Protocol == "netflow5" || x.Protocol == "netflow7") && x.Flows > 0 || slices.ContainsFunc(x.Templates, func(t Template) bool {
		return t.Sets > 0 && (t.has(16) || t.has(17))
	})
}

// has tells whether a template has an element of IANA's registry.
func (t *Template) has(id uint16) bool {
	return slices.ContainsFunc(t.Fields, func(f Field) bool { return f.Enterprise == 0 && f.ID == id && !f.Scope })
}
