package sflow

import "net/netip"

// agentKey names a stream of datagrams with sequence numbers of its own. The
// source port is no part of it: behind address translation it changes.
type agentKey struct {
	addr, agent netip.Addr
	subAgent    uint32
}

// agent follows the datagrams of one stream.
type agent struct {
	key          agentKey
	name         string // the transport address as text, made once
	newer, older *agent // in order of last use
	last         uint32 // sequence number of the newest datagram
	uptime       uint32 // of that datagram, milliseconds
	valid        bool
}

// agents is a bounded table of agents; when it is full, the one that was not
// used for longest gives its place.
type agents struct {
	limit          int
	byKey          map[agentKey]*agent
	newest, oldest *agent
}

func newAgents(limit int) agents {
	return agents{limit: limit, byKey: map[agentKey]*agent{}}
}

// of gives the agent's state, new when it is not known.
func (t *agents) of(key agentKey) *agent {
	if t.newest != nil && t.newest.key == key {
		return t.newest
	}
	a := t.byKey[key]
	switch {
	case a != nil:
		t.unlink(a)
	case len(t.byKey) >= t.limit:
		a = t.oldest
		t.unlink(a)
		delete(t.byKey, a.key)
		*a = agent{key: key, name: key.addr.String()}
		t.byKey[key] = a
	default:
		a = &agent{key: key, name: key.addr.String()}
		t.byKey[key] = a
	}
	a.older, a.newer = t.newest, nil
	if t.newest != nil {
		t.newest.newer = a
	} else {
		t.oldest = a
	}
	t.newest = a
	return a
}

func (t *agents) unlink(a *agent) {
	if a.newer != nil {
		a.newer.older = a.older
	} else {
		t.newest = a.older
	}
	if a.older != nil {
		a.older.newer = a.newer
	} else {
		t.oldest = a.newer
	}
}

const (
	// resetGap is the jump of sequence numbers from which on the agent, and not
	// the network, is taken for the cause.
	resetGap = 1 << 16
	// reorderWindow is how much older than the newest datagram a late one may
	// be, by the agent's uptime, in milliseconds. An agent that restarted has an
	// uptime below that of long ago.
	reorderWindow = 30_000
)

// next takes a datagram's sequence number and the agent's uptime in
// milliseconds. lost is how many datagrams are missing before it. reordered
// tells that it is older than one before, or the same again.
func (a *agent) next(number, uptime uint32) (lost uint64, reordered bool) {
	was := *a
	a.last, a.uptime, a.valid = number, uptime, true
	if !was.valid {
		return 0, false
	}
	// age is how far the uptime went back; below 0 it went on.
	step, age := number-was.last, int32(was.uptime-uptime)
	switch {
	case step == 0:
		// The same datagram again, unless the agent does not count at all.
		return 0, age == 0
	case step < resetGap && age < reorderWindow:
		return uint64(step - 1), false
	case -step < resetGap && age >= 0 && age < reorderWindow:
		// A late one: the newest stays the measure.
		a.last, a.uptime = was.last, was.uptime
		return 0, true
	}
	return 0, false
}
