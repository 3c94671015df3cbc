package panels

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// trendParams are those of TSVB that matter to the server.
type trendParams struct {
	IndexPattern string `json:"index_pattern"`
	TimeField    string `json:"time_field"`
	Filter       struct{ Query string }
	Interval     string
	Series       []struct {
		ID             string
		SplitMode      string `json:"split_mode"`
		Filter         *struct{ Query string }
		TermsField     string `json:"terms_field"`
		TermsSize      string `json:"terms_size"`
		TermsOrderBy   string `json:"terms_order_by"`
		TermsDirection string `json:"terms_direction"`
		OffsetTime     string `json:"offset_time"`
		Metrics        []struct{ ID, Type, Field, Unit string }
	}
}

// trend gives a request per series of a TSVB panel. What is reckoned with scripts
// is left out.
func (s *set) trend(params json.RawMessage) ([]request, error) {
	var p trendParams
	if err := json.Unmarshal(params, &p); err != nil {
		return nil, err
	}
	whole, all, err := kql(p.Filter.Query)
	if err != nil {
		return nil, err
	}
	var list []request
	for _, series := range p.Series {
		q := request{pattern: p.IndexPattern, fields: append([]string{p.TimeField}, all...)}
		values := object{}
		for _, m := range series.Metrics {
			switch m.Type {
			case "sum", "avg", "max", "min", "cardinality":
				values[m.ID] = object{m.Type: object{"field": m.Field}}
				q.metrics, q.grouped = append(q.metrics, m.ID), append(q.grouped, m.Field)
			case "derivative":
				values[m.ID] = object{"derivative": object{"buckets_path": m.Field, "gap_policy": "skip", "unit": m.Unit}}
			case "count", "positive_only", "math":
			default:
				return nil, fmt.Errorf("the metric %s of a trend is not known here", m.Type)
			}
		}
		histogram := object{"date_histogram": object{"field": p.TimeField, "fixed_interval": s.span.interval(), "min_doc_count": 0}, "aggs": values}
		aggs := object{"time": histogram}
		q.buckets = []string{"time"}
		queries := []object{whole}
		switch series.SplitMode {
		case "everything":
		case "filter":
			narrow, fields, err := kql(series.Filter.Query)
			if err != nil {
				return nil, err
			}
			queries, q.fields = append(queries, narrow), append(q.fields, fields...)
		case "terms":
			size, err := strconv.Atoi(series.TermsSize)
			if err != nil {
				return nil, fmt.Errorf("terms_size: %w", err)
			}
			order, inside := object{"_count": "desc"}, object{"time": histogram}
			if m, ok := values[series.TermsOrderBy]; ok {
				order, inside["order"] = object{"order": "desc"}, m
			}
			aggs = object{"split": object{"terms": object{"field": series.TermsField, "size": size, "order": order}, "aggs": inside}}
			q.buckets, q.grouped = []string{"split", "time"}, append(q.grouped, series.TermsField)
		default:
			return nil, fmt.Errorf("the split %s of a trend is not known here", series.SplitMode)
		}
		was := s.span
		if series.OffsetTime != "" {
			shifted, err := (span{to: was.to}).back("now-" + series.OffsetTime)
			if err != nil {
				return nil, err
			}
			s.span = span{was.from.Add(-shifted.to.Sub(shifted.from)), shifted.from}
		}
		q.body = s.filtered(aggs, queries...)
		s.span = was
		q.fields = append(q.fields, q.grouped...)
		list = append(list, q)
	}
	return list, nil
}

// drawing gives the requests of a Vega drawing: every data source that asks the
// server, with what stands for time range and width of bars filled in.
func (s *set) drawing(params json.RawMessage) ([]request, error) {
	var p struct{ Spec string }
	if err := json.Unmarshal(params, &p); err != nil {
		return nil, err
	}
	var specification any
	if err := json.Unmarshal([]byte(p.Spec), &specification); err != nil {
		return nil, fmt.Errorf("the drawing: %w", err)
	}
	var list []request
	var failed error
	walk(specification, func(key string, value any) {
		if key != "url" || failed != nil {
			return
		}
		url, ok := value.(object)
		if !ok {
			failed = fmt.Errorf("the drawing fetches %v, which is not data of the server", value)
			return
		}
		q, err := s.asked(url)
		list, failed = append(list, q), err
	})
	if failed == nil && len(list) == 0 {
		failed = fmt.Errorf("the drawing asks for nothing")
	}
	return list, failed
}

// asked makes a request of a drawing's url.
func (s *set) asked(url object) (request, error) {
	pattern, _ := url["index"].(string)
	body, _ := url["body"].(object)
	if pattern == "" || body == nil || url["%context%"] != true || url["%timefield%"] != "@timestamp" {
		return request{}, fmt.Errorf("a drawing's url needs index, body, %%context%% and %%timefield%%, it is %v", url)
	}
	q := request{pattern: pattern}
	filled := s.place(body).(object)
	queries := []object{}
	if query, ok := filled["query"].(object); ok {
		queries = append(queries, query)
	}
	aggs, _ := filled["aggs"].(object)
	q.body = s.filtered(aggs, queries...)
	walk(filled, func(key string, value any) {
		if name, ok := value.(string); ok && key == "field" {
			q.fields = append(q.fields, name)
		}
	})
	walk(aggs, func(key string, value any) {
		if name, ok := value.(string); ok && key == "field" {
			q.grouped = append(q.grouped, name)
		}
	})
	for inside := aggs; len(inside) > 0; { // the outermost bucket of each level
		next := object(nil)
		for _, name := range sorted(inside) {
			if deeper, ok := inside[name].(object)["aggs"].(object); ok {
				q.buckets, next = append(q.buckets, name), deeper
				break
			}
		}
		if next == nil {
			for _, name := range sorted(inside) {
				one := inside[name].(object)
				if _, ok := one["terms"]; ok {
					q.buckets = append(q.buckets, name)
				} else if _, ok := one["derivative"]; !ok {
					q.metrics = append(q.metrics, name)
				}
			}
		}
		inside = next
	}
	return q, nil
}

// place puts values in the places of a drawing's %autointerval% and %timefilter%.
func (s *set) place(value any) any {
	switch v := value.(type) {
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = s.place(v[i])
		}
		return list
	case object:
		if n, ok := v["%autointerval%"]; ok {
			bars, ok := n.(float64)
			if !ok {
				bars = 50
			}
			return fmt.Sprintf("%ds", int(s.span.to.Sub(s.span.from).Seconds()/bars))
		}
		if which, ok := v["%timefilter%"].(string); ok {
			return map[string]string{"min": s.span.from.UTC().Format(time.RFC3339), "max": s.span.to.UTC().Format(time.RFC3339)}[which]
		}
		made := object{}
		for key, one := range v {
			made[key] = s.place(one)
		}
		return made
	case string:
		if strings.HasPrefix(v, "%") {
			return fmt.Sprintf("the placeholder %s is not known here", v)
		}
	}
	return value
}

// walk visits every member of every object.
func walk(value any, visit func(key string, value any)) {
	switch v := value.(type) {
	case []any:
		for _, one := range v {
			walk(one, visit)
		}
	case object:
		for _, key := range sorted(v) {
			visit(key, v[key])
			walk(v[key], visit)
		}
	}
}
