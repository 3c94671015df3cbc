package service

import (
	"strings"
	"testing"
)

func TestNames(t *testing.T) {
	table, err := New()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		protocol uint8
		port     uint16
		want     string
	}{
		{TCP, 443, "https"}, {UDP, 443, "https"}, {TCP, 22, "ssh"}, {UDP, 53, "domain"}, {SCTP, 3868, "diameter"},
		{TCP, 514, "shell"}, {UDP, 514, "syslog"}, {TCP, 512, "exec"}, {UDP, 512, "comsat"}, {UDPLite, 53, "domain"},
		{TCP, 0, ""}, {TCP, 65535, ""}, {ICMP, 53, ""}, {DCCP, 443, ""},
	} {
		if got := table.Name(c.protocol, c.port); got != c.want {
			t.Errorf("Name(%d, %d) = %q, want %q", c.protocol, c.port, got, c.want)
		}
	}
	for number, want := range map[uint8]string{1: "icmp", 6: "tcp", 17: "udp", 47: "gre", 50: "esp", 58: "ipv6-icmp", 88: "eigrp", 89: "ospfigp", 132: "sctp", 61: "", 200: "", 255: ""} {
		if got := table.Protocol(number); got != want {
			t.Errorf("Protocol(%d) = %q, want %q", number, got, want)
		}
		if n, ok := table.Number(want); want != "" && (!ok || n != number) {
			t.Errorf("Number(%q) = %d, %v", want, n, ok)
		}
	}
}

// RFC 2474, 2597, 3246, 5865, 8622; the low two bits are ECN.
func TestDSCP(t *testing.T) {
	table, err := New()
	if err != nil {
		t.Fatal(err)
	}
	for code, want := range map[uint8]string{0: "CS0", 8: "CS1", 56: "CS7", 10: "AF11", 12: "AF12", 14: "AF13", 34: "AF41", 38: "AF43", 46: "EF", 44: "VOICE-ADMIT", 1: "LE", 2: "2", 42: "42", 63: "63"} {
		for ecn := range uint8(4) {
			if got := table.DSCP(code<<2 | ecn); got != want {
				t.Errorf("DSCP(%d) = %q, want %q", code<<2|ecn, got, want)
			}
		}
	}
}

func TestDamagedFiles(t *testing.T) {
	for _, c := range [][3]string{
		{"6 tcp x\n", "", "protocols.tsv:1"}, {"256\tx\ty\n", "", "protocols.tsv:1"}, {"# c\n6\t\tx\n", "", "protocols.tsv:2"},
		{"", "80\thttp\n", "services.tsv:1"}, {"", "65536\ta\tb\tc\n", "services.tsv:1"},
	} {
		if _, err := parse(c[0], c[1]); err == nil || !strings.Contains(err.Error(), c[2]) {
			t.Errorf("parse(%q, %q) = %v, want an error that names %s", c[0], c[1], err, c[2])
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
