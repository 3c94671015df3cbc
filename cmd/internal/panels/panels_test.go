package panels

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/weirflow/weir/cmd/internal/fill"
	"github.com/weirflow/weir/dashboards/demo"
	"github.com/weirflow/weir/dashboards/kibana"
	"github.com/weirflow/weir/indexer/elastic"
	"github.com/weirflow/weir/indexer/elastic/elastictest"
)

// patience bounds filling a server, which other tests may keep busy.
const patience = 10 * time.Minute

// empty lists the panels and columns that may be empty for the demo's records,
// with the reason.
var empty = map[string]string{}

// zero lists the metrics of panels that may be nothing but 0, with the reason.
var zero = map[string]string{}

// TestPanels fills each real server with the demo's records through the sink that
// weir writes with, sends what every panel of every board asks, and wants answers
// without errors, of fields that the mappings have, that are not empty.
func TestPanels(t *testing.T) {
	objects, err := parse(kibana.Objects())
	if err != nil {
		t.Fatal(err)
	}
	if len(objects.boards) < 10 {
		t.Fatalf("only %d boards", len(objects.boards))
	}
	elastictest.Each(t, func(t *testing.T, server elastictest.Server) {
		namespace := server.Namespace(t)
		filled(t, server, namespace)
		end := time.Now().Add(time.Minute) // rejections have the time at which they happened
		known := fields{server: server, namespace: namespace, of: map[string]map[string]field{}}
		for _, o := range objects.boards {
			t.Run(o.ID, func(t *testing.T) {
				b, err := objects.board(o, end)
				if err != nil {
					t.Fatal(err)
				}
				b.check(t, server, namespace, &known)
			})
		}
	})
}

// filled writes the demo's records into the namespace.
func filled(t *testing.T, server elastictest.Server, namespace string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	c := elastic.DefaultConfig(server.URL)
	c.Namespace = namespace
	d := demo.DefaultConfig(time.Now())
	d.Conversations, d.StateInterval, d.Minutes, d.Hours = 4000, 5*time.Minute, 20*time.Minute, 8*24*time.Hour
	counts, err := fill.Fill(ctx, c, d, slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err != nil {
		t.Fatal(err)
	}
	if counts["indexed"] < 20_000 || counts["rejected"] != d.Refused {
		t.Fatalf("documents: %v; want %d rejected, and many indexed", counts, d.Refused)
	}
	server.Call(t, "POST", "/weir-*-"+namespace+"/_refresh", "", nil)
}

// check sends the requests of all panels in one go, and looks at each answer.
func (b *board) check(t *testing.T, server elastictest.Server, namespace string, known *fields) {
	var searches []string
	for _, p := range b.panels {
		for _, r := range p.requests {
			if server.Product == "elasticsearch" {
				plain(r.body)
			}
			text, err := json.Marshal(r.body)
			if err != nil {
				t.Fatal(err)
			}
			searches = append(searches, fmt.Sprintf("{\"index\":%q}\n%s\n", place(r.pattern, namespace), text))
		}
	}
	answers := ask(t, server, searches)
	next := 0
	for _, p := range b.panels {
		t.Run(p.id, func(t *testing.T) {
			for i, r := range p.requests {
				known.check(t, &r)
				name := p.id
				if len(p.requests) > 1 {
					name = fmt.Sprint(p.id, " ", i)
				}
				answers[next].check(t, name, &r)
				next++
			}
		})
	}
}

// plain takes derivatives out of a request, and gives automatic histograms a fixed
// width: the Elasticsearch of `make servers` is made of what Maven Central has,
// where its module for them is not. OpenSearch answers them as they are.
func plain(body object) {
	walk(body, func(_ string, value any) {
		aggs, _ := value.(object)
		for name, one := range aggs {
			one, _ := one.(object)
			if one["derivative"] != nil {
				delete(aggs, name)
			}
			if automatic, ok := one["auto_date_histogram"].(object); ok {
				delete(one, "auto_date_histogram")
				one["date_histogram"] = object{"field": automatic["field"], "fixed_interval": "1800s"}
			}
		}
	})
}

// ask sends searches in one go. When the server does not understand one of them
// and so answers none, they are sent one by one.
func ask(t *testing.T, server elastictest.Server, searches []string) []answer {
	t.Helper()
	type answers struct{ Responses []answer }
	var all answers
	if status, text := post(t, server.URL+"/_msearch", strings.Join(searches, "")); status == http.StatusOK {
		if err := json.Unmarshal(text, &all); err != nil || len(all.Responses) != len(searches) {
			t.Fatalf("%d answers to %d searches: %v", len(all.Responses), len(searches), err)
		}
		return all.Responses
	}
	var list []answer
	for _, one := range searches {
		all = answers{}
		status, text := post(t, server.URL+"/_msearch", one)
		if err := json.Unmarshal(text, &all); status != http.StatusOK || err != nil || len(all.Responses) != 1 {
			all.Responses = []answer{{Status: status, Error: text}}
		}
		list = append(list, all.Responses[0])
	}
	return list
}

// client leaves no connection behind.
var client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}

