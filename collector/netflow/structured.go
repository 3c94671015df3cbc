package netflow

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/weirflow/weir/collector/message"
	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/flow/catalogue"
	"github.com/weirflow/weir/ipfix"
)

// Bounds of structured data (RFC 6313): how deep lists lie in each other, and about
// how much text the lists of a record make, in bytes. The text grows with names that
// records of few bytes may have.
const (
	maxListDepth = 4
	maxListText  = 64 << 10
	// costListValue is a value's text beside its bytes and its name.
	costListValue = 8
)

var (
	errList      = errors.New("a list ends before its elements do")
	errListDepth = fmt.Errorf("lists lie in each other more than %d deep", maxListDepth)
)

// semanticNames are IANA's IPFIX structured data types semantics; 255, undefined,
// is left out.
var semanticNames = [...]string{0: "noneOf", 1: "exactlyOneOf", 2: "oneOrMoreOf", 3: "allOf", 4: "ordered"}

// lists is the work room of structured data.
type lists struct {
	encoder *flow.Encoder
	// elements is the fields of the records that are being read, the innermost
	// record's last.
	elements []flow.Element
	record   *flow.Record // that the list is in
	cut      bool         // something was left out
}

// structured keeps a list as JSON: a basicList as an object that names its element
// and has its values, the others as an object with their records. A list of nothing
// is left out.
func (m *run) structured(r *flow.Record, s *step, v []byte) {
	l := &m.lists
	l.elements, l.record, l.cut = l.elements[:0], r, false
	text, err := m.list(s.typ, v, 1)
	switch {
	case errors.Is(err, errListDepth):
		m.problem(message.ReasonListLimit, 0, 0, "%s: %w", s.name, err)
	case err != nil:
		m.problem(message.ReasonBadList, 0, 0, "%s: %w", s.name, err)
	case l.cut:
		m.problem(message.ReasonListLimit, 0, 0, "%s and the record's lists before it are longer than the %d bytes that are decoded", s.name, maxListText)
	}
	if err != nil {
		r.Extra = append(r.Extra, flow.Element{Name: s.name, Kind: flow.ElementHex, Bytes: m.w.Copy(v)})
		return
	}
	if text != nil {
		r.Extra = append(r.Extra, flow.Element{Name: s.name, Kind: flow.ElementJSON, Bytes: m.w.Copy(text)})
	}
}

// list writes one list; nil for one of nothing.
func (m *run) list(typ ipfix.DataType, v []byte, depth int) (text []byte, err error) {
	if depth > maxListDepth {
		return nil, errListDepth
	}
	if len(v) == 0 {
		return nil, nil
	}
	members := make([]flow.Element, 0, 2)
	if semantic := v[0]; int(semantic) < len(semanticNames) {
		members = append(members, flow.Element{Name: "semantic", Kind: flow.ElementString, Bytes: []byte(semanticNames[semantic])})
	} else if semantic != 255 {
		members = append(members, flow.Element{Name: "semantic", Kind: flow.ElementUint, Num: uint64(semantic)})
	}
	content := flow.Element{Name: "records", Kind: flow.ElementJSON}
	switch typ {
	case ipfix.BasicList:
		content.Name, text, err = m.basicList(v[1:], depth)
	case ipfix.SubTemplateList:
		text, err = m.subTemplateList(v[1:], depth)
	default:
		text, err = m.subTemplateMultiList(v[1:], depth)
	}
	if err != nil || len(text) == 1 {
		return nil, err
	}
	content.Bytes = append(text, ']')
	return m.lists.encoder.AppendObject(nil, append(members, content)), nil
}

// room reports whether there is room for another value of a name and a length; if
// not, the list is cut there.
func (m *run) room(name string, length int) bool {
	m.scratch.listText += costListValue + len(name) + 2*length
	if m.scratch.listText > maxListText {
		m.lists.cut = true
	}
	return !m.lists.cut
}

// item begins the next item of a JSON list.
func item(text []byte) []byte {
	if len(text) == 1 { // the bracket
		return text
	}
	return append(text, ',')
}

// basicList reads values of one element (RFC 6313 section 4.5.1). Its text and that
// of the others lacks the end.
func (m *run) basicList(b []byte, depth int) (name string, text []byte, err error) {
	if len(b) < 4 {
		return "", nil, errList
	}
	f := ipfix.FieldSpec{ID: binary.BigEndian.Uint16(b), Length: binary.BigEndian.Uint16(b[2:])}
	b = b[4:]
	if f.ID&0x8000 != 0 {
		if len(b) < 4 {
			return "", nil, errList
		}
		f.ID, f.PEN = f.ID&0x7fff, binary.BigEndian.Uint32(b)
		b = b[4:]
	}
	e, known := ipfix.Lookup(f.PEN, f.ID)
	if !known {
		e.Name = fmt.Sprintf("%d_%d", f.PEN, f.ID)
	}
	text = []byte{'['}
	c, claimed := claims[elementKey{f.PEN, f.ID}]
	claimed = claimed && c.typ == catalogue.Keyword
	for len(b) > 0 && !m.lists.cut {
		v, n := fieldBytes(f.Length, b)
		if n <= 0 { // it ends early, or values have no bytes
			return "", nil, errList
		}
		b = b[n:]
		if !m.room("", len(v)) {
			break
		}
		x, err := m.listValue(e.Type, v, depth)
		if err != nil {
			return "", nil, err
		}
		text = m.lists.encoder.AppendElement(item(text), &x)
		if claimed {
			m.listed(actString, c.field, v)
		}
	}
	return e.Name, text, nil
}

