package engine

import "cmp"

// What follows needs the gathering for itself: gate is held for writing, or no
// worker is at work.

// every gives all groups.
func (a *gathering) every() []place {
	list := make([]place, 0, a.count.Load())
	for i := range a.parts {
		for g := range a.parts[i].keys.keys {
			list = append(list, place{uint32(i), uint32(g)})
		}
	}
	return list
}

// key gives a group's key.
func (a *gathering) key(p place) key { return a.parts[p.part].keys.keys[p.group] }

// values gives a group's values as answers show them.
func (a *gathering) values(p place) []any {
	numbers := a.key(p).numbers()
	values := make([]any, len(a.by))
	for i, d := range a.dicts {
		values[i] = d.value(numbers[i])
	}
	return values
}

// larger compares two groups by the metric that orders.
func (a *gathering) larger(x, y place) int {
	return a.parts[x.part].metrics[a.order].compareWith(int(x.group), a.parts[y.part].metrics[a.order], int(y.group))
}

// rank orders groups: by the metric, largest first, then by key.
func (a *gathering) rank(x, y place) int {
	if d := a.larger(y, x); d != 0 || x == y {
		return d
	}
	k, l := a.key(x), a.key(y)
	if d := cmp.Compare(k.lead(), l.lead()); d != 0 {
		return d
	}
	m, n := k.numbers(), l.numbers()
	for i, d := range a.dicts {
		if d := d.compare(m[i], n[i]); d != 0 {
			return d
		}
	}
	return 0
}

// shrink keeps the groups with the most of the metric that orders, and sums the
// others up as the rest.
func (a *gathering) shrink(keep int) {
	list := a.every()
	keep = min(keep, len(list))
	selectFirst(list, keep, func(x, y place) int { return a.larger(y, x) })
	most := int64(0)
	for _, p := range list[keep:] {
		most = max(most, a.parts[p.part].metrics[a.order].amount(int(p.group)))
	}
	a.needRest()
	a.sumUp(a.rest, list[keep:])
	a.restCount += int64(len(list) - keep)
	a.off = addCapped(a.off, most)

	old := &gathering{by: a.by, lead: a.lead, dicts: a.dicts}
	for i := range a.parts {
		old.parts[i].keys, old.parts[i].metrics = a.parts[i].keys, a.parts[i].metrics
	}
	a.clear()
	for _, p := range list[:keep] {
		a.adopt(old, p)
	}
	a.recount()
}

// recount counts the groups, after some were adopted.
func (a *gathering) recount() {
	a.count.Store(0)
	for i := range a.parts {
		a.count.Add(int64(len(a.parts[i].keys.keys)))
		a.account(&a.parts[i])
	}
}

// adopt adds a group of another gathering; one without a lead drops the other's.
func (a *gathering) adopt(other *gathering, p place) place {
	k := other.key(p)
	numbers := k.numbers()
	for i, d := range a.dicts {
		numbers[i] = d.adopt(other.dicts[i], numbers[i])
	}
	lead := uint32(0)
	if a.lead {
		lead = k.lead()
	}
	k = keyOf(lead, numbers)
	h := k.hash()
	which := uint32(h & (1<<partBits - 1))
	q := &a.parts[which]
	n := q.keys.add(k, h)
	for i, m := range q.metrics {
		m.grow(len(q.keys.keys))
		m.mergeGroup(n, other.parts[p.part].metrics[i], int(p.group))
	}
	return place{which, n}
}

// sumUp adds groups to metrics, as one.
func (a *gathering) sumUp(to []*metric, list []place) {
	for i, m := range to {
		for _, p := range list {
			m.mergeGroup(0, a.parts[p.part].metrics[i], int(p.group))
		}
	}
}

func (a *gathering) needRest() {
	if a.rest == nil {
		a.rest = newMetrics(a.metrics, a.limits)
		grow(a.rest, 1)
	}
}

// selectFirst puts the n first of list at its front, in any order.
func selectFirst(list []place, n int, compare func(x, y place) int) {
	lo, hi := 0, len(list)
	for hi-lo > 1 && n > lo && n < hi {
		// Three parts: before the pivot, equal, after it.
		pivot := list[lo+(hi-lo)/2]
		before, at, after := lo, lo, hi
		for at < after {
			switch d := compare(list[at], pivot); {
			case d < 0:
				list[at], list[before] = list[before], list[at]
				before++
				at++
			case d > 0:
				after--
				list[at], list[after] = list[after], list[at]
			default:
				at++
			}
		}
		switch {
		case n < before:
			hi = before
		case n > after:
			lo = after
		default:
			return
		}
	}
}

func addCapped(a, b int64) int64 {
	if sum := a + b; sum >= 0 {
		return sum
	}
	return 1<<63 - 1
}
