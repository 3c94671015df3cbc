package main

import (
	"bytes"
	"fmt"

	"github.com/weirflow/weir/flow/catalogue"
)

// statusFile writes the numbers, names and element kinds of the rows of
// catalogue.Status.
func statusFile(out *bytes.Buffer, fields []catalogue.StatusField) {
	out.WriteString("// The rows of catalogue.Status: what documents about exporters and the collector\n// have below flow.status.\nconst (\n")
	for i, f := range fields {
		if i == 0 {
			fmt.Fprintf(out, "Status%s Status = iota\n", f.Go)
			continue
		}
		fmt.Fprintf(out, "Status%s\n", f.Go)
	}
	out.WriteString("\n// NumStatus is how many rows there are.\nNumStatus\n)\n\nvar statusRows = [NumStatus]statusRow{\n")
	for _, f := range fields {
		fmt.Fprintf(out, "Status%s: {%q, %s},\n", f.Go, f.Name, statusKinds[f.Type])
	}
	out.WriteString("}\n")
}

// statusKinds maps the types that a row of Status can have to kinds of element.
var statusKinds = map[catalogue.Type]string{
	catalogue.U64: "ElementUint", catalogue.I64: "ElementInt", catalogue.F64: "ElementFloat", catalogue.Time: "ElementTime", catalogue.Keyword: "ElementString",
}

// checkStatus refuses rows that the generated code cannot express.
func checkStatus(fields []catalogue.StatusField) error {
	names, idents := map[string]bool{}, map[string]bool{}
	for _, f := range fields {
		if f.Name == "" || f.Go == "" || names[f.Name] || idents[f.Go] {
			return fmt.Errorf("row %q (%s) of Status: the name or the identifier is missing or used twice", f.Name, f.Go)
		}
		if statusKinds[f.Type] == "" || f.Meaning == "" || f.Of == 0 {
			return fmt.Errorf("row %q of Status: it needs a type of a status, a meaning, and whose documents have it", f.Name)
		}
		names[f.Name], idents[f.Go] = true, true
	}
	return nil
}

// statusDoc writes the part of the field reference about Status.
func statusDoc(out *bytes.Buffer, fields []catalogue.StatusField) {
	out.WriteString(`
## Status documents

Documents of weir-exporters, one of each exporter and one of the collector itself
every minute (` + "`index.exporters`" + `), have ` + "`event.kind`" + ` metric and ` + "`event.action`" + ` exporter_status
or collector_status. Counts are those of the interval that ends at ` + "`@timestamp`" + `.
` + "`observer.ip`, `observer.name` and `flow.exporter.*`" + ` say which exporter it is; in the
collector's own ` + "`observer.name`" + ` is its host's name.

| Field | Store type | Unit | In documents of | Meaning |
|---|---|---|---|---|
`)
	for i := range fields {
		f := &fields[i]
		fmt.Fprintf(out, "| `%s` | %s | %s | %s | %s |\n", f.Path(), f.StoreType(), f.Unit, f.Of, f.Meaning)
	}
}
