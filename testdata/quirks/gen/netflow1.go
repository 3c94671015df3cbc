package main

// flow1 is a NetFlow v1 record of 48 bytes with the same flow as flow5.
func flow1(first, last uint32) []byte {
	return join(flow5(first, last)[:36], u16(0), u8(6), u8(0), u8(0x1b), make([]byte, 7))
}

// flow7 is a NetFlow v7 record of 52 bytes; router is the one that the switch spared
// the packets.
func flow7(router string) []byte {
	return join(flow5(uptime-2000, uptime-1000), ip(router))
}

func header1(count uint16) []byte {
	return join(u16(1), u16(count), u32(uptime), u32(exported), u32(0))
}

func header7(count uint16, sequence uint32) []byte {
	return join(u16(7), u16(count), u32(uptime), u32(exported), u32(0), u32(sequence), u32(0))
}

// netflow1 is NetFlow v1 and v7.
func netflow1() []quirk {
	ended := map[string]any{"source.ip": "192.0.2.10", "destination.port": 443, "network.bytes": 1500, "event.end": "2026-09-01T11:59:59.000Z", "flow.exporter.protocol": "netflow1"}
	return []quirk{
		{Name: "v1-flow", About: "NetFlow v1 has its TCP flags behind protocol and type of service, and no AS numbers",
			datagrams: [][]byte{join(header1(2), flow1(uptime-9000, uptime-5000), flow1(uptime-2000, uptime-1000))},
			Wants:     want{Flows: 2, Fields: ended}},
		{Name: "v1-count-too-high", About: "the header counts 65,535 records, there is one",
			datagrams: [][]byte{join(header1(65535), flow1(uptime-2000, uptime-1000))},
			Wants:     want{Flows: 1, Problems: []string{"truncated_record"}}},
		{Name: "v7-flow", About: "NetFlow v7 of a Catalyst switch: records of 52 bytes, the last 4 are the router's address",
			datagrams: [][]byte{join(header7(2, 0), flow7("203.0.113.9"), flow7("203.0.113.10"))},
			Wants: want{Flows: 2, Fields: map[string]any{"source.ip": "192.0.2.10", "source.as.number": 64496, "network.bytes": 1500, "flow.ie.ipv4RouterSc": "203.0.113.10",
				"flow.exporter.protocol": "netflow7", "flow.sampling.rate": 1}}},
		{Name: "v7-count-too-low", About: "the header counts one record of two",
			datagrams: [][]byte{join(header7(1, 0), flow7("203.0.113.9"), flow7("203.0.113.10"))},
			Wants:     want{Flows: 1, Problems: []string{"trailing_bytes"}}},
	}
}
