package main

import "bytes"

// list is structured data (RFC 6313) in a field of variable length: semantic 3 is
// allOf, 255 undefined.
func list(semantic uint8, body ...[]byte) []byte {
	b := join(u8(semantic), join(body...))
	return join(u8(255), u16(uint16(len(b))), b)
}

// block is records of one template in a subTemplateMultiList.
func block(id uint16, records ...[]byte) []byte { return set(id, records...) }

// structured is lists inside records.
func structured() []quirk {
	const yaf = 6871
	with := func(id uint16) []field { return append([]field{{id: id, length: variable}}, simple...) }
	inner := template(300, field{id: 8, length: 4}, field{id: 96, length: variable})
	flags := template(301, field{id: 184, length: 4}, field{id: 14, length: 1, pen: yaf}, field{id: 210, length: 3})
	outer := template(302, field{id: 292, length: variable})
	web := template(303, field{id: 14, length: 1, pen: yaf}, field{id: 15, length: 1, pen: yaf}, field{id: 291, length: variable})
	one := func(about, name string, fields []field, record []byte, w want) quirk {
		w.Templates, w.Flows = 5, 1
		w.Fields["source.ip"] = "192.0.2.1"
		return quirk{Name: name, About: about, Wants: w, datagrams: [][]byte{message(0, set(2, inner, flags, outer, web, template(256, fields...)), set(256, record, row(1)))}}
	}
	names := func(list ...any) map[string]any { return map[string]any{"applicationName": list} }
	app := func(address, name string) map[string]any {
		return map[string]any{"sourceIPv4Address": address, "applicationName": name}
	}
	nested := []byte("x")
	for range 9 {
		nested = list(255, u16(302), nested)
	}
	return []quirk{
		one("a basicList of two strings of variable length", "ipfix-basic-list", with(291), list(255, u16(96), u16(variable), short("ssh"), short("dns")),
			want{Fields: map[string]any{"flow.ie.basicList": names("ssh", "dns")}}),
		one("a basicList with a name of its own: BGP communities, all of them", "ipfix-basic-list-named", with(484), list(3, u16(483), u16(4), u32(64496<<16|100), u32(64496<<16|200)),
			want{Fields: map[string]any{"flow.ie.bgpSourceCommunityList": map[string]any{"semantic": "allOf", "bgpCommunity": []any{64496<<16 | 100, 64496<<16 | 200}}}}),
		one("a basicList of an enterprise's element that nobody knows", "ipfix-basic-list-enterprise", with(291), list(1, u16(0x8000|77), u16(2), u32(32473), []byte{0xca, 0xfe, 0xba, 0xbe}),
			want{Fields: map[string]any{"flow.ie.basicList": map[string]any{"semantic": "exactlyOneOf", "32473_77": []any{"cafe", "babe"}}}}),
		one("a list of nothing is left out", "ipfix-list-empty", with(293), list(255), want{Fields: map[string]any{"flow.ie": nil}}),
		one("a subTemplateList of two records", "ipfix-sub-template-list", with(292), list(4, u16(300), ip("192.0.2.7"), short("ssh"), ip("192.0.2.8"), short("")),
			want{Fields: map[string]any{"flow.ie.subTemplateList": map[string]any{"semantic": "ordered", "records": []any{app("192.0.2.7", "ssh"), app("192.0.2.8", "")}}}}),
		one("a subTemplateMultiList of two templates, as YAF sends it", "ipfix-sub-template-multi-list", with(293),
			list(3, block(301, u32(7), u8(2), make([]byte, 3)), block(300, ip("192.0.2.7"), short("ssh"))),
			want{Fields: map[string]any{"flow.ie.subTemplateMultiList": map[string]any{"semantic": "allOf", "records": []any{map[string]any{"tcpSequenceNumber": 7, "initialTCPFlags": 2}, app("192.0.2.7", "ssh")}}}}),
		one("a list in a list", "ipfix-list-in-list", with(293), list(255, block(302, list(255, u16(300), ip("192.0.2.7"), short("ssh")))),
			want{Fields: map[string]any{"flow.ie.subTemplateMultiList": map[string]any{"records": []any{map[string]any{"subTemplateList": map[string]any{"records": []any{app("192.0.2.7", "ssh")}}}}}}}),
		one("YAF's list has a host that no field around it has: url.domain, and the TCP flags of the first packet and of the others", "ipfix-yaf-http", with(293),
			list(3, block(303, u8(2), u8(0x19), list(255, u16(0x8000|117), u16(variable), u32(yaf), short("www.example.org"), short("example.org")))),
			want{Fields: map[string]any{"url.domain": "www.example.org", "flow.tcp_flags": []any{"FIN", "SYN", "PSH", "ACK"}}}),
		one("a list whose template is not known: its bytes are kept", "ipfix-list-template-unknown", with(293), list(255, block(999, []byte{1, 2, 3}), block(300, ip("192.0.2.7"), short("ssh"))),
			want{Problems: []string{"list_template"}, Fields: map[string]any{"flow.ie.subTemplateMultiList": map[string]any{"records": []any{map[string]any{"template": 999, "data": "010203"}, app("192.0.2.7", "ssh")}}}}),
		one("a record of a list ends early: the list is kept as it is, the record around it is a flow", "ipfix-list-cut", with(292), list(255, u16(300), ip("192.0.2.7"), u8(9), []byte("ssh")),
			want{Problems: []string{"bad_list"}, Fields: map[string]any{"flow.ie.subTemplateList": "ff012cc000020709737368"}}),
		one("a basicList whose values have no bytes", "ipfix-list-without-bytes", with(291), list(255, u16(96), u16(0), []byte{1}), want{Problems: []string{"bad_list"}, Fields: map[string]any{}}),
		one("lists lie in each other nine deep", "ipfix-list-deep", with(292), nested, want{Problems: []string{"list_limit"}, Fields: map[string]any{}}),
		func() quirk {
			q := one("a list of 20,000 values is cut", "ipfix-list-long", with(291), list(255, u16(4), u16(1), bytes.Repeat([]byte{6}, 20_000)), want{Problems: []string{"list_limit"}, Fields: map[string]any{}})
			q.pack = true
			return q
		}(),
		{Name: "v9-basic-list", About: "a field of variable length and a list in NetFlow v9, which knows neither",
			datagrams: [][]byte{packet9(2, 1, set(0, template(256, with(291)...)), set(256, list(255, u16(96), u16(variable), short("ssh")), row(1)))},
			Wants:     want{Flows: 1, Templates: 1, Fields: map[string]any{"source.ip": "192.0.2.1", "flow.ie.basicList": names("ssh")}}},
	}
}
