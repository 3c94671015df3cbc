package boards

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"github.com/weirflow/weir/dashboards/kibana/savedobject"
)

// FieldsOf gives the names of the fields that an object asks for, sorted: those
// of aggregations, controls, columns and KQL questions, also inside drawings.
func FieldsOf(o *savedobject.Object) []string {
	if o.Type == "index-pattern" {
		return nil
	}
	found := map[string]bool{}
	collect(o.Attributes, found)
	var list []string
	for name := range found {
		list = append(list, name)
	}
	slices.Sort(list)
	return list
}

// fieldKeys are the members that name a field, wherever they stand.
var fieldKeys = map[string]bool{"field": true, "fieldName": true, "terms_field": true, "time_field": true, "sortField": true}

// asked finds the names in front of a comparison of KQL.
var asked = regexp.MustCompile(`([a-z@][a-zA-Z0-9_.@]*)\s*(?::|[<>]=?)`)

func collect(value any, found map[string]bool) {
	switch v := value.(type) {
	case string:
		collectText(v, found)
	case []string:
		for _, name := range v {
			addField(name, found)
		}
	case []any:
		for _, one := range v {
			collect(one, found)
		}
	case map[string]any:
		language, _ := v["language"].(string)
		for key, member := range v {
			name, isText := member.(string)
			switch {
			case isText && fieldKeys[key]:
				addField(name, found)
			case isText && key == "query" && language == "kuery":
				for _, m := range asked.FindAllStringSubmatch(name, -1) {
					addField(m[1], found)
				}
			default:
				collect(member, found)
			}
		}
	}
}

// collectText looks into texts that are JSON themselves.
func collectText(body string, found map[string]bool) {
	if !strings.HasPrefix(body, "{") && !strings.HasPrefix(body, "[") {
		return
	}
	var inside any
	if json.Unmarshal([]byte(body), &inside) == nil {
		collect(inside, found)
	}
}

// addField leaves out the names that stand for other aggregations or for values
// of a drawing: no field of ours is without a dot but these.
func addField(name string, found map[string]bool) {
	if strings.Contains(name, ".") || name == "@timestamp" || name == "tags" {
		found[name] = true
	}
}
