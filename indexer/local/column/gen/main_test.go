package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// TestUpToDate regenerates the file and compares it with the one in the tree.
func TestUpToDate(t *testing.T) {
	want, err := generate()
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join("..", fileName))
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s is not what the catalogue gives; run `make generate` (%v)", fileName, err)
	}
}
