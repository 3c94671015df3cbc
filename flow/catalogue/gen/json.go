package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/weirflow/weir/flow/catalogue"
)

// node is an object or a member in the tree of a document.
type node struct {
	key      string
	field    *catalogue.Field
	bit      int // see bits
	children []*node
}

// bits numbers the fields: those that a record stores by their FieldID, then the
// derived ones, whose bits no record sets.
func bits(fields []catalogue.Field) map[string]int {
	numbers := make(map[string]int)
	for _, derived := range []bool{false, true} {
		for i := range fields {
			if fields[i].Derived() == derived {
				numbers[fields[i].Name] = len(numbers)
			}
		}
	}
	return numbers
}

// words is how many words hold a bit for each field.
func words(fields []catalogue.Field) int { return (len(fields) + 63) / 64 }

// mask gives the bits of the fields that are wanted, as a Go literal.
func mask(fields []catalogue.Field, wanted func(*catalogue.Field) bool) string {
	list, numbers := make([]uint64, words(fields)), bits(fields)
	for i := range fields {
		if wanted(&fields[i]) {
			n := numbers[fields[i].Name]
			list[n/64] |= 1 << (n % 64)
		}
	}
	var texts []string
	for _, word := range list {
		texts = append(texts, fmt.Sprintf("%#x", word))
	}
	return "{" + strings.Join(texts, ", ") + "}"
}

// profileMasks writes which fields documents of each profile carry.
func profileMasks(out *bytes.Buffer, fields []catalogue.Field) {
	out.WriteString(`// profileFields are the fields that documents of each profile may carry, of those
// that are set; impliedFields are in every document of the profile.
var (
`)
	for _, table := range []struct {
		name string
		in   func(*catalogue.Field, catalogue.Profile) bool
	}{{"profileFields", (*catalogue.Field).In}, {"impliedFields", (*catalogue.Field).Implied}} {
		fmt.Fprintf(out, "%s = [...]presence{\n", table.name)
		for p := range catalogue.ProfileNames {
			fmt.Fprintf(out, "catalogue.%s: %s,\n", []string{"Full", "Lean", "Min"}[p], mask(fields, func(f *catalogue.Field) bool {
				return table.in(f, catalogue.Profile(p))
			}))
		}
		out.WriteString("}\n")
	}
	out.WriteString(")\n\n")
}

// tree nests the fields by the dots in their names.
func tree(fields []catalogue.Field) *node {
	root, numbers := &node{}, bits(fields)
	for i := range fields {
		at := root
		parts := strings.Split(fields[i].Name, ".")
		for _, part := range parts[:len(parts)-1] {
			if n := len(at.children); n == 0 || at.children[n-1].key != part {
				at.children = append(at.children, &node{key: part})
			}
			at = at.children[len(at.children)-1]
		}
		at.children = append(at.children, &node{key: parts[len(parts)-1], field: &fields[i], bit: numbers[fields[i].Name]})
	}
	return root
}

// always reports whether every document has a member of n.
func (n *node) always() bool {
	if n.field != nil {
		return n.field.Form == catalogue.FormAction
	}
	return slices.ContainsFunc(n.children, (*node).always)
}

// conditions gives the terms of which one must hold for n to be in a document:
// bits of w, the words of bits of what the document is to carry.
func (n *node) conditions(into map[int]uint64) (others []string) {
	if n.field == nil {
		for _, child := range n.children {
			others = append(others, child.conditions(into)...)
		}
		return others
	}
	word, bit := n.bit/64, uint64(1)<<(n.bit%64)
	switch n.field.Form {
	case catalogue.FormElements:
		return []string{fmt.Sprintf("w[%d]&%#x != 0 && len(r.Extra) > 0", word, bit)}
	case catalogue.FormRelatedIP:
		return []string{fmt.Sprintf("w[%d]&%#x != 0 && r.hasRelatedIP()", word, bit)}
	}
	into[word] |= bit
	return nil
}

func (n *node) condition() string {
	bits := map[int]uint64{}
	others := n.conditions(bits)
	var terms []string
	for word := range 8 {
		if bits[word] != 0 {
			terms = append(terms, fmt.Sprintf("w[%d]&%#x != 0", word, bits[word]))
		}
	}
	return strings.Join(append(terms, others...), " || ")
}

