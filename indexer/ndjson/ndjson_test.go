package ndjson

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
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
		synctest.Wait()
		s.mu.Lock() // as the writing goroutine does before it writes
		if out.Len() != 0 {
			t.Error("a single document was written at once")
		}
		s.mu.Unlock()
		<-time.After(1100 * time.Millisecond) // of the bubble's clock
		synctest.Wait()
		if got := ports(t, out.String()); len(got) != 1 {
			t.Errorf("%d documents after a second without input, want 1", len(got))
		}
		if err := s.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

// fragile is a disk that has room for some bytes only.
type fragile struct {
	bytes.Buffer
	room int
}

func (f *fragile) Write(p []byte) (int, error) {
	if len(p) > f.room {
		n, _ := f.Buffer.Write(p[:f.room])
		f.room = 0
		return n, errors.New("no space left on device")
	}
	f.room -= len(p)
	return f.Buffer.Write(p)
}

// TestFullDisk has the disk run full in the middle of a document: each document
// is counted once, as written or as lost, and the one that is torn does not spoil
// the first one after it.
func TestFullDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		line := len(flow.NewEncoder().AppendJSON(nil, batch(1, 1).At(0))) + 1
		out := &fragile{room: 2*line + line/2}
		s := start(t, DefaultConfig("-"), Dependencies{Stdout: out})
		pass := func() { <-time.After(1100 * time.Millisecond); synctest.Wait() }
		if err := s.Write(t.Context(), batch(1, 5)); err != nil {
			t.Fatal(err)
		}
		pass()
		if s.Ready() == nil {
			t.Error("the sink is ready after a failed write")
		}
		if err := s.Write(t.Context(), batch(6, 2)); err == nil || !strings.Contains(err.Error(), "no space left") {
			t.Errorf("the batch after a failed write gives %v", err)
		}
		pass() // still full
		out.room = 1 << 20
		if err := s.Write(t.Context(), batch(8, 2)); err == nil {
			t.Error("the second failure is not reported")
		}
		if err := s.Close(t.Context()); err != nil {
			t.Errorf("after the disk has room again: %v", err)
		}
		lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
		if len(lines) != 5 || len(lines[2]) != line/2 {
			t.Fatalf("the lines are %q, want five with the third torn", lines)
		}
		got := ports(t, strings.Join(append(lines[:2:2], lines[3:]...), "\n"))
		if !slices.Equal(got, []int{1, 2, 8, 9}) {
			t.Errorf("ports %v, want 1, 2, 8 and 9", got)
		}
		if lost, written := testutil.ToFloat64(s.metrics.lost), testutil.ToFloat64(s.metrics.documents); lost != 5 || written != 4 {
			t.Errorf("%v lost and %v written, want 5 and 4", lost, written)
		}
	})
}

// stuck is a pipe whose reader does not read.
type stuck chan struct{}

func (s stuck) Write(p []byte) (int, error) { <-s; return len(p), nil }

// TestStuckReader must neither block a stop for ever nor the questions about the
// sink.
func TestStuckReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pipe := make(stuck)
		cfg := DefaultConfig("-")
		cfg.BufferBytes = 10 // less than a document
		s := start(t, cfg, Dependencies{Stdout: pipe})
		if err := s.Write(t.Context(), batch(1, 1)); err != nil {
			t.Fatal(err)
		}
		synctest.Wait() // it is being written
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		began := time.Now()
		if err := s.Write(ctx, batch(2, 4)); !errors.Is(err, context.DeadlineExceeded) { // one has room
			t.Errorf("a write to a full buffer gives %v", err)
		}
		if err := s.Ready(); err != nil {
			t.Errorf("a slow reader is no fault, Ready gives %v", err)
		}
		if err := s.Close(ctx); err == nil || !strings.Contains(err.Error(), "2 documents are lost") {
			t.Errorf("Close gives %v", err)
		}
		if waited := time.Since(began); waited != time.Minute {
			t.Errorf("closed after %s, want a minute", waited)
		}
		if lost := testutil.ToFloat64(s.metrics.lost); lost != 5 {
			t.Errorf("%v lost, want 5", lost)
		}
		close(pipe)
		synctest.Wait()
	})
}

// Documents are full unless that is asked for.
func TestFields(t *testing.T) {
	for fields, want := range map[string]bool{"full": true, "": true, "lean": false, "min": false} {
		cfg := DefaultConfig("-")
		if cfg.Fields != "full" {
			t.Errorf("the default is %q", cfg.Fields)
		}
		cfg.Fields = fields
		var out strings.Builder
		s := start(t, cfg, Dependencies{Stdout: &out})
		if err := s.Write(t.Context(), batch(1, 1)); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(out.String(), `"kind":"event"`); got != want || !strings.Contains(out.String(), `"port":1`) {
			t.Errorf("fields: %q writes %s", fields, out.String())
		}
	}
}

func TestBadConfigs(t *testing.T) {
	for _, cfg := range []Config{{}, {Path: "x"}, {Path: "x", BufferBytes: 1, FlushInterval: -1}, {Path: "x", BufferBytes: -1, FlushInterval: 1},
		{Path: "x", BufferBytes: 1, FlushInterval: 1, Fields: "slim"}} {
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
