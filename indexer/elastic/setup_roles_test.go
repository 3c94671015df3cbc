package elastic

import (
	"errors"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"
)

// The page shows the roles as they are exported.
func TestDocumentedRoles(t *testing.T) {
	page, err := os.ReadFile("../../docs/how-to/elasticsearch.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []product{{name: elasticsearch, version: "9.2.0"}, {name: opensearch, version: "3.3.0"}} {
		for _, r := range roles(p, DefaultConfig("http://h"), lifecycleStream) {
			text, err := indented(r.body)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(page), "`PUT "+r.path) || !strings.Contains(string(page), "```json\n"+string(text)+"```") {
				t.Errorf("docs/how-to/elasticsearch.md lacks %s as it is:\n%s", r.path, text)
			}
		}
	}
}

// Every file of an export is sent by a request, and the other way round.
func TestExportFiles(t *testing.T) {
	for name, version := range map[string]string{elasticsearch: "8.14.0", opensearch: "2.7.0"} {
		c := DefaultConfig("http://h")
		c.Namespace = "lab"
		files, requests, err := ExportFiles(name, version, c)
		if err != nil {
			t.Fatal(err)
		}
		bodies := 0
		for _, q := range requests {
			if q.Method != http.MethodPut || !strings.HasPrefix(q.Path, "/_") {
				t.Errorf("%s %s", q.Method, q.Path)
			}
			if len(q.Body) > 0 {
				if string(files[bodies].Text) != string(q.Body) {
					t.Errorf("%s holds another body than %s", files[bodies].Name, q.Path)
				}
				bodies++
			}
		}
		if bodies != len(files) || len(requests)-bodies != 6 {
			t.Errorf("%s: %d files, %d requests with a body, %d without", name, len(files), bodies, len(requests)-bodies)
		}
		// What is put by hand must look like what setup itself writes.
		f := newFullServer(t, name, version)
		for _, q := range requests {
			r, err := http.NewRequestWithContext(t.Context(), q.Method, "http://h"+q.Path, strings.NewReader(string(q.Body)))
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(q.Path, "/role") {
				continue
			}
			if _, err := f.RoundTrip(r); err != nil {
				t.Fatal(err)
			}
		}
		if r := runSetup(t, f, c, SetupOptions{}); name == elasticsearch && len(r.Requests) > 0 {
			t.Errorf("%s: a setup after the files were sent did %+v", name, r.Results)
		}
	}
	for _, bad := range [][2]string{{"solr", "9.0.0"}, {elasticsearch, "new"}, {elasticsearch, "8.13.0"}} {
		if _, _, err := ExportFiles(bad[0], bad[1], DefaultConfig("http://h")); err == nil || !strings.Contains(err.Error(), "allowed") {
			t.Errorf("%v gives %v", bad, err)
		}
	}
}

// The check lists what is missing.
func TestMissingPrivileges(t *testing.T) {
	f := newFullServer(t, elasticsearch, "9.2.0")
	f.privileges = `{"has_all_requested":false,"cluster":{"monitor":true,"manage_index_templates":false},"index":{"weir-*-default":{"manage":false,"create_doc":true}}}`
	s, err := NewSetup(DefaultConfig("http://h:9200"), f)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var steps Steps
	s.checkRights(t.Context(), &steps)
	if !steps.Failed() || steps[0].Detail != "missing: manage on weir-*-default, manage_index_templates on the cluster" || !strings.Contains(steps[0].Advice, roleSetup) {
		t.Errorf("the steps are %+v", steps)
	}
	if strings.Contains(f.log.String(), "PUT") {
		t.Errorf("the check has changed something:\n%s", f.log.String())
	}
	golden(t, "setup-privileges.txt", f.log.String())
}

// Kibana has the servers' credentials unless it has its own, and its secrets are
// shown by no error.
func TestKibanaAccess(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Config)
		want   string
	}{
		"none":             {func(*Config) {}, ""},
		"the servers'":     {func(c *Config) { c.Username, c.Password = "a", "b" }, basicAuth("a", "b")},
		"from the URL":     {func(c *Config) { c.URLs = []string{"http://a:b@h:9200"} }, basicAuth("a", "b")},
		"its own":          {func(c *Config) { c.APIKey = "x"; c.Kibana.Username, c.Kibana.Password = "k", "p" }, basicAuth("k", "p")},
		"its own API key":  {func(c *Config) { c.Username = "a"; c.Kibana.APIKey = "key" }, "ApiKey key"},
		"the servers' key": {func(c *Config) { c.APIKey = "x" }, "ApiKey x"},
	} {
		config := DefaultConfig("http://h:9200")
		config.Kibana.URL = "http://k:5601"
		c.change(&config)
		if err := config.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		access, err := config.KibanaAccess()
		if err != nil || access.Authorization != c.want {
			t.Errorf("%s: Authorization %q, %v; want %q", name, access.Authorization, err, c.want)
		}
	}
	for want, change := range map[string]func(*Config){
		"index.elasticsearch.setup: \"never\" is not allowed":             func(c *Config) { c.Setup = "never" },
		"index.elasticsearch.lifecycle: \"cron\" is not allowed":          func(c *Config) { c.Lifecycle = "cron" },
		"index.elasticsearch.retention.rollup_1m: 1m0s is not allowed":    func(c *Config) { c.Retention.Rollup1m = time.Minute },
		"index.elasticsearch.kibana.url: \"http://***@k\" is not allowed": func(c *Config) { c.Kibana.URL = "http://u:hush@k" },
		"index.elasticsearch.kibana.space: \"a/b\" is not allowed":        func(c *Config) { c.Kibana.Space = "a/b" },
		"index.elasticsearch.kibana.username: nothing is not allowed":     func(c *Config) { c.Kibana.Password = "hush" },
		"index.elasticsearch.kibana.api_key: it is not allowed":           func(c *Config) { c.Kibana.Username, c.Kibana.APIKey = "u", "hush" },
		"index.elasticsearch.kibana.ca_file: open /nowhere/ca: no such":   func(c *Config) { c.Kibana.URL, c.Kibana.CAFile = "https://k", "/nowhere/ca" },
		"index.elasticsearch.kibana.password_file: open /nowhere/p: no su": func(c *Config) {
			c.Kibana.URL, c.Kibana.Username, c.Kibana.PasswordFile = "https://k", "u", "/nowhere/p"
		},
	} {
		config := DefaultConfig("http://h:9200")
		change(&config)
		err := errors.Join(config.Validate(), config.Check())
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hush") {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
