package engine

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/weirflow/weir/indexer/local/column"
	"github.com/weirflow/weir/indexer/query"
)

// Run answers a request from blocks, which may be read by several goroutines
// meanwhile. A block that cannot be read is left out and named in the answer's
// warnings. Errors are those of query.Querier.
func Run(ctx context.Context, blocks []column.Block, request query.Request) (*query.Answer, error) {
	start := time.Now()
	request, err := request.Normalize()
	if err != nil {
		return nil, err
	}
	if request.Limits.Time > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, request.Limits.Time,
			&query.LimitError{What: fmt.Sprintf("it took longer than %s; shorten the time range, add a filter, or allow it more time", request.Limits.Time)})
		defer cancel()
	}
	r := newRun(blocks, request)
	answer := &query.Answer{}
	switch {
	case request.Groups != nil:
		answer.Groups, err = r.groups(ctx)
	case request.Histogram != nil:
		answer.Histogram, err = r.histogram(ctx)
	default:
		answer.Newest, err = r.newest(ctx)
	}
	if err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return nil, err
	}
	r.report(true)
	answer.Stats, answer.Warnings = r.stats, r.warnings
	answer.Stats.Took = time.Since(start)
	return answer, nil
}

// run is a request at work.
type run struct {
	request  query.Request
	blocks   []column.Block
	from, to int64
	filter   predicate // nil: every row
	workers  int
	again    bool // this is a second pass: rows have been counted

	mu       sync.Mutex // guards what follows
	stats    query.Stats
	done     int64
	reported time.Time
	warnings []string
	failed   map[int]bool
}

// reportEvery is how often progress is reported at most.
const reportEvery = 100 * time.Millisecond

func newRun(blocks []column.Block, request query.Request) *run {
	r := &run{request: request, blocks: blocks, from: math.MinInt64, to: math.MaxInt64, failed: map[int]bool{}}
	if !request.From.IsZero() {
		r.from = request.From.UnixNano()
	}
	if !request.To.IsZero() {
		r.to = request.To.UnixNano()
	}
	r.filter = compile(r.from, r.to, request.Filter)
	r.workers = max(1, min(runtime.GOMAXPROCS(0), len(blocks)))
	r.stats.Blocks = len(blocks)
	for _, b := range blocks {
		r.stats.Rows += int64(b.Rows())
	}
	return r
}

// foresee tells what statistics say of a block.
func (r *run) foresee(b column.Block) outlook {
	if r.filter == nil {
		return always
	}
	return r.filter.foresee(b)
}

// each calls work for every block with rows that the request selects, in the
// given order as far as workers allow, which are numbered from 0. Blocks that
// leave, if there is one, says so of are left out.
func (r *run) each(ctx context.Context, order []int, leave func(b column.Block) bool, work func(worker int, c *chunk, rows []uint32) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next atomic.Int64
	var all sync.WaitGroup
	for worker := range r.workers {
		all.Go(func() {
			c := &chunk{}
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= len(r.blocks) {
					return
				}
				if order != nil {
					i = order[i]
				}
				if err := r.one(ctx, i, c, leave, func(rows []uint32) error { return work(worker, c, rows) }); err != nil {
					cancel(err)
					return
				}
			}
		})
	}
	all.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}

// one does one block.
func (r *run) one(ctx context.Context, i int, c *chunk, leave func(b column.Block) bool, work func(rows []uint32) error) error {
	b := r.blocks[i]
	if r.again && r.hasFailed(i) {
		return nil
	}
	seen := r.foresee(b)
	if seen == never || leave != nil && leave(b) {
		r.finish(b.Rows(), 0, false)
		return nil
	}
	c.open(ctx, b, i)
	rows, err := r.selected(c, seen)
	if err == nil && len(rows) > 0 {
		err = work(rows)
	}
	if err != nil {
		if !unreadable(err) || ctx.Err() != nil {
			return err
		}
		r.fail(i, err)
		rows = nil
	}
	r.finish(b.Rows(), len(rows), true)
	return nil
}

// selected gives the rows of a block that the filter selects.
func (r *run) selected(c *chunk, seen outlook) ([]uint32, error) {
	if seen == always {
		return c.everyRow(), nil
	}
	rows := c.borrow()
	defer c.give(rows)
	rows.fill(c.n)
	if err := r.filter.narrow(c, rows); err != nil {
		return nil, err
	}
	c.rows = rows.appendRows(c.rows[:0])
	return c.rows, nil
}

// unreadable reports whether an error concerns one block only.
func unreadable(err error) bool {
	var limit *query.LimitError
	return !errors.As(err, &limit) && !errors.Is(err, errTooMany)
}

// maxWarnings bounds the warnings of one answer.
const maxWarnings = 20

func (r *run) warn(format string, args ...any) {
	if len(r.warnings) < maxWarnings {
		r.warnings = append(r.warnings, fmt.Sprintf(format, args...))
	}
}

// fail notes a block that cannot be read.
func (r *run) fail(i int, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failed[i] {
		return
	}
	r.failed[i] = true
	r.stats.Failed++
	r.warn("%d rows are left out, as they cannot be read: %v", r.blocks[i].Rows(), err)
}

// failField notes a field of a block that cannot be read, of which the answer has
// rows.
func (r *run) failField(i int, field string, rows int, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.failed[i] {
		r.failed[i] = true
		r.stats.Failed++
	}
	text := strings.ReplaceAll(err.Error(), "\n", "; ")
	r.warn("%d rows show no %s, or not all of it, as it cannot be read: %s", rows, field, text)
}

func (r *run) hasFailed(i int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failed[i]
}

// finish counts a block that is done.
func (r *run) finish(rows, matched int, scanned bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.again {
		return
	}
	r.done += int64(rows)
	if scanned {
		r.stats.Scanned += int64(rows)
		r.stats.Matched += int64(matched)
	} else {
		r.stats.Skipped++
	}
	if time.Since(r.reported) >= reportEvery {
		r.report(false)
	}
}

// report tells the progress; r.mu is held, or no worker is at work.
func (r *run) report(end bool) {
	r.reported = time.Now()
	if r.request.Progress == nil {
		return
	}
	p := query.Progress{Rows: r.done, Total: r.stats.Rows}
	if end {
		p.Rows = p.Total
	}
	r.request.Progress(p)
}
