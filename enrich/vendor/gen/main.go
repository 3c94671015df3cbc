// Command gen writes oui.tsv, the organisations that IEEE has assigned MAC
// address prefixes to, from the npm package oui-data. The pinned version fixes
// the result; raise it to bring the registry up to date.
package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// source is the package and version that the table is made from; date is when
// that version was published.
const (
	source = "oui-data@2.1.9"
	date   = "2026-08-26"
)

func main() {
	log.SetFlags(0)
	registry, err := fetch()
	if err != nil {
		log.Fatalf("%s: %v", source, err)
	}
	if err := os.WriteFile("oui.tsv", table(registry), 0o644); err != nil {
		log.Fatal(err)
	}
}

// table groups the prefixes by organisation, in the order of names.
func table(registry map[string]string) []byte {
	prefixes := map[string][]string{}
	for prefix, text := range registry {
		name, _, _ := strings.Cut(text, "\n") // the postal address follows
		name = strings.Join(strings.Fields(name), " ")
		if name == "" || name == "Private" || name == "IEEE Registration Authority" {
			continue // the holder is not named, or the block is subdivided
		}
		prefixes[name] = append(prefixes[name], strings.ToLower(prefix))
	}
	names := make([]string, 0, len(prefixes))
	for name := range prefixes {
		names = append(names, name)
	}
	slices.Sort(names)
	var out bytes.Buffer
	fmt.Fprintf(&out, "# MAC address prefixes by organisation: name, prefixes of 6 (MA-L), 7 (MA-M) or 9 (MA-S) hexadecimal digits.\n"+
		"# Source: IEEE Registration Authority, as packaged by %s of %s (BSD-2-Clause). Written by enrich/vendor/gen; DO NOT EDIT.\n", source, date)
	for _, name := range names {
		slices.Sort(prefixes[name])
		fmt.Fprintf(&out, "%s\t%s\n", name, strings.Join(prefixes[name], " "))
	}
	return out.Bytes()
}

// fetch has npm bring the package and reads its index.json.
func fetch() (map[string]string, error) {
	dir, err := os.MkdirTemp("", "oui")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	npm := exec.Command("npm", "pack", "--silent", "--pack-destination", dir, source)
	npm.Dir, npm.Stderr = dir, os.Stderr
	if err := npm.Run(); err != nil {
		return nil, fmt.Errorf("npm pack (is npm installed and the registry reachable?): %w", err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.tgz"))
	if err != nil || len(files) != 1 {
		return nil, fmt.Errorf("npm pack left %d archives, want 1", len(files))
	}
	f, err := os.Open(files[0])
	if err != nil {
		return nil, err
	}
	defer f.Close()
	unzipped, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	archive := tar.NewReader(unzipped)
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return nil, errors.New("the archive has no package/index.json")
		}
		if err != nil {
			return nil, err
		}
		if header.Name == "package/index.json" {
			registry := map[string]string{}
			return registry, json.NewDecoder(archive).Decode(&registry)
		}
	}
}
