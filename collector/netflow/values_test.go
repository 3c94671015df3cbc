package netflow

import (
	"bytes"
	"testing"

	"github.com/weirflow/weir/flow"
)

// TestRouteDistinguisher has the types of RFC 4364 section 4.2.
func TestRouteDistinguisher(t *testing.T) {
	m := run{Decoder: NewDecoder(NewStore(DefaultConfig()))}
	for want, v := range map[string][]byte{
		"65000:203":     {0, 0, 0xfd, 0xe8, 0, 0, 0, 203},
		"10.10.0.33:7":  {0, 1, 10, 10, 0, 33, 0, 7},
		"4226809946:12": {0, 2, 0xfb, 0xf0, 0, 0x5a, 0, 12},
		"":              {0, 3, 1, 2, 3, 4, 5, 6},
	} {
		if got := m.routeDistinguisher(v); got != want {
			t.Errorf("%x is %q, want %q", v, got, want)
		}
	}
	if got := m.routeDistinguisher(make([]byte, 8)); got != "" {
		t.Errorf("zeros are %q", got)
	}
}

// TestVRFs: options data names VRFs and their route distinguishers; flows have
// them by the VRF's number, after a restart as well.
func TestVRFs(t *testing.T) {
	b := newTestbed(t, DefaultConfig())
	options := join(set2(3, u16(400, 3, 1, 234, 4, 236, 8, 90, 8)), set2(400, join(
		u32(7), []byte("default\x00"), make([]byte, 8), u32(9), []byte("red\x00\x00\x00\x00\x00"), []byte{0, 0, 0xfd, 0xe8, 0, 0, 0, 12})))
	b.decode(ipfixMessage(exported, 0, 1, options, set2(2, u16(300, 3, 8, 4, 234, 4, 235, 4))))
	b.clean()
	var saved bytes.Buffer
	if err := b.d.store.Save(&saved); err != nil {
		t.Fatal(err)
	}
	checkAccounts(t, b.d.store)
	again := newTestbed(t, DefaultConfig())
	if err := again.d.store.Load(&saved, 1); err != nil {
		t.Fatal(err)
	}
	for _, b := range []*testbed{b, again} {
		list := b.decode(ipfixMessage(exported, 2, 1, set2(300, join([]byte{10, 0, 0, 1}, u32(7, 9)))))
		b.clean()
		if r := &list[0]; r.FlowVRFName != "default" || r.FlowVRFEgressName != "red" || r.FlowVRFRD != "65000:12" {
			t.Errorf("VRFs %q and %q, route distinguisher %q", r.FlowVRFName, r.FlowVRFEgressName, r.FlowVRFRD)
		}
		checkAccounts(t, b.d.store)
	}
}

// TestSubApplications: options data maps numbers of sub-applications to names
// (Cisco AVC Field Definition Guide: elements 97 and 109 beside the application's).
func TestSubApplications(t *testing.T) {
	b := newTestbed(t, DefaultConfig())
	options := join(set2(3, u16(400, 3, 1, 95, 4, 97, 2, 109, 12)), set2(400, join([]byte{3, 0, 0, 25}, u16(13313), []byte("smtpServer\x00\x00"))))
	template := set2(2, join(u16(300, 3, 8, 4), u16(0x8000|12235, 65535), u32(9), u16(0x8000|12235, 65535), u32(9)))
	value := func(app, part uint16, text string) []byte {
		return join([]byte{byte(6 + len(text)), 3, 0}, u16(app, part), []byte(text))
	}
	list := b.decode(ipfixMessage(exported, 0, 1, options, template, set2(300, join([]byte{10, 0, 0, 1}, value(25, 13313, "mx.example.org"), value(119, 13313, "comp.misc")))))
	b.clean()
	for name, want := range map[string]string{"smtpServer": "mx.example.org", "subApplication_3_119_13313": "comp.misc"} {
		if e, ok := extra(&list[0], name); !ok || string(e.Bytes) != want {
			t.Errorf("%s is %q, want %q", name, e.Bytes, want)
		}
	}
}

// TestClientAndServer: Cisco's performance records name client and server, and
// count the octets of each (clientBytesNetwork, serverBytesNetwork).
func TestClientAndServer(t *testing.T) {
	b := newTestbed(t, DefaultConfig())
	cisco := func(id, length uint16) []byte { return join(u16(0x8000|id, length), u32(9)) }
	template := join(u16(300, 7, 4, 1), cisco(12236, 4), cisco(12237, 4), cisco(12240, 2), cisco(12241, 2), cisco(8338, 8), cisco(8337, 8))
	record := join([]byte{6, 10, 0, 0, 1, 192, 0, 2, 1}, u16(50000, 443), u32(0, 700), u32(0, 9000))
	r := &b.decode(ipfixMessage(exported, 0, 1, set2(2, template), set2(300, record)))[0]
	b.clean()
	if r.SourceIP.String() != "10.0.0.1" || r.DestinationIP.String() != "192.0.2.1" || r.SourcePort != 50000 || r.DestinationPort != 443 ||
		r.SourceBytes != 700 || r.DestinationBytes != 9000 || r.NetworkBytes != 9700 || r.FlowServerPort != 443 {
		t.Errorf("%s:%d to %s:%d, %d and %d octets", r.SourceIP, r.SourcePort, r.DestinationIP, r.DestinationPort, r.SourceBytes, r.DestinationBytes)
	}
}

// TestShared: of elements for one field the one that is not zero counts, in any
// order; what both say differently is kept.
func TestShared(t *testing.T) {
	b := newTestbed(t, DefaultConfig())
	for name, c := range map[string]struct {
		template, record []byte
		length           uint8
		has              bool
	}{
		"IPv4 first, IPv6 said":     {u16(300, 2, 9, 1, 29, 1), []byte{0, 48}, 48, true},
		"IPv6 first, IPv4 said":     {u16(300, 2, 29, 1, 9, 1), []byte{0, 24}, 24, true},
		"the second is the zero":    {u16(300, 2, 9, 1, 29, 1), []byte{24, 0}, 24, true},
		"both are zero":             {u16(300, 2, 9, 1, 29, 1), []byte{0, 0}, 0, true},
		"both say something":        {u16(300, 2, 9, 1, 29, 1), []byte{24, 48}, 24, true},
		"VLAN, the second said it":  {u16(300, 2, 58, 2, 243, 2), []byte{0, 0, 0, 7}, 7, false},
		"the same element is twice": {u16(300, 2, 9, 1, 9, 1), []byte{24, 16}, 24, true},
	} {
		list := b.decode(ipfixMessage(exported, 0, 1, set2(2, c.template), set2(300, c.record)))
		if len(list) != 1 {
			t.Fatalf("%s: %d records", name, len(list))
		}
		r := &list[0]
		if !c.has {
			if r.NetworkVLANID != uint16(c.length) {
				t.Errorf("%s: VLAN %d", name, r.NetworkVLANID)
			}
			continue
		}
		if !r.Has(flow.FieldSourcePrefixLength) || r.SourcePrefixLength != c.length {
			t.Errorf("%s: prefix length %d, want %d", name, r.SourcePrefixLength, c.length)
		}
	}
}
