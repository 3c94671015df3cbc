package engine

import (
	"cmp"
	"math"
	"time"

	"github.com/weirflow/weir/indexer/query"
)

// metric holds one metric of every group. Groups are numbered from 0.
type metric struct {
	query.Metric
	reader
	limit int // of exact distinct values

	n      []int64          // values seen; rows for count without a field
	v      []int64          // sum modulo 2^64, least or largest
	wraps  map[uint32]int64 // how often a sum went over (or, negative, under) an int64
	sets   []*sketch
	memory int64 // of sets

	hashes [][]uint64 // room: of entries, per column
	counts []int64
	known  []uint8
}

func newMetric(m query.Metric, limits query.Limits) *metric {
	a := &metric{Metric: m, limit: limits.Distinct}
	if m.Field != "" {
		f, _ := query.LookupField(m.Field)
		a.reader = newReader(f)
	}
	return a
}

// grow makes room for n groups.
func (a *metric) grow(n int) {
	if a.Func == query.Distinct {
		for len(a.sets) < n {
			a.sets = append(a.sets, nil)
		}
		return
	}
	for len(a.n) < n {
		a.n = append(a.n, 0)
	}
	if a.Func == query.Count {
		return
	}
	first := int64(0)
	switch a.Func {
	case query.Min:
		first = math.MaxInt64
	case query.Max:
		first = math.MinInt64
	}
	for len(a.v) < n {
		a.v = append(a.v, first)
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
	return a.addNumbers(c, rows, groups)
}

func (a *metric) addNumbers(c *chunk, rows, groups []uint32) error {
	v, err := c.vector(a.columns[0])
	if err != nil || v.Empty() {
		return err
	}
	g := uint32(0)
	for i, row := range rows {
		if v.Present != nil && v.Present[row>>6]&(1<<(row&63)) == 0 {
			continue
		}
		if groups != nil {
			g = groups[i]
		}
		var x int64
		if v.Ints != nil {
			x = v.Ints[row]
		} else {
			x = v.IntDict[v.Codes[row]]
		}
		a.put(g, x, 1, 0)
	}
	return nil
}

// put counts a number in: one value, or what n values and some wraps have come to.
func (a *metric) put(g uint32, x, n, wraps int64) {
	a.n[g] += n
	old := a.v[g]
	switch a.Func {
	case query.Min:
		a.v[g] = min(old, x)
		return
	case query.Max:
		a.v[g] = max(old, x)
		return
	}
	sum := old + x
	a.v[g] = sum
	if (old^sum)&(x^sum) < 0 {
		if x > 0 {
			wraps++
		} else {
			wraps--
		}
	}
	if wraps != 0 {
		if a.wraps == nil {
			a.wraps = map[uint32]int64{}
		}
		a.wraps[g] += wraps
	}
}

// addCount counts values: several for lists.
func (a *metric) addCount(c *chunk, rows, groups []uint32) error {
	g := uint32(0)
	if len(a.columns) == 0 { // a constant
		for i := range rows {
			if groups != nil {
				g = groups[i]
			}
			a.n[g]++
		}
		return nil
	}
	if len(a.columns) > 1 {
		return a.related(c, rows, func(i int, _ uint64) { a.n[at(groups, i)]++ })
	}
	k, err := c.coding(a.columns[0])
	if err != nil || k.none {
		return err
	}
	a.known, a.counts = zeroed(a.known, k.entries), zeroed(a.counts, k.entries)
	for i, row := range rows {
		if k.present != nil && !k.has(row) {
			continue
		}
		code := k.codes[row]
		if a.known[code] == 0 {
			a.known[code] = 1
			a.counts[code] = int64(a.values(k, code))
		}
		if groups != nil {
			g = groups[i]
		}
		a.n[g] += a.counts[code]
	}
	return nil
}

// values is how many values an entry stands for.
func (a *metric) values(k *coding, code uint32) int {
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
	if cap(s) < n {
		return make([]T, n)
	}
	s = s[:n]
	clear(s)
	return s
}

// merge adds the groups of other, group i to groups[i]; absent leaves it out.
func (a *metric) merge(other *metric, groups []uint32) {
	for i, g := range groups {
		if g != absent {
			a.mergeGroup(g, other, i)
		}
	}
}

// mergeGroup adds one group of another metric to group g.
func (a *metric) mergeGroup(g uint32, other *metric, from int) {
	switch {
	case a.Func == query.Distinct:
		if s := other.sets[from]; s != nil {
			a.change(g, func(mine *sketch) { mine.merge(s, a.limit) })
		}
	case a.Func == query.Count:
		a.n[g] += other.n[from]
	case other.n[from] > 0:
		a.put(g, other.v[from], other.n[from], other.wraps[uint32(from)])
	}
}

// value gives a group's value as answers show it, and whether it is estimated.
func (a *metric) value(g int) (v any, estimated bool) {
	switch a.Func {
	case query.Count:
		return a.n[g], false
	case query.Distinct:
		if a.sets[g] == nil {
			return int64(0), false
		}
		return a.sets[g].count()
	case query.Sum:
		if w := a.wraps[uint32(g)]; w != 0 {
			return a.float(g), false
		}
		return a.v[g], false
	}
	switch {
	case a.n[g] == 0:
		return nil, false
	case a.Func == query.Avg:
		return a.float(g) / float64(a.n[g]), false
	case a.field.Class == query.Time:
		return time.Unix(0, a.v[g]).UTC(), false
	}
	return a.v[g], false
}

// float is a group's sum.
func (a *metric) float(g int) float64 {
	return float64(a.v[g]) + float64(a.wraps[uint32(g)])*(1<<64)
}

// compare orders two groups by the metric.
func (a *metric) compare(x, y int) int {
	switch a.Func {
	case query.Count:
		return cmp.Compare(a.n[x], a.n[y])
	case query.Distinct:
		return cmp.Compare(a.distinct(x), a.distinct(y))
	case query.Sum:
		if len(a.wraps) > 0 {
			if d := cmp.Compare(a.wraps[uint32(x)], a.wraps[uint32(y)]); d != 0 {
				return d
			}
		}
		return cmp.Compare(a.v[x], a.v[y])
	}
	if a.n[x] == 0 || a.n[y] == 0 { // groups without a value come last
		return cmp.Compare(min(a.n[x], 1), min(a.n[y], 1))
	}
	if a.Func == query.Avg {
		return cmp.Compare(a.float(x)/float64(a.n[x]), a.float(y)/float64(a.n[y]))
	}
	return cmp.Compare(a.v[x], a.v[y])
}

func (a *metric) distinct(g int) int64 {
	if a.sets[g] == nil {
		return 0
	}
	n, _ := a.sets[g].count()
	return n
}

// room is what the metric takes, in bytes.
func (a *metric) room() int64 {
	return int64(cap(a.n)+cap(a.v)+cap(a.sets))*8 + a.memory
}
