package ndjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/goleak"

	"github.com/weirflow/weir/flow"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// batch gives n flows with ports from first on, and an options record.
func batch(first, n int) *flow.Batch {
	b := flow.NewBatch(n + 1)
	for i := range n {
		b.Next().SetSourcePort(uint16(first + i))
	}
	b.Next().Kind = flow.KindOptions
	return b
}

// ports reads the source ports of the documents in text, one per line.
func ports(t *testing.T, text string) (list []int) {
	t.Helper()
	for _, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		var doc struct{ Source struct{ Port int } }
		if err := json.Unmarshal([]byte(line), &doc); err != nil {
			t.Fatalf("line %q: %v", line, err)
		}
		list = append(list, doc.Source.Port)
	}
	return list
}

func start(t *testing.T, cfg Config, d Dependencies) *Sink {
	t.Helper()
	d.Registerer = prometheus.NewRegistry()
	s, err := New(cfg, d)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "flows.ndjson")
	if err := os.WriteFile(path, []byte(`{"source":{"port":9}}`+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg := DefaultConfig(path)
	cfg.BufferBytes = 100 // less than two documents
	s := start(t, cfg, Dependencies{})
	if err := s.Write(t.Context(), batch(100, 3)); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	if err := s.Reopen(); err != nil {
		t.Fatal(err)
	}
	if err := s.Write(t.Context(), batch(200, 2)); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][]int{path + ".1": {9, 100, 101, 102}, path: {200, 201}} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		got := ports(t, string(text))
		if len(got) != len(want) {
			t.Fatalf("%s has ports %v, want %v", filepath.Base(name), got, want)
		}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("%s has ports %v, want %v", filepath.Base(name), got, want)
			}
		}
	}
	if n := testutil.ToFloat64(s.metrics.documents); n != 5 {
		t.Errorf("%v documents counted, want 5", n)
	}
	if err := s.Write(t.Context(), batch(1, 1)); err == nil {
		t.Error("a closed sink took a batch")
	}
}

func TestFlushesByAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		s := start(t, DefaultConfig("-"), Dependencies{Stdout: &out})
		if err := s.Write(t.Context(), batch(1, 1)); err != nil {
			t.Fatal(err)
		}
		s.mu.Lock()
		if out.Len() != 0 {
			t.Error("a single document was written at once")
		}
		s.mu.Unlock()
		<-time.After(1100 * time.Millisecond) // of the bubble's clock
		synctest.Wait()
		s.mu.Lock()
		if got := ports(t, out.String()); len(got) != 1 {
			t.Errorf("%d documents after a second without input, want 1", len(got))
		}
		s.mu.Unlock()
		if err := s.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

// fragile fails while full is set.
type fragile struct {
	bytes.Buffer
	full bool
}

func (f *fragile) Write(p []byte) (int, error) {
	if f.full {
		return 0, errors.New("no space left on device")
	}
	return f.Buffer.Write(p)
}

func TestWriteErrors(t *testing.T) {
	out := &fragile{full: true}
	cfg := DefaultConfig("-")
	cfg.BufferBytes = 100
	s := start(t, cfg, Dependencies{Stdout: out})
	if err := s.Write(t.Context(), batch(1, 5)); err == nil {
		t.Error("a full disk gave no error")
	}
	if s.Ready() == nil {
		t.Error("the sink is ready after a failed write")
	}
	out.full = false
	if err := s.Write(t.Context(), batch(10, 2)); err != nil {
		t.Errorf("after the disk has room again: %v", err)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := ports(t, out.String()); len(got) != 2 || got[0] != 10 {
		t.Errorf("ports %v, want 10 and 11", got)
	}
	lost, written := testutil.ToFloat64(s.metrics.lost), testutil.ToFloat64(s.metrics.documents)
	if lost != 6 || written != 2 { // the 5 flows and the options record of the batch that failed
		t.Errorf("%v lost and %v written, want 6 and 2", lost, written)
	}
}

func TestBadConfigs(t *testing.T) {
	for _, cfg := range []Config{{}, {Path: "x"}} {
		if _, err := New(cfg, Dependencies{Registerer: prometheus.NewRegistry()}); err == nil {
			t.Errorf("%+v is accepted", cfg)
		}
	}
	s, err := New(DefaultConfig(t.TempDir()), Dependencies{Registerer: prometheus.NewRegistry()})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(t.Context()); err == nil {
		t.Error("a folder was opened as a file")
	}
}
