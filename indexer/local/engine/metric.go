package engine

import (
	"math"

	"github.com/weirflow/weir/indexer/local/column"
	"github.com/weirflow/weir/indexer/query"
)

// metric holds one metric of every group. Groups are numbered from 0. One
// goroutine uses it at a time.
type metric struct {
	query.Metric
	reader
	limit int // of exact distinct values

	n     []int64          // values; rows for count without a field; not for sums
	v     []int64          // sum modulo 2^64, least or largest
	wraps map[uint32]int64 // how often a sum went over (or, negative, under) an int64

	// Distinct values: of groups, or, in a tally, pairs of a group and a value's
	// number, which is an entry of coding or else has its hash in values.
	sets          []*sketch
	memory        int64 // of sets
	local         bool
	pairs, values *table
	coding        *coding

	hashes [][]uint64 // room: of entries, per column
	counts []int64
	known  []uint8
	xs     []int64
	gs     []uint32
}

func newMetric(m query.Metric, limits query.Limits) *metric {
	a := &metric{Metric: m, limit: limits.Distinct}
	if m.Field != "" {
		f, _ := query.LookupField(m.Field)
		a.reader = newReader(f)
	}
	return a
}

func grow(metrics []*metric, n int) {
	for _, m := range metrics {
		m.grow(n)
	}
}

// grow makes room for n groups.
func (a *metric) grow(n int) {
	if a.Func == query.Distinct {
		for len(a.sets) < n {
			a.sets = append(a.sets, nil)
		}
		return
	}
	if a.Func != query.Sum {
		for len(a.n) < n {
			a.n = append(a.n, 0)
		}
	}
	if a.Func == query.Count {
		return
	}
	for first := a.first(); len(a.v) < n; {
		a.v = append(a.v, first)
	}
}

// first is what v is before the first value.
func (a *metric) first() int64 {
	switch a.Func {
	case query.Min:
		return math.MaxInt64
	case query.Max:
		return math.MinInt64
	}
	return 0
}

// reset begins anew with n groups, in a tally.
func (a *metric) reset(n int) {
	if a.Func == query.Distinct {
		if a.local = true; a.pairs == nil {
			a.pairs, a.values = newTable(), newTable()
		}
		a.pairs.reset()
		a.values.reset()
		return
	}
	a.n, a.v, a.wraps = zeroed(a.n, n), zeroed(a.v, n), nil
	if first := a.first(); first != 0 {
		for i := range a.v {
			a.v[i] = first
		}
	}
}

// add counts rows in, each in its group; all in group 0 when groups is nil.
func (a *metric) add(c *chunk, rows, groups []uint32) error {
	switch {
	case a.Func == query.Count && a.Field == "":
		if groups == nil {
			a.n[0] += int64(len(rows))
		}
		for _, g := range groups {
			a.n[g]++
		}
		return nil
	case a.Func == query.Distinct:
		return a.addDistinct(c, rows, groups)
	case a.Func == query.Count:
		return a.addCount(c, rows, groups)
	}
	v, err := c.vector(a.columns[0])
	if err != nil || v.Empty() {
		return err
	}
	xs, gs := a.gather(v, rows, groups)
	switch {
	case a.Func == query.Min || a.Func == query.Max:
		a.extremes(xs, gs)
	case gs == nil:
		for _, x := range xs {
			a.sum(0, x)
		}
	default:
		for i, x := range xs {
			a.sum(gs[i], x)
		}
	}
	switch {
	case a.Func == query.Sum:
	case gs == nil:
		a.n[0] += int64(len(xs))
	default:
		for _, g := range gs {
			a.n[g]++
		}
	}
	return nil
}

// gather gives the values of rows, and the groups of those that have one.
func (a *metric) gather(v *column.Vector, rows, groups []uint32) (xs []int64, gs []uint32) {
	if v.Present == nil && v.Ints != nil && len(rows) == v.N && rows[len(rows)-1] == uint32(v.N-1) && rows[0] == 0 && sequence(rows) {
		return v.Ints, groups
	}
	a.xs = room(a.xs, len(rows))
	xs = a.xs
	if v.Present == nil {
		if v.Ints != nil {
			for i, row := range rows {
				xs[i] = v.Ints[row]
			}
		} else {
			for i, row := range rows {
				xs[i] = v.IntDict[v.Codes[row]]
			}
		}
		return xs, groups
	}
	xs = xs[:0]
	if groups != nil {
		a.gs = room(a.gs, len(rows))
		gs = a.gs[:0]
	}
	for i, row := range rows {
		if !v.Has(int(row)) {
			continue
		}
		xs = append(xs, v.Int(int(row)))
		if groups != nil {
			gs = append(gs, groups[i])
		}
	}
	return xs, gs
}

