package netflow

import (
	"testing"

	"github.com/weirflow/weir/collector/message"
	"github.com/weirflow/weir/ipfix"
)

// TestFieldName: names are those of flow.ie, and v9's scopes have their own.
func TestFieldName(t *testing.T) {
	for _, c := range []struct {
		field    ipfix.FieldSpec
		protocol message.Protocol
		scope    bool
		want     string
	}{
		{ipfix.FieldSpec{ID: 8, Length: 4}, message.IPFIX, false, "sourceIPv4Address"},
		{ipfix.FieldSpec{ID: 2, Length: 4}, message.NetFlow9, true, "scopeInterface"},
		{ipfix.FieldSpec{ID: 2, Length: 4}, message.NetFlow9, false, "packetDeltaCount"},
		{ipfix.FieldSpec{PEN: 4_000_000, ID: 7, Length: 4}, message.IPFIX, false, "4000000_7"},
	} {
		if got := FieldName(c.field, c.protocol, c.scope); got != c.want {
			t.Errorf("%+v: %q, want %q", c.field, got, c.want)
		}
	}
}

// TestKnown: the copy has what was told, and nothing of others.
func TestKnown(t *testing.T) {
	b := newTestbed(t, DefaultConfig())
	b.decode(v9Packet(4, 0, exported, 0, 7, append(nameOptions(), set2(0, smallTemplate))...))
	b.clean()
	b.decode(ipfixMessage(exported, 0, 3, samplerOptions(302, 7, 305, 1, 306, 9)...))
	b.clean()
	k, ok := b.d.store.Known(b.o.Addr, 0)
	if !ok || len(k.Domains) != 2 {
		t.Fatalf("%v, %+v", ok, k)
	}
	v9, options := k.Domains[0], k.Domains[1]
	if v9.Protocol != message.NetFlow9 || v9.ID != 7 || len(v9.Templates) != 3 || v9.Templates[0].ID != 300 || v9.Samplers != 0 {
		t.Errorf("%+v", v9)
	}
	if options.Protocol != message.IPFIX || options.ID != 3 || options.Samplers != 1 || !options.Templates[0].Options {
		t.Errorf("%+v", options)
	}
	if k.Interfaces[7].Name != "ether1" || k.Applications != 1 {
		t.Errorf("%+v", k)
	}
	if _, ok := b.d.store.Known(b.o.Addr, 1); ok {
		t.Error("another session is known")
	}
}
