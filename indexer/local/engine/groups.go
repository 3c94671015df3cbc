package engine

import (
	"slices"

	"github.com/weirflow/weir/indexer/query"
)

// groups sums rows up by the values of fields. A group's number comes from its
// values' numbers: with one field it is that number, with more each further field
// makes pairs, which a table numbers. One goroutine uses it.
type groups struct {
	keyers  []*keyer
	lead    bool // before the fields comes a number that the caller gives
	pairs   []*table
	metrics []*metric
	limits  query.Limits
	order   int

	// What was given up: its groups' metrics as one, how many, and by how much of
	// the metric that orders a group can be too small.
	rest      []*metric
	restCount int64
	off       int64

	// Room: numbers per dimension, as they come and spread, and groups.
	ids, wide    [][]uint32
	rows, placed []uint32
}

func newGroups(by []query.Field, missing, lead bool, metrics []query.Metric, order int, limits query.Limits) *groups {
	s := &groups{lead: lead, limits: limits, order: order}
	for _, f := range by {
		s.keyers = append(s.keyers, newKeyer(f, missing))
	}
	for range s.dimensions() - 1 {
		s.pairs = append(s.pairs, newTable())
	}
	s.metrics = newMetrics(metrics, limits)
	return s
}

func newMetrics(list []query.Metric, limits query.Limits) []*metric {
	metrics := make([]*metric, len(list))
	for i, m := range list {
		metrics[i] = newMetric(m, limits)
	}
	return metrics
}

// fresh gives an empty one of the same kind.
func (s *groups) fresh() *groups {
	n := &groups{lead: s.lead, limits: s.limits, order: s.order}
	for _, k := range s.keyers {
		n.keyers = append(n.keyers, newKeyer(k.field, k.missing))
	}
	for range s.pairs {
		n.pairs = append(n.pairs, newTable())
	}
	for _, m := range s.metrics {
		n.metrics = append(n.metrics, newMetric(m.Metric, s.limits))
	}
	return n
}

func (s *groups) dimensions() int {
	if s.lead {
		return len(s.keyers) + 1
	}
	return len(s.keyers)
}

// size is one more than the largest group's number.
func (s *groups) size() int {
	switch {
	case len(s.pairs) > 0:
		return len(s.pairs[len(s.pairs)-1].keys)
	case len(s.keyers) > 0:
		return s.keyers[0].size()
	}
	return 0
}

// exists reports whether a number below size is a group's.
func (s *groups) exists(g int) bool {
	return len(s.pairs) > 0 || g != int(null) || s.keyers[0].nulls
}

// add counts rows in; lead holds their leading numbers.
func (s *groups) add(c *chunk, rows, lead []uint32) error {
	rows, dims, err := s.dims(c, rows, lead)
	if err != nil {
		return err
	}
	groups := s.place(dims)
	return addAll(s.metrics, s.size(), c, rows, groups)
}

func addAll(metrics []*metric, size int, c *chunk, rows, groups []uint32) error {
	for _, m := range metrics {
		m.grow(size)
		if len(rows) == 0 { // and so no groups, which would be read as group 0
			continue
		}
		if err := m.add(c, rows, groups); err != nil {
			return err
		}
	}
	return nil
}

// dims gives the numbers of the rows' values, per dimension, with a row left out
// that has no value and repeated where it has several. lead, if there is one, is
// the first dimension.
func (s *groups) dims(c *chunk, rows, lead []uint32) ([]uint32, [][]uint32, error) {
	for len(s.ids) < len(s.keyers) {
		s.ids = append(s.ids, nil)
	}
	var dims [][]uint32
	if lead != nil {
		dims = append(dims, lead)
	}
	plain := true
	for i, k := range s.keyers {
		s.ids[i] = slices.Grow(s.ids[i][:0], len(rows))[:len(rows)]
		even, err := k.numbers(c, rows, s.ids[i])
		if err != nil {
			return nil, nil, err
		}
		plain = plain && even
		dims = append(dims, s.ids[i])
	}
	if !plain {
		rows, dims = s.spread(rows, dims, len(dims)-len(s.keyers))
	}
	return rows, dims, nil
}

// spread takes out rows without a value and repeats those with several. The
// fields' dimensions come after so many others.
func (s *groups) spread(rows []uint32, dims [][]uint32, before int) ([]uint32, [][]uint32) {
	for len(s.wide) < len(dims) {
		s.wide = append(s.wide, nil)
	}
	out := s.wide[:len(dims)]
	for d := range out {
		out[d] = out[d][:0]
	}
	s.rows = s.rows[:0]
	var choice, choices [query.MaxGroupFields + 1][]uint32
	var one [query.MaxGroupFields + 1][1]uint32
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
				choices[d] = s.keyers[d-before].lists[n&^listFlag]
				single = false
			}
		}
		if single {
			s.rows = append(s.rows, row)
			for d := range dims {
				out[d] = append(out[d], one[d][0])
			}
			continue
		}
		// All combinations: the last dimension turns fastest.
		copy(choice[:], choices[:])
		for {
			s.rows = append(s.rows, row)
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
	return s.rows, out
}

// place gives the groups of rows by the numbers of their values; valid until the
// next call.
func (s *groups) place(dims [][]uint32) []uint32 {
	groups := dims[0]
	if len(s.pairs) == 0 {
		return groups
	}
	s.placed = slices.Grow(s.placed[:0], len(groups))[:len(groups)]
	for j, t := range s.pairs {
		second := dims[j+1]
		last, n := ^uint64(0), uint32(0)
		for i, first := range groups {
			// Rows beside each other are often of one group.
			if key := uint64(first)<<32 | uint64(second[i]); key != last {
				last, n = key, t.add(key)
			}
			s.placed[i] = n
		}
		groups = s.placed
	}
	return groups
}

// values gives the numbers of a group's values, per dimension.
func (s *groups) values(g uint32, into []uint32) {
	for j := len(s.pairs) - 1; j >= 0; j-- {
		key := s.pairs[j].keys[g]
		into[j+1] = uint32(key)
		g = uint32(key >> 32)
	}
	into[0] = g
}
