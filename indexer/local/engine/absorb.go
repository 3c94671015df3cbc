package engine

import (
	"slices"

	"github.com/weirflow/weir/indexer/query"
)

// absorb adds the groups of another one of the same fields; those that skip names
// are left out, all are taken when it is nil. Without a lead of its own it drops
// the other's. It gives the group that each of the other's went to, absent for
// none.
func (s *groups) absorb(other *groups, skip func(g int) bool) []uint32 {
	mapping := make([]uint32, other.size())
	numbers := make([][]uint32, len(s.keyers)) // of other's values here, plus one
	for i, k := range other.keyers {
		numbers[i] = make([]uint32, k.size())
	}
	// The other's groups are placed some at a time.
	const some = 4096
	dims := make([][]uint32, s.dimensions())
	var theirs []int
	flush := func() {
		groups := dims[0]
		if len(s.pairs) > 0 {
			groups = s.place(dims)
		}
		for i, g := range theirs {
			mapping[g] = groups[i]
		}
		theirs = theirs[:0]
		for d := range dims {
			dims[d] = dims[d][:0]
		}
	}
	var values [query.MaxGroupFields + 1]uint32
	for g := range mapping {
		mapping[g] = absent
		if !other.exists(g) || skip != nil && skip(g) {
			continue
		}
		other.values(uint32(g), values[:])
		own := values[:]
		if other.lead {
			own = values[1:]
			if s.lead {
				dims[0] = append(dims[0], values[0])
			}
		}
		for i, k := range s.keyers {
			n := own[i]
			if numbers[i][n] == 0 {
				numbers[i][n] = k.adopt(other.keyers[i], n) + 1
			}
			d := i
			if s.lead {
				d++
			}
			dims[d] = append(dims[d], numbers[i][n]-1)
		}
		if theirs = append(theirs, g); len(theirs) == some {
			flush()
		}
	}
	if len(theirs) > 0 {
		flush()
	}
	for i, m := range s.metrics {
		m.grow(s.size())
		m.merge(other.metrics[i], mapping)
	}
	return mapping
}

// absorbRest adds what another one gave up.
func (s *groups) absorbRest(other *groups) {
	s.restCount += other.restCount
	s.off += other.off
	if other.rest == nil {
		return
	}
	s.needRest()
	for i, m := range s.rest {
		m.merge(other.rest[i], []uint32{0})
	}
}

func (s *groups) needRest() {
	if s.rest != nil {
		return
	}
	for _, m := range s.metrics {
		s.rest = append(s.rest, newMetric(m.Metric, s.limits))
	}
	for _, m := range s.rest {
		m.grow(1)
	}
}

// room is what the groups take, in bytes.
func (s *groups) room() (bytes int64) {
	for _, k := range s.keyers {
		bytes += k.room()
	}
	for _, t := range s.pairs {
		bytes += t.bytes()
	}
	for _, m := range s.metrics {
		bytes += m.room()
	}
	return bytes
}

// bound sees to it that no more than so many groups and bytes are held, by
// giving groups up. It returns the groups that go on.
func (s *groups) bound(count int, bytes int64) (*groups, error) {
	if s.size() <= count && s.room() <= bytes {
		return s, nil
	}
	if s.size() <= count {
		for _, m := range s.metrics {
			m.estimateLarge()
		}
		if s.room() <= bytes {
			return s, nil
		}
	}
	for s.size() > 1 {
		s = s.shrink(min(s.size(), count) / 2)
		if s.room() <= bytes {
			return s, nil
		}
	}
	return nil, &query.LimitError{What: "the groups need more memory than the query may take; ask for fewer metrics or raise the limit"}
}

// shrink keeps the groups with the most of the metric that orders, and sums the
// others up as the rest.
func (s *groups) shrink(keep int) *groups {
	list := s.list()
	keep = min(keep, len(list))
	by := s.metrics[s.order]
	selectLargest(list, keep, func(a, b int) int { return by.compare(a, b) })
	kept, given := make([]bool, s.size()), list[keep:]
	for _, g := range list[:keep] {
		kept[g] = true
	}
	n := s.fresh()
	n.absorb(s, func(g int) bool { return !kept[g] })
	n.absorbRest(s)
	if len(given) == 0 {
		return n
	}
	n.needRest()
	to := make([]uint32, s.size())
	for g := range to {
		to[g] = absent
	}
	most := int64(0)
	for _, g := range given {
		to[g] = 0
		most = max(most, by.amount(g))
	}
	for i, m := range n.rest {
		m.merge(s.metrics[i], to)
	}
	n.restCount += int64(len(given))
	n.off = addCapped(n.off, most)
	return n
}

// list gives the groups that there are.
func (s *groups) list() []int {
	list := make([]int, 0, s.size())
	for g := range s.size() {
		if s.exists(g) {
			list = append(list, g)
		}
	}
	return list
}

// top gives the first n groups, by the metric that orders and then by key.
func (s *groups) top(n int) []int {
	list := s.list()
	n = min(n, len(list))
	selectLargest(list, n, func(a, b int) int { return -s.rank(a, b) })
	slices.SortFunc(list[:n], s.rank)
	return list[:n]
}

// rank orders groups: the first one comes first.
func (s *groups) rank(a, b int) int {
	if d := s.metrics[s.order].compare(b, a); d != 0 || a == b {
		return d
	}
	var x, y [query.MaxGroupFields + 1]uint32
	s.values(uint32(a), x[:])
	s.values(uint32(b), y[:])
	for i, k := range s.keyers {
		if s.lead {
			i++
		}
		if d := k.compare(x[i], y[i]); d != 0 {
			return d
		}
	}
	return 0
}

// keys gives a group's values as answers show them.
func (s *groups) keys(g int) []any {
	var values [query.MaxGroupFields + 1]uint32
	s.values(uint32(g), values[:])
	keys := make([]any, len(s.keyers))
	for i, k := range s.keyers {
		d := i
		if s.lead {
			d++
		}
		keys[i] = k.value(values[d])
	}
	return keys
}

// selectLargest puts the n largest of list at its front, in any order.
func selectLargest(list []int, n int, compare func(a, b int) int) {
	lo, hi := 0, len(list)
	for hi-lo > 1 && n > lo && n < hi {
		// Three parts: larger than the pivot, equal, smaller.
		pivot := list[lo+(hi-lo)/2]
		larger, at, smaller := lo, lo, hi
		for at < smaller {
			switch d := compare(list[at], pivot); {
			case d > 0:
				list[at], list[larger] = list[larger], list[at]
				larger++
				at++
			case d < 0:
				smaller--
				list[at], list[smaller] = list[smaller], list[at]
			default:
				at++
			}
		}
		switch {
		case n < larger:
			hi = larger
		case n > smaller:
			lo = smaller
		default:
			return
		}
	}
}

// amount is a group's count or sum, 0 for metrics that do not add up.
func (a *metric) amount(g int) int64 {
	switch a.Func {
	case query.Count:
		return a.n[g]
	case query.Sum:
		if a.wraps[uint32(g)] > 0 {
			return 1<<63 - 1
		}
		return max(a.v[g], 0)
	}
	return 0
}

func addCapped(a, b int64) int64 {
	if sum := a + b; sum >= 0 {
		return sum
	}
	return 1<<63 - 1
}