// jsonFile writes the body of the encoder.
func jsonFile(out *bytes.Buffer, fields []catalogue.Field) {
	out.WriteString("import (\n\"strconv\"\n\n\"github.com/weirflow/weir/flow/catalogue\"\n)\n\n")
	profileMasks(out, fields)
	out.WriteString("// appendMembers appends the document's members, each followed by a comma. w are\n// the bits of those that it is to carry.\nfunc (e *Encoder) appendMembers(dst []byte, r *Record, w *presence) []byte {\n")
	for _, child := range tree(fields).children {
		child.write(out)
	}
	out.WriteString("\treturn dst\n}\n")
}

func (n *node) write(out *bytes.Buffer) {
	if n.field == nil {
		cond := n.condition()
		if n.always() {
			cond = ""
		}
		if cond != "" {
			fmt.Fprintf(out, "if %s {\n", cond)
		}
		fmt.Fprintf(out, "dst = append(dst, `%q:{`...)\n", n.key)
		for _, child := range n.children {
			child.write(out)
		}
		out.WriteString("dst[len(dst)-1] = '}'\ndst = append(dst, ',')\n")
		if cond != "" {
			out.WriteString("}\n")
		}
		return
	}
	f := n.field
	switch f.Form {
	case catalogue.FormConst:
		fmt.Fprintf(out, "if %s {\ndst = append(dst, `%q:%s,`...)\n}\n", n.condition(), n.key, f.Const)
		return
	case catalogue.FormAction:
		fmt.Fprintf(out, "dst = append(appendString(append(dst, `%q:`...), r.Action()), ',')\n", n.key)
		return
	case catalogue.FormEventType:
		fmt.Fprintf(out, "if %s {\ndst = append(appendEventType(append(dst, `%q:`...), r.EventTypes()), ',')\n}\n", n.condition(), n.key)
		return
	case catalogue.FormElements:
		fmt.Fprintf(out, "if %s {\ndst = e.appendElements(dst, r)\n}\n", n.condition())
		return
	}
	fmt.Fprintf(out, "if %s {\n", n.condition())
	text := f.Form == catalogue.FormText
	key := fmt.Sprintf("`%q:`", n.key)
	if text || f.Type == catalogue.IP && !f.Derived() || f.Type == catalogue.MAC {
		key = fmt.Sprintf("`%q:\"`", n.key)
	}
	fmt.Fprintf(out, "dst = append(dst, %s...)\n%s\n", key, value(f))
	if strings.HasSuffix(key, "\"`") {
		out.WriteString("dst = append(dst, '\"')\n")
	}
	out.WriteString("dst = append(dst, ',')\n}\n")
}

// value gives the statement that appends the field's value.
func value(f *catalogue.Field) string {
	switch f.Form {
	case catalogue.FormRelatedIP:
		return "dst = appendRelatedIP(dst, r)"
	case catalogue.FormTCPFlags:
		return "dst = appendTCPFlags(dst, r." + f.Go + ")"
	case catalogue.FormEndReason:
		return "dst = appendName(dst, endReasonNames[:], r." + f.Go + ")"
	case catalogue.FormDirection:
		return "dst = appendName(dst, directionNames[:], r." + f.Go + ")"
	case catalogue.FormForwarding:
		return "dst = appendForwarding(dst, r." + f.Go + ")"
	}
	switch f.Type {
	case catalogue.IP:
		return "dst = r." + f.Go + ".AppendTo(dst)"
	case catalogue.U64:
		return "dst = strconv.AppendUint(dst, r." + f.Go + ", 10)"
	case catalogue.U8, catalogue.U16, catalogue.U32:
		return "dst = strconv.AppendUint(dst, uint64(r." + f.Go + "), 10)"
	case catalogue.I64:
		return "dst = strconv.AppendInt(dst, r." + f.Go + ", 10)"
	case catalogue.Time:
		return "dst = e.appendTime(dst, r." + f.Go + ")"
	case catalogue.Keywords:
		return "dst = appendStrings(dst, r." + f.Go + ")"
	case catalogue.MAC:
		return "dst = r." + f.Go + ".appendTo(dst)"
	case catalogue.GeoPoint:
		return "dst = r." + f.Go + ".appendTo(dst)"
	case catalogue.Labels:
		return "dst = r." + f.Go + ".appendTo(dst)"
	}
	return "dst = appendString(dst, r." + f.Go + ")"
}
