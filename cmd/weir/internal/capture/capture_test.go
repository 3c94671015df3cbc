package capture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gopacket/gopacket/layers"
)

func TestLinkTypes(t *testing.T) {
	payload := ipfix(40)
	v4 := udpPacket(t, exporter4, collector4, payload)
	v6 := udpPacket(t, exporter6, collector6, payload)
	sll := slices.Concat([]byte{0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0}, []byte{8, 0}, v4)
	sll2 := slices.Concat([]byte{8, 0, 0, 0, 0, 0, 0, 2, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0}, v4)
	hopByHop := ipPacket(t, exporter6, collector6, layers.IPProtocolIPv6HopByHop,
		slices.Concat([]byte{60, 0, 1, 4, 0, 0, 0, 0}, []byte{17, 0, 1, 4, 0, 0, 0, 0}, udpBytes(t, exporter6, collector6, payload)))
	for name, c := range map[string]struct {
		linked
		from, to netip.AddrPort
	}{
		"Ethernet IPv4":        {linked{layers.LinkTypeEthernet, ethernet(t, v4)}, exporter4, collector4},
		"Ethernet IPv6":        {linked{layers.LinkTypeEthernet, ethernet(t, v6)}, exporter6, collector6},
		"Ethernet padded":      {linked{layers.LinkTypeEthernet, append(ethernet(t, v4), 1, 2, 3, 4, 5, 6, 7, 8)}, exporter4, collector4},
		"VLAN":                 {linked{layers.LinkTypeEthernet, ethernet(t, v4, 10)}, exporter4, collector4},
		"two VLANs":            {linked{layers.LinkTypeEthernet, ethernet(t, v6, 10, 20)}, exporter6, collector6},
		"Linux cooked":         {linked{layers.LinkTypeLinuxSLL, sll}, exporter4, collector4},
		"Linux cooked v2":      {linked{layers.LinkTypeLinuxSLL2, sll2}, exporter4, collector4},
		"raw IPv4":             {linked{layers.LinkTypeRaw, v4}, exporter4, collector4},
		"raw IPv6":             {linked{layers.LinkTypeRaw, v6}, exporter6, collector6},
		"raw IP of OpenBSD":    {linked{14, v4}, exporter4, collector4},
		"raw IP of BSD":        {linked{12, v6}, exporter6, collector6},
		"IPv4":                 {linked{layers.LinkTypeIPv4, v4}, exporter4, collector4},
		"null":                 {linked{layers.LinkTypeNull, append([]byte{2, 0, 0, 0}, v4...)}, exporter4, collector4},
		"loopback":             {linked{layers.LinkTypeLoop, append([]byte{0, 0, 0, 2}, v4...)}, exporter4, collector4},
		"PPP":                  {linked{layers.LinkTypePPP, append([]byte{0, 0x21}, v4...)}, exporter4, collector4},
		"IPv6 with extensions": {linked{layers.LinkTypeRaw, hopByHop}, exporter6, collector6},
	} {
		t.Run(name, func(t *testing.T) {
			for kind, file := range map[string][]byte{
				"pcap": pcapFile(t, c.link, c.packet), "pcapng": pcapngFile(t, c.linked),
				"pcap.gz": gzipped(t, pcapFile(t, c.link, c.packet)), "pcapng.gz": gzipped(t, pcapngFile(t, c.linked)),
			} {
				list, stats, err := readAll(t, file)
				if err != nil || len(list) != 1 || len(stats.Problems) != 0 || stats.Packets != 1 || stats.Ignored != 0 {
					t.Fatalf("%s: %d datagrams, %+v, %v", kind, len(list), stats, err)
				}
				d := list[0]
				if d.Source != c.from || d.Destination != c.to || d.Transport != TransportUDP || !d.Time.Equal(start) || !bytes.Equal(d.Payload, payload) {
					t.Errorf("%s: %v → %v by %s at %v, %d bytes", kind, d.Source, d.Destination, d.Transport, d.Time, len(d.Payload))
				}
			}
		})
	}
}

func TestMixedInterfaces(t *testing.T) {
	v4 := udpPacket(t, exporter4, collector4, ipfix(40))
	v6 := udpPacket(t, exporter6, collector6, ipfix(60))
	list, _, err := readAll(t, pcapngFile(t, linked{layers.LinkTypeEthernet, ethernet(t, v4)}, linked{layers.LinkTypeRaw, v6}))
	if err != nil || len(list) != 2 || list[0].Source != exporter4 || list[1].Source != exporter6 {
		t.Fatalf("%v, %v", list, err)
	}
}

