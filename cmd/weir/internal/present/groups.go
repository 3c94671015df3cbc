package present

import (
	"fmt"
	"io"

	"github.com/weirflow/weir/indexer/query"
)

// Heading names a column for people.
func Heading(c query.Column) string {
	switch {
	case c.Func == "":
		return Clean(c.Name)
	case c.Func == query.Count && c.Field == "":
		return "flows"
	case c.Func == query.Sum && c.Field == "network.bytes":
		return "bytes"
	case c.Func == query.Sum && c.Field == "network.packets":
		return "packets"
	case c.Func == query.Min && c.Field == "@timestamp":
		return "first flow"
	case c.Func == query.Max && c.Field == "@timestamp":
		return "last flow"
	case c.Func == query.Distinct && c.Field == "related.ip":
		return "addresses"
	case c.Func == query.Count:
		return "with " + Clean(c.Field)
	}
	return string(c.Func) + " " + Clean(c.Field)
}

// metricColumn is the column of a metric. Where there is no room, the one that
// orders stays.
func metricColumn(m query.Column, orders bool) column {
	c := column{heading: Heading(m), right: true, loose: !orders}
	if m.Field == "network.packets" && !orders {
		c.spare = 1
	}
	return c
}

// isAddress reports whether a field has addresses.
func isAddress(name string) bool {
	f, err := query.LookupField(name)
	return err == nil && f.Class == query.Address
}

// addable reports whether a metric's values add up over groups, so that a
// group's share of the total says something.
func addable(c query.Column) bool { return c.Func == query.Sum || c.Func == query.Count }

// metric writes a metric's value; ≈ marks estimates.
func metric(v any, c query.Column, s Style) string {
	text := cell(v, c, s)
	if c.Estimate && text != "" {
		return "≈" + text
	}
	return text
}

// percent is a part of a whole.
func percent(part, whole float64) string {
	if whole == 0 {
		return ""
	}
	return fmt.Sprintf("%.1f %%", 100*part/whole)
}

// Groups writes groups as a table: keys, metrics, the share of the metric
// that orders and a bar of it; then what the other groups and all of them add up to.
func Groups(out io.Writer, s Style, g *query.GroupsAnswer) error {
	if len(g.Keys) == 0 {
		return totals(out, s, g)
	}
	t := table{bars: true}
	for _, k := range g.Keys {
		t.columns = append(t.columns, column{heading: Heading(k), keep: isAddress(k.Field)})
	}
	for i, m := range g.Metrics {
		t.columns = append(t.columns, metricColumn(m, i == s.Order))
	}
	share := addable(g.Metrics[s.Order])
	if share {
		t.columns = append(t.columns, column{heading: "share", right: true, spare: 2})
	}
	all, _ := value(g.Total.Values[s.Order])
	longest := 0.0
	for _, r := range g.Rows {
		n, _ := value(r.Values[s.Order])
		longest = max(longest, n)
	}
	add := func(keys []string, values []any, aside bool) {
		r := row{cells: keys, aside: aside}
		for i, m := range g.Metrics {
			r.cells = append(r.cells, metric(values[i], m, s))
		}
		n, _ := value(values[s.Order])
		if share {
			r.cells = append(r.cells, percent(n, all))
		}
		if longest > 0 {
			r.share = n / longest
		}
		t.rows = append(t.rows, r)
	}
	for _, r := range g.Rows {
		add(keys(r.Keys, g.Keys, s), r.Values, false)
	}
	named := func(name string) []string {
		list := make([]string, len(g.Keys))
		list[0] = name
		return list
	}
	if g.Other != nil {
		add(named(Quantity(g.OtherGroups, "other")), g.Other.Values, true)
	}
	if rest := Rest(g); rest != nil {
		add(named(noValue), rest.Values, true)
	}
	add(named("total"), g.Total.Values, true)
	return t.write(out, s)
}

func keys(values []any, columns []query.Column, s Style) []string {
	list := make([]string, len(values))
	for i, v := range values {
		list[i] = cell(v, columns[i], s)
	}
	return list
}

// totals writes metrics over all rows, a line each.
func totals(out io.Writer, s Style, g *query.GroupsAnswer) error {
	widest, longest := 0, 0
	texts := make([]string, len(g.Metrics))
	for i, m := range g.Metrics {
		texts[i] = metric(g.Total.Values[i], m, s)
		widest, longest = max(widest, width(Heading(m))), max(longest, width(texts[i]))
	}
	for i, m := range g.Metrics {
		if _, err := fmt.Fprintf(out, "%s%*s\n", s.paint(bold, Heading(m)), widest-width(Heading(m))+gap+len(texts[i])+longest-width(texts[i]), texts[i]); err != nil {
			return err
		}
	}
	return nil
}
