package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// weir runs the real program to its end and gives what it prints and its exit
// status.
func weir(t *testing.T, arguments ...string) (out, errOut string, status int) {
	t.Helper()
	path, err := buildOnce()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(path, arguments...)
	c.Dir = t.TempDir()
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	_ = c.Run() // the status tells
	return stdout.String(), stderr.String(), c.ProcessState.ExitCode()
}

// table is what the tests read of an answer in JSON.
type table struct {
	Rows  []map[string]any
	Other map[string]any
	Total map[string]json.Number
	Next  string
	Stats struct{ Matched, Rows int64 }
}

// ask runs weir query with --json on a store.
func ask(t *testing.T, data string, arguments ...string) (answer table) {
	t.Helper()
	out, errOut, status := weir(t, append([]string{"query", "--data", data, "--json"}, arguments...)...)
	if status != 0 || errOut != "" {
		t.Fatalf("weir query %v: exit status %d: %s", arguments, status, errOut)
	}
	if err := json.Unmarshal([]byte(out), &answer); err != nil {
		t.Fatalf("weir query %v: %v: %s", arguments, err, out)
	}
	return answer
}

// totalsOf gives the number of flows and of bytes in a store.
func totalsOf(t *testing.T, data string) (flows, bytes int64) {
	t.Helper()
	a := ask(t, data, "--count", "--sum", "network.bytes")
	flows, _ = a.Total["count"].Int64()
	bytes, _ = a.Total["sum(network.bytes)"].Int64()
	return flows, bytes
}

// TestProgramStores sends 100,000 flows at 20,000 per second over UDP to a
// collector with nothing configured, and finds all of them in its store: while it
// runs, after it has stopped, and in a copy of the folder.
func TestProgramStores(t *testing.T) {
	data := t.TempDir()
	p := start(t, data, "--collector-port", "udp://127.0.0.1:0", "--http-listen", "127.0.0.1:0")
	l := newLoad(t, 100_000)
	began := time.Now()
	sent := <-p.send(l, 20_000)
	if sent.err != nil {
		t.Fatal(sent.err)
	}
	if rate := float64(l.flows) / sent.seconds; rate < 18_000 {
		t.Errorf("sent at %.0f flows per second, which shows nothing about 20,000", rate)
	}
	until(t, slowly, "not all flows are stored", func() bool { return p.metric("weir_local_appended_records_total") >= float64(l.flows) })
	t.Logf("%d flows sent in %.1f s, all stored %s after the start", l.flows, sent.seconds, time.Since(began).Round(time.Millisecond))
	for name, want := range map[string]float64{
		"weir_collector_kernel_drops_total": 0, "weir_index_dropped_records_total": 0, "weir_local_dropped_records_total": 0,
		"weir_local_appended_records_total": float64(l.flows),
	} {
		if got := p.metric(name); got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	check := func(when, folder string) {
		t.Helper()
		if flows, bytes := totalsOf(t, folder); flows != int64(l.flows) || bytes != int64(l.bytes) {
			t.Errorf("%s the store has %d flows with %d bytes, want %d with %d", when, flows, bytes, l.flows, l.bytes)
		}
	}
	store := filepath.Join(data, "flows")
	until(t, slowly, "the disk does not have all flows", func() bool { return p.metric("weir_local_pending_bytes") == 0 })
	check("while weir runs", store)
	p.stop()
	check("after weir has stopped", store)
	elsewhere := filepath.Join(t.TempDir(), "elsewhere")
	if err := os.CopyFS(elsewhere, os.DirFS(store)); err != nil {
		t.Fatal(err)
	}
	check("in a copy", elsewhere)
}

// TestProgramStoreInUse starts a second collector on the same folder.
func TestProgramStoreInUse(t *testing.T) {
	data := t.TempDir()
	p := start(t, data, "--collector-port", "udp://127.0.0.1:0", "--http-listen", "none")
	_, errOut, status := weir(t, "--data-dir", data, "--collector-port", "udp://127.0.0.1:0", "--http-listen", "none")
	if status != exitError || !bytes.Contains([]byte(errOut), []byte("in use by process")) {
		t.Errorf("exit status %d: %s", status, errOut)
	}
	p.stop()
}
