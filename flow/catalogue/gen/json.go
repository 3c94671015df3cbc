package main

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/weirflow/weir/flow/catalogue"
)

// node is an object or a member in the tree of a document.
type node struct {
	key      string
	field    *catalogue.Field
	id       int
	children []*node
}

// tree nests the fields by the dots in their names.
func tree(fields []catalogue.Field) *node {
	root, id := &node{}, 0
	for i := range fields {
		at := root
		parts := strings.Split(fields[i].Name, ".")
		for _, part := range parts[:len(parts)-1] {
			if n := len(at.children); n == 0 || at.children[n-1].key != part {
				at.children = append(at.children, &node{key: part})
			}
			at = at.children[len(at.children)-1]
		}
		leaf := &node{key: parts[len(parts)-1], field: &fields[i], id: -1}
		if !fields[i].Derived() {
			leaf.id = id
			id++
		}
		at.children = append(at.children, leaf)
	}
	return root
}

// masks gives the presence bits of every stored field below n.
func (n *node) masks(into map[int]uint64) {
	if n.field != nil && n.id >= 0 {
		into[n.id/64] |= 1 << (n.id % 64)
	}
	for _, child := range n.children {
		child.masks(into)
	}
}

// always reports whether n has a member that every document has; extra,
// whether it has one that is there without a presence bit.
func (n *node) always() bool {
	return n.any(func(f *catalogue.Field) bool {
		return f.Form == catalogue.FormConst || f.Form == catalogue.FormKind || f.Form == catalogue.FormAction || f.Form == catalogue.FormEventType
	})
}

func (n *node) any(is func(*catalogue.Field) bool) bool {
	if n.field != nil {
		return is(n.field)
	}
	for _, child := range n.children {
		if child.any(is) {
			return true
		}
	}
	return false
}

func (n *node) condition() string {
	bits := map[int]uint64{}
	n.masks(bits)
	var terms []string
	for word := 0; word < 8; word++ {
		if bits[word] != 0 {
			terms = append(terms, fmt.Sprintf("r.set[%d]&%#x != 0", word, bits[word]))
		}
	}
	if n.any(func(f *catalogue.Field) bool { return f.Form == catalogue.FormElements }) {
		terms = append(terms, "len(r.Extra) > 0")
	}
	if n.any(func(f *catalogue.Field) bool { return f.Form == catalogue.FormRelatedIP }) {
		terms = append(terms, "r.hasRelatedIP()")
	}
	return strings.Join(terms, " || ")
}

// jsonFile writes the body of the encoder.
func jsonFile(out *bytes.Buffer, fields []catalogue.Field) {
	out.WriteString("import \"strconv\"\n\n// appendMembers appends the document's members, each followed by a comma.\nfunc (e *Encoder) appendMembers(dst []byte, r *Record) []byte {\n")
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
		fmt.Fprintf(out, "dst = append(dst, `%q:%s,`...)\n", n.key, f.Const)
		return
	case catalogue.FormKind:
		fmt.Fprintf(out, "dst = append(appendKind(append(dst, `%q:`...), r.Kind), ',')\n", n.key)
		return
	case catalogue.FormAction:
		fmt.Fprintf(out, "dst = append(appendString(append(dst, `%q:`...), r.Action()), ',')\n", n.key)
		return
	case catalogue.FormEventType:
		fmt.Fprintf(out, "dst = append(appendEventType(append(dst, `%q:`...), r.EventTypes()), ',')\n", n.key)
		return
	case catalogue.FormElements:
		out.WriteString("dst = e.appendElements(dst, r)\n")
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
