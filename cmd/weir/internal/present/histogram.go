package present

import (
	"io"
	"time"

	"github.com/weirflow/weir/indexer/query"
)

// fileChart is the width of charts where there is no terminal, and how far short
// ones are stretched.
const fileChart = 60

// leastChart is the narrowest chart that is worth its place: its axis fits.
const leastChart = 19 // 12:00:00 – 13:00:00

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
		t.columns = append(t.columns, column{heading: Heading(k), keep: isAddress(k.Field)})
	}
	for i, m := range h.Metrics {
		t.columns = append(t.columns, metricColumn(m, i == s.Order))
	}
	first := h.Metrics[s.Order]
	t.columns = append(t.columns, column{heading: "peak", right: true, spare: 2})
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
		t.leaveOut(s.Width - gap - t.charts)
		if _, room = t.widths(s.Width, t.charts); room < leastChart {
			t.charts = 0
		}
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
		t.rows = append(t.rows, row{cells: make([]string, len(t.columns)), chart: axis(h.Buckets, s.zone(), room)})
	}
	return t.write(out, s)
}

// axis has the times of the first and the last bucket below a chart, as exact as
// there is room.
func axis(buckets []time.Time, zone *time.Location, room int) (text string) {
	const year, day, seconds = len("2006-"), len("2006-01-02 "), "15:04:05"
	from, to := buckets[0].In(zone), buckets[len(buckets)-1].In(zone)
	layout := layoutOf(buckets, zone)
	forms := [][2]string{{layout, layout}, {layout[year:], layout[year:]}, {time.DateOnly[year:], time.DateOnly[year:]}}
	if len(layout) > day && from.Format(time.DateOnly) == to.Format(time.DateOnly) {
		forms = [][2]string{{layout, layout[day:]}, {layout[day:], layout[day:]}, {seconds, seconds}}
	}
	for _, f := range forms {
		if text = from.Format(f[0]) + " – " + to.Format(f[1]); width(text) <= room {
			break
		}
	}
	return text
}
