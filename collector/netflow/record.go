package netflow

import (
	"encoding/binary"
	"math"
	"net/netip"
	"unicode/utf8"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/ipfix"
)

// record runs one record's bytes through the template's steps. It gives the
// number of bytes that the record takes, or -1 when b ends before it does.
func (m *run) record(t *template, b []byte, r *flow.Record) int {
	at := 0
	for i := range t.steps {
		s := &t.steps[i]
		n := int(s.length)
		if s.length == ipfix.Variable {
			if at >= len(b) {
				return -1
			}
			n = int(b[at])
			at++
			if n == 255 {
				if len(b)-at < 2 {
					return -1
				}
				n = int(binary.BigEndian.Uint16(b[at:]))
				at += 2
			}
		}
		if len(b)-at < n {
			return -1
		}
		v := b[at : at+n]
		at += n
		switch s.do {
		case actSkip:
		case actUint: // stores have signed numbers
			if x := min(number(v), math.MaxInt64); x != 0 || !s.zeroAbsent {
				r.SetUint(s.field, x)
			}
		case actAddr:
			m.addr(r, s, v)
		case actCounter:
			m.scratch.put(s.index, number(v))
		case actTime:
			m.scratch.time(s, v, m.exported)
		case actMAC:
			if mac := flow.MAC(v); mac != (flow.MAC{}) {
				r.SetMAC(s.field, mac)
			}
		default:
			m.rare(r, s, v)
		}
	}
	return at
}

// number reads a big-endian number of up to 8 bytes.
func number(v []byte) uint64 {
	switch len(v) {
	case 1:
		return uint64(v[0])
	case 2:
		return uint64(binary.BigEndian.Uint16(v))
	case 4:
		return uint64(binary.BigEndian.Uint32(v))
	case 8:
		return binary.BigEndian.Uint64(v)
	}
	var x uint64
	for _, c := range v {
		x = x<<8 | uint64(c)
	}
	return x
}

// addr sets an address; templates may carry IPv4 and IPv6 side by side, with
// zeros in the one that does not apply.
func (m *run) addr(r *flow.Record, s *step, v []byte) {
	a, _ := netip.AddrFromSlice(v)
	if a.IsUnspecified() && s.field != flow.FieldSourceIP && s.field != flow.FieldDestinationIP {
		return
	}
	if !r.Has(s.field) {
		r.SetAddr(s.field, a)
		return
	}
	switch {
	case a.IsUnspecified():
	case currentUnspecified(r, s.field):
		r.SetAddr(s.field, a)
	default:
		m.second(r, s, v, a)
	}
}

// second takes another address for an end that has one: the one inside a tunnel,
// as elements stand in the order of the headers (RFC 7011 section 8).
func (m *run) second(r *flow.Record, s *step, v []byte, a netip.Addr) {
	switch {
	case s.field == flow.FieldSourceIP && !r.Has(flow.FieldInnerSourceIP) && a != r.SourceIP:
		r.SetInnerSourceIP(a)
	case s.field == flow.FieldDestinationIP && !r.Has(flow.FieldInnerDestinationIP) && a != r.DestinationIP:
		r.SetInnerDestinationIP(a)
	default:
		m.extra(r, s, v)
	}
}

// currentUnspecified reports whether an end's address is set to :: or 0.0.0.0.
func currentUnspecified(r *flow.Record, field flow.FieldID) bool {
	return field == flow.FieldSourceIP && r.SourceIP.IsUnspecified() || field == flow.FieldDestinationIP && r.DestinationIP.IsUnspecified()
}

// rare does the steps that few records have.
func (m *run) rare(r *flow.Record, s *step, v []byte) {
	k := &m.scratch
	switch s.do {
	case actString:
		if text := m.text(v); text != "" {
			r.SetString(s.field, text)
		}
	case actSampling:
		x := number(v)
		if s.index == samplingProbability && len(v) == 4 {
			x = math.Float64bits(float64(math.Float32frombits(uint32(x))))
		}
		k.sampling.put(s.index, x)
		m.extra(r, s, v)
	case actText:
		k.texts[s.index] = trim(v)
		m.extra(r, s, v)
	case actLabel:
		// 20 bits of label, 3 of traffic class, bottom of stack (RFC 3032).
		if x := uint32(v[0])<<16 | uint32(v[1])<<8 | uint32(v[2]); x != 0 {
			r.AddFlowMPLSLabels(x >> 4)
		}
	case actICMP:
		x := number(v)
		r.SetFlowICMPType(uint8(x >> 8))
		r.SetFlowICMPCode(uint8(x))
		k.icmps = true
	case actAppID:
		if key, ok := application(v); ok {
			k.app = key
			r.SetFlowApplicationID(m.appIDText(v))
		} else {
			m.extra(r, s, v)
		}
	case actInterface:
		if len(v) <= 8 {
			k.scopeInterface, k.scopeInterfaceID = true, uint32(number(v))
		}
		m.extra(r, s, v)
	case actCard:
		k.card, k.hasCard = uint32(number(v)), true
		m.extra(r, s, v)
	case actPortRange:
		k.portRange = k.portRange || !allZero(v)
		m.extra(r, s, v)
	case actOther:
		m.other(r, s, v)
	case actEvent:
		k.events[s.index], k.event = number(v), true
		m.extra(r, s, v)
	case actFlowID:
		k.flowID = number(v)
		m.extra(r, s, v)
	case actPhysical:
		if k.physical = true; s.field == flow.FieldIngressInterfaceID {
			k.ingress = uint32(number(v))
		} else {
			k.egress = uint32(number(v))
		}
		m.extra(r, s, v)
	case actClientPort:
		k.clientPort = uint16(number(v))
	case actBiflow:
		k.biflow = uint8(number(v))
		m.extra(r, s, v)
	case actSubAppID:
		k.subApp = uint16(number(v))
		m.extra(r, s, v)
	case actACL:
		if len(v) == 12 && !allZero(v) {
			r.SetString(s.field, m.aclText(v))
		} else if len(v) != 12 {
			m.extra(r, s, v)
		}
	case actStack:
		for ; len(v) >= 3; v = v[min(4, len(v)):] { // label, class and bottom bit, then the TTL
			r.AddFlowMPLSLabels(uint32(number(v[:3])) >> 4)
			if v[2]&1 != 0 {
				break
			}
		}
	case actRD:
		if text := m.routeDistinguisher(v); text != "" {
			r.SetFlowVRFRD(text)
		} else if !allZero(v) {
			m.extra(r, s, v)
		}
	case actSegment:
		m.segment(r, s, v)
	case actSubApp:
		m.subApplication(r, s, v)
	case actFlags:
		if s.index == flagsBack {
			k.flagsBack |= uint16(number(v))
		} else {
			flags(r, v)
		}
		m.extra(r, s, v)
	case actList:
		m.structured(r, s, v)
	default:
		m.extra(r, s, v)
	}
}

