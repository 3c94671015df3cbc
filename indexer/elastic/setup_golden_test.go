package elastic

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// runSetup sets a fake server up, and gives the report and the requests that
// changed something.
func runSetup(t *testing.T, transport http.RoundTripper, c Config, o SetupOptions) SetupReport {
	t.Helper()
	s, err := NewSetup(c, transport)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	r, err := s.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// outcomes gives the results of a kind, as "name outcome: detail".
func outcomes(r SetupReport, kind string) (list []string) {
	for _, x := range r.Results {
		if x.Kind == kind {
			list = append(list, strings.TrimSuffix(x.Name+" "+string(x.Outcome)+": "+x.Detail, ": "))
		}
	}
	return list
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; got\n%s", file, got)
	}
}

// The servers of `make servers` have no lifecycles, so that a fake server stands
// in, and what it is sent is held against files. Each life begins empty, is set up
// twice, gets another retention while a person has changed one policy, and is
// overwritten in the end.
func TestLifecycleRequests(t *testing.T) {
	for _, c := range []struct {
		name, product, version, lifecycle, kind string
		// change is what a person does to the rejected documents' retention.
		change func(f *fullServer)
		kept   string
	}{
		{"data_stream", elasticsearch, "8.19.0", "auto", aboutRetention, func(f *fullServer) {
			f.lifecycles["weir-rejected-default"] = ptr(`{"data_retention":"3d"}`)
		}, "somebody has set 3d"},
		{"ilm", elasticsearch, "9.2.0", "ilm", kindILM.name, func(f *fullServer) {
			f.policies["weir-rejected-default"] = strings.Replace(f.policies["weir-rejected-default"], `"min_age":"14d"`, `"min_age":"3d"`, 1)
		}, "somebody has changed it"},
		{"ism", opensearch, "3.3.0", "auto", kindISM.name, func(f *fullServer) {
			f.policies["weir-rejected-default"] = strings.Replace(f.policies["weir-rejected-default"], `"min_rollover_age":"14d"`, `"min_rollover_age":"3d"`, 1)
		}, "somebody has changed it"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFullServer(t, c.product, c.version)
			config := DefaultConfig("http://h:9200")
			config.Lifecycle = c.lifecycle
			part := func(title string, o SetupOptions) SetupReport {
				f.log.WriteString("\n# " + title + "\n")
				return runSetup(t, f, config, o)
			}
			if r := part("an empty server", SetupOptions{}); r.Count(Failed)+r.Count(Skipped)+r.Count(Kept)+r.Count(Unchanged) > 0 {
				t.Errorf("on an empty server: %+v", r.Results)
			}
			if r := part("again", SetupOptions{}); len(r.Requests) > 0 || r.Count(Unchanged) != len(r.Results) {
				t.Errorf("the second run sent %v, and did %+v", r.Requests, r.Results)
			}
			c.change(f)
			config.Retention.Flows, config.Retention.Rejected = 7*day, 0
			if r := part("another retention, dry", SetupOptions{DryRun: true}); r.Count(Updated) == 0 || len(r.Requests) == 0 {
				t.Errorf("a dry run: %+v", r.Results)
			}
			r := part("another retention", SetupOptions{})
			text := strings.Join(outcomes(r, c.kind), "\n")
			if !strings.Contains(text, "weir-flows-default updated") || !strings.Contains(text, "weir-rejected-default kept: "+c.kept) {
				t.Errorf("with another retention and a changed policy: %s", text)
			}
			if r := part("again, with what was kept", SetupOptions{}); len(r.Requests) > 0 || r.Count(Updated) > 0 {
				t.Errorf("the run after that sent %v", r.Requests)
			}
			r = part("--overwrite", SetupOptions{Overwrite: true})
			if text := strings.Join(outcomes(r, c.kind), "\n"); !strings.Contains(text, "weir-rejected-default updated") {
				t.Errorf("overwriting: %s", text)
			}
			if r := part("again", SetupOptions{}); len(r.Requests) > 0 || r.Count(Kept) > 0 {
				t.Errorf("the last run sent %v", r.Requests)
			}
			golden(t, "setup-"+c.name+".txt", f.log.String())
		})
	}
}

// Streams of an older Weir have no retention. Only a setup that a person asked
// for gives them one, as that deletes documents.
func TestOldStreamsAreAdopted(t *testing.T) {
	for _, c := range []struct{ name, product, lifecycle, request string }{
		{"data_stream", elasticsearch, "auto", "PUT /_data_stream/weir-flows-default/_lifecycle"},
		{"ilm", elasticsearch, "ilm", "PUT /weir-flows-default/_settings?preserve_existing=true"},
		{"ism", opensearch, "auto", "POST /_plugins/_ism/add/.ds-weir-flows-default-000001"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFullServer(t, c.product, "8.19.0")
			f.streams["weir-flows-default"] = []string{".ds-weir-flows-default-000001"}
			config := DefaultConfig("http://h:9200")
			config.Lifecycle = c.lifecycle
			r := runSetup(t, f, config, SetupOptions{})
			if got := strings.Join(outcomes(r, aboutRetention), "\n"); !strings.Contains(got, "weir-flows-default kept: "+neverDeleted) || strings.Contains(f.log.String(), c.request) {
				t.Errorf("a collector's own setup: %s\n%s", got, f.log.String())
			}
			if got := outcomes(r, aboutRollover); len(got) != 1 {
				t.Errorf("rolled over: %v, want the old stream alone", got)
			}
			r = runSetup(t, f, config, SetupOptions{Adopt: true})
			if got := strings.Join(outcomes(r, aboutRetention), "\n"); !strings.Contains(got, "weir-flows-default updated") || !strings.Contains(f.log.String(), c.request) {
				t.Errorf("weir setup: %s\n%s", got, f.log.String())
			}
			if r = runSetup(t, f, config, SetupOptions{Adopt: true}); len(r.Requests) > 0 {
				t.Errorf("weir setup again sent %v", r.Requests)
			}
		})
	}
}

// What may not be read must not be replaced, and a collector writes nothing while
// its templates are unknown.
func TestForbiddenReads(t *testing.T) {
	f := newFullServer(t, elasticsearch, "8.19.0")
	f.deny["/_component_template/weir-*-default*"] = true
	r := runSetup(t, f, DefaultConfig("http://h:9200"), SetupOptions{})
	if r.Count(Failed) == 0 || strings.Contains(f.log.String(), "PUT /_component_template") {
		t.Errorf("results %+v, requests\n%s", r.Results, f.log.String())
	}
}

func TestRetentionBounds(t *testing.T) {
	for keep, want := range map[time.Duration]string{0: "30d", time.Hour: "1h", 2 * day: "1d", 90 * day: "3d", 400 * day: "320h", 4000 * day: "30d"} {
		if got := serverDuration(rolloverAge(keep)); got != want {
			t.Errorf("with a retention of %s, an index is rolled over after %s, want %s", keep, got, want)
		}
	}
}
