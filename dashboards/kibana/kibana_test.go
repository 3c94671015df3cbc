package kibana_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/weirflow/weir/dashboards/kibana"
	"github.com/weirflow/weir/dashboards/kibana/boards"
	"github.com/weirflow/weir/dashboards/kibana/savedobject"
)

var update = flag.Bool("update", false, "write testdata anew")

// load reads the embedded file as an importing server does.
func load(t *testing.T) []savedobject.Object {
	t.Helper()
	var list []savedobject.Object
	lines := bufio.NewScanner(bytes.NewReader(kibana.Objects()))
	lines.Buffer(nil, 8<<20)
	for lines.Scan() {
		var o savedobject.Object
		decoder := json.NewDecoder(bytes.NewReader(lines.Bytes()))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&o); err != nil {
			t.Fatalf("line %d: %v", len(list)+1, err)
		}
		list = append(list, o)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	if len(list) < 100 {
		t.Fatalf("only %d objects", len(list))
	}
	return list
}

// TestUpToDate wants the generated files to be what the definitions give.
func TestUpToDate(t *testing.T) {
	if !bytes.Equal(kibana.Objects(), savedobject.NDJSON(boards.Objects())) {
		t.Error("weir.ndjson is not up to date: run `go generate ./dashboards/kibana`")
	}
	doc, err := os.ReadFile("../../docs/reference/dashboards.md")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(doc, boards.Reference()) {
		t.Error("docs/reference/dashboards.md is not up to date: run `go generate ./dashboards/kibana`")
	}
}

// TestGeneratedTwice wants the same bytes each time: maps have no order.
func TestGeneratedTwice(t *testing.T) {
	first := savedobject.NDJSON(boards.Objects())
	for range 5 {
		if !bytes.Equal(first, savedobject.NDJSON(boards.Objects())) {
			t.Fatal("two runs of the generator differ")
		}
	}
}

// TestObjectsAreOwned wants a caller's changes to stay its own.
func TestObjectsAreOwned(t *testing.T) {
	kibana.Objects()[0] = 'x'
	if kibana.Objects()[0] != '{' {
		t.Error("a change to the bytes that Objects gave reached the next caller")
	}
}

// TestLimits holds the file against what both products' import accepts.
func TestLimits(t *testing.T) {
	if size := len(kibana.Objects()); size >= 25<<20 {
		t.Errorf("the file has %d bytes, import takes 25 MiB", size)
	}
	if n := len(load(t)); n >= 10000 {
		t.Errorf("the file has %d objects, import takes 10,000", n)
	}
}

// TestIDs wants ids that are unique and those that were released: people's links
// and own boards hold them. A new object is added with -update; one that is gone
// or renamed is a break that the diff shows.
func TestIDs(t *testing.T) {
	var list []string
	seen := map[string]bool{}
	titles := map[string]bool{}
	for _, o := range load(t) {
		key := o.Type + " " + o.ID
		title := o.Type + " " + o.Attributes["title"].(string)
		if seen[key] {
			t.Errorf("two objects are called %s", key)
		}
		if titles[title] {
			t.Errorf("two objects have the title %s", title)
		}
		seen[key], titles[title] = true, true
		if !strings.HasPrefix(o.ID, "weir-") {
			t.Errorf("%s: ids begin with weir-", key)
		}
		list = append(list, key)
	}
	slices.Sort(list)
	got := strings.Join(list, "\n") + "\n"
	const golden = "testdata/ids.txt"
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the ids differ from %s; write it anew with `go test ./dashboards/kibana -update` if that is meant", golden)
	}
}

// TestReferences wants every object that is referred to in the file, and every
// name that an object's attributes use in its references, and no others.
func TestReferences(t *testing.T) {
	objects := load(t)
	known := map[string]bool{}
	for _, o := range objects {
		known[o.Type+" "+o.ID] = true
	}
	for _, o := range objects {
		used := map[string]bool{}
		walk(o.Attributes, func(key string, value any) {
			if name, ok := value.(string); ok && (key == "panelRefName" || key == "indexRefName" || key == "indexPatternRefName") {
				used[name] = true
			}
		})
		for _, r := range o.References {
			if !known[r.Type+" "+r.ID] {
				t.Errorf("%s %s refers to %s %s, which is not in the file", o.Type, o.ID, r.Type, r.ID)
			}
			if !used[r.Name] {
				t.Errorf("%s %s: nothing uses the reference %s", o.Type, o.ID, r.Name)
			}
			delete(used, r.Name)
		}
		for name := range used {
			t.Errorf("%s %s uses %s, which its references lack", o.Type, o.ID, name)
		}
	}
}

