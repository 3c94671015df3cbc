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
	s := &spectrum{all: all}
	s.choose(q.Top)

	// The second pass knows the top groups alone; the others are one.
	known := newGathering(all.by, all.missing, false, q.Metrics, q.Order, r.request.Limits)
	rank := map[place]uint32{}
	for i, p := range s.series {
		rank[known.adopt(all, p)] = uint32(i)
	}
	states := make([]histogramState, r.workers)
	for i := range states {
		states[i] = histogramState{total: r.totals(grid.n), cells: newMetrics(q.Metrics, r.request.Limits), tally: newTally(all.by, q.Missing, grid.n, q.Metrics, r.request.Limits)}
		grow(states[i].cells, (len(s.series)+1)*grid.n)
	}
	r.again = true
	err = r.each(ctx, nil, nil, func(worker int, c *chunk, rows []uint32) error {
		w := &states[worker]
		rows, plain, err := w.add(c, grid, rows, true)
		if err != nil || len(rows) == 0 {
			return err
		}
		if err := w.tally.addTotal(w.total, c, rows, w.at, plain); err != nil {
			return err
		}
		w.takeKnown(known, rank, grid.n)
		return nil
	})
	if err != nil {
		return nil, err
	}
	s.total, s.cells = mergeTotals(states), states[0].cells
	for _, other := range states[1:] {
		for i, m := range s.cells {
			m.merge(other.cells[i])
		}
	}
	return s, nil
}

// takeKnown adds the tally's groups to the cells of their series, by the groups
// that are known and the ranks of those.
func (w *histogramState) takeKnown(known *gathering, rank map[place]uint32, buckets int) {
	t := w.tally
	var numbers [query.MaxGroupFields + 1]uint32
	cells := room(w.mover.groups, len(t.rows))
	w.mover.groups = cells
	for g, rows := range t.rows {
		if rows == 0 {
			continue
		}
		t.values(uint32(g), numbers[:])
		bucket, series := numbers[0], uint32(len(rank))
		if k, ok := t.key(uint32(g), known.dicts, false); ok {
			k = keyOf(0, k.numbers())
			h := k.hash()
			which := uint32(h & (1<<partBits - 1))
			if n, _, ok := known.parts[which].keys.find(k, h); ok {
				series = rank[place{which, n}]
			}
		}
		cells[g] = series*uint32(buckets) + bucket
		for i, m := range w.cells {
			switch {
			case m.Func == query.Distinct:
			case m.Func == query.Count && m.Field == "":
				m.n[cells[g]] += rows
			default:
				m.mergeGroup(cells[g], t.metrics[i], g)
			}
		}
	}
	for i, m := range t.metrics {
		if m.Func == query.Distinct {
			m.eachPair(func(g uint32, h uint64) { w.cells[i].see(cells[g], h) })
		}
	}
}

// draw writes the answer.
func (r *run) draw(s *spectrum, grid buckets) *query.HistogramAnswer {
	q := r.request.Histogram
	a := &query.HistogramAnswer{Keys: keyColumns(q.By), Metrics: metricColumns(q.Metrics), Buckets: []time.Time{}}
	first, last := 0, grid.n
	if r.request.From.IsZero() || r.request.To.IsZero() {
		first, last = r.trim(s.total[len(q.Metrics)].n)
	}
	for i := first; i < last; i++ {
		a.Buckets = append(a.Buckets, time.Unix(0, grid.start+int64(i)*grid.width).UTC())
	}
	line := func(metrics []*metric, from int) query.Series {
		series := query.Series{Values: make([][]any, 0, last-first)}
		for i := first; i < last; i++ {
			series.Values = append(series.Values, values(metrics, from+i, a.Metrics))
		}
		series.Total = r.sum(metrics[:len(q.Metrics)], from, grid.n, a.Metrics)
		return series
	}
	a.Total = line(s.total, 0)
	if s.all == nil {
		return a
	}
	for rank, p := range s.series {
		series := line(s.cells, rank*grid.n)
		series.Keys = s.all.values(p)
		a.Series = append(a.Series, series)
	}
	if s.others > 0 {
		other := line(s.cells, len(s.series)*grid.n)
		a.Other = &other
	}
	a.Approximate, a.Off = r.approximate(s.all)
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
