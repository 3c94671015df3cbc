package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestBar: the line comes when it takes a while, at most ten times a second, and
// goes again.
func TestBar(t *testing.T) {
	now := noon
	var out bytes.Buffer
	b := newBar(&out, "flows", func() time.Time { return now })
	if b.out != nil {
		t.Fatal("a buffer is taken for a terminal")
	}
	b.out = &out
	b.show(10, 1000)
	b.clear()
	if out.Len() > 0 {
		t.Errorf("at once: %q", out.String())
	}
	now = now.Add(time.Second)
	b.show(250, 1000)
	b.show(251, 1000)
	if want := "\r\x1b[K" + strings.Repeat("█", 7) + "▌" + strings.Repeat(" ", 22) + "  25 % of 1000 flows, 3s left"; out.String() != want {
		t.Errorf("%q, want %q", out.String(), want)
	}
	out.Reset()
	now = now.Add(time.Second)
	b.show(500, 0)
	b.clear()
	b.clear()
	if want := "\r\x1b[K500 flows, 250 per second\r\x1b[K"; out.String() != want {
		t.Errorf("%q, want %q", out.String(), want)
	}
}

// TestInterrupted: what is cancelled says so, and leaves no file behind.
func TestInterrupted(t *testing.T) {
	store := filepath.Join(t.TempDir(), "flows")
	makeStore(t, store, 2000, 1024)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	dir := t.TempDir()
	for _, arguments := range [][]string{
		{"query", "--data", store}, {"query", "--data", store, "--newest", "5", "--page", "3"}, {"query", "--data", store, "--histogram", "auto"},
		{"export", "--data", store, "--out", filepath.Join(dir, "a.ndjson")}, {"export", "--data", store, "--out", filepath.Join(dir, "a.parquet")},
		{"import", "http://127.0.0.1:9", "--data", store, "--state", filepath.Join(dir, "state")},
	} {
		var out, errOut bytes.Buffer
		if status := run(ctx, arguments, nil, &out, &errOut); status != exitError || !strings.HasPrefix(errOut.String(), "weir: interrupted") {
			t.Errorf("%v: exit status %d: %s", arguments, status, errOut.String())
		}
	}
	if rest, err := os.ReadDir(dir); err != nil || len(rest) > 0 {
		t.Errorf("left behind: %v", rest)
	}
}
