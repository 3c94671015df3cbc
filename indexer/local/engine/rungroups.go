package engine

import (
	"context"

	"github.com/weirflow/weir/indexer/query"
)

// fieldsOf looks up names that Normalize has checked.
func fieldsOf(names []string) []query.Field {
	fields := make([]query.Field, len(names))
	for i, name := range names {
		fields[i], _ = query.LookupField(name)
	}
	return fields
}

func (r *run) groups(ctx context.Context) (*query.GroupsAnswer, error) {
	q := r.request.Groups
	all, total, err := r.gather(ctx, q.By, q.Missing, q.Metrics, q.Order)
	if err != nil {
		return nil, err
	}
	a := &query.GroupsAnswer{Keys: keyColumns(q.By), Metrics: metricColumns(q.Metrics), Rows: []query.Group{}}
	a.Total.Values = values(total, 0, a.Metrics)
	if len(q.By) == 0 {
		return a, nil
	}
	top := all.top(q.Top)
	for _, g := range top {
		a.Rows = append(a.Rows, query.Group{Keys: all.values(g), Values: values(all.parts[g.part].metrics, int(g.group), a.Metrics)})
	}
	if count := all.count.Load() - int64(len(top)) + all.restCount; count > 0 {
		a.Other, a.OtherGroups = &query.Group{Values: values(all.others(top), 0, a.Metrics)}, count
	}
	a.Approximate, a.Off = r.approximate(all)
	return a, nil
}

// approximate tells whether groups were given up, and warns.
func (r *run) approximate(all *gathering) (bool, int64) {
	if all.restCount == 0 {
		return false, 0
	}
	r.warn("there are more groups than a query may hold (%d in %d MiB); those with the least %s were summed up as other on the way, so that listed ones can be too small",
		r.request.Limits.Groups, r.request.Limits.Memory>>20, all.metrics[all.order])
	return true, all.off
}

// gather sums up all rows by fields, and in total.
func (r *run) gather(ctx context.Context, by []string, missing bool, metrics []query.Metric, order int) (*gathering, []*metric, error) {
	fields := fieldsOf(by)
	all := newGathering(fields, missing, false, metrics, order, r.request.Limits)
	type state struct {
		total []*metric
		tally *tally
		mover mover
	}
	states := make([]state, r.workers)
	for i := range states {
		states[i] = state{total: newMetrics(metrics, r.request.Limits), tally: newTally(fields, missing, 0, metrics, r.request.Limits)}
		grow(states[i].total, 1)
	}
	err := r.each(ctx, nil, nil, func(worker int, c *chunk, rows []uint32) error {
		s := &states[worker]
		if err := loadAll(c, s.tally, s.total); err != nil {
			return err
		}
		if len(fields) == 0 {
			return addAll(s.total, c, rows, nil)
		}
		_, _, plain, err := s.tally.add(c, rows, nil)
		if err == nil {
			err = s.tally.addTotal(s.total, c, rows, nil, plain)
		}
		if err == nil {
			err = all.take(s.tally, &s.mover, worker*len(all.parts)/r.workers)
		}
		if err != nil {
			return err
		}
		return all.bound()
	})
	if err != nil {
		return nil, nil, err
	}
	for _, other := range states[1:] {
		for i, m := range states[0].total {
			m.merge(other.total[i])
		}
	}
	return all, states[0].total, nil
}

func addAll(metrics []*metric, c *chunk, rows, groups []uint32) error {
	if len(rows) == 0 { // and so no groups, which would be read as group 0
		return nil
	}
	for _, m := range metrics {
		if err := m.add(c, rows, groups); err != nil {
			return err
		}
	}
	return nil
}

// addTotal adds a block's rows to totals, of which rows' leading numbers say
// which. Where each row is in one group of the tally, that has done most of it.
func (t *tally) addTotal(total []*metric, c *chunk, rows, lead []uint32, plain bool) error {
	if !plain {
		return addAll(total, c, rows, lead)
	}
	var numbers [query.MaxGroupFields + 1]uint32
	for i, m := range total {
		if m.Func == query.Distinct {
			if err := addAll(total[i:i+1], c, rows, lead); err != nil {
				return err
			}
			continue
		}
		for g, n := range t.rows {
			if n == 0 {
				continue
			}
			to := uint32(0)
			if t.lead > 0 {
				t.values(uint32(g), numbers[:])
				to = numbers[0]
			}
			if m.Func == query.Count && m.Field == "" {
				m.n[to] += n
			} else {
				m.mergeGroup(to, t.metrics[i], g)
			}
		}
	}
	return nil
}

// loadAll reads every column that a block's rows need, so that a block that
// cannot be read has not been half counted when that shows.
func loadAll(c *chunk, t *tally, metrics []*metric) error {
	load := func(columns []int) error {
		for _, col := range columns {
			if _, err := c.vector(col); err != nil {
				return err
			}
		}
		return nil
	}
	for _, m := range metrics {
		if err := load(m.columns); err != nil {
			return err
		}
	}
	for _, f := range t.fields {
		if err := load(f.columns); err != nil {
			return err
		}
	}
	return nil
}

// values gives the metrics of one group, and marks the columns of estimates.
func values(metrics []*metric, g int, columns []query.Column) []any {
	list := make([]any, len(columns))
	for i := range columns {
		estimated := false
		list[i], estimated = metrics[i].value(g)
		columns[i].Estimate = columns[i].Estimate || estimated
	}
	return list
}

func keyColumns(by []string) []query.Column {
	columns := make([]query.Column, len(by))
	for i, f := range fieldsOf(by) {
		columns[i] = query.Column{Name: f.Name, Field: f.Name, Unit: f.Unit()}
	}
	return columns
}

func metricColumns(metrics []query.Metric) []query.Column {
	columns := make([]query.Column, len(metrics))
	for i, m := range metrics {
		columns[i] = query.Column{Name: m.String(), Field: m.Field, Func: m.Func}
		if f, err := query.LookupField(m.Field); err == nil && m.Func != query.Count && m.Func != query.Distinct {
			columns[i].Unit = f.Unit()
		}
	}
	return columns
}