// sequence reports whether rows are 0, 1, 2 and so on: with as many rows as that,
// only a list that repeats some can have the right ends and be none.
func sequence(rows []uint32) bool {
	for i, row := range rows {
		if row != uint32(i) {
			return false
		}
	}
	return true
}

// sum adds to a group's sum.
func (a *metric) sum(g uint32, x int64) {
	old := a.v[g]
	sum := old + x
	a.v[g] = sum
	if (old^sum)&(x^sum) < 0 {
		a.wrap(g, x)
	}
}

// wrap notes that a sum went out of an int64 as x was added.
func (a *metric) wrap(g uint32, x int64) {
	if a.wraps == nil {
		a.wraps = map[uint32]int64{}
	}
	if x > 0 {
		a.wraps[g]++
	} else {
		a.wraps[g]--
	}
}

func (a *metric) extremes(xs []int64, gs []uint32) {
	for i, x := range xs {
		a.extreme(at(gs, i), x)
	}
}

func (a *metric) extreme(g uint32, x int64) {
	if a.Func == query.Min {
		a.v[g] = min(a.v[g], x)
	} else {
		a.v[g] = max(a.v[g], x)
	}
}

// addCount counts values: several for lists.
func (a *metric) addCount(c *chunk, rows, groups []uint32) error {
	switch len(a.columns) {
	case 0: // a constant
		for i := range rows {
			a.n[at(groups, i)]++
		}
		return nil
	case 1:
	default:
		return a.related(c, rows, func(i int, _ uint64) { a.n[at(groups, i)]++ })
	}
	k, err := c.coding(a.columns[0])
	if err != nil || k.none {
		return err
	}
	a.known, a.counts = zeroed(a.known, k.entries), zeroed(a.counts, k.entries)
	for i, row := range rows {
		if !k.has(row) {
			continue
		}
		code := k.codes[row]
		if a.known[code] == 0 {
			a.known[code] = 1
			a.counts[code] = int64(a.valuesOf(k, code))
		}
		a.n[at(groups, i)] += a.counts[code]
	}
	return nil
}

// valuesOf is how many values an entry stands for.
func (a *metric) valuesOf(k *coding, code uint32) int {
	switch {
	case !a.list:
		return 1
	case a.ints:
		return len(a.numsOf(k, code))
	}
	return len(a.textsOf(k, code))
}

// at gives the group of the i-th row.
func at(groups []uint32, i int) uint32 {
	if groups == nil {
		return 0
	}
	return groups[i]
}

// zeroed gives s with n zeros.
func zeroed[T uint8 | int64 | uint64](s []T, n int) []T {
	s = room(s, n)
	clear(s)
	return s
}

// merge adds the groups of other, each to the one of its number.
func (a *metric) merge(other *metric) {
	for g := range max(len(other.n), len(other.v), len(other.sets)) {
		a.mergeGroup(uint32(g), other, g)
	}
}

// mergeGroup adds one group of another metric to group g.
func (a *metric) mergeGroup(g uint32, other *metric, from int) {
	switch a.Func {
	case query.Distinct:
		if s := other.sets[from]; s != nil {
			a.change(g, func(mine *sketch) { mine.merge(s, a.limit) })
		}
		return
	case query.Min, query.Max:
		a.extreme(g, other.v[from])
	case query.Sum, query.Avg:
		a.sum(g, other.v[from])
		if other.wraps != nil {
			if a.wraps == nil {
				a.wraps = map[uint32]int64{}
			}
			a.wraps[g] += other.wraps[uint32(from)]
		}
	}
	if a.Func != query.Sum {
		a.n[g] += other.n[from]
	}
}

// room is what the metric takes, in bytes.
func (a *metric) room() int64 {
	return int64(cap(a.n)+cap(a.v)+cap(a.sets))*8 + a.memory
}
