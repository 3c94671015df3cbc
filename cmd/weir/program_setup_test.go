package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/weirflow/weir/indexer/elastic/elastictest"
)

// command runs a command line in this process.
func command(t *testing.T, want int, arguments ...string) (out, errOut string) {
	t.Helper()
	var o, e bytes.Buffer
	if got := run(t.Context(), arguments, nil, &o, &e); got != want {
		t.Errorf("weir %s: exit status %d, want %d:\n%s%s", strings.Join(arguments, " "), got, want, o.String(), e.String())
	}
	return o.String(), e.String()
}

// TestProgramSetup runs the commands as a person does, on real servers.
func TestProgramSetup(t *testing.T) {
	t.Chdir(t.TempDir())
	elastictest.Each(t, func(t *testing.T, s elastictest.Server) {
		namespace := s.Namespace(t)
		t.Setenv("WEIR_INDEX_ELASTICSEARCH_NAMESPACE", namespace)
		to := []string{"--output", s.Product + ":" + s.URL}
		setup := func(more ...string) []string { return append(append([]string{"setup"}, more...), to...) }

		out, _ := command(t, exitOK, setup("--dry-run")...)
		for _, want := range []string{"nothing is sent", "\nPUT /_component_template/weir-flows-" + namespace + "-mappings\n{", "\nPUT /_index_template/weir-flows-" + namespace + "\n{"} {
			if !strings.Contains(out, want) {
				t.Errorf("the dry run lacks %q:\n%.2000s", want, out)
			}
		}
		out, _ = command(t, exitOK, setup()...)
		if !strings.Contains(out, "created    index template            weir-flows-"+namespace+"\n") || !strings.Contains(out, " 0 updated, 0 unchanged, 0 kept, 0 failed\n") {
			t.Errorf("the first setup says\n%s", out)
		}
		out, _ = command(t, exitOK, setup("--json")...)
		var r setupResult
		if err := json.Unmarshal([]byte(out), &r); err != nil {
			t.Fatal(err)
		}
		if r.Product != s.Product || r.Count("unchanged") < 18 || r.Count("created") > 0 || len(r.Requests) > 0 {
			t.Errorf("the second setup gives %s", out)
		}
		out, _ = command(t, exitOK, append([]string{"setup", "test"}, to...)...)
		for _, want := range []string{"server", s.Product, "templates", "everything is set up"} {
			if !strings.Contains(out, want) {
				t.Errorf("the test lacks %q:\n%s", want, out)
			}
		}
		out, _ = command(t, exitOK, append([]string{"setup", "test", "--json"}, to...)...)
		var tried setupTest
		if err := json.Unmarshal([]byte(out), &tried); err != nil || len(tried.Steps) < 5 {
			t.Errorf("as JSON: %v, %s", err, out)
		}
		folder := filepath.Join(t.TempDir(), "files")
		command(t, exitOK, setup("--export", folder)...)
		if text, err := os.ReadFile(filepath.Join(folder, "README.md")); err != nil || !strings.Contains(string(text), "Weir on "+s.Product) {
			t.Errorf("the exported page: %v, %.300s", err, text)
		}
	})
}

// Faults must say what to do, and end with status 1.
func TestSetupFaults(t *testing.T) {
	t.Chdir(t.TempDir())
	_, errOut := command(t, exitError, "setup")
	if !strings.Contains(errOut, "no server is configured") {
		t.Errorf("without a server: %s", errOut)
	}
	nobody := "elasticsearch:http://127.0.0.1:1"
	out, _ := command(t, exitError, "setup", "test", "--output", nobody)
	if !strings.Contains(out, "TCP") || !strings.Contains(out, "FAILED") || !strings.Contains(out, "check the port") {
		t.Errorf("nobody listens: %s", out)
	}
	if _, errOut := command(t, exitError, "setup", "--output", nobody); !strings.Contains(errOut, "connection refused") {
		t.Errorf("nobody listens: %s", errOut)
	}
	if _, errOut := command(t, exitError, "setup", "--export", "x", "--product", "solr", "--product-version", "9"); !strings.Contains(errOut, "allowed: elasticsearch, opensearch") {
		t.Errorf("an unknown product: %s", errOut)
	}
	command(t, exitOK, "setup", "--export", "x", "--product", "opensearch", "--product-version", "2.19.1")
	text, err := os.ReadFile("x/README.md")
	if err != nil || !strings.Contains(string(text), "/_plugins/_ism/policies/weir-flows-default\"\n") {
		t.Errorf("the exported page: %v, %s", err, text)
	}
}
