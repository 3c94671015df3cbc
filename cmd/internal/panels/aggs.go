package panels

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
)

// agg is an aggregation of a visualization.
type agg struct {
	ID, Type, Schema string
	Enabled          bool
	Params           struct {
		Field, OrderBy, Order, SortField, SortOrder string
		Size                                        int
		Percents                                    []float64
		Ranges                                      []struct {
			From, To *float64
		}
		Filters []struct {
			Input struct{ Query, Language string }
			Label string
		}
	}
}

// metric gives the server's aggregation of a metric; a count needs none.
func (a *agg) metric() (object, error) {
	field := a.Params.Field
	switch a.Type {
	case "count":
		return nil, nil
	case "sum", "avg", "max", "min", "cardinality":
		return object{a.Type: object{"field": field}}, nil
	case "percentiles":
		return object{"percentiles": object{"field": field, "percents": a.Params.Percents, "keyed": false}}, nil
	case "top_hits":
		return object{"top_hits": object{"size": max(1, a.Params.Size), "sort": []object{{a.Params.SortField: object{"order": a.Params.SortOrder}}},
			"docvalue_fields": []string{field}, "_source": false}}, nil
	}
	return nil, fmt.Errorf("the metric %s is not known here", a.Type)
}

// bucket gives the server's aggregation of a bucket. metrics are those that it can
// be ordered by.
func (a *agg) bucket(s *set, metrics []agg) (object, []string, error) {
	p := &a.Params
	switch a.Type {
	case "terms":
		order := object{p.OrderBy: p.Order}
		for i := range metrics {
			if metrics[i].ID == p.OrderBy && metrics[i].Type == "count" {
				order = object{"_count": p.Order}
			}
		}
		return object{"terms": object{"field": p.Field, "size": p.Size, "order": order}}, []string{p.Field}, nil
	case "date_histogram":
		return object{"date_histogram": object{"field": p.Field, "fixed_interval": s.span.interval(), "min_doc_count": 1}}, []string{p.Field}, nil
	case "range":
		var list []object
		for _, r := range p.Ranges {
			one := object{}
			if r.From != nil {
				one["from"] = *r.From
			}
			if r.To != nil {
				one["to"] = *r.To
			}
			list = append(list, one)
		}
		return object{"range": object{"field": p.Field, "ranges": list}}, []string{p.Field}, nil
	case "filters":
		named, all := object{}, []string(nil)
		for _, f := range p.Filters {
			query, fields, err := kql(f.Input.Query)
			if err != nil {
				return nil, nil, err
			}
			named[f.Label], all = query, append(all, fields...)
		}
		return object{"filters": object{"filters": named}}, all, nil
	}
	return nil, nil, fmt.Errorf("the bucket %s is not known here", a.Type)
}

// aggregations gives the request of a visualization that is made of aggregations:
// the buckets inside each other, in the innermost the metrics.
func (s *set) aggregations(o *savedObject, list []agg) ([]request, error) {
	pattern, query, fields, err := s.source(o)
	if err != nil {
		return nil, err
	}
	var metrics, buckets []agg
	for _, a := range list {
		if a.Schema == "metric" {
			metrics = append(metrics, a)
		} else {
			buckets = append(buckets, a)
		}
	}
	q := request{pattern: pattern, fields: fields}
	values := object{}
	for i := range metrics {
		m, err := metrics[i].metric()
		if err != nil {
			return nil, err
		}
		if m != nil {
			values[metrics[i].ID] = m
			q.metrics = append(q.metrics, metrics[i].ID)
			q.grouped = append(q.grouped, metrics[i].Params.Field)
		}
	}
	aggs := values
	for _, a := range slices.Backward(buckets) {
		b, fields, err := a.bucket(s, metrics)
		if err != nil {
			return nil, err
		}
		inside := object{}
		for name, one := range aggs {
			inside[name] = one
		}
		if m, ok := values[a.Params.OrderBy]; ok { // the order needs its metric at this level, too
			inside[a.Params.OrderBy] = m
		}
		b["aggs"] = inside
		aggs = object{a.ID: b}
		q.buckets = append([]string{a.ID}, q.buckets...)
		q.grouped = append(q.grouped, fields...)
	}
	q.body = s.filtered(aggs, query)
	q.fields = append(q.fields, q.grouped...)
	return []request{q}, nil
}

// controls gives a request per list: the values to choose from.
func (s *set) controls(o *savedObject, params json.RawMessage) ([]request, error) {
	var p struct {
		Controls []struct {
			FieldName, IndexPatternRefName string
			Options                        struct{ Size int }
		}
	}
	if err := json.Unmarshal(params, &p); err != nil {
		return nil, err
	}
	var list []request
	for _, c := range p.Controls {
		pattern, err := s.view(o, c.IndexPatternRefName)
		if err != nil {
			return nil, err
		}
		list = append(list, request{
			pattern: pattern, fields: []string{c.FieldName}, grouped: []string{c.FieldName}, buckets: []string{"values"},
			body: s.filtered(object{"values": object{"terms": object{"field": c.FieldName, "size": c.Options.Size}}}),
		})
	}
	return list, nil
}

// search gives the request of a saved search, and asks how many documents have
// each column.
func (s *set) search(o *savedObject) ([]request, error) {
	pattern, query, fields, err := s.source(o)
	if err != nil {
		return nil, err
	}
	aggs := object{}
	for i, c := range o.Attributes.Columns {
		aggs["column"+strconv.Itoa(i)] = object{"filter": object{"exists": object{"field": c}}}
	}
	body := s.filtered(aggs, query)
	body["size"] = 50
	sort := []object{}
	for _, one := range o.Attributes.Sort {
		sort = append(sort, object{one[0]: object{"order": one[1], "unmapped_type": "boolean"}})
		fields = append(fields, one[0])
	}
	body["sort"] = sort
	return []request{{pattern: pattern, body: body, fields: append(fields, o.Attributes.Columns...), columns: o.Attributes.Columns}}, nil
}
