package report

import (
	"cmp"
	"net/netip"
	"slices"
	"time"

	"github.com/weirflow/weir/collector"
	"github.com/weirflow/weir/collector/message"
	"github.com/weirflow/weir/collector/netflow"
	"github.com/weirflow/weir/flow"
)

// exporterID is whose counts.
type exporterID struct {
	addr     netip.Addr
	name     string
	protocol message.Protocol
}

// totals are counts, since the start or of an interval. units is what sequence
// numbers count: records or messages, by protocol.
type totals struct {
	messages, records, bytes, lost, units, reordered, errors, noTemplate, released uint64
}

func totalsOf(s *collector.ExporterStats) totals {
	t := totals{messages: s.Messages, records: s.Records, bytes: s.Bytes, lost: s.Lost, units: s.Messages,
		reordered: s.Reordered, errors: s.Errors, noTemplate: s.NoTemplate, released: s.Released}
	switch s.Protocol {
	case message.NetFlow5, message.NetFlow7, message.IPFIX:
		t.units = s.Records
	}
	return t
}

// since gives what has come after an earlier count. When counts went back the
// exporter's place was given away and it has a new one.
func (t totals) since(o totals) totals {
	if t.messages < o.messages {
		return t
	}
	return totals{t.messages - o.messages, t.records - o.records, t.bytes - o.bytes, t.lost - o.lost, t.units - o.units,
		t.reordered - o.reordered, t.errors - o.errors, t.noTemplate - o.noTemplate, t.released - o.released}
}

func (t *totals) add(o totals) {
	t.messages += o.messages
	t.records += o.records
	t.bytes += o.bytes
	t.lost += o.lost
	t.units += o.units
	t.reordered += o.reordered
	t.errors += o.errors
	t.noTemplate += o.noTemplate
	t.released += o.released
}

// write adds the counts to a document.
func (t *totals) write(r *flow.Record) {
	r.AddStatus(flow.StatusRecords, t.records)
	r.AddStatus(flow.StatusBytes, t.bytes)
	r.AddStatus(flow.StatusDatagrams, t.messages)
	r.AddStatus(flow.StatusLost, t.lost)
	if t.lost+t.units > 0 { // of nothing, no part is missing
		r.AddStatusFloat(flow.StatusLostRatio, float64(t.lost)/float64(t.lost+t.units))
	}
	r.AddStatus(flow.StatusReordered, t.reordered)
	r.AddStatus(flow.StatusErrors, t.errors)
	r.AddStatus(flow.StatusMissingTemplates, t.noTemplate)
	r.AddStatus(flow.StatusReleasedSets, t.released)
}

// subject is one exporter, with all that is known of it.
type subject struct {
	name   string
	addr   netip.Addr
	counts totals
	// main is what it has sent most messages by, newest what came last.
	main, newest *collector.ExporterStats
	protocols    int
	states       []netflow.State
}

// summary is what the collector's document has of exporters.
type summary struct {
	counts            totals
	exporters, active int
}

// exporters writes the documents of exporters, in order of name, and sums up.
func (r *Reporter) exporters(p *page) (sum summary) {
	stats := r.d.Exporters()
	subjects := map[string]*subject{}
	sent := make(map[exporterID]totals, len(stats))
	for i := range stats {
		s := &stats[i]
		id, now := exporterID{s.Addr, s.Name, s.Protocol}, totalsOf(s)
		change := now.since(r.sent[id])
		sent[id] = now
		sum.counts.add(change)
		if s.Other() && s.Protocol == message.ProtocolUnknown {
			continue // messages of no protocol are nobody's
		}
		name := ""
		if !s.Other() {
			name = cmp.Or(s.Name, s.Addr.String())
		}
		x := subjects[name]
		if x == nil {
			x = &subject{name: name, addr: s.Addr, main: s, newest: s}
			subjects[name] = x
		}
		x.counts.add(change)
		x.protocols++
		if s.Messages > x.main.Messages {
			x.main = s
		}
		if s.LastSeen.After(x.newest.LastSeen) {
			x.newest = s
		}
	}
	r.sent = sent
	for _, st := range r.d.States() {
		if x := subjects[st.Name]; x != nil {
			x.states = append(x.states, st)
			if !x.addr.IsValid() {
				x.addr = st.Addr
			}
		}
	}
	list := make([]*subject, 0, len(subjects))
	for _, x := range subjects {
		if p.now.Sub(x.newest.LastSeen) <= forgetAfter || x.counts.messages > 0 {
			list = append(list, x)
		}
	}
	slices.SortFunc(list, func(a, b *subject) int { return cmp.Compare(a.name, b.name) })
	for _, x := range list {
		x.write(p)
		if x.name != "" {
			sum.exporters++
			if x.counts.messages > 0 {
				sum.active++
			}
		}
	}
	return sum
}

