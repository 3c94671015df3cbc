package deployments

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/weirflow/weir/indexer/elastic/elastictest"
)

// kibanaRule is what the test reads of a rule's parameters, of both types.
type kibanaRule struct {
	Type   string `json:"rule_type_id"`
	Params struct {
		ESQuery    string `json:"esQuery"`
		TimeField  string `json:"timeField"`
		Size       int    `json:"timeWindowSize"`
		Unit       string `json:"timeWindowUnit"`
		AggType    string `json:"aggType"`
		AggField   string `json:"aggField"`
		TermField  string `json:"termField"`
		TermSize   int    `json:"termSize"`
		Comparator string `json:"thresholdComparator"`
		Threshold  []float64
		GroupBy    json.RawMessage `json:"groupBy"`
		Criteria   []struct {
			Comparator string
			Threshold  []float64
			Size       int    `json:"timeSize"`
			Unit       string `json:"timeUnit"`
			Metrics    []struct {
				AggType string `json:"aggType"`
				Field   string
			}
		}
	}
}

// rule evaluates a rule: the server answers the query that Kibana would make of
// it by Elastic's documentation, and the threshold is compared here, as Kibana
// compares it itself.
func rule(t *testing.T, s elastictest.Server, index, name string, now time.Time) (fired []string) {
	t.Helper()
	var r kibanaRule
	if err := json.Unmarshal(read(t, filepath.Join("alerts/kibana", name+".json")), &r); err != nil {
		t.Fatal(err)
	}
	p := r.Params
	query, groups, field := json.RawMessage(`{"match_all":{}}`), map[string]any{}, p.TimeField
	if r.Type == ".es-query" {
		var own struct{ Query json.RawMessage }
		if err := json.Unmarshal([]byte(p.ESQuery), &own); err != nil {
			t.Fatalf("esQuery: %v", err)
		}
		query = own.Query
		groups["terms"] = map[string]any{"field": p.TermField, "size": p.TermSize}
	} else {
		c := p.Criteria[0]
		if len(p.Criteria) != 1 || len(c.Metrics) != 1 {
			t.Fatal("the test reads rules of one criterion with one metric")
		}
		p.Size, p.Unit, p.Comparator, p.Threshold = c.Size, c.Unit, c.Comparator, c.Threshold
		p.AggType, p.AggField, field = c.Metrics[0].AggType, c.Metrics[0].Field, "@timestamp"
		var by []string
		if err := json.Unmarshal(p.GroupBy, &by); err != nil {
			t.Fatal(err)
		}
		var sources []any
		for i, name := range by {
			sources = append(sources, map[string]any{fmt.Sprintf("groupBy%d", i): map[string]any{"terms": map[string]any{"field": name}}})
		}
		groups["composite"] = map[string]any{"size": 10000, "sources": sources}
	}
	if p.Unit != "m" || p.Comparator != ">" || len(p.Threshold) != 1 {
		t.Fatalf("the test does not know %s, %s %v", p.Unit, p.Comparator, p.Threshold)
	}
	groups["aggs"] = map[string]any{"metric": map[string]any{p.AggType: map[string]any{"field": p.AggField}}}
	window := map[string]any{field: map[string]any{"gt": now.Add(-time.Duration(p.Size) * time.Minute).UnixMilli(), "lte": now.UnixMilli(), "format": "epoch_millis"}}
	request := map[string]any{
		"size":  0,
		"query": map[string]any{"bool": map[string]any{"filter": []any{query, map[string]any{"range": window}}}},
		"aggs":  map[string]any{"groups": groups},
	}
	var answer grouped
	s.Call(t, http.MethodPost, "/"+index+"/_search", marshal(t, request), &answer)
	for _, b := range answer.Aggregations.Groups.Buckets {
		if b.Metric.Value == nil || *b.Metric.Value <= p.Threshold[0] {
			continue
		}
		if groups["composite"] != nil {
			fired = append(fired, keyOf(t, b.Key, roundTrip(t, groups["composite"])))
		} else {
			fired = append(fired, b.Key.(string))
		}
	}
	if len(answer.Aggregations.Groups.Buckets) < 2 {
		t.Errorf("the query has found only %d groups", len(answer.Aggregations.Groups.Buckets))
	}
	return fired
}

// roundTrip gives a value the types that it has when it is read from JSON.
func roundTrip(t *testing.T, v any) (out any) {
	t.Helper()
	if err := json.Unmarshal([]byte(marshal(t, v)), &out); err != nil {
		t.Fatal(err)
	}
	return out
}
