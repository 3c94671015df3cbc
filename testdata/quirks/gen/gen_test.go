package main

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// TestCommitted: the generator must still make the committed files, and no other file lies beside them.
func TestCommitted(t *testing.T) {
	dir := t.TempDir()
	if err := generate(dir); err != nil {
		t.Fatal(err)
	}
	made := map[string]bool{"gen": true}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		made[e.Name()] = true
		got, want := read(t, filepath.Join(dir, e.Name())), read(t, filepath.Join("..", e.Name()))
		if !bytes.Equal(got, want) {
			t.Errorf("%s: the generator makes other bytes than the committed ones; run go run ./testdata/quirks/gen testdata/quirks", e.Name())
		}
	}
	committed, err := os.ReadDir("..")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range committed {
		if !made[e.Name()] {
			t.Errorf("%s is not made by the generator", e.Name())
		}
	}
}

// read reads a file; of a compressed one the content counts, which compressors may pack differently.
func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Error(err)
		return nil
	}
	if filepath.Ext(path) != ".gz" {
		return data
	}
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if data, err = io.ReadAll(r); err != nil {
		t.Fatal(err)
	}
	return data
}

// TestNamesAreUnique: no quirk overwrites another, and each says what it proves.
func TestNamesAreUnique(t *testing.T) {
	seen := map[string]bool{}
	for _, q := range all() {
		if seen[q.File] {
			t.Errorf("%s twice", q.File)
		}
		seen[q.File] = true
		if q.About == "" || len(q.datagrams) == 0 {
			t.Errorf("%s proves nothing", q.File)
		}
	}
	if len(seen) < 90 {
		t.Errorf("only %d quirks", len(seen))
	}
}

// TestLargestMessage: the largest message is exactly as long as a length field can say.
func TestLargestMessage(t *testing.T) {
	for _, q := range all() {
		if q.Name == "ipfix-largest" {
			if n := len(q.datagrams[0]); n != 65535 || be.Uint16(q.datagrams[0][2:]) != 65535 {
				t.Errorf("%d bytes, header says %d", n, be.Uint16(q.datagrams[0][2:]))
			}
			return
		}
	}
	t.Error("it is missing")
}
