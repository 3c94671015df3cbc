package netflow

import (
	"bytes"
	"encoding/binary"
	"errors"

	"github.com/weirflow/weir/collector/message"
	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/ipfix"
)

var errDomains = errors.New("more observation domains than are kept of one exporter, or no memory for another one")

// templated decodes an IPFIX message or a NetFlow v9 packet.
func (m *run) templated(b []byte) {
	h, n, err := ipfix.ParseHeader(b)
	if err != nil {
		m.problem(message.ReasonTruncatedHeader, 0, 0, "%d bytes are too few for a header: %w", len(b), err)
		return
	}
	m.res.Domain = h.Domain
	m.sent(&h)
	m.skew()
	switch {
	case h.Version == ipfix.Version9: // says nothing of its length
	case int(h.Length) < n:
		m.problem(message.ReasonBadLength, 0, 2, "the message claims %d bytes, less than its own header", h.Length)
		return
	case int(h.Length) > len(b):
		m.problem(message.ReasonBadLength, 0, 2, "the message claims %d bytes, there are %d; the sets that are there were read", h.Length, len(b))
	case int(h.Length) < len(b):
		m.problem(message.ReasonTrailingBytes, 0, int(h.Length), "%d bytes follow the message", len(b)-int(h.Length))
		b = b[:h.Length]
	}
	d := m.x.domain(m.store, m.res.Protocol, h.Domain)
	if d == nil {
		m.res.Add(message.ReasonTemplateLimit, 0, 0, errDomains)
		return
	}
	m.domain = d
	m.booted()
	m.sets(b, n)
	m.count()
}

// sent notes what a header says of the times of its records.
func (m *run) sent(h *ipfix.Header) {
	m.header, m.exported = *h, unixSeconds(h.ExportTime)
	if h.Version == ipfix.Version9 {
		m.boot, m.hasBoot = m.exported.add(-uptimeMillis(h.SysUptime).length()), true
	}
}

// booted takes the boot time that options data has told; NetFlow v9's header has
// it.
func (m *run) booted() {
	if d := m.domain; d.hasBoot && m.header.Version != ipfix.Version9 {
		m.boot, m.hasBoot = d.boot, true
	}
}

// count checks the header's numbers against what was read.
func (m *run) count() {
	records := m.res.Flows + m.res.Options - m.late
	whole := m.res.SetsWithoutTemplate == 0
	if m.header.Version == ipfix.Version9 {
		m.res.Lost, m.res.Reordered = m.domain.sequence.next(m.header.Sequence, 1, true)
		// softflowd counts data records only.
		all := records + m.res.Templates + m.res.OptionsTemplates
		if claim := int(m.header.Count); whole && claim != all && claim != records && m.res.Clean() {
			m.problem(message.ReasonCountMismatch, 0, 2, "the header counts %d records, there are %d; all were used", claim, all)
		}
		return
	}
	m.res.Lost, m.res.Reordered = m.domain.sequence.next(m.header.Sequence, uint32(records), whole)
}

// sets walks the sets of a message from byte at on. A set that makes no sense
// ends the walk, as nothing tells where the next one begins.
func (m *run) sets(b []byte, at int) {
	for at < len(b) {
		rest := b[at:]
		if len(rest) < ipfix.SetHeaderLen {
			if !allZero(rest) {
				m.problem(message.ReasonTrailingBytes, 0, at, "%d bytes are too few for a set header", len(rest))
			}
			return
		}
		id, length := binary.BigEndian.Uint16(rest), int(binary.BigEndian.Uint16(rest[2:]))
		switch {
		case length < ipfix.SetHeaderLen:
			if !allZero(rest) {
				m.problem(message.ReasonBadLength, id, at+2, "the set claims %d bytes, less than its own header", length)
			}
			return
		case length > len(rest):
			m.problem(message.ReasonTruncatedSet, id, at+2, "the set claims %d bytes, there are %d; the records that are there were read", length, len(rest))
			length = len(rest)
		}
		m.set(id, rest[ipfix.SetHeaderLen:length], at+ipfix.SetHeaderLen)
		at += length
	}
}

func (m *run) set(id uint16, body []byte, at int) {
	v9 := m.header.Version == ipfix.Version9
	switch {
	case id >= ipfix.FirstDataSet:
		m.data(id, body, at)
	case v9 && id == ipfix.TemplateSet9:
		m.templates(id, body, at, ipfix.ParseTemplate9)
	case v9 && id == ipfix.OptionsTemplateSet9:
		m.templates(id, body, at, ipfix.ParseOptionsTemplate9)
	case !v9 && id == ipfix.TemplateSet:
		m.templates(id, body, at, func(b []byte) (ipfix.Template, int, error) { return ipfix.ParseTemplate(b, false) })
	case !v9 && id == ipfix.OptionsTemplateSet:
		m.templates(id, body, at, func(b []byte) (ipfix.Template, int, error) { return ipfix.ParseTemplate(b, true) })
	default:
		m.problem(message.ReasonReservedSet, id, at, "set id %d is reserved", id)
	}
}

