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
	if n := uint64(last-first)/uint64(width) + 1; n > uint64(r.request.Limits.Buckets) {
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
	total, cells []*metric
	top          *groups // the series' totals
	series       []int   // groups of top that are a series
	others       int64   // groups that are not
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
	type state struct {
		total  []*metric
		groups *groups
		at     []uint32
	}
	states := make([]state, r.workers)
	for i := range states {
		states[i].total = r.totals()
		grow(states[i].total, grid.n)
		if len(fields) > 0 {
			states[i].groups = newGroups(fields, q.Missing, true, q.Metrics, q.Order, r.request.Limits)
		}
	}
	count := r.request.Limits.Groups / onePassShare / r.workers
	bytes := r.request.Limits.Memory / int64(r.workers)
	counted := r.counters()
	err := r.each(ctx, nil, nil, func(worker int, c *chunk, rows []uint32) error {
		s := &states[worker]
		if err := loadAll(c, s.groups, s.total); err != nil {
			return err
		}
		var err error
		if rows, s.at, err = bucketed(c, grid, rows, s.at); err != nil {
			return err
		}
		if err := addAll(s.total, grid.n, c, rows, s.at); err != nil || s.groups == nil {
			return err
		}
		if err := s.groups.add(c, rows, s.at); err != nil {
			return err
		}
		if s.groups.size() > count || s.groups.room() > bytes {
			return errTooMany
		}
		return nil
	})
	if err != nil {
		r.restore(counted)
		return nil, err
	}
	all := &spectrum{total: states[0].total}
	g := states[0].groups
	for _, other := range states[1:] {
		for i, m := range all.total {
			m.merge(other.total[i], identity(grid.n))
		}
		if g != nil {
			g.absorb(other.groups, nil)
		}
	}
	if g != nil {
		r.arrange(all, g, grid)
	}
	return all, nil
}

// totals gives the metrics of the total, and the number of rows.
func (r *run) totals() []*metric {
	return append(newMetrics(r.request.Histogram.Metrics, r.request.Limits), newMetric(query.Metric{Func: query.Count}, r.request.Limits))
}

func grow(metrics []*metric, n int) {
	for _, m := range metrics {
		m.grow(n)
	}
}

func identity(n int) []uint32 {
	list := make([]uint32, n)
	for i := range list {
		list[i] = uint32(i)
	}
	return list
}

// bucketed gives the rows that have a time, and their buckets.
func bucketed(c *chunk, grid buckets, rows, room []uint32) (timed, at []uint32, err error) {
	for len(room) < len(rows) {
		room = append(room, 0)
	}
	at = room[:len(rows)]
	if err := grid.of(c, rows, at); err != nil {
		return nil, room, err
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
func (r *run) arrange(s *spectrum, g *groups, grid buckets) {
	q := r.request.Histogram
	s.top = newGroups(fieldsOf(q.By), q.Missing, false, q.Metrics, q.Order, r.request.Limits)
	of := s.top.absorb(g, nil)
	s.choose(q.Top)
	place := make([]uint32, s.top.size())
	for i := range place {
		place[i] = uint32(len(s.series))
	}
	for i, n := range s.series {
		place[n] = uint32(i)
	}
	var numbers [query.MaxGroupFields + 1]uint32
	for i, n := range of {
		if n == absent {
			continue
		}
		g.values(uint32(i), numbers[:])
		of[i] = place[n]*uint32(grid.n) + numbers[0]
	}
	s.cells = newMetrics(q.Metrics, r.request.Limits)
	grow(s.cells, (len(s.series)+1)*grid.n)
	for i, m := range s.cells {
		m.merge(g.metrics[i], of)
	}
}

// choose makes the top groups series.
func (s *spectrum) choose(n int) {
	s.series = s.top.top(n)
	s.others = int64(len(s.top.list())-len(s.series)) + s.top.restCount
}
