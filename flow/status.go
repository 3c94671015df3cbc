package flow

import (
	"math"

	"github.com/weirflow/weir/flow/catalogue"
)

// Status numbers the rows of catalogue.Status. The setters below are the only
// way to write one, so that no document has a name that the mappings lack.
type Status uint8

type statusRow struct {
	name string
	kind ElementKind
}

// String is the row's dotted name in documents.
func (s Status) String() string {
	if s < NumStatus {
		return catalogue.StatusObject + "." + statusRows[s].name
	}
	return "unknown status"
}

// AddStatus adds a count, a signed number by its two's complement, or a time in
// Unix nanoseconds. It reports false, and adds nothing, for a row of another
// type.
func (r *Record) AddStatus(s Status, v uint64) bool {
	switch kind := statusRows[s].kind; kind {
	case ElementUint: // stores hold signed numbers
		return r.addStatus(s, Element{Kind: kind, Num: min(v, math.MaxInt64)})
	case ElementInt, ElementTime:
		return r.addStatus(s, Element{Kind: kind, Num: v})
	}
	return false
}

// AddStatusFloat adds a fraction. It reports false, and adds nothing, for a row
// of another type, and for what is no number.
func (r *Record) AddStatusFloat(s Status, v float64) bool {
	if statusRows[s].kind != ElementFloat || math.IsNaN(v) || math.IsInf(v, 0) {
		return false
	}
	return r.addStatus(s, Element{Kind: ElementFloat, Num: math.Float64bits(v)})
}

// AddStatusText adds a text, which is copied. It reports false, and adds nothing,
// for a row of another type.
func (r *Record) AddStatusText(s Status, v string) bool {
	if statusRows[s].kind != ElementString {
		return false
	}
	return r.addStatus(s, Element{Kind: ElementString, Bytes: []byte(v)})
}

func (r *Record) addStatus(s Status, x Element) bool {
	x.Name = statusRows[s].name
	r.Extra = append(r.Extra, x)
	return true
}
