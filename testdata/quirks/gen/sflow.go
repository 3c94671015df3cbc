package main

import "bytes"

// datagram5 is an sFlow version 5 datagram of agent 192.0.2.1; count is what it claims.
func datagram5(count uint32, samples ...[]byte) []byte {
	return join(u32(5), u32(1), ip("192.0.2.1"), u32(0), u32(1), u32(uptime), u32(count), join(samples...))
}

// item is a sample or a record: format, length that is right, body.
func item(format uint32, body ...[]byte) []byte {
	b := join(body...)
	return join(u32(format), u32(uint32(len(b))), b)
}

// flowSample is format 1: sampling rate 100, input 1, output 2.
func flowSample(records ...[]byte) []byte {
	return item(1, u32(1), u32(1), u32(100), u32(10000), u32(0), u32(1), u32(2), u32(uint32(len(records))), join(records...))
}

// header is the record of a sampled Ethernet frame, of which all is given. 4 bytes of FCS are stripped.
func header(frame ...[]byte) []byte {
	b := join(frame...)
	return item(1, u32(1), u32(uint32(len(b)+4)), u32(4), u32(uint32(len(b))), b, make([]byte, -len(b)&3))
}

// frame is an Ethernet frame of a TCP segment: 192.0.2.n:40000 to 198.51.100.20:443.
func frame(n uint8) []byte {
	src := []byte{192, 0, 2, n}
	ip4 := ipv4(6, 20+60, 0x4000, "192.0.2.1", "198.51.100.20")
	copy(ip4[12:], src)
	return join(ethernet(0x0800), ip4, tcp(40000, 443, 0x18), make([]byte, 60))
}

func sflow5() []quirk {
	generic := item(1, u32(3), u32(6), u64(1_000_000_000), u32(1), u32(3), u64(123456789), u32(1000), u32(10), u32(1), u32(0), u32(0), u32(0),
		u64(987654321), u32(2000), u32(20), u32(2), u32(0), u32(0), u32(0))
	whole := flowSample(header(frame(2)))
	return []quirk{
		{Name: "sflow-flow", About: "one flow sample, rate 100; bytes are the IP length",
			datagrams: [][]byte{datagram5(1, flowSample(header(frame(1))))},
			Wants:     want{Flows: 1, Fields: map[string]any{"source.ip": "192.0.2.1", "destination.port": 443, "flow.sampling.rate": 100}}},
		{Name: "sflow-truncated-sample", About: "the second of two samples ends in its fixed part: the first is a flow",
			datagrams: [][]byte{datagram5(2, flowSample(header(frame(1))), whole[:30])},
			Wants:     want{Flows: 1, Problems: []string{"truncated_sample"}, Fields: map[string]any{"source.ip": "192.0.2.1"}}},
		{Name: "sflow-truncated-header", About: "the second of two samples ends behind the addresses of its sampled header: both are flows",
			datagrams: [][]byte{datagram5(2, flowSample(header(frame(1))), whole[:len(whole)-50])},
			Wants:     want{Flows: 2, Problems: []string{"truncated_sample"}, Fields: map[string]any{"source.ip": "192.0.2.2", "destination.port": 443}}},
		{Name: "sflow-unknown-sample", About: "a sample of an unknown enterprise between two good ones is skipped by its length",
			datagrams: [][]byte{datagram5(3, flowSample(header(frame(1))), item(32473<<12|9, make([]byte, 40)), whole)},
			Wants:     want{Flows: 2, Problems: []string{"unknown_sample"}, Fields: map[string]any{"source.ip": "192.0.2.2"}}},
		{Name: "sflow-unknown-record", About: "an unknown record beside the header does not spoil the sample",
			datagrams: [][]byte{datagram5(1, flowSample(item(32473<<12|7, make([]byte, 12)), header(frame(1))))},
			Wants:     want{Flows: 1, Fields: map[string]any{"source.ip": "192.0.2.1"}}},
		{Name: "sflow-padded-sample", About: "a sample longer than its records: the next one begins where the length says",
			datagrams: [][]byte{datagram5(2, item(1, whole[8:], make([]byte, 16)), whole)},
			Wants:     want{Flows: 2, Fields: map[string]any{"source.ip": "192.0.2.2"}}},
		{Name: "sflow-expanded", About: "an expanded flow sample with interface numbers above 2^24",
			datagrams: [][]byte{datagram5(1, item(3, u32(1), u32(0), u32(0x1000001), u32(500), u32(50000), u32(0), u32(0), u32(0x1000001), u32(0), u32(0x1000002), u32(1), header(frame(1))))},
			Wants:     want{Flows: 1, Fields: map[string]any{"flow.sampling.rate": 500, "observer.ingress.interface.id": "16777217", "observer.egress.interface.id": "16777218"}}},
		{Name: "sflow-counters", About: "a counter sample with generic interface counters",
			datagrams: [][]byte{datagram5(1, item(2, u32(1), u32(3), u32(1), generic))},
			Wants:     want{Counters: 1}},
		{Name: "sflow-count-too-high", About: "the header counts a billion samples, there is one: nothing is allocated for the rest",
			datagrams: [][]byte{datagram5(1_000_000_000, flowSample(header(frame(1))))},
			Wants:     want{Flows: 1, Problems: []string{"count_mismatch"}}},
		{Name: "sflow-record-past-end", About: "a record claims more than its sample holds; the next sample is read",
			datagrams: [][]byte{datagram5(2, item(1, u32(1), u32(1), u32(100), u32(10000), u32(0), u32(1), u32(2), u32(1), u32(1), u32(0x7fffffff), u32(1), u32(64), u32(4), u32(0)), whole)},
			Wants:     want{Flows: 2, Problems: []string{"bad_sample"}, Fields: map[string]any{"source.ip": "192.0.2.2"}}},
		{Name: "sflow-sample-length-lies", About: "a sample claims 4 gigabytes: what is there is read, and nothing is allocated for the rest",
			datagrams: [][]byte{datagram5(1, u32(1), u32(0xffffffff), whole[8:])},
			Wants:     want{Flows: 1, Problems: []string{"truncated_sample"}, Fields: map[string]any{"source.ip": "192.0.2.2"}}},
		{Name: "sflow-zero-length-samples", About: "samples of no bytes, and a good one behind them",
			datagrams: [][]byte{datagram5(3, item(1), item(2), whole)},
			Wants:     want{Flows: 1, Problems: []string{"bad_sample"}, Fields: map[string]any{"source.ip": "192.0.2.2"}}},
		{Name: "sflow-agent-ipv6", About: "an agent with an IPv6 address",
			datagrams: [][]byte{join(u32(5), u32(2), ip("2001:db8::1"), u32(0), u32(1), u32(uptime), u32(1), whole)},
			Wants:     want{Flows: 1, Fields: map[string]any{"flow.exporter.agent": "2001:db8::1"}}},
	}
}

