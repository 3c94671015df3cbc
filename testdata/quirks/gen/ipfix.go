package main

import (
	"bytes"
	"strings"
)

// variable marks a field of variable length (RFC 7011 section 7).
const variable = 65535

// short and long are the two ways to write a value's length.
func short(s string) []byte { return join(u8(uint8(len(s))), []byte(s)) }
func long(s string) []byte  { return join(u8(255), u16(uint16(len(s))), []byte(s)) }

func ipfixVariable() []quirk {
	named := append([]field{{id: 96, length: variable}}, simple...)
	tmpl := set(2, template(256, named...))
	name := strings.Repeat("a", 300)
	return []quirk{
		{Name: "ipfix-varlen-short", About: "a variable-length value with its length in one byte",
			datagrams: [][]byte{message(0, tmpl, set(256, short("netflix"), row(1), short("ssh"), row(2)))},
			Wants:     want{Flows: 2, Templates: 1, Fields: map[string]any{"network.application": "ssh", "source.ip": "192.0.2.2"}}},
		{Name: "ipfix-varlen-long", About: "300 bytes after 255 and a two-byte length; then a short value written the long way",
			datagrams: [][]byte{message(0, tmpl, set(256, long(name), row(1), long("ssh"), row(2)))},
			Wants:     want{Flows: 2, Templates: 1, Fields: map[string]any{"network.application": "ssh", "source.ip": "192.0.2.2"}}},
		{Name: "ipfix-varlen-empty", About: "a variable-length value of no bytes",
			datagrams: [][]byte{message(0, tmpl, set(256, short(""), row(1)))},
			Wants:     want{Flows: 1, Templates: 1, Fields: map[string]any{"source.ip": "192.0.2.1"}}},
		{Name: "ipfix-varlen-truncated", About: "the value claims 200 bytes, its set ends after 30: no half value becomes a flow",
			datagrams: [][]byte{message(0, tmpl, set(256, short("ssh"), row(1), u8(200), []byte("nine left"), row(2)))},
			Wants:     want{Flows: 1, Templates: 1, Problems: []string{"truncated_record"}}},
		{Name: "ipfix-varlen-long-cut", About: "the set ends inside the two-byte length of the last field",
			datagrams: [][]byte{message(0, set(2, template(256, append(simple, field{id: 96, length: variable})...)), set(256, row(1), short("ssh"), row(2), []byte{255, 0}))},
			Wants:     want{Flows: 1, Templates: 1, Problems: []string{"truncated_record"}}},
		{Name: "ipfix-varlen-only", About: "a template of nothing but one variable-length field: its records have 1 byte and more",
			datagrams: [][]byte{message(0, set(2, template(256, field{id: 96, length: variable})), set(256, short("ssh"), short("http"), short("dns")))},
			Wants:     want{Flows: 3, Templates: 1, Fields: map[string]any{"network.application": "dns"}}},
	}
}

