// Package catalogue is the one table of the fields that a flow record can
// carry: a row per field with its name, type, unit, meaning and the
// information elements that feed it.
//
// Everything that must agree on the fields derives from this table: the record
// type and its JSON encoder (go generate, see flow/catalogue/gen), the index
// templates, docs/fields.md and the decoders' mapping from information
// elements. Adding a field is adding one row here and running `make generate`.
// The package holds data only: it reads no file, keeps no state and imports no
// other room.
package catalogue

// Type is a field's value type. It decides the Go type in flow.Record, the
// JSON form, and the type in each store.
type Type uint8

// The types a field can have.
const (
	// IP is an IPv4 or IPv6 address: netip.Addr; stores: ip.
	IP Type = iota + 1
	// U8 to U64 are unsigned integers.
	U8
	U16
	U32
	U64
	// I64 is a signed 64-bit integer.
	I64
	// Time is a point in time: int64 nanoseconds since the Unix epoch, UTC;
	// JSON: RFC 3339.
	Time
	// Keyword is a short text, searched as a whole.
	Keyword
	// Keywords is a list of short texts.
	Keywords
	// MAC is a 48-bit hardware address; JSON: AA-BB-CC-DD-EE-FF as ECS asks.
	MAC
	// GeoPoint is a latitude and a longitude in degrees, WGS 84.
	GeoPoint
	// Labels is a list of up to ten 32-bit numbers, such as an MPLS stack.
	Labels
	// Elements is the bag of information elements that no field claims.
	Elements
	// F64 is a floating-point number. Rows of Status have it, fields of a record
	// do not.
	F64
)

// Form says how the JSON encoder writes a value that it does not write in its
// type's usual form.
type Form uint8

// The forms.
const (
	// FormPlain is the type's usual form.
	FormPlain Form = iota
	// FormText writes a number as a JSON string, where ECS types it as keyword.
	FormText
	// FormTCPFlags writes the flags' names as a list.
	FormTCPFlags
	// FormEndReason, FormDirection and FormForwarding write IANA's names for
	// flowEndReason, flowDirection and forwardingStatus.
	FormEndReason
	FormDirection
	FormForwarding
	// FormEventType writes event.type's names as a list, and FormAction
	// event.action; both are in every document, derived from the record's kind
	// when the field is not set.
	FormEventType
	FormAction
	// FormConst and the ones after it mark fields that no record stores: the
	// encoder derives them from the others.
	FormConst
	// FormKind is event.kind, which follows from the record's kind.
	FormKind
	FormRelatedIP
	FormElements
)

// Field is one row of the catalogue.
type Field struct {
	// Name is the dotted name in documents: ECS where ECS has the field, else
	// under flow.
	Name string
	// Go is the field's identifier in flow.Record.
	Go string
	// Type is the value type.
	Type Type
	// Form is the JSON form.
	Form Form
	// Unit is the unit of a number, empty when it has none.
	Unit string
	// Const is the value of a FormConst field, as JSON.
	Const string
	// Elements names what feeds the field in NetFlow v9 and IPFIX: IANA names,
	// or enterprise/id for others. Conversions that need more than a copy
	// (times, counters, flags) are the decoder's.
	Elements []string
	// Meaning explains the field to a network engineer.
	Meaning string
}

// Derived reports whether the encoder computes the field, so that a record
// does not store it.
func (f *Field) Derived() bool { return f.Form >= FormConst }

// StoreType is the field's type in a document store, in the terms that
// Elasticsearch and OpenSearch share (the bag of elements is "flattened" in the
// one and "flat_object" in the other; it is named flattened here).
func (f *Field) StoreType() string {
	switch {
	case f.Form == FormTCPFlags || f.Form == FormText || f.Form == FormEndReason ||
		f.Form == FormDirection || f.Form == FormForwarding || f.Form == FormConst || f.Form == FormKind || f.Form == FormEventType:
		return "keyword"
	case f.Form == FormRelatedIP:
		return "ip"
	}
	switch f.Type {
	case IP:
		return "ip"
	case U8, U16, U32, U64, I64, Labels:
		return "long"
	case F64:
		return "double"
	case Time:
		return "date"
	case GeoPoint:
		return "geo_point"
	case Elements:
		return "flattened"
	}
	return "keyword"
}

// Fields is the catalogue, in document order: the fields of one JSON object
// stand together. It must not be changed at run time.
var Fields = concat(eventFields, networkFields, endpointFields("source", "Source"),
	endpointFields("destination", "Destination"), observerFields, contentFields, flowFields)

func concat(parts ...[]Field) []Field {
	var all []Field
	for _, part := range parts {
		all = append(all, part...)
	}
	return all
}