// subTemplateList reads records of one template (RFC 6313 section 4.5.2).
func (m *run) subTemplateList(b []byte, depth int) ([]byte, error) {
	if len(b) < 2 {
		return nil, errList
	}
	return m.subRecords([]byte{'['}, binary.BigEndian.Uint16(b), b[2:], depth)
}

// subTemplateMultiList reads records of several templates (RFC 6313 section 4.5.3).
func (m *run) subTemplateMultiList(b []byte, depth int) (text []byte, err error) {
	text = []byte{'['}
	for len(b) > 0 {
		if len(b) < 4 {
			return nil, errList
		}
		id, length := binary.BigEndian.Uint16(b), int(binary.BigEndian.Uint16(b[2:]))
		if length < 4 || length > len(b) {
			return nil, errList
		}
		if text, err = m.subRecords(text, id, b[4:length], depth); err != nil {
			return nil, err
		}
		b = b[length:]
	}
	return text, nil
}

// subRecords appends the records of a template to a JSON list. When the template is
// not known the bytes stand in the records' place.
func (m *run) subRecords(text []byte, id uint16, b []byte, depth int) ([]byte, error) {
	l := &m.lists
	if t := m.domain.templates[id]; t != nil {
		for len(b) >= t.min && !l.cut {
			first := len(l.elements)
			n, err := m.subRecord(t, b, depth)
			if err != nil {
				return nil, err
			}
			text = l.encoder.AppendObject(item(text), l.elements[first:])
			l.elements = l.elements[:first]
			b = b[n:]
		}
		if !l.cut && !allZero(b) {
			return nil, errList
		}
		return text, nil
	}
	if len(b) == 0 || !m.room("template data", len(b)) {
		return text, nil
	}
	m.problem(message.ReasonListTemplate, id, 0, "template %d of a list is not known; %d bytes were kept as they are", id, len(b))
	return l.encoder.AppendObject(item(text), []flow.Element{{Name: "template", Num: uint64(id)}, {Name: "data", Kind: flow.ElementHex, Bytes: b}}), nil
}

// subRecord adds the fields of one record, and gives the number of its bytes.
func (m *run) subRecord(t *template, b []byte, depth int) (int, error) {
	at := 0
	for i := range t.steps {
		s := &t.steps[i]
		v, n := fieldBytes(s.length, b[at:])
		if n < 0 {
			return 0, errList
		}
		at += n
		if s.do == actSkip || !m.room(s.name, len(v)) {
			continue
		}
		x, err := m.listValue(s.typ, v, depth)
		if err != nil {
			return 0, err
		}
		m.listed(s.do, s.field, v)
		x.Name = s.name
		m.lists.elements = append(m.lists.elements, x)
	}
	return at, nil
}

// listed fills fields of the record from the list, as YAF puts hosts, names and TCP
// flags there; the first value counts.
func (m *run) listed(do action, field flow.FieldID, v []byte) {
	r := m.lists.record
	switch do {
	case actString:
		if text := m.text(v); text != "" && !r.Has(field) {
			r.SetString(field, text)
		}
	case actFlags:
		flags(r, v)
	}
}

// flags adds TCP flags that come in several elements: those of the first packet,
// and those of the others.
func flags(r *flow.Record, v []byte) { addFlags(r, uint16(number(v))) }

func addFlags(r *flow.Record, all uint16) {
	if r.Has(flow.FieldFlowTCPFlags) {
		all |= r.FlowTCPFlags
	}
	r.SetFlowTCPFlags(all)
}

// listValue gives a value of a list, which may be a list; it is valid until the
// list that it is in has been written.
func (m *run) listValue(typ ipfix.DataType, v []byte, depth int) (flow.Element, error) {
	switch typ {
	case ipfix.BasicList, ipfix.SubTemplateList, ipfix.SubTemplateMultiList:
		text, err := m.list(typ, v, depth+1)
		if text == nil {
			text = []byte("{}")
		}
		return flow.Element{Kind: flow.ElementJSON, Bytes: text}, err
	}
	return value(typ, v), nil
}

// fieldBytes gives a field's value at the start of b, and how many bytes it takes
// with its length; -1 when b ends before it does.
func fieldBytes(length uint16, b []byte) (v []byte, n int) {
	head, size := 0, int(length)
	if length == ipfix.Variable {
		if len(b) < 1 {
			return nil, -1
		}
		if head, size = 1, int(b[0]); size == 255 {
			if len(b) < 3 {
				return nil, -1
			}
			head, size = 3, int(binary.BigEndian.Uint16(b[1:]))
		}
	}
	if len(b)-head < size {
		return nil, -1
	}
	return b[head : head+size], head + size
}
