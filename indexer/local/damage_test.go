package local

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/indexer/local/column"
)

// quickDir is a temporary folder, in memory where there is such a file system.
func quickDir(t testing.TB) string {
	dir, err := os.MkdirTemp("/dev/shm", "weir-test-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// abandoned makes a folder as a killed process leaves it: three segments of ten
// batches each, and a log with eight. Batches have 100 rows.
func abandoned(t *testing.T) string {
	t.Helper()
	live, dir := quickDir(t), filepath.Join(quickDir(t), "copy")
	s := start(t, live, func(c *Config) { c.MergeRows = 0 })
	for n := range 38 {
		mustAppend(t, s, n, 100)
	}
	settle(t, s)
	if err := os.CopyFS(dir, os.DirFS(live)); err != nil {
		t.Fatal(err)
	}
	return dir
}

// there gives the batches that can be read; blocks are left out of which a column
// is damaged or lost.
func there(t *testing.T, s *Store) map[int]int {
	t.Helper()
	var whole []column.Block
	var v [3]column.Vector
	for _, b := range blocks(t, s) {
		err := b.Load(t.Context(), []int{int(flow.FieldEventCreated), int(flow.FieldNetworkBytes), int(flow.FieldSourceIP)}, []*column.Vector{&v[0], &v[1], &v[2]})
		if err == nil {
			if !v[0].Empty() && !v[1].Empty() && !v[2].Empty() {
				whole = append(whole, b)
			}
		} else if !errors.Is(err, column.ErrDamaged) {
			t.Error(err)
		}
	}
	return numbers(t, whole, func(int) int { return 100 })
}

// waitHealth waits until there is a problem.
func waitHealth(t *testing.T, s *Store, what string) {
	t.Helper()
	for {
		s.mu.Lock()
		room, n := s.room, len(s.problems)
		s.mu.Unlock()
		if n > 0 {
			return
		}
		select {
		case <-room:
		case <-time.After(10 * time.Second):
			t.Errorf("%s: the damage is not told", what)
			return
		}
	}
}

// TestDamagedFiles flips a bit and cuts at every hundredth of each kind of file.
// The store opens, says what is lost, and keeps the rest; and so it does once
// more after that.
func TestDamagedFiles(t *testing.T) {
	good := abandoned(t)
	c, err := list(good)
	if err != nil || len(c.segments) != 3 || len(c.logs) != 1 {
		t.Fatalf("the folder has %+v, %v", c, err)
	}
	for _, file := range []string{manifestName, segmentName(c.segments[1]), logName(c.logs[0])} {
		bytes, err := os.ReadFile(filepath.Join(good, file))
		if err != nil {
			t.Fatal(err)
		}
		for i := range 100 {
			at := len(bytes) * i / 100
			flipped := slices.Clone(bytes)
			flipped[at] ^= 1 << (i % 8)
			damagedFile(t, good, file, fmt.Sprintf("%s with a bit flipped at %d", file, at), flipped, true)
			damagedFile(t, good, file, fmt.Sprintf("%s cut at %d", file, at), bytes[:at], false)
		}
	}
}

func damagedFile(t *testing.T, good, file, what string, bytes []byte, flipped bool) {
	t.Helper()
	root := quickDir(t)
	defer func() { _ = os.RemoveAll(root) }()
	dir := filepath.Join(root, "store")
	if err := os.CopyFS(dir, os.DirFS(good)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, file), bytes, 0o644); err != nil {
		t.Fatal(err)
	}

	// A reader beside it, first: it changes nothing.
	r, err := OpenReader(dir)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	x, err := r.Snapshot(t.Context())
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	x.Release()

	s := newStore(t, dir, func(c *Config) { c.MergeRows, c.ScrubBytes = 0, 1<<40 })
	if err := s.Start(t.Context()); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	got := there(t, s)
	s.scrub() // for damage in columns that were not read
	isLog := file[0] == 'l'
	if flipped || !isLog {
		waitHealth(t, s, what)
	}
	want := 38
	for n, times := range got {
		if times != 1 || n >= 38 {
			t.Errorf("%s: batch %d is there %d times", what, n, times)
		}
	}
	switch {
	case file == manifestName: // nothing is lost
	case isLog && flipped: // one batch at most
		want = 37
	case isLog: // those behind the cut
		want = 30
		for n := range 38 {
			if n > 0 && got[n] > got[n-1] {
				t.Errorf("%s: batch %d is there, the one before is not", what, n)
			}
		}
	default:
		want = 28
		for n := range 38 {
			if got[n] == 0 && (n < 10 || n >= 20) {
				t.Errorf("%s: batch %d of another file is lost", what, n)
			}
		}
	}
	if len(got) < want {
		t.Errorf("%s: %d batches are left, want %d", what, len(got), want)
	}
	mustAppend(t, s, 99, 100)
	after := there(t, s)
	stop(t, s)

	s = newStore(t, dir, func(c *Config) { c.MergeRows = 0 })
	if err := s.Start(t.Context()); err != nil {
		t.Fatalf("%s: the second time: %v", what, err)
	}
	if s.Health() != nil {
		t.Errorf("%s: the second time there are still problems: %v", what, s.Health())
	}
	if again := there(t, s); !maps.Equal(again, after) || again[99] != 1 {
		t.Errorf("%s: the second time there are %d batches, were %d", what, len(again), len(after))
	}
	stop(t, s)
}

// TestMissingFiles takes whole files away.
func TestMissingFiles(t *testing.T) {
	good := abandoned(t)
	c, err := list(good)
	if err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]int{manifestName: 38, segmentName(c.segments[0]): 28, logName(c.logs[0]): 30} {
		dir := filepath.Join(quickDir(t), "store")
		if err := os.CopyFS(dir, os.DirFS(good)); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(filepath.Join(dir, file)); err != nil {
			t.Fatal(err)
		}
		s := start(t, dir)
		if n := len(there(t, s)); n != want {
			t.Errorf("%s is missing: %d batches are there, want %d", file, n, want)
		}
		if file[0] != 'l' && s.Health() == nil {
			t.Errorf("%s is missing: no problem is told", file)
		}
	}
}
