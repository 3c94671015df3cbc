package present

import (
	"bufio"
	"encoding/json"
	"io"
	"time"

	"github.com/weirflow/weir/indexer/query"
)

// JSON writes an answer as one JSON object:
//
//	columns   what is known of each column of rows
//	rows      one object per group, bucket or flow, column names as keys
//	series    of a histogram with groups: one object per group, over all buckets
//	other     the groups that are not listed, as an object like those in rows
//	          (of a histogram: a list, one object per bucket)
//	other_groups, approximate, off
//	none      the flows that lack a field that groups are made by, likewise
//	total     all flows, likewise
//	next      of newest: the argument of --after for the next page
//	stats, warnings
//
// Keys that do not apply are left out. Numbers have full precision, times are
// RFC 3339 in UTC.
func JSON(out io.Writer, a *query.Answer) error {
	b := bufio.NewWriter(out)
	w := writer{out: b}
	w.raw("{")
	switch {
	case a.Groups != nil:
		w.groups(a.Groups)
	case a.Histogram != nil:
		w.histogram(a.Histogram)
	case a.Newest != nil:
		w.key("columns").value(a.Newest.Columns)
		w.key("rows").list(len(a.Newest.Rows), func(i int) { w.object(a.Newest.Columns, a.Newest.Rows[i], nil, nil) })
		if a.Newest.Next != "" {
			w.key("next").value(a.Newest.Next)
		}
	}
	w.key("stats").value(a.Stats)
	if len(a.Warnings) > 0 {
		w.key("warnings").value(a.Warnings)
	}
	w.raw("}\n")
	if w.err != nil {
		return w.err
	}
	return b.Flush()
}

// writer writes JSON piece by piece, so that keys keep their order and long
// answers are not built twice. The first error stays.
type writer struct {
	out   *bufio.Writer
	inner bool // a member stands before
	err   error
}

func (w *writer) raw(s string) {
	if w.err == nil {
		_, w.err = w.out.WriteString(s)
	}
}

func (w *writer) value(v any) {
	b, err := json.Marshal(v)
	if err != nil && w.err == nil {
		w.err = err
	}
	w.raw(string(b))
}

// key begins a member of the outermost object.
func (w *writer) key(name string) *writer {
	if w.inner {
		w.raw(",\n")
	}
	w.inner = true
	w.value(name)
	w.raw(":")
	return w
}

func (w *writer) list(n int, each func(i int)) {
	w.raw("[")
	for i := range n {
		if i > 0 {
			w.raw(",")
		}
		w.raw("\n")
		each(i)
	}
	w.raw("]")
}

// object writes columns with their values as one object: first the keys, then
// the metrics.
func (w *writer) object(keys []query.Column, values []any, metrics []query.Column, numbers []any) {
	w.raw("{")
	first := true
	put := func(c query.Column, v any) {
		if !first {
			w.raw(",")
		}
		first = false
		w.value(c.Name)
		w.raw(":")
		w.value(precise(v))
	}
	for i, v := range values {
		put(keys[i], v)
	}
	for i, v := range numbers {
		put(metrics[i], v)
	}
	w.raw("}")
}

// precise gives a value as it stands in documents.
func precise(v any) any {
	if at, ok := v.(time.Time); ok {
		return query.FormatTime(at.UnixNano())
	}
	return v
}

func (w *writer) groups(g *query.GroupsAnswer) {
	w.key("columns").value(append(append([]query.Column{}, g.Keys...), g.Metrics...))
	w.key("rows").list(len(g.Rows), func(i int) { w.object(g.Keys, g.Rows[i].Keys, g.Metrics, g.Rows[i].Values) })
	if g.Other != nil {
		w.key("other").object(nil, nil, g.Metrics, g.Other.Values)
		w.key("other_groups").value(g.OtherGroups)
	}
	if rest := Rest(g); rest != nil {
		w.key("none").object(nil, nil, g.Metrics, rest.Values)
	}
	w.key("total").object(nil, nil, g.Metrics, g.Total.Values)
	w.approximate(g.Approximate, g.Off)
}

func (w *writer) approximate(is bool, off int64) {
	if is {
		w.key("approximate").value(true)
		w.key("off").value(off)
	}
}

// bucketColumn is the column of a bucket's start.
var bucketColumn = query.Column{Name: "@timestamp", Field: "@timestamp"}

func (w *writer) histogram(h *query.HistogramAnswer) {
	at := []query.Column{bucketColumn}
	w.key("columns").value(append(append(at, h.Keys...), h.Metrics...))
	perBucket := func(s *query.Series) {
		w.list(len(h.Buckets), func(i int) { w.object(at, []any{h.Buckets[i]}, h.Metrics, s.Values[i]) })
	}
	if len(h.Keys) == 0 {
		w.key("rows")
		perBucket(&h.Total)
		w.key("total").object(nil, nil, h.Metrics, h.Total.Total)
		return
	}
	keys, n := append(at, h.Keys...), len(h.Buckets)
	w.key("rows").list(len(h.Series)*n, func(i int) {
		s := &h.Series[i/n]
		w.object(keys, append([]any{h.Buckets[i%n]}, s.Keys...), h.Metrics, s.Values[i%n])
	})
	w.key("series").list(len(h.Series), func(i int) { w.object(h.Keys, h.Series[i].Keys, h.Metrics, h.Series[i].Total) })
	if h.Other != nil {
		w.key("other")
		perBucket(h.Other)
	}
	w.key("total")
	perBucket(&h.Total)
	w.approximate(h.Approximate, h.Off)
}
