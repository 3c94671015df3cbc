package main

// sflow5Tunnels is sampled headers of tunnels: the outer header is the record's,
// the packet inside has fields of its own.
func sflow5Tunnels() []quirk {
	inner := join(ipv4(6, 20, 0, "10.0.0.1", "10.0.0.2"), tcp(1111, 80, 0x18))
	inner6 := join(ipv6(17, 8, "fd00::1", "fd00::2"), udp(5353, 53, 0))
	bridged := join(ethernet(0x0800), inner)
	tunnel := func(name, about, kind string, id any, protocol uint8, body ...[]byte) quirk {
		b := join(body...)
		fields := map[string]any{"source.ip": "192.0.2.1", "destination.ip": "203.0.113.1", "flow.tunnel.type": kind, "flow.tunnel.id": id,
			"flow.inner.source.ip": "10.0.0.1", "flow.inner.destination.ip": "10.0.0.2", "flow.inner.destination.port": 80, "flow.inner.iana_number": "6"}
		return quirk{Name: "sflow-tunnel-" + name, About: about, datagrams: [][]byte{datagram5(1, flowSample(header(ethernet(0x0800), ipv4(protocol, len(b), 0, "192.0.2.1", "203.0.113.1"), b)))},
			Wants: want{Flows: 1, Fields: fields}}
	}
	toPort := func(port uint16, body ...[]byte) []byte {
		b := join(body...)
		return join(udp(50000, port, len(b)), b)
	}
	six := tunnel("6in4", "IPv6 in IPv4", "ipip", nil, 41, inner6)
	six.Wants.Fields = map[string]any{"source.ip": "192.0.2.1", "network.type": "ipv4", "flow.tunnel.type": "ipip", "flow.inner.source.ip": "fd00::1", "flow.inner.destination.port": 53}
	return []quirk{
		tunnel("ipip", "IPv4 in IPv4", "ipip", nil, 4, inner),
		six,
		tunnel("gre-key", "GRE with checksum, key and sequence number", "gre", 77, 47, u16(0xb000), u16(0x0800), words(0, 77, 1), inner),
		tunnel("nvgre", "NVGRE: GRE with a bridge and a network's number in its key", "nvgre", 0x5001, 47, u16(0x2000), u16(0x6558), u32(0x5001<<8|7), bridged),
		tunnel("erspan", "a mirrored frame, session 5", "erspan", 5, 47, u16(0x1000), u16(0x88be), u32(1), u16(0x1064), u16(0x0805), u32(0), bridged),
		tunnel("pptp", "PPTP: GRE version 1 with PPP", "pptp", 9, 47, u16(0x3081), u16(0x880b), u16(44), u16(9), words(1, 1), u16(0x0021), inner),
		tunnel("etherip", "Ethernet in IP", "etherip", nil, 97, []byte{0x30, 0}, bridged),
		tunnel("mpls-in-ip", "MPLS in IP", "mpls", nil, 137, u32(9<<12|0x100), inner),
		tunnel("mpls-in-udp", "MPLS in UDP", "mpls", nil, 17, toPort(6635, u32(9<<12|0x100), inner)),
		tunnel("vxlan", "VXLAN, with a VLAN tag inside", "vxlan", 5000, 17, toPort(4789, u32(0x08000000), u32(5000<<8), ethernet(0x8100), u16(7), u16(0x0800), inner)),
		tunnel("vxlan-gpe", "VXLAN that names its protocol, IPv4", "vxlan-gpe", 7, 17, toPort(4790, u32(0x0c000001), u32(7<<8), inner)),
		tunnel("geneve", "Geneve with an option", "geneve", 6, 17, toPort(6081, []byte{2, 0}, u16(0x6558), u32(6<<8), u64(1), bridged)),
		tunnel("gtp", "GTP-U with a sequence number and an extension header", "gtp", 0xcafe, 17, toPort(2152, []byte{0x36, 0xff}, u16(uint16(8+len(inner))), u32(0xcafe), u16(5), []byte{0, 0x85, 1, 0x10, 1, 0}, inner)),
		tunnel("lisp", "LISP with an instance", "lisp", 3, 17, toPort(4341, u32(0x08000000), u32(3<<8), inner)),
		{Name: "sflow-tunnel-pseudowire", About: "Ethernet over MPLS: no address of its own, those of the frame inside",
			datagrams: [][]byte{datagram5(1, flowSample(header(ethernet(0x8847), u32(30<<12|0x140), u32(0), bridged)))},
			Wants:     want{Flows: 1, Fields: map[string]any{"source.ip": nil, "flow.mpls.labels": []any{30}, "flow.tunnel.type": "pseudowire", "flow.inner.source.ip": "10.0.0.1"}}},
		{Name: "sflow-tunnel-gtp-signalling", About: "GTP's own messages carry no packet",
			datagrams: [][]byte{datagram5(1, flowSample(header(ethernet(0x0800), ipv4(17, 20, 0, "192.0.2.1", "203.0.113.1"), toPort(2152, []byte{0x32, 1}, u16(4), words(0, 0)))))},
			Wants:     want{Flows: 1, Fields: map[string]any{"flow.tunnel.type": nil, "flow.inner.source.ip": nil}}},
		{Name: "sflow-pbb", About: "provider backbone bridge (802.1ah): the customer's frame behind the service tag",
			datagrams: [][]byte{datagram5(1, flowSample(header(ethernet(0x88e7), u32(0x1234), frame(1))))},
			Wants:     want{Flows: 1, Fields: map[string]any{"source.ip": "192.0.2.1", "destination.port": 443}}},
		{Name: "sflow-wlan", About: "a sampled 802.11 frame on its way to the network",
			datagrams: [][]byte{datagram5(1, flowSample(item(1, words(15, 120, 4), xdr(string(join([]byte{0x88, 1, 0, 0}, mac6(0xaa)[:6], mac6(1)[:6], mac6(2)[:6], []byte{0x10, 0, 0, 0}, []byte{0xaa, 0xaa, 3, 0, 0, 0}, u16(0x0800), frame(1)[14:]))))))},
			Wants:     want{Flows: 1, Fields: map[string]any{"source.ip": "192.0.2.1", "source.mac": "02-00-00-00-00-01", "flow.wireless.ap_mac": "02-00-00-00-00-AA", "flow.client.mac": "02-00-00-00-00-01"}}},
		{Name: "sflow-pppoe", About: "PPPoE session behind a VLAN tag",
			datagrams: [][]byte{datagram5(1, flowSample(header(ethernet(0x8100), u16(7), u16(0x8864), []byte{0x11, 0}, u16(9), u16(102), u16(0x0021), frame(1)[14:])))},
			Wants:     want{Flows: 1, Fields: map[string]any{"source.ip": "192.0.2.1", "network.vlan.id": "7", "destination.port": 443}}},
	}
}

