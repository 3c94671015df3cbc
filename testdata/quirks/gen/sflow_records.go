package main

// words is numbers of 32 bits.
func words(list ...uint32) (b []byte) {
	for _, v := range list {
		b = join(b, u32(v))
	}
	return b
}

// xdr is a string of XDR: its length, its octets, and zeros up to four.
func xdr(s string) []byte { return join(u32(uint32(len(s))), []byte(s), make([]byte, -len(s)&3)) }

// mac6 is a hardware address as XDR pads it.
func mac6(last uint8) []byte { return []byte{2, 0, 0, 0, 0, last, 0, 0} }

// record5 is a quirk of one flow sample with the record of a structure, and with
// the header of a TCP segment beside it.
func record5(name, about string, fields map[string]any, format uint32, body ...[]byte) quirk {
	return quirk{Name: "sflow-" + name, About: about, datagrams: [][]byte{datagram5(1, flowSample(item(format, body...), header(frame(1))))}, Wants: want{Flows: 1, Fields: fields}}
}

// work5 is a quirk of a sample of an application's work: no packet, its socket.
func work5(name, about string, fields map[string]any, format uint32, body ...[]byte) quirk {
	socket := item(2100, u32(6), ip("198.51.100.20"), ip("192.0.2.1"), words(443, 40000))
	return quirk{Name: "sflow-" + name, About: about, datagrams: [][]byte{datagram5(1, flowSample(item(format, body...), socket))}, Wants: want{Flows: 1, Fields: fields}}
}

