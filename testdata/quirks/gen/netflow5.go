package main

import "bytes"

func netflow5() []quirk {
	return []quirk{
		{Name: "v5-count-too-high", About: "the header counts 30 records, the datagram holds one: only that one is a flow",
			datagrams: [][]byte{join(header5(30, uptime, exported, 0, 0), flow5(uptime-2000, uptime-1000))},
			Wants:     want{Flows: 1, Problems: []string{"truncated_record"}}},
		{Name: "v5-count-too-low", About: "the header counts one record of two: the rest is reported, not invented",
			datagrams: [][]byte{join(header5(1, uptime, exported, 0, 0), flow5(uptime-2000, uptime-1000), flow5(uptime-2000, uptime-1000))},
			Wants:     want{Flows: 1, Problems: []string{"trailing_bytes"}}},
		{Name: "v5-record-cut", About: "the second record ends in the middle",
			datagrams: [][]byte{join(header5(2, uptime, exported, 0, 0), flow5(uptime-2000, uptime-1000), flow5(0, 0)[:30])},
			Wants:     want{Flows: 1, Problems: []string{"truncated_record"}}},
		{Name: "v5-sampling-mode", About: "the two high bits of the sampling word are the mode (01), the rate is 100",
			datagrams: [][]byte{join(header5(1, uptime, exported, 0, 0x4000|100), flow5(uptime-2000, uptime-1000))},
			Wants:     want{Flows: 1, Fields: map[string]any{"flow.sampling.rate": 100, "network.bytes": 150000, "flow.sampling.bytes": 1500}}},
		{Name: "v5-uptime-wrapped", About: "the 32-bit uptime wrapped between the flow's start and the export: start is 1.256 s before the header's time",
			datagrams: [][]byte{join(header5(1, 1000, exported, 0, 0), flow5(0xffffff00, 500))},
			Wants:     want{Flows: 1, Fields: map[string]any{"event.start": "2026-09-01T11:59:58.744Z", "event.end": "2026-09-01T11:59:59.500Z"}}},
		{Name: "v5-sequence-gap", About: "30 flows are missing between two datagrams",
			datagrams: [][]byte{
				join(header5(1, uptime, exported, 100, 0), flow5(uptime-2000, uptime-1000)),
				join(header5(1, uptime+1000, exported+1, 131, 0), flow5(uptime-2000, uptime-1000))},
			Wants: want{Flows: 2}},
	}
}

// neither is what belongs to no protocol.
func neither() []quirk {
	good := join(header5(1, uptime, exported, 0, 0), flow5(uptime-2000, uptime-1000))
	return []quirk{
		{Name: "datagram-empty", About: "a datagram of 0 bytes, then a good one",
			datagrams: [][]byte{{}, good},
			Wants:     want{Flows: 1, Problems: []string{"truncated_header"}}},
		{Name: "datagram-one-byte", About: "a datagram of 1 byte, then a good one",
			datagrams: [][]byte{{0}, good},
			Wants:     want{Flows: 1, Problems: []string{"truncated_header"}}},
		{Name: "datagram-headers-cut", About: "the version words of all protocols and nothing else, then a good one",
			datagrams: [][]byte{{0, 1}, {0, 5}, {0, 7, 0}, {0, 9, 0, 1}, {0, 10, 0, 16, 0}, {0, 0, 0, 5, 0, 0}, good},
			Wants:     want{Flows: 1, Problems: []string{"truncated_header"}}},
		{Name: "datagram-unknown-version", About: "version 77, then a good one",
			datagrams: [][]byte{join(u16(77), bytes.Repeat([]byte{0xaa}, 46)), good},
			Wants:     want{Flows: 1, Problems: []string{"unknown_version"}}},
	}
}
