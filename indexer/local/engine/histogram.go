package engine

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/weirflow/weir/indexer/local/column"
	"github.com/weirflow/weir/indexer/query"
)

// errTooMany says that there are more groups and buckets than one pass may hold.
var errTooMany = errors.New("too many groups and buckets for one pass")

// onePassShare is the share of the bound of groups, as its divisor, that pairs of a
// group and a bucket may take in one pass. Beyond it, a first pass finds the top
// groups and a second one their buckets.
const onePassShare = 8

// buckets is the grid of a histogram.
type buckets struct {
	start, width int64 // Unix nanoseconds
	n            int
}

// of gives the buckets of rows.
func (b buckets) of(c *chunk, rows, out []uint32) error {
	v, err := c.vector(column.Timestamp)
	if err != nil {
		return err
	}
	for i, row := range rows {
		out[i] = absent
		if v.Empty() || !v.Has(int(row)) {
			continue
		}
		if at := (v.Int(int(row)) - b.start) / b.width; at >= 0 && at < int64(b.n) {
			out[i] = uint32(at)
		}
	}
	return nil
}

func floor(t, width int64) int64 {
	n := t / width
	if t%width < 0 {
		n--
	}
	return n * width
}

// grid gives the buckets that the request's range, and where it is open the
// blocks' times, span.
func (r *run) grid(ctx context.Context) (buckets, error) {
	width := int64(r.request.Histogram.Interval)
	first, last := r.from, r.to-1
	if r.from == math.MinInt64 || r.to == math.MaxInt64 {
		lo, hi, err := r.times(ctx)
		if err != nil || lo > hi && r.from == math.MinInt64 {
			return buckets{width: width}, err
		}
		if r.from == math.MinInt64 {
			first = lo
		}
		if r.to == math.MaxInt64 {
			last = max(hi, first)
		}
	}
	first, last = floor(first, width), floor(last, width)
	if n := uint64(last-first)/uint64(width) + 1; n > uint64(min(r.request.Limits.Buckets, maxLead)) {
		return buckets{}, &query.LimitError{What: fmt.Sprintf("%d buckets of %s are needed, at most %d are allowed; ask for a longer interval or a shorter time",
			n, time.Duration(width), r.request.Limits.Buckets)}
	}
	return buckets{first, width, int((last-first)/width) + 1}, nil
}

// times bounds the times of the blocks that may have selected rows; lo > hi
// without any.
func (r *run) times(ctx context.Context) (lo, hi int64, err error) {
	lo, hi = math.MaxInt64, math.MinInt64
	c := &chunk{}
	for i, b := range r.blocks {
		if r.foresee(b) == never {
			continue
		}
		first, last, ok := b.Range(column.Timestamp)
		if !ok {
			c.open(ctx, b, i)
			v, err := c.vector(column.Timestamp)
			if err != nil {
				if ctx.Err() != nil {
					return 0, 0, err
				}
				r.fail(i, err)
				continue
			}
			for row := range v.N {
				if !v.Empty() && v.Has(row) {
					lo, hi = min(lo, v.Int(row)), max(hi, v.Int(row))
				}
			}
			continue
		}
		lo, hi = min(lo, first), max(hi, last)
	}
	if r.from != math.MinInt64 {
		lo = max(lo, r.from)
	}
	if r.to != math.MaxInt64 {
		hi = min(hi, r.to-1)
	}
	return lo, hi, nil
}

// spectrum is a histogram in the making: the metrics per bucket, and those of the
// series, which stand one behind the other, bucket by bucket.
type spectrum struct {
	total, cells []*metric  // total has the number of rows behind the metrics
	all          *gathering // the groups' totals
	series       []place    // groups that are a series
	others       int64      // groups that are not
}

func (r *run) histogram(ctx context.Context) (*query.HistogramAnswer, error) {
	q := r.request.Histogram
	grid, err := r.grid(ctx)
	if err != nil {
		return nil, err
	}
	if len(q.By) > 0 {
		if need := int64(q.Top+1) * int64(grid.n) * int64(len(q.Metrics)) * 16 * int64(r.workers); need > r.request.Limits.Memory {
			return nil, &query.LimitError{What: fmt.Sprintf("%d series of %d buckets need more memory than the query may take; ask for fewer", q.Top, grid.n)}
		}
	}
	s, err := r.onePass(ctx, grid)
	if errors.Is(err, errTooMany) {
		s, err = r.twoPasses(ctx, grid)
	}
	if err != nil {
		return nil, err
	}
	return r.draw(s, grid), nil
}

