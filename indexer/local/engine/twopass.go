package engine

import (
	"context"
	"time"

	"github.com/weirflow/weir/indexer/query"
)

// counters are what a pass that is done again must not count twice.
type counters struct {
	done             int64
	scanned, matched int64
	skipped          int
}

func (r *run) counters() counters {
	return counters{r.done, r.stats.Scanned, r.stats.Matched, r.stats.Skipped}
}

func (r *run) restore(c counters) {
	r.done, r.stats.Scanned, r.stats.Matched, r.stats.Skipped = c.done, c.scanned, c.matched, c.skipped
}

// twoPasses finds the top groups first, then their buckets.
func (r *run) twoPasses(ctx context.Context, grid buckets) (*spectrum, error) {
	q := r.request.Histogram
	all, _, err := r.gather(ctx, q.By, q.Missing, q.Metrics, q.Order)
	if err != nil {
		return nil, err
	}
	s := &spectrum{top: all}
	s.choose(q.Top)

	// The second pass knows the top groups alone, numbered as they are ranked.
	type state struct {
		total, cells []*metric
		known        *groups
		place        []uint32
		at           []uint32
	}
	states := make([]state, r.workers)
	chosen := map[int]bool{}
	for _, g := range s.series {
		chosen[g] = true
	}
	for i := range states {
		known := all.fresh()
		to := known.absorb(all, func(g int) bool { return !chosen[g] })
		for _, k := range known.keyers {
			k.freeze()
		}
		place := make([]uint32, known.size())
		for j := range place {
			place[j] = uint32(len(s.series))
		}
		for rank, g := range s.series {
			place[to[g]] = uint32(rank)
		}
		states[i] = state{total: r.totals(), cells: newMetrics(q.Metrics, r.request.Limits), known: known, place: place}
		grow(states[i].total, grid.n)
		grow(states[i].cells, (len(s.series)+1)*grid.n)
	}
	r.again = true
	err = r.each(ctx, nil, nil, func(worker int, c *chunk, rows []uint32) error {
		w := &states[worker]
		if err := loadAll(c, w.known, w.total); err != nil {
			return err
		}
		var err error
		if rows, w.at, err = bucketed(c, grid, rows, w.at); err != nil {
			return err
		}
		if err := addAll(w.total, 0, c, rows, w.at); err != nil {
			return err
		}
		rows, cells, err := w.known.cells(c, rows, w.at, w.place, grid.n, uint32(len(s.series)))
		if err != nil {
			return err
		}
		return addAll(w.cells, 0, c, rows, cells)
	})
	if err != nil {
		return nil, err
	}
	s.total, s.cells = states[0].total, states[0].cells
	for _, other := range states[1:] {
		for i := range s.total {
			s.total[i].merge(other.total[i], identity(grid.n))
		}
		for i := range s.cells {
			s.cells[i].merge(other.cells[i], identity((len(s.series)+1)*grid.n))
		}
	}
	return s, nil
}

// cells gives the cells of rows, by their buckets and the places of the groups;
// groups that are not here have the place others.
func (s *groups) cells(c *chunk, rows, at, place []uint32, buckets int, others uint32) (wide, cells []uint32, err error) {
	rows, dims, err := s.dims(c, rows, at)
	if err != nil {
		return nil, nil, err
	}
	cells = make([]uint32, len(rows))
	for i := range rows {
		series := others
		if g, ok := s.find(dims[1:], i); ok {
			series = place[g]
		}
		cells[i] = series*uint32(buckets) + dims[0][i]
	}
	return rows, cells, nil
}

// find gives the group of the i-th row among those that are there.
func (s *groups) find(dims [][]uint32, i int) (g uint32, ok bool) {
	for d, k := range s.keyers {
		if int(dims[d][i]) >= k.base {
			return 0, false
		}
	}
	g = dims[0][i]
	for j, t := range s.pairs {
		if g, ok = t.find(uint64(g)<<32 | uint64(dims[j+1][i])); !ok {
			return 0, false
		}
	}
	return g, true
}

// find gives the number of key, if it has one.
func (t *table) find(key uint64) (n uint32, ok bool) {
	h := hash(key)
	mask := uint64(len(t.slots) - 1)
	for at := h >> t.shift; t.slots[at] != 0; at = (at + 1) & mask {
		if slot := t.slots[at]; slot>>32 == h>>32 {
			if n := uint32(slot) - 1; t.keys[n] == key {
				return n, true
			}
		}
	}
	return 0, false
}

// draw writes the answer.
func (r *run) draw(s *spectrum, grid buckets) *query.HistogramAnswer {
	q := r.request.Histogram
	a := &query.HistogramAnswer{Keys: keyColumns(q.By), Metrics: metricColumns(q.Metrics), Buckets: []time.Time{}}
	first, last := 0, grid.n
	if r.request.From.IsZero() || r.request.To.IsZero() {
		first, last = r.trim(s.total[len(q.Metrics)].n)
	}
	total := s.total[:len(q.Metrics)]
	for i := first; i < last; i++ {
		a.Buckets = append(a.Buckets, time.Unix(0, grid.start+int64(i)*grid.width).UTC())
	}
	line := func(metrics []*metric, from int) query.Series {
		series := query.Series{Values: make([][]any, 0, last-first)}
		for i := first; i < last; i++ {
			series.Values = append(series.Values, values(metrics, from+i, a.Metrics))
		}
		return series
	}
	a.Total = line(total, 0)
	a.Total.Total = r.sum(total, 0, grid.n, a.Metrics)
	if s.top == nil {
		return a
	}
	for rank, g := range s.series {
		series := line(s.cells, rank*grid.n)
		series.Keys, series.Total = s.top.keys(g), r.sum(s.cells, rank*grid.n, grid.n, a.Metrics)
		a.Series = append(a.Series, series)
	}
	if s.others > 0 {
		other := line(s.cells, len(s.series)*grid.n)
		other.Total = r.sum(s.cells, len(s.series)*grid.n, grid.n, a.Metrics)
		a.Other = &other
	}
	a.Approximate, a.Off = r.approximate(s.top)
	return a
}

// sum gives the metrics over n buckets.
func (r *run) sum(metrics []*metric, from, n int, columns []query.Column) []any {
	one := make([]*metric, len(metrics))
	for i, m := range metrics {
		one[i] = newMetric(m.Metric, r.request.Limits)
		one[i].grow(1)
		for g := from; g < from+n; g++ {
			one[i].mergeGroup(0, m, g)
		}
	}
	return values(one, 0, columns)
}

// trim leaves out buckets without rows at the ends of the range that are open.
func (r *run) trim(rows []int64) (first, last int) {
	first, last = 0, len(rows)
	for r.request.From.IsZero() && first < last && rows[first] == 0 {
		first++
	}
	for r.request.To.IsZero() && last > first && rows[last-1] == 0 {
		last--
	}
	return first, last
}
