package yardstick

import (
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/weirflow/weir/indexer/elastic/elastictest"
)

// object is a JSON object.
type object = map[string]any

// override changes the layout of the stream before its first document. The
// Elasticsearch of `make servers` has no licence module and so rebuilds documents
// from columns as with a paid licence; the free one stores them, and so it must
// here.
func override(t *testing.T, s elastictest.Server, stream string) {
	changes := object{}
	if text := os.Getenv("WEIR_YARDSTICK_SETTINGS"); text != "" {
		if err := json.Unmarshal([]byte(text), &changes); err != nil {
			t.Fatal(err)
		}
	}
	if s.Product == "elasticsearch" {
		changes["mapping.source.mode"] = "stored"
	}
	edit(t, s, "/_component_template/"+stream+"-settings", func(template object) {
		index := template["settings"].(object)["index"].(object)
		for name, value := range changes {
			if value == nil {
				delete(index, name)
			} else {
				index[name] = value
			}
		}
	})
	if os.Getenv("WEIR_YARDSTICK_INDEXED") == "1" {
		edit(t, s, "/_component_template/"+stream+"-mappings", func(template object) { indexAll(template) })
	}
}

// indexAll gives every field a search index.
func indexAll(mapping object) {
	for name, value := range mapping {
		if inner, ok := value.(object); ok {
			indexAll(inner)
		} else if name == "index" && value == false {
			delete(mapping, name)
		}
	}
}

// edit changes a component template.
func edit(t *testing.T, s elastictest.Server, path string, change func(template object)) {
	var list struct {
		Templates []struct {
			Component object `json:"component_template"`
		} `json:"component_templates"`
	}
	s.Call(t, http.MethodGet, path, "", &list)
	body := list.Templates[0].Component
	for name := range body {
		if strings.HasSuffix(name, "_millis") { // the server's own
			delete(body, name)
		}
	}
	change(body["template"].(object))
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	s.Call(t, http.MethodPut, path, string(text), nil)
}
