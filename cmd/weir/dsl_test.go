package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/weirflow/weir/indexer/elastic/elastictest"
	"github.com/weirflow/weir/indexer/query"
)

// object is a JSON object.
type object = map[string]any

// dslFilter translates a filter into the query language that Elasticsearch and
// OpenSearch share.
func dslFilter(t *testing.T, n query.Node) object {
	t.Helper()
	list := func(nodes []query.Node) (out []object) {
		for _, n := range nodes {
			out = append(out, dslFilter(t, n))
		}
		return out
	}
	between := func(field string, least, most any) object {
		return object{"range": object{field: object{"gte": least, "lte": most}}}
	}
	switch n := n.(type) {
	case query.And:
		return object{"bool": object{"filter": list(n.Nodes)}}
	case query.Or:
		return object{"bool": object{"should": list(n.Nodes), "minimum_should_match": 1}}
	case query.Not:
		return object{"bool": object{"must_not": dslFilter(t, n.Node)}}
	case query.Exists:
		return object{"exists": object{"field": n.Field.Name}}
	case query.Equal:
		return object{"term": object{n.Field.Name: n.Value}}
	case query.Like:
		escape := strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`)
		parts := make([]string, len(n.Parts))
		for i, p := range n.Parts {
			parts[i] = escape.Replace(p)
		}
		return object{"wildcard": object{n.Field.Name: object{"value": strings.Join(parts, "*")}}}
	case query.Between:
		if n.Field.Class == query.Time {
			bounds := object{"format": "epoch_millis"}
			if n.Min != math.MinInt64 {
				bounds["gte"] = n.Min / 1e6
			}
			if n.Max != math.MaxInt64 {
				bounds["lte"] = n.Max / 1e6
			}
			return object{"range": object{n.Field.Name: bounds}}
		}
		return between(n.Field.Name, n.Min, n.Max)
	case query.Within:
		return between(n.Field.Name, n.First.Unmap().String(), n.Last.Unmap().String())
	}
	t.Fatalf("no translation of %T", n)
	return nil
}

// everyGroup is how many groups a translated request asks for at once. It asks
// for all, so that the rest can be added up here.
const everyGroup = 10_000

// dslMetrics gives the aggregations of metrics, m0, m1 and so on; the number of
// documents is no aggregation.
func dslMetrics(metrics []query.Metric) object {
	aggs := object{}
	for i, m := range metrics {
		kind := map[query.Func]string{query.Count: "value_count", query.Sum: "sum", query.Avg: "avg", query.Min: "min", query.Max: "max", query.Distinct: "cardinality"}[m.Func]
		if m.Field == "" {
			continue
		}
		body := object{"field": m.Field}
		if m.Func == query.Distinct {
			body["precision_threshold"] = 40_000
		}
		aggs[fmt.Sprint("m", i)] = object{kind: body}
	}
	return aggs
}

// dslGroups gives the aggregation that makes groups. Those of several fields come
// in the order of their keys (multi_terms, which orders by a metric, is in no free
// Elasticsearch).
func dslGroups(by []string, metrics []query.Metric, order int, inside object) object {
	if len(by) == 1 {
		first := "_count"
		if metrics[order].Field != "" {
			first = fmt.Sprint("m", order)
		}
		body := object{"field": by[0], "size": everyGroup, "order": []object{{first: "desc"}, {"_key": "asc"}}}
		return object{"terms": body, "aggs": inside}
	}
	sources := make([]object, len(by))
	for i, name := range by {
		sources[i] = object{fmt.Sprint("k", i): object{"terms": object{"field": name}}}
	}
	return object{"composite": object{"size": everyGroup, "sources": sources}, "aggs": inside}
}

// dslBody translates a request whose metrics are not empty.
func dslBody(t *testing.T, r query.Request) object {
	t.Helper()
	var filter []object
	if r.Filter != nil {
		filter = append(filter, dslFilter(t, r.Filter))
	}
	if bounds := (object{"format": "epoch_millis"}); !r.From.IsZero() || !r.To.IsZero() {
		if !r.From.IsZero() {
			bounds["gte"] = r.From.UnixMilli()
		}
		if !r.To.IsZero() {
			bounds["lt"] = r.To.UnixMilli()
		}
		filter = append(filter, object{"range": object{"@timestamp": bounds}})
	}
	body := object{"size": 0, "track_total_hits": true, "query": object{"bool": object{"filter": filter}}}
	switch {
	case r.Groups != nil:
		aggs := dslMetrics(r.Groups.Metrics)
		if len(r.Groups.By) > 0 {
			aggs["groups"] = dslGroups(r.Groups.By, r.Groups.Metrics, r.Groups.Order, dslMetrics(r.Groups.Metrics))
		}
		body["aggs"] = aggs
	case r.Histogram != nil:
		h := r.Histogram
		overTime := object{"date_histogram": object{"field": "@timestamp", "fixed_interval": fmt.Sprint(h.Interval.Milliseconds(), "ms"), "min_doc_count": 0}, "aggs": dslMetrics(h.Metrics)}
		aggs := dslMetrics(h.Metrics)
		aggs["buckets"] = overTime
		if len(h.By) > 0 {
			inside := dslMetrics(h.Metrics)
			inside["buckets"] = overTime
			aggs["groups"] = dslGroups(h.By, h.Metrics, h.Order, inside)
		}
		body["aggs"] = aggs
	default:
		body["size"] = r.Newest.Count
		body["sort"] = []object{{"@timestamp": "desc"}}
		body["_source"] = r.Newest.Fields
	}
	return body
}

// dslBucket is a bucket of an aggregation, or all documents.
type dslBucket struct {
	Key     any
	Count   int64
	Values  map[string]any
	Buckets []dslBucket // over time
}

// readBucket reads a bucket, or the whole answer.
func readBucket(raw object) dslBucket {
	b := dslBucket{Values: map[string]any{}}
	for name, v := range raw {
		inner, _ := v.(object)
		switch {
		case name == "key":
			b.Key = v
		case name == "doc_count":
			b.Count = whole(v)
		case name == "buckets" && inner != nil:
			b.Buckets = readBuckets(inner)
		case strings.HasPrefix(name, "m") && inner != nil:
			b.Values[name] = inner["value"]
		}
	}
	return b
}

func readBuckets(aggregation object) (list []dslBucket) {
	raw, _ := aggregation["buckets"].([]any)
	for _, b := range raw {
		list = append(list, readBucket(b.(object)))
	}
	return list
}

func whole(v any) int64 {
	f := decimal(v)
	return int64(f)
}

func decimal(v any) float64 {
	f, _ := v.(json.Number).Float64()
	return f
}

// metricsOf gives the values of a bucket's metrics, as texts to compare.
func (b dslBucket) metricsOf(metrics []query.Metric) (list []any) {
	for i, m := range metrics {
		v := b.Values[fmt.Sprint("m", i)]
		switch {
		case m.Field == "":
			list = append(list, b.Count)
		case v == nil:
			list = append(list, nil)
		case strings.Contains(m.Field, "timestamp") || strings.HasPrefix(m.Field, "event.start"):
			list = append(list, time.UnixMilli(whole(v)).UTC())
		case m.Func == query.Avg:
			list = append(list, decimal(v))
		default:
			list = append(list, whole(v))
		}
	}
	return list
}

// dslAsk asks a server the same as a store.
func dslAsk(t *testing.T, s elastictest.Server, stream string, r query.Request) *query.Answer {
	t.Helper()
	r, err := r.Normalize()
	if err != nil {
		t.Fatal(err)
	}
	body, err := json.Marshal(dslBody(t, r))
	if err != nil {
		t.Fatal(err)
	}
	var raw struct {
		Hits struct {
			Total struct{ Value int64 }
			Hits  []struct {
				Source object `json:"_source"`
			}
		}
		Aggregations object
	}
	s.Call(t, "POST", "/"+stream+"/_search", string(body), &raw)
	all := readBucket(raw.Aggregations)
	all.Count = raw.Hits.Total.Value
	groups, _ := raw.Aggregations["groups"].(object)
	list := readBuckets(groups)
	if len(list) == everyGroup {
		t.Fatal("there are more groups than were asked for")
	}
	switch {
	case r.Groups != nil:
		return &query.Answer{Groups: dslTop(all, ordered(list, r.Groups.By, r.Groups.Metrics, r.Groups.Order), r.Groups)}
	case r.Histogram != nil:
		return &query.Answer{Histogram: dslOverTime(all, ordered(list, r.Histogram.By, r.Histogram.Metrics, r.Histogram.Order), r.Histogram)}
	}
	n := &query.NewestAnswer{}
	for _, hit := range raw.Hits.Hits {
		var row []any
		for _, f := range r.Newest.Fields {
			row = append(row, dig(hit.Source, strings.Split(f, ".")))
		}
		n.Rows = append(n.Rows, row)
	}
	return &query.Answer{Newest: n}
}

// dig finds a field in a document.
func dig(document any, path []string) any {
	for _, name := range path {
		o, ok := document.(object)
		if !ok {
			return nil
		}
		document = o[name]
	}
	return document
}

// ordered brings the groups of several fields into the order of a metric; equal
// ones stay in that of their keys.
func ordered(list []dslBucket, by []string, metrics []query.Metric, order int) []dslBucket {
	if len(by) > 1 {
		slices.SortStableFunc(list, func(a, b dslBucket) int {
			x, _ := a.metricsOf(metrics)[order].(int64)
			y, _ := b.metricsOf(metrics)[order].(int64)
			return cmp.Compare(y, x)
		})
	}
	return list
}

func keysOf(b dslBucket) (list []any) {
	several, ok := b.Key.(object)
	if !ok {
		return []any{b.Key}
	}
	for i := range len(several) {
		list = append(list, several[fmt.Sprint("k", i)])
	}
	return list
}

// addable tells which metrics the rest can be added up of.
func addable(m query.Metric) bool { return m.Func == query.Sum || m.Func == query.Count }

// rest adds up what addable metrics have in buckets; others are nil.
func rest(list []dslBucket, metrics []query.Metric) []any {
	sums := make([]any, len(metrics))
	for i, m := range metrics {
		if !addable(m) {
			continue
		}
		sum := int64(0)
		for _, b := range list {
			if v, ok := b.metricsOf(metrics)[i].(int64); ok {
				sum += v
			}
		}
		sums[i] = sum
	}
	return sums
}

func dslTop(all dslBucket, list []dslBucket, g *query.Groups) *query.GroupsAnswer {
	a := &query.GroupsAnswer{Total: query.Group{Values: all.metricsOf(g.Metrics)}}
	top := min(g.Top, len(list))
	for _, b := range list[:top] {
		a.Rows = append(a.Rows, query.Group{Keys: keysOf(b), Values: b.metricsOf(g.Metrics)})
	}
	if top < len(list) {
		a.OtherGroups = int64(len(list) - top)
		a.Other = &query.Group{Values: rest(list[top:], g.Metrics)}
	}
	return a
}

func dslOverTime(all dslBucket, list []dslBucket, h *query.Histogram) *query.HistogramAnswer {
	a := &query.HistogramAnswer{}
	line := func(b dslBucket) query.Series {
		s := query.Series{Total: b.metricsOf(h.Metrics)}
		for _, at := range a.Buckets {
			i := slices.IndexFunc(b.Buckets, func(x dslBucket) bool { return whole(x.Key) == at.UnixMilli() })
			if i < 0 {
				s.Values = append(s.Values, rest(nil, h.Metrics))
				continue
			}
			s.Values = append(s.Values, b.Buckets[i].metricsOf(h.Metrics))
		}
		return s
	}
	for _, b := range all.Buckets {
		a.Buckets = append(a.Buckets, time.UnixMilli(whole(b.Key)).UTC())
	}
	a.Total = line(all)
	top := min(h.Top, len(list))
	for _, b := range list[:top] {
		s := line(b)
		s.Keys = keysOf(b)
		a.Series = append(a.Series, s)
	}
	return a
}