// other takes a number for a field that an element before it may have set. A zero
// gives way: templates carry elements of IPv4 and IPv6, or of two protocols, side
// by side, and fill those that do not apply.
func (m *run) other(r *flow.Record, s *step, v []byte) {
	x := min(number(v), math.MaxInt64)
	switch {
	case x == 0:
		if !r.Has(s.field) && !s.zeroAbsent {
			r.SetUint(s.field, 0)
		}
	case !r.Has(s.field) || r.Uint(s.field) == 0:
		r.SetUint(s.field, x)
	case r.Uint(s.field) != x:
		m.extra(r, s, v)
	}
}

// trim cuts the zero fill that fixed-length text fields end with.
func trim(v []byte) []byte {
	for i, c := range v {
		if c == 0 {
			v = v[:i]
			break
		}
	}
	for len(v) > 0 && v[len(v)-1] == ' ' {
		v = v[:len(v)-1]
	}
	return v
}

// text gives a text field as valid UTF-8.
func (m *run) text(v []byte) string {
	v = trim(v)
	var s string
	if utf8.Valid(v) {
		s = m.strings.of(v)
	} else {
		s = string([]rune(string(v)))
	}
	if len(s) > internLength {
		m.w.Weigh(len(s))
	}
	return s
}

// extra keeps an element that no field claims. A time of 0 says nothing.
func (m *run) extra(r *flow.Record, s *step, v []byte) {
	e := value(s.typ, v)
	if e.Kind == flow.ElementHex && s.typ >= ipfix.DateTimeSeconds && s.typ <= ipfix.DateTimeNanoseconds && allZero(v) {
		return
	}
	e.Name = s.name
	if e.Bytes != nil {
		e.Bytes = m.w.Copy(e.Bytes)
	}
	r.Extra = append(r.Extra, e)
}

// value reads a value of a data type (RFC 7011 section 6.1), of reduced length or
// not; one that cannot be of that type, or of one that is not known, is hexadecimal.
// Its bytes are v's.
func value(typ ipfix.DataType, v []byte) flow.Element {
	switch typ {
	case ipfix.Unsigned8, ipfix.Unsigned16, ipfix.Unsigned32, ipfix.Unsigned64:
		if len(v) <= 8 {
			return flow.Element{Kind: flow.ElementUint, Num: number(v)}
		}
	case ipfix.Signed8, ipfix.Signed16, ipfix.Signed32, ipfix.Signed64:
		if n := len(v); n >= 1 && n <= 8 {
			shift := 64 - 8*n
			return flow.Element{Kind: flow.ElementInt, Num: uint64(int64(number(v)<<shift) >> shift)}
		}
	case ipfix.Float32, ipfix.Float64:
		switch len(v) {
		case 4:
			return flow.Element{Kind: flow.ElementFloat, Num: math.Float64bits(float64(math.Float32frombits(uint32(number(v)))))}
		case 8:
			return flow.Element{Kind: flow.ElementFloat, Num: number(v)}
		}
	case ipfix.Boolean: // 1 is true, 2 is false (RFC 7011 section 6.1.5)
		if len(v) == 1 && (v[0] == 1 || v[0] == 2) {
			return flow.Element{Kind: flow.ElementBool, Num: uint64(2 - v[0])}
		}
	case ipfix.DateTimeSeconds, ipfix.DateTimeMilliseconds, ipfix.DateTimeMicroseconds, ipfix.DateTimeNanoseconds:
		if ns, ok := instant(typ, v); ok {
			return flow.Element{Kind: flow.ElementTime, Num: uint64(ns)}
		}
	case ipfix.String:
		return flow.Element{Kind: flow.ElementString, Bytes: trim(v)}
	case ipfix.IPv4Address, ipfix.IPv6Address:
		if len(v) == 4 || len(v) == 16 {
			return flow.Element{Kind: flow.ElementAddr, Bytes: v}
		}
	case ipfix.MACAddress:
		if len(v) == 6 {
			return flow.Element{Kind: flow.ElementMAC, Bytes: v}
		}
	}
	return flow.Element{Kind: flow.ElementHex, Bytes: v}
}
