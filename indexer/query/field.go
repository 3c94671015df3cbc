package query

import (
	"fmt"
	"strings"

	"github.com/weirflow/weir/flow/catalogue"
)

// Class says what can be asked about a field's values.
type Class uint8

// The classes.
const (
	// Text matches exactly or by wildcard: keywords, and numbers that documents
	// write as text or by name.
	Text Class = iota + 1
	// Number compares as a signed 64-bit number.
	Number
	// Time compares as a point in time, in milliseconds.
	Time
	// Address matches an address or a network, and compares.
	Address
	// Position can only be asked for its presence.
	Position
	// Elements is flow.ie, whose values match as texts in any element. Its
	// elements are Text fields of their own: flow.ie.<name>.
	Elements
)

// String is the class as error messages name it.
func (c Class) String() string {
	switch c {
	case Text:
		return "a text"
	case Number:
		return "a whole number"
	case Time:
		return "a time"
	case Address:
		return "an address"
	case Position:
		return "a position"
	}
	return "a bag of information elements"
}

// Field is a field that requests can name. The zero Field is none.
type Field struct {
	// Name is the dotted name.
	Name string
	// Class says what can be asked about it.
	Class Class
	// Catalogue is its row in the catalogue; for an element that of flow.ie.
	Catalogue *catalogue.Field
	// Element is the name in flow.ie, empty for other fields.
	Element string
}

// List reports whether a row can have several values of the field.
func (f Field) List() bool {
	c := f.Catalogue
	return c.Form == catalogue.FormTCPFlags || c.Form == catalogue.FormEventType || c.Form == catalogue.FormRelatedIP || c.Type == catalogue.Elements ||
		c.Type == catalogue.Keywords || c.Type == catalogue.Labels
}

// Groupable reports whether rows can be grouped and counted by the field.
func (f Field) Groupable() bool { return f.Class != Position && f.Class != Elements }

// elementsField is where the elements live.
const elementsField = "flow.ie"

var byName = func() map[string]*catalogue.Field {
	m := make(map[string]*catalogue.Field, len(catalogue.Fields))
	for i := range catalogue.Fields {
		m[catalogue.Fields[i].Name] = &catalogue.Fields[i]
	}
	return m
}()

func class(f *catalogue.Field) Class {
	switch f.StoreType() {
	case "ip":
		return Address
	case "long":
		return Number
	case "date":
		return Time
	case "geo_point":
		return Position
	case "flattened":
		return Elements
	}
	return Text
}

// Fields gives every field of the catalogue, in document order.
func Fields() []Field {
	list := make([]Field, len(catalogue.Fields))
	for i := range list {
		f := &catalogue.Fields[i]
		list[i] = Field{Name: f.Name, Class: class(f), Catalogue: f}
	}
	return list
}

// LookupField gives the field of that name. The error of an unknown one suggests
// the nearest.
func LookupField(name string) (Field, error) {
	if f, ok := byName[name]; ok {
		return Field{Name: name, Class: class(f), Catalogue: f}, nil
	}
	if element, ok := strings.CutPrefix(name, elementsField+"."); ok && element != "" {
		return Field{Name: name, Class: Text, Catalogue: byName[elementsField], Element: element}, nil
	}
	if near := nearest(name); near != "" {
		return Field{}, fmt.Errorf("no field is called %q; did you mean %s?", name, near)
	}
	return Field{}, fmt.Errorf("no field is called %q; docs/fields.md lists them", name)
}

// nearest gives the field whose name is most like name, or "" when none is alike.
// A last part that fits whole (bytes for network.bytes) is alike as well.
func nearest(name string) string {
	best, at := "", max(2, len(name)/3)+1
	lower := strings.ToLower(name)
	for i := range catalogue.Fields {
		field := catalogue.Fields[i].Name
		if d := distance(lower, field, at); d < at {
			best, at = field, d
		}
	}
	if best != "" || len(lower) < 2 {
		return best
	}
	for i := range catalogue.Fields {
		if field := catalogue.Fields[i].Name; strings.HasSuffix(field, "."+lower) || strings.HasSuffix(field, "_"+lower) {
			return field
		}
	}
	return ""
}

// distance is the number of letters to insert, delete, change or swap to get from
// a to b; it gives limit when it is that or more.
func distance(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit
	}
	before, row, next := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		next[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			d := min(row[j]+cost, row[j+1]+1, next[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				d = min(d, before[j-1]+1)
			}
			next[j+1] = d
		}
		before, row, next = row, next, before
	}
	return min(row[len(b)], limit)
}

// Unit is the unit of the field's numbers, empty when it has none.
func (f Field) Unit() string {
	if f.Element != "" {
		return ""
	}
	return f.Catalogue.Unit
}
