package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"net/netip"
	"os"
	"testing"
)

// TestCommitted: the generator must still make the committed files, byte for byte.
func TestCommitted(t *testing.T) {
	dir := t.TempDir()
	if err := run([]string{"flows", dir}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"flows.pcap", "flows.json"} {
		want, err := os.ReadFile("../" + name)
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(dir + "/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s: the generator makes other bytes than the committed ones; run testdata/make.sh", name)
		}
	}
}

// TestDemoIsDeterministic: two runs give the same captures, and no 5-tuple is in two parts.
func TestDemoIsDeterministic(t *testing.T) {
	a, b := t.TempDir(), t.TempDir()
	for _, dir := range []string{a, b} {
		if err := run([]string{"demo", dir}); err != nil {
			t.Fatal(err)
		}
	}
	seen, total := map[key]string{}, 0
	for _, part := range []string{"netflow9", "ipfix", "netflow5", "sflow"} {
		name := "/demo-" + part
		one, err1 := os.ReadFile(a + name + ".pcap")
		two, err2 := os.ReadFile(b + name + ".pcap")
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		if !bytes.Equal(one, two) {
			t.Errorf("%s: two runs differ", part)
		}
		for k := range sumPcap(t, one) {
			total++
			if other, ok := seen[k]; ok {
				t.Errorf("%v is in %s and in %s", k, other, part)
			}
			seen[k] = part
		}
	}
	if total < 2000 || total > 5000 {
		t.Errorf("the demo has %d uniflows, want 2000 to 5000", total)
	}
}

// TestTable parses the committed capture without the code that built it and compares
// every row of the committed table.
func TestTable(t *testing.T) {
	pcap, err := os.ReadFile("../flows.pcap")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("../flows.json")
	if err != nil {
		t.Fatal(err)
	}
	var tab table
	if err := json.Unmarshal(text, &tab); err != nil {
		t.Fatal(err)
	}
	got := sumPcap(t, pcap)
	if len(got) != len(tab.Flows) {
		t.Errorf("the capture has %d uniflows, the table %d", len(got), len(tab.Flows))
	}
	var packets, octets uint64
	for _, want := range tab.Flows {
		k := key{want.Src, want.Dst, want.SrcPort, want.DstPort, want.Protocol}
		if have := got[k]; have == nil || *have != *want {
			t.Errorf("%v: the capture has %+v, the table %+v", k, have, want)
		}
		packets += want.Packets
		octets += want.Bytes
	}
	if packets != tab.Packets || octets != tab.Bytes {
		t.Errorf("totals %d packets, %d bytes; the rows give %d and %d", tab.Packets, tab.Bytes, packets, octets)
	}
}

// sumPcap reads a microsecond pcap of Ethernet frames by offsets alone.
func sumPcap(t *testing.T, data []byte) map[key]*uniflow {
	t.Helper()
	le, be := binary.LittleEndian, binary.BigEndian
	if le.Uint32(data) != 0xa1b2c3d4 || le.Uint32(data[20:]) != 1 {
		t.Fatal("not a little-endian Ethernet pcap")
	}
	rows := map[key]*uniflow{}
	for data = data[24:]; len(data) > 0; {
		at := int64(le.Uint32(data))*1e9 + int64(le.Uint32(data[4:]))*1e3
		stored, length := le.Uint32(data[8:]), le.Uint32(data[12:])
		frame := data[16 : 16+stored]
		data = data[16+stored:]
		etherType, vlan, ip := be.Uint16(frame[12:]), uint16(0), frame[14:]
		if etherType == 0x8100 {
			vlan, etherType, ip = be.Uint16(frame[14:])&0xfff, be.Uint16(frame[16:]), frame[18:]
		}
		var k key
		var octets uint64
		var tos uint8
		var l4 []byte
		if etherType == 0x0800 {
			k.src, k.dst, k.proto = netip.AddrFrom4([4]byte(ip[12:16])), netip.AddrFrom4([4]byte(ip[16:20])), ip[9]
			octets, tos, l4 = uint64(be.Uint16(ip[2:])), ip[1], ip[20:]
		} else {
			k.src, k.dst, k.proto = netip.AddrFrom16([16]byte(ip[8:24])), netip.AddrFrom16([16]byte(ip[24:40])), ip[6]
			octets, tos, l4 = 40+uint64(be.Uint16(ip[4:])), uint8(be.Uint16(ip)>>4), ip[40:]
		}
		var flags uint8
		switch k.proto {
		case 1, 58:
			k.dport = be.Uint16(l4)
		case 6:
			flags = l4[13]
			fallthrough
		default:
			k.sport, k.dport = be.Uint16(l4), be.Uint16(l4[2:])
		}
		row := rows[k]
		if row == nil {
			row = &uniflow{Src: k.src, Dst: k.dst, SrcPort: k.sport, DstPort: k.dport, Protocol: k.proto, VLAN: vlan, ToS: tos, FirstNS: at}
			rows[k] = row
		}
		row.Packets++
		row.Bytes += octets
		row.Frames += uint64(length)
		row.TCPFlags |= flags
		row.LastNS = at
	}
	return rows
}
