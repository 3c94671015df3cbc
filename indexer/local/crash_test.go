package local

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/indexer/local/column"
	"github.com/weirflow/weir/indexer/local/segment"
)

// vectorOf loads one column.
func vectorOf(t *testing.T, b column.Block, c int) *column.Vector {
	t.Helper()
	var v column.Vector
	if err := b.Load(t.Context(), []int{c}, []*column.Vector{&v}); err != nil {
		t.Fatal(err)
	}
	return &v
}

// copyFile copies a file between folders.
func copyFile(t *testing.T, name, from, to string) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(from, name))
	if err == nil {
		err = os.WriteFile(filepath.Join(to, name), b, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestLeftovers opens what crashes leave between two steps.
func TestLeftovers(t *testing.T) {
	good := abandoned(t) // segments 0, 1 and 2, and a log
	copyOf := func(from string) string {
		dir := filepath.Join(quickDir(t), "store")
		if err := os.CopyFS(dir, os.DirFS(from)); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	check := func(what, dir string) {
		t.Helper()
		for range 2 {
			s := newStore(t, dir, func(c *Config) { c.MergeRows = 0 })
			if err := s.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := there(t, s); len(got) != 38 || s.Health() != nil {
				t.Errorf("%s: %d batches, want 38; %v", what, len(got), s.Health())
			}
			settle(t, s)
			if files, err := list(dir); err != nil || len(files.segments) != s.Stats().Segments || len(files.logs) > 1 || len(files.temps) > 0 {
				t.Errorf("%s: the folder has %+v, the store %d segments", what, files, s.Stats().Segments)
			}
			r, err := OpenReader(dir)
			if err != nil {
				t.Fatal(err)
			}
			x, err := r.Snapshot(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			expect(t, x.Blocks(), 100, to(38)...)
			x.Release()
			stop(t, s)
		}
	}

	// The log is a segment; the manifest does not say so yet.
	after := copyOf(good)
	s := newStore(t, after, func(c *Config) { c.MergeRows = 0 })
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	settle(t, s)
	stop(t, s)
	dir := copyOf(good)
	copyFile(t, segmentName(3), after, dir)
	if err := os.WriteFile(filepath.Join(dir, segmentName(4)+tempSuffix), []byte("half"), 0o644); err != nil {
		t.Fatal(err)
	}
	check("a segment before its manifest", dir)

	// The manifest says so; the log is not deleted yet.
	dir = copyOf(after)
	c, err := list(good)
	if err != nil {
		t.Fatal(err)
	}
	copyFile(t, logName(c.logs[0]), good, dir)
	check("a log after its segment", dir)

	// Four segments are one; the manifest does not say so yet, or the files are
	// still there.
	merged := copyOf(after)
	s = newStore(t, merged, func(c *Config) { c.MergeRows = 0 })
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	run := append([]*part(nil), s.parts...)
	s.keeping.Lock()
	err = s.merge(t.Context(), run)
	s.keeping.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	id := s.parts[0].ID
	stop(t, s)
	dir = copyOf(after)
	copyFile(t, segmentName(id), merged, dir)
	check("a merged segment before its manifest", dir)
	dir = copyOf(merged)
	for i := range uint64(4) {
		copyFile(t, segmentName(i), after, dir)
	}
	check("merged segments that are still there", dir)

	// The same without a manifest.
	if err := os.Remove(filepath.Join(dir, manifestName)); err != nil {
		t.Fatal(err)
	}
	for i := range uint64(4) {
		copyFile(t, segmentName(i), after, dir)
	}
	s = start(t, dir)
	expect(t, blocks(t, s), 100, to(38)...)
	s.cfg.ScrubBytes = 1 << 40
	s.scrub()
	if p := s.parts[0]; !p.Checked || p.CRC == 0 {
		t.Errorf("the checksum was not noted: %+v", p.entry)
	}
}

// TestRepair keeps the row groups of a damaged segment that are whole.
func TestRepair(t *testing.T) {
	dir := quickDir(t)
	s := start(t, dir, func(c *Config) { c.MergeRows = 0 })
	p, err := s.writeSegment(0, nil, func(w *segment.Writer) error {
		for group := range 4 {
			table := column.NewTable()
			for n := range 5 {
				table.Append(batch(group*5+n, 100))
			}
			if err := writeTable(t.Context(), w, table.View(500)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.swap(nil, p, false); err != nil {
		t.Fatal(err)
	}
	mustAppend(t, s, 20, 100)
	expect(t, blocks(t, s), 100, to(21)...)

	path := filepath.Join(dir, segmentName(p.ID))
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data := len(b) - 8 - int(binary.LittleEndian.Uint32(b[len(b)-8:])) // before the footer
	for at := data * 30 / 100; at < data*45/100; at += 50 {            // in the second row group, in many columns
		b[at] ^= 1
	}
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
	s.cfg.ScrubBytes = 1 << 40
	s.scrub()
	waitHealth(t, s, "repair")
	got := there(t, s)
	for n := range 21 {
		if want := map[bool]int{true: 0, false: 1}[n >= 5 && n < 10]; got[n] != want {
			t.Errorf("batch %d is there %d times, want %d", n, got[n], want)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, damagedName, segmentName(p.ID))); err != nil {
		t.Error(err)
	}
	stop(t, s)
	s = start(t, dir)
	if again := there(t, s); len(again) != 16 || s.Health() != nil {
		t.Errorf("opened again: %d batches, %v", len(again), s.Health())
	}
	if v := vectorOf(t, blocks(t, s)[0], int(flow.FieldFlowCategory)); v.Empty() {
		t.Error("a column has no values")
	}
}
