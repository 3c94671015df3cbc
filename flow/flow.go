// Package flow is the common record that every room of Weir meets in: decoders
// fill it, enrichers complete it, sinks write it.
//
// The record's fields come from the table in flow/catalogue; record_gen.go,
// set_gen.go, json_gen.go and docs/fields.md are generated from it. The package
// knows nothing of protocols, sockets or stores, and imports no other room.
package flow

//go:generate go run ./catalogue/gen ..

import (
	"net/netip"
)

// Kind tells what a record is.
type Kind uint8

// The kinds of record.
const (
	// KindFlow is traffic: a flow record, or a sampled packet of sFlow.
	KindFlow Kind = iota
	// KindOptions is an options data record of NetFlow v9 or IPFIX.
	KindOptions
	// KindCounters is a counter sample of sFlow.
	KindCounters
	// KindRollup is the sum of the flows of an interval that have something in
	// common, see indexer/rollup.
	KindRollup
	// KindExporter is the state of an exporter, or of the collector when
	// event.action says so; its Extra are rows of catalogue.Status.
	KindExporter

	// NumKinds bounds arrays indexed by Kind.
	NumKinds
)

// ActionCollector is event.action of a record of KindExporter that is about the
// collector itself.
const ActionCollector = "collector_status"

// Metric reports whether records of the kind are numbers about an interval, and
// not what happened: their event.kind is metric.
func (k Kind) Metric() bool { return k >= KindRollup }

// String is the value of event.action of a record that is no event.
func (k Kind) String() string {
	switch k {
	case KindOptions:
		return "options_record"
	case KindCounters:
		return "counters_sample"
	case KindRollup:
		return "rollup"
	case KindExporter:
		return "exporter_status"
	}
	return "network_flow"
}

// FieldID numbers the fields that a record stores, in document order.
type FieldID uint16

// String is the field's dotted name in documents.
func (id FieldID) String() string {
	if int(id) < len(fieldNames) {
		return fieldNames[id]
	}
	return "unknown field"
}

// MAC is a 48-bit hardware address.
type MAC [6]byte

// Point is a position in degrees, WGS 84.
type Point struct{ Lat, Lon float64 }

// Labels is a short list of numbers, such as an MPLS label stack.
type Labels struct {
	list [10]uint32
	n    uint8
}

// Append adds v and reports false when the list is full.
func (l *Labels) Append(v uint32) bool {
	if int(l.n) == len(l.list) {
		return false
	}
	l.list[l.n] = v
	l.n++
	return true
}

// List is the numbers; it aliases l.
func (l *Labels) List() []uint32 { return l.list[:l.n] }

// ElementKind tells how an Element's value is held.
type ElementKind uint8

// The kinds of element: in Num, or in Bytes.
const (
	// ElementUint is an unsigned number in Num.
	ElementUint ElementKind = iota
	// ElementInt is a signed number in Num, two's complement.
	ElementInt
	// ElementFloat is math.Float64bits in Num.
	ElementFloat
	// ElementBool is 0 or 1 in Num.
	ElementBool
	// ElementTime is Unix nanoseconds in Num, two's complement.
	ElementTime
	// ElementString is text in Bytes; need not be valid UTF-8.
	ElementString
	// ElementHex is octets in Bytes, written in hexadecimal.
	ElementHex
	// ElementAddr is 4 or 16 address bytes in Bytes.
	ElementAddr
	// ElementMAC is 6 bytes in Bytes.
	ElementMAC
	// ElementJSON is a JSON value in Bytes: a list or an object that
	// Encoder.AppendObject and its like made.
	ElementJSON
)

// Element is an information element that no field claims, or a counter of a
// counter sample.
type Element struct {
	// Name is the registered name, or enterprise_id.
	Name string
	// Kind tells where and how the value is held.
	Kind ElementKind
	// Num is the value of numeric kinds.
	Num uint64
	// Bytes is the value of the others; it lives in the batch's arena.
	Bytes []byte
}

func (r *Record) mark(id FieldID) { r.set[id>>6] |= 1 << (id & 63) }

// Has reports whether the field is present.
func (r *Record) Has(id FieldID) bool { return r.set[id>>6]&(1<<(id&63)) != 0 }

// Clear makes the field absent; its stale value must not be read.
func (r *Record) Clear(id FieldID) { r.set[id>>6] &^= 1 << (id & 63) }

// Reset empties the record for reuse; the capacity of Extra and Tags stays.
func (r *Record) Reset() {
	*r = Record{Extra: r.Extra[:0], Tags: r.Tags[:0]}
}

// hasRelatedIP reports whether any address that related.ip lists is present.
func (r *Record) hasRelatedIP() bool {
	return r.Has(FieldSourceIP) || r.Has(FieldDestinationIP) || r.Has(FieldSourceNATIP) || r.Has(FieldDestinationNATIP) ||
		r.Has(FieldInnerSourceIP) || r.Has(FieldInnerDestinationIP)
}

// relatedIPs appends the distinct addresses of both ends to list.
func (r *Record) relatedIPs(list []netip.Addr) []netip.Addr {
	add := func(id FieldID, a netip.Addr) {
		if !r.Has(id) {
			return
		}
		for _, seen := range list {
			if seen == a {
				return
			}
		}
		list = append(list, a)
	}
	add(FieldSourceIP, r.SourceIP)
	add(FieldDestinationIP, r.DestinationIP)
	add(FieldSourceNATIP, r.SourceNATIP)
	add(FieldDestinationNATIP, r.DestinationNATIP)
	add(FieldInnerSourceIP, r.InnerSourceIP)
	add(FieldInnerDestinationIP, r.InnerDestinationIP)
	return list
}
