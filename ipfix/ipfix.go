// Package ipfix is the wire format that IPFIX (RFC 7011) and NetFlow v9
// (RFC 3954) share: message and set headers, template records, and the
// registry of information elements.
//
// It reads and describes bytes; it keeps no state between messages, knows no
// exporters and imports no other room. Everything it is given may be hostile:
// lengths are checked against what is there before they are used.
package ipfix

//go:generate go run ./gen elements.tsv elements_gen.go

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Sizes of headers in bytes, and the numbers that tell sets apart.
const (
	// Version is the version word of an IPFIX message.
	Version = 10
	// Version9 is the version word of a NetFlow v9 packet.
	Version9 = 9
	// HeaderLen is the length of an IPFIX message header.
	HeaderLen = 16
	// Header9Len is the length of a NetFlow v9 packet header.
	Header9Len = 20
	// SetHeaderLen is the length of a set or flowset header.
	SetHeaderLen = 4
	// TemplateSet and OptionsTemplateSet are IPFIX's set ids for definitions.
	TemplateSet, OptionsTemplateSet = 2, 3
	// TemplateSet9 and OptionsTemplateSet9 are NetFlow v9's.
	TemplateSet9, OptionsTemplateSet9 = 0, 1
	// FirstDataSet is the lowest id of a data set, and of a template.
	FirstDataSet = 256
	// Variable is the length of a field whose length stands in each record.
	Variable = 65535
	// ReversePEN marks IANA elements of the reverse direction (RFC 5103).
	ReversePEN = 29305
)

// ErrTruncated says that the bytes end before the structure does.
var ErrTruncated = errors.New("the bytes end before the structure does")

// Header is a message header, of either version.
type Header struct {
	Version uint16
	// Length is the IPFIX message's claimed length in bytes; 0 for NetFlow v9.
	Length uint16
	// Count is NetFlow v9's claimed number of records; 0 for IPFIX.
	Count uint16
	// SysUptime is milliseconds since the exporter booted; NetFlow v9 only.
	SysUptime uint32
	// ExportTime is seconds since the Unix epoch.
	ExportTime uint32
	// Sequence counts records (IPFIX) or packets (NetFlow v9).
	Sequence uint32
	// Domain is the observation domain id, or the source id.
	Domain uint32
}

// ParseHeader reads the header of an IPFIX message or a NetFlow v9 packet and
// gives its length in bytes.
func ParseHeader(b []byte) (h Header, n int, err error) {
	if len(b) < HeaderLen {
		return h, 0, ErrTruncated
	}
	h.Version = binary.BigEndian.Uint16(b)
	switch h.Version {
	case Version:
		h.Length = binary.BigEndian.Uint16(b[2:])
		h.ExportTime = binary.BigEndian.Uint32(b[4:])
		h.Sequence = binary.BigEndian.Uint32(b[8:])
		h.Domain = binary.BigEndian.Uint32(b[12:])
		return h, HeaderLen, nil
	case Version9:
		if len(b) < Header9Len {
			return h, 0, ErrTruncated
		}
		h.Count = binary.BigEndian.Uint16(b[2:])
		h.SysUptime = binary.BigEndian.Uint32(b[4:])
		h.ExportTime = binary.BigEndian.Uint32(b[8:])
		h.Sequence = binary.BigEndian.Uint32(b[12:])
		h.Domain = binary.BigEndian.Uint32(b[16:])
		return h, Header9Len, nil
	}
	return h, 0, fmt.Errorf("version %d is neither IPFIX (10) nor NetFlow v9 (9)", h.Version)
}

// FieldSpec is one field of a template.
type FieldSpec struct {
	PEN uint32 `json:"pen,omitempty"`
	ID  uint16 `json:"id"`
	// Length is in bytes; Variable means that each record says.
	Length uint16 `json:"length"`
}

// Template is a template record or options template record.
type Template struct {
	ID uint16 `json:"id"`
	// Scopes is how many of Fields, from the first, are scope fields.
	Scopes int `json:"scopes,omitempty"`
	// Options tells an options template, which may have no scope at all.
	Options bool        `json:"options,omitempty"`
	Fields  []FieldSpec `json:"fields"`
}

