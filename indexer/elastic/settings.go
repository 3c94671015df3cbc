package elastic

import (
	"slices"

	"github.com/weirflow/weir/flow/catalogue"
)

// What each segment is sorted by, which puts similar documents beside each other
// and so compresses better; the last field is the time, newest first.
var (
	flowsSort    = []string{"network.direction", "flow.service", "source.as.number", "destination.as.number", "@timestamp"}
	observerSort = []string{"observer.name", "@timestamp"}
	rollupSort   = []string{"flow.rollup.by", "observer.name", "@timestamp"}
)

// settings gives an index's settings; more are further ones. Names to sort by
// that the catalogue does not have are left out.
func settings(p product, c Config, sort []string, more ...setting) object {
	index := object{
		"codec": p.codec(), "refresh_interval": "5s",
		"number_of_shards": c.Shards, "auto_expand_replicas": "0-1",
	}
	sort = slices.DeleteFunc(slices.Clone(sort), func(name string) bool { return !catalogue.Has(name) })
	if len(sort) > 0 {
		order := make([]string, len(sort))
		for i := range order {
			order[i] = "asc"
		}
		order[len(order)-1] = "desc"
		index["sort"] = object{"field": sort, "order": order}
	}
	switch {
	case p.logsdb():
		// Its own way with a number that fits no field is to leave it out in
		// silence; ours is to keep the document among the rejected ones.
		index["mode"] = "logsdb"
		index["mapping"] = object{"ignore_malformed": false}
	case p.derivedSource():
		index["derived_source"] = object{"enabled": true}
		index["mapping"] = object{"total_fields": object{"limit": mostFields}}
	}
	if p.seqNoColumns() {
		index["seq_no"] = object{"index_options": "doc_values_only"}
	}
	for _, s := range more {
		index[s.name] = s.value
	}
	return index
}

// setting is one setting of an index.
type setting struct {
	name  string
	value any
}

// mostFields is how many fields an index may have whose elements' names become
// fields. Documents with names beyond go to the rejected ones.
const mostFields = 3000

// limitNames keeps exporters that send ever new names of counters from having
// documents refused. OpenSearch has no such setting: there, documents with names
// beyond 1,000 go to the rejected ones.
func limitNames(p product) []setting {
	if p.name == opensearch {
		return nil
	}
	return []setting{{"mapping", object{"total_fields": object{"ignore_dynamic_beyond_limit": true}}}}
}
