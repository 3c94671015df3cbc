package elastic

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/weirflow/weir/indexer/elastic/elastictest"
)

// recorded passes requests on, and fails the test when one is not answered 2xx. A
// question about what is not there may be answered 404, and one that the servers
// of the tests have no API for 400 or 405.
type recorded struct {
	t    *testing.T
	base *http.Transport
}

func newWatched(t *testing.T) *recorded {
	return &recorded{t, &http.Transport{DisableKeepAlives: true}}
}

func (w *recorded) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := w.base.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(response.Body)
	_ = response.Body.Close()
	response.Body = io.NopCloser(bytes.NewReader(text))
	absent := refusal(answer{status: response.StatusCode, body: text}) == errUnsupported || response.StatusCode == http.StatusNotFound
	if response.StatusCode/100 != 2 && (r.Method != http.MethodGet || !absent) {
		w.t.Errorf("%s %s is answered %d: %.300s", r.Method, r.URL, response.StatusCode, text)
	}
	return response, err
}

func realSetup(t *testing.T, s elastictest.Server, namespace string, o SetupOptions, change func(*Config)) SetupReport {
	t.Helper()
	c := DefaultConfig(s.URL)
	c.Namespace = namespace
	if change != nil {
		change(&c)
	}
	return runSetup(t, newWatched(t), c, o)
}

// Setup twice on an empty server.
func TestRealSetupTwice(t *testing.T) {
	elastictest.Each(t, func(t *testing.T, s elastictest.Server) {
		namespace := s.Namespace(t)
		r := realSetup(t, s, namespace, SetupOptions{DryRun: true}, nil)
		if len(r.Requests) < 18 {
			t.Errorf("a dry run would send %d requests", len(r.Requests))
		}
		first := realSetup(t, s, namespace, SetupOptions{}, nil)
		if first.Count(Created) < 18 || first.Count(Failed)+first.Count(Kept)+first.Count(Updated)+first.Count(Unchanged) > 0 {
			t.Errorf("on an empty server: %+v", first.Results)
		}
		if len(first.Requests) != len(r.Requests) {
			t.Errorf("%d requests were sent, the dry run said %d", len(first.Requests), len(r.Requests))
		}
		for range 2 {
			if r := realSetup(t, s, namespace, SetupOptions{Adopt: true}, nil); len(r.Requests) > 0 || r.Count(Unchanged)+r.Count(Skipped) != len(r.Results) {
				t.Errorf("again: %v, %+v", r.Requests, r.Results)
			}
		}
		// A changed configuration is a change, too.
		r = realSetup(t, s, namespace, SetupOptions{}, func(c *Config) { c.TemplatePriority = 601 })
		if got := outcomes(r, kindTemplate.name); r.Count(Updated) != 6 || len(got) != 6 {
			t.Errorf("with another priority: %+v", r.Results)
		}
	})
}

// An older Weir leaves whole index templates and streams that were made from
// them. They are brought up to date, and the streams roll over, so that new fields
// can be searched.
func TestRealSetupOlder(t *testing.T) {
	elastictest.Each(t, func(t *testing.T, s elastictest.Server) {
		namespace := s.Namespace(t)
		for _, stream := range []string{streamFlows, streamCounters, streamRejected} {
			s.Call(t, http.MethodPut, "/_index_template/"+stream+namespace, strings.ReplaceAll(version3(t, s.Product, stream), stream+"default", stream+namespace), nil)
		}
		stream := streamFlows + namespace
		s.Call(t, http.MethodPost, "/"+stream+"/_bulk", `{"create":{}}`+"\n"+`{"@timestamp":"2026-01-02T03:04:05Z"}`+"\n", nil)
		// A person has changed the template of the counters.
		changed := strings.Replace(version3(t, s.Product, streamCounters), `"refresh_interval": "5s"`, `"refresh_interval": "60s"`, 1)
		s.Call(t, http.MethodPut, "/_index_template/"+streamCounters+namespace, strings.ReplaceAll(changed, streamCounters+"default", streamCounters+namespace), nil)

		r := realSetup(t, s, namespace, SetupOptions{Adopt: true}, nil)
		got := strings.Join(outcomes(r, kindTemplate.name), "\n")
		for _, want := range []string{stream + " updated: from version 3", streamRejected + namespace + " updated", streamCounters + namespace + " kept: somebody has changed it"} {
			if !strings.Contains(got, want) {
				t.Errorf("%s is not in\n%s", want, got)
			}
		}
		if list := outcomes(r, aboutRollover); len(list) != 1 || !strings.HasPrefix(list[0], stream+" updated") {
			t.Errorf("rolled over: %v, want %s", list, stream)
		}
		var mappings map[string]struct{ Mappings object }
		s.Call(t, http.MethodGet, "/"+stream+"/_mapping", "", &mappings)
		if len(mappings) != 2 {
			t.Errorf("%d indices after the rollover, want 2", len(mappings))
		}
		if r := realSetup(t, s, namespace, SetupOptions{Adopt: true}, nil); len(r.Requests) > 0 || r.Count(Kept) != 1 {
			t.Errorf("again: %v %+v", r.Requests, r.Results)
		}
		if r := realSetup(t, s, namespace, SetupOptions{Overwrite: true}, nil); r.Count(Kept) > 0 || !strings.Contains(strings.Join(outcomes(r, kindTemplate.name), "\n"), streamCounters+namespace+" updated") {
			t.Errorf("with --overwrite: %+v", r.Results)
		}
	})
}

// What a person has changed is kept, also when the configuration changes.
func TestRealSetupChanged(t *testing.T) {
	elastictest.Each(t, func(t *testing.T, s elastictest.Server) {
		namespace := s.Namespace(t)
		realSetup(t, s, namespace, SetupOptions{}, nil)
		settings := "/_component_template/" + streamFlows + namespace + "-settings"
		var there struct {
			List []struct {
				Template object `json:"component_template"`
			} `json:"component_templates"`
		}
		s.Call(t, http.MethodGet, settings, "", &there)
		body := there.List[0].Template
		delete(body, "created_date_millis") // which Elasticsearch 9 refuses
		delete(body, "modified_date_millis")
		inner(body, "template", "settings", "index")["refresh_interval"] = "77s"
		text, err := encode(body)
		if err != nil {
			t.Fatal(err)
		}
		s.Call(t, http.MethodPut, settings, string(text), nil)

		more := func(c *Config) { c.Shards = 2 }
		r := realSetup(t, s, namespace, SetupOptions{}, more)
		got := strings.Join(outcomes(r, kindComponent.name), "\n")
		if !strings.Contains(got, streamFlows+namespace+"-settings kept: somebody has changed it") || !strings.Contains(got, streamCounters+namespace+"-settings updated") {
			t.Errorf("two shards, and a changed template:\n%s", got)
		}
		refresh := func() string {
			s.Call(t, http.MethodGet, settings, "", &there)
			return fmt.Sprint(inner(there.List[0].Template, "template", "settings", "index")["refresh_interval"])
		}
		if got := refresh(); got != "77s" {
			t.Errorf("the changed value is %s, want 77s", got)
		}
		realSetup(t, s, namespace, SetupOptions{Overwrite: true}, more)
		if got := refresh(); got == "77s" {
			t.Error("--overwrite has kept the changed value")
		}
	})
}