func post(t *testing.T, url, body string) (status int, answer []byte) {
	t.Helper()
	response, err := client.Post(url, "application/x-ndjson", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if answer, err = io.ReadAll(response.Body); err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, answer
}

// place puts a namespace in the place of the pattern's star.
func place(pattern, namespace string) string { return strings.TrimSuffix(pattern, "*") + namespace }

// field is what the server says of a field.
type field struct{ Searchable, Aggregatable bool }

// fields are those of each data stream.
type fields struct {
	server    elastictest.Server
	namespace string
	of        map[string]map[string]field
}

// check wants the request's fields in the mappings, and those that it groups by
// or sums up to be fit for that.
func (k *fields) check(t *testing.T, r *request) {
	stream := place(r.pattern, k.namespace)
	if k.of[stream] == nil {
		var answer struct{ Fields map[string]map[string]field }
		k.server.Call(t, "GET", "/"+stream+"/_field_caps?fields=*", "", &answer)
		k.of[stream] = map[string]field{}
		for name, types := range answer.Fields {
			for _, f := range types {
				k.of[stream][name] = f
			}
		}
	}
	for _, name := range r.fields {
		if _, ok := k.of[stream][name]; !ok {
			t.Errorf("the mapping of %s lacks the field %s", stream, name)
		}
	}
	for _, name := range r.grouped {
		if f, ok := k.of[stream][name]; ok && !f.Aggregatable {
			t.Errorf("the field %s of %s has no values to group by or to sum up", name, stream)
		}
	}
}

// answer is that of one search.
type answer struct {
	Status   int
	Error    json.RawMessage
	TimedOut bool `json:"timed_out"`
	Shards   struct{ Failed int }
	Hits     struct {
		Total struct{ Value int }
		Hits  []struct {
			Source object `json:"_source"`
		}
	}
	Aggregations map[string]json.RawMessage
}

func (a *answer) check(t *testing.T, name string, r *request) {
	if a.Status != 200 || len(a.Error) > 0 || a.TimedOut || a.Shards.Failed > 0 {
		body, _ := json.Marshal(r.body)
		t.Errorf("%s: status %d, %d shards failed: %s; asked was %s", name, a.Status, a.Shards.Failed, a.Error, body)
		return
	}
	missing := func(what string) {
		if reason, ok := empty[what]; ok {
			t.Logf("%s is empty: %s", what, reason)
			return
		}
		body, _ := json.Marshal(r.body)
		t.Errorf("%s is empty; asked was %s of %s", what, body, r.pattern)
	}
	if a.Hits.Total.Value == 0 {
		missing(name)
		return
	}
	for i, column := range r.columns {
		var found struct {
			Documents int `json:"doc_count"`
		}
		if err := json.Unmarshal(a.Aggregations[fmt.Sprint("column", i)], &found); err != nil || found.Documents == 0 && !a.shows(column) {
			missing(name + " " + column)
		}
	}
	leaves := leaves(a.Aggregations, r.buckets)
	if len(leaves) == 0 {
		missing(name)
		return
	}
	for _, m := range r.metrics {
		if !slices.ContainsFunc(leaves, func(leaf map[string]json.RawMessage) bool { return value(leaf[m]) }) {
			if reason, ok := zero[name+" "+m]; ok {
				t.Logf("%s %s is 0: %s", name, m, reason)
				continue
			}
			body, _ := json.Marshal(r.body)
			t.Errorf("%s: the metric %s has no value but 0; asked was %s of %s", name, m, body, r.pattern)
		}
	}
}

// shows tells whether any of the documents found has a field, which matters for
// those that are stored only.
func (a *answer) shows(column string) bool {
	for _, h := range a.Hits.Hits {
		here := h.Source
		parts := strings.Split(column, ".")
		for _, part := range parts[:len(parts)-1] {
			here, _ = here[part].(object)
		}
		if here[parts[len(parts)-1]] != nil {
			return true
		}
	}
	return false
}

// leaves gives the innermost buckets that documents are in.
func leaves(aggregations map[string]json.RawMessage, buckets []string) []map[string]json.RawMessage {
	if len(buckets) == 0 {
		return []map[string]json.RawMessage{aggregations}
	}
	var found struct{ Buckets json.RawMessage }
	if json.Unmarshal(aggregations[buckets[0]], &found) != nil {
		return nil
	}
	var list []map[string]json.RawMessage
	if json.Unmarshal(found.Buckets, &list) != nil { // named ones, of filters
		var named map[string]map[string]json.RawMessage
		if json.Unmarshal(found.Buckets, &named) != nil {
			return nil
		}
		list = slices.Collect(maps.Values(named))
	}
	var all []map[string]json.RawMessage
	for _, one := range list {
		if string(one["doc_count"]) != "0" {
			all = append(all, leaves(one, buckets[1:])...)
		}
	}
	return all
}

// value tells whether a metric has one that is not 0.
func value(text json.RawMessage) bool {
	var m struct {
		Value  *float64
		Values json.RawMessage
		Hits   struct{ Hits []struct{ Fields object } }
	}
	if json.Unmarshal(text, &m) != nil {
		return false
	}
	return m.Value != nil && *m.Value != 0 || len(m.Values) > 2 && !bytes.Contains(m.Values, []byte("null")) ||
		len(m.Hits.Hits) > 0 && len(m.Hits.Hits[0].Fields) > 0
}
