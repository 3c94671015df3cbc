package main

import (
	"bytes"
	"fmt"

	"github.com/weirflow/weir/flow/catalogue"
)

// recordFile writes the field numbers, their names and the record type.
func recordFile(out *bytes.Buffer, fields []catalogue.Field) {
	list := stored(fields)
	out.WriteString("import \"net/netip\"\n\n// The fields that a record stores, in document order.\nconst (\n")
	for i, f := range list {
		if i == 0 {
			fmt.Fprintf(out, "\tField%s FieldID = iota\n", f.Go)
			continue
		}
		fmt.Fprintf(out, "\tField%s\n", f.Go)
	}
	out.WriteString("\n\t// NumFields is how many fields a record stores.\n\tNumFields\n)\n\nvar fieldNames = [NumFields]string{\n")
	for _, f := range list {
		fmt.Fprintf(out, "\tField%s: %q,\n", f.Go, f.Name)
	}
	out.WriteString("}\n\n")
	fmt.Fprintf(out, "// presence has a bit for each field: by FieldID for those that a record stores,\n// then for those that the encoder derives.\ntype presence [%d]uint64\n\n", words(fields))
	out.WriteString(`// Record is one flow, options record or counter sample. Read a field by name
// after Has; write it through its setter, which marks it as present. The zero
// value is an empty flow record. A record belongs to its Batch and must not be
// kept beyond it; its strings are immutable and may be kept.
type Record struct {
	set presence

	// Extra holds the information elements that no field claims. Their bytes
	// live in the batch's arena.
	Extra []Element

`)
	for _, t := range layout {
		for _, f := range list {
			if f.Type == t {
				fmt.Fprintf(out, "\t%s %s // %s\n", f.Go, goTypes[t], f.Name)
			}
		}
	}
	out.WriteString(`
	// Kind tells what the record is.
	Kind Kind
}
`)
}

// setFile writes the setters: one per field, and the generic ones by number.
func setFile(out *bytes.Buffer, fields []catalogue.Field) {
	list := stored(fields)
	out.WriteString("import \"net/netip\"\n\n")
	for _, f := range list {
		switch f.Type {
		case catalogue.Keywords:
			fmt.Fprintf(out, "// Add%s appends to %s.\nfunc (r *Record) Add%s(v ...string) {\n\tif len(v) > 0 {\n\t\tr.%s = append(r.%s, v...)\n\t\tr.mark(Field%s)\n\t}\n}\n\n", f.Go, f.Name, f.Go, f.Go, f.Go, f.Go)
		case catalogue.Labels:
			fmt.Fprintf(out, "// Add%s appends to %s and reports whether there was room.\nfunc (r *Record) Add%s(v uint32) bool {\n\tif !r.%s.Append(v) {\n\t\treturn false\n\t}\n\tr.mark(Field%s)\n\treturn true\n}\n\n", f.Go, f.Name, f.Go, f.Go, f.Go)
		default:
			fmt.Fprintf(out, "// Set%s sets %s%s.\nfunc (r *Record) Set%s(v %s) {\n\tr.%s = v\n\tr.mark(Field%s)\n}\n\n", f.Go, f.Name, unit(f), f.Go, goTypes[f.Type], f.Go, f.Go)
		}
	}
	generic(out, list, "SetUint", "v uint64", "an unsigned or signed number, or a time in Unix nanoseconds. A value that does not fit the field is cut to its low bits", map[catalogue.Type]string{
		catalogue.U8: "uint8(v)", catalogue.U16: "uint16(v)", catalogue.U32: "uint32(v)", catalogue.U64: "v", catalogue.I64: "int64(v)", catalogue.Time: "int64(v)"})
	getter(out, list)
	generic(out, list, "SetAddr", "v netip.Addr", "an address", map[catalogue.Type]string{catalogue.IP: "v"})
	generic(out, list, "SetMAC", "v MAC", "a hardware address", map[catalogue.Type]string{catalogue.MAC: "v"})
	generic(out, list, "SetString", "v string", "a text", map[catalogue.Type]string{catalogue.Keyword: "v"})
}

// getter writes the counterpart of SetUint.
func getter(out *bytes.Buffer, list []catalogue.Field) {
	out.WriteString("// Uint gives field id's number, the counterpart of SetUint; 0 when the field is\n// of another type. Ask Has first.\nfunc (r *Record) Uint(id FieldID) uint64 {\n\tswitch id {\n")
	for _, f := range list {
		switch f.Type {
		case catalogue.U8, catalogue.U16, catalogue.U32, catalogue.U64, catalogue.I64, catalogue.Time:
			fmt.Fprintf(out, "\tcase Field%s:\n\t\treturn uint64(r.%s)\n", f.Go, f.Go)
		}
	}
	out.WriteString("\t}\n\treturn 0\n}\n\n")
	out.WriteString("// Text gives field id when it is a short text, else nothing.\nfunc (r *Record) Text(id FieldID) string {\n\tswitch id {\n")
	for _, f := range list {
		if f.Type == catalogue.Keyword {
			fmt.Fprintf(out, "\tcase Field%s:\n\t\treturn r.%s\n", f.Go, f.Go)
		}
	}
	out.WriteString("\t}\n\treturn \"\"\n}\n\n")
}

func unit(f catalogue.Field) string {
	if f.Unit == "" {
		return ""
	}
	return ", in " + f.Unit
}

// generic writes a setter that takes the field's number.
func generic(out *bytes.Buffer, list []catalogue.Field, name, param, what string, convert map[catalogue.Type]string) {
	fmt.Fprintf(out, "// %s sets field id to %s.\n// It reports false, and sets nothing, when the field is of another type.\nfunc (r *Record) %s(id FieldID, %s) bool {\n\tswitch id {\n", name, what, name, param)
	for _, f := range list {
		if expr, ok := convert[f.Type]; ok {
			fmt.Fprintf(out, "\tcase Field%s:\n\t\tr.%s = %s\n", f.Go, f.Go, expr)
		}
	}
	out.WriteString("\tdefault:\n\t\treturn false\n\t}\n\tr.mark(id)\n\treturn true\n}\n\n")
}
