package capture

import (
	"bytes"
	"errors"
	"io"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gopacket/gopacket/pcapgo"
)

// What is taken of each capture for the fuzz tests, which try short inputs quicker.
const (
	seedLength  = 4 << 10 // bytes of a file
	seedPackets = 2
)

// captured gives the beginnings of the shared captures of real exporters, where they
// are.
func captured(f *testing.F) (list [][]byte) {
	f.Helper()
	shared := os.Getenv("WEIR_SHARED")
	if shared == "" {
		shared = "../../../../../shared"
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
		path, _, _ := strings.Cut(line, "\t")
		if path == "path" {
			continue // the heading
		}
		file, err := os.Open(filepath.Join(dir, path))
		if err != nil {
			f.Fatal(err)
		}
		b, err := io.ReadAll(io.LimitReader(file, seedLength))
		if err = errors.Join(err, file.Close()); err != nil {
			f.Fatal(err)
		}
		list = append(list, b)
	}
	return list
}

// firstPackets gives link types and packets of a pcap; of another file nothing.
func firstPackets(file []byte) iter.Seq2[uint16, []byte] {
	return func(yield func(uint16, []byte) bool) {
		r, err := pcapgo.NewReader(bytes.NewReader(file))
		for range seedPackets {
			if err != nil {
				return
			}
			var packet []byte
			if packet, _, err = r.ReadPacketData(); err == nil && !yield(uint16(r.LinkType()), packet) {
				return
			}
		}
	}
}
