package engine

import (
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

// eachPart calls do for every part, several at once.
func (a *gathering) eachPart(do func(which int)) {
	var next atomic.Int64
	var all sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(a.parts)) {
		all.Go(func() {
			for {
				which := int(next.Add(1)) - 1
				if which >= len(a.parts) {
					return
				}
				do(which)
			}
		})
	}
	all.Wait()
}

// top gives the first n groups in order. It needs the gathering for itself.
func (a *gathering) top(n int) []place {
	var firsts [len(a.parts)][]place
	a.eachPart(func(which int) { firsts[which] = a.topOf(which, n) })
	list := slices.Concat(firsts[:]...)
	slices.SortFunc(list, a.rank)
	return list[:min(n, len(list))]
}

// topOf gives the first n groups of one part, in no order: a heap whose root is
// the last of them.
func (a *gathering) topOf(which, n int) (heap []place) {
	down := func(at int) {
		for {
			worst := at
			for child := 2*at + 1; child <= 2*at+2 && child < len(heap); child++ {
				if a.rank(heap[child], heap[worst]) > 0 {
					worst = child
				}
			}
			if worst == at {
				return
			}
			heap[at], heap[worst] = heap[worst], heap[at]
			at = worst
		}
	}
	for g := range a.parts[which].keys.keys {
		p := place{uint32(which), uint32(g)}
		switch {
		case len(heap) < n:
			if heap = append(heap, p); len(heap) == n {
				for at := n/2 - 1; at >= 0; at-- {
					down(at)
				}
			}
		case a.rank(p, heap[0]) < 0:
			heap[0] = p
			down(0)
		}
	}
	return heap
}

// others sums up all groups but some, and those that were given up. It needs the
// gathering for itself.
func (a *gathering) others(but []place) []*metric {
	var sums [len(a.parts)][]*metric
	a.eachPart(func(which int) {
		skip := map[int]bool{}
		for _, p := range but {
			if int(p.part) == which {
				skip[int(p.group)] = true
			}
		}
		sums[which] = newMetrics(a.metrics, a.limits)
		grow(sums[which], 1)
		p := &a.parts[which]
		for i, m := range sums[which] {
			for g := range p.keys.keys {
				if !skip[g] {
					m.mergeGroup(0, p.metrics[i], g)
				}
			}
		}
	})
	a.needRest()
	for i, m := range a.rest {
		for _, sum := range sums {
			m.merge(sum[i])
		}
	}
	return a.rest
}
