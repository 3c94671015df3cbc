package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/weirflow/weir/flow/catalogue"
)

// TestUpToDate regenerates every derived file and compares it with the one in
// the tree.
func TestUpToDate(t *testing.T) {
	dir := t.TempDir()
	for _, sub := range []string{"flow", "docs"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := generate(dir); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"flow/record_gen.go", "flow/set_gen.go", "flow/json_gen.go", "flow/status_gen.go", "docs/fields.md"} {
		want, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join("../../..", name))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not what the catalogue gives; run `make generate` (%v)", name, err)
		}
	}
}

func TestCheckRefuses(t *testing.T) {
	row := func(name, ident string) catalogue.Field {
		return catalogue.Field{Name: name, Go: ident, Type: catalogue.U8, Meaning: "m"}
	}
	for what, fields := range map[string][]catalogue.Field{
		"a name twice":           {row("a", "A"), row("a", "B")},
		"an identifier twice":    {row("a", "A"), row("b", "A")},
		"a group torn apart":     {row("a.x", "A"), row("b", "B"), row("a.y", "C")},
		"an inner group torn":    {row("a.b.x", "A"), row("a.c", "B"), row("a.b.y", "C")},
		"no meaning":             {{Name: "a", Go: "A", Type: catalogue.U8}},
		"derived with a Go name": {{Name: "a", Go: "A", Type: catalogue.IP, Form: catalogue.FormRelatedIP, Meaning: "m"}},
	} {
		if check(fields) == nil {
			t.Errorf("%s is accepted", what)
		}
	}
	status := func(name, ident string, kind catalogue.Type, of catalogue.StatusOf) catalogue.StatusField {
		return catalogue.StatusField{Name: name, Go: ident, Type: kind, Of: of, Meaning: "m"}
	}
	for what, fields := range map[string][]catalogue.StatusField{
		"a name twice":           {status("a", "A", catalogue.U64, 1), status("a", "B", catalogue.U64, 1)},
		"an identifier twice":    {status("a", "A", catalogue.U64, 1), status("b", "A", catalogue.U64, 1)},
		"a type of fields alone": {status("a", "A", catalogue.IP, 1)},
		"nobody's":               {status("a", "A", catalogue.U64, 0)},
	} {
		if checkStatus(fields) == nil {
			t.Errorf("Status: %s is accepted", what)
		}
	}
	if err := check(catalogue.Fields); err != nil {
		t.Error(err)
	}
}
