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

"Fed by" names the IPFIX and NetFlow v9 information elements (IANA's names,
others as enterprise/id) that are copied into the field; NetFlow v5 and sFlow
fill the same fields from their own structures. Fields without elements are
computed: by the decoder (times, counters, sampling) or by an enricher.

| Field | Store type | Unit | Meaning | Fed by |
|---|---|---|---|---|
`)
	for i := range fields {
		f := &fields[i]
		fmt.Fprintf(out, "| `%s` | %s | %s | %s | %s |\n", f.Name, f.StoreType(), f.Unit, f.Meaning, strings.Join(f.Elements, ", "))
	}
}
