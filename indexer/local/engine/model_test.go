package engine

import (
	"cmp"
	"fmt"
	"math"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/weirflow/weir/indexer/query"
)

// The model answers requests from documents, row by row.

func modelMatches(n query.Node, d document) bool {
	any := func(f query.Field, is func(v string) bool) bool { return slices.ContainsFunc(d.values(f.Name), is) }
	switch n := n.(type) {
	case nil:
		return true
	case query.And:
		for _, part := range n.Nodes {
			if !modelMatches(part, d) {
				return false
			}
		}
		return true
	case query.Or:
		return slices.ContainsFunc(n.Nodes, func(part query.Node) bool { return modelMatches(part, d) })
	case query.Not:
		return !modelMatches(n.Node, d)
	case query.Exists:
		return len(d.values(n.Field.Name)) > 0
	case query.Equal:
		return any(n.Field, func(v string) bool { return v == n.Value })
	case query.Like:
		var parts []string
		for _, part := range n.Parts {
			parts = append(parts, regexp.QuoteMeta(part))
		}
		pattern := regexp.MustCompile("(?s)^" + strings.Join(parts, ".*") + "$")
		return any(n.Field, pattern.MatchString)
	case query.Between:
		return any(n.Field, func(v string) bool { x := modelNumber(n.Field, v); return n.Min <= x && x <= n.Max })
	case query.Within:
		return any(n.Field, func(v string) bool {
			a := netip.MustParseAddr(v).As16()
			first, last := n.First.As16(), n.Last.As16()
			return slices.Compare(a[:], first[:]) >= 0 && slices.Compare(a[:], last[:]) <= 0
		})
	}
	panic(fmt.Sprintf("%T", n))
}

func modelNumber(f query.Field, v string) int64 {
	if f.Class == query.Time {
		t, err := time.Parse(time.RFC3339Nano, v)
		if err != nil {
			panic(err)
		}
		return t.UnixNano()
	}
	x, err := strconv.ParseInt(v, 10, 64)
	if err != nil {
		panic(err)
	}
	return x
}

func modelSelect(docs []document, r query.Request) (list []document) {
	for _, d := range docs {
		at, _ := time.Parse(time.RFC3339Nano, fmt.Sprint(d["@timestamp"]))
		if (r.From.IsZero() || !at.Before(r.From)) && (r.To.IsZero() || at.Before(r.To)) && modelMatches(r.Filter, d) {
			list = append(list, d)
		}
	}
	return list
}

// modelKeys gives the combinations of a document's values in the group fields,
// each value once; "\x00" stands for a missing one.
func modelKeys(d document, by []string, missing bool) [][]string {
	keys := [][]string{{}}
	for _, name := range by {
		f, _ := query.LookupField(name)
		var values []string
		for _, v := range d.values(name) {
			if f.Class == query.Address {
				v = netip.MustParseAddr(v).Unmap().String()
			}
			if !slices.Contains(values, v) {
				values = append(values, v)
			}
		}
		if len(values) == 0 && missing {
			values = []string{"\x00"}
		}
		var next [][]string
		for _, key := range keys {
			for _, v := range values {
				next = append(next, append(slices.Clone(key), v))
			}
		}
		keys = next
	}
	return keys
}

// modelMetric computes a metric, as text.
func modelMetric(m query.Metric, docs []document) string {
	if m.Field == "" {
		return fmt.Sprint(len(docs))
	}
	f, _ := query.LookupField(m.Field)
	n, sum, least, most, distinct := 0, int64(0), int64(math.MaxInt64), int64(math.MinInt64), map[string]bool{}
	for _, d := range docs {
		seen := map[string]bool{}
		for _, v := range d.values(m.Field) {
			if f.Class == query.Address {
				v = netip.MustParseAddr(v).Unmap().String()
			}
			if (f.Class == query.Text || f.Class == query.Address) && seen[v] {
				continue
			}
			seen[v] = true
			n++
			distinct[v] = true
			if f.Class == query.Number || f.Class == query.Time {
				x := modelNumber(f, v)
				sum, least, most = sum+x, min(least, x), max(most, x)
			}
		}
	}
	show := func(x int64) string {
		if n == 0 {
			return "<nil>"
		}
		if f.Class == query.Time {
			return fmt.Sprint(time.Unix(0, x).UTC())
		}
		return fmt.Sprint(x)
	}
	switch m.Func {
	case query.Count:
		return fmt.Sprint(n)
	case query.Sum:
		return fmt.Sprint(sum)
	case query.Min:
		return show(least)
	case query.Max:
		return show(most)
	case query.Distinct:
		return fmt.Sprint(len(distinct))
	}
	if n == 0 {
		return "<nil>"
	}
	return fmt.Sprint(float64(sum) / float64(n))
}

func modelMetrics(list []query.Metric, docs []document) (values []string) {
	for _, m := range list {
		values = append(values, modelMetric(m, docs))
	}
	return values
}

type modelGroup struct {
	keys []string
	docs []document
	rank float64
	none bool
}

