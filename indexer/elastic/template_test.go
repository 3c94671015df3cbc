package elastic

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weirflow/weir/flow/catalogue"
)

var update = flag.Bool("update", false, "write the golden files in testdata anew")

var bothProducts = []product{{elasticsearch, "8.19.0"}, {opensearch, "2.19.1"}}

// allTemplates is how many index templates the set-up installs.
var allTemplates = len(templates(bothProducts[0], DefaultConfig("http://x")))

// The golden files are what servers are sent. When this test fails because the
// mapping was meant to change, templateVersion must grow, too; then run
//
//	go test ./indexer/elastic -run TestTemplates -update
func TestTemplates(t *testing.T) {
	for _, p := range bothProducts {
		all := templates(p, DefaultConfig("http://x"))
		if names := slices.Sorted(maps.Keys(all)); !slices.Equal(names, []string{"weir-counters-default", "weir-exporters-default", "weir-flows-default", "weir-rejected-default", "weir-rollup-1h-default", "weir-rollup-1m-default"}) {
			t.Errorf("%s: templates %v", p.name, names)
		}
		for name, template := range all {
			got, err := json.MarshalIndent(template, "", " ")
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, '\n')
			golden := filepath.Join("testdata", p.name+"-"+strings.TrimSuffix(name, "-default")+".json")
			if *update {
				if err := os.WriteFile(golden, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%s differs from what %s gets for %s now; see this test's comment", golden, p.name, name)
			}
		}
	}
}

// Every field of the catalogue must be mapped, with the type that searches and
// aggregations on it need. The table here is independent of the catalogue's own
// StoreType.
func TestEveryFieldIsMapped(t *testing.T) {
	types := map[catalogue.Type]string{
		catalogue.IP: "ip", catalogue.U8: "long", catalogue.U16: "long", catalogue.U32: "long", catalogue.U64: "long",
		catalogue.I64: "long", catalogue.Time: "date", catalogue.Keyword: "keyword", catalogue.Keywords: "keyword",
		catalogue.MAC: "keyword", catalogue.GeoPoint: "geo_point", catalogue.Labels: "long",
	}
	texts := []catalogue.Form{catalogue.FormText, catalogue.FormTCPFlags, catalogue.FormEndReason, catalogue.FormDirection, catalogue.FormForwarding, catalogue.FormEventType}
	for _, p := range bothProducts {
		all := templates(p, DefaultConfig("http://x"))
		for _, stream := range []string{streamFlows, streamCounters, streamExporters, streamRollupMinute, streamRollupHour} {
			properties := all[stream+"default"]["template"].(object)["mappings"].(object)["properties"].(object)
			leaves := make(map[string]string)
			collectLeaves(properties, "", leaves)
			for i := range catalogue.Fields {
				f := &catalogue.Fields[i]
				want := types[f.Type]
				if slices.Contains(texts, f.Form) {
					want = "keyword" // written as texts
				}
				if f.Type == catalogue.Elements {
					want = map[string]string{elasticsearch: "flattened", opensearch: "flat_object"}[p.name]
					if stream != streamFlows {
						want = "" // flow.counters and flow.status have its place, and roll-ups have none
					}
				}
				if got := leaves[f.Name]; got != want {
					t.Errorf("%s %s: %s is mapped as %q, want %q", p.name, stream, f.Name, got, want)
				}
				delete(leaves, f.Name)
			}
			delete(leaves, "flow.counters")
			for i := range catalogue.Status {
				f := &catalogue.Status[i]
				if got := leaves[f.Path()]; stream == streamExporters && got != f.StoreType() {
					t.Errorf("%s %s: %s is mapped as %q, want %q", p.name, stream, f.Path(), got, f.StoreType())
				}
				delete(leaves, f.Path())
			}
			if len(leaves) > 0 {
				t.Errorf("%s %s: mapped, but in no catalogue: %v", p.name, stream, leaves)
			}
		}
	}
}

func collectLeaves(properties object, prefix string, into map[string]string) {
	for name, value := range properties {
		m := value.(object)
		if inner, ok := m["properties"].(object); ok {
			collectLeaves(inner, prefix+name+".", into)
		} else {
			into[prefix+name] = m["type"].(string)
		}
	}
}

func TestIndexedFieldsExist(t *testing.T) {
	for name := range indexedFields {
		if !slices.ContainsFunc(catalogue.Fields, func(f catalogue.Field) bool { return f.Name == name }) {
			t.Errorf("%s is in no catalogue", name)
		}
	}
}

// Installed templates are left alone unless they are older.
func TestInstall(t *testing.T) {
	for name, c := range map[string]struct {
		installed string
		replaced  bool
	}{
		"older":           {`{"_meta":{"version":0}}`, true},
		"without":         {`{"_meta":{"managed_by":"somebody"}}`, true},
		"no meta":         {`{}`, true},
		"of another kind": {`{"_meta":{"version":"one"}}`, true},
		"equal":           {fmt.Sprintf(`{"_meta":{"version":%d}}`, templateVersion), false},
		"newer":           {`{"_meta":{"version":99}}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(t)
				f.templates["weir-flows-default"] = c.installed
				s := f.start(nil)
				f.pass(time.Second)
				if err := s.Ready(); err != nil {
					t.Error(err)
				}
				if replaced := f.templates["weir-flows-default"] != c.installed; replaced != c.replaced {
					t.Errorf("replaced: %t, want %t", replaced, c.replaced)
				}
				stop(t, s)
			})
		})
	}
}
