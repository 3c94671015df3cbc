package main

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/weirflow/weir/flow/catalogue"
)

// docFile writes the field reference for people.
func docFile(out *bytes.Buffer, fields []catalogue.Field) {
	out.WriteString(`# Fields

Every document that Weir writes has the fields below, as far as the exporter
sent them or an enricher found them; absent ones are left out. Names follow the
[Elastic Common Schema](https://www.elastic.co/guide/en/ecs/current/); what it
has no name for lives under ` + "`flow.`" + `. This page is generated from
` + "`flow/catalogue`" + ` by ` + "`make generate`" + `.

"In" is the smallest of the profiles full, lean and min (` + "`index.fields`" + `) whose
documents of flows in Elasticsearch and OpenSearch carry the field; larger ones
do, too. What lean leaves out repeats something else: the meaning says it.
The embedded store and ndjson files have every field.

"Fed by" names the IPFIX and NetFlow v9 information elements (IANA's names,
others as enterprise/id) that are copied into the field; NetFlow v5 and sFlow
fill the same fields from their own structures. Fields without elements are
computed: by the decoder (times, counters, sampling) or by an enricher.

| Field | In | Store type | Unit | Meaning | Fed by |
|---|---|---|---|---|---|
`)
	for i := range fields {
		f := &fields[i]
		meaning := f.Meaning
		if same := f.Repeats(); same != "" {
			meaning += " Not in lean documents: " + same + "."
		}
		fmt.Fprintf(out, "| `%s` | %s | %s | %s | %s | %s |\n", f.Name, f.Smallest(), f.StoreType(), f.Unit, meaning, strings.Join(f.Elements, ", "))
	}
	if len(catalogue.StatusFields) == 0 {
		return
	}
	out.WriteString(`
Documents about exporters, and about the collector itself, have these beside
fields from above:

| Field | Store type | Unit | Meaning |
|---|---|---|---|
`)
	for i := range catalogue.StatusFields {
		f := &catalogue.StatusFields[i]
		fmt.Fprintf(out, "| `%s` | %s | %s | %s |\n", f.Name, f.StoreType(), f.Unit, f.Meaning)
	}
}