// sflow5Records is a datagram for each flow record (sflow.org/developers/structures.php).
func sflow5Records() []quirk {
	v4 := func(s string) []byte { return join(u32(1), ip(s)) }
	outer4 := join(words(100, 17), ip("198.51.100.1"), ip("198.51.100.2"), words(50001, 4789, 0, 0))
	outer6 := join(words(120, 41), ip("2001:db8::1"), ip("2001:db8::2"), words(0, 0, 0, 0))
	ie := func(name string, v any) map[string]any {
		return map[string]any{"flow.ie." + name: v, "source.ip": "192.0.2.1"}
	}
	sampled := func(name, about string, fields map[string]any, format uint32, body ...[]byte) quirk {
		return quirk{Name: "sflow-sampled-" + name, About: about, datagrams: [][]byte{datagram5(1, flowSample(item(format, body...)))}, Wants: want{Flows: 1, Fields: fields}}
	}
	return []quirk{
		sampled("ethernet", "a frame's addresses and length without its header", map[string]any{"source.mac": "02-00-00-00-00-01", "destination.mac": "02-00-00-00-00-02", "network.type": "ipv6", "network.bytes": 6400}, 2, u32(64), mac6(1), mac6(2), u32(0x86dd)),
		sampled("ipv4", "an IPv4 packet without its header", map[string]any{"source.ip": "192.0.2.1", "destination.port": 443, "network.bytes": 150000, "flow.tos": 184}, 3, words(1500, 6), ip("192.0.2.1"), ip("198.51.100.20"), words(40000, 443, 0x18, 184)),
		sampled("ipv6", "an IPv6 packet without its header", map[string]any{"source.ip": "2001:db8::1", "destination.port": 53, "network.bytes": 10000}, 4, words(100, 17), ip("2001:db8::1"), ip("2001:db8::53"), words(5353, 53, 0, 0)),
		record5("extended-switch", "VLANs and priorities on both sides", map[string]any{"observer.ingress.vlan.id": "100", "observer.egress.vlan.id": "200", "flow.ie.src_priority": 5}, 1001, words(100, 5, 200, 0)),
		record5("extended-router", "next hop and prefix lengths", map[string]any{"flow.next_hop": "203.0.113.9", "flow.source.prefix_length": 24, "flow.destination.prefix_length": 16}, 1002, v4("203.0.113.9"), words(24, 16)),
		record5("extended-gateway", "an AS path of a sequence and a set, two communities, a local preference",
			map[string]any{"source.as.number": 64501, "destination.as.number": 64512, "flow.bgp.next_as": 64510, "flow.ie.dst_as_path": []any{64510, 64511, 64512}, "flow.ie.communities": []any{"64500:100", "65535:65281"}, "flow.ie.localpref": 150},
			1003, v4("203.0.113.9"), words(64500, 64501, 64502, 2, 2, 2, 64510, 64511, 1, 1, 64512, 2, 64500<<16|100, 65535<<16|65281, 150)),
		record5("extended-user", "users at both ends", map[string]any{"user.name": "anna", "flow.ie.destination_user": "bernd"}, 1004, u32(106), xdr("anna"), u32(106), xdr("bernd")),
		record5("extended-url", "a URL with its host", map[string]any{"url.domain": "www.example.net", "url.path": "/a", "flow.ie.url": "/a?b"}, 1005, u32(2), xdr("/a?b"), xdr("www.example.net")),
		record5("extended-mpls", "label stacks on both sides", map[string]any{"flow.mpls.labels": []any{100, 200}, "flow.ie.mpls_out_labels": 300, "flow.next_hop": "203.0.113.9"}, 1006, v4("203.0.113.9"), words(2, 100<<12, 200<<12|0x100, 1, 300<<12|0x100)),
		record5("extended-nat", "the source is translated, the destination is not", map[string]any{"source.nat.ip": "203.0.113.7", "destination.nat.ip": nil}, 1007, v4("203.0.113.7"), v4("198.51.100.20")),
		record5("extended-nat-port", "the source's port is translated, the destination's is not", map[string]any{"source.nat.port": 61000, "destination.nat.port": nil}, 1020, words(61000, 443)),
		record5("mpls-tunnel", "an LSP's name", ie("mpls_tunnel_lsp_name", "to-fra"), 1008, xdr("to-fra"), words(7, 3)),
		record5("mpls-vc", "a virtual circuit", ie("mpls_vll_vc_id", 8), 1009, xdr("vc1"), words(8, 4)),
		record5("mpls-ftn", "a forwarding class's description", ie("mpls_ftn_descr", "ftn"), 1010, xdr("ftn"), u32(5)),
		record5("mpls-ldp-fec", "a forwarding class's prefix length", ie("mpls_fec_addr_prefix_length", 24), 1011, u32(24)),
		record5("vlan-tunnel", "two tags that were taken off", map[string]any{"network.vlan.id": "300", "network.inner.vlan.id": "40"}, 1012, words(2, 0x88a8<<16|300, 0x8100<<16|40)),
		record5("wlan-payload", "the cipher of a frame, and what it carries; the header beside it is the packet's", ie("wlan_cipher_suite", 4), 1013, u32(4), u32(0)),
		record5("wlan-rx", "network, access point and radio of a frame received", map[string]any{"network.name": "guests", "flow.wireless.ap_mac": "02-00-00-00-00-AA", "flow.ie.wlanChannelId": 36}, 1014, xdr("guests"), mac6(0xaa), words(4, 36), u64(300_000_000), words(30, 40, 120)),
		record5("wlan-tx", "and of a frame sent", map[string]any{"network.name": "guests", "flow.ie.wlan_power": 100}, 1015, xdr("guests"), mac6(0xaa), words(4, 2, 120, 60, 6), u64(54_000_000), u32(100)),
		record5("wlan-aggregation", "two frames sent as one, each with its records", ie("wlan_pdus", 2), 1016, u32(2), u32(1), item(1001, words(1, 0, 2, 0)), u32(1), item(1001, words(3, 0, 4, 0))),
		record5("openflow-v1", "a flow's cookie", ie("openflow_flow_cookie", 77), 1017, u64(77), words(1, 2)),
		record5("fibre-channel", "a route of a storage network", ie("fc_next_hop", 65536), 1018, words(8, 16, 0x10000, 7)),
		record5("queue-length", "the queue that the packet found", ie("queue_length", 12), 1019, words(3, 12)),
		record5("l2-tunnel-egress", "the frame that is put around the packet; its own addresses stay", ie("l2_tunnel_egress_src_mac", "02-00-00-00-00-BB"), 1021, u32(150), mac6(0xbb), mac6(0xcc), u32(0x800)),
		record5("l2-tunnel-ingress", "the frame that was taken off", ie("l2_tunnel_ingress_dst_mac", "02-00-00-00-00-CC"), 1022, u32(150), mac6(0xbb), mac6(0xcc), u32(0x800)),
		record5("ipv4-tunnel-egress", "the IPv4 header that is put around the packet; its own addresses stay", ie("ipv4_tunnel_egress_dst_ip", "198.51.100.2"), 1023, outer4),
		record5("ipv4-tunnel-ingress", "the IPv4 header that was taken off", ie("ipv4_tunnel_ingress_src_ip", "198.51.100.1"), 1024, outer4),
		record5("ipv6-tunnel-egress", "the same of IPv6", ie("ipv6_tunnel_egress_dst_ip", "2001:db8::2"), 1025, outer6),
		record5("ipv6-tunnel-ingress", "the same of IPv6", ie("ipv6_tunnel_ingress_src_ip", "2001:db8::1"), 1026, outer6),
		record5("decapsulate-egress", "where the inner header begins: here beyond the sampled bytes", ie("decapsulate_egress_inner_header_offset", 5000), 1027, u32(5000)),
		record5("decapsulate-ingress", "the agent says that the packet inside begins with the IP header at byte 14",
			map[string]any{"flow.inner.source.ip": "192.0.2.1", "flow.inner.destination.port": 443}, 1028, u32(14)),
		record5("vni-egress", "the virtual network that the packet goes to", map[string]any{"flow.ie.vni_egress": 5001, "flow.tunnel.id": 5001}, 1029, u32(5001)),
		record5("vni-ingress", "the virtual network that it came from", map[string]any{"flow.ie.vni_ingress": 5002, "flow.tunnel.id": 5002}, 1030, u32(5002)),
		record5("infiniband-lrh", "local route header", ie("ib_dst_lnh", 10), 1031, words(1, 2, 3, 4, 5, 6, 7, 8, 9, 10)),
		record5("infiniband-grh", "global route header", ie("ib_next_header", 27), 1032, words(1, 2), make([]byte, 32), words(27, 100)),
		record5("infiniband-bth", "base transport header", ie("ib_dst_qp", 2), 1033, words(1, 2, 3)),
		record5("vlan-in", "both tags on the way in", map[string]any{"observer.ingress.vlan.id": "10", "network.inner.vlan.id": "11"}, 1034, words(2, 0x88a8<<16|10, 0x8100<<16|11)),
		record5("vlan-out", "the tag on the way out", map[string]any{"observer.egress.vlan.id": "20"}, 1035, words(1, 0x8100<<16|20)),
		record5("egress-queue", "the queue that was chosen", ie("egress_queue", 6), 1036, u32(6)),
		record5("acl", "the access list that was met", map[string]any{"rule.name": "deny-all", "flow.ie.acl_number": 110}, 1037, u32(110), xdr("deny-all"), u32(1)),
		record5("function", "the function that dropped the packet", ie("function", "tcp_v4_rcv"), 1038, xdr("tcp_v4_rcv")),
		record5("transit", "nanoseconds in the switch", ie("transit_delay", 1500), 1039, u32(1500)),
		record5("queue", "bytes in the queue", ie("queue_depth", 900), 1040, u32(900)),
		record5("hw-trap", "devlink's trap", ie("hw_trap", "ttl_value_is_too_small"), 1041, xdr("l3_exceptions"), xdr("ttl_value_is_too_small")),
		record5("linux-drop-reason", "the kernel's reason", ie("linux_drop_reason", "NO_SOCKET"), 1042, xdr("NO_SOCKET")),
		record5("timestamp", "the host's clock, nanoseconds", ie("timestamp_ns", uint64(1788264000000000000)), 1043, u64(1788264000000000000)),
		record5("socket-beside-header", "beside a packet a socket tells which end is the host's", ie("socket_local_port", 443), 2100, u32(6), ip("198.51.100.20"), ip("192.0.2.1"), words(443, 40000)),
		record5("tcp-info", "what Linux knows of the connection", ie("tcp_info_rtt", 250), 2209, words(1, 1448, 1448, 2, 0, 1, 1500, 250, 50, 10, 3, 200)),
		record5("entities", "which hosts the ends are", ie("src_entity_ds_index", 100), 2210, words(3, 100, 0, 0)),
		record5("broadcom-egress-queue", "Broadcom's queue", ie("bst_egress_queue", 4), 4413<<12|1, u32(4)),
	}
}

