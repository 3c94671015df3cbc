package main

import "bytes"

// manyTemplates is how many template ids a hostile exporter defines.
const manyTemplates = 10_000

// hostile is what no exporter sends that means well: templates without bytes or
// without end, sets and messages whose lengths lie.
func hostile() []quirk {
	tmpl := set(2, template(256, simple...))
	empty := make([]field, 3000)
	for i := range empty {
		empty[i] = field{id: 8}
	}
	const wide = 15_000 // fields of a template that fills a message
	fields := make([]field, wide)
	for i := range fields {
		fields[i] = field{id: uint16(1 + i%400), length: 1}
	}
	return []quirk{
		{Name: "v9-zero-fields-template", About: "a template of no fields is refused: its records would have 0 bytes",
			datagrams: [][]byte{packet9(3, 1, set(0, template(300), template(256, simple...)), set(300, row(1)), set(256, row(2)))},
			Wants:     want{Flows: 1, Templates: 2, Problems: []string{"zero_size_template", "no_template"}, Fields: map[string]any{"source.ip": "192.0.2.2"}}},
		{Name: "v9-zero-size-options", About: "an options template whose records have 0 bytes is refused",
			datagrams: [][]byte{packet9(3, 1, set(1, optionsTemplate9(300, []field{{id: 1}}, field{id: 34})), set(300, row(1)), set(0, template(256, simple...)), set(256, row(2)))},
			Wants:     want{Flows: 1, Templates: 1, OptionsTemplates: 1, Problems: []string{"zero_size_template", "no_template"}}},
		{Name: "ipfix-zero-size-template", About: "a template whose records have 0 bytes is refused; other sets are read",
			datagrams: [][]byte{message(0, tmpl, set(2, template(300, field{id: 8}, field{id: 12})), set(300, row(1)), set(256, row(2)))},
			Wants:     want{Flows: 1, Templates: 2, Problems: []string{"zero_size_template", "no_template"}, Fields: map[string]any{"source.ip": "192.0.2.2"}}},
		{Name: "ipfix-zero-size-options", About: "an options template whose records have 0 bytes is refused",
			datagrams: [][]byte{message(0, tmpl, set(3, optionsTemplate(300, []field{{id: 143}}, field{id: 34})), set(300, row(1)), set(256, row(2)))},
			Wants:     want{Flows: 1, Templates: 1, OptionsTemplates: 1, Problems: []string{"zero_size_template", "no_template"}}},
		{Name: "ipfix-zero-length-fields", About: "3000 fields of no bytes and one of 1: 60,000 records that must not take 180 million steps", pack: true,
			datagrams: [][]byte{message(0, set(2, template(256, append(empty, field{id: 4, length: 1})...))), message(0, set(256, bytes.Repeat([]byte{6}, 60_000)))},
			Wants:     want{Flows: 60_000, Templates: 1, Fields: map[string]any{"network.iana_number": "6"}}},
		{Name: "ipfix-wide-template", About: "a template of 15,000 fields: one record of it, with as many fields as are decoded", pack: true,
			datagrams: [][]byte{message(0, set(2, template(256, fields...))), message(0, set(256, bytes.Repeat([]byte{7}, wide)))},
			Wants:     want{Flows: 1, Templates: 1, Problems: []string{"template_limit", "bad_list"}}},
		{Name: "ipfix-set-length-0", About: "a set of length 0 ends the walk; what came before stays",
			datagrams: [][]byte{message(0, tmpl, set(256, row(1)), u16(256), u16(0), row(2))},
			Wants:     want{Flows: 1, Templates: 1, Problems: []string{"bad_length"}}},
		{Name: "ipfix-set-length-3", About: "a set shorter than its own header",
			datagrams: [][]byte{message(0, tmpl, set(256, row(1)), u16(256), u16(3), row(2))},
			Wants:     want{Flows: 1, Templates: 1, Problems: []string{"bad_length"}}},
		{Name: "ipfix-set-past-end", About: "a set that claims 65,535 bytes and has one record: that record is read",
			datagrams: [][]byte{message(0, tmpl, set(256, row(1)), u16(256), u16(65535), row(2))},
			Wants:     want{Flows: 2, Templates: 1, Problems: []string{"truncated_set"}, Fields: map[string]any{"source.ip": "192.0.2.2"}}},
		{Name: "ipfix-set-cut-in-record", About: "a set that claims 46 bytes and ends in the middle of its second record: no half record becomes a flow",
			datagrams: [][]byte{message(0, tmpl, u16(256), u16(46), row(1), row(2)[:10])},
			Wants:     want{Flows: 1, Templates: 1, Problems: []string{"truncated_set"}, Fields: map[string]any{"source.ip": "192.0.2.1"}}},
		{Name: "ipfix-template-count-lies", About: "a template that names 65,535 fields and holds 7",
			datagrams: [][]byte{message(0, tmpl, set(2, u16(300), u16(65535), template(300, simple...)[4:]), set(256, row(1)))},
			Wants:     want{Flows: 1, Templates: 1, Problems: []string{"bad_template"}}},
		{Name: "ipfix-scopes-past-fields", About: "an options template with more scope fields than fields",
			datagrams: [][]byte{message(0, tmpl, set(3, u16(300), u16(1), u16(2), u16(143), u16(4)), set(256, row(1)))},
			Wants:     want{Flows: 1, Templates: 1, Problems: []string{"bad_template"}}},
		{Name: "v9-set-all-lies", About: "a flowset that claims 65,535 bytes in a datagram of 24",
			datagrams: [][]byte{packet9(1, 1, u16(256), u16(65535))},
			Wants:     want{Problems: []string{"truncated_set", "no_template"}}},
		{Name: "ipfix-10000-templates", About: "10,000 template ids of one exporter: older ones make room, the newest is used", pack: true,
			datagrams: append(templateFlood(), message(0, set(255+manyTemplates, row(3)))),
			Wants:     want{Flows: 1, Templates: manyTemplates, Problems: []string{"template_evicted"}, Fields: map[string]any{"source.ip": "192.0.2.3"}}},
	}
}

// templateFlood defines manyTemplates templates with the simple template's
// fields, from 256 on, in messages that a datagram can carry.
func templateFlood() (list [][]byte) {
	const each = 1000
	for id := 0; id < manyTemplates; id += each {
		var definitions [][]byte
		for i := range each {
			definitions = append(definitions, template(uint16(256+id+i), simple...))
		}
		list = append(list, message(0, set(2, definitions...)))
	}
	return list
}
