package ipfix

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"
)

// seedLength is how much of a set makes a seed, in bytes.
const seedLength = 2 << 10

// templateSets gives the definitions in the datagrams of testdata, and in those of
// the shared captures of real exporters that stand in files of their own, where they
// are.
func templateSets(f *testing.F) (list [][]byte) {
	f.Helper()
	shared := os.Getenv("WEIR_SHARED")
	if shared == "" {
		shared = "../../shared"
	}
	for pattern, least := range map[string]int{"../testdata/quirks/*.bin": 50, filepath.Join(shared, "captures/*/*"): 50} {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		found := 0
		for _, path := range paths {
			b, err := os.ReadFile(path)
			if err != nil || filepath.Ext(path) == ".pcap" {
				continue // a folder
			}
			sets := definitions(b)
			list, found = append(list, sets...), found+len(sets)
		}
		if found < least && (len(paths) > 0 || os.Getenv("WEIR_REQUIRE") == "1") {
			f.Fatalf("%d sets of templates in %s, want %d", found, pattern, least)
		}
	}
	return list
}

// definitions gives the template sets of one message.
func definitions(b []byte) (list [][]byte) {
	h, at, err := ParseHeader(b)
	if err != nil {
		return nil
	}
	for len(b)-at >= SetHeaderLen {
		id, length := binary.BigEndian.Uint16(b[at:]), int(binary.BigEndian.Uint16(b[at+2:]))
		if length < SetHeaderLen || length > len(b)-at {
			break
		}
		if id == TemplateSet && h.Version == Version || id == OptionsTemplateSet && h.Version == Version || h.Version == Version9 && id <= OptionsTemplateSet9 {
			list = append(list, b[at+SetHeaderLen:at+min(length, seedLength)])
		}
		at += length
	}
	return list
}
