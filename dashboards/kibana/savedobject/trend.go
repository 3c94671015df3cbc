package savedobject

import "strconv"

// Line is one series of a Trend, or one per value of a field.
type Line struct {
	// Label names a series that is not split; with a split it is only for
	// documentation.
	Label string
	// Query narrows the documents, in KQL.
	Query string
	// Field is summed up, or what Kind says; none counts documents.
	Field string
	// Kind is the metric: sum (the default), avg, max, min or cardinality.
	Kind string
	// By splits by the field's Top values.
	By  string
	Top int
	// Rate turns what a sum gives into a rate: see the constants.
	Rate Rate
	// Format is the pattern of numbers, Template what stands around them.
	Format, Template string
	// Colour is a colour of Colours, counted from 0.
	Colour int
	// Below mirrors the series under the axis; it is not stacked with the others.
	Below bool
	// With are further values for Script, which reckons with them as params.NAME;
	// the line's own value is params.v.
	With   []Term
	Script string
	// Before shows the values of a time before, such as 1w.
	Before string
	// Thin draws a line without filling what is under it, and not stacked.
	Thin bool
}

// Term is a value that a line's script reckons with.
type Term struct{ Name, Field, Kind string }

// Rate says how a series becomes a rate.
type Rate int

// The rates. The bars of a trend are as wide as the time range makes them; a
// rate per second does not change with that.
const (
	// PerBar leaves sums alone.
	PerBar Rate = iota
	// Bits turns octets into bits per second.
	Bits
	// PerSecond divides by the seconds.
	PerSecond
	// Growth is for totals that run on: how much they grow per second.
	Growth
	// GrowthBits is the same in bits, of octets.
	GrowthBits
)

// Trend shows lines over time, in a request of its own kind (TSVB). pattern
// names the data streams.
func Trend(pattern, query string, lines ...Line) Vis {
	series := []object{}
	for i, line := range lines {
		series = append(series, line.series(i))
	}
	first := &lines[0]
	format, _ := first.formats()
	return Vis{kind: "metrics", params: object{
		"id": "trend", "type": "timeseries", "series": series, "filter": object{"query": query, "language": "kuery"},
		"time_field": "@timestamp", "index_pattern": pattern, "interval": ">=1m",
		"axis_position": "left", "axis_formatter": format, "axis_scale": "normal", "show_legend": 1, "show_grid": 1,
		"legend_position": legend(first.Top), "tooltip_mode": "show_all", "drop_last_bucket": 1,
		"default_index_pattern": pattern, "default_timefield": "@timestamp", "isModelInvalid": false,
	}}
}

// legend puts the names of many lines beside the chart: below it there is room for
// six.
func legend(lines int) string {
	if lines > 6 {
		return "right"
	}
	return "bottom"
}

// Narrow puts the legend below the chart, for panels that have no room beside it.
func (v Vis) Narrow() Vis { return v.with("legend_position", "bottom") }

// Every makes a trend's bars at least that wide.
func (v Vis) Every(interval string) Vis { return v.with("interval", ">="+interval) }

func (v Vis) with(key string, value any) Vis {
	params := object{}
	for k, old := range v.params {
		params[k] = old
	}
	params[key] = value
	v.params = params
	return v
}

func (l *Line) formats() (format, template string) {
	format, template = l.Format, l.Template
	if format == "" {
		format, template = "0,0.[0]a", "{{value}}"
		switch l.Rate {
		case Bits, GrowthBits:
			format, template = "0,0.[0] bitd", "{{value}}/s"
		case PerSecond, Growth:
			template = "{{value}}/s"
		}
	}
	if template == "" {
		template = "{{value}}"
	}
	return format, template
}

// series gives the series numbered i.
func (l *Line) series(i int) object {
	id := "s" + strconv.Itoa(i)
	format, template := l.formats()
	s := object{
		"id": id, "label": l.Label, "color": Colours[l.Colour], "split_mode": "everything", "metrics": l.metrics(id),
		"separate_axis": 0, "axis_position": "right", "formatter": format, "value_template": template,
		"chart_type": "line", "line_width": 1, "point_size": 0, "fill": 0.6, "stacked": "stacked",
		"split_color_mode": "kibana",
	}
	if l.Below {
		s["stacked"] = "none"
	}
	if l.Thin {
		s["fill"], s["stacked"], s["line_width"] = 0, "none", 2
	}
	if l.Before != "" {
		s["offset_time"] = l.Before
	}
	if l.Query != "" {
		s["split_mode"], s["filter"] = "filter", object{"query": l.Query, "language": "kuery"}
	}
	if l.By != "" {
		s["split_mode"], s["terms_field"], s["terms_size"], s["terms_order_by"] = "terms", l.By, strconv.Itoa(l.Top), id+"m"
		s["terms_direction"] = "desc"
	}
	return s
}

// metrics are the metric and what is reckoned from it. Reckoning is done by the
// browser's server from the width of the bar, and not by a script in the store,
// which not every cluster allows.
func (l *Line) metrics(id string) []object {
	base := object{"id": id + "m", "type": "count"}
	if l.Field != "" {
		base["type"], base["field"] = "sum", l.Field
	}
	if l.Kind != "" {
		base["type"] = l.Kind
	}
	list := []object{base}
	script, of := "", id+"m"
	switch l.Rate {
	case Bits:
		script = "params.v * 8000 / params._interval"
	case PerSecond:
		script = "params.v * 1000 / params._interval"
	case Growth, GrowthBits:
		base["type"] = "max"
		list = append(list, object{"id": id + "d", "type": "derivative", "field": of, "unit": "1s"},
			object{"id": id + "p", "type": "positive_only", "field": id + "d"})
		of, script = id+"p", "params.v"
		if l.Rate == GrowthBits {
			script = "params.v * 8"
		}
	case PerBar:
		script = "params.v"
	}
	if l.Script != "" {
		script = l.Script
	}
	if l.Below {
		script += " * -1"
	}
	if script == "params.v" {
		return list
	}
	variables := []object{{"id": id + "v", "name": "v", "field": of}}
	for _, t := range l.With {
		list = append(list, object{"id": id + "x" + t.Name, "type": t.Kind, "field": t.Field})
		variables = append(variables, object{"id": id + "v" + t.Name, "name": t.Name, "field": id + "x" + t.Name})
	}
	return append(list, object{"id": id + "r", "type": "math", "script": script, "variables": variables})
}
