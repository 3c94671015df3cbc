package vendor

import (
	"net"
	"strings"
	"testing"
)

func lookup(t *testing.T, table *Table, mac string) string {
	t.Helper()
	hw, err := net.ParseMAC(mac)
	if err != nil {
		t.Fatal(err)
	}
	return table.Lookup(Prefix([6]byte(hw)))
}

func TestLookup(t *testing.T) {
	table, err := New()
	if err != nil {
		t.Fatal(err)
	}
	for mac, want := range map[string]string{
		"00:00:0c:01:02:03": "Cisco Systems, Inc",
		"4c:5e:0c:01:02:03": "Routerboard.com",
		"00:50:56:aa:bb:cc": "VMware, Inc.",
		"52:54:00:12:34:56": "", // locally administered: QEMU and KVM
		"02:42:ac:11:00:02": "", // locally administered: Docker
		"01:00:5e:00:00:fb": "", // group address
		"ff:ff:ff:ff:ff:ff": "",
	} {
		if got := lookup(t, table, mac); got != want {
			t.Errorf("%s: %q, want %q", mac, got, want)
		}
	}
	if n := len(table.large.prefixes) + len(table.medium.prefixes) + len(table.small.prefixes); n < 50000 {
		t.Errorf("%d prefixes, want at least 50000", n)
	}
}

func TestLongestPrefixWins(t *testing.T) {
	table, err := parse("# comment\nLarge\t001122\nMedium\t0011223\nSmall\t001122345\n")
	if err != nil {
		t.Fatal(err)
	}
	for mac, want := range map[string]string{
		"00:11:22:34:5f:ff": "Small", "00:11:22:34:60:00": "Medium", "00:11:22:40:00:00": "Large", "00:11:23:00:00:00": "",
	} {
		if got := lookup(t, table, mac); got != want {
			t.Errorf("%s: %q, want %q", mac, got, want)
		}
	}
}

func TestDamagedFile(t *testing.T) {
	for _, text := range []string{"Name\n", "\t001122\n", "Name\t00112\n", "Name\t00112g\n", "Name\t0011223344\n"} {
		if _, err := parse("# c\n" + text); err == nil || !strings.Contains(err.Error(), "oui.tsv:2:") {
			t.Errorf("parse(%q) = %v, want an error that names line 2", text, err)
		}
	}
}

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		if _, err := New(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLookup(b *testing.B) {
	table, err := New()
	if err != nil {
		b.Fatal(err)
	}
	i := uint64(0)
	for b.Loop() {
		table.Lookup(i * 0x9e3779b97 & 0xcffffffff)
		i++
	}
}
