package netflow

import "testing"

// TestDraftedNATEvents: the numbers of RFC 8158, and those of its drafts where the
// record tells that they are meant.
func TestDraftedNATEvents(t *testing.T) {
	from4, from6 := []byte{10, 0, 0, 1}, []byte{0x20, 1, 0xd, 0xb8, 15: 1}
	for _, c := range []struct {
		event  byte
		source []byte
		nat    byte // last byte of the address after translation; 0 for none
		port   uint16
		want   string
	}{
		{4, from4, 5, 0, "nat44_session_created"}, {4, from6, 5, 0, "nat64_session_created"},
		{5, from4, 5, 0, "nat44_session_deleted"}, {5, from6, 5, 0, "nat64_session_deleted"},
		{6, from6, 5, 0, "nat64_session_created"}, {6, from4, 5, 0, "nat44_bib_created"},
		{7, from6, 5, 0, "nat64_session_deleted"}, {7, from4, 5, 0, "nat44_bib_deleted"},
		{8, from4, 5, 0, "nat44_bib_created"}, {8, from6, 5, 0, "nat64_bib_created"},
		{12, nil, 5, 0, "nat_ports_exhausted"}, {12, from4, 5, 0, "nat_address_bound"},
		{13, from4, 0, 0, "nat_quota_exceeded"}, {13, from4, 5, 0, "nat_address_unbound"},
		{14, from4, 5, 0, "nat_address_bound"}, {14, from4, 5, 1024, "nat_port_block_allocated"},
		{15, from4, 5, 0, "nat_address_unbound"}, {15, from4, 5, 1024, "nat_port_block_released"},
		{16, from4, 5, 1024, "nat_port_block_allocated"}, {17, from4, 5, 1024, "nat_port_block_released"},
	} {
		fields, data, n := u16(230, 1), []byte{c.event}, uint16(3)
		nat := []byte{0, 0, 0, 0}
		if c.nat != 0 {
			nat = []byte{203, 0, 113, c.nat}
		}
		fields, data = join(fields, u16(225, 4, 361, 2)), join(data, nat, u16(c.port))
		switch len(c.source) {
		case 4:
			fields, n = join(fields, u16(8, 4)), 4
		case 16:
			fields, n = join(fields, u16(27, 16)), 4
		}
		b := newTestbed(t, DefaultConfig())
		list := b.decode(ipfixMessage(exported, 0, 1, set2(2, join(u16(300, n), fields)), set2(300, join(data, c.source))))
		b.clean()
		if len(list) != 1 || list[0].EventAction != c.want {
			t.Errorf("%d from % x with ports from %d: %d records, %s, want %s", c.event, c.source, c.port, len(list), list[0].EventAction, c.want)
		}
	}
}
