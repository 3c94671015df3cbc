package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/oschwald/maxminddb-golang/v2"
)

const (
	csv4 = "1.1.1.0,1.1.1.255,13335,\"Cloudflare, Inc.\"\n8.8.8.0,8.8.8.255,15169,Google LLC\n9.9.9.0,9.9.9.127,0,\n10.0.0.0,10.0.0.255,64512,reserved\n"
	csv6 = "2001:4860::,2001:4860:ffff:ffff:ffff:ffff:ffff:ffff,15169,Google LLC\n"
)

func TestMakeASN(t *testing.T) {
	in, out := t.TempDir(), t.TempDir()
	for name, text := range map[string]string{"asn-ipv4.csv": csv4, "asn-ipv6.csv": csv6} {
		if err := os.WriteFile(filepath.Join(in, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := makeASN(in, sources[0].files, out); err != nil {
		t.Fatal(err)
	}
	db, err := maxminddb.Open(filepath.Join(out, "asn.mmdb"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Verify(); err != nil {
		t.Error(err)
	}
	for addr, want := range map[string]struct {
		number       uint32
		organization string
	}{
		"1.1.1.1": {13335, "Cloudflare, Inc."}, "8.8.8.255": {15169, "Google LLC"}, "2001:4860:4860::8888": {15169, "Google LLC"},
		"8.8.9.0": {}, "9.9.9.9": {}, "10.0.0.1": {}, "2001:4861::": {},
	} {
		var got struct {
			Number       uint32 `maxminddb:"autonomous_system_number"`
			Organization string `maxminddb:"autonomous_system_organization"`
		}
		if err := db.Lookup(netip.MustParseAddr(addr)).Decode(&got); err != nil || got.Number != want.number || got.Organization != want.organization {
			t.Errorf("%s: %+v %v, want %+v", addr, got, err, want)
		}
	}
	left, err := os.ReadDir(out)
	if err != nil || len(left) != 1 {
		t.Errorf("the folder holds %v, want asn.mmdb alone (%v)", left, err)
	}
}

// A build that fails leaves the file before it in place.
func TestFailureKeepsTheOldFile(t *testing.T) {
	in, out := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(out, "country.mmdb"), []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(in, "geo-whois-asn-country.mmdb"), []byte("broken"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := makeCopies(in, sources[1].files, out); err == nil || !strings.Contains(err.Error(), "does not open") {
		t.Errorf("error %v, want one that says the file does not open", err)
	}
	if content, err := os.ReadFile(filepath.Join(out, "country.mmdb")); string(content) != "old" {
		t.Errorf("country.mmdb holds %q (%v), want the old content", content, err)
	}
}

func TestReadCSVErrors(t *testing.T) {
	for text, want := range map[string]string{
		"1.1.1.0,1.1.1.255,1\n":                       "line 1",
		"1.1.1.0,1.1.1.255,1,a\nx,1.1.1.255,1,b\n":    "line 2",
		"1.1.1.255,1.1.1.0,1,a\n":                     "not a range",
		"1.1.1.0,2001:db8::,1,a\n":                    "not a range",
		"1.1.1.0,1.1.1.255,4294967296,a\n":            "line 1",
		"fe80::1%eth0,fe80::2%eth0,1,a\n":             "not a range",
		"1.1.1.0,1.1.1.255,1,\"a\n":                   "quote",
		"1.1.1.0,1.1.1.255,-1,a\n1.1.1.0,1.1.1.1,2,b": "line 1",
	} {
		if err := readCSV(strings.NewReader(text), func(row) error { return nil }); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want an error with %q", text, err, want)
		}
	}
}

func FuzzReadCSV(f *testing.F) {
	f.Add(csv4)
	f.Add(csv6)
	f.Fuzz(func(t *testing.T, text string) {
		_ = readCSV(strings.NewReader(text), func(r row) error {
			if r.first.BitLen() != r.last.BitLen() || r.last.Less(r.first) || r.number == 0 {
				t.Errorf("bad row %+v", r)
			}
			return nil
		})
	})
}

func archive(t *testing.T, files map[string]string) []byte {
	t.Helper()
	var out bytes.Buffer
	zipped := gzip.NewWriter(&out)
	w := tar.NewWriter(zipped)
	for name, content := range files {
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(content))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zipped.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestUnpack(t *testing.T) {
	folder := t.TempDir()
	text := archive(t, map[string]string{"package/package.json": `{"version":"1.2.3"}`, "package/a.csv": "A", "../b.csv": "B", "package/../../evil": "E"})
	if version, err := unpack(bytes.NewReader(text), folder, map[string]string{"a.csv": "x"}); err != nil || version != "1.2.3" {
		t.Errorf("version %q, %v", version, err)
	}
	if content, err := os.ReadFile(filepath.Join(folder, "a.csv")); string(content) != "A" {
		t.Errorf("a.csv holds %q (%v)", content, err)
	}
	if entries, err := os.ReadDir(folder); err != nil || len(entries) != 1 {
		t.Errorf("unpacked %v, want a.csv alone (%v)", entries, err)
	}
	if _, err := unpack(bytes.NewReader(text), folder, map[string]string{"a.csv": "x", "b.csv": "y"}); err == nil || !strings.Contains(err.Error(), "1 of 2") {
		t.Errorf("error %v, want one that counts the missing file", err)
	}
}

func TestWithoutNPM(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if err := run(context.Background(), t.TempDir()); err == nil || !strings.Contains(err.Error(), "npm was not found") {
		t.Errorf("error %v, want one that says npm is missing", err)
	}
}
