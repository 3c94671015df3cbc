package sflow

import (
	"encoding/binary"
	"math"

	"github.com/weirflow/weir/collector/message"
	"github.com/weirflow/weir/flow"
)

// layout is how a structure of counters, or a record that no field takes, is
// sent.
type layout struct {
	fields []field
	// need is how many fields are there at least; 0 is all. Some structures grew
	// over time.
	need int
}

// field is a value's name in flow.counters or flow.ie and how it is sent.
type field struct {
	name string
	as   encoding
	// of is the fields of each item of a list. Their values become lists, as
	// elements of the same name do.
	of []field
}

// encoding is how XDR (RFC 4506) carries a field.
type encoding uint8

const (
	number     encoding = iota // 32 bits
	signed                     // 32 bits, two's complement
	hyper                      // 64 bits
	float                      // 32 bits, IEEE 754
	octet                      // 8 bits, four of them in a row
	hardware                   // 6 octets and 2 of padding
	identifier                 // 16 octets
	name                       // a string
	inet4                      // an IPv4 address, 4 octets
	inet6                      // an IPv6 address, 16 octets
	list                       // a number of items, and the items
)

// fixedSize is the bytes of each encoding, 0 where the value says it.
var fixedSize = [...]int{number: 4, signed: 4, hyper: 8, float: 4, octet: 1, hardware: 8, identifier: 16, name: 0, inet4: 4, inet6: 16, list: 0}

// nameMax is how much is kept of a string; sFlow's own limit for the longest is
// 255 octets.
const nameMax = 255

// structure reads a structure's fields into elements as far as its bytes go.
func (m *run) structure(r *flow.Record, sample, format uint32, l *layout, p []byte, at int) {
	need := l.need
	if need == 0 {
		need = len(l.fields)
	}
	rest := p
	for i := range l.fields {
		if f := &l.fields[i]; f.as == number && len(rest) >= 4 && len(r.Extra) < maxExtra { // most are like this
			r.Extra = append(r.Extra, flow.Element{Name: f.name, Num: uint64(binary.BigEndian.Uint32(rest))})
			rest = rest[4:]
			continue
		}
		left, ok := m.value(r, &l.fields[i], rest)
		if !ok {
			if len(r.Extra) >= maxExtra {
				m.problem(message.ReasonBadSample, sample, at, "more than %d values in one sample", maxExtra)
			} else if i < need || len(rest) > 0 {
				m.cut(sample, format, p, at)
			}
			return
		}
		rest = left
	}
}

// value reads one field off the front of p. It reports false when the bytes do
// not suffice, or when the record has as many elements as it may have.
func (m *run) value(r *flow.Record, f *field, p []byte) (rest []byte, ok bool) {
	size := fixedSize[f.as]
	if len(p) < size || len(r.Extra) >= maxExtra {
		return p, false
	}
	e := flow.Element{Name: f.name}
	switch f.as {
	case number:
		e.Num = uint64(binary.BigEndian.Uint32(p))
	case signed:
		e.Kind, e.Num = flow.ElementInt, uint64(int64(int32(binary.BigEndian.Uint32(p))))
	case hyper:
		e.Num = binary.BigEndian.Uint64(p)
	case float:
		e.Kind, e.Num = flow.ElementFloat, math.Float64bits(float64(math.Float32frombits(binary.BigEndian.Uint32(p))))
	case octet:
		e.Num = uint64(p[0])
	case hardware:
		e.Kind, e.Bytes = flow.ElementMAC, m.w.Copy(p[:6])
	case identifier:
		e.Kind, e.Bytes = flow.ElementHex, m.w.Copy(p[:16])
	case inet4, inet6:
		e.Kind, e.Bytes = flow.ElementAddr, m.w.Copy(p[:size])
	case name:
		s, next, ok := text(p, 0)
		if !ok {
			return p, false
		}
		if size = next; len(s) == 0 {
			return p[size:], true // a string that the agent does not know
		}
		e.Kind, e.Bytes = flow.ElementString, m.w.Copy(s[:min(len(s), nameMax)])
	case list:
		return m.items(r, f, p)
	}
	r.Extra = append(r.Extra, e)
	return p[size:], true
}

// items reads a list. Each item takes bytes, so that it ends with them whatever
// number it claims.
func (m *run) items(r *flow.Record, f *field, p []byte) (rest []byte, ok bool) {
	if len(p) < 4 {
		return p, false
	}
	count := binary.BigEndian.Uint32(p)
	for p = p[4:]; count > 0; count-- {
		for i := range f.of {
			if p, ok = m.value(r, &f.of[i], p); !ok {
				return p, false
			}
		}
	}
	return p, true
}

// text reads a string or octets with their number in front, which XDR pads to
// four. next is the offset behind the padding.
func text(p []byte, at int) (s []byte, next int, ok bool) {
	if len(p) < at+4 {
		return nil, at, false
	}
	n := uint64(binary.BigEndian.Uint32(p[at:]))
	at += 4
	if n > uint64(len(p)-at) {
		return nil, at, false
	}
	return p[at : at+int(n)], min(at+(int(n)+3)&^3, len(p)), true
}
