package query

import (
	"fmt"
	"slices"
	"time"
)

// Normalize checks the request and gives it with every default filled in.
// Errors are *RequestError. Queriers call it first, so that all of them accept and
// refuse the same.
func (r Request) Normalize() (Request, error) {
	r.From, r.To = milliseconds(r.From), milliseconds(r.To)
	if !r.From.IsZero() && !r.To.IsZero() && !r.From.Before(r.To) {
		return r, &RequestError{"time range", fmt.Sprintf("its start %s is not before its end %s", r.From.Format(time.RFC3339), r.To.Format(time.RFC3339))}
	}
	for what, at := range map[string]time.Time{"start": r.From, "end": r.To} {
		if !at.IsZero() && (at.Before(earliest) || at.After(latest)) {
			return r, &RequestError{"time range", fmt.Sprintf("the %s must be in the years 1678 to 2261", what)}
		}
	}
	asked := 0
	for _, set := range []bool{r.Groups != nil, r.Histogram != nil, r.Newest != nil} {
		if set {
			asked++
		}
	}
	if asked != 1 {
		return r, &RequestError{"request", fmt.Sprintf("exactly one of groups, histogram and newest must be asked for, not %d", asked)}
	}
	r.Limits = r.Limits.fill()
	switch {
	case r.Groups != nil:
		g := *r.Groups
		r.Groups = &g
		return r, normalizeGroups(g.By, &g.Metrics, g.Order, &g.Top, &r.Groups.Metrics, &r.Groups.Top)
	case r.Histogram != nil:
		h := *r.Histogram
		r.Histogram = &h
		if h.Interval < MinInterval || h.Interval%MinInterval != 0 {
			return r, &RequestError{"interval", fmt.Sprintf("%s is not a multiple of %s", h.Interval, MinInterval)}
		}
		return r, normalizeGroups(h.By, &h.Metrics, h.Order, &h.Top, &r.Histogram.Metrics, &r.Histogram.Top)
	}
	n := *r.Newest
	r.Newest = &n
	return r, n.normalize(r.Newest)
}

// earliest and latest are the times that fit 64-bit nanoseconds, with some room
// for arithmetic.
var (
	earliest = time.Date(1678, 1, 1, 0, 0, 0, 0, time.UTC)
	latest   = time.Date(2261, 12, 31, 0, 0, 0, 0, time.UTC)
)

func milliseconds(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC().Truncate(time.Millisecond)
}

func (l Limits) fill() Limits {
	if l.Groups <= 0 {
		l.Groups = DefaultLimits.Groups
	}
	if l.Memory <= 0 {
		l.Memory = DefaultLimits.Memory
	}
	if l.Distinct <= 0 {
		l.Distinct = DefaultLimits.Distinct
	}
	if l.Buckets <= 0 {
		l.Buckets = DefaultLimits.Buckets
	}
	if l.Time == 0 {
		l.Time = DefaultLimits.Time
	}
	return l
}

func normalizeGroups(by []string, metrics *[]Metric, order int, top *int, metricsOut *[]Metric, topOut *int) error {
	if len(by) > MaxGroupFields {
		return &RequestError{"by", fmt.Sprintf("%d fields; rows can be grouped by up to %d", len(by), MaxGroupFields)}
	}
	for i, name := range by {
		f, err := LookupField(name)
		if err != nil {
			return &RequestError{"by", err.Error()}
		}
		if !f.Groupable() {
			return &RequestError{"by", fmt.Sprintf("rows cannot be grouped by %s, which is %s", name, f.Class)}
		}
		if slices.Contains(by[:i], name) {
			return &RequestError{"by", name + " is named twice"}
		}
	}
	list := slices.Clone(*metrics)
	if len(list) == 0 {
		list = []Metric{{Func: Count}}
	}
	if len(list) > MaxMetrics {
		return &RequestError{"metrics", fmt.Sprintf("%d metrics; at most %d", len(list), MaxMetrics)}
	}
	for _, m := range list {
		if err := m.check(); err != nil {
			return err
		}
	}
	if order < 0 || order >= len(list) {
		return &RequestError{"order", fmt.Sprintf("there is no metric %d; there are %d", order, len(list))}
	}
	if *top == 0 {
		*top = DefaultTop
	}
	if *top < 1 || *top > MaxTop {
		return &RequestError{"top", fmt.Sprintf("%d is not in 1 to %d", *top, MaxTop)}
	}
	*metricsOut, *topOut = list, *top
	return nil
}

func (m Metric) check() error {
	if !slices.Contains([]Func{Count, Sum, Avg, Min, Max, Distinct}, m.Func) {
		return &RequestError{"metrics", fmt.Sprintf("%q is not one of count, sum, avg, min, max, distinct", m.Func)}
	}
	if m.Field == "" {
		if m.Func == Count {
			return nil
		}
		return &RequestError{"metrics", fmt.Sprintf("%s needs a field", m.Func)}
	}
	f, err := LookupField(m.Field)
	if err != nil {
		return &RequestError{"metrics", err.Error()}
	}
	number := f.Class == Number && !f.List()
	ok := false
	switch m.Func {
	case Count:
		ok = f.Class != Elements
	case Sum, Avg:
		ok = number
	case Min, Max:
		ok = number || f.Class == Time
	case Distinct:
		ok = f.Groupable()
	}
	if !ok {
		return &RequestError{"metrics", fmt.Sprintf("%s cannot take %s, which is %s", m.Func, m.Field, kind(f))}
	}
	return nil
}

func kind(f Field) string {
	if f.Class == Number && f.List() {
		return "a list of numbers"
	}
	return f.Class.String()
}

func (n Newest) normalize(out *Newest) error {
	if out.Count == 0 {
		out.Count = DefaultCount
	}
	if out.Count < 1 || out.Count > MaxCount {
		return &RequestError{"newest", fmt.Sprintf("%d is not in 1 to %d", n.Count, MaxCount)}
	}
	for i, name := range n.Fields {
		if _, err := LookupField(name); err != nil {
			return &RequestError{"fields", err.Error()}
		}
		if slices.Contains(n.Fields[:i], name) {
			return &RequestError{"fields", name + " is named twice"}
		}
	}
	return nil
}