// sflow5Work is a datagram for each record of what applications do.
func sflow5Work() []quirk {
	ie := func(name string, v any) map[string]any {
		return map[string]any{"flow.ie." + name: v, "source.ip": "192.0.2.1", "destination.port": 443}
	}
	transaction := join(words(2, 1, 2, 0), u64(100), u64(2000))
	return []quirk{
		work5("transaction", "octets both ways; transactions are counted, not packets", map[string]any{"flow.count": 100, "source.bytes": 10000, "destination.bytes": 200000, "network.packets": nil}, 2000, transaction),
		work5("nfs-transaction", "a file operation", ie("nfs_path", "/export/a"), 2001, xdr("/export/a"), words(25, 0)),
		work5("scsi-transaction", "a disk operation", ie("scsi_operation", 40), 2002, words(1, 40, 0)),
		work5("http-transaction", "a request as agents sent it first", map[string]any{"url.path": "/x", "http.response.status_code": 200}, 2003, xdr("/x"), xdr("h"), xdr(""), xdr("curl/8"), xdr("anna"), u32(200)),
		{Name: "sflow-socket-ipv6", About: "a socket without a packet: the remote end asked", datagrams: [][]byte{datagram5(1, flowSample(item(2101, u32(17), ip("2001:db8::53"), ip("2001:db8::1"), words(53, 5353))))},
			Wants: want{Flows: 1, Fields: map[string]any{"source.ip": "2001:db8::1", "destination.port": 53}}},
		work5("proxy-socket-ipv4", "a proxy's other side", ie("proxy_socket_remote_port", 8080), 2102, u32(6), ip("10.0.0.1"), ip("10.0.0.2"), words(50000, 8080)),
		work5("proxy-socket-ipv6", "the same of IPv6", ie("proxy_socket_remote_ip", "2001:db8::2"), 2103, u32(6), ip("2001:db8::1"), ip("2001:db8::2"), words(50000, 8080)),
		work5("memcache-operation", "a memcache command", map[string]any{"network.protocol": "memcache", "flow.ie.memcache_key": "user:1"}, 2200, words(2, 7), xdr("user:1"), words(1, 512, 30, 1)),
		work5("http-request-old", "an HTTP request before its version was sent", map[string]any{"http.request.method": "POST", "http.response.status_code": 201}, 2201,
			u32(4), xdr("/a"), xdr("h"), xdr(""), xdr(""), xdr(""), xdr(""), xdr("text/html"), u64(10), u64(20), words(1500, 201)),
		work5("app-operation", "an application's operation", map[string]any{"network.application": "payment", "flow.ie.app_operation": "pay"}, 2202, xdr("payment"), xdr("pay"), xdr("cc=visa"), xdr("no funds"), u64(10), u64(20), words(7, 5)),
		work5("app-parent", "what it is a part of", ie("app_parent_application", "shop"), 2203, xdr("shop"), xdr("order"), xdr("")),
		work5("app-initiator", "who asked", ie("app_initiator", "c17"), 2204, xdr("c17")),
		work5("app-target", "whom for", ie("app_target", "v4"), 2205, xdr("v4")),
		work5("http-request", "an HTTP request", map[string]any{"http.request.method": "GET", "url.domain": "www.example.net", "user.name": "anna", "user_agent.original": "curl/8", "network.bytes": 210000}, 2206,
			words(2, 1001), xdr("/a?b=c"), xdr("www.example.net"), xdr("http://example.org/"), xdr("curl/8"), xdr(""), xdr("anna"), xdr("text/html"), u64(100), u64(2000), words(1500, 404)),
		work5("proxy-request", "the request that a proxy sent on", ie("proxy_request_uri", "/b"), 2207, xdr("/b"), xdr("back")),
		work5("navigation-timing", "a browser's clock", ie("nav_load_event_end", 23), 2208, words(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23)),
	}
}
