package boards

import (
	"strings"

	"github.com/weirflow/weir/dashboards/kibana/savedobject"
	"github.com/weirflow/weir/flow/catalogue"
)

// The ids of the data views, and the data streams that they cover.
const (
	flows     = "weir-flows"
	counters  = "weir-counters"
	exporters = "weir-exporters"
	rejected  = "weir-rejected"
	minutes   = "weir-rollup-1m"
	hours     = "weir-rollup-1h"
)

// pattern gives the data streams of a data view, in every namespace.
func pattern(view string) string { return view + "-*" }

// Views gives the data views.
func Views() []savedobject.View {
	record := catalogueFields()
	return []savedobject.View{
		{ID: flows, Pattern: pattern(flows), Meaning: "flows and events", Fields: record},
		{ID: counters, Pattern: pattern(counters), Meaning: "sFlow's counter samples", Fields: append(without(record, "flow.status.", "flow.rollup."), counterFields()...)},
		{ID: exporters, Pattern: pattern(exporters), Meaning: "one document a minute for each exporter, and one for the collector", Fields: with(record, statusFields())},
		{ID: rejected, Pattern: pattern(rejected), Meaning: "documents that the server refused", Fields: rejectedFields()},
		{ID: minutes, Pattern: pattern(minutes), Meaning: "sums by minute", Fields: with(record, rollupFields())},
		{ID: hours, Pattern: pattern(hours), Meaning: "sums by hour", Fields: with(record, rollupFields())},
	}
}

// catalogueFields gives the catalogue's fields with their formats. The bag of
// elements is no field of a data view: neither product can show one.
func catalogueFields() []savedobject.Field {
	var list []savedobject.Field
	for i := range catalogue.Fields {
		f := &catalogue.Fields[i]
		if f.Type == catalogue.Elements {
			continue
		}
		list = append(list, savedobject.Field{Name: f.Name, Type: f.StoreType(), Format: format(f)})
	}
	return list
}

// The addresses that look up what a field holds: of the RIPE NCC's public
// statistics and of IANA's registry, which need no account.
const (
	lookUpAddress = "https://stat.ripe.net/resource/{{value}}"
	lookUpSystem  = "https://stat.ripe.net/resource/AS{{value}}"
	lookUpPort    = "https://www.iana.org/assignments/service-names-port-numbers/service-names-port-numbers.xhtml?search={{value}}"
)

// format gives the form in which a field is shown.
func format(f *catalogue.Field) savedobject.Format {
	switch {
	case f.Type == catalogue.IP && !strings.HasPrefix(f.Name, "observer."), f.Name == "related.ip":
		return savedobject.Link(lookUpAddress)
	case strings.HasSuffix(f.Name, "as.number") || strings.HasSuffix(f.Name, "_as"):
		return savedobject.Link(lookUpSystem)
	case strings.HasSuffix(f.Name, ".port"):
		return savedobject.Link(lookUpPort)
	case f.Unit == "bytes":
		return savedobject.Bytes
	case f.Unit == "ns":
		return savedobject.Duration("nanoseconds")
	case f.Unit == "ms":
		return savedobject.Duration("milliseconds")
	case f.Unit == "s":
		return savedobject.Duration("seconds")
	case f.StoreType() == "long" && f.Unit == "":
		return savedobject.Plain
	case f.StoreType() == "long":
		return savedobject.Count
	}
	return savedobject.Format{}
}

// without leaves out the fields whose names begin so.
func without(fields []savedobject.Field, prefixes ...string) []savedobject.Field {
	var list []savedobject.Field
next:
	for _, f := range fields {
		for _, p := range prefixes {
			if strings.HasPrefix(f.Name, p) {
				continue next
			}
		}
		list = append(list, f)
	}
	return list
}

// with adds fields, or puts them in the place of those of the same name.
func with(fields, more []savedobject.Field) []savedobject.Field {
	list := append([]savedobject.Field{}, more...)
	for _, f := range fields {
		known := false
		for _, m := range more {
			known = known || m.Name == f.Name
		}
		if !known {
			list = append(list, f)
		}
	}
	return list
}