// sflow5Headers is sampled headers that need more than Ethernet, IPv4 and TCP.
func sflow5Headers() []quirk {
	one := func(frame ...[]byte) [][]byte { return [][]byte{datagram5(1, flowSample(header(frame...)))} }
	inner := join(ipv4(6, 20, 0, "10.0.0.1", "10.0.0.2"), tcp(1111, 80, 0x18))
	macs := ethernet(0)[:12]
	return []quirk{
		{Name: "sflow-vlan-mpls-ipv6", About: "VLAN 200, two MPLS labels, IPv6, UDP",
			datagrams: one(macs, u16(0x8100), u16(200), u16(0x8847), u32(16001<<12|64), u32(299776<<12|1<<8|64),
				ipv6(17, 8+40, "2001:db8::10", "2001:db8:1::53"), udp(5000, 53, 40), make([]byte, 40)),
			Wants: want{Flows: 1, Fields: map[string]any{"network.vlan.id": "200", "source.ip": "2001:db8::10", "destination.port": 53}}},
		{Name: "sflow-qinq", About: "two VLAN tags: the outer is the service provider's",
			datagrams: one(macs, u16(0x88a8), u16(300), u16(0x8100), u16(40), u16(0x0800), frame(1)[14:]),
			Wants:     want{Flows: 1, Fields: map[string]any{"network.vlan.id": "300", "network.inner.vlan.id": "40", "source.ip": "192.0.2.1"}}},
		{Name: "sflow-gre", About: "GRE: the flow is the tunnel's outer header, what it carries is in flow.inner",
			datagrams: one(ethernet(0x0800), ipv4(47, 4+len(inner), 0, "192.0.2.1", "203.0.113.1"), u16(0), u16(0x0800), inner),
			Wants:     want{Flows: 1, Fields: map[string]any{"source.ip": "192.0.2.1", "destination.ip": "203.0.113.1", "network.iana_number": "47", "flow.tunnel.type": "gre", "flow.inner.source.ip": "10.0.0.1", "flow.inner.destination.port": 80}}},
		{Name: "sflow-vxlan", About: "VXLAN: the flow is the tunnel's outer header, UDP port 4789",
			datagrams: one(ethernet(0x0800), ipv4(17, 8+8+14+len(inner), 0, "192.0.2.1", "203.0.113.1"), udp(50001, 4789, 8+14+len(inner)),
				u32(0x08000000), u32(5000<<8), ethernet(0x0800), inner),
			Wants: want{Flows: 1, Fields: map[string]any{"source.ip": "192.0.2.1", "destination.port": 4789, "network.iana_number": "17"}}},
		{Name: "sflow-fragment", About: "an IPv4 fragment that is not the first has no ports",
			datagrams: one(ethernet(0x0800), ipv4(17, 100, 185, "192.0.2.1", "203.0.113.1"), bytes.Repeat([]byte{0xff}, 100)),
			Wants:     want{Flows: 1, Fields: map[string]any{"source.ip": "192.0.2.1", "source.port": nil, "destination.port": nil}}},
		{Name: "sflow-header-cut", About: "the sampled header ends inside the TCP header: addresses are known, flags are not",
			datagrams: [][]byte{datagram5(1, flowSample(item(1, u32(1), u32(1518), u32(4), u32(40), frame(1)[:40])))},
			Wants:     want{Flows: 1, Fields: map[string]any{"source.ip": "192.0.2.1", "flow.tcp_flags": nil}}},
		{Name: "sflow-header-lies", About: "a sampled header claims 1000 bytes in a record of 80",
			datagrams: [][]byte{datagram5(1, flowSample(item(1, u32(1), u32(1518), u32(4), u32(1000), frame(1)[:64])))},
			Wants:     want{Flows: 1, Problems: []string{"bad_sample"}}},
	}
}