// ipfixMessages is headers, sets and templates.
func ipfixMessages() []quirk {
	tmpl := set(2, template(256, simple...))
	other := []field{simple[1], simple[0], simple[3], simple[2], simple[4], {id: 1, length: 8}, {id: 2, length: 8}}
	swapped := join(ip("198.51.100.99"), ip("192.0.2.99"), u16(22), u16(50000), u8(6), u64(5_000_000_000), u64(4_000_000))
	good := message(0, tmpl, set(256, row(1)))
	lies := func(length int) []byte {
		m := bytes.Clone(good)
		be.PutUint16(m[2:], uint16(length))
		return m
	}
	// 65,535 bytes: header 16, template set 36, and a data set of 3118 records with 1 byte of padding.
	const most = 3118
	return []quirk{
		{Name: "ipfix-withdrawal", About: "a template is withdrawn over UDP, which RFC 7011 section 8.4 has ignored: data after it is read",
			datagrams: [][]byte{good, message(1, set(2, u16(256), u16(0))), message(1, set(256, row(2)))},
			Wants:     want{Flows: 2, Templates: 1, Fields: map[string]any{"source.ip": "192.0.2.2"}}},
		{Name: "ipfix-redefinition", About: "template 256 is defined anew with another order and wider counters",
			datagrams: [][]byte{good, message(1, set(2, template(256, other...)), set(256, swapped))},
			Wants:     want{Flows: 2, Templates: 2, Fields: map[string]any{"source.ip": "192.0.2.99", "source.port": 50000, "network.bytes": 5000000000}}},
		{Name: "ipfix-padding", About: "padding after data and after a template, zero or not: RFC 7011 section 9.1 calls neither malformed",
			datagrams: [][]byte{message(0, set(2, template(256, simple...), make([]byte, 3)), set(256, row(1), make([]byte, 3)), set(256, row(2), []byte{1, 2, 3}))},
			Wants:     want{Flows: 2, Templates: 1}},
		{Name: "ipfix-reserved-sets", About: "set ids 4 to 255 are reserved; the sets around them are read",
			datagrams: [][]byte{message(0, tmpl, set(4, row(8)), set(256, row(1)), set(100, row(8)), set(255, row(8)), set(256, row(2)))},
			Wants:     want{Flows: 2, Templates: 1, Problems: []string{"reserved_set"}}},
		{Name: "ipfix-length-short", About: "the header claims 25 bytes less than the datagram has: what follows the message is reported",
			datagrams: [][]byte{lies(len(good) - 25)},
			Wants:     want{Templates: 1, Problems: []string{"trailing_bytes"}}},
		{Name: "ipfix-length-long", About: "the header claims 100 bytes more than the datagram has: the sets that are there are read",
			datagrams: [][]byte{lies(len(good) + 100)},
			Wants:     want{Flows: 1, Templates: 1, Problems: []string{"bad_length"}}},
		{Name: "ipfix-length-below-header", About: "the header claims 8 bytes, less than itself; a good message follows",
			datagrams: [][]byte{lies(8), good},
			Wants:     want{Flows: 1, Templates: 1, Problems: []string{"bad_length"}}},
		{Name: "ipfix-largest", About: "a message of 65,535 bytes: 3118 records", pack: true,
			datagrams: [][]byte{message(0, tmpl, set(256, bytes.Repeat(row(1), most), make([]byte, 65535-16-len(tmpl)-4-most*len(row(1)))))},
			Wants:     want{Flows: most, Templates: 1}},
		{Name: "ipfix-two-domains", About: "two observation domains define template 256 differently",
			datagrams: [][]byte{good, domain8(message(0, set(2, template(256, other...)), set(256, swapped))), message(1, set(256, row(3)))},
			Wants:     want{Flows: 3, Templates: 2, Fields: map[string]any{"source.ip": "192.0.2.3", "network.bytes": 1500}}},
		{Name: "ipfix-template-empty-set", About: "a template set and a data set with nothing in them",
			datagrams: [][]byte{message(0, tmpl, set(2), set(256), set(256, row(1)))},
			Wants:     want{Flows: 1, Templates: 1}},
	}
}

// domain8 moves a message into observation domain 8.
func domain8(m []byte) []byte {
	be.PutUint32(m[12:], 8)
	return m
}