// templates reads the definitions in a set.
func (m *run) templates(set uint16, b []byte, start int, parse func([]byte) (ipfix.Template, int, error)) {
	// Zero fill after the last definition is padding.
	end := len(bytes.TrimRight(b, "\x00"))
	for at := 0; len(b)-at >= 4 && at < end; {
		t, n, err := parse(b[at:])
		if err != nil {
			m.res.Add(message.ReasonBadTemplate, set, start+at, err)
			return
		}
		m.define(set, t, start+at)
		at += n
	}
}

// define uses one definition. A withdrawal is none, and neither is what has a set
// id for its own: most likely it is the rest of another one.
func (m *run) define(set uint16, t ipfix.Template, at int) {
	if t.Withdrawal() && m.header.Version != ipfix.Version9 {
		m.withdraw(set, t, at)
		return
	}
	if t.ID < ipfix.FirstDataSet {
		m.problem(message.ReasonBadTemplate, set, at, "template id %d is below %d", t.ID, ipfix.FirstDataSet)
		return
	}
	if t.Options {
		m.res.OptionsTemplates++
	} else {
		m.res.Templates++
	}
	if t.MinRecordLen() == 0 {
		m.problem(message.ReasonZeroTemplate, t.ID, at, "records of template %d would have no bytes", t.ID)
		return
	}
	evicted, kept := m.x.define(m.store, m.domain, t, m.origin.Received)
	if evicted > 0 {
		m.problem(message.ReasonTemplateEvicted, t.ID, at, "template %d made the exporter forget %d older ones", t.ID, evicted)
		m.res.Problems[message.ReasonTemplateEvicted] += uint32(evicted - 1)
	}
	if n := m.domain.skipped(t.ID); n > 0 {
		m.problem(message.ReasonTemplateLimit, t.ID, at, "template %d has %d fields more than the %d that are decoded", t.ID, n, maxFields)
	}
	if !kept {
		m.problem(message.ReasonTemplateLimit, t.ID, at, "template %d with %d fields is more than is kept of one exporter, or there is no memory for it", t.ID, len(t.Fields))
		return
	}
	m.release(t.ID)
}

// withdraw removes templates on stream transports; over datagrams RFC 7011
// section 8.4 has it ignored, as it could be forged or late.
func (m *run) withdraw(set uint16, t ipfix.Template, at int) {
	if m.origin.Session == 0 {
		return
	}
	switch {
	case t.ID == set:
		m.x.withdrawAll(m.store, m.domain, set == ipfix.OptionsTemplateSet)
	case t.ID >= ipfix.FirstDataSet:
		m.x.withdraw(m.store, m.domain, t.ID)
	default:
		m.problem(message.ReasonBadTemplate, set, at, "withdrawal of template id %d, which cannot exist", t.ID)
	}
}

// data decodes the records of a data set.
func (m *run) data(id uint16, b []byte, start int) {
	t := m.domain.templates[id]
	if t != nil && m.x.stale(m.store, t) {
		m.x.forget(m.store, t)
		m.store.expired.Add(1)
		t = nil
	}
	if t == nil {
		m.res.SetsWithoutTemplate++
		if m.hold(id, b, start) {
			m.res.Held++
			m.problem(message.ReasonNoTemplate, id, start, "template %d is not known (yet); %d bytes are held for it", id, len(b))
		} else {
			m.problem(message.ReasonNoTemplate, id, start, "template %d is not known (yet); %d bytes were left", id, len(b))
		}
		return
	}
	t.seen = max(t.seen, m.origin.Received)
	for at := 0; len(b)-at >= t.min; {
		kind := flow.KindFlow
		if t.spec.Options {
			kind = flow.KindOptions
		}
		r := m.begin(kind)
		m.scratch.reset()
		n := m.record(t, b[at:], r)
		if n < 0 {
			m.w.Drop()
			if !allZero(b[at:]) {
				m.problem(message.ReasonTruncatedRecord, id, start+at, "a record of template %d ends after its set", id)
			}
			return
		}
		at += n
		if t.spec.Options {
			m.res.Options++
			m.options(r)
			if !m.store.cfg.EmitOptions {
				m.w.Drop()
			}
			continue
		}
		m.res.Flows++
		m.finish(r)
	}
}

func allZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}
