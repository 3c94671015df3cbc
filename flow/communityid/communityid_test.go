package communityid

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"os/exec"
	"testing"
)

func tuple(protocol uint8, source, destination string, sourcePort, destinationPort uint16) Tuple {
	return Tuple{netip.MustParseAddr(source), netip.MustParseAddr(destination), sourcePort, destinationPort, protocol}
}

// The vectors that the specification publishes (corelight/community-id-spec,
// baseline/baseline_deflt.json). For ICMP it writes type and code, or the
// counterpart's type, in the place of ports.
func TestPublishedVectors(t *testing.T) {
	for _, v := range []struct {
		tuple Tuple
		want  string
	}{
		{tuple(58, "fe80::200:86ff:fe05:80da", "fe80::260:97ff:fe07:69ea", 135, 0), "1:dGHyGvjMfljg6Bppwm3bg0LO8TY="},
		{tuple(58, "fe80::260:97ff:fe07:69ea", "fe80::200:86ff:fe05:80da", 136, 0), "1:dGHyGvjMfljg6Bppwm3bg0LO8TY="},
		{tuple(58, "fe80::260:97ff:fe07:69ea", "fe80::200:86ff:fe05:80da", 135, 0), "1:zavyT/cezQr1fmImYCwYnMXbgck="},
		{tuple(58, "fe80::200:86ff:fe05:80da", "fe80::260:97ff:fe07:69ea", 136, 0), "1:zavyT/cezQr1fmImYCwYnMXbgck="},
		{tuple(58, "3ffe:501:1800:2345::2", "3ffe:507:0:1:200:86ff:fe05:80da", 3, 0), "1:2ObVBgIn28oZvibYZhZMBgh7WdQ="},
		{tuple(58, "3ffe:501:410:0:2c0:dfff:fe47:33e", "3ffe:507:0:1:200:86ff:fe05:80da", 1, 4), "1:hLZd0XGWojozrvxqE0dWB1iM6R0="},
		{tuple(58, "3ffe:507:0:1:200:86ff:fe05:80da", "3ffe:501:0:1001::2", 128, 0), "1:+TW+HtLHvV1xnGhV1lv7XoJrqQg="},
		{tuple(58, "3ffe:501:0:1001::2", "3ffe:507:0:1:200:86ff:fe05:80da", 129, 0), "1:+TW+HtLHvV1xnGhV1lv7XoJrqQg="},
		{tuple(58, "fe80::200:86ff:fe05:80da", "ff02::2", 133, 0), "1:hO+sN4H+MG5MY/8hIrXPqc4ZQz0="},
		{tuple(58, "fe80::260:97ff:fe07:69ea", "ff02::1", 134, 0), "1:pkvHqCL88/tg1k4cPigmZXUtL00="},
		{tuple(1, "192.168.0.89", "192.168.0.1", 8, 0), "1:X0snYXpgwiv9TZtqg64sgzUn6Dk="},
		{tuple(1, "192.168.0.1", "192.168.0.89", 0, 0), "1:X0snYXpgwiv9TZtqg64sgzUn6Dk="},
		{tuple(1, "10.0.0.1", "10.0.0.2", 11, 0), "1:YHxtAirCG//0OzkcVAukqKQN9xM="},
		{tuple(6, "2001:470:e5bf:dead:4957:2174:e82c:4887", "2607:f8b0:400c:c03::1a", 63943, 25), "1:/qFaeAR+gFe1KYjMzVDsMv+wgU4="},
		{tuple(6, "2607:f8b0:400c:c03::1a", "2001:470:e5bf:dead:4957:2174:e82c:4887", 25, 63943), "1:/qFaeAR+gFe1KYjMzVDsMv+wgU4="},
		{tuple(132, "192.168.170.8", "192.168.170.56", 7, 7), "1:MP2EtRCAUIZvTw6MxJHLV7N7JDs="},
		{tuple(132, "192.168.170.56", "192.168.170.8", 7, 7), "1:MP2EtRCAUIZvTw6MxJHLV7N7JDs="},
		{tuple(6, "128.232.110.120", "66.35.250.204", 34855, 80), "1:LQU9qZlK+B5F3KDmev6m5PMibrg="},
		{tuple(6, "66.35.250.204", "128.232.110.120", 80, 34855), "1:LQU9qZlK+B5F3KDmev6m5PMibrg="},
		{tuple(6, "::ffff:66.35.250.204", "128.232.110.120", 80, 34855), "1:LQU9qZlK+B5F3KDmev6m5PMibrg="},
		{tuple(17, "192.168.1.52", "8.8.8.8", 54585, 53), "1:d/FP5EW3wiY1vCndhwleRRKHowQ="},
		{tuple(17, "8.8.8.8", "192.168.1.52", 53, 54585), "1:d/FP5EW3wiY1vCndhwleRRKHowQ="},
		{tuple(46, "10.1.12.1", "10.1.12.2", 0, 0), "1:KHlLkgoJW7ifUTyTSgyVfkFHzKw="},
		{tuple(46, "10.1.12.2", "10.1.12.1", 99, 7), "1:KHlLkgoJW7ifUTyTSgyVfkFHzKw="},
	} {
		if got := string(Append(nil, 0, v.tuple)); got != v.want {
			t.Errorf("%+v: %s, want %s", v.tuple, got, v.want)
		}
	}
}

