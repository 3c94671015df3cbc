package boards

import (
	s "github.com/weirflow/weir/dashboards/kibana/savedobject"
)

func overview() s.Board {
	b := flowBoard("weir-overview", "Overview", "What is on the network: how much, of which kind, between whom, and who reports it.")
	b.From, b.RefreshSeconds = "now-24h", 60
	b.Rows = append(b.Rows,
		s.Row{Height: 6, Panels: []s.Panel{
			{Name: "totals", Title: "Totals", Question: "How much traffic is there in all, and how many take part?", Width: 48, Bare: true,
				Vis: s.Numbers(flows, "", s.Sum("network.bytes", "Bytes"), s.Sum("network.packets", "Packets"), s.Documents("Flows"),
					s.Cardinality("source.ip", "Sources"), s.Cardinality("destination.ip", "Destinations"), s.Cardinality("observer.name", "Exporters"))},
		}},
		s.Row{Height: tall, Panels: []s.Panel{
			panel("by-category", "Traffic by category", "What is the bandwidth used for, and when?", 32, bits("", "flow.category", 8)),
			panel("categories", "Categories", "Which kinds of traffic have the largest shares?", 16,
				s.Donut(flows, "", octets, s.Terms("flow.category", "Category", 8).WithOther())),
		}},
		s.Row{Height: tall, Panels: []s.Panel{
			panel("by-direction", "Traffic by direction", "How much comes in, goes out and stays inside?", 24, directions("")),
			panel("by-exporter", "Traffic by exporter", "How much does each exporter report, and does one stop?", 24, bits("", "observer.name", 8)),
		}},
		s.Row{Height: 18, Panels: []s.Panel{
			panel("sources", "Top sources", "Who sends most?", 24, table("", traffic(), s.Terms("source.ip", "Source", 20))),
			panel("destinations", "Top destinations", "Who is sent most?", 24, table("", traffic(), s.Terms("destination.ip", "Destination", 20))),
		}},
		s.Row{Height: 12, Panels: []s.Panel{
			panel("services", "Services", "Which services do servers offer?", 12, s.Donut(flows, "", octets, s.Terms("flow.service", "Service", 8).WithOther())),
			panel("transports", "Protocols", "Which IP protocols carry it?", 12, s.Donut(flows, "", octets, s.Terms("network.transport", "Protocol", 6).WithOther())),
			panel("versions", "IP versions", "How much is IPv6?", 12, s.Donut(flows, "", octets, s.Terms("network.type", "IP version", 4))),
			panel("countries", "Countries", "Which countries does it go to?", 12,
				s.Donut(flows, "", octets, s.Terms("destination.geo.country_name", "Country", 8).WithOther())),
		}},
		details("flows", "Which flows make this up?"),
	)
	return b
}
