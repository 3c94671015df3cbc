package elastic

import "github.com/weirflow/weir/flow/catalogue"

// templateVersion is carried by the installed templates. It must grow with
// every change of what the layout or the catalogue makes; the golden files in
// testdata show such changes.
const templateVersion = 4

// object is a JSON object.
type object = map[string]any

// resourceKind tells what a resource is.
type resourceKind string

// The kinds of resources that the layout has.
const (
	componentTemplate resourceKind = "component template"
	indexTemplate     resourceKind = "index template"
)

// resource is something that the server is to have before the first document.
type resource struct {
	kind resourceKind
	name string
	path string // where it is put and read
	body object
}

// stream is how one data stream is laid out.
type stream struct {
	name     string // without the namespace
	fields   string // the profile, where it matters
	mappings object
	settings object // of the index
}

// layout gives what the server is to have, in the order in which it can be
// created: for each data stream a component template with the mappings, one with
// the settings, and the index template that is made of the two and carries the
// data stream's name.
func layout(p product, c Config) []resource {
	var list []resource
	for _, s := range streams(p, c) {
		name := s.name + c.Namespace
		meta := object{"managed_by": "weir", "version": templateVersion}
		if s.fields != "" {
			meta["fields"] = s.fields
		}
		component := func(part string, template object) string {
			list = append(list, resource{componentTemplate, name + part, "/_component_template/" + name + part,
				object{"template": template, "version": templateVersion, "_meta": meta}})
			return name + part
		}
		s.mappings["dynamic"] = false
		parts := []string{
			component("-mappings", object{"mappings": s.mappings}),
			component("-settings", object{"settings": object{"index": s.settings}}),
		}
		list = append(list, resource{indexTemplate, name, "/_index_template/" + name, object{
			"index_patterns": []string{name}, "data_stream": object{}, "composed_of": parts,
			"priority": c.TemplatePriority, "version": templateVersion, "_meta": meta}})
	}
	return list
}

// streams gives the data streams. Those that grow large are packed as the server
// packs best; documents of the others come back exactly as they were sent.
func streams(p product, c Config) []stream {
	exact := p
	exact.exact = true
	flows := p
	flows.exact = c.Fields == catalogue.Full
	return []stream{
		{streamFlows, c.Fields.String(), flowsMapping(flows, c), settings(flows, c, flowsSort)},
		{streamCounters, "", countersMapping(exact), settings(exact, c, observerSort, limitNames(p)...)},
		{streamExporters, "", exportersMapping(exact), settings(exact, c, observerSort)},
		{streamRejected, "", object{"properties": rejectedProperties()}, settings(exact, c, nil)},
		{streamRollupMinute, "", rollupMapping(p), settings(p, c, rollupSort)},
		{streamRollupHour, "", rollupMapping(p), settings(p, c, rollupSort)},
	}
}
