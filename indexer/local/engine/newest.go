package engine

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
	"sync/atomic"

	"github.com/weirflow/weir/indexer/local/column"
	"github.com/weirflow/weir/indexer/query"
)

// found is a row that may be among the newest.
type found struct {
	time  int64
	hash  uint64 // of content, once it is needed
	block int32
	row   uint32
}

// latest keeps the rows with the latest times of those offered, and all that are
// as late as the last of them.
type latest struct {
	want   int
	after  int64   // only rows before that time count; later ones are not offered
	ties   []found // rows of the time after itself
	rows   []found
	full   int           // when rows are cut next
	least  *atomic.Int64 // rows before that time are not needed; shared by workers
	memory int64
}

// add offers rows.
func (l *latest) add(c *chunk, rows []uint32) error {
	v, err := c.vector(column.Timestamp)
	if err != nil || v.Empty() {
		return err
	}
	least := l.least.Load()
	for _, row := range rows {
		if !v.Has(int(row)) {
			continue
		}
		switch t := v.Int(int(row)); {
		case t == l.after:
			l.ties = append(l.ties, found{time: t, block: int32(c.index), row: row})
		case t < l.after && t >= least:
			l.rows = append(l.rows, found{time: t, block: int32(c.index), row: row})
			if len(l.rows) >= l.full {
				least = l.cut()
			}
		}
	}
	l.cut()
	if int64(len(l.rows)+len(l.ties))*24 > l.memory {
		return &query.LimitError{What: "too many rows have the same time as the last one that was asked for; add a filter or shorten the time range"}
	}
	return nil
}

// cut drops rows that are too early and tells the other workers.
func (l *latest) cut() int64 {
	if len(l.rows) > l.want {
		slices.SortFunc(l.rows, func(a, b found) int { return cmp.Compare(b.time, a.time) })
		least := l.rows[l.want-1].time
		for old := l.least.Load(); old < least && !l.least.CompareAndSwap(old, least); old = l.least.Load() {
		}
	}
	least := l.least.Load()
	l.rows = slices.DeleteFunc(l.rows, func(f found) bool { return f.time < least })
	l.full = 2*len(l.rows) + 4096 // rows of one time cannot be cut: not again too soon
	return least
}

func (r *run) newest(ctx context.Context) (*query.NewestAnswer, error) {
	q := r.request.Newest
	after, err := parseCursor(q.After)
	if err != nil {
		return nil, err
	}
	rows, err := r.latest(ctx, after)
	if err != nil {
		return nil, err
	}
	rows = skip(rows, after)
	a := &query.NewestAnswer{Rows: make([][]any, min(len(rows), q.Count))}
	if len(rows) > q.Count {
		last, same := rows[q.Count-1], uint32(0)
		for _, f := range rows[:q.Count] {
			if f.time == last.time && f.hash == last.hash {
				same++
			}
		}
		if last.time == after.time && last.hash == after.hash {
			same += after.same
		}
		a.Next = cursor{last.time, last.hash, same}.String()
		rows = rows[:q.Count]
	}
	return a, r.project(ctx, rows, a)
}

// skip leaves out the rows of the pages before.
func skip(rows []found, after cursor) []found {
	given := after.same
	for i, f := range rows {
		if f.time < after.time || f.hash < after.hash {
			return rows[i:]
		}
		if f.hash == after.hash {
			if given == 0 {
				return rows[i:]
			}
			given--
		}
	}
	return nil
}

// latest gives the newest rows in their order: at least one more than a page, if
// there are so many, and those of the pages before that have the cursor's time.
func (r *run) latest(ctx context.Context, after cursor) ([]found, error) {
	for {
		failed := len(r.failed)
		rows, err := r.candidates(ctx, after)
		if err != nil {
			return nil, err
		}
		if err := r.perBlock(ctx, rows, hashRows); err != nil {
			return nil, err
		}
		if len(r.failed) == failed {
			slices.SortFunc(rows, func(a, b found) int {
				return cmp.Or(cmp.Compare(b.time, a.time), cmp.Compare(b.hash, a.hash), cmp.Compare(a.block, b.block), cmp.Compare(a.row, b.row))
			})
			return rows, nil
		}
		r.again = true // other rows take the place of those that cannot be read
	}
}

// candidates gives the newest rows in no order.
func (r *run) candidates(ctx context.Context, after cursor) ([]found, error) {
	var least atomic.Int64
	least.Store(math.MinInt64)
	states := make([]latest, r.workers)
	for i := range states {
		states[i] = latest{want: r.request.Newest.Count + 1, after: after.time, least: &least, memory: r.request.Limits.Memory / int64(r.workers)}
	}
	leave := func(b column.Block) bool {
		lo, hi, ok := b.Range(column.Timestamp)
		return ok && (hi < least.Load() && lo <= hi || lo > after.time)
	}
	err := r.each(ctx, r.latestFirst(), leave, func(worker int, c *chunk, rows []uint32) error {
		return states[worker].add(c, rows)
	})
	if err != nil {
		return nil, err
	}
	all := &states[0]
	for _, other := range states[1:] {
		all.rows, all.ties = append(all.rows, other.rows...), append(all.ties, other.ties...)
	}
	all.cut()
	return append(all.ties, all.rows...), nil
}

