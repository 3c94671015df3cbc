package engine

import (
	"sync"
	"sync/atomic"

	"github.com/weirflow/weir/indexer/query"
)

// gathering holds the groups of all blocks, for all workers: in parts by the
// hash of their keys, so that workers seldom wait for each other.
type gathering struct {
	by      []query.Field
	missing bool
	lead    bool // keys begin with a number that is in no dictionary
	metrics []query.Metric
	order   int
	limits  query.Limits

	// gate is held for reading while a worker adds, for writing while groups are
	// given up.
	gate  sync.RWMutex
	dicts []*dictionary
	parts [1 << partBits]part
	count atomic.Int64 // groups
	room  atomic.Int64 // what parts take, in bytes

	// What was given up, guarded by gate: its groups' metrics as one, how many, and
	// by how much of the metric that orders a group can be too small.
	rest      []*metric
	restCount int64
	off       int64
}

const partBits = 4

// part is some of the groups.
type part struct {
	mu      sync.Mutex
	keys    *keyTable
	metrics []*metric
	room    int64
	_       [64]byte // so that parts do not share a line of the cache
}

func newGathering(by []query.Field, missing, lead bool, metrics []query.Metric, order int, limits query.Limits) *gathering {
	a := &gathering{by: by, missing: missing, lead: lead, metrics: metrics, order: order, limits: limits}
	a.clear()
	return a
}

func (a *gathering) clear() {
	a.dicts = nil
	for _, f := range a.by {
		a.dicts = append(a.dicts, newDictionary(f))
	}
	for i := range a.parts {
		p := &a.parts[i]
		p.keys, p.metrics, p.room = newKeyTable(), newMetrics(a.metrics, a.limits), 0
	}
	a.count.Store(0)
	a.room.Store(0)
}

// place is where a group is.
type place struct{ part, group uint32 }

// mover is a worker's room for handing its tally over.
type mover struct {
	keys   []key
	hashes []uint64
	groups []uint32 // of the tally, part by part
	places []place  // by the tally's group
	starts [1<<partBits + 1]int
}

// take adds the groups of a tally; start is where among the parts to begin, so
// that workers meet less often.
func (a *gathering) take(t *tally, m *mover, start int) error {
	a.gate.RLock()
	defer a.gate.RUnlock()
	a.sort(t, m)
	for i := range a.parts {
		which := (i + start) % len(a.parts)
		from, to := m.starts[which], m.starts[which+1]
		if from == to {
			continue
		}
		p := &a.parts[which]
		p.mu.Lock()
		before := len(p.keys.keys)
		for _, g := range m.groups[from:to] {
			n := p.keys.add(m.keys[g], m.hashes[g])
			m.places[g] = place{uint32(which), n}
		}
		for j, to := range p.metrics {
			to.grow(len(p.keys.keys))
			if to.Func == query.Distinct {
				continue
			}
			from := t.metrics[j]
			plain := to.Func == query.Count && to.Field == ""
			for _, g := range m.groups[m.starts[which]:m.starts[which+1]] {
				if plain {
					to.n[m.places[g].group] += t.rows[g]
				} else {
					to.mergeGroup(m.places[g].group, from, int(g))
				}
			}
		}
		a.count.Add(int64(len(p.keys.keys) - before))
		a.account(p)
		p.mu.Unlock()
	}
	for j, from := range t.metrics {
		if from.Func == query.Distinct {
			a.takeDistinct(from, j, m)
		}
	}
	return nil
}

// account notes what a part takes; its lock is held.
func (a *gathering) account(p *part) {
	room := p.keys.bytes()
	for _, m := range p.metrics {
		room += m.room()
	}
	a.room.Add(room - p.room)
	p.room = room
}

// sort finds the keys of a tally's groups and sorts the groups by part.
func (a *gathering) sort(t *tally, m *mover) {
	n := len(t.rows)
	m.keys, m.hashes, m.places = room(m.keys, n), room(m.hashes, n), room(m.places, n)
	clear(m.starts[:])
	count := 0
	for g, rows := range t.rows {
		if rows == 0 {
			continue
		}
		k, _ := t.key(uint32(g), a.dicts, true)
		h := k.hash()
		m.keys[g], m.hashes[g] = k, h
		m.starts[h&(1<<partBits-1)+1]++
		count++
	}
	for i := range a.parts {
		m.starts[i+1] += m.starts[i]
	}
	next := m.starts
	m.groups = room(m.groups, count)
	for g, rows := range t.rows {
		if rows > 0 {
			which := m.hashes[g] & (1<<partBits - 1)
			m.groups[next[which]] = uint32(g)
			next[which]++
		}
	}
}

// room gives s with length n; the content is undefined.
func room[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n+n/4)[:n]
	}
	return s[:n]
}

// takeDistinct adds the different values of a block's groups.
func (a *gathering) takeDistinct(from *metric, j int, m *mover) {
	var p *part
	last := ^uint32(0)
	from.eachPair(func(g uint32, h uint64) {
		at := m.places[g]
		if at.part != last {
			if p != nil {
				a.account(p)
				p.mu.Unlock()
			}
			p, last = &a.parts[at.part], at.part
			p.mu.Lock()
		}
		p.metrics[j].see(at.group, h)
	})
	if p != nil {
		a.account(p)
		p.mu.Unlock()
	}
}

// bound gives groups up when there are more, or take more, than they may.
func (a *gathering) bound() error {
	if !a.over() {
		return nil
	}
	a.gate.Lock()
	defer a.gate.Unlock()
	for pass := 0; a.over(); pass++ {
		if pass == 0 && a.count.Load() <= int64(a.limits.Groups) && a.estimateLarge() {
			continue
		}
		if a.count.Load() <= 1 {
			return &query.LimitError{What: "the groups need more memory than the query may take; ask for fewer metrics or raise the limit"}
		}
		a.shrink(int(min(a.count.Load(), int64(a.limits.Groups))) / 2)
	}
	return nil
}

func (a *gathering) over() bool {
	if a.count.Load() > int64(a.limits.Groups) {
		return true
	}
	bytes := a.room.Load()
	for _, d := range a.dicts {
		bytes += d.bytes()
	}
	return bytes > a.limits.Memory
}

// estimateLarge gives up large exact sets of distinct values; it reports whether
// there are any.
func (a *gathering) estimateLarge() (some bool) {
	for i := range a.parts {
		for _, m := range a.parts[i].metrics {
			some = some || m.Func == query.Distinct
			m.estimateLarge()
		}
		a.account(&a.parts[i])
	}
	return some
}