// walk visits every member of a value, also of the texts that are JSON.
func walk(value any, visit func(key string, value any)) {
	switch v := value.(type) {
	case string:
		var inside any
		if (strings.HasPrefix(v, "{") || strings.HasPrefix(v, "[")) && json.Unmarshal([]byte(v), &inside) == nil {
			walk(inside, visit)
		}
	case []any:
		for _, one := range v {
			walk(one, visit)
		}
	case map[string]any:
		for key, member := range v {
			visit(key, member)
			walk(member, visit)
		}
	}
}

// allowed are the attributes that both products' mappings have: Kibana checks
// them from 8.8 on, OpenSearch Dashboards' mappings are strict (server/saved_objects
// of both; data views take any).
var allowed = map[string][]string{
	"visualization": {"title", "description", "version", "kibanaSavedObjectMeta", "uiStateJSON", "visState", "savedSearchRefName"},
	"dashboard": {"title", "description", "kibanaSavedObjectMeta", "timeRestore", "timeFrom", "timeTo", "refreshInterval", "panelsJSON",
		"optionsJSON", "hits", "version"},
	"search":        {"title", "description", "hits", "columns", "sort", "version", "kibanaSavedObjectMeta"},
	"index-pattern": {"title", "timeFieldName", "fields", "fieldFormatMap", "allowNoIndex"},
}

// newest are the newest migrations that 7.10 and OpenSearch Dashboards know; what
// says that it is newer is refused.
var newest = map[string]string{"visualization": "7.10.0", "dashboard": "7.9.3", "search": "7.9.3", "index-pattern": "7.6.0"}

func TestAttributes(t *testing.T) {
	for _, o := range load(t) {
		if allowed[o.Type] == nil {
			t.Errorf("%s is no type of both products", o.Type)
		}
		for name := range o.Attributes {
			if !slices.Contains(allowed[o.Type], name) {
				t.Errorf("%s %s: the attribute %s is not in both products' mappings", o.Type, o.ID, name)
			}
		}
		if len(o.Migration) != 1 || o.Migration[o.Type] != newest[o.Type] {
			t.Errorf("%s %s: migrationVersion is %v, want %s", o.Type, o.ID, o.Migration, newest[o.Type])
		}
		meta, _ := o.Attributes["kibanaSavedObjectMeta"].(map[string]any)
		if o.Type != "index-pattern" && (len(meta) != 1 || meta["searchSourceJSON"] == nil) {
			t.Errorf("%s %s: kibanaSavedObjectMeta is %v", o.Type, o.ID, meta)
		}
	}
}

// both are the kinds of visualization that were seen to work on both products.
var both = []string{"metric", "table", "pie", "tagcloud", "histogram", "horizontal_bar", "heatmap", "markdown", "metrics", "vega", "input_control_vis"}

func TestKindsOfPanel(t *testing.T) {
	for _, o := range load(t) {
		if o.Type != "visualization" {
			continue
		}
		var state struct{ Title, Type string }
		if err := json.Unmarshal([]byte(o.Attributes["visState"].(string)), &state); err != nil {
			t.Fatalf("%s: %v", o.ID, err)
		}
		if !slices.Contains(both, state.Type) {
			t.Errorf("%s: no product is known to show a %s as the other does", o.ID, state.Type)
		}
		if state.Title != o.Attributes["title"] {
			t.Errorf("%s has two titles", o.ID)
		}
		bare := strings.HasSuffix(o.ID, "-navigation") || strings.HasSuffix(o.ID, "-filters") || strings.HasSuffix(o.ID, "totals")
		if (o.Attributes["description"] == "") != bare {
			t.Errorf("%s: the description is %q; only panels without a title have none", o.ID, o.Attributes["description"])
		}
	}
}