// latestFirst orders blocks by their latest time.
func (r *run) latestFirst() []int {
	order, last := make([]int, len(r.blocks)), make([]int64, len(r.blocks))
	for i, b := range r.blocks {
		order[i], last[i] = i, math.MaxInt64
		if _, hi, ok := b.Range(column.Timestamp); ok {
			last[i] = hi
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(last[b], last[a]) })
	return order
}

// perBlock calls work for the rows of each block, block by block. A block that
// cannot be read is marked as failed.
func (r *run) perBlock(ctx context.Context, rows []found, work func(c *chunk, some []*found) error) error {
	per := map[int32][]*found{}
	for i := range rows {
		per[rows[i].block] = append(per[rows[i].block], &rows[i])
	}
	c := &chunk{}
	for i, some := range per {
		c.open(ctx, r.blocks[i], int(i))
		if err := work(c, some); ctx.Err() != nil {
			return ctx.Err()
		} else if err != nil {
			r.fail(int(i), err)
		}
	}
	return nil
}

// hashRows hashes the content of rows.
func hashRows(c *chunk, rows []*found) error {
	v := &column.Vector{}
	for at, col := range tieColumns {
		if err := c.block.Load(c.ctx, []int{col}, []*column.Vector{v}); errors.Is(err, column.ErrDamaged) {
			continue // the rows are there all the same; pages agree as long as it is damaged
		} else if err != nil {
			return err
		}
		if v.Empty() {
			continue
		}
		for _, f := range rows {
			if !v.Has(int(f.row)) {
				continue
			}
			var h uint64
			if column.Columns[col].Kind == column.Int {
				h = hashNumber(v.Int(int(f.row)))
			} else {
				h = hashText(v.Text(int(f.row)))
			}
			f.hash = hash(f.hash ^ (h + uint64(at)))
		}
	}
	return nil
}

// project reads the columns of an answer's rows. Of a field that cannot be read
// the rows show no value; the others are not concerned.
func (r *run) project(ctx context.Context, rows []found, a *query.NewestAnswer) error {
	fields := fieldsOf(r.request.Newest.Fields)
	everything := len(fields) == 0
	if everything {
		fields = query.Fields()
	}
	for i := range a.Rows {
		a.Rows[i] = make([]any, len(fields))
	}
	place := map[found]int{}
	for i, f := range rows {
		place[f] = i
	}
	err := r.perBlock(ctx, rows, func(c *chunk, some []*found) error {
		for i, f := range fields {
			reader := newReader(f)
			if err := reader.project(c, some, func(row *found, v any) { a.Rows[place[*row]][i] = v }); c.ctx.Err() != nil {
				return c.ctx.Err()
			} else if err != nil {
				r.failField(c.index, f.Name, len(some), err)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	a.Columns = []query.Column{}
	for i, f := range fields {
		if !everything || slices.ContainsFunc(a.Rows, func(row []any) bool { return row[i] != nil }) {
			a.Columns = append(a.Columns, query.Column{Name: f.Name, Field: f.Name, Unit: f.Unit()})
			continue
		}
		fields[i].Name = "" // no row has it
	}
	if everything {
		for i, row := range a.Rows {
			var kept []any
			for j, v := range row {
				if fields[j].Name != "" {
					kept = append(kept, v)
				}
			}
			a.Rows[i] = kept
		}
	}
	return nil
}

// project gives the field's values of some rows: those that can be read, even
// when it gives an error.
func (r *reader) project(c *chunk, rows []*found, put func(row *found, v any)) (failed error) {
	if len(r.columns) == 0 {
		for _, f := range rows {
			put(f, r.constantValue())
		}
		return nil
	}
	related := map[*found][]any{}
	v := &column.Vector{}
	for _, col := range r.columns {
		if n, ok := c.block.Nulls(col); ok && n >= c.n {
			continue
		}
		if err := c.block.Load(c.ctx, []int{col}, []*column.Vector{v}); err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		for _, f := range rows {
			value := r.shown(v, int(f.row))
			switch {
			case value == nil:
			case len(r.columns) == 1:
				put(f, value)
			case !slices.Contains(related[f], value):
				related[f] = append(related[f], value)
			}
		}
	}
	for f, list := range related {
		put(f, list)
	}
	return failed
}
