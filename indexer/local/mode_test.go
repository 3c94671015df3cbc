package local

import (
	"io/fs"
	"path/filepath"
	"testing"
)

// TestNobodyElseReads wants a folder that others cannot look into: flows tell
// who talks to whom.
func TestNobodyElseReads(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data", "flows")
	s := start(t, dir)
	for n := range 25 { // segments and a log
		mustAppend(t, s, n, 100)
	}
	settle(t, s)
	if _, err := setAside(dir, reserveName); err != nil {
		t.Fatal(err)
	}
	s.reserve()
	err := filepath.WalkDir(filepath.Dir(dir), func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Mode().Perm()&0o027 != 0 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