func TestNoIdentifier(t *testing.T) {
	for _, v := range []Tuple{{}, tuple(6, "10.0.0.1", "2001:db8::1", 1, 2), {Source: netip.MustParseAddr("10.0.0.1"), Protocol: 6}} {
		if got := Append([]byte("x"), 0, v); string(got) != "x" {
			t.Errorf("%+v: appended %q, want nothing", v, got)
		}
	}
}

// oracle computes identifiers with the Python package communityid, the
// specification authors' own implementation.
const oracle = `
import sys, json, communityid
for seed, proto, s, d, sp, dp in json.load(sys.stdin):
    ports = proto in (1, 6, 17, 58, 132)
    t = communityid.FlowTuple(proto, s, d, sp if ports else None, dp if ports else None)
    print(communityid.CommunityID(seed=seed).calc(t))
`

func TestAgainstPython(t *testing.T) {
	if err := exec.Command("python3", "-c", "import communityid").Run(); err != nil {
		if os.Getenv("WEIR_REQUIRE") == "1" {
			t.Fatal("the Python package communityid is required: pip install communityid==1.5.0")
		}
		t.Skip("the Python package communityid is not installed (pip install communityid==1.5.0)")
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	address := func(v6 bool) netip.Addr {
		b := [16]byte{0x20, 1, 0xd, 0xb8, 15: byte(rnd.IntN(4))}
		if v6 {
			return netip.AddrFrom16(b)
		}
		return netip.AddrFrom4([4]byte{10, 0, byte(rnd.IntN(3)), b[15]})
	}
	var cases []Tuple
	var seeds []uint16
	var input [][]any
	for range 3000 {
		protocol := []uint8{1, 6, 17, 58, 132, 47, 50, 33, 136, 0}[rnd.IntN(10)]
		v6 := protocol == 58 || protocol != 1 && rnd.IntN(2) == 0
		c := Tuple{address(v6), address(v6), uint16(rnd.IntN(65536)), uint16(rnd.IntN(65536)), protocol}
		if protocol == 1 || protocol == 58 {
			c.SourcePort, c.DestinationPort = uint16(rnd.IntN(150)), uint16(rnd.IntN(5))
		}
		seed := uint16(rnd.IntN(3))
		cases, seeds = append(cases, c), append(seeds, seed)
		input = append(input, []any{seed, protocol, c.Source, c.Destination, c.SourcePort, c.DestinationPort})
	}
	text, err := json.Marshal(input)
	if err != nil {
		t.Fatal(err)
	}
	python := exec.Command("python3", "-c", oracle)
	python.Stdin = bytes.NewReader(text)
	out, err := python.Output()
	if err != nil {
		t.Fatalf("python3: %v", err)
	}
	lines := bytes.Fields(out)
	if len(lines) != len(cases) {
		t.Fatalf("python3 printed %d identifiers, want %d", len(lines), len(cases))
	}
	for i, c := range cases {
		if got := Append(nil, seeds[i], c); !bytes.Equal(got, lines[i]) {
			t.Errorf("seed %d %+v: %s, Python says %s", seeds[i], c, got, lines[i])
		}
	}
}

func TestAllocations(t *testing.T) {
	v := tuple(6, "2001:470:e5bf:dead:4957:2174:e82c:4887", "2607:f8b0:400c:c03::1a", 63943, 25)
	buf := make([]byte, 0, Length)
	if n := testing.AllocsPerRun(100, func() { buf = Append(buf[:0], 0, v) }); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
	if len(buf) != Length {
		t.Errorf("length %d, want %d", len(buf), Length)
	}
}

func BenchmarkAppend(b *testing.B) {
	for _, v := range []Tuple{tuple(6, "128.232.110.120", "66.35.250.204", 34855, 80), tuple(6, "2001:db8::1", "2001:db8::2", 34855, 80)} {
		b.Run(fmt.Sprint(v.Source.BitLen()), func(b *testing.B) {
			buf := make([]byte, 0, Length)
			for b.Loop() {
				buf = Append(buf[:0], 0, v)
			}
		})
	}
}
