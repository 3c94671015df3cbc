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

// grouping is what a worker gathers for Groups.
type grouping struct {
	groups *groups // nil without group fields
	total  []*metric
}

func (r *run) groups(ctx context.Context) (*query.GroupsAnswer, error) {
	q := r.request.Groups
	all, total, err := r.gather(ctx, q.By, q.Missing, q.Metrics, q.Order)
	if err != nil {
		return nil, err
	}
	a := &query.GroupsAnswer{Keys: keyColumns(q.By), Metrics: metricColumns(q.Metrics), Rows: []query.Group{}}
	a.Total.Values = values(total, 0, a.Metrics)
	if all == nil {
		return a, nil
	}
	top := all.top(q.Top)
	for _, g := range top {
		a.Rows = append(a.Rows, query.Group{Keys: all.keys(g), Values: values(all.metrics, g, a.Metrics)})
	}
	count := int64(len(all.list())-len(top)) + all.restCount
	if count > 0 {
		to := make([]uint32, all.size())
		for _, g := range top {
			to[g] = absent
		}
		all.needRest()
		for i, m := range all.rest {
			m.merge(all.metrics[i], to)
		}
		a.Other, a.OtherGroups = &query.Group{Values: values(all.rest, 0, a.Metrics)}, count
	}
	a.Approximate, a.Off = r.approximate(all)
	return a, nil
}

// approximate tells whether groups were given up, and warns.
func (r *run) approximate(all *groups) (bool, int64) {
	if all.restCount == 0 {
		return false, 0
	}
	r.warn("there are more groups than a query may hold (%d); those with the least %s were summed up as other, so that listed ones can be too small",
		r.request.Limits.Groups, all.metrics[all.order].Metric)
	return true, all.off
}

// gather sums up all rows by fields, and in total; groups is nil without fields.
func (r *run) gather(ctx context.Context, by []string, missing bool, metrics []query.Metric, order int) (*groups, []*metric, error) {
	fields := fieldsOf(by)
	states := make([]grouping, r.workers)
	for i := range states {
		states[i].total = newMetrics(metrics, r.request.Limits)
		for _, m := range states[i].total {
			m.grow(1)
		}
		if len(fields) > 0 {
			states[i].groups = newGroups(fields, missing, false, metrics, order, r.request.Limits)
		}
	}
	count, bytes := r.request.Limits.Groups/r.workers, r.request.Limits.Memory/int64(r.workers)
	err := r.each(ctx, nil, nil, func(worker int, c *chunk, rows []uint32) error {
		s := &states[worker]
		if err := loadAll(c, s.groups, s.total); err != nil {
			return err
		}
		if err := addAll(s.total, 1, c, rows, nil); err != nil || s.groups == nil {
			return err
		}
		if err := s.groups.add(c, rows, nil); err != nil {
			return err
		}
		var err error
		s.groups, err = s.groups.bound(max(count, 2), bytes)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	all := states[0].groups
	for i := range states[1:] {
		other := states[i+1]
		for j, m := range states[0].total {
			m.merge(other.total[j], []uint32{0})
		}
		states[i+1] = grouping{}
		if all == nil {
			continue
		}
		all.absorb(other.groups, nil)
		all.absorbRest(other.groups)
		if all, err = all.bound(max(r.request.Limits.Groups, 2), r.request.Limits.Memory); err != nil {
			return nil, nil, err
		}
		if ctx.Err() != nil {
			return nil, nil, ctx.Err()
		}
	}
	return all, states[0].total, nil
}

// loadAll reads every column that a block's rows need, so that a block that
// cannot be read has not been half counted when that shows.
func loadAll(c *chunk, s *groups, metrics []*metric) error {
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
	if s == nil {
		return nil
	}
	for _, k := range s.keyers {
		if err := load(k.columns); err != nil {
			return err
		}
	}
	return nil
}

// values gives the metrics of one group, and marks the columns of estimates.
func values(metrics []*metric, g int, columns []query.Column) []any {
	list := make([]any, len(metrics))
	for i, m := range metrics {
		estimated := false
		list[i], estimated = m.value(g)
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
