package main

// templates is what exporters do with templates that the standards do not foresee.
func templates() []quirk {
	tmpl9, tmpl := set(0, template(256, simple...)), set(2, template(256, simple...))
	system := []field{{id: 34, length: 4}, {id: 35, length: 1}}
	rated := want{Flows: 1, Options: 1, Templates: 1, OptionsTemplates: 1, Fields: map[string]any{"source.ip": "192.0.2.1", "flow.sampling.rate": 100, "flow.sampling.source": "options"}}
	named := append([]field{{id: 96, length: variable}}, simple...)
	wide := []field{simple[1], simple[0], simple[3], simple[2], simple[4], {id: 1, length: 8}, {id: 2, length: 8}}
	swapped := join(ip("198.51.100.99"), ip("192.0.2.99"), u16(22), u16(50000), u8(6), u64(5_000_000_000), u64(4_000_000))
	return []quirk{
		{Name: "ipfix-options-no-scope", About: "an options template with a scope count of 0, which RFC 7011 section 3.4.2.2 forbids",
			datagrams: [][]byte{message(0, set(3, optionsTemplate(257, nil, system...)), set(257, u32(100), u8(2)), tmpl, set(256, row(1)))}, Wants: rated},
		{Name: "v9-options-no-scope", About: "an options template with a scope length of 0",
			datagrams: [][]byte{packet9(4, 1, set(1, optionsTemplate9(257, nil, system...)), set(257, u32(100), u8(2)), tmpl9, set(256, row(1)))}, Wants: rated},
		{Name: "v9-options-scope-without-bytes", About: "the scope is the system, with no bytes",
			datagrams: [][]byte{packet9(4, 1, set(1, optionsTemplate9(257, []field{{id: 1, length: 0}}, system...)), set(257, u32(100), u8(2)), tmpl9, set(256, row(1)))}, Wants: rated},
		{Name: "ipfix-options-scope-without-bytes", About: "the scope is the exporting process, with no bytes",
			datagrams: [][]byte{message(0, set(3, optionsTemplate(257, []field{{id: 144, length: 0}}, system...)), set(257, u32(100), u8(2)), tmpl, set(256, row(1)))}, Wants: rated},
		{Name: "v9-varlen", About: "a field of variable length in NetFlow v9, which has none (RFC 3954)",
			datagrams: [][]byte{packet9(3, 1, set(0, template(256, named...)), set(256, short("ssh"), row(1), long("dns"), row(2)))},
			Wants:     want{Flows: 2, Templates: 1, Fields: map[string]any{"source.ip": "192.0.2.2", "network.application": "dns"}}},
		{Name: "v9-sets-unaligned", About: "sets of 25 and 46 bytes behind each other, without padding to 4 bytes",
			datagrams: [][]byte{packet9(4, 1, tmpl9, set(256, row(1)), set(256, row(2), row(3)))},
			Wants:     want{Flows: 3, Templates: 1, Fields: map[string]any{"source.ip": "192.0.2.3"}}},
		{Name: "v9-zero-filled", About: "the packet is filled with 200 zeros, as Palo Alto does",
			datagrams: [][]byte{packet9(2, 1, tmpl9, set(256, row(1)), make([]byte, 200))},
			Wants:     want{Flows: 1, Templates: 1, Fields: map[string]any{"source.ip": "192.0.2.1"}}},
		{Name: "ipfix-zero-filled", About: "the message is filled with 7 zeros, and with 2 more behind its end",
			datagrams: [][]byte{join(message(0, tmpl, set(256, row(1)), make([]byte, 7)), make([]byte, 2))},
			Wants:     want{Flows: 1, Templates: 1, Problems: []string{"trailing_bytes"}, Fields: map[string]any{"source.ip": "192.0.2.1"}}},
		{Name: "v9-template-set-zero-filled", About: "12 zeros behind the definitions of a template set: no template 0",
			datagrams: [][]byte{packet9(2, 1, set(0, template(256, simple...), make([]byte, 12)), set(256, row(1)))},
			Wants:     want{Flows: 1, Templates: 1}},
		{Name: "v9-redefinition", About: "template 256 is defined anew in the middle of a packet; each set is read by the definition before it",
			datagrams: [][]byte{packet9(4, 1, tmpl9, set(256, row(1)), set(0, template(256, wide...)), set(256, swapped))},
			Wants:     want{Flows: 2, Templates: 2, Fields: map[string]any{"source.ip": "192.0.2.99", "network.bytes": 5000000000}}},
		{Name: "template-of-both-protocols", About: "NetFlow v9 and IPFIX of one exporter have templates of their own, though numbers and domains are the same",
			datagrams: [][]byte{packet9(1, 1, tmpl9), message(0, set(2, template(256, wide...))), packet9(1, 2, set(256, row(1))), message(0, set(256, swapped))},
			Wants:     want{Flows: 2, Templates: 2, Fields: map[string]any{"source.ip": "192.0.2.99"}}},
	}
}
