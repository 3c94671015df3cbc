package engine

import (
	"slices"

	"github.com/weirflow/weir/indexer/query"
)

// tally sums up the rows of one block by group, for one worker. Its groups are
// numbered by the block's own numbers of values, which is cheap; gathering takes
// the sums of each block over.
type tally struct {
	fields []*field
	// lead is how many numbers there are of a dimension before the fields, which
	// the caller gives; 0 is none.
	lead    int
	metrics []*metric

	rows  []int64 // per group
	steps []step
	first *table // numbers groups of one dimension that has large numbers

	// Room: numbers per dimension, as they come and spread, and groups.
	ids, wide    [][]uint32
	list, placed []uint32
}

// step makes one number of two: of the dimensions so far, and of the next.
type step struct {
	stride uint32 // above 0: first·stride + second
	table  *table // else pairs are numbered as they come
}

// denseGroups is up to how many groups get a place each, whether they occur or
// not.
const denseGroups = 1 << 16

func newTally(by []query.Field, missing bool, lead int, metrics []query.Metric, limits query.Limits) *tally {
	t := &tally{lead: lead, metrics: newMetrics(metrics, limits), first: newTable()}
	for _, f := range by {
		t.fields = append(t.fields, newField(f, missing))
	}
	t.steps = make([]step, max(0, t.dimensions()-1))
	for i := range t.steps {
		t.steps[i].table = newTable()
	}
	t.ids, t.wide = make([][]uint32, len(by)), make([][]uint32, t.dimensions())
	return t
}

func newMetrics(list []query.Metric, limits query.Limits) []*metric {
	metrics := make([]*metric, len(list))
	for i, m := range list {
		metrics[i] = newMetric(m, limits)
	}
	return metrics
}

func (t *tally) dimensions() int {
	if t.lead > 0 {
		return len(t.fields) + 1
	}
	return len(t.fields)
}

// add sums up a block's rows, anew; lead holds their leading numbers. It gives
// the rows with their groups, and whether each row is in exactly one.
func (t *tally) add(c *chunk, rows, lead []uint32) (grouped, groups []uint32, plain bool, err error) {
	dims := make([][]uint32, 0, query.MaxGroupFields+1)
	if t.lead > 0 {
		dims = append(dims, lead)
	}
	plain = true
	for i, f := range t.fields {
		t.ids[i] = slices.Grow(t.ids[i][:0], len(rows))[:len(rows)]
		even, err := f.open(c, rows, t.ids[i])
		if err != nil {
			return nil, nil, false, err
		}
		plain = plain && even
		dims = append(dims, t.ids[i])
	}
	if !plain {
		rows, dims = t.spread(rows, dims)
	}
	groups, n := t.place(dims)
	t.rows = zeroed(t.rows, n)
	for _, g := range groups {
		t.rows[g]++
	}
	for _, m := range t.metrics {
		m.reset(n)
		if m.Func == query.Count && m.Field == "" || len(rows) == 0 {
			continue // rows has it
		}
		if err := m.add(c, rows, groups); err != nil {
			return nil, nil, false, err
		}
	}
	return rows, groups, plain, nil
}

// spread takes out rows without a value and repeats those with several.
func (t *tally) spread(rows []uint32, dims [][]uint32) ([]uint32, [][]uint32) {
	out := t.wide
	for d := range out {
		out[d] = out[d][:0]
	}
	t.list = t.list[:0]
	var choice, choices [query.MaxGroupFields + 1][]uint32
	var one [query.MaxGroupFields + 1][1]uint32
	before := len(dims) - len(t.fields)
rows:
	for i, row := range rows {
		single := true
		for d, ids := range dims {
			n := ids[i]
			if n == absent {
				continue rows
			}
			one[d][0] = n
			choices[d] = one[d][:]
			if n >= listFlag {
				choices[d] = t.fields[d-before].lists[n&^listFlag]
				single = false
			}
		}
		if single {
			t.list = append(t.list, row)
			for d := range dims {
				out[d] = append(out[d], one[d][0])
			}
			continue
		}
		// All combinations: the last dimension turns fastest.
		copy(choice[:], choices[:])
		for {
			t.list = append(t.list, row)
			for d := range dims {
				out[d] = append(out[d], choice[d][0])
			}
			d := len(dims) - 1
			for ; d >= 0; d-- {
				if choice[d] = choice[d][1:]; len(choice[d]) > 0 {
					break
				}
				choice[d] = choices[d]
			}
			if d < 0 {
				break
			}
		}
	}
	return t.list, out
}

// sizeOf is how many numbers a dimension has.
func (t *tally) sizeOf(dimension int) int {
	if t.lead > 0 {
		if dimension == 0 {
			return t.lead
		}
		dimension--
	}
	return t.fields[dimension].size
}

// place gives the groups of rows by the numbers of their values, and how many
// groups there may be.
func (t *tally) place(dims [][]uint32) (groups []uint32, n int) {
	groups, n = dims[0], t.sizeOf(0)
	if len(t.steps) == 0 {
		return groups, n
	}
	t.placed = slices.Grow(t.placed[:0], len(groups))[:len(groups)]
	for j := range t.steps {
		s, second, size := &t.steps[j], dims[j+1], t.sizeOf(j+1)
		if n*size <= denseGroups {
			s.stride = uint32(size)
			for i, first := range groups {
				t.placed[i] = first*uint32(size) + second[i]
			}
			n *= size
		} else {
			s.stride = 0
			s.table.reset()
			last, g := ^uint64(0), uint32(0)
			for i, first := range groups {
				// Rows beside each other are often of one group.
				if pair := uint64(first)<<32 | uint64(second[i]); pair != last {
					last, g = pair, s.table.add(pair)
				}
				t.placed[i] = g
			}
			n = len(s.table.keys)
		}
		groups = t.placed
	}
	return groups, n
}

// values gives the numbers of a group's values, per dimension.
func (t *tally) values(g uint32, into []uint32) {
	for j := len(t.steps) - 1; j >= 0; j-- {
		if s := &t.steps[j]; s.stride > 0 {
			into[j+1] = g % s.stride
			g /= s.stride
		} else {
			pair := s.table.keys[g]
			into[j+1] = uint32(pair)
			g = uint32(pair >> 32)
		}
	}
	into[0] = g
}

// key gives a group's key by some dictionaries; without add, ok is false when a
// value is in none of them.
func (t *tally) key(g uint32, dicts []*dictionary, add bool) (k key, ok bool) {
	var own [query.MaxGroupFields + 1]uint32
	t.values(g, own[:])
	lead, numbers := uint32(0), own[:]
	if t.lead > 0 {
		lead, numbers = own[0], own[1:]
	}
	var shared [query.MaxGroupFields]uint64
	for i, f := range t.fields {
		if shared[i], ok = f.shared(dicts[i], numbers[i], add); !ok {
			return key{}, false
		}
	}
	return keyOf(lead, shared), true
}
