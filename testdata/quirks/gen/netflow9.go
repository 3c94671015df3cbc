package main

func netflow9() []quirk {
	tmpl := set(0, template(256, simple...))
	return []quirk{
		{Name: "v9-count-too-low", About: "the header counts the data records only, as softflowd does: all of them are flows",
			datagrams: [][]byte{packet9(3, 1, tmpl, set(256, row(1), row(2), row(3)))},
			Wants:     want{Flows: 3, Templates: 1}},
		{Name: "v9-count-wrong", About: "the header counts 1 where 1 template and 3 records are",
			datagrams: [][]byte{packet9(1, 1, tmpl, set(256, row(1), row(2), row(3)))},
			Wants:     want{Flows: 3, Templates: 1, Problems: []string{"count_mismatch"}}},
		{Name: "v9-template-and-data", About: "template and data in one datagram, several sets of each",
			datagrams: [][]byte{packet9(5, 1, tmpl, set(256, row(1)), set(0, template(257, simple...)), set(257, row(2)), set(256, row(3)))},
			Wants:     want{Flows: 3, Templates: 2}},
		{Name: "v9-two-templates-one-set", About: "two definitions in one set",
			datagrams: [][]byte{packet9(4, 1, set(0, template(256, simple...), template(257, simple[:6]...)), set(256, row(1)), set(257, row(2)[:17]))},
			Wants:     want{Flows: 2, Templates: 2, Fields: map[string]any{"source.ip": "192.0.2.2"}}},
		{Name: "v9-data-before-template", About: "the first datagram's template comes in the second: its record is decoded then",
			datagrams: [][]byte{packet9(1, 1, set(256, row(1))), packet9(2, 2, tmpl, set(256, row(2)))},
			Wants:     want{Flows: 2, Templates: 1, Fields: map[string]any{"source.ip": "192.0.2.2"}}},
		{Name: "v9-data-before-templates", About: "data of templates 256 and 257, then only 257's definition: what 256's would say is lost, the header's time is the data's own",
			datagrams: [][]byte{packet9(2, 1, set(256, row(1)), set(257, row(2))), packet9At(exported+600, 1, 2, set(0, template(257, simple...)))},
			Wants:     want{Flows: 1, Templates: 1, Problems: []string{"no_template"}, Fields: map[string]any{"source.ip": "192.0.2.2", "event.end": "2026-09-01T12:00:00.000Z"}}},
		{Name: "v9-no-template-among-good", About: "a set whose template is missing does not spoil the sets around it",
			datagrams: [][]byte{packet9(4, 1, tmpl, set(256, row(1)), set(999, row(2)), set(256, row(3)))},
			Wants:     want{Flows: 2, Templates: 1, Problems: []string{"no_template"}, Fields: map[string]any{"source.ip": "192.0.2.3"}}},
		{Name: "v9-zero-size-template", About: "a template whose records have 0 bytes is refused; other sets are read",
			datagrams: [][]byte{packet9(4, 1, tmpl, set(0, template(300, field{id: 8})), set(300, row(1)), set(256, row(2)))},
			Wants:     want{Flows: 1, Templates: 2, Problems: []string{"zero_size_template", "no_template"}}},
		{Name: "v9-set-length-0", About: "a set of length 0 ends the walk; what came before stays",
			datagrams: [][]byte{packet9(3, 1, tmpl, set(256, row(1)), u16(256), u16(0), row(2))},
			Wants:     want{Flows: 1, Templates: 1, Problems: []string{"bad_length"}}},
		{Name: "v9-set-length-3", About: "a set shorter than its own header",
			datagrams: [][]byte{packet9(3, 1, tmpl, set(256, row(1)), u16(256), u16(3), row(2))},
			Wants:     want{Flows: 1, Templates: 1, Problems: []string{"bad_length"}}},
		{Name: "v9-set-past-end", About: "a set that claims 400 bytes and has one record: that record is read",
			datagrams: [][]byte{packet9(3, 1, tmpl, set(256, row(1)), u16(256), u16(400), row(2))},
			Wants:     want{Flows: 2, Templates: 1, Problems: []string{"truncated_set"}}},
		{Name: "v9-reserved-set", About: "set ids 2 to 255 mean nothing in NetFlow v9",
			datagrams: [][]byte{packet9(2, 1, tmpl, set(2, row(9)), set(255, row(9)), set(256, row(1)))},
			Wants:     want{Flows: 1, Templates: 1, Problems: []string{"reserved_set"}}},
		{Name: "v9-padding", About: "sets padded with zeros to 4 bytes (21-byte record) are no problem",
			datagrams: [][]byte{packet9(3, 1, tmpl, set(256, row(1), make([]byte, 3)), set(256, row(2), make([]byte, 3)))},
			Wants:     want{Flows: 2, Templates: 1}},
		{Name: "v9-template-cut", About: "a template that names 7 fields and holds 2",
			datagrams: [][]byte{packet9(2, 1, tmpl, set(0, template(300, simple...)[:12]), set(256, row(1)))},
			Wants:     want{Flows: 1, Templates: 1, Problems: []string{"bad_template"}}},
		{Name: "v9-template-id-low", About: "template ids below 256 are reserved: no template is defined",
			datagrams: [][]byte{packet9(3, 1, tmpl, set(0, template(255, simple...)), set(256, row(1)))},
			Wants:     want{Flows: 1, Templates: 1, Problems: []string{"bad_template"}}},
		{Name: "v9-time-1970", About: "an exporter whose clock was never set",
			datagrams: [][]byte{packet9At(3600, 2, 1, tmpl, set(256, row(1)))},
			Wants:     want{Flows: 1, Templates: 1}},
	}
}

