package sflow

import (
	"encoding/binary"

	"github.com/weirflow/weir/collector/message"
	"github.com/weirflow/weir/flow"
)

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
		l := structures[format]
		if len(r.Extra) >= maxExtra {
			m.problem(message.ReasonBadSample, sample, at, "more than %d counters in one sample", maxExtra)
			return false
		}
		if l == nil {
			r.Extra = append(r.Extra, flow.Element{Name: m.unknownName(unknownStructure, "structure", format), Kind: flow.ElementHex, Bytes: m.w.Copy(body[:min(len(body), keepOctets)])})
			return true
		}
		m.structure(r, sample, format, l, body, at)
		return true
	})
}
