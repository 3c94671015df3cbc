package savedobject

import (
	"fmt"
	"strconv"
)

// Vis is a visualization, without its title.
type Vis struct {
	// kind is the products' name of the type.
	kind   string
	params object
	aggs   []Agg
	// view is the data view's id of visualizations that are made of aggregations.
	view, query string
	ui          object
	references  []Reference
}

func (v *Vis) object(id, title, description string) Object {
	source, references := searchSource(v.view, v.query, nil)
	aggs := []object{}
	for i, a := range v.aggs {
		aggs = append(aggs, object{"id": strconv.Itoa(i + 1), "enabled": true, "type": a.kind, "schema": a.schema, "params": a.params})
	}
	ui := v.ui
	if ui == nil {
		ui = object{}
	}
	return newObject(typeVisualization, id, object{
		"title": title, "description": description, "version": 1, "uiStateJSON": text(ui),
		"visState":              text(object{"title": title, "type": v.kind, "params": v.params, "aggs": aggs}),
		"kibanaSavedObjectMeta": source,
	}, append(references, v.references...))
}

// Agg is an aggregation: a metric, or buckets to split by.
type Agg struct {
	kind, schema string
	params       object
}

func metric(kind, field, label string) Agg {
	params := object{"customLabel": label}
	if field != "" {
		params["field"] = field
	}
	return Agg{kind: kind, schema: "metric", params: params}
}

// Sum to Documents are metrics: of the field's values, or the number of
// documents.
func Sum(field, label string) Agg         { return metric("sum", field, label) }
func Average(field, label string) Agg     { return metric("avg", field, label) }
func Maximum(field, label string) Agg     { return metric("max", field, label) }
func Minimum(field, label string) Agg     { return metric("min", field, label) }
func Cardinality(field, label string) Agg { return metric("cardinality", field, label) }
func Documents(label string) Agg          { return metric("count", "", label) }

// Percentile is a percentile of the field's values.
func Percentile(field string, percent int, label string) Agg {
	a := metric("percentiles", field, label)
	a.params["percents"] = []int{percent}
	return a
}

// Latest is the value of the newest document.
func Latest(field, label string) Agg {
	a := metric("top_hits", field, label)
	a.params["aggregate"], a.params["size"] = "concat", 1
	a.params["sortField"], a.params["sortOrder"] = "@timestamp", "desc"
	return a
}

// Terms splits by the field's size values that have most of the first metric.
func Terms(field, label string, size int) Agg {
	return Agg{kind: "terms", schema: "bucket", params: object{
		"field": field, "size": size, "orderBy": "1", "order": "desc", "customLabel": label,
		"otherBucket": false, "otherBucketLabel": "Other", "missingBucket": false, "missingBucketLabel": "unknown",
	}}
}

// WithOther sums up what is beyond the size as one more value.
func (a Agg) WithOther() Agg { return a.with("otherBucket", true) }

// OrNone has documents without the field as one more value, an empty one; without
// it a row of a table is left out when one of its fields is missing. The field must
// be a text.
func (a Agg) OrNone() Agg { return a.with("missingBucket", true).with("missingBucketLabel", "–") }

// Rarest turns the order around: the values with the least of the metric.
func (a Agg) Rarest() Agg { return a.with("order", "asc") }

// By orders by the metric with that number, counted from 1.
func (a Agg) By(metric int) Agg { return a.with("orderBy", strconv.Itoa(metric)) }

// ByKey orders by the value itself, the smallest first.
func (a Agg) ByKey() Agg { return a.with("orderBy", "_key").with("order", "asc") }

func (a Agg) with(key string, value any) Agg {
	params := object{}
	for k, v := range a.params {
		params[k] = v
	}
	params[key] = value
	a.params = params
	return a
}

// OverTime splits by time.
func OverTime() Agg {
	return Agg{kind: "date_histogram", schema: "bucket", params: object{
		"field": "@timestamp", "useNormalizedEsInterval": true, "scaleMetricValues": false, "interval": "auto",
		"drop_partials": false, "min_doc_count": 1, "extended_bounds": object{}, "customLabel": "Time",
	}}
}

// Span is a range of numbers, from inclusive, to exclusive; to 0 has no end.
type Span struct {
	From, To float64
	Label    string
}

// Ranges splits by ranges of the field's values. They are questions, because not
// every version of the products can name a range.
func Ranges(field, label string, spans ...Span) Agg {
	list := []Question{}
	for _, s := range spans {
		query := fmt.Sprintf("%s >= %.0f", field, s.From)
		if s.To != 0 {
			query += fmt.Sprintf(" and %s < %.0f", field, s.To)
		}
		list = append(list, Question{Query: query, Label: s.Label})
	}
	return Questions(label, list...)
}

// Question is a KQL question and what to call its answer.
type Question struct{ Query, Label string }

// Questions splits by what documents answer.
func Questions(label string, questions ...Question) Agg {
	list := []object{}
	for _, q := range questions {
		list = append(list, object{"input": object{"query": q.Query, "language": "kuery"}, "label": q.Label})
	}
	return Agg{kind: "filters", schema: "bucket", params: object{"filters": list, "customLabel": label}}
}
