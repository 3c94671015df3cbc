package main

// Values of these files' fields follow from the documents named beside them.

// nsel is events of Cisco's ASA (ASA NetFlow Implementation Guide): a connection
// begins, is updated and ends. The update has the octets of an interval, the end
// those of the whole connection; both come at its end.
func nsel() []quirk {
	created := []field{{id: 148, length: 4}, {id: 8, length: 4}, {id: 7, length: 2}, {id: 10, length: 2}, {id: 12, length: 4}, {id: 11, length: 2}, {id: 14, length: 2}, {id: 4, length: 1},
		{id: 176, length: 1}, {id: 177, length: 1}, {id: 225, length: 4}, {id: 226, length: 4}, {id: 227, length: 2}, {id: 228, length: 2}, {id: 233, length: 1}, {id: 33002, length: 2},
		{id: 323, length: 8}, {id: 152, length: 8}}
	ends := append(created[:len(created):len(created)], field{id: 231, length: 4}, field{id: 232, length: 4})
	lists := append(created[:len(created):len(created)], field{id: 33000, length: 12}, field{id: 33001, length: 12}, field{id: 40000, length: 20})
	const start = exported*1000 - 5000
	event := func(id uint32, kind uint8, extended uint16, at uint64) []byte {
		return join(u32(id), ip("192.168.0.2"), u16(61775), u16(3), ip("198.51.100.20"), u16(80), u16(4), u8(6), u8(0), u8(0),
			ip("203.0.113.5"), ip("198.51.100.20"), u16(40001), u16(80), u8(kind), u16(extended), u64(at), u64(start))
	}
	acl := join(u32(0x3edcde49), u32(0x0aa62ac3), u32(0xa8a2a76b))
	templates := set(0, template(263, ends...), template(270, lists...))
	begin := set(270, event(77, 1, 0, start), acl, make([]byte, 12), text("alice", 20))
	return []quirk{
		{Name: "v9-asa-created", About: "Cisco ASA: a connection is allowed; access list and user, no octets",
			datagrams: [][]byte{packet9(3, 0, templates, begin)},
			Wants: want{Flows: 1, Templates: 2, Fields: map[string]any{"event.action": "flow_created", "event.type": []string{"connection", "start", "allowed"}, "network.bytes": nil,
				"user.name": "alice", "flow.acl.ingress_id": "3edcde49-0aa62ac3-a8a2a76b", "flow.acl.egress_id": nil, "source.nat.ip": "203.0.113.5", "flow.client.ip": nil, "flow.icmp.type": nil}}},
		{Name: "v9-asa-updated", About: "Cisco ASA: octets of an interval are traffic",
			datagrams: [][]byte{packet9(4, 0, templates, begin, set(263, event(77, 5, 0, start+4000), u32(69), u32(14178)))},
			Wants: want{Flows: 2, Templates: 2, Fields: map[string]any{"event.action": "flow_updated", "source.bytes": 69, "destination.bytes": 14178, "network.bytes": 14247,
				"event.start": "2026-09-01T11:59:55.000Z", "event.end": "2026-09-01T11:59:59.000Z", "flow.client.ip": "192.168.0.2", "flow.server.ip": "198.51.100.20"}}},
		{Name: "v9-asa-deleted", About: "Cisco ASA: the end repeats 69 and 14178 octets that updates have counted, and has 31 and 100 more",
			datagrams: [][]byte{packet9(5, 0, templates, begin, set(263, event(77, 5, 0, start+4000), u32(69), u32(14178), event(77, 2, 2030, start+5000), u32(100), u32(14278)))},
			Wants: want{Flows: 3, Templates: 2, Fields: map[string]any{"event.action": "flow_deleted", "event.type": []string{"connection", "end"}, "event.code": "2030",
				"source.bytes": 31, "destination.bytes": 100, "network.bytes": 131, "flow.ie.initiatorOctets": 100, "flow.ie.responderOctets": 14278, "event.duration": 5000000000}}},
		{Name: "v9-asa-denied", About: "Cisco ASA: 1001 is a denial by the ingress access list",
			datagrams: [][]byte{packet9(3, 0, templates, set(270, event(0, 3, 1001, start), acl, make([]byte, 12), make([]byte, 20)))},
			Wants: want{Flows: 1, Templates: 2, Fields: map[string]any{"event.action": "flow_denied", "event.type": []string{"connection", "denied"}, "event.code": "1001",
				"event.reason": "denied by the ingress access list", "network.bytes": nil, "user.name": nil}}},
	}
}

