// Package weir_test holds the checks of the whole tree: which room may import
// which, that every package says what it is for, and that no file grows too
// long.
package weir_test

import (
	"bufio"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/weirflow/weir/"

// arrows lists, for each room, the other rooms that it may import
// (docs/internals.md draws them).
var arrows = map[string][]string{
	"cmd":        {"collector", "enrich", "indexer", "dashboards", "export", "probe", "flow", "ipfix"},
	"collector":  {"flow", "ipfix"},
	"enrich":     {"flow"},
	"indexer":    {"flow"},
	"dashboards": {"flow"},
	"export":     {"flow", "ipfix"},
	"probe":      {"flow"},
	"flow":       {},
	"ipfix":      {},
	"testdata":   {},
	// Tests of files only; they borrow the tests' own servers.
	"deployments": {"indexer"},
}

// maxLines is the hard limit of a file that people write.
const maxLines = 400

// sources walks the Go files of the tree.
func sources(t *testing.T, visit func(path string, file *ast.File, lines int, generated bool)) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (path == "build" || path == "data" || strings.HasPrefix(d.Name(), ".") && path != ".") {
			return fs.SkipDir
		}
		if d.IsDir() || filepath.Ext(path) != ".go" {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, text, parser.ParseComments)
		if err != nil {
			return err
		}
		files++
		visit(path, file, strings.Count(string(text), "\n"), ast.IsGenerated(file))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 50 {
		t.Fatalf("only %d files were found", files)
	}
}

func room(path string) string {
	first, _, _ := strings.Cut(filepath.ToSlash(path), "/")
	return first
}

func TestArrows(t *testing.T) {
	sources(t, func(path string, file *ast.File, _ int, _ bool) {
		from := room(path)
		if from == path { // a file of the root
			return
		}
		allowed, known := arrows[from]
		if !known {
			t.Errorf("%s: no room is called %q", path, from)
			return
		}
		for _, spec := range file.Imports {
			name, _ := strconv.Unquote(spec.Path.Value)
			inside, ok := strings.CutPrefix(name, module)
			if !ok || room(inside) == from {
				continue
			}
			found := false
			for _, to := range allowed {
				found = found || to == room(inside)
			}
			if !found {
				t.Errorf("%s imports %s; %s may import only %v", path, name, from, allowed)
			}
		}
	})
}

func TestPackagesSayWhatTheyAreFor(t *testing.T) {
	docs := map[string]int{}
	sources(t, func(path string, file *ast.File, _ int, _ bool) {
		if strings.HasSuffix(path, "_test.go") {
			return
		}
		dir := filepath.Dir(path)
		docs[dir] += 0
		if file.Doc != nil {
			docs[dir]++
		}
	})
	for dir, n := range docs {
		if n != 1 {
			t.Errorf("%s has %d package comments, want 1", dir, n)
		}
	}
}

func TestFilesStayShort(t *testing.T) {
	sources(t, func(path string, _ *ast.File, lines int, generated bool) {
		if lines > maxLines && !generated {
			t.Errorf("%s has %d lines, the limit is %d", path, lines, maxLines)
		}
	})
}

// TestNoForbiddenNames refuses the packages that a helper ends up in when
// nobody has thought about where it belongs.
func TestNoForbiddenNames(t *testing.T) {
	sources(t, func(path string, file *ast.File, _ int, _ bool) {
		switch file.Name.Name {
		case "utils", "util", "helpers", "helper", "common", "misc":
			t.Errorf("%s: a package must not be called %s", path, file.Name.Name)
		}
	})
}

// TestDependenciesAreExplained wants a reason in docs/internals.md for every
// module that go.mod requires directly.
func TestDependenciesAreExplained(t *testing.T) {
	mod, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := os.ReadFile("docs/internals.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(doc), "## Dependencies")
	direct := 0
	for line := range strings.Lines(string(mod)) {
		fields := strings.Fields(strings.TrimPrefix(line, "require "))
		if len(fields) != 2 || !strings.Contains(fields[0], ".") || !strings.HasPrefix(fields[1], "v") {
			continue // no requirement, or an indirect one
		}
		direct++
		if name := strings.TrimPrefix(fields[0], "github.com/"); !strings.Contains(table, name) {
			t.Errorf("docs/internals.md does not say why %s is there", name)
		}
	}
	if direct < 10 {
		t.Errorf("only %d direct dependencies were found", direct)
	}
}

// TestTestsDoNotSleep refuses sleeping in tests: what they wait for must tell.
func TestTestsDoNotSleep(t *testing.T) {
	sources(t, func(path string, _ *ast.File, _ int, _ bool) {
		if !strings.HasSuffix(path, "_test.go") || path == "architecture_test.go" {
			return
		}
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		for n, s := 1, bufio.NewScanner(f); s.Scan(); n++ {
			if strings.Contains(s.Text(), "time.Sleep(") {
				t.Errorf("%s:%d sleeps", path, n)
			}
		}
	})
}
