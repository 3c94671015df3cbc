package local

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"
)

// hide makes a file unreadable without damaging it, for root, too: its name
// leads to itself. The function given back undoes it.
func hide(t *testing.T, dir, name string) func() {
	t.Helper()
	path, away := filepath.Join(dir, name), filepath.Join(t.TempDir(), name)
	b, err := os.ReadFile(path)
	if err == nil {
		err = os.WriteFile(away, b, 0o600)
	}
	if err == nil {
		err = os.Remove(path)
	}
	if err == nil {
		err = os.Symlink(name, path)
	}
	if err != nil {
		t.Fatal(err)
	}
	return func() {
		t.Helper()
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// told reports whether a problem has a text in it.
func told(s *Store, text string) bool {
	for _, p := range s.Health() {
		if strings.Contains(p.Text, text) {
			return true
		}
	}
	return false
}

// TestUnreadableSegment starts with a segment that cannot be read for a reason
// that is no damage: it stays, and counts again when it can be read.
func TestUnreadableSegment(t *testing.T) {
	dir := abandoned(t)
	name := segmentName(1)
	show := hide(t, dir, name)
	s := start(t, dir, func(c *Config) { c.MergeRows = 0 })
	if n := len(there(t, s)); n != 28 || !told(s, name+" cannot be read") || !told(s, "1000 rows are missing until") {
		t.Errorf("%d batches, want 28; %v", n, s.Health())
	}
	if _, err := os.Lstat(filepath.Join(dir, damagedName)); err == nil {
		t.Error("something was set aside")
	}
	if n := testutil.ToFloat64(s.metrics.dropped.WithLabelValues(reasonDamaged)); n != 0 {
		t.Errorf("%v rows count as lost", n)
	}
	if x := s.Stats(); x.UnreadableSegments != 1 || x.UnreadableRows != 1000 {
		t.Errorf("%+v", x)
	}
	// The store itself may try again at any time, and not while a file is half there.
	again := func(change func()) {
		s.keeping.Lock()
		defer s.keeping.Unlock()
		change()
		s.readAgain()
	}
	again(func() {})
	if x := s.Stats(); x.UnreadableSegments != 1 {
		t.Errorf("still hidden: %+v", x)
	}
	again(show)
	expect(t, blocks(t, s), 100, to(38)...)
	if x := s.Stats(); x.UnreadableSegments != 0 {
		t.Errorf("%+v", x)
	}
	stop(t, s)

	// Hidden at one start, there at the next; and damaged while it was hidden.
	show = hide(t, dir, name)
	stop(t, start(t, dir, func(c *Config) { c.MergeRows = 0 }))
	show()
	s = start(t, dir, func(c *Config) { c.MergeRows = 0 })
	expect(t, blocks(t, s), 100, to(38)...)
	stop(t, s)
	show = hide(t, dir, name)
	s = start(t, dir, func(c *Config) { c.MergeRows = 0 })
	again(func() {
		show()
		if err := os.Truncate(filepath.Join(dir, name), 1000); err != nil {
			t.Error(err)
		}
	})
	if n := len(there(t, s)); n != 28 || !told(s, "1000 rows are lost") || s.Stats().UnreadableSegments != 0 {
		t.Errorf("%d batches, want 28; %v", n, s.Health())
	}
}

// TestUndecidedSegment hides a segment that a crash left unlisted. When it can
// be read again its rows are in another one, and must not count twice.
func TestUndecidedSegment(t *testing.T) {
	dir := abandoned(t)
	copied := filepath.Join(quickDir(t), "copy")
	if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	// The log becomes segment 3. Stopped before it is, the number would be lost.
	s := start(t, copied, func(c *Config) { c.MergeRows = 0 })
	settle(t, s)
	stop(t, s)
	copyFile(t, segmentName(3), copied, dir)
	show := hide(t, dir, segmentName(3))
	s = start(t, dir, func(c *Config) { c.MergeRows = 0 })
	if !told(s, segmentName(3)+" cannot be read") {
		t.Errorf("%v", s.Health())
	}
	settle(t, s)
	stop(t, s)
	show()
	s = start(t, dir)
	expect(t, blocks(t, s), 100, to(38)...)
	if !told(s, segmentName(3)) {
		t.Errorf("nothing is told of the segment: %v", s.Health())
	}
	stop(t, s)
	s = start(t, dir)
	if s.Health() != nil || len(s.manifest.Undecided) != 0 {
		t.Errorf("%v, %v", s.Health(), s.manifest.Undecided)
	}
}

// TestUnreadableLog starts without a log that cannot be read, goes on behind it,
// and takes it in when it can be read.
func TestUnreadableLog(t *testing.T) {
	dir := abandoned(t)
	c, err := list(dir)
	if err != nil {
		t.Fatal(err)
	}
	show := hide(t, dir, logName(c.logs[0]))
	s := start(t, dir, func(c *Config) { c.MergeRows = 0 })
	if n := len(there(t, s)); n != 30 || !told(s, logName(c.logs[0])+" cannot be read") {
		t.Errorf("%d batches, want 30; %v", n, s.Health())
	}
	for n := 38; n < 50; n++ {
		mustAppend(t, s, n, 100)
	}
	stop(t, s) // what came becomes a segment, of a later log
	show()

	r, err := OpenReader(dir)
	if err != nil {
		t.Fatal(err)
	}
	x, err := r.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	expect(t, x.Blocks(), 100, to(50)...)
	x.Release()
	for range 2 {
		s = start(t, dir, func(c *Config) { c.MergeRows = 0 })
		expect(t, blocks(t, s), 100, to(50)...)
		if s.Health() != nil {
			t.Errorf("%v", s.Health())
		}
		stop(t, s)
	}
	if len(s.manifest.UnreadLogs) != 0 {
		t.Errorf("%v are still noted as not read", s.manifest.UnreadLogs)
	}
}

// TestForeignNames starts in a folder with names that look like leftovers.
func TestForeignNames(t *testing.T) {
	dir := abandoned(t)
	for _, name := range []string{"x.tmp", segmentName(77) + tempSuffix} {
		if err := os.MkdirAll(filepath.Join(dir, name, "full"), 0o750); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "notes.tmp"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s := start(t, dir)
	expect(t, blocks(t, s), 100, to(38)...)
	if !told(s, "cannot be deleted") || len(s.Health()) != 1 {
		t.Errorf("%v", s.Health())
	}
	for _, name := range []string{"x.tmp", "notes.tmp"} {
		if _, err := os.Lstat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
}

// TestReaderNamesTheCause reads a folder in which a file cannot be read: trying
// again does not help, and nothing changes fast.
func TestReaderNamesTheCause(t *testing.T) {
	for _, name := range []string{segmentName(1), "log"} {
		dir := abandoned(t)
		if name == "log" {
			c, err := list(dir)
			if err != nil {
				t.Fatal(err)
			}
			name = logName(c.logs[0])
		}
		r, err := OpenReader(dir)
		if err != nil {
			t.Fatal(err)
		}
		show := hide(t, dir, name)
		if _, err := r.Snapshot(t.Context()); err == nil || strings.Contains(err.Error(), "changes faster") || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
		show()
	}
}

// TestLostRowsAreTold damages a footer: the manifest knows how many rows that costs.
func TestLostRowsAreTold(t *testing.T) {
	dir := abandoned(t)
	path := filepath.Join(dir, segmentName(1))
	st, err := os.Stat(path)
	if err == nil {
		err = os.Truncate(path, st.Size()-10)
	}
	if err != nil {
		t.Fatal(err)
	}
	s := start(t, dir)
	if !told(s, "1000 rows are lost") || testutil.ToFloat64(s.metrics.dropped.WithLabelValues(reasonDamaged)) != 1000 {
		t.Errorf("%v", s.Health())
	}
}

// TestGenerationOnce has a manifest fail: its number is not used again, as the
// file may be there.
func TestGenerationOnce(t *testing.T) {
	dir := t.TempDir()
	s := start(t, dir)
	before := s.manifest.Generation
	temp := filepath.Join(dir, manifestName+tempSuffix)
	if err := os.Mkdir(temp, 0o750); err != nil {
		t.Fatal(err)
	}
	if s.update(func(*manifest) {}) == nil {
		t.Fatal("the manifest is written although its name is taken")
	}
	if err := os.Remove(temp); err != nil {
		t.Fatal(err)
	}
	if err := s.update(func(*manifest) {}); err != nil || s.manifest.Generation != before+2 {
		t.Errorf("generation %d after %d and a failure, %v", s.manifest.Generation, before, err)
	}
}

// TestMergeWithoutManifest has the manifest fail behind a merge. The file that is
// left must not count once the segments that it was to replace are merged anew.
func TestMergeWithoutManifest(t *testing.T) {
	dir := abandoned(t)
	s := start(t, dir, func(c *Config) { c.MergeRows = 0 })
	settle(t, s)
	temp := filepath.Join(dir, manifestName+tempSuffix)
	if err := os.Mkdir(temp, 0o750); err != nil {
		t.Fatal(err)
	}
	run := append([]*part(nil), s.parts...)
	s.keeping.Lock()
	first := s.merge(t.Context(), run)
	err := os.Remove(temp)
	second := s.merge(t.Context(), run)
	s.keeping.Unlock()
	if first == nil || err != nil || second != nil {
		t.Fatalf("%v, %v, %v", first, err, second)
	}
	stop(t, s)
	s = start(t, dir)
	expect(t, blocks(t, s), 100, to(38)...)
	if files, err := list(dir); err != nil || len(files.segments) != 1 {
		t.Errorf("the folder has %+v, %v", files, err)
	}
}
