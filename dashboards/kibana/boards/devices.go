package boards

import (
	s "github.com/weirflow/weir/dashboards/kibana/savedobject"
)

func interfaces() s.Board {
	const in, out = "observer.ingress.interface.name", "observer.egress.interface.name"
	b := flowBoard("weir-interfaces", "Exporters & Interfaces", "What each exporter and each of its interfaces carries. How full a link is, in per cent, is known for exporters that send sFlow counters.")
	b.Rows = head(b.ID, filters(s.Control{Field: in, Label: "Interface in"}, s.Control{Field: out, Label: "Interface out"}))
	side := func(of, label string) []s.Agg {
		of = "observer." + of + ".interface."
		return []s.Agg{s.Terms("observer.name", "Exporter", 20), s.Terms(of+"name", label, 20), s.Terms(of+"alias", "Description", 1).OrNone()}
	}
	b.Rows = append(b.Rows,
		s.Row{Height: tall, Panels: []s.Panel{
			panel("in-out", "In and out, all interfaces", "How much comes in at the interfaces, and how much leaves?", 24,
				s.Trend(pattern(flows), "",
					s.Line{Label: "in", Query: "observer.ingress.interface.id: *", Field: "network.bytes", Rate: s.Bits, Colour: 0},
					s.Line{Label: "out", Query: "observer.egress.interface.id: *", Field: "network.bytes", Rate: s.Bits, Colour: 1, Below: true})),
			panel("exporters", "Traffic by exporter", "How much does each exporter carry?", 24, bits("", "observer.name", 12)),
		}},
		s.Row{Height: tall, Panels: []s.Panel{
			panel("in-trend", "In, by interface", "Which interfaces does traffic come in at? Choose an exporter above to tell interfaces of one name apart.", 24, bits("", in, 12)),
			panel("out-trend", "Out, by interface", "Which interfaces does traffic leave by?", 24, bits("", out, 12)),
		}},
		s.Row{Height: 18, Panels: []s.Panel{
			panel("in", "Interfaces in", "How much came in at each interface?", 24, table("", []s.Agg{octets, s.Documents("Flows")}, side("ingress", "Interface in")...)),
			panel("out", "Interfaces out", "How much left by each interface?", 24, table("", []s.Agg{octets, s.Documents("Flows")}, side("egress", "Interface out")...)),
		}},
		s.Row{Height: 18, Panels: []s.Panel{
			panel("utilisation", "How full the links are", "Which links are near what they can carry? Reckoned from sFlow's octet counters and the interface's speed.", 48,
				s.Drawn(utilisation())),
		}},
		s.Row{Height: 21, Panels: []s.Panel{
			panel("sankey", "From interface to interface", "Which way through the exporter does traffic take?", 24, s.Drawn(sankey(in, out, "in", "out"))),
			panel("exporter-table", "Exporters", "What does each exporter report, in which protocol and with which sampling?", 24,
				s.Table(flows, "", append(traffic(), s.Maximum("flow.sampling.rate", "Sampled 1 of")),
					s.Terms("observer.name", "Exporter", 50), s.Terms("flow.exporter.protocol", "Protocol", 3))),
		}},
		s.Row{Height: tall, Panels: []s.Panel{
			panel("vrf", "VRFs", "Which routing instances does it go through?", 16,
				table("flow.vrf.ingress_id: * or flow.vrf.name: *", traffic(), s.Terms("observer.name", "Exporter", 10), s.Terms("flow.vrf.name", "VRF", 10).OrNone())),
			panel("sites", "Sites", "How much has each site?", 16, table("flow.site: *", traffic(), s.Terms("flow.site", "Site", 30))),
			panel("forwarding", "Forwarding", "What did exporters do with the packets?", 16,
				s.Donut(flows, "", s.Sum("network.packets", "Packets"), s.Terms("flow.forwarding_status", "Status", 6))),
		}},
		details("flows", "Which flows make this up?"),
	)
	return b
}