// modelGroups groups documents and orders the groups.
func modelGroups(docs []document, by []string, missing bool, order query.Metric) []*modelGroup {
	groups := map[string]*modelGroup{}
	for _, d := range docs {
		for _, keys := range modelKeys(d, by, missing) {
			id := strings.Join(keys, "\x01")
			if groups[id] == nil {
				groups[id] = &modelGroup{keys: keys}
			}
			groups[id].docs = append(groups[id].docs, d)
		}
	}
	var list []*modelGroup
	for _, g := range groups {
		v := modelMetric(order, g.docs)
		if t, err := time.Parse("2006-01-02 15:04:05.999999999 -0700 MST", v); err == nil {
			v = fmt.Sprint(t.UnixNano())
		}
		var err error
		g.rank, err = strconv.ParseFloat(v, 64)
		g.none = err != nil
		list = append(list, g)
	}
	slices.SortFunc(list, func(a, b *modelGroup) int {
		if a.none != b.none {
			return cmp.Compare(boolInt(a.none), boolInt(b.none))
		}
		if d := cmp.Compare(b.rank, a.rank); d != 0 && !a.none {
			return d
		}
		for i, name := range by {
			if d := modelCompare(name, a.keys[i], b.keys[i]); d != 0 {
				return d
			}
		}
		return 0
	})
	return list
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

func modelCompare(name, a, b string) int {
	f, _ := query.LookupField(name)
	switch {
	case a == b:
		return 0
	case a == "\x00":
		return 1
	case b == "\x00":
		return -1
	case f.Class == query.Number || f.Class == query.Time:
		return cmp.Compare(modelNumber(f, a), modelNumber(f, b))
	case f.Class == query.Address:
		x, y := netip.MustParseAddr(a).As16(), netip.MustParseAddr(b).As16()
		return slices.Compare(x[:], y[:])
	}
	return strings.Compare(a, b)
}

// The answers as text: one line per group, bucket or row.

func showKeys(keys []any) string {
	var list []string
	for _, k := range keys {
		switch k := k.(type) {
		case nil:
			list = append(list, "\x00")
		case time.Time:
			list = append(list, query.FormatTime(k.UnixNano()))
		default:
			list = append(list, fmt.Sprint(k))
		}
	}
	return strings.Join(list, "|")
}

func showValues(values []any) string {
	var list []string
	for _, v := range values {
		list = append(list, fmt.Sprint(v))
	}
	return strings.Join(list, " ")
}

func showGroups(a *query.GroupsAnswer) (lines []string) {
	for _, g := range a.Rows {
		lines = append(lines, showKeys(g.Keys)+": "+showValues(g.Values))
	}
	if a.Other != nil {
		lines = append(lines, fmt.Sprintf("other %d: %s", a.OtherGroups, showValues(a.Other.Values)))
	}
	return append(lines, "total: "+showValues(a.Total.Values))
}

func modelShowGroups(docs []document, q *query.Groups) (lines []string) {
	if len(q.By) > 0 {
		groups := modelGroups(docs, q.By, q.Missing, q.Metrics[q.Order])
		var others []document
		for i, g := range groups {
			if i < q.Top {
				lines = append(lines, strings.Join(g.keys, "|")+": "+strings.Join(modelMetrics(q.Metrics, g.docs), " "))
				continue
			}
			others = append(others, g.docs...)
		}
		if len(groups) > q.Top {
			lines = append(lines, fmt.Sprintf("other %d: %s", len(groups)-q.Top, strings.Join(modelMetrics(q.Metrics, others), " ")))
		}
	}
	return append(lines, "total: "+strings.Join(modelMetrics(q.Metrics, docs), " "))
}

func showHistogram(a *query.HistogramAnswer) (lines []string) {
	show := func(name string, s query.Series) {
		for i, at := range a.Buckets {
			lines = append(lines, fmt.Sprintf("%s %s: %s", name, at.Format(time.RFC3339Nano), showValues(s.Values[i])))
		}
		lines = append(lines, name+" sum: "+showValues(s.Total))
	}
	for _, s := range a.Series {
		show(showKeys(s.Keys), s)
	}
	if a.Other != nil {
		show("other", *a.Other)
	}
	show("total", a.Total)
	return lines
}

func modelShowHistogram(docs []document, r query.Request) (lines []string) {
	q := r.Histogram
	floor := func(t time.Time) time.Time {
		return time.Unix(0, t.UnixNano()/int64(q.Interval)*int64(q.Interval)).UTC()
	}
	var first, last time.Time
	for _, d := range docs {
		t, _ := time.Parse(time.RFC3339Nano, fmt.Sprint(d["@timestamp"]))
		if first.IsZero() || t.Before(first) {
			first = t
		}
		if t.After(last) {
			last = t
		}
	}
	empty := len(docs) == 0
	if !r.From.IsZero() {
		first = r.From
	}
	if !r.To.IsZero() {
		last = r.To.Add(-1)
	}
	if empty && (r.From.IsZero() || r.To.IsZero()) {
		last = first.Add(-1 << 62)
	}
	show := func(name string, docs []document) {
		for at := floor(first); !at.After(last) && !last.Before(first); at = at.Add(q.Interval) {
			in := slices.DeleteFunc(slices.Clone(docs), func(d document) bool {
				t, _ := time.Parse(time.RFC3339Nano, fmt.Sprint(d["@timestamp"]))
				return !floor(t).Equal(at)
			})
			lines = append(lines, fmt.Sprintf("%s %s: %s", name, at.Format(time.RFC3339Nano), strings.Join(modelMetrics(q.Metrics, in), " ")))
		}
		lines = append(lines, name+" sum: "+strings.Join(modelMetrics(q.Metrics, docs), " "))
	}
	if len(q.By) > 0 {
		groups := modelGroups(docs, q.By, q.Missing, q.Metrics[q.Order])
		var others []document
		for i, g := range groups {
			if i < q.Top {
				show(strings.Join(g.keys, "|"), g.docs)
				continue
			}
			others = append(others, g.docs...)
		}
		if len(groups) > q.Top {
			show("other", others)
		}
	}
	show("total", docs)
	return lines
}
