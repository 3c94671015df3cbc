package main

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// exportTo runs weir export in this process.
func exportTo(t *testing.T, store, file string) error {
	t.Helper()
	o := exportOptions{selection: selection{kind: "flows", data: store}, out: file}
	var out bytes.Buffer
	err := o.run(t.Context(), &out, &out)
	if out.Len() > 0 {
		t.Errorf("%s: printed %q", file, out.String())
	}
	return err
}

// TestExportPipe: a pipe is written to and stays one.
func TestExportPipe(t *testing.T) {
	store, pipe := filepath.Join(t.TempDir(), "flows"), filepath.Join(t.TempDir(), "pipe")
	makeStore(t, store, 100, 1024)
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	// Open for reading and writing, so that neither side waits for the other.
	reader, err := os.OpenFile(pipe, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = reader.Close() }()
	ended := make(chan error, 1)
	go func() { ended <- exportTo(t, store, pipe) }()
	text, lines := make([]byte, 1<<16), 0
	for lines < 100 {
		n, err := reader.Read(text)
		if err != nil {
			t.Fatal(err)
		}
		lines += bytes.Count(text[:n], []byte("\n"))
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if about, err := os.Lstat(pipe); err != nil || about.Mode().Type() != fs.ModeNamedPipe {
		t.Errorf("%v, %v", about, err)
	}
}

// TestExportPlaces: links are followed, the mode of a file stays, and what cannot
// be a file is told before any work.
func TestExportPlaces(t *testing.T) {
	store, dir := filepath.Join(t.TempDir(), "flows"), t.TempDir()
	makeStore(t, store, 10, 1024)
	file, link, dangling := filepath.Join(dir, "file"), filepath.Join(dir, "link"), filepath.Join(dir, "dangling")
	if err := os.WriteFile(file, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("file", link); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("gone", dangling); err != nil {
		t.Fatal(err)
	}
	if err := exportTo(t, store, link); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil || bytes.Count(text, []byte("\n")) != 10 {
		t.Errorf("%v: %s", err, text)
	}
	if about, err := os.Lstat(link); err != nil || about.Mode().Type() != fs.ModeSymlink {
		t.Errorf("the link: %v, %v", about, err)
	}
	if about, err := os.Stat(file); err != nil || about.Mode().Perm() != 0o600 {
		t.Errorf("the file: %v, %v", about, err)
	}
	for name, want := range map[string]string{dir: "is a folder; name a file in it", dangling: "is a link to nothing", filepath.Join(file, "x"): "--out: ", filepath.Join(dir, "no", "x"): "cannot be made"} {
		// A store that is not there would be told next.
		if err := exportTo(t, filepath.Join(dir, "no store"), name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", name, err, want)
		}
	}
	if list, err := os.ReadDir(dir); err != nil || len(list) != 3 {
		t.Errorf("left behind: %v, %v", list, err)
	}
}
