package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/netip"
)

// uniflow is one row of the known table: all packets of one 5-tuple (and VLAN) in
// one direction.
type uniflow struct {
	Src      netip.Addr `json:"src"`
	Dst      netip.Addr `json:"dst"`
	SrcPort  uint16     `json:"src_port"` // 0 for ICMP
	DstPort  uint16     `json:"dst_port"` // ICMP: type * 256 + code, as NetFlow has it
	Protocol uint8      `json:"protocol"`
	Packets  uint64     `json:"packets"`
	Bytes    uint64     `json:"bytes"`       // IP packet lengths
	Frames   uint64     `json:"frame_bytes"` // Ethernet frame lengths, without FCS: what sFlow's frame_length counts
	VLAN     uint16     `json:"vlan,omitempty"`
	TCPFlags uint8      `json:"tcp_flags,omitempty"` // all packets' flags or-ed
	ToS      uint8      `json:"tos,omitempty"`
	FirstNS  int64      `json:"first_ns"` // Unix nanoseconds of the first packet
	LastNS   int64      `json:"last_ns"`  // and of the last
}

// table is what a capture is known to hold. Rows are in the order of first packets.
type table struct {
	Packets uint64     `json:"packets"`
	Bytes   uint64     `json:"bytes"`
	Flows   []*uniflow `json:"flows"`
}

type key struct {
	src, dst     netip.Addr
	sport, dport uint16
	proto        uint8
}

// tableOf sums packets that are in order of time. It is an error when one 5-tuple
// shows up on two VLANs or with two ToS values: exporters disagree on whether that is one flow.
func tableOf(packets []packet) (*table, error) {
	t, rows := &table{}, map[key]*uniflow{}
	for _, p := range packets {
		k := key{p.src, p.dst, p.sport, p.dport, p.proto}
		if p.proto == protoICMP || p.proto == protoICMPv6 {
			k.sport, k.dport = 0, uint16(p.icmpType)<<8|uint16(p.icmpCode)
		}
		row := rows[k]
		if row == nil {
			row = &uniflow{Src: p.src, Dst: p.dst, SrcPort: k.sport, DstPort: k.dport, Protocol: p.proto, VLAN: p.vlan, ToS: p.tos, FirstNS: p.at.UnixNano()}
			rows[k] = row
			t.Flows = append(t.Flows, row)
		}
		if row.VLAN != p.vlan || row.ToS != p.tos {
			return nil, fmt.Errorf("flow %v has two VLANs or ToS values", k)
		}
		row.Packets++
		row.Bytes += uint64(p.ipLen())
		row.Frames += uint64(p.frameLen())
		row.TCPFlags |= p.flags
		row.LastNS = p.at.UnixNano()
		t.Packets++
		t.Bytes += uint64(p.ipLen())
	}
	return t, nil
}

// json is the table with one flow a line, so that a change reads well in a diff.
func (t *table) json() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "{\n \"packets\": %d,\n \"bytes\": %d,\n \"flows\": [\n", t.Packets, t.Bytes)
	for i, row := range t.Flows {
		line, err := json.Marshal(row)
		if err != nil {
			panic(err) // a struct of numbers and addresses always encodes
		}
		b.WriteString("  ")
		b.Write(line)
		if i < len(t.Flows)-1 {
			b.WriteByte(',')
		}
		b.WriteByte('\n')
	}
	b.WriteString(" ]\n}\n")
	return b.Bytes()
}