// netflow9Options is options templates, whose data changes how flows are read.
func netflow9Options() []quirk {
	system := []field{{id: 1, length: 4}}
	rated := append([]field{{id: 48, length: 2}}, simple...)
	named := append([]field{{id: 10, length: 4}, {id: 14, length: 4}}, simple...)
	application := append([]field{{id: 95, length: 4}}, simple...)
	return []quirk{
		{Name: "v9-sampling-34-35", About: "sampling interval and algorithm of the whole system in options data",
			datagrams: [][]byte{packet9(4, 1, set(1, optionsTemplate9(257, system, field{id: 34, length: 4}, field{id: 35, length: 1}), make([]byte, 2)),
				set(257, u32(0), u32(1000), u8(2)), set(0, template(256, simple...)), set(256, row(1)))},
			Wants: want{Flows: 1, Options: 1, Templates: 1, OptionsTemplates: 1, Fields: map[string]any{"flow.sampling.rate": 1000, "flow.sampling.source": "options", "network.bytes": 1500000}}},
		{Name: "v9-sampler-table", About: "two samplers (48, 49, 50) in a table, the flow names the second",
			datagrams: [][]byte{packet9(5, 1, set(1, optionsTemplate9(257, system, field{id: 48, length: 2}, field{id: 49, length: 1}, field{id: 50, length: 4}), make([]byte, 2)),
				set(257, u32(0), u16(1), u8(2), u32(100), u32(0), u16(2), u8(2), u32(500), make([]byte, 2)),
				set(0, template(256, rated...)), set(256, u16(2), row(1)))},
			Wants: want{Flows: 1, Options: 2, Templates: 1, OptionsTemplates: 1, Fields: map[string]any{"flow.sampling.rate": 500, "flow.sampling.id": 2}}},
		{Name: "v9-mikrotik-little-endian", About: "RouterOS writes the sampling interval with its low byte first: 100, not 1677721600",
			datagrams: [][]byte{packet9(4, 1, set(1, optionsTemplate9(257, system, field{id: 34, length: 4}, field{id: 35, length: 1}), make([]byte, 2)),
				set(257, u32(0), []byte{100, 0, 0, 0}, u8(1)), set(0, template(256, simple...)), set(256, row(1)))},
			Wants: want{Flows: 1, Options: 1, Templates: 1, OptionsTemplates: 1, Fields: map[string]any{"flow.sampling.rate": 100}}},
		{Name: "v9-interface-names", About: "interface name and description (82, 83), the scope is the interface",
			datagrams: [][]byte{packet9(5, 1, set(1, optionsTemplate9(257, []field{{id: 2, length: 4}}, field{id: 82, length: 16}, field{id: 83, length: 16}), make([]byte, 2)),
				set(257, u32(1), text("ether1", 16), text("uplink", 16), u32(2), text("bridge", 16), text("LAN", 16)),
				set(0, template(256, named...)), set(256, u32(2), u32(1), row(1)))},
			Wants: want{Flows: 1, Options: 2, Templates: 1, OptionsTemplates: 1, Fields: map[string]any{
				"observer.ingress.interface.name": "bridge", "observer.egress.interface.name": "ether1", "observer.egress.interface.alias": "uplink"}}},
		{Name: "v9-application-names", About: "application id, name and description (95, 96, 94)",
			datagrams: [][]byte{packet9(4, 1, set(1, optionsTemplate9(257, system, field{id: 95, length: 4}, field{id: 96, length: 24}, field{id: 94, length: 55}), make([]byte, 2)),
				set(257, u32(0), []byte{13, 0, 1, 0xc5}, text("netflix", 24), text("Netflix video", 55)),
				set(0, template(256, application...)), set(256, []byte{13, 0, 1, 0xc5}, row(1)))},
			Wants: want{Flows: 1, Options: 1, Templates: 1, OptionsTemplates: 1, Fields: map[string]any{"network.application": "netflix"}}},
		{Name: "v9-options-scope-odd", About: "an options template whose scope length is no multiple of 4 is refused",
			datagrams: [][]byte{packet9(2, 1, set(1, join(u16(257), u16(3), u16(4), fields([]field{{id: 1, length: 4}, {id: 34, length: 4}}))),
				set(0, template(256, simple...)), set(256, row(1)))},
			Wants: want{Flows: 1, Templates: 1, Problems: []string{"bad_template"}}},
	}
}