// otherExporters is observer.name, and a tag, of the document of all exporters
// that have no place of their own.
const otherExporters = "other"

// write adds the exporter's document.
func (x *subject) write(p *page) {
	r := p.next()
	x.counts.write(r)
	r.AddStatus(flow.StatusProtocols, uint64(x.protocols))
	r.SetFlowExporterProtocol(x.main.Protocol.String())
	r.AddStatus(flow.StatusLastSeen, uint64(x.newest.LastSeen.UnixNano()))
	r.AddStatusFloat(flow.StatusSilent, max(0, p.now.Sub(x.newest.LastSeen).Seconds()))
	if x.name == "" { // the rest means nothing of many
		r.SetObserverName(otherExporters)
		r.AddTags(otherExporters)
		return
	}
	r.SetObserverName(x.name)
	if x.addr.IsValid() {
		r.SetObserverIP(x.addr)
	}
	if x.newest.Transport != "" {
		r.SetFlowExporterTransport(x.newest.Transport)
	}
	if x.newest.Protocol != message.SFlow5 {
		r.AddStatus(flow.StatusClockSkew, uint64(x.newest.ClockSkew.Milliseconds()))
	}
	if x.main.SamplingRate > 0 {
		r.AddStatus(flow.StatusSamplingRate, x.main.SamplingRate)
		r.AddStatusText(flow.StatusSamplingSource, x.main.SamplingSource)
	}
	x.writeStates(p, r)
}

// writeStates adds what is kept of the exporter and its sessions.
func (x *subject) writeStates(p *page, r *flow.Record) {
	var all netflow.State
	for _, st := range x.states {
		all.Domains += st.Domains
		all.Samplers += st.Samplers
		all.Templates += st.Templates
		all.HeldSets += st.HeldSets
		all.HeldBytes += st.HeldBytes
		if st.OldestTemplate != 0 && (all.OldestTemplate == 0 || st.OldestTemplate < all.OldestTemplate) {
			all.OldestTemplate = st.OldestTemplate
		}
		all.NewestTemplate = max(all.NewestTemplate, st.NewestTemplate)
	}
	if len(x.states) == 0 || all.Domains <= 1 { // sFlow alone, or of one source
		r.SetFlowExporterDomain(x.main.Domain)
	}
	if len(x.states) == 0 {
		return
	}
	r.AddStatus(flow.StatusDomains, uint64(all.Domains))
	r.AddStatus(flow.StatusSamplers, uint64(all.Samplers))
	r.AddStatus(flow.StatusTemplates, uint64(all.Templates))
	r.AddStatus(flow.StatusHeldSets, uint64(all.HeldSets))
	r.AddStatus(flow.StatusHeldBytes, uint64(all.HeldBytes))
	if all.OldestTemplate != 0 {
		r.AddStatusFloat(flow.StatusTemplateAge, age(p.now, all.OldestTemplate))
	}
	if all.NewestTemplate != 0 {
		r.AddStatusFloat(flow.StatusTemplateRefresh, age(p.now, all.NewestTemplate))
	}
}

// age is the time since a moment in Unix nanoseconds, in seconds.
func age(now time.Time, then int64) float64 { return max(0, now.Sub(time.Unix(0, then)).Seconds()) }