func TestOtherPackets(t *testing.T) {
	arp := slices.Concat([]byte{2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 6}, make([]byte, 28))
	icmp := ethernet(t, ipPacket(t, exporter4, collector4, layers.IPProtocolICMPv4, make([]byte, 8)))
	list, stats, err := readAll(t, pcapFile(t, layers.LinkTypeEthernet, arp, icmp, []byte{1, 2, 3}, ethernet(t, udpPacket(t, exporter4, collector4, nil))))
	if err != nil || len(list) != 1 || len(list[0].Payload) != 0 || stats.Packets != 4 || stats.Ignored != 3 {
		t.Fatalf("%v, %+v, %v", list, stats, err)
	}
	_, _, err = readAll(t, pcapFile(t, layers.LinkTypeIEEE802_11, arp))
	if e := new(Error); !errors.As(err, &e) || e.Reason != ReasonLinkType || !strings.Contains(err.Error(), "link type 105") {
		t.Errorf("a link type that is not known: %v", err)
	}
	cut := ethernet(t, udpPacket(t, exporter4, collector4, ipfix(100)))
	list, stats, err = readAll(t, pcapFile(t, layers.LinkTypeEthernet, cut[:90]))
	if err != nil || len(list) != 1 || len(list[0].Payload) != 48 || stats.Problems[ReasonSnapped] != 1 {
		t.Errorf("a packet cut short: %v, %+v, %v", list, stats, err)
	}
}

// TestTruncated cuts files at every byte: what was whole is read, and where a
// packet is cut the file says so.
func TestTruncated(t *testing.T) {
	packet := ethernet(t, udpPacket(t, exporter4, collector4, ipfix(40)))
	pcap := pcapFile(t, layers.LinkTypeEthernet, packet, packet)
	for n := 4; n < len(pcap); n++ {
		list, _, err := readAll(t, pcap[:n])
		whole := max(0, n-24) / (16 + len(packet))
		clean := n >= 24 && (n-24)%(16+len(packet)) == 0
		e := new(Error)
		if len(list) != whole || (err == nil) != clean || (err != nil && (!errors.As(err, &e) || e.Reason != ReasonTruncatedFile)) {
			t.Fatalf("pcap of %d bytes: %d datagrams, %v; want %d", n, len(list), err, whole)
		}
	}
	ng := pcapngFile(t, linked{layers.LinkTypeEthernet, packet}, linked{layers.LinkTypeEthernet, packet})
	ends, last := 0, -1
	for n := 4; n < len(ng); n++ {
		list, _, err := readAll(t, ng[:n])
		if len(list) < last {
			t.Fatalf("pcapng of %d bytes: %d datagrams, fewer than of the bytes before", n, len(list))
		}
		last = len(list)
		if err == nil {
			ends++
		}
	}
	if ends > 4 { // after the section, the interfaces and the first packet
		t.Errorf("%d lengths of a cut pcapng passed for whole files", ends)
	}
	zipped := gzipped(t, pcap)
	for n := 4; n < len(zipped); n++ {
		if _, _, err := readAll(t, zipped[:n]); err == nil {
			t.Fatalf("gz of %d of %d bytes passed for a whole file", n, len(zipped))
		}
	}
}

func TestPayloads(t *testing.T) {
	v5 := make([]byte, 24+48)
	binary.BigEndian.PutUint16(v5, 5)
	binary.BigEndian.PutUint16(v5[2:], 1)
	two := make([]byte, 24+96) // says one record, has two
	copy(two, v5)
	big := ipfix(65535)
	for name, c := range map[string]struct {
		file   []byte
		sizes  []int
		reason Reason
	}{
		"nothing":                       {nil, nil, ""},
		"one byte":                      {[]byte{0}, []int{1}, ""},
		"one payload":                   {ipfix(40), []int{40}, ""},
		"several":                       {slices.Concat(ipfix(40), v5, ipfix(60), v5), []int{40, 72, 60, 72}, ""},
		"gzipped":                       {gzipped(t, slices.Concat(ipfix(40), ipfix(50))), []int{40, 50}, ""},
		"the largest ones":              {slices.Concat(big, big, big), []int{65535, 65535, 65535}, ""},
		"more than the header says":     {two, []int{120}, ""},
		"a payload that is not known":   {[]byte("neither fish nor fowl"), []int{21}, ""},
		"a file that is something else": {bytes.Repeat([]byte("text"), 40000), nil, ReasonBadFile},
	} {
		list, _, err := readAll(t, c.file)
		e := &Error{}
		errors.As(err, &e)
		sizes := []int(nil)
		for _, d := range list {
			sizes = append(sizes, len(d.Payload))
			if d.Transport != TransportFile || d.Source != unknownExporter || d.Destination.IsValid() || !d.Time.IsZero() {
				t.Errorf("%s: %+v", name, d)
			}
		}
		if !slices.Equal(sizes, c.sizes) || e.Reason != c.reason {
			t.Errorf("%s: sizes %v, %v; want %v, %q", name, sizes, err, c.sizes, c.reason)
		}
	}
}

func TestOpen(t *testing.T) {
	dir := t.TempDir()
	if _, err := Open(filepath.Join(dir, "none"), &Sessions{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
	if _, err := Open(dir, &Sessions{}); err == nil {
		t.Error("a folder was opened")
	}
	path := filepath.Join(dir, "message")
	if err := os.WriteFile(path, ipfix(40), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := Open(path, &Sessions{})
	if err != nil {
		t.Fatal(err)
	}
	if d, err := r.Next(); err != nil || len(d.Payload) != 40 {
		t.Errorf("%v, %v", d, err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}
