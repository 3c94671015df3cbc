package present

import (
	"io"
	"time"

	"github.com/weirflow/weir/indexer/query"
)

// fileChart is the width of charts where there is no terminal, and how far short
// ones are stretched.
const fileChart = 60

// leastChart is the narrowest chart that is worth its place.
const leastChart = 12

// Histogram writes sums over time. Without groups it is a table of the buckets
// with a bar each, with groups a line of small bars for each group.
func Histogram(out io.Writer, s Style, h *query.HistogramAnswer) error {
	if len(h.Keys) == 0 {
		return buckets(out, s, h)
	}
	return series(out, s, h)
}

func buckets(out io.Writer, s Style, h *query.HistogramAnswer) error {
	t := table{bars: true, columns: []column{{heading: "time", fixed: true}}}
	for _, m := range h.Metrics {
		t.columns = append(t.columns, column{heading: Heading(m), right: true})
	}
	longest := 0.0
	for _, values := range h.Total.Values {
		n, _ := value(values[s.Order])
		longest = max(longest, n)
	}
	layout := layoutOf(h.Buckets, s.zone())
	for i, at := range h.Buckets {
		r := row{cells: []string{at.In(s.zone()).Format(layout)}}
		for j, m := range h.Metrics {
			r.cells = append(r.cells, metric(h.Total.Values[i][j], m, s))
		}
		if n, _ := value(h.Total.Values[i][s.Order]); longest > 0 {
			r.share = n / longest
		}
		t.rows = append(t.rows, r)
	}
	total := row{cells: []string{"total"}, aside: true}
	for j, m := range h.Metrics {
		total.cells = append(total.cells, metric(h.Total.Total[j], m, s))
	}
	t.rows = append(t.rows, total)
	return t.write(out, s)
}

// layoutOf is how to write times so that the starts of buckets differ.
func layoutOf(list []time.Time, zone *time.Location) string {
	days, seconds, parts := true, false, false
	for _, at := range list {
		at = at.In(zone)
		hour, minute, second := at.Clock()
		days = days && hour+minute+second == 0
		seconds = seconds || second != 0
		parts = parts || at.Nanosecond() != 0
	}
	switch {
	case parts:
		return "2006-01-02 15:04:05.000"
	case days && len(list) > 1:
		return "2006-01-02"
	case seconds:
		return "2006-01-02 15:04:05"
	}
	return "2006-01-02 15:04"
}

func series(out io.Writer, s Style, h *query.HistogramAnswer) error {
	t := table{}
	for _, k := range h.Keys {
		t.columns = append(t.columns, column{heading: Heading(k)})
	}
	for _, m := range h.Metrics {
		t.columns = append(t.columns, column{heading: Heading(m), right: true})
	}
	first := h.Metrics[s.Order]
	t.columns = append(t.columns, column{heading: "peak", right: true})
	add := func(keys []string, x *query.Series, aside bool) []float64 {
		r := row{cells: keys, aside: aside}
		for j, m := range h.Metrics {
			r.cells = append(r.cells, metric(x.Total[j], m, s))
		}
		values, peak := make([]float64, len(x.Values)), 0.0
		for i := range x.Values {
			values[i], _ = value(x.Values[i][s.Order])
			peak = max(peak, values[i])
		}
		r.cells = append(r.cells, measure(peak, first.Unit))
		t.rows = append(t.rows, r)
		return values
	}
	named := func(name string) []string {
		list := make([]string, len(h.Keys))
		list[0] = name
		return list
	}
	var lines [][]float64
	for i := range h.Series {
		lines = append(lines, add(keys(h.Series[i].Keys, h.Keys, s), &h.Series[i], false))
	}
	if h.Other != nil {
		lines = append(lines, add(named("others"), h.Other, true))
	}
	lines = append(lines, add(named("total"), &h.Total, true))

	room := fileChart
	if s.Width > 0 {
		t.charts = leastChart
		_, room = t.widths(s.Width, t.charts)
	}
	if room >= leastChart && len(h.Buckets) > 0 {
		highest := !addable(first)
		for i, values := range lines {
			values = squeeze(values, room, highest)
			top := 0.0
			for _, v := range values {
				top = max(top, v)
			}
			t.rows[i].chart = Sparkline(stretch(values, min(room, fileChart)), top)
		}
		// The axis has the first and the last bucket below the chart.
		layout := layoutOf(h.Buckets, s.zone())
		from, to := h.Buckets[0].In(s.zone()).Format(layout), h.Buckets[len(h.Buckets)-1].In(s.zone()).Format(layout)
		if day := len("2006-01-02 "); len(layout) > day && from[:day] == to[:day] {
			to = to[day:]
		}
		axis := row{cells: make([]string, len(t.columns)), chart: from + " – " + to}
		if width(axis.chart) <= room {
			t.rows = append(t.rows, axis)
		}
	}
	return t.write(out, s)
}
