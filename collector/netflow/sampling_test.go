package netflow

import (
	"testing"

	"github.com/weirflow/weir/flow"
)

// TestLineCards: rates that options data tells of line cards hold for the flows that
// name the card, or its slot as the engine's number; the others have the newest one.
func TestLineCards(t *testing.T) {
	options9 := join(set2(1, join(u16(400, 4, 4, 3, 4, 34, 4), u16(0))), set2(400, u32(1, 100, 2, 1000)))
	options := join(set2(3, u16(400, 2, 1, 141, 4, 34, 4)), set2(400, u32(1, 100, 2, 1000)))
	for name, c := range map[string]struct {
		packet []byte
		want   uint64
	}{
		"NetFlow v9, engine 1": {v9Packet(4, 0, exported, 0, 7, options9, set2(0, u16(300, 2, 39, 1, 1, 4)), set2(300, join([]byte{1}, u32(10)))), 100},
		"NetFlow v9, engine 2": {v9Packet(4, 0, exported, 0, 7, options9, set2(0, u16(300, 2, 39, 1, 1, 4)), set2(300, join([]byte{2}, u32(10)))), 1000},
		"IPFIX, card 1":        {ipfixMessage(exported, 0, 7, options, set2(2, u16(300, 2, 141, 4, 1, 4)), set2(300, u32(1, 10))), 100},
		"IPFIX, card 2":        {ipfixMessage(exported, 0, 7, options, set2(2, u16(300, 2, 141, 4, 1, 4)), set2(300, u32(2, 10))), 1000},
		"no card":              {ipfixMessage(exported, 0, 7, options, set2(2, u16(300, 2, 8, 4, 1, 4)), set2(300, u32(2, 10))), 1000},
		"another card":         {ipfixMessage(exported, 0, 7, options, set2(2, u16(300, 2, 141, 4, 1, 4)), set2(300, u32(3, 10))), 1000},
	} {
		b := newTestbed(t, DefaultConfig())
		list := b.decode(c.packet)
		b.clean()
		if len(list) != 1 || list[0].FlowSamplingRate != c.want || list[0].FlowSamplingSource != rateOptions || list[0].NetworkBytes != 10*c.want {
			t.Errorf("%s: %d records, rate %d (%s), want %d", name, len(list), list[0].FlowSamplingRate, list[0].FlowSamplingSource, c.want)
		}
		checkAccounts(t, b.d.store)
	}
}

// TestInterfaceBeforeDomain: the rate of an interface goes before one that was told
// for all.
func TestInterfaceBeforeDomain(t *testing.T) {
	b := newTestbed(t, DefaultConfig())
	list := b.decode(v9Packet(6, 0, exported, 0, 7, set2(1, join(u16(400, 4, 4, 2, 4, 34, 4), u16(0))), set2(400, u32(3, 100)),
		set2(1, join(u16(401, 4, 4, 1, 4, 34, 4), u16(0))), set2(401, u32(0, 1000)),
		set2(0, u16(300, 2, 10, 4, 1, 4)), set2(300, u32(3, 10, 4, 10))))
	b.clean()
	if len(list) != 2 || list[0].FlowSamplingRate != 100 || list[1].FlowSamplingRate != 1000 {
		t.Errorf("%d records, rates %d and %d, want 100 and 1000", len(list), list[0].FlowSamplingRate, list[1].FlowSamplingRate)
	}
}

// TestFlagsOfBothWays: a record of both ways has the flags of both, in whatever order
// they come.
func TestFlagsOfBothWays(t *testing.T) {
	for name, c := range map[string]struct {
		template, data []byte
		want           uint16
	}{
		"forward first": {join(u16(300, 2, 6, 1, 0x8006, 1), u32(29305)), []byte{0x02, 0x14}, 0x16},
		"back first":    {join(u16(300, 2, 0x8006, 1), u32(29305), u16(6, 1)), []byte{0x14, 0x02}, 0x16},
		"no way back":   {u16(300, 1, 6, 1), []byte{0x02}, 0x02},
	} {
		b := newTestbed(t, DefaultConfig())
		list := b.decode(ipfixMessage(exported, 0, 7, set2(2, c.template), set2(300, c.data)))
		b.clean()
		if len(list) != 1 || !list[0].Has(flow.FieldFlowTCPFlags) || list[0].FlowTCPFlags != c.want {
			t.Errorf("%s: %d records, flags %#x, want %#x", name, len(list), list[0].FlowTCPFlags, c.want)
		}
	}
}
