package main

import "math"

// samplingRates is rates by interface and of rarer kinds, and times of which a part
// is missing.
func samplingRates() []quirk {
	selected := append([]field{{id: 302, length: 4}}, simple...)
	flow := func(selector uint32) []byte { return set(256, u32(selector), row(1)) }
	tmpl := set(2, template(256, selected...))
	options := func(list []field, values ...[]byte) []byte {
		return join(set(3, optionsTemplate(257, []field{{id: 302, length: 4}}, list...)), set(257, u32(3), join(values...)))
	}
	faces := append([]field{{id: 10, length: 2}, {id: 14, length: 2}, {id: 61, length: 1}}, simple...)
	face := join(set(1, optionsTemplate9(257, []field{{id: 2, length: 2}}, field{id: 34, length: 4}, field{id: 35, length: 1})),
		set(257, u16(5), u32(100), u8(1), u16(6), u32(2000), u8(1)))
	lengths := append([]field{{id: 161, length: 4}}, simple...)
	uptimes := append([]field{{id: 22, length: 4}, {id: 21, length: 4}}, simple...)
	boot := join(set(3, optionsTemplate(257, []field{{id: 143, length: 4}}, field{id: 160, length: 8})), set(257, u32(1), u64((exported-3600)*1000)))
	one := func(rate any, source string) want {
		return want{Flows: 1, Options: 1, Templates: 1, OptionsTemplates: 1, Fields: map[string]any{"flow.sampling.rate": rate, "flow.sampling.source": source}}
	}
	return []quirk{
		{Name: "v9-sampling-by-interface", About: "rates of 100 at interface 5 and 2000 at 6, by scope; the flow was seen where it went out, at 6",
			datagrams: [][]byte{packet9(5, 0, face, set(0, template(256, faces...)), set(256, u16(5), u16(6), u8(1), row(1)))},
			Wants:     want{Flows: 1, Options: 2, Templates: 1, OptionsTemplates: 1, Fields: map[string]any{"flow.sampling.rate": 2000, "network.bytes": 3000000}}},
		{Name: "ipfix-sampling-before-options", About: "a flow whose selector is not known yet is stored with a rate that is assumed, and counted",
			datagrams: [][]byte{message(0, tmpl, flow(3))},
			Wants:     want{Flows: 1, Templates: 1, Problems: []string{"no_sampler"}, Fields: map[string]any{"flow.sampling.rate": 1, "flow.sampling.source": "assumed", "flow.sampling.id": 3}}},
		{Name: "ipfix-sampling-population-and-interval", About: "IOS XR sends an interval of 1 beside 1 of 256 packets: the latter holds",
			datagrams: [][]byte{message(0, options([]field{{id: 304, length: 2}, {id: 309, length: 4}, {id: 310, length: 4}, {id: 305, length: 4}}, u16(3), u32(1), u32(256), u32(1)), tmpl, flow(3))},
			Wants:     one(256, "options")},
		{Name: "ipfix-sampling-interval-alone", About: "samplingPacketInterval without a space means one of so many",
			datagrams: [][]byte{message(0, options([]field{{id: 305, length: 4}}, u32(512)), tmpl, flow(3))}, Wants: one(512, "options")},
		{Name: "ipfix-sampling-time", About: "RFC 5477 section 8.2.4: 1 ms of traffic is taken, 9 ms left out",
			datagrams: [][]byte{message(0, options([]field{{id: 307, length: 4}, {id: 308, length: 4}}, u32(1000), u32(9000)), tmpl, flow(3))}, Wants: one(10, "options")},
		{Name: "ipfix-sampling-probability", About: "samplingProbability 0.02: one of 50",
			datagrams: [][]byte{message(0, options([]field{{id: 311, length: 8}}, u64(math.Float64bits(0.02))), tmpl, flow(3))}, Wants: one(50, "options")},
		{Name: "ipfix-sampling-hash", About: "RFC 5477 section 8.3: hashes 0 to 999 of 0 to 65535 are taken",
			datagrams: [][]byte{message(0, options([]field{{id: 329, length: 8}, {id: 330, length: 8}, {id: 331, length: 8}, {id: 332, length: 8}}, u64(0), u64(65535), u64(0), u64(999)), tmpl, flow(3))},
			Wants:     one(66, "options")},
		{Name: "v9-fortinet-application", About: "FortiOS: application ids of 9 bytes, engine 20 with enterprise number 12356 (RFC 6759 section 4.1)",
			datagrams: [][]byte{packet9(4, 0, set(1, optionsTemplate9(257, []field{{id: 1, length: 2}}, field{id: 95, length: 9}, field{id: 96, length: 16})),
				set(257, u16(1), u8(20), u32(12356), u32(41540), text("SSL_TLSv1.3", 16)), set(0, template(256, append([]field{{id: 95, length: 9}}, simple...)...)), set(256, u8(20), u32(12356), u32(41540), row(1)))},
			Wants: want{Flows: 1, Options: 1, Templates: 1, OptionsTemplates: 1, Fields: map[string]any{"network.application": "SSL_TLSv1.3", "flow.application.id": "20:12356:41540"}}},
		{Name: "v9-wlc", About: "Cisco WLC: station, access point and network; what comes in is from the station",
			datagrams: [][]byte{packet9(2, 0, set(0, template(261, field{id: 365, length: 6}, field{id: 366, length: 4}, field{id: 147, length: 33}, field{id: 367, length: 6}, field{id: 61, length: 1}, field{id: 1, length: 8}, field{id: 2, length: 8})),
				set(261, []byte{2, 0, 0, 0, 0, 0x51}, ip("192.168.20.121"), text("Test-env", 33), []byte{2, 0, 0, 0, 0, 0x60}, u8(0), u64(1500), u64(10)))},
			Wants: want{Flows: 1, Templates: 1, Fields: map[string]any{"network.name": "Test-env", "flow.client.ip": "192.168.20.121", "flow.client.mac": "02-00-00-00-00-51", "flow.wireless.ap_mac": "02-00-00-00-00-60",
				"source.ip": "192.168.20.121", "destination.ip": nil}}},
		{Name: "ipfix-time-duration-only", About: "nothing but a duration of 2.5 s: the flow ended at the export time",
			datagrams: [][]byte{message(0, set(2, template(256, lengths...)), set(256, u32(2500), row(1)))},
			Wants:     want{Flows: 1, Templates: 1, Fields: map[string]any{"event.start": "2026-09-01T11:59:57.500Z", "event.end": "2026-09-01T12:00:00.000Z", "flow.time_source": "header"}}},
		{Name: "ipfix-time-boot-in-options", About: "systemInitTimeMilliseconds in options data, an hour before the export; uptimes of 3590 and 3599 s",
			datagrams: [][]byte{message(0, boot, set(2, template(256, uptimes...)), set(256, u32(3_590_000), u32(3_599_000), row(1)))},
			Wants:     want{Flows: 1, Options: 1, Templates: 1, OptionsTemplates: 1, Fields: map[string]any{"event.start": "2026-09-01T11:59:50.000Z", "event.end": "2026-09-01T11:59:59.000Z", "flow.time_source": "uptime"}}},
		{Name: "ipfix-time-no-boot", About: "RouterOS before 7: uptimes without a boot time; the length is right, the end is the export time",
			datagrams: [][]byte{message(0, set(2, template(256, uptimes...)), set(256, u32(1<<32-4000), u32(5000), row(1)))},
			Wants:     want{Flows: 1, Templates: 1, Fields: map[string]any{"event.start": "2026-09-01T11:59:51.000Z", "event.end": "2026-09-01T12:00:00.000Z", "flow.time_source": "header"}}},
		{Name: "ipfix-time-two-precisions", About: "seconds and milliseconds of the same times: the finer ones count, whatever their order",
			datagrams: [][]byte{message(0, set(2, template(256, append([]field{{id: 152, length: 8}, {id: 153, length: 8}, {id: 150, length: 4}, {id: 151, length: 4}}, simple...)...)),
				set(256, u64(exported*1000-750), u64(exported*1000-250), u32(exported-1), u32(exported-1), row(1)))},
			Wants: want{Flows: 1, Templates: 1, Fields: map[string]any{"event.start": "2026-09-01T11:59:59.250Z", "event.end": "2026-09-01T11:59:59.750Z"}}},
	}
}