func attributes() s.Board {
	b := flowBoard("weir-details", "Traffic Details", "What packets and flows look like: protocols, flags, marks, tags, sizes and durations.")
	donut := func(query, field, label string, size int) s.Vis {
		return s.Donut(flows, query, octets, s.Terms(field, label, size).WithOther())
	}
	count := s.Documents("Flows")
	b.Rows = append(b.Rows,
		s.Row{Height: 12, Panels: []s.Panel{
			panel("transports", "IP protocols", "Which protocols do the packets carry?", 12, donut("", "network.transport", "Protocol", 8)),
			panel("versions", "IP versions", "How much is IPv4, how much IPv6?", 12, donut("", "network.type", "IP version", 3)),
			panel("dscp", "DSCP", "How is the traffic marked for quality of service?", 12, donut("", "flow.dscp", "DSCP", 10)),
			panel("vlans", "VLANs", "Which VLANs carry it?", 12, donut("", "network.vlan.id", "VLAN", 10)),
		}},
		s.Row{Height: tall, Panels: []s.Panel{
			panel("dscp-trend", "Traffic by DSCP", "When does marked traffic run?", 24, bits("", "flow.dscp", 8)),
			panel("transport-trend", "Packets by protocol", "How many packets a second does each protocol have?", 24,
				s.Trend(pattern(flows), "", s.Line{Field: "network.packets", Rate: s.PerSecond, By: "network.transport", Top: 8})),
		}},
		s.Row{Height: tall, Panels: []s.Panel{
			panel("tcp-flags", "TCP flags", "Which flags do TCP flows have?", 16,
				s.Rows(flows, "network.transport: tcp", count, s.Terms("flow.tcp_flags", "Flag", 10))),
			panel("tcp-open", "How TCP connections go", "How many are opened, refused or never answered?", 16,
				s.Rows(flows, "", count, s.Questions("Connections",
					s.Question{Query: "flow.tcp_flags: SYN and flow.tcp_flags: FIN", Label: "opened and closed"},
					s.Question{Query: "flow.tcp_flags: RST", Label: "reset"},
					s.Question{Query: synOnly, Label: "SYN only"},
					s.Question{Query: "network.transport: tcp and not flow.tcp_flags: (SYN or FIN or RST)", Label: "in the middle"}))),
			panel("ends", "Why flows end", "Why did exporters end flow records?", 16, s.Donut(flows, "", count, s.Terms("flow.end_reason", "Reason", 6))),
		}},
		s.Row{Height: tall, Panels: []s.Panel{
			panel("icmp", "ICMP", "Which ICMP messages are there, and from how many hosts?", 24,
				table(icmp, []s.Agg{s.Documents("Flows"), s.Sum("network.packets", "Packets"), s.Cardinality("source.ip", "Sources")},
					s.Terms("network.transport", "Protocol", 2), s.Terms("flow.icmp.type", "Type", 10), s.Terms("flow.icmp.code", "Code", 5))),
			panel("vlan-table", "VLANs by exporter", "How much has each VLAN?", 24,
				table("network.vlan.id: *", traffic(), s.Terms("network.vlan.id", "VLAN", 30), s.Terms("observer.name", "Exporter", 5))),
		}},
		s.Row{Height: tall, Panels: []s.Panel{
			panel("sizes", "Flow sizes", "How large are flows?", 16, s.Bars(flows, "", count, s.Ranges("network.bytes", "Size",
				s.Span{To: 100, Label: "< 100 B"}, s.Span{From: 100, To: 1000, Label: "< 1 kB"}, s.Span{From: 1000, To: 10e3, Label: "< 10 kB"},
				s.Span{From: 10e3, To: 100e3, Label: "< 100 kB"}, s.Span{From: 100e3, To: 1e6, Label: "< 1 MB"},
				s.Span{From: 1e6, To: 10e6, Label: "< 10 MB"}, s.Span{From: 10e6, Label: "more"}))),
			panel("durations", "Flow durations", "How long do flows last?", 16, s.Bars(flows, "", count, s.Ranges("event.duration", "Duration",
				s.Span{To: 1e6, Label: "< 1 ms"}, s.Span{From: 1e6, To: 100e6, Label: "< 100 ms"}, s.Span{From: 100e6, To: 1e9, Label: "< 1 s"},
				s.Span{From: 1e9, To: 10e9, Label: "< 10 s"}, s.Span{From: 10e9, To: 60e9, Label: "< 1 min"},
				s.Span{From: 60e9, To: 600e9, Label: "< 10 min"}, s.Span{From: 600e9, Label: "more"}))),
			panel("packets", "Packets per flow", "Of how many packets are flows?", 16, s.Bars(flows, "", count, s.Ranges("network.packets", "Packets",
				s.Span{To: 2, Label: "1"}, s.Span{From: 2, To: 5, Label: "2–4"}, s.Span{From: 5, To: 10, Label: "5–9"}, s.Span{From: 10, To: 100, Label: "10–99"},
				s.Span{From: 100, To: 1000, Label: "100–999"}, s.Span{From: 1000, Label: "more"}))),
		}},
		s.Row{Height: tall, Panels: []s.Panel{
			panel("packet-size", "Octets per packet", "Are packets large or small, and does it change?", 24, s.Trend(pattern(flows), "",
				s.Line{Label: "octets per packet", Field: "network.bytes", With: []s.Term{{Name: "p", Field: "network.packets", Kind: "sum"}},
					Script: "params.v / params.p", Format: "0,0", Thin: true})),
			panel("tunnels", "Tunnels", "Which tunnels are there, and what do they carry?", 12,
				s.Table(flows, "flow.tunnel.type: *", []s.Agg{octets, s.Documents("Flows")}, s.Terms("flow.tunnel.type", "Tunnel", 10), s.Terms("flow.tunnel.id", "Number", 5))),
			panel("mpls", "MPLS labels", "Which labels does traffic have?", 12,
				s.Table(flows, "flow.mpls.labels: *", []s.Agg{octets, s.Documents("Flows")}, s.Terms("flow.mpls.labels", "Label", 30))),
		}},
		details("flows", "Which flows make this up?"),
	)
	return b
}

// synOnly are connections that nobody answered, or whose answers went another way.
const synOnly = "flow.tcp_flags: SYN and not flow.tcp_flags: (ACK or RST or FIN)"