// natEvents are natEvent and its kin (RFC 8158).
func natEvents() []quirk {
	session := []field{{id: 323, length: 8}, {id: 230, length: 1}, {id: 27, length: 16}, {id: 225, length: 4}, {id: 7, length: 2}, {id: 227, length: 2}, {id: 4, length: 1}}
	return []quirk{
		{Name: "ipfix-nat64-session", About: "RFC 8158: natEvent 6 creates a NAT64 session, no traffic",
			datagrams: [][]byte{message(0, set(2, template(256, session...)), set(256, u64(exported*1000), u8(6), ip("2001:db8::10"), ip("203.0.113.5"), u16(40000), u16(61000), u8(6)))},
			Wants:     want{Flows: 1, Templates: 1, Fields: map[string]any{"event.action": "nat64_session_created", "event.type": []string{"connection", "start"}, "source.nat.ip": "203.0.113.5", "network.bytes": nil}}},
		{Name: "ipfix-nat-quota", About: "RFC 8158: natEvent 13 and natQuotaExceededEvent 3, maximum entries per user",
			datagrams: [][]byte{message(0, set(2, template(256, field{id: 323, length: 8}, field{id: 230, length: 1}, field{id: 466, length: 4}, field{id: 8, length: 4})), set(256, u64(exported*1000), u8(13), u32(3), ip("192.168.0.2")))},
			Wants:     want{Flows: 1, Templates: 1, Fields: map[string]any{"event.action": "nat_quota_exceeded", "event.outcome": "failure", "event.reason": "maximum entries per user"}}},
	}
}

