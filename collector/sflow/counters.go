package sflow

import (
	"encoding/binary"
	"math"

	"github.com/weirflow/weir/collector/message"
	"github.com/weirflow/weir/flow"
)

// counterNameMax is how much is kept of a name among the counters; sFlow allows
// 255 octets.
const counterNameMax = 255

func (m *run) counterSample(p []byte, at int) {
	if len(p) < counterSampleLen {
		m.short(formatCounters, p, at, counterSampleLen)
		return
	}
	m.counters(formatCounters, compactSource(binary.BigEndian.Uint32(p[4:])), binary.BigEndian.Uint32(p[8:]), p[counterSampleLen:], at+counterSampleLen)
}

func (m *run) counterSampleExpanded(p []byte, at int) {
	if len(p) < counterSampleExpandedLen {
		m.short(formatCounterExpanded, p, at, counterSampleExpandedLen)
		return
	}
	m.counters(formatCounterExpanded, source{binary.BigEndian.Uint32(p[4:]), binary.BigEndian.Uint32(p[8:])},
		binary.BigEndian.Uint32(p[12:]), p[counterSampleExpandedLen:], at+counterSampleExpandedLen)
}

// counters makes the record of one counter sample. Every counter is an element
// by its name in structures; a structure that is not there is kept as octets
// under structure_enterprise_format.
func (m *run) counters(sample uint32, src source, count uint32, p []byte, at int) {
	r := m.begin(flow.KindCounters)
	m.res.Counters++
	r.Extra = append(r.Extra, flow.Element{Name: "source_id_class", Kind: flow.ElementUint, Num: uint64(src.class)},
		flow.Element{Name: "source_id_index", Kind: flow.ElementUint, Num: uint64(src.index)})
	m.parts(sample, count, p, at, func(format uint32, body []byte, at int) bool {
		layout, known := structures[format]
		if len(r.Extra)+max(len(layout.fields), 1) > maxExtra {
			m.problem(message.ReasonBadSample, sample, at, "more than %d counters in one sample", maxExtra)
			return false
		}
		if !known {
			r.Extra = append(r.Extra, flow.Element{Name: m.unknownName(unknownStructure, "structure", format), Kind: flow.ElementHex, Bytes: m.w.Copy(body[:min(len(body), keepOctets)])})
			return true
		}
		m.structure(r, sample, format, layout, body, at)
		return true
	})
}

// structure reads a structure's fields as far as its bytes go.
func (m *run) structure(r *flow.Record, sample, format uint32, layout structure, p []byte, at int) {
	need := layout.need
	if need == 0 {
		need = len(layout.fields)
	}
	rest := p
	for i, f := range layout.fields {
		e := flow.Element{Name: f.name}
		size := 0
		switch f.as {
		case number:
			if size = 4; len(rest) >= size {
				e.Num = uint64(binary.BigEndian.Uint32(rest))
			}
		case hyper:
			if size = 8; len(rest) >= size {
				e.Num = binary.BigEndian.Uint64(rest)
			}
		case float:
			if size = 4; len(rest) >= size {
				e.Kind, e.Num = flow.ElementFloat, math.Float64bits(float64(math.Float32frombits(binary.BigEndian.Uint32(rest))))
			}
		case octet:
			if size = 1; len(rest) >= size {
				e.Num = uint64(rest[0])
			}
		case hardware:
			if size = 8; len(rest) >= size {
				e.Kind, e.Bytes = flow.ElementMAC, m.w.Copy(rest[:6])
			}
		case identifier:
			if size = 16; len(rest) >= size {
				e.Kind, e.Bytes = flow.ElementHex, m.w.Copy(rest[:16])
			}
		case name:
			s, next, ok := text(rest, 0)
			if size = next; !ok {
				size = len(rest) + 1
				break
			}
			e.Kind, e.Bytes = flow.ElementString, m.w.Copy(s[:min(len(s), counterNameMax)])
		}
		if len(rest) < size {
			if i < need || len(rest) > 0 {
				m.cut(sample, format, p, at)
			}
			return
		}
		r.Extra = append(r.Extra, e)
		rest = rest[size:]
	}
}