// MinRecordLen is the fewest bytes that a record of the template has.
func (t *Template) MinRecordLen() int {
	n := 0
	for _, f := range t.Fields {
		if f.Length == Variable {
			n++
		} else {
			n += int(f.Length)
		}
	}
	return n
}

// Withdrawal reports whether the record withdraws a template (RFC 7011 section
// 8.1).
func (t *Template) Withdrawal() bool { return len(t.Fields) == 0 }

// ParseTemplate reads one IPFIX template record (RFC 7011 section 3.4) from the
// start of b and gives the number of bytes that it took.
func ParseTemplate(b []byte, options bool) (t Template, n int, err error) {
	if len(b) < 4 {
		return Template{}, 0, ErrTruncated
	}
	t.ID, t.Options = binary.BigEndian.Uint16(b), options
	count := int(binary.BigEndian.Uint16(b[2:]))
	if count == 0 {
		return t, 4, nil
	}
	n = 4
	if options {
		if len(b) < 6 {
			return Template{}, 0, ErrTruncated
		}
		t.Scopes, n = int(binary.BigEndian.Uint16(b[4:])), 6
		if t.Scopes > count {
			return Template{}, 0, fmt.Errorf("options template %d has %d scope fields but only %d fields", t.ID, t.Scopes, count)
		}
	}
	if len(b)-n < 4*count {
		return Template{}, 0, fmt.Errorf("template %d claims %d fields, %d bytes are left: %w", t.ID, count, len(b)-n, ErrTruncated)
	}
	t.Fields = make([]FieldSpec, 0, count)
	for range count {
		if len(b)-n < 4 {
			return Template{}, 0, ErrTruncated
		}
		f := FieldSpec{ID: binary.BigEndian.Uint16(b[n:]), Length: binary.BigEndian.Uint16(b[n+2:])}
		n += 4
		if f.ID&0x8000 != 0 {
			if len(b)-n < 4 {
				return Template{}, 0, ErrTruncated
			}
			f.ID, f.PEN = f.ID&0x7fff, binary.BigEndian.Uint32(b[n:])
			n += 4
		}
		t.Fields = append(t.Fields, f)
	}
	return t, n, nil
}

// ParseTemplate9 reads one NetFlow v9 template record (RFC 3954 section 5.2)
// from the start of b and gives the number of bytes that it took.
func ParseTemplate9(b []byte) (t Template, n int, err error) {
	if len(b) < 4 {
		return Template{}, 0, ErrTruncated
	}
	t.ID = binary.BigEndian.Uint16(b)
	count := int(binary.BigEndian.Uint16(b[2:]))
	if len(b)-4 < 4*count {
		return Template{}, 0, fmt.Errorf("template %d claims %d fields, %d bytes are left: %w", t.ID, count, len(b)-4, ErrTruncated)
	}
	t.Fields = fields9(b[4:], count)
	return t, 4 + 4*count, nil
}

// ParseOptionsTemplate9 reads one NetFlow v9 options template record (RFC 3954
// section 6.1), whose scope types keep their own numbers in FieldSpec.ID.
func ParseOptionsTemplate9(b []byte) (t Template, n int, err error) {
	if len(b) < 6 {
		return Template{}, 0, ErrTruncated
	}
	t.ID, t.Options = binary.BigEndian.Uint16(b), true
	scopes, options := int(binary.BigEndian.Uint16(b[2:])), int(binary.BigEndian.Uint16(b[4:]))
	if scopes%4 != 0 || options%4 != 0 {
		return Template{}, 0, fmt.Errorf("options template %d: scope length %d and option length %d must be multiples of 4", t.ID, scopes, options)
	}
	if len(b)-6 < scopes+options {
		return Template{}, 0, fmt.Errorf("options template %d claims %d bytes of fields, %d are left: %w", t.ID, scopes+options, len(b)-6, ErrTruncated)
	}
	t.Scopes = scopes / 4
	t.Fields = fields9(b[6:], (scopes+options)/4)
	return t, 6 + scopes + options, nil
}

func fields9(b []byte, count int) []FieldSpec {
	list := make([]FieldSpec, count)
	for i := range list {
		list[i] = FieldSpec{ID: binary.BigEndian.Uint16(b[4*i:]), Length: binary.BigEndian.Uint16(b[4*i+2:])}
	}
	return list
}
