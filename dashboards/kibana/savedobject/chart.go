package savedobject

// Colours are the boards' series colours, in their order: told apart by people
// who see colours differently, and readable on light and dark ground (Okabe and
// Ito's palette, https://jfly.uni-koeln.de/color/, lightened and with three more).
var Colours = []string{"#3F88C5", "#E69F00", "#2BA084", "#D55E5E", "#8E6BBF", "#57B4DE", "#B5A642", "#CC79A7", "#7A8B99", "#A0522D"}

// Numbers shows metrics as large numbers beside each other, 24 points high.
func Numbers(view, query string, metrics ...Agg) Vis {
	return Vis{kind: "metric", view: view, query: query, aggs: metrics, params: object{
		"addTooltip": true, "addLegend": false, "type": "metric",
		"metric": object{
			"percentageMode": false, "useRanges": false, "colorSchema": "Green to Red", "metricColorMode": "None",
			"colorsRange": []object{{"from": 0, "to": 10000}}, "labels": object{"show": true}, "invertColors": false,
			"style": object{"bgFill": "#000", "bgColor": false, "labelColor": false, "subText": "", "fontSize": 24},
		},
	}}
}

// Table shows buckets as rows, and metrics as columns. A board fits the rows of a
// page to the panel's height.
func Table(view, query string, metrics []Agg, buckets ...Agg) Vis {
	return Vis{kind: "table", view: view, query: query, aggs: append(append([]Agg{}, metrics...), buckets...), params: object{
		"perPage": 10, "showPartialRows": false, "showMetricsAtAllLevels": false, "showTotal": false,
		"totalFunc": "sum", "percentageCol": "",
		"sort": object{"columnIndex": nil, "direction": nil},
	}}
}

// Donut shows shares of the metric; more than one bucket makes rings, the first
// one inside.
func Donut(view, query string, metric Agg, slices ...Agg) Vis {
	aggs := []Agg{metric}
	for _, s := range slices {
		s.schema = "segment"
		aggs = append(aggs, s)
	}
	return Vis{kind: "pie", view: view, query: query, aggs: aggs, params: object{
		"type": "pie", "addTooltip": true, "addLegend": true, "legendPosition": "right", "isDonut": true,
		"labels": object{"show": false, "values": true, "last_level": true, "truncate": 100},
	}}
}

// Cloud shows the bucket's values as words, larger with the metric.
func Cloud(view, query string, metric, words Agg) Vis {
	words.schema = "segment"
	return Vis{kind: "tagcloud", view: view, query: query, aggs: []Agg{metric, words}, params: object{
		"scale": "square root", "orientation": "single", "minFontSize": 14, "maxFontSize": 40, "showLabel": false,
	}}
}

// Bars shows a bar per bucket. A second bucket splits the bars, stacked.
func Bars(view, query string, metric, bars Agg, split ...Agg) Vis {
	return axes("histogram", "bottom", "left", view, query, metric, bars, split)
}

// Rows shows bars that lie, so that long names can be read.
func Rows(view, query string, metric, bars Agg, split ...Agg) Vis {
	return axes("horizontal_bar", "left", "bottom", view, query, metric, bars, split)
}

func axes(kind, names, values, view, query string, metric, bars Agg, split []Agg) Vis {
	bars.schema = "segment"
	aggs := []Agg{metric, bars}
	for _, s := range split {
		s.schema = "group"
		aggs = append(aggs, s)
	}
	label := metric.params["customLabel"].(string)
	ui := object{}
	if len(split) == 0 {
		ui["vis"] = object{"colors": object{label: Colours[0]}}
	}
	category := "CategoryAxis-1"
	if bars.kind == "filters" {
		// 7.10 and OpenSearch Dashboards write the aggregation's name, "filters", over
		// the title of the axis that is called CategoryAxis-1.
		category = "CategoryAxis-named"
	}
	truncate := 100
	if names == "left" {
		truncate = 200
	}
	return Vis{kind: kind, view: view, query: query, aggs: aggs, ui: ui, params: object{
		"type": kind, "grid": object{"categoryLines": false},
		"categoryAxes": []object{{
			"id": category, "type": "category", "position": names, "show": true, "style": object{},
			"scale": object{"type": "linear"}, "labels": object{"show": true, "filter": true, "truncate": truncate, "rotate": 0},
			"title": object{"text": bars.params["customLabel"]},
		}},
		"valueAxes": []object{{
			"id": "ValueAxis-1", "name": "ValueAxis-1", "type": "value", "position": values, "show": true, "style": object{},
			"scale": object{"type": "linear", "mode": "normal"}, "labels": object{"show": true, "rotate": 0, "filter": true, "truncate": 100},
			"title": object{"text": label},
		}},
		"seriesParams": []object{{
			"show": true, "type": "histogram", "mode": "stacked", "data": object{"label": label, "id": "1"},
			"valueAxis": "ValueAxis-1", "drawLinesBetweenPoints": true, "lineWidth": 2, "showCircles": true,
		}},
		"addTooltip": true, "addLegend": len(split) > 0, "legendPosition": "right", "times": []any{}, "addTimeMarker": false,
		"labels":        object{"show": false},
		"thresholdLine": object{"show": false, "value": 10, "width": 1, "style": "full", "color": "#E7664C"},
	}}
}

// Heat shows the metric as colours over two buckets.
func Heat(view, query string, metric, across, down Agg) Vis {
	across.schema, down.schema = "segment", "group"
	return Vis{kind: "heatmap", view: view, query: query, aggs: []Agg{metric, across, down}, params: object{
		"type": "heatmap", "addTooltip": true, "addLegend": true, "enableHover": false, "legendPosition": "right",
		"times": []any{}, "colorsNumber": 6, "colorSchema": "Blues", "setColorRange": false, "colorsRange": []any{},
		"invertColors": false, "percentageMode": false,
		"valueAxes": []object{{
			"show": false, "id": "ValueAxis-1", "type": "value", "scale": object{"type": "linear", "defaultYExtents": false},
			"labels": object{"show": false, "rotate": 0, "overwriteColor": false, "color": "black"},
		}},
	}}
}

// Markdown shows text.
func Markdown(body string) Vis {
	return Vis{kind: "markdown", params: object{"fontSize": 12, "openLinksInNewTab": false, "markdown": body}}
}
