package collector

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// seedLength is how much of a file makes a seed, in bytes.
const seedLength = 4 << 10

// captured gives the messages of real exporters, one or several to a seed, that
// stand in files of their own among the shared captures, where they are.
func captured(f *testing.F) (list [][]byte) {
	f.Helper()
	shared := os.Getenv("WEIR_SHARED")
	if shared == "" {
		shared = "../../shared"
	}
	dir := filepath.Join(shared, "captures")
	index, err := os.ReadFile(filepath.Join(dir, "INDEX.tsv"))
	if err != nil {
		if os.Getenv("WEIR_REQUIRE") == "1" {
			f.Fatalf("the captures are required: %v", err)
		}
		f.Logf("no seeds from captures of real exporters: %v", err)
		return nil
	}
	for line := range strings.Lines(string(index)) {
		cells := strings.Split(line, "\t")
		if len(cells) < 3 || cells[2] != "raw-datagram" && cells[2] != "concatenated" {
			continue
		}
		file, err := os.Open(filepath.Join(dir, cells[0]))
		if err != nil {
			f.Fatal(err)
		}
		b, err := io.ReadAll(io.LimitReader(file, seedLength))
		if err = errors.Join(err, file.Close()); err != nil {
			f.Fatal(err)
		}
		list = append(list, b)
	}
	if len(list) < 100 {
		f.Fatalf("only %d files of messages in the index", len(list))
	}
	return list
}

// quirks gives the datagrams of testdata.
func quirks(f *testing.F) (list [][]byte) {
	f.Helper()
	paths, err := filepath.Glob("../testdata/quirks/*.bin")
	if err != nil || len(paths) == 0 {
		f.Fatalf("no quirks, error %v", err)
	}
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		list = append(list, b)
	}
	return list
}
