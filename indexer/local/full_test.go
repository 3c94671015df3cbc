package local

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"golang.org/x/sys/unix"
)

// smallDisk mounts a file system in memory of some size.
func smallDisk(t *testing.T, size string) string {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size="+size); err != nil {
		if os.Getenv("WEIR_REQUIRE") == "1" {
			t.Fatalf("a file system cannot be mounted, which needs root: %v", err)
		}
		t.Skipf("SKIPPED: a file system cannot be mounted, which needs root: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, 0); err != nil {
			t.Errorf("unmount: %v", err)
		}
	})
	return dir
}

// TestRetentionOnAFullDisk deletes old segments although there is no room for the
// manifest that says so.
func TestRetentionOnAFullDisk(t *testing.T) {
	disk := smallDisk(t, "4m")
	s := start(t, filepath.Join(disk, "store"), func(c *Config) { c.MergeRows = 0 })
	for n := range 25 {
		mustAppend(t, s, n, 100)
	}
	settle(t, s)
	f, err := os.Create(filepath.Join(disk, "ballast"))
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := f.Write(make([]byte, 4096)); err != nil {
			break
		}
	}
	if err := f.Close(); err != nil {
		t.Log(err) // a full disk may say so once more
	}
	s.keeping.Lock()
	s.mu.Lock()
	old := append([]*part(nil), s.parts...)
	s.mu.Unlock()
	s.remove(old, "age")
	s.keeping.Unlock()
	if n := s.Stats().Segments; n != 0 || len(old) != 2 {
		t.Errorf("%d of %d segments are left", n, len(old))
	}
	mustAppend(t, s, 99, 100)
	stop(t, s)
}

// TestFullDisk fills the disk: flows that are not stored are counted, what was
// acknowledged is there, and it goes on when there is room again.
func TestFullDisk(t *testing.T) {
	disk := smallDisk(t, "6m")
	dir := filepath.Join(disk, "store")
	ballast := filepath.Join(disk, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 2<<20), 0o644); err != nil {
		t.Fatal(err)
	}
	s := start(t, dir, func(c *Config) { c.MergeRows = 0 })
	acknowledged := map[int]bool{}
	next, lost := 0, 0
	put := func() error {
		p, err := s.Append(t.Context(), batch(next, 100))
		if err == nil {
			err = p.Wait(t.Context())
		}
		if err == nil {
			acknowledged[next] = true
		} else {
			if !isFull(err) {
				t.Fatalf("batch %d: %v", next, err)
			}
			lost += 100
		}
		next++
		return err
	}
	count := func() map[int]int { // a snapshot keeps the room of what is deleted
		x, err := s.Snapshot()
		if err != nil {
			t.Fatal(err)
		}
		defer x.Release()
		return numbers(t, x.Blocks(), func(int) int { return 100 })
	}
	check := func(when string) {
		t.Helper()
		got := count()
		for n := range acknowledged {
			if got[n] != 1 {
				t.Errorf("%s: batch %d was acknowledged and is there %d times", when, n, got[n])
			}
		}
		if len(got) != len(acknowledged) {
			t.Errorf("%s: %d batches are there, %d were acknowledged", when, len(got), len(acknowledged))
		}
		if n := testutil.ToFloat64(s.metrics.dropped.WithLabelValues(reasonDiskFull)); n != float64(lost) {
			t.Errorf("%s: %v records are counted as lost, %d are", when, n, lost)
		}
	}
	for range 3 { // filled and emptied three times
		failed := 0
		for failed < 200 {
			if put() != nil {
				failed++
			}
		}
		if s.Ready() == nil {
			t.Error("the store is ready on a full disk")
		}
		check("full")
		if err := os.Remove(ballast); err != nil {
			t.Fatal(err)
		}
		for begin := time.Now(); put() != nil || s.Ready() != nil; {
			// Logs become segments again within seconds.
			if time.Since(begin) > time.Minute {
				t.Fatal("it does not recover")
			}
			<-time.After(10 * time.Millisecond)
		}
		for range 20 {
			if err := put(); err != nil {
				t.Error(err)
			}
		}
		check("room again")
		stop(t, s)
		s = start(t, dir, func(c *Config) { c.MergeRows = 0 })
		if there := count(); len(there) != len(acknowledged) || s.Health() != nil {
			t.Errorf("opened again: %d batches, want %d; %v", len(there), len(acknowledged), s.Health())
		}
		lost = 0 // the new store counts anew
		// Old flows make room for the next round.
		s.mu.Lock()
		old := append([]*part(nil), s.parts...)
		s.mu.Unlock()
		s.remove(old, "age")
		clear(acknowledged)
		if err := os.WriteFile(ballast, make([]byte, 2<<20), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	stop(t, s) // before the disk goes
}
