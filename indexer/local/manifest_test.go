package local

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

var oneManifest = manifest{Version: 1, Generation: 9, Next: 5, Log: 3, Removing: []uint64{1},
	Segments: []entry{{ID: 2, Rows: 10, Size: 100, CRC: 7, Checked: true, MinTime: -5, MaxTime: 9, Log: 1}, {ID: 4, Rows: 1, Size: 1, Log: 3}}}

func TestManifest(t *testing.T) {
	dir := t.TempDir()
	if _, err := readManifest(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no manifest: %v", err)
	}
	for range 2 { // written anew, too
		if err := writeManifest(dir, &oneManifest); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := readManifest(dir); err != nil || !reflect.DeepEqual(got, oneManifest) {
		t.Errorf("%+v, %v", got, err)
	}
	for what, change := range map[string]func(m *manifest){
		"a segment twice":        func(m *manifest) { m.Segments[1].ID = 2 },
		"a number not given":     func(m *manifest) { m.Next = 4 },
		"no rows":                func(m *manifest) { m.Segments[0].Rows = 0 },
		"times the wrong way":    func(m *manifest) { m.Segments[0].MaxTime = -6 },
		"a negative size":        func(m *manifest) { m.Segments[0].Size = -1 },
		"a layout of the future": func(m *manifest) { m.Version = 2 },
	} {
		m := oneManifest
		m.Segments = append([]entry(nil), m.Segments...)
		change(&m)
		b, err := m.encode()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := decodeManifest(b); !errors.Is(err, errManifest) && !errors.Is(err, errNewer) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// TestNewerFolder refuses a folder of a later version, and leaves it as it is.
func TestNewerFolder(t *testing.T) {
	dir := t.TempDir()
	m := oneManifest
	m.Version = 2
	if err := writeManifest(dir, &m); err != nil {
		t.Fatal(err)
	}
	before, _ := os.ReadFile(filepath.Join(dir, manifestName))
	if err := newStore(t, dir).Start(t.Context()); !errors.Is(err, errNewer) {
		t.Errorf("start: %v", err)
	}
	if _, err := OpenReader(dir); !errors.Is(err, errNewer) {
		t.Errorf("reader: %v", err)
	}
	if after, _ := os.ReadFile(filepath.Join(dir, manifestName)); string(after) != string(before) {
		t.Error("the manifest was changed")
	}
}

// FuzzManifest reads anything as a manifest: as the file, and as what its
// checksum protects.
func FuzzManifest(f *testing.F) {
	b, err := oneManifest.encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	body, err := json.Marshal(oneManifest)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(body)
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, file := range [][]byte{b, fmt.Appendf(nil, "%s%08x%s%s%s", fileBegin, crc32.Checksum(b, castagnoli), fileMiddle, b, fileEnd)} {
			m, err := decodeManifest(file)
			if err != nil {
				if !errors.Is(err, errManifest) && !errors.Is(err, errNewer) {
					t.Errorf("another error: %v", err)
				}
				continue
			}
			again, err := m.encode()
			if err != nil {
				t.Fatal(err)
			}
			if back, err := decodeManifest(again); err != nil || !reflect.DeepEqual(normal(back), normal(m)) {
				t.Errorf("written and read again: %+v, %v; was %+v", back, err, m)
			}
		}
	})
}

// normal makes empty lists nil.
func normal(m manifest) manifest {
	if len(m.Segments) == 0 {
		m.Segments = nil
	}
	if len(m.Removing) == 0 {
		m.Removing = nil
	}
	if len(m.UnreadLogs) == 0 {
		m.UnreadLogs = nil
	}
	if len(m.Undecided) == 0 {
		m.Undecided = nil
	}
	return m
}
