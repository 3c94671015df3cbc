package netflow

import (
	"cmp"
	"net/netip"
	"slices"

	"github.com/weirflow/weir/collector/message"
	"github.com/weirflow/weir/ipfix"
)

// Known is a copy of what one exporter, or one of its stream sessions, has told
// so far, for people to look at.
type Known struct {
	Addr netip.Addr
	// Session is the stream session; 0 for datagrams.
	Session uint64
	// Domains is in order of protocol and number.
	Domains []KnownDomain
	// Interfaces is by interface number.
	Interfaces map[uint32]Interface
	// Applications and VRFs count the names that are known.
	Applications, VRFs int
}

// KnownDomain is what is known of one observation domain.
type KnownDomain struct {
	Protocol message.Protocol
	ID       uint32
	// Templates is in order of number. Their fields are shared: read them only.
	Templates []ipfix.Template
	// Samplers counts the rates that options data has told.
	Samplers int
	// Boot is when the exporter booted by its options data, Unix nanoseconds; 0
	// when it has not told.
	Boot int64
}

// Known copies what one exporter or stream session has told; ok is false when
// nothing is kept of it.
func (s *Store) Known(addr netip.Addr, session uint64) (k Known, ok bool) {
	s.mu.RLock()
	x := s.exporters[exporterKey{addr, session}]
	s.mu.RUnlock()
	if x == nil {
		return k, false
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	k = Known{Addr: addr, Session: session, Applications: len(x.applications), VRFs: len(x.vrfs), Interfaces: make(map[uint32]Interface, len(x.interfaces))}
	for id, i := range x.interfaces {
		k.Interfaces[id] = i
	}
	for _, d := range x.domains {
		out := KnownDomain{Protocol: d.key.protocol, ID: d.key.id, Samplers: len(d.samplers)}
		if d.hasBoot {
			out.Boot = int64(d.boot)
		}
		for _, t := range d.templates {
			out.Templates = append(out.Templates, t.spec)
		}
		slices.SortFunc(out.Templates, func(a, b ipfix.Template) int { return cmp.Compare(a.ID, b.ID) })
		k.Domains = append(k.Domains, out)
	}
	slices.SortFunc(k.Domains, func(a, b KnownDomain) int {
		return cmp.Or(cmp.Compare(a.Protocol, b.Protocol), cmp.Compare(a.ID, b.ID))
	})
	return k, true
}

// FieldName names a field of a template as flow.ie does: the registered name, or
// enterprise_id. scope tells that it is one of the template's scope fields, whose
// numbers NetFlow v9 has a list of its own for.
func FieldName(f ipfix.FieldSpec, protocol message.Protocol, scope bool) string {
	return plan(f, protocol, scope).name
}
