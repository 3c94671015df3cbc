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
	sums := catalogueFields()
	record := without(sums, "flow.rollup.")
	return []savedobject.View{
		{ID: flows, Pattern: pattern(flows), Meaning: "flows and events", Fields: record},
		{ID: counters, Pattern: pattern(counters), Meaning: "sFlow's counter samples", Fields: append(without(record), counterFields()...)},
		{ID: exporters, Pattern: pattern(exporters), Meaning: "one document a minute for each exporter, and one for the collector", Fields: append(statusFields(), record...)},
		{ID: rejected, Pattern: pattern(rejected), Meaning: "documents that the server refused", Fields: rejectedFields()},
		{ID: minutes, Pattern: pattern(minutes), Meaning: "sums by minute", Fields: sums},
		{ID: hours, Pattern: pattern(hours), Meaning: "sums by hour", Fields: sums},
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
		list = append(list, savedobject.Field{Name: f.Name, Type: f.StoreType(), Format: format(f.Name, f.Type, f.StoreType(), f.Unit)})
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
func format(name string, kind catalogue.Type, store, unit string) savedobject.Format {
	switch {
	case kind == catalogue.IP && !strings.HasPrefix(name, "observer."), name == "related.ip":
		return savedobject.Link(lookUpAddress)
	case strings.HasSuffix(name, "as.number") || strings.HasSuffix(name, "_as"):
		return savedobject.Link(lookUpSystem)
	case strings.HasSuffix(name, ".port"):
		return savedobject.Link(lookUpPort)
	case strings.Contains(name, "uptime"):
		return savedobject.Age
	case strings.HasSuffix(name, "_ratio"):
		return savedobject.Share
	case strings.HasSuffix(name, "_ms"):
		return savedobject.Count // the name has the unit; the word would not fit a table's column
	}
	switch unit {
	case "bytes":
		return savedobject.Bytes
	case "ns":
		return savedobject.Duration("nanoseconds")
	case "ms":
		return savedobject.Milliseconds
	case "s":
		return savedobject.Duration("seconds")
	}
	switch {
	case store == "long" && unit == "" && !strings.HasPrefix(name, catalogue.StatusObject):
		return savedobject.Plain
	case store == "long":
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
