package main

import (
	"bytes"
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/weirflow/weir/cmd/weir/internal/transfer"
	"github.com/weirflow/weir/indexer/local/segment"
	"github.com/weirflow/weir/indexer/query"
)

func sortedLines(text string) []string {
	list := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	slices.Sort(list)
	return list
}

// TestProgramExport has one collector write every recorded export to its store
// and to a file of documents. What weir export makes of the store, in each
// format, is the same, to the last letter.
func TestProgramExport(t *testing.T) {
	dir := t.TempDir()
	file, store := filepath.Join(dir, "documents"), filepath.Join(dir, "flows")
	p := start(t, t.TempDir(), "--collector-port", "udp://127.0.0.1:0", "--http-listen", "none", "--output", "ndjson:"+file, "--output", "local:"+store)
	exports, err := filepath.Glob(filepath.Join(testdata, "exports", "*.pcap"))
	if err != nil {
		t.Fatal(err)
	}
	quirks, err := filepath.Glob(filepath.Join(testdata, "quirks", "*.bin"))
	if err != nil {
		t.Fatal(err)
	}
	p.replayTo(append(exports, quirks...)...)
	p.stop()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	want := sortedLines(string(text))
	if len(want) < 5000 {
		t.Fatalf("only %d documents", len(want))
	}
	same := func(what, text string) {
		t.Helper()
		got := sortedLines(text)
		if len(got) != len(want) {
			t.Errorf("%s: %d documents, want %d", what, len(got), len(want))
		}
		for i := range min(len(got), len(want)) {
			if got[i] != want[i] {
				t.Fatalf("%s: document\n%s\nwant\n%s", what, got[i], want[i])
			}
		}
	}
	out, errOut, status := weir(t, "export", "--data", store, "--kind", "all")
	if status != exitOK || errOut != "" {
		t.Fatalf("exit status %d: %s", status, errOut)
	}
	same("ndjson", out)

	parquet := filepath.Join(dir, "all.parquet")
	if _, errOut, status := weir(t, "export", "--data", store, "--kind", "all", "--out", parquet); status != exitOK {
		t.Fatalf("exit status %d: %s", status, errOut)
	}
	s, err := segment.Open(parquet)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	var source transfer.Source
	for _, b := range s.Blocks() {
		source = append(source, b)
	}
	var again bytes.Buffer
	if _, err := source.Export(t.Context(), query.Request{}, "ndjson", nil, &again); err != nil {
		t.Fatal(err)
	}
	same("parquet", again.String())
	if piped, _, status := weir(t, "export", "--data", store, "--kind", "all", "--format", "parquet"); status != exitOK || !strings.HasPrefix(piped, "PAR1") || !strings.HasSuffix(piped, "PAR1") {
		t.Errorf("to a pipe: exit status %d, %d bytes", status, len(piped))
	}

	out, _, _ = weir(t, "export", "--data", store, "--format", "csv", "--fields", "source.ip,network.bytes,network.community_id")
	rows, err := csv.NewReader(strings.NewReader(out)).ReadAll()
	if err != nil || len(rows) < 2 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	sum, identifiers := int64(0), 0
	for _, r := range rows[1:] {
		n, _ := strconv.ParseInt(r[1], 10, 64)
		sum += n
		if strings.HasPrefix(r[2], "1:") {
			identifiers++
		}
	}
	if flows, bytes := totalsOf(t, store); int64(len(rows)-1) != flows || sum != bytes || identifiers < len(rows)/2 {
		t.Errorf("csv has %d flows with %d bytes, %d identifiers; want %d with %d", len(rows)-1, sum, identifiers, flows, bytes)
	}
}
