package savedobject

import "strconv"

// Control is a list to choose a field's values from.
type Control struct{ Field, Label string }

// Controls shows lists side by side. What is chosen becomes filters that are
// pinned, so that they stay when another board or Discover is opened.
func Controls(view string, controls ...Control) Vis {
	list := []object{}
	var references []Reference
	for i, c := range controls {
		name := "control_" + strconv.Itoa(i) + "_index_pattern"
		list = append(list, object{
			"id": strconv.Itoa(i + 1), "fieldName": c.Field, "parent": "", "label": c.Label, "type": "list",
			"options": object{
				"type": "terms", "multiselect": true, "dynamicOptions": true, "size": 20, "order": "desc"},
			"indexPatternRefName": name,
		})
		references = append(references, Reference{ID: view, Name: name, Type: typeView})
	}
	return Vis{kind: "input_control_vis", references: references, params: object{
		"controls": list, "updateFiltersOnChange": true, "useTimeFilter": true, "pinFilters": true,
	}}
}