// onePass gathers all groups per bucket.
func (r *run) onePass(ctx context.Context, grid buckets) (*spectrum, error) {
	q := r.request.Histogram
	fields := fieldsOf(q.By)
	all := newGathering(fields, q.Missing, true, q.Metrics, q.Order, r.request.Limits)
	states := make([]histogramState, r.workers)
	for i := range states {
		states[i] = histogramState{total: r.totals(grid.n), tally: newTally(fields, q.Missing, grid.n, q.Metrics, r.request.Limits)}
	}
	before := r.counters()
	err := r.each(ctx, nil, nil, func(worker int, c *chunk, rows []uint32) error {
		s := &states[worker]
		rows, plain, err := s.add(c, grid, rows, len(fields) > 0)
		if err != nil || len(fields) == 0 || len(rows) == 0 {
			return err
		}
		if err := s.tally.addTotal(s.total, c, rows, s.at, plain); err != nil {
			return err
		}
		if err := all.take(s.tally, &s.mover, worker*len(all.parts)/r.workers); err != nil {
			return err
		}
		if all.count.Load() > int64(r.request.Limits.Groups/onePassShare) || all.over() {
			return errTooMany
		}
		return nil
	})
	if err != nil {
		r.restore(before)
		return nil, err
	}
	s := &spectrum{total: mergeTotals(states)}
	if len(fields) > 0 {
		r.arrange(s, all, grid)
	}
	return s, nil
}

// histogramState is what a worker has.
type histogramState struct {
	total, cells []*metric
	tally        *tally
	mover        mover
	at           []uint32 // buckets of rows
}

// add tallies a block's rows by their buckets and groups, or, without groups,
// adds them to the totals.
func (s *histogramState) add(c *chunk, grid buckets, rows []uint32, grouped bool) (timed []uint32, plain bool, err error) {
	if err := loadAll(c, s.tally, s.total); err != nil {
		return nil, false, err
	}
	if timed, s.at, err = bucketed(c, grid, rows, s.at); err != nil {
		return nil, false, err
	}
	if !grouped {
		return timed, true, addAll(s.total, c, timed, s.at)
	}
	_, _, plain, err = s.tally.add(c, timed, s.at)
	return timed, plain, err
}

func mergeTotals(states []histogramState) []*metric {
	for _, other := range states[1:] {
		for i, m := range states[0].total {
			m.merge(other.total[i])
		}
	}
	return states[0].total
}

// totals gives the metrics of the total, and the number of rows.
func (r *run) totals(buckets int) []*metric {
	list := append(newMetrics(r.request.Histogram.Metrics, r.request.Limits), newMetric(query.Metric{Func: query.Count}, r.request.Limits))
	grow(list, buckets)
	return list
}

// bucketed gives the rows that have a time, and their buckets.
func bucketed(c *chunk, grid buckets, rows, into []uint32) (timed, at []uint32, err error) {
	at = room(into, len(rows))
	if err := grid.of(c, rows, at); err != nil {
		return nil, at, err
	}
	timed = rows
	for i, b := range at {
		switch {
		case b == absent && len(timed) == len(rows):
			timed = slices.Clone(rows[:i]) // rows may be shared
		case b == absent:
		case len(timed) < len(rows):
			at[len(timed)] = b
			timed = append(timed, rows[i])
		}
	}
	return timed, at[:len(timed)], nil
}

// arrange turns groups per bucket into series.
func (r *run) arrange(s *spectrum, lead *gathering, grid buckets) {
	q := r.request.Histogram
	s.all = newGathering(fieldsOf(q.By), q.Missing, false, q.Metrics, q.Order, r.request.Limits)
	list := lead.every()
	to := make([]place, len(list))
	for i, p := range list {
		to[i] = s.all.adopt(lead, p)
	}
	s.all.recount()
	s.choose(q.Top)
	rank := map[place]int{}
	for i, p := range s.series {
		rank[p] = i
	}
	s.cells = newMetrics(q.Metrics, r.request.Limits)
	grow(s.cells, (len(s.series)+1)*grid.n)
	for i, p := range list {
		series, ok := rank[to[i]]
		if !ok {
			series = len(s.series)
		}
		cell := uint32(series*grid.n) + lead.key(p).lead()
		for j, m := range s.cells {
			m.mergeGroup(cell, lead.parts[p.part].metrics[j], int(p.group))
		}
	}
}

// choose makes the top groups series.
func (s *spectrum) choose(n int) {
	s.series = s.all.top(n)
	s.others = s.all.count.Load() - int64(len(s.series)) + s.all.restCount
}
