package elastic

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/weirflow/weir/flow/catalogue"
)

var update = flag.Bool("update", false, "write the golden files in testdata anew")

// servers are those that the layout is golden for: before and after each thing
// that a version brings.
var layoutServers = []product{
	{name: elasticsearch, version: "8.14.0"}, {name: elasticsearch, version: "8.19.0"}, {name: elasticsearch, version: "9.2.0"},
	{name: opensearch, version: "2.19.1"}, {name: opensearch, version: "3.3.0"}, {name: opensearch, version: "3.3.0", zstd: true},
}

// The golden files are what servers are sent. When this test fails because the
// layout was meant to change, templateVersion must grow, too; then run
//
//	go test ./indexer/elastic -run TestLayout -update
func TestLayout(t *testing.T) {
	for _, p := range layoutServers {
		for _, profile := range []catalogue.Profile{catalogue.Full, catalogue.Lean, catalogue.Min} {
			if profile != catalogue.Lean && p.version != "9.2.0" && p.version != "3.3.0" || profile != catalogue.Lean && p.zstd {
				continue // says nothing new
			}
			c := DefaultConfig("http://x")
			c.Fields = profile
			name := fmt.Sprintf("%s-%s-%s", p.name, p.version, profile)
			if p.zstd {
				name += "-zstd"
			}
			var got bytes.Buffer
			for _, r := range layout(p, c) {
				if profile != catalogue.Lean && !strings.HasPrefix(r.name, streamFlows) {
					continue // the same as lean ones
				}
				text, err := json.MarshalIndent(r.body, "", " ")
				if err != nil {
					t.Fatal(err)
				}
				fmt.Fprintf(&got, "PUT %s\n%s\n", r.path, text)
			}
			golden := filepath.Join("testdata", name+".txt")
			if *update {
				if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got.Bytes(), want) {
				t.Errorf("%s differs from what the server gets now; see this test's comment", golden)
			}
		}
	}
}

// The order is one in which a server takes them: an index template comes after
// the component templates that it is made of.
func TestLayoutOrder(t *testing.T) {
	for _, p := range layoutServers {
		known := make(map[string]bool)
		var streams []string
		for _, r := range layout(p, DefaultConfig("http://x")) {
			if r.path != map[resourceKind]string{componentTemplate: "/_component_template/", indexTemplate: "/_index_template/"}[r.kind]+r.name {
				t.Errorf("%s %s has the path %s", r.kind, r.name, r.path)
			}
			if r.kind == componentTemplate {
				known[r.name] = true
				continue
			}
			streams = append(streams, r.name)
			for _, part := range r.body["composed_of"].([]string) {
				if !known[part] {
					t.Errorf("%s: %s is not there yet", r.name, part)
				}
			}
		}
		if want := []string{"weir-flows-default", "weir-counters-default", "weir-exporters-default", "weir-rejected-default",
			"weir-rollup-1m-default", "weir-rollup-1h-default"}; !slices.Equal(streams, want) {
			t.Errorf("data streams %v, want %v", streams, want)
		}
	}
}

// mappings gives the mapping of a stream.
func mappings(p product, c Config, stream string) object {
	for _, r := range layout(p, c) {
		if r.name == stream+c.Namespace+"-mappings" {
			return r.body["template"].(object)["mappings"].(object)
		}
	}
	return nil
}

// Every field of the catalogue must be mapped where documents carry it, with the
// type that searches and aggregations on it need. The table here is independent
// of the catalogue's own StoreType.
func TestEveryFieldIsMapped(t *testing.T) {
	types := map[catalogue.Type]string{
		catalogue.IP: "ip", catalogue.U8: "long", catalogue.U16: "long", catalogue.U32: "long", catalogue.U64: "long",
		catalogue.I64: "long", catalogue.Time: "date", catalogue.Keyword: "keyword", catalogue.Keywords: "keyword",
		catalogue.MAC: "keyword", catalogue.GeoPoint: "geo_point", catalogue.Labels: "long", catalogue.F64: "double",
	}
	texts := []catalogue.Form{catalogue.FormText, catalogue.FormTCPFlags, catalogue.FormEndReason, catalogue.FormDirection, catalogue.FormForwarding, catalogue.FormEventType}
	for _, p := range layoutServers {
		for _, stream := range []string{streamFlows, streamCounters, streamExporters, streamRollupMinute, streamRollupHour} {
			for _, profile := range []catalogue.Profile{catalogue.Full, catalogue.Lean, catalogue.Min} {
				c := DefaultConfig("http://x")
				c.Fields = profile
				m := mappings(p, c, stream)
				if m["dynamic"] != false {
					t.Errorf("%s: dynamic is %v", stream, m["dynamic"])
				}
				leaves := make(map[string]string)
				collectLeaves(m["properties"].(object), "", leaves)
				fields := catalogue.Fields
				if stream == streamExporters {
					fields = slices.Clone(fields)
					for _, f := range catalogue.Status {
						fields = append(fields, catalogue.Field{Name: f.Path(), Type: f.Type})
					}
				}
				for i := range fields {
					f := &fields[i]
					want := types[f.Type]
					if slices.Contains(texts, f.Form) {
						want = "keyword" // written as texts
					}
					if f.Type == catalogue.Elements {
						want = map[string]string{elasticsearch: "flattened", opensearch: "flat_object"}[p.name]
						if p.name == opensearch && p.version == "3.3.0" && profile != catalogue.Full {
							want = "object" // rebuilt from the elements' own columns
						}
						if stream != streamFlows {
							want = ""
						}
					}
					derived := p.version == "3.3.0" && profile != catalogue.Full
					if stream == streamFlows && !f.In(profile) && !derived {
						want = ""
					}
					if got := leaves[f.Name]; got != want {
						t.Errorf("%s %s %s: %s is mapped as %q, want %q", p.name, stream, profile, f.Name, got, want)
					}
					delete(leaves, f.Name)
				}
				delete(leaves, "flow.counters")
				delete(leaves, "flow.status")
				if len(leaves) > 0 {
					t.Errorf("%s %s: mapped, but in no catalogue: %v", p.name, stream, leaves)
				}
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
