// Package panels turns the saved objects of dashboards/kibana into the requests
// that Kibana and OpenSearch Dashboards send for them, so that a test can send
// them to real servers and look at the answers.
//
// The translation follows the products' own: aggregations of visualizations,
// series of TSVB, requests of Vega drawings, controls and saved searches. What the
// products reckon from answers (formulas of TSVB, transforms of Vega) is not
// repeated here. The package serves tests only; it does no I/O outside of them.
package panels

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// savedObject is an object as the products' import takes it.
type savedObject struct {
	ID         string
	Type       string
	Attributes struct {
		Title, Description             string
		VisState, PanelsJSON, TimeFrom string
		Columns                        []string
		Sort                           [][]string
		KibanaSavedObjectMeta          struct{ SearchSourceJSON string }
	}
	References []struct{ ID, Name, Type string }
}

// request is one search that a panel needs.
type request struct {
	// pattern is the index pattern, weir-flows-* and so on; body is the search.
	pattern string
	body    object
	// fields are all that the panel names, grouped those that it aggregates.
	fields, grouped []string
	// metrics are the names of aggregations that have a value, buckets the nesting
	// of those that have buckets.
	metrics []string
	buckets []string
	// columns are those of a saved search: each is asked for in an aggregation
	// column0 and so on.
	columns []string
}

// board is a dashboard.
type board struct {
	id     string
	panels []panel
}

// panel is what a board shows in one place.
type panel struct {
	id, title string
	requests  []request
}

// set is a file of saved objects.
type set struct {
	objects map[string]savedObject // by type and id
	boards  []savedObject
	// span is the time range that the requests are made for.
	span span
}

// span is a time range.
type span struct{ from, to time.Time }

func (s span) query() object {
	return object{"range": object{"@timestamp": object{"gte": s.from.UTC().Format(time.RFC3339), "lte": s.to.UTC().Format(time.RFC3339), "format": "strict_date_optional_time"}}}
}

// interval is the width of bars that the products would choose, about.
func (s span) interval() string {
	d := s.to.Sub(s.from) / 100
	for _, step := range []time.Duration{time.Minute, 5 * time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour, 3 * time.Hour} {
		if d <= step {
			return fmt.Sprintf("%ds", int(step.Seconds()))
		}
	}
	return "12h"
}

// back is the range that ends when s does and begins as a board says: now-24h,
// now-30d.
func (s span) back(from string) (span, error) {
	var n int
	var unit string
	if _, err := fmt.Sscanf(from, "now-%d%s", &n, &unit); err != nil {
		return s, fmt.Errorf("the time range begins at %q: %w", from, err)
	}
	unit, _, _ = strings.Cut(unit, "/") // now-30d/d begins with the day, which is near enough
	units := map[string]time.Duration{"m": time.Minute, "h": time.Hour, "d": 24 * time.Hour, "w": 7 * 24 * time.Hour}
	if units[unit] == 0 {
		return s, fmt.Errorf("the time range begins at %q", from)
	}
	return span{s.to.Add(-time.Duration(n) * units[unit]), s.to}, nil
}

// parse reads a file of saved objects.
func parse(ndjson []byte) (*set, error) {
	s := &set{objects: map[string]savedObject{}}
	for i, line := range bytes.Split(bytes.TrimSpace(ndjson), []byte{'\n'}) {
		var o savedObject
		if err := json.Unmarshal(line, &o); err != nil {
			return nil, fmt.Errorf("line %d: %w", i+1, err)
		}
		s.objects[o.Type+"/"+o.ID] = o
		if o.Type == "dashboard" {
			s.boards = append(s.boards, o)
		}
	}
	return s, nil
}

// board gives a board's panels with their requests. A board that leaves the time
// range to its readers is asked for a day.
func (s *set) board(o savedObject, end time.Time) (board, error) {
	b := board{id: o.ID}
	var err error
	if s.span, err = (span{to: end}).back(cmp.Or(o.Attributes.TimeFrom, "now-24h")); err != nil {
		return b, err
	}
	var places []struct{ PanelRefName string }
	if err := json.Unmarshal([]byte(o.Attributes.PanelsJSON), &places); err != nil {
		return b, fmt.Errorf("panelsJSON: %w", err)
	}
	for _, place := range places {
		for _, r := range o.References {
			if r.Name != place.PanelRefName {
				continue
			}
			shown, ok := s.objects[r.Type+"/"+r.ID]
			if !ok {
				return b, fmt.Errorf("the %s %s is not there", r.Type, r.ID)
			}
			p := panel{id: r.ID, title: shown.Attributes.Title}
			if p.requests, err = s.requests(&shown); err != nil {
				return b, fmt.Errorf("%s: %w", r.ID, err)
			}
			b.panels = append(b.panels, p)
		}
	}
	if len(b.panels) != len(places) {
		return b, fmt.Errorf("%d of %d panels are there", len(b.panels), len(places))
	}
	return b, nil
}

// visualization is what visState holds.
type visualization struct {
	Type   string
	Params json.RawMessage
	Aggs   []agg
}

// requests gives what an object asks the server.
func (s *set) requests(o *savedObject) ([]request, error) {
	if o.Type == "search" {
		return s.search(o)
	}
	var v visualization
	if err := json.Unmarshal([]byte(o.Attributes.VisState), &v); err != nil {
		return nil, fmt.Errorf("visState: %w", err)
	}
	switch v.Type {
	case "markdown":
		return nil, nil
	case "metrics":
		return s.trend(v.Params)
	case "vega":
		return s.drawing(v.Params)
	case "input_control_vis":
		return s.controls(o, v.Params)
	}
	return s.aggregations(o, v.Aggs)
}

// source is a search source: the view and the question.
func (s *set) source(o *savedObject) (pattern string, query object, fields []string, err error) {
	var source struct {
		Query        struct{ Query, Language string }
		Filter       []object
		IndexRefName string
	}
	if err := json.Unmarshal([]byte(o.Attributes.KibanaSavedObjectMeta.SearchSourceJSON), &source); err != nil {
		return "", nil, nil, fmt.Errorf("searchSourceJSON: %w", err)
	}
	if len(source.Filter) > 0 || source.Query.Language != "kuery" {
		return "", nil, nil, fmt.Errorf("filters and the language %q are not known here", source.Query.Language)
	}
	if pattern, err = s.view(o, source.IndexRefName); err != nil {
		return "", nil, nil, err
	}
	query, fields, err = kql(source.Query.Query)
	return pattern, query, fields, err
}

// view gives the pattern of the data view that a reference names.
func (s *set) view(o *savedObject, reference string) (string, error) {
	for _, r := range o.References {
		if r.Name == reference && r.Type == "index-pattern" {
			if v, ok := s.objects["index-pattern/"+r.ID]; ok {
				return v.Attributes.Title, nil
			}
		}
	}
	return "", fmt.Errorf("there is no data view behind the reference %q", reference)
}

// filtered is a search that counts what the queries find within the span.
func (s *set) filtered(aggs object, queries ...object) object {
	return object{"size": 0, "track_total_hits": true, "aggs": aggs, "query": object{"bool": object{"filter": append(queries, s.span.query())}}}
}

// sorted gives an object's names in order.
func sorted(o object) []string {
	names := make([]string, 0, len(o))
	for name := range o {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
