package elastic

import (
	"github.com/weirflow/weir/flow/catalogue"
)

// templateVersion is carried by the installed templates. It must grow with
// every change of what this file or the catalogue makes; the golden files in
// testdata show such changes.
const templateVersion = 4

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

// object is a JSON object.
type object = map[string]any

// templates gives the index templates, by the name that is also the data
// stream's.
func templates(p product, c Config) map[string]object {
	return map[string]object{
		streamFlows + c.Namespace: template(c, streamFlows, object{"properties": recordProperties(p)},
			[]string{"observer.name", "network.direction", "network.application", "@timestamp"}, nil),
		streamCounters + c.Namespace: template(c, streamCounters, countersMapping(p),
			[]string{"observer.name", "@timestamp"}, limitCounters(p)),
		streamExporters + c.Namespace: template(c, streamExporters, object{"properties": statusProperties(p)},
			[]string{"observer.name", "@timestamp"}, nil),
		streamRollupMinute + c.Namespace: template(c, streamRollupMinute, object{"properties": rollupProperties(p)},
			[]string{"flow.rollup.by", "observer.name", "@timestamp"}, nil),
		streamRollupHour + c.Namespace: template(c, streamRollupHour, object{"properties": rollupProperties(p)},
			[]string{"flow.rollup.by", "observer.name", "@timestamp"}, nil),
		streamRejected + c.Namespace: template(c, streamRejected, object{"properties": rejectedProperties()}, nil, nil),
	}
}

// template wraps a mapping. sort names the fields that each segment is sorted
// by, which puts similar documents beside each other and so compresses better;
// the last one is the time, newest first.
func template(c Config, stream string, mapping object, sort []string, more object) object {
	index := object{
		"codec": "best_compression", "refresh_interval": "5s",
		"number_of_shards": c.Shards, "auto_expand_replicas": "0-1",
	}
	if len(sort) > 0 {
		order := make([]string, len(sort))
		for i := range order {
			order[i] = "asc"
		}
		order[len(order)-1] = "desc"
		index["sort"] = object{"field": sort, "order": order}
	}
	for key, value := range more {
		index[key] = value
	}
	mapping["dynamic"] = false
	return object{
		"index_patterns": []string{stream + c.Namespace},
		"data_stream":    object{},
		"priority":       c.TemplatePriority,
		"version":        templateVersion,
		"_meta":          object{"managed_by": "weir", "version": templateVersion},
		"template":       object{"settings": object{"index": index}, "mappings": mapping},
	}
}

// recordProperties maps every field of the catalogue.
func recordProperties(p product) object {
	properties := object{}
	for i := range catalogue.Fields {
		f := &catalogue.Fields[i]
		place(properties, f.Name, fieldMapping(p, f))
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
	case kind == "keyword":
		m["ignore_above"] = longestKeyword
	}
	if !indexedFields[f.Name] {
		m["index"] = false
	}
	return m
}

// rollupProperties maps what roll-ups have: fields of the catalogue, but no
// elements.
func rollupProperties(p product) object {
	properties := recordProperties(p)
	delete(properties["flow"].(object)["properties"].(object), "ie")
	return properties
}

// statusProperties maps the documents about exporters and the collector.
func statusProperties(p product) object {
	properties := rollupProperties(p)
	for i := range catalogue.Status {
		f := &catalogue.Status[i]
		m := object{"type": f.StoreType(), "index": false}
		if f.StoreType() == "keyword" {
			m["ignore_above"] = longestKeyword
		}
		place(properties, f.Path(), m)
	}
	return properties
}

// countersMapping is that of records, plus the counters of sFlow's samples. Their
// names are many and come with the exporters, so that numbers are mapped as they
// occur; texts are not searched.
func countersMapping(p product) object {
	properties := recordProperties(p)
	delete(properties["flow"].(object)["properties"].(object), "ie")
	place(properties, "flow.counters", object{"type": "object", "dynamic": true})
	number := func(kind string) object {
		return object{"type": kind, "index": false, "ignore_malformed": true}
	}
	rule := func(name, values string, mapping object) object {
		return object{name: object{"path_match": "flow.counters.*", "match_mapping_type": values, "mapping": mapping}}
	}
	load := rule("load_averages", "*", number("double")) // whole ones look like integers
	load["load_averages"].(object)["match"] = "cpu_load_*"
	return object{"properties": properties, "dynamic_templates": []object{
		load,
		rule("integers", "long", number("long")),
		rule("fractions", "double", number("double")),
		rule("texts", "string", object{"type": "keyword", "index": false, "ignore_above": longestKeyword}),
	}}
}

// limitCounters keeps exporters that send ever new names of counters from having
// documents refused. OpenSearch has no such setting: there, documents with names
// beyond 1,000 go to the rejected ones.
func limitCounters(p product) object {
	if p.name == opensearch {
		return nil
	}
	return object{"mapping": object{"total_fields": object{"ignore_dynamic_beyond_limit": true}}}
}

// rejectedProperties maps what rejected.go writes.
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
