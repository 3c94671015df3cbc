// Package savedobject writes what Kibana and OpenSearch Dashboards call saved
// objects: data views, visualizations, saved searches and dashboards.
//
// Its forms are those of version 7.10, the last one that both products know:
// each object names the version that wrote it, carries only attributes of that
// version's mappings, and refers to others by name and id. Newer servers migrate
// what they read. The package knows the products' forms and nothing of flows;
// what is on the boards is in dashboards/kibana/boards. It does no I/O.
package savedobject

import (
	"bytes"
	"encoding/json"
)

// The types of object.
const (
	typeView          = "index-pattern"
	typeSearch        = "search"
	typeVisualization = "visualization"
	typeDashboard     = "dashboard"
)

// versions are the newest migrations that 7.10 has of each type. A newer number
// makes OpenSearch Dashboards refuse the object, none makes both products migrate
// it from version 6 on.
var versions = map[string]string{
	typeView: "7.6.0", typeSearch: "7.9.3", typeVisualization: "7.10.0", typeDashboard: "7.9.3",
}

// Object is one saved object.
type Object struct {
	Attributes map[string]any    `json:"attributes"`
	ID         string            `json:"id"`
	Migration  map[string]string `json:"migrationVersion"`
	References []Reference       `json:"references"`
	Type       string            `json:"type"`
}

// Reference is an object that another one needs.
type Reference struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Type string `json:"type"`
}

func newObject(kind, id string, attributes map[string]any, references []Reference) Object {
	if references == nil {
		references = []Reference{}
	}
	return Object{
		Attributes: attributes, ID: id, Migration: map[string]string{kind: versions[kind]},
		References: references, Type: kind,
	}
}

// NDJSON writes objects in their order, one a line, as the products' import
// reads them.
func NDJSON(objects []Object) []byte {
	var out bytes.Buffer
	for i := range objects {
		out.WriteString(text(&objects[i]))
		out.WriteByte('\n')
	}
	return out.Bytes()
}

// text gives a value as JSON; attributes hold much of what they have as such a
// text. The values are the package's own, so that they can always be written.
func text(value any) string {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		panic(err)
	}
	return string(bytes.TrimSuffix(out.Bytes(), []byte{'\n'}))
}

// object is a JSON object.
type object = map[string]any

// indexReference is the name by which a search source names its data view.
const indexReference = "kibanaSavedObjectMeta.searchSourceJSON.index"

// searchSource gives the query part of an object. view is empty for objects that
// bring their own request.
func searchSource(view, query string, more object) (object, []Reference) {
	source := object{"query": object{"query": query, "language": "kuery"}, "filter": []any{}}
	for key, value := range more {
		source[key] = value
	}
	var references []Reference
	if view != "" {
		source["indexRefName"] = indexReference
		references = []Reference{{ID: view, Name: indexReference, Type: typeView}}
	}
	return object{"searchSourceJSON": text(source)}, references
}