// ipfixContents is elements that mean more than themselves.
func ipfixContents() []quirk {
	const reverse, example = 29305, 32473 // RFC 5103; RFC 5612's enterprise for documentation
	timed := append([]field{{id: 152, length: 8}, {id: 153, length: 8}}, simple...)
	small := []field{simple[0], simple[1], simple[2], simple[3], simple[4], {id: 1, length: 3}, {id: 2, length: 1}}
	sampler := []field{{id: 302, length: 4}}
	selected := append([]field{{id: 302, length: 4}}, simple...)
	rate := func(options []field, values []byte) []byte {
		return message(0, set(3, optionsTemplate(257, sampler, options...)), set(257, u32(3), values), set(2, template(256, selected...)), set(256, u32(3), row(1)))
	}
	interval := []field{{id: 304, length: 2}, {id: 305, length: 4}, {id: 306, length: 4}}
	return []quirk{
		{Name: "ipfix-enterprise", About: "enterprise elements, one fixed and one of variable length, between standard ones",
			datagrams: [][]byte{message(0, set(2, template(256, append([]field{{id: 1, length: 4, pen: example}, {id: 8000, length: variable, pen: example}}, simple...)...)),
				set(256, u32(0xdeadbeef), short("hello"), row(1)))},
			Wants: want{Flows: 1, Templates: 1, Fields: map[string]any{"source.ip": "192.0.2.1", "network.bytes": 1500}}},
		{Name: "ipfix-reduced-counters", About: "counters in 3 and 1 bytes (RFC 7011 section 6.2)",
			datagrams: [][]byte{message(0, set(2, template(256, small...)), set(256, row(1)[:13], []byte{0x01, 0x00, 0x00}, u8(200)))},
			Wants:     want{Flows: 1, Templates: 1, Fields: map[string]any{"network.bytes": 65536, "network.packets": 200}}},
		{Name: "ipfix-biflow", About: "a biflow of RFC 5103: the reverse counters are the destination's",
			datagrams: [][]byte{message(0, set(2, template(256, append(simple, field{id: 1, length: 4, pen: reverse}, field{id: 2, length: 4, pen: reverse})...)),
				set(256, row(1), u32(90000), u32(70)))},
			Wants: want{Flows: 1, Templates: 1, Fields: map[string]any{"source.bytes": 1500, "destination.bytes": 90000, "destination.packets": 70}}},
		{Name: "ipfix-nat-event", About: "a NAT session's creation: no counters, addresses and ports after translation",
			datagrams: [][]byte{message(0, set(2, template(256, field{id: 323, length: 8}, field{id: 230, length: 1}, field{id: 8, length: 4}, field{id: 225, length: 4},
				field{id: 12, length: 4}, field{id: 226, length: 4}, field{id: 7, length: 2}, field{id: 227, length: 2}, field{id: 11, length: 2}, field{id: 228, length: 2}, field{id: 4, length: 1})),
				set(256, u64(exported*1000), u8(1), ip("192.168.88.10"), ip("203.0.113.5"), ip("198.51.100.20"), ip("198.51.100.20"), u16(40000), u16(61000), u16(443), u16(443), u8(6)))},
			Wants: want{Flows: 1, Templates: 1, Fields: map[string]any{"source.nat.ip": "203.0.113.5", "source.nat.port": 61000, "event.start": "2026-09-01T12:00:00.000Z"}}},
		{Name: "ipfix-sampling-302-306", About: "a selector (302) that takes 1 packet and leaves out 99 (305, 306): 1 in 100",
			datagrams: [][]byte{rate(interval, join(u16(1), u32(1), u32(99)))},
			Wants:     want{Flows: 1, Options: 1, Templates: 1, OptionsTemplates: 1, Fields: map[string]any{"flow.sampling.rate": 100, "flow.sampling.source": "options"}}},
		{Name: "ipfix-sampling-309-310", About: "a selector that takes 2 of 500 packets (309, 310): 1 in 250",
			datagrams: [][]byte{rate([]field{{id: 304, length: 2}, {id: 309, length: 4}, {id: 310, length: 4}}, join(u16(3), u32(2), u32(500)))},
			Wants:     want{Flows: 1, Options: 1, Templates: 1, OptionsTemplates: 1, Fields: map[string]any{"flow.sampling.rate": 250}}},
		{Name: "ipfix-mikrotik-interval-space", About: "RouterOS: interval 10 and space 90, low byte first: 1 in 10",
			datagrams: [][]byte{rate(interval, join(u16(1), []byte{10, 0, 0, 0}, []byte{90, 0, 0, 0}))},
			Wants:     want{Flows: 1, Options: 1, Templates: 1, OptionsTemplates: 1, Fields: map[string]any{"flow.sampling.rate": 10}}},
		{Name: "ipfix-interface-names", About: "interface name and description (82, 83) of variable length; the scope is ingressInterface",
			datagrams: [][]byte{message(0, set(3, optionsTemplate(257, []field{{id: 10, length: 4}}, field{id: 82, length: variable}, field{id: 83, length: variable})),
				set(257, u32(5), short("wlan1"), short("guests")), set(2, template(256, append([]field{{id: 10, length: 4}}, simple...)...)), set(256, u32(5), row(1)))},
			Wants: want{Flows: 1, Options: 1, Templates: 1, OptionsTemplates: 1, Fields: map[string]any{"observer.ingress.interface.name": "wlan1", "observer.ingress.interface.alias": "guests"}}},
		{Name: "ipfix-application-names", About: "application id, name and description (95, 96, 94) of variable length",
			datagrams: [][]byte{message(0, set(3, optionsTemplate(257, []field{{id: 95, length: 4}}, field{id: 96, length: variable}, field{id: 94, length: variable})),
				set(257, []byte{3, 0, 1, 0xbb}, short("https"), short("HTTP over TLS")), set(2, template(256, append([]field{{id: 95, length: 4}}, simple...)...)),
				set(256, []byte{3, 0, 1, 0xbb}, row(1)))},
			Wants: want{Flows: 1, Options: 1, Templates: 1, OptionsTemplates: 1, Fields: map[string]any{"network.application": "https"}}},
		{Name: "ipfix-time-1970", About: "flow times of 0",
			datagrams: [][]byte{message(0, set(2, template(256, timed...)), set(256, u64(0), u64(0), row(1)))},
			Wants:     want{Flows: 1, Templates: 1}},
		{Name: "ipfix-time-far-future", About: "flow times of the year 2100, then of more milliseconds than 64 bits of nanoseconds hold",
			datagrams: [][]byte{message(0, set(2, template(256, timed...)), set(256, u64(4102444800000), u64(4102444800000), row(1), u64(1<<64-1), u64(1<<64-1), row(2)))},
			Wants:     want{Flows: 2, Templates: 1, Fields: map[string]any{"source.ip": "192.0.2.2"}}},
	}
}
