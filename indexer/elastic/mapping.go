package elastic

import (
	"github.com/weirflow/weir/flow/catalogue"
)

// longestKeyword is how many characters of a text are indexed; longer ones stay
// in the document but cannot be searched. Lucene's limit is 32,766 bytes.
const longestKeyword = 1024

// indexedFields have a search index of their own. The others have their columns
// (doc values), in which filters and aggregations work, too: a filter on one
// reads the column, some ten milliseconds per million documents, and the flow
// takes a quarter less room on disk.
var indexedFields = map[string]bool{
	"@timestamp": true, "source.ip": true, "destination.ip": true, "destination.port": true,
	"network.application": true, "flow.category": true, "observer.name": true, "event.action": true,
}

// flowsMapping maps the fields that the profile has. A panel that asks for one
// that it leaves out finds nothing, not an error. What is rebuilt from columns
// has them all: a field without a column would be lost when the profile changes
// and the index does not yet.
func flowsMapping(p product, c Config) object {
	if p.derivedSource() {
		return derivedMapping(p)
	}
	return object{"properties": recordProperties(p, c.Fields)}
}

// derivedMapping is that of flows which are rebuilt from columns, which cannot
// hold a bag of elements: each name is a field of its own, and its value a text
// as in the bag.
func derivedMapping(p product) object {
	properties := recordProperties(p, catalogue.Full)
	name := elementsField.Name
	place(properties, name, object{"type": "object", "dynamic": true})
	return object{"properties": properties, "dynamic_templates": []object{{"elements": object{
		"path_match": name + ".*", "match_mapping_type": "*", "mapping": object{"type": "keyword", "index": false}}}}}
}

// elementsField is the row of the bag of elements.
var elementsField = func() *catalogue.Field {
	for i := range catalogue.Fields {
		if catalogue.Fields[i].Type == catalogue.Elements {
			return &catalogue.Fields[i]
		}
	}
	panic("the catalogue has no bag of elements")
}()

// recordProperties maps every field of the catalogue that the profile has.
func recordProperties(p product, profile catalogue.Profile) object {
	properties := object{}
	for i := range catalogue.Fields {
		if f := &catalogue.Fields[i]; f.In(profile) {
			place(properties, f.Name, fieldMapping(p, f))
		}
	}
	return properties
}

func fieldMapping(p product, f *catalogue.Field) object {
	kind := f.StoreType()
	m := object{"type": kind}
	switch {
	case kind == "flattened" && p.name == opensearch:
		return object{"type": "flat_object"}
	case kind == "flattened":
		m["ignore_above"] = longestKeyword
		return m
	case kind == "keyword" && !p.derivedSource(): // which does not know it
		m["ignore_above"] = longestKeyword
	}
	if !indexedFields[f.Name] {
		m["index"] = false
	}
	return m
}

// withoutElements maps everything but the bag of elements.
func withoutElements(p product) object {
	properties := recordProperties(p, catalogue.Full)
	delete(properties["flow"].(object)["properties"].(object), "ie")
	return properties
}

// rollupMapping is that of sums, which are records without elements.
func rollupMapping(p product) object {
	return object{"properties": withoutElements(p)}
}

// countersMapping is that of records, plus the counters of sFlow's samples. Their
// names are many and come with the exporters, so that numbers are mapped as they
// occur; texts are not searched.
func countersMapping(p product) object {
	properties := withoutElements(p)
	place(properties, "flow.counters", object{"type": "object", "dynamic": true})
	const names = "flow.counters.*"
	load := numbersRule("load_averages", names, "*", "double") // whole ones look like integers
	load["load_averages"].(object)["match"] = "cpu_load_*"
	return object{"properties": properties, "dynamic_templates": []object{
		load,
		numbersRule("integers", names, "long", "long"),
		numbersRule("fractions", names, "double", "double"),
		{"texts": object{"path_match": names, "match_mapping_type": "string",
			"mapping": object{"type": "keyword", "index": false, "ignore_above": longestKeyword}}},
	}}
}

// exportersMapping is that of the collector's reports about exporters and about
// itself: records, plus the catalogue's status fields. A number that has no row
// there, such as drops for a reason that came later, is mapped as it occurs.
func exportersMapping(p product) object {
	properties := withoutElements(p)
	const status = catalogue.StatusObject
	place(properties, status, object{"type": "object", "dynamic": true, "properties": object{}})
	for i := range catalogue.Status {
		f := &catalogue.Status[i]
		place(properties, f.Path(), fieldMapping(p, &catalogue.Field{Name: f.Path(), Type: f.Type}))
	}
	return object{"properties": properties, "dynamic_templates": []object{
		numbersRule("integers", status+".*", "long", "long"),
		numbersRule("fractions", status+".*", "double", "double"),
	}}
}

// numbersRule maps numbers below a path that are seen for the first time.
func numbersRule(name, path, values, kind string) object {
	return object{name: object{"path_match": path, "match_mapping_type": values,
		"mapping": object{"type": kind, "index": false, "ignore_malformed": true}}}
}

// rejectedProperties maps what rejected.go writes: the reason can be searched,
// the original is there to be read.
func rejectedProperties() object {
	properties := object{}
	keyword := func() object { return object{"type": "keyword", "ignore_above": longestKeyword} }
	place(properties, "@timestamp", object{"type": "date"})
	place(properties, "event.kind", keyword())
	place(properties, "event.original", object{"type": "text", "index": false})
	place(properties, "error.type", keyword())
	place(properties, "error.code", keyword())
	place(properties, "error.message", object{"type": "text"})
	return properties
}

// place puts a mapping at a dotted name.
func place(properties object, name string, mapping object) {
	for i := range len(name) {
		if name[i] != '.' {
			continue
		}
		parent, ok := properties[name[:i]].(object)
		if !ok {
			parent = object{"properties": object{}}
			properties[name[:i]] = parent
		}
		place(parent["properties"].(object), name[i+1:], mapping)
		return
	}
	properties[name] = mapping
}
