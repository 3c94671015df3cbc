package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/weirflow/weir/indexer/elastic/elastictest"
)

// fakeKibana keeps one object. Its package's tests hold the requests against
// files; here it stands for Kibana as a whole, which cannot be had in the tests.
type fakeKibana struct {
	t       *testing.T
	ready   atomic.Bool
	there   atomic.Bool
	imports atomic.Int64
}

func (f *fakeKibana) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("kbn-name", "fake")
	if !f.ready.Load() {
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = io.WriteString(w, "Kibana server is not ready yet")
		return
	}
	if user, password, _ := r.BasicAuth(); user != "elastic" || password != "hush" {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	switch r.URL.Path {
	case "/api/status":
		_, _ = io.WriteString(w, `{"version":{"number":"9.2.0"},"status":{"overall":{"level":"available"}}}`)
	case "/s/lab/api/saved_objects/_bulk_get":
		text := `{"type":"search","id":"weir-x","error":{"statusCode":404,"message":"Not found"}}`
		if f.there.Load() {
			text = strings.Replace(oneObject, `"id"`, `"updated_at":"2026-01-02T03:04:05Z","id"`, 1)
		}
		_, _ = fmt.Fprintf(w, `{"saved_objects":[%s]}`, text)
	case "/s/lab/api/saved_objects/_import":
		f.imports.Add(1)
		f.there.Store(true)
		_, _ = io.WriteString(w, `{"success":true,"successCount":1}`)
	default:
		f.t.Errorf("%s %s", r.Method, r.URL)
	}
}

const oneObject = `{"type":"search","id":"weir-x","attributes":{"title":"X"},"references":[]}`

// TestProgramDashboards: the command puts the saved objects into Kibana, once; so
// does the collector, as soon as Kibana is up.
func TestProgramDashboards(t *testing.T) {
	servers := elastictest.All(t)
	s := servers[len(servers)-1]
	namespace := s.Namespace(t)
	f := &fakeKibana{t: t}
	k := httptest.NewServer(f)
	t.Cleanup(k.Close)
	was := savedObjects
	savedObjects = func() []byte { return []byte(oneObject + "\n") }
	t.Cleanup(func() { savedObjects = was })
	t.Chdir(t.TempDir())
	t.Setenv("WEIR_INDEX_ELASTICSEARCH_NAMESPACE", namespace)
	t.Setenv("WEIR_INDEX_ELASTICSEARCH_KIBANA_URL", k.URL)
	t.Setenv("WEIR_INDEX_ELASTICSEARCH_KIBANA_USERNAME", "elastic")
	t.Setenv("WEIR_INDEX_ELASTICSEARCH_KIBANA_PASSWORD", "hush")
	t.Setenv("WEIR_INDEX_ELASTICSEARCH_KIBANA_SPACE", "lab")
	to := []string{"--output", "opensearch:" + s.URL}

	out, _ := command(t, exitError, append([]string{"setup"}, to...)...)
	if !strings.Contains(out, "failed     saved objects             GET /api/status: status 503") {
		t.Errorf("while Kibana is not ready:\n%s", out)
	}
	f.ready.Store(true)
	out, _ = command(t, exitOK, append([]string{"setup", "--dry-run"}, to...)...)
	if !strings.Contains(out, "POST "+k.URL+"/s/lab/api/saved_objects/_import?overwrite=true\n") || f.imports.Load() != 0 {
		t.Errorf("a dry run:\n%s", out)
	}
	out, _ = command(t, exitOK, append([]string{"setup"}, to...)...)
	if !strings.Contains(out, "created    search                    weir-x (X)\n") || f.imports.Load() != 1 {
		t.Errorf("%d imports:\n%s", f.imports.Load(), out)
	}
	out, _ = command(t, exitOK, append([]string{"setup", "--json"}, to...)...)
	var r setupResult
	if err := json.Unmarshal([]byte(out), &r); err != nil || r.Dashboards == nil || r.Dashboards.Version != "9.2.0" || r.Count("created") > 0 || f.imports.Load() != 1 {
		t.Errorf("again: %v, %s", err, out)
	}
	out, _ = command(t, exitOK, append([]string{"setup", "test"}, to...)...)
	if !strings.Contains(out, "kibana 9.2.0, available") || strings.Contains(out, "hush") {
		t.Errorf("the test says\n%s", out)
	}

	// A collector does it in the background.
	f.there.Store(false)
	c := newRun("run")
	if err := c.ParseFlags(to); err != nil {
		t.Fatal(err)
	}
	loaded, err := loadConfig(c.Flags())
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	keepTrying(t.Context(), loaded, slog.New(slog.NewTextHandler(&log, nil)))
	if f.imports.Load() != 2 || !strings.Contains(log.String(), `msg="the dashboards are there" product=kibana version=9.2.0 created=1`) {
		t.Errorf("%d imports; the log:\n%s", f.imports.Load(), log.String())
	}
	loaded.Index.Elasticsearch.Setup = "manual"
	f.there.Store(false)
	keepTrying(t.Context(), loaded, slog.New(slog.DiscardHandler))
	if f.imports.Load() != 2 {
		t.Error("a collector imports although it was told not to set up")
	}
}
