package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func environment(pairs map[string]string) func(string) string {
	return func(name string) string { return pairs[name] }
}

// fakeJDK makes a folder that looks like a JDK of the version.
func fakeJDK(t *testing.T, folder, version string, compiler bool) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(folder, "bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	release := fmt.Sprintf("IMPLEMENTOR=\"x\"\nJAVA_VERSION=%q\n", version)
	if err := os.WriteFile(filepath.Join(folder, "release"), []byte(release), 0o644); err != nil {
		t.Fatal(err)
	}
	if compiler {
		if err := os.WriteFile(filepath.Join(folder, "bin", "javac"), nil, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

func TestFindJDK(t *testing.T) {
	t.Setenv("PATH", t.TempDir()) // no java there
	jvms := t.TempDir()
	fakeJDK(t, filepath.Join(jvms, "a-17"), "17.0.15", false)
	new25 := fakeJDK(t, filepath.Join(jvms, "b-25"), "25.0.3", true)
	new21 := fakeJDK(t, filepath.Join(jvms, "c-21"), "21", true)
	old17 := fakeJDK(t, filepath.Join(t.TempDir(), "elsewhere"), "17.0.1", true)

	cases := []struct {
		name           string
		oldest, newest int
		home           string
		want           string
	}{
		{"a runtime without compiler does not count", 17, 23, "", new21},
		{"JAVA_HOME is seen", 17, 23, old17, old17},
		{"the oldest that fits", 21, 1024, old17, new21},
		{"only a newer one fits", 24, 1024, old17, new25},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := findJDK(c.oldest, c.newest, environment(map[string]string{"JAVA_HOME": c.home}), jvms)
			if err != nil || got != c.want {
				t.Errorf("got %q, %v; want %q", got, err, c.want)
			}
		})
	}
	_, err := findJDK(11, 16, environment(nil), jvms)
	if err == nil || !strings.Contains(err.Error(), "release 11 to 16") || !strings.Contains(err.Error(), new25+" is 25") || !strings.Contains(err.Error(), "openjdk-11-jdk-headless") {
		t.Errorf("the error must say what is needed, what was found and what to install: %v", err)
	}
	var out, errs bytes.Buffer
	env := environment(map[string]string{"JAVA_HOME": new21, "WEIR_SERVERS_DIR": t.TempDir()})
	if status := run(context.Background(), []string{"check"}, env, &out, &errs); status != 0 || strings.Count(out.String(), "can be started with ") != 4 {
		t.Errorf("check with a JDK that serves all: status %d, %q, %q", status, &out, &errs)
	}
}

func TestConfigure(t *testing.T) {
	servers, err := configure(nil, environment(nil))
	if err != nil || len(servers) != 4 {
		t.Fatalf("got %v, %v", servers, err)
	}
	for i, want := range []string{"elasticsearch 8.19.0 9210", "elasticsearch 9.2.0 9211", "opensearch 2.19.1 9220", "opensearch 3.3.0 9221"} {
		s := servers[i]
		if got := fmt.Sprintf("%s %s %d", s.kind, s.version, s.port); got != want || s.url() != fmt.Sprintf("http://127.0.0.1:%d", s.port) {
			t.Errorf("server %d is %s at %s, want %s", i, got, s.url(), want)
		}
	}
	servers, err = configure([]string{"elasticsearch9"}, environment(map[string]string{
		"WEIR_ELASTICSEARCH9_VERSION": "9.1.0", "WEIR_ELASTICSEARCH_PORT": "9333"}))
	if err != nil || len(servers) != 1 || servers[0].version != "9.1.0" || servers[0].port != 9211 {
		t.Errorf("got %+v, %v; each server has variables of its own", servers, err)
	}
	servers, err = configure([]string{"opensearch"}, environment(map[string]string{
		"WEIR_OPENSEARCH_VERSION": "3.3.0", "WEIR_OPENSEARCH_PORT": "9333", "WEIR_SERVERS_DIR": "/tmp/x"}))
	if err != nil || len(servers) != 1 {
		t.Fatalf("got %v, %v", servers, err)
	}
	if s := servers[0]; s.version != "3.3.0" || s.home != "/tmp/x/run-opensearch-9333" || s.kit != "/tmp/x/opensearch-3.3.0" {
		t.Errorf("overrides: %+v", s)
	}
	for _, c := range []struct {
		name  string
		names []string
		env   map[string]string
		want  string
	}{
		{"unknown name", []string{"solr"}, nil, `"solr"`},
		{"bad version", nil, map[string]string{"WEIR_OPENSEARCH_VERSION": "new"}, "WEIR_OPENSEARCH_VERSION=new"},
		{"version with a path", nil, map[string]string{"WEIR_ELASTICSEARCH_VERSION": "8.1/../.."}, "WEIR_ELASTICSEARCH_VERSION"},
		{"bad port", nil, map[string]string{"WEIR_ELASTICSEARCH_PORT": "80"}, "1024 to 65535"},
	} {
		if _, err := configure(c.names, environment(c.env)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %s in it", c.name, err, c.want)
		}
	}
}

func TestJavaRange(t *testing.T) {
	for _, c := range []struct {
		product        product
		version        string
		oldest, newest int
	}{
		{products[0], "8.19.0", 17, 23}, {products[0], "9.2.0", 21, 1024}, {products[1], products[1].version, 21, 1024},
		{products[2], "2.19.1", 17, 23}, {products[2], "3.3.0", 21, 1024}, {products[3], products[3].version, 21, 1024},
	} {
		s := server{product: c.product, version: c.version}
		if oldest, newest := s.javaRange(); oldest != c.oldest || newest != c.newest {
			t.Errorf("%s %s: %d to %d, want %d to %d", c.product.name, c.version, oldest, newest, c.oldest, c.newest)
		}
	}
}

// A pid file whose number now belongs to another process, here to this test,
// must not make stop end it.
func TestPidOfAnotherProcess(t *testing.T) {
	s := &server{home: t.TempDir()}
	if err := os.WriteFile(s.pidFile(), fmt.Appendf(nil, "%d\n", os.Getpid()), 0o644); err != nil {
		t.Fatal(err)
	}
	if pid := s.pid(); pid != 0 {
		t.Fatalf("process %d taken for ours", pid)
	}
	if answer, err := s.stop(context.Background()); err != nil || answer != "does not run" {
		t.Errorf("stop: %q, %v", answer, err)
	}
}

func TestMissingMaven(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	s := &server{product: products[0], version: "8.19.0", kit: filepath.Join(t.TempDir(), "kit")}
	if err := s.install(context.Background(), t.TempDir()); err == nil || !strings.Contains(err.Error(), "install the package maven") {
		t.Errorf("got %v", err)
	}
}

func TestUsage(t *testing.T) {
	for _, arguments := range [][]string{nil, {"begin"}, {"start", "-nonsense"}, {"start", "solr"}} {
		var out, errs bytes.Buffer
		if status := run(context.Background(), arguments, environment(nil), &out, &errs); status != 2 || out.Len() > 0 || !strings.Contains(errs.String(), "usage:") {
			t.Errorf("%v: status %d, %q, %q", arguments, status, &out, &errs)
		}
	}
}

func TestStatusOfNothing(t *testing.T) {
	var out, errs bytes.Buffer
	env := environment(map[string]string{"WEIR_SERVERS_DIR": t.TempDir()})
	if status := run(context.Background(), []string{"status"}, env, &out, &errs); status != 1 || strings.Count(errs.String(), "does not run") != 4 {
		t.Errorf("status %d, %q", status, &errs)
	}
}
