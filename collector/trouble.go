package collector

import (
	"cmp"
	"net/netip"
	"slices"
)

// Trouble is connections to one stream endpoint that were refused, or that ended for
// the same bad reason.
type Trouble struct {
	// Endpoint is as configured, its port filled in.
	Endpoint Endpoint
	// Reason is as the metrics have it: connection_limit, the reason for the end of a
	// connection, or tls_handshake_failed and the reason for that behind a colon.
	Reason string
	Count  uint64
	// Peer is the newest one's address.
	Peer netip.Addr
	// Detail is what was wrong with the newest one, Advice what to do about it; both
	// may be empty.
	Detail, Advice string
}

// trouble notes a connection that came to nothing, or to a bad end. Reasons are the
// program's own, so that there are few.
func (s *streamListener) trouble(reason string, peer netip.Addr, err error, advice string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.troubles[reason]
	if t == nil {
		t = &Trouble{Endpoint: s.listener.Endpoint, Reason: reason, Advice: advice}
		if s.troubles == nil {
			s.troubles = map[string]*Trouble{}
		}
		s.troubles[reason] = t
	}
	t.Count++
	t.Peer = peer
	if err != nil {
		t.Detail = err.Error()
	}
}

// Troubles tells of the connections that were refused or ended badly, by endpoint in
// the order of Addrs and by reason. Safe for concurrent use with receiving.
func (c *Collector) Troubles() []Trouble {
	var list []Trouble
	for _, a := range c.accepts {
		a.mu.Lock()
		first := len(list)
		for _, t := range a.troubles {
			list = append(list, *t)
		}
		a.mu.Unlock()
		slices.SortFunc(list[first:], func(a, b Trouble) int { return cmp.Compare(a.Reason, b.Reason) })
	}
	return list
}
