package ipfix

import (
	"cmp"
	"slices"
	"strings"
)

// DataType is an abstract data type (RFC 7011 section 6.1, RFC 6313).
type DataType uint8

// The abstract data types. The zero value stands for an element that is not
// registered.
const (
	TypeUnknown DataType = iota
	Unsigned8
	Unsigned16
	Unsigned32
	Unsigned64
	Unsigned256
	Signed8
	Signed16
	Signed32
	Signed64
	Float32
	Float64
	Boolean
	MACAddress
	OctetArray
	String
	DateTimeSeconds
	DateTimeMilliseconds
	DateTimeMicroseconds
	DateTimeNanoseconds
	IPv4Address
	IPv6Address
	BasicList
	SubTemplateList
	SubTemplateMultiList
)

// Element is a registered information element.
type Element struct {
	PEN  uint32
	ID   uint16
	Type DataType
	Name string
}

// ntopOffset is what nProbe adds to ntop's element numbers in NetFlow v9, which
// has no enterprise numbers.
const (
	ntopPEN    = 35632
	ntopOffset = 57472
	ciscoPEN   = 9
)

// Lookup finds a registered element of IPFIX. The reverse elements of RFC 5103
// are found under their enterprise number, named with the prefix reverse.
func Lookup(pen uint32, id uint16) (Element, bool) {
	i, ok := slices.BinarySearchFunc(elements[:], Element{PEN: pen, ID: id}, func(a, b Element) int {
		return cmp.Or(cmp.Compare(a.PEN, b.PEN), cmp.Compare(a.ID, b.ID))
	})
	if ok {
		return elements[i], true
	}
	if pen == ReversePEN {
		if e, ok := Lookup(0, id); ok {
			e.PEN, e.Name = pen, "reverse"+strings.ToUpper(e.Name[:1])+e.Name[1:]
			return e, true
		}
	}
	return Element{PEN: pen, ID: id}, false
}

// Lookup9 finds the element of a NetFlow v9 field type. Types above 32767 are
// vendors': Cisco's are its own elements with the high bit set, ntop's begin at
// 57472, and some are of no rule.
func Lookup9(fieldType uint16) (Element, bool) {
	if e, ok := elements9[fieldType]; ok {
		return e, true
	}
	if fieldType >= ntopOffset {
		if e, ok := Lookup(ntopPEN, fieldType-ntopOffset); ok {
			return e, true
		}
	}
	if fieldType&0x8000 != 0 {
		if e, ok := Lookup(ciscoPEN, fieldType&0x7fff); ok {
			return e, true
		}
	}
	return Lookup(0, fieldType)
}

// ByName finds an element of IANA's registry by its name.
func ByName(name string) (Element, bool) {
	for i := range elements {
		if elements[i].PEN == 0 && elements[i].Name == name {
			return elements[i], true
		}
	}
	return Element{}, false
}