// meaning is elements whose value is not the whole of what they say.
func meaning() []quirk {
	with := func(before ...field) []byte { return set(2, template(256, append(before, simple...)...)) }
	total := append([]field{{id: 22, length: 4}, {id: 136, length: 1}}, simple[:5]...)
	total = append(total, field{id: 85, length: 8}, field{id: 86, length: 8})
	permanent := func(reason uint8, octets, packets uint64) []byte {
		return join(u32(1000), u8(reason), row(1)[:13], u64(octets), u64(packets))
	}
	tunnel := []field{{id: 27, length: 16}, {id: 28, length: 16}, {id: 4, length: 1}, {id: 1, length: 4}, {id: 8, length: 4}, {id: 12, length: 4}, {id: 7, length: 2}, {id: 11, length: 2}, {id: 4, length: 1}}
	status := func(v uint8) []byte { return message(0, with(field{id: 89, length: 1}), set(256, u8(v), row(1))) }
	sub := func(app uint32, part uint16, value string) []byte {
		return join(u8(uint8(6+len(value))), u32(app), u16(part), []byte(value))
	}
	subField := field{id: 12235, length: variable, pen: 9}
	return append(append(nsel(), natEvents()...), []quirk{
		{Name: "ipfix-permanent-flow", About: "octetTotalCount of a permanent flow runs on: 1500, 4000, and 9000 at its end are 9000 octets, not 14500",
			datagrams: [][]byte{message(0, set(2, template(256, total...)), set(256, permanent(2, 1500, 10), permanent(2, 4000, 25), permanent(3, 9000, 60)))},
			Wants:     want{Flows: 3, Templates: 1, Fields: map[string]any{"network.bytes": 5000, "network.packets": 35, "flow.ie.octetTotalCount": 9000, "flow.end_reason": "end of flow detected"}}},
		{Name: "ipfix-forwarding-dropped", About: "RFC 7270 section 4.12: status 129 is dropped by an access list", datagrams: [][]byte{status(129)},
			Wants: want{Flows: 1, Templates: 1, Fields: map[string]any{"event.outcome": "failure", "event.reason": "ACL deny", "event.type": []string{"connection", "denied"}, "flow.forwarding_status": "dropped (129)"}}},
		{Name: "ipfix-forwarding-ttl", About: "RFC 7270 section 4.12: status 137 is dropped for its TTL", datagrams: [][]byte{status(137)},
			Wants: want{Flows: 1, Templates: 1, Fields: map[string]any{"event.outcome": "failure", "event.reason": "bad TTL", "event.type": []string{"connection"}}}},
		{Name: "ipfix-icmp-in-port", About: "ICMP type 3, code 1 in the destination port (RFC 3954 has no other place for IPv6)",
			datagrams: [][]byte{message(0, with(), set(256, ip("192.0.2.1"), ip("198.51.100.20"), u16(0), u16(3<<8|1), u8(1), u32(1500), u32(10)))},
			Wants:     want{Flows: 1, Templates: 1, Fields: map[string]any{"flow.icmp.type": 3, "flow.icmp.code": 1, "destination.port": nil}}},
		{Name: "ipfix-inner-addresses", About: "RFC 7011 section 8: an element's second occurrence is of the inner header; IPv4 in IPv6",
			datagrams: [][]byte{message(0, set(2, template(256, tunnel...)), set(256, ip("2001:db8::1"), ip("2001:db8::2"), u8(4), u32(1500), ip("192.0.2.110"), ip("192.0.2.12"), u16(2222), u16(1111), u8(17)))},
			Wants: want{Flows: 1, Templates: 1, Fields: map[string]any{"source.ip": "2001:db8::1", "network.iana_number": "4", "flow.inner.source.ip": "192.0.2.110",
				"flow.inner.destination.ip": "192.0.2.12", "flow.tunnel.type": "ipip"}}},
		{Name: "ipfix-layer2-segment", About: "layer2SegmentId: the first byte 1 is VXLAN, the last three the network identifier",
			datagrams: [][]byte{message(0, with(field{id: 351, length: 8}), set(256, u64(1<<56|5001), row(1)))},
			Wants:     want{Flows: 1, Templates: 1, Fields: map[string]any{"flow.tunnel.type": "vxlan", "flow.tunnel.id": 5001}}},
		{Name: "ipfix-route-distinguisher", About: "RFC 4364 section 4.2: type 2, AS number of 4 bytes",
			datagrams: [][]byte{message(0, with(field{id: 90, length: 8}), set(256, u16(2), u32(4226809946), u16(12), row(1)))},
			Wants:     want{Flows: 1, Templates: 1, Fields: map[string]any{"flow.vrf.route_distinguisher": "4226809946:12"}}},
		{Name: "ipfix-mpls-stack", About: "mplsLabelStackSection: entries of 4 bytes down to the bottom bit (RFC 3032)",
			datagrams: [][]byte{message(0, with(field{id: 316, length: 8}), set(256, u32(16001<<12|64), u32(24005<<12|1<<8|64), row(1)))},
			Wants:     want{Flows: 1, Templates: 1, Fields: map[string]any{"flow.mpls.labels": []int{16001, 24005}}}},
		{Name: "ipfix-cisco-avc", About: "Cisco AVC Field Definition Guide, table B-1: values of sub-applications, one of them not observed",
			datagrams: [][]byte{message(0, set(2, template(256, append([]field{subField, subField, subField}, simple...)...)),
				set(256, sub(3<<24|80, 13314, "www.example.org"), sub(3<<24|80, 13313, ""), sub(13<<24|453, 13313, "cn.example.org"), row(1)))},
			Wants: want{Flows: 1, Templates: 1, Fields: map[string]any{"url.domain": "www.example.org", "url.path": nil, "tls.server.x509.subject.common_name": "cn.example.org"}}},
		{Name: "ipfix-biflow-direction", About: "RFC 5103 section 6.3: biflowDirection 2, the source is the end that was asked",
			datagrams: [][]byte{message(0, with(field{id: 239, length: 1}), set(256, u8(2), row(1)))},
			Wants:     want{Flows: 1, Templates: 1, Fields: map[string]any{"flow.client.ip": "198.51.100.20", "flow.server.ip": "192.0.2.1", "flow.server.port": 40000}}},
	}...)
}