// sflow5Drops is notices of dropped packets, and a rate that changes.
func sflow5Drops() []quirk {
	notice := func(reason uint32, records ...[]byte) []byte {
		return item(5, words(1, 0, 3, 0, 3, 0, reason, uint32(len(records))), join(records...))
	}
	rated := func(rate uint32, n uint8) []byte {
		h := header(frame(n))
		return item(1, words(1, 1, rate, 10000, 0, 1, 2, 1), h)
	}
	return []quirk{
		{Name: "sflow-drop-acl", About: "notice of a packet that an access list dropped: what happened, what became of it, and why",
			datagrams: [][]byte{datagram5(1, notice(258, item(1037, u32(110), xdr("deny-all"), u32(1)), header(frame(1))))},
			Wants: want{Flows: 1, Fields: map[string]any{"event.action": "packet_dropped", "event.outcome": "failure", "event.reason": "acl", "event.code": "258", "event.type": []any{"connection", "denied"},
				"rule.name": "deny-all", "source.ip": "192.0.2.1", "network.packets": 1, "observer.ingress.interface.id": "3"}}},
		{Name: "sflow-drop-unknown-reason", About: "a reason of the future keeps its number",
			datagrams: [][]byte{datagram5(1, notice(5000, header(frame(1))))},
			Wants:     want{Flows: 1, Fields: map[string]any{"event.outcome": "failure", "event.reason": nil, "event.code": "5000"}}},
		{Name: "sflow-discarded-output", About: "a flow sample whose output says that the packet was dropped for want of buffers: traffic, with an outcome",
			datagrams: [][]byte{datagram5(1, item(1, words(1, 1, 100, 10000, 0, 1, 1<<30|259, 1), header(frame(1))))},
			Wants:     want{Flows: 1, Fields: map[string]any{"event.action": "network_flow", "event.outcome": "failure", "event.reason": "no_buffer_space", "observer.egress.interface.id": nil}}},
		{Name: "sflow-rate-changes", About: "the rate changes from one sample to the next: each counts with its own",
			datagrams: [][]byte{datagram5(2, rated(100, 1), rated(5000, 2))},
			Wants:     want{Flows: 2, Fields: map[string]any{"flow.sampling.rate": 5000, "network.bytes": 500000, "source.ip": "192.0.2.2"}}},
		{Name: "sflow-version-4", About: "version 4 is recognised and refused; a good one follows",
			datagrams: [][]byte{join(words(4, 1), ip("192.0.2.1"), words(1, 3_600_000, 0)), datagram5(1, rated(100, 1))},
			Wants:     want{Flows: 1, Problems: []string{"unknown_version"}}},
		{Name: "sflow-version-2", About: "so is version 2",
			datagrams: [][]byte{join(words(2, 1), ip("192.0.2.1"), words(1, 3_600_000, 0)), datagram5(1, rated(100, 1))},
			Wants:     want{Flows: 1, Problems: []string{"unknown_version"}}},
	}
}
