package column

import (
	"math"
	"net/netip"
	"strconv"
	"unicode/utf8"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/flow/communityid"
)

type addr = netip.Addr

// saturate turns an unsigned number into a signed one.
func saturate(v uint64) int64 { return int64(min(v, math.MaxInt64)) }

func (t *Table) addInt(column int, v int64) { t.at(column).putInt(t.rows, v) }

func (t *Table) addText(column int, s string) {
	b := t.at(column)
	b.putCode(t.rows, b.intern(s))
}

func (t *Table) addAddr(column int, a netip.Addr) {
	b := t.at(column)
	if b.addrs == nil {
		b.addrs = newInterner[addr]()
	}
	code, ok := b.addrs.find(a, slotOfAddr(a))
	if !ok {
		code = b.intern(a.String())
		b.addrs.add(a, code)
	}
	b.putCode(t.rows, code)
}

func (t *Table) addMAC(column int, m flow.MAC) {
	b := t.at(column)
	if b.macs == nil {
		b.macs = newInterner[flow.MAC]()
	}
	code, ok := b.macs.find(m, slotOfMAC(m))
	if !ok {
		code = b.intern(m.String())
		b.macs.add(m, code)
	}
	b.putCode(t.rows, code)
}

func (t *Table) addPoint(column int, p flow.Point) {
	b := t.at(column)
	if b.points == nil {
		b.points = newInterner[flow.Point]()
	}
	code, ok := b.points.find(p, slotOfPoint(p))
	if !ok { // a NaN is never found, and goes by its text
		t.text = strconv.AppendFloat(t.text[:0], p.Lat, 'f', -1, 64)
		t.text = strconv.AppendFloat(append(t.text, ','), p.Lon, 'f', -1, 64)
		code = b.intern(string(t.text))
		if p == p {
			b.points.add(p, code)
		}
	}
	b.putCode(t.rows, code)
}

func (t *Table) addList(column int, list []string) {
	t.text = flow.AppendStrings(t.text[:0], list)
	t.addText(column, string(t.text))
}

func (t *Table) addLabels(column int, list []uint32) {
	t.text = append(t.text[:0], '[')
	for i, v := range list {
		if i > 0 {
			t.text = append(t.text, ',')
		}
		t.text = strconv.AppendUint(t.text, uint64(v), 10)
	}
	t.text = append(t.text, ']')
	t.addText(column, string(t.text))
}

func (t *Table) addElements(r *flow.Record) {
	column := Elements
	if r.Kind == flow.KindCounters {
		column = Counters
	}
	t.text = t.json.AppendElements(t.text[:0], r)
	t.addText(column, string(t.text))
}

// addCommunityID keeps an identifier only when it is not the one that the
// record's addresses, ports and protocol give: 20 random bytes per conversation
// would be a third of all that is stored. A record without an identifier that
// could have one gets an empty text, so that none is made up later.
func (t *Table) addCommunityID(r *flow.Record) {
	tuple, known := tupleOf(r)
	switch {
	case r.Has(flow.FieldNetworkCommunityID):
		if known {
			t.text = communityid.Append(t.text[:0], 0, tuple)
			if string(t.text) == r.NetworkCommunityID {
				return
			}
		}
		t.addText(CommunityID, r.NetworkCommunityID)
	case known:
		t.addText(CommunityID, "")
	}
}

// tupleOf gives what the identifier of a record's conversation is computed from.
func tupleOf(r *flow.Record) (t communityid.Tuple, ok bool) {
	if !r.Has(flow.FieldSourceIP) || !r.Has(flow.FieldDestinationIP) || !r.Has(flow.FieldNetworkIANANumber) {
		return t, false
	}
	parts := ends{protocol: r.NetworkIANANumber, icmpType: -1, icmpCode: -1, sourcePort: -1, destinationPort: -1}
	if r.Has(flow.FieldSourcePort) {
		parts.sourcePort = int32(r.SourcePort)
	}
	if r.Has(flow.FieldDestinationPort) {
		parts.destinationPort = int32(r.DestinationPort)
	}
	if r.Has(flow.FieldFlowICMPType) {
		parts.icmpType = int32(r.FlowICMPType)
	}
	if r.Has(flow.FieldFlowICMPCode) {
		parts.icmpCode = int32(r.FlowICMPCode)
	}
	return parts.tuple(r.SourceIP, r.DestinationIP)
}

// validText gives s as valid UTF-8: each byte that is not part of it becomes
// U+FFFD, as in documents.
func validText(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	out := make([]byte, 0, len(s)+16)
	for _, r := range s { // a wrong byte is one RuneError
		out = utf8.AppendRune(out, r)
	}
	return string(out)
}
