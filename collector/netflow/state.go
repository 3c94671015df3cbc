package netflow

import (
	"net/netip"

	"github.com/weirflow/weir/collector/message"
)

// State sums up what is kept of one exporter, or of one of its stream sessions,
// for reports.
type State struct {
	Addr netip.Addr
	// Name is the verified name, else the address.
	Name string
	// Session is the stream session; 0 for datagrams.
	Session uint64
	// Domains counts observation domains, Samplers the rates that options data has
	// told.
	Domains, Samplers int
	// Protocol and Domain are of the domain, if there is one alone.
	Protocol message.Protocol
	Domain   uint32
	// Templates counts those that are kept. OldestTemplate is when the one was
	// defined that was not sent again for longest, NewestTemplate when any was last,
	// both in Unix nanoseconds; 0 when there is none.
	Templates                      int
	OldestTemplate, NewestTemplate int64
	// HeldSets and HeldBytes are data that waits for its template.
	HeldSets, HeldBytes int
}

// States sums up all exporters and sessions, in order of address and session.
func (s *Store) States() []State {
	entries := s.list()
	list := make([]State, 0, len(entries))
	for _, x := range entries {
		list = append(list, x.state())
	}
	return list
}

func (x *exporter) state() State {
	x.mu.Lock()
	defer x.mu.Unlock()
	st := State{Addr: x.key.addr, Name: x.name, Session: x.key.session, Domains: len(x.domains), Samplers: x.samplers, Templates: x.templates,
		HeldSets: x.held.sets, HeldBytes: x.held.bytes}
	for key, d := range x.domains {
		if len(x.domains) == 1 {
			st.Protocol, st.Domain = key.protocol, key.id
		}
		st.NewestTemplate = max(st.NewestTemplate, d.defined)
	}
	if x.oldest != nil { // the end of the list by time of definition
		st.OldestTemplate = x.oldest.told
	}
	return st
}
