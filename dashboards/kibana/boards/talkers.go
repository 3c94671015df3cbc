package boards

import (
	s "github.com/weirflow/weir/dashboards/kibana/savedobject"
)

func talkers() s.Board {
	b := flowBoard("weir-talkers", "Top Talkers", "Which hosts, networks and services have most of the traffic, by who asks and who is asked.")
	b.Rows = append(b.Rows,
		s.Row{Height: tall, Panels: []s.Panel{
			panel("clients-trend", "Top clients", "When did the busiest clients have their traffic?", 24, bits("", "flow.client.ip", 10)),
			panel("servers-trend", "Top servers", "When did the busiest servers have theirs?", 24, bits("", "flow.server.ip", 10)),
		}},
		s.Row{Height: 18, Panels: []s.Panel{
			panel("clients", "Clients", "Which hosts asked for most, and of how many servers?", 24,
				table("", append(traffic(), s.Cardinality("flow.server.ip", "Servers")), s.Terms("flow.client.ip", "Client", 50))),
			panel("servers", "Servers", "Which hosts were asked for most, and by how many clients?", 24,
				table("", append(traffic(), s.Cardinality("flow.client.ip", "Clients")), s.Terms("flow.server.ip", "Server", 50))),
		}},
		s.Row{Height: 18, Panels: []s.Panel{
			panel("sources", "Sources", "Which addresses sent most?", 24, table("", traffic(), s.Terms("source.ip", "Source", 50))),
			panel("destinations", "Destinations", "Which addresses were sent most?", 24, table("", traffic(), s.Terms("destination.ip", "Destination", 50))),
		}},
		s.Row{Height: 18, Panels: []s.Panel{
			panel("ours-out", "Our hosts: sent out", "Which of our hosts sent most to the outside?", 24,
				table("network.direction: outbound", traffic(), s.Terms("source.ip", "Host", 50))),
			panel("ours-in", "Our hosts: received", "Which of our hosts were sent most from the outside?", 24,
				table("network.direction: inbound", traffic(), s.Terms("destination.ip", "Host", 50))),
		}},
		s.Row{Height: 18, Panels: []s.Panel{
			panel("ports", "Server ports", "On which ports were servers asked for most?", 24,
				table("", traffic(), s.Terms("flow.server.port", "Port", 50), s.Terms("network.transport", "Protocol", 2))),
			panel("macs", "Hardware addresses", "Which network cards sent most, and who made them?", 24,
				table("", briefly(), s.Terms("source.mac", "Hardware address", 50), s.Terms("flow.source.mac_vendor", "Maker", 1).OrNone())),
		}},
		details("flows", "Which flows make this up?"),
	)
	return b
}

func conversations() s.Board {
	b := flowBoard("weir-conversations", "Conversations", "Who talks with whom: the largest pairs of hosts, and what they talk.")
	pair := []s.Agg{s.Terms("flow.client.ip", "Client", 20), s.Terms("flow.server.ip", "Server", 5)}
	b.Rows = append(b.Rows,
		s.Row{Height: 23, Panels: []s.Panel{
			panel("sankey", "From clients to servers", "Between which hosts is the most traffic?", 24,
				s.Drawn(sankey("flow.client.ip", "flow.server.ip", "clients", "servers"))),
			panel("sankey-services", "Clients and the services that they use", "Which hosts use which services?", 24,
				s.Drawn(sankey("flow.client.ip", "flow.service", "clients", "services"))),
		}},
		s.Row{Height: 18, Panels: []s.Panel{
			panel("pairs", "Clients and servers", "Which pairs of hosts have most of the traffic, and on which port?", 28,
				table("", briefly(), append(pair, s.Terms("flow.server.port", "Port", 2))...)),
			panel("busiest", "Most flows", "Which pairs of hosts open most connections, however small?", 20,
				table("", []s.Agg{s.Documents("Flows"), s.Maximum("event.duration", "Longest")}, s.Terms("flow.client.ip", "Client", 20), s.Terms("flow.server.ip", "Server", 3))),
		}},
		s.Row{Height: 23, Panels: []s.Panel{
			panel("matrix", "Exporters and categories", "Through which exporter goes which kind of traffic?", 24,
				s.Drawn(sankey("observer.name", "flow.category", "exporters", "categories"))),
			panel("direction", "Between countries", "From which country to which does it go?", 24,
				s.Drawn(sankey("source.geo.country_name", "destination.geo.country_name", "sources", "destinations"))),
		}},
		details("flows", "Which flows make this up?"),
	)
	return b
}

func applications() s.Board {
	b := flowBoard("weir-applications", "Applications & Categories", "What the network is used for: categories, services and the applications that exporters recognise.")
	b.Rows = append(b.Rows,
		s.Row{Height: tall, Panels: []s.Panel{
			panel("categories-trend", "Traffic by category", "When is the network used for what?", 32, bits("", "flow.category", 10)),
			panel("categories", "Categories and their services", "Of which services is each category made?", 16,
				s.Donut(flows, "", octets, s.Terms("flow.category", "Category", 8), s.Terms("flow.service", "Service", 4))),
		}},
		s.Row{Height: 18, Panels: []s.Panel{
			panel("category-table", "Categories", "How much has each category, and how many hosts use it?", 24,
				table("", []s.Agg{octets, s.Documents("Flows"), s.Cardinality("flow.client.ip", "Clients"), s.Cardinality("flow.server.ip", "Servers")}, s.Terms("flow.category", "Category", 40))),
			panel("service-table", "Services", "How much has each service?", 24,
				table("", append(traffic(), s.Cardinality("flow.client.ip", "Clients")), s.Terms("flow.service", "Service", 50), s.Terms("flow.server.port", "Port", 1))),
		}},
		s.Row{Height: tall, Panels: []s.Panel{
			panel("applications-trend", "Traffic by application", "When were applications used that exporters recognised?", 32,
				s.Trend(pattern(flows), "network.application: *", s.Line{Field: "network.bytes", Rate: s.Bits, By: "network.application", Top: 10})),
			panel("applications-cloud", "Recognised applications", "Which applications do exporters recognise?", 16,
				s.Cloud(flows, "", octets, s.Terms("network.application", "Application", 30))),
		}},
		s.Row{Height: 18, Panels: []s.Panel{
			panel("application-table", "Applications", "How much has each application that exporters recognised?", 20,
				table("", []s.Agg{octets, s.Documents("Flows"), s.Cardinality("flow.client.ip", "Clients")}, s.Terms("network.application", "Application", 50), s.Terms("flow.application.category", "Category there", 1).OrNone())),
			panel("rules", "Rules that decided", "Why is traffic in its category?", 16,
				s.Table(flows, "", []s.Agg{octets}, s.Terms("flow.category_rule", "Rule", 50), s.Terms("flow.category", "Category", 2))),
			panel("other", "Not in a category", "On which ports is traffic that no rule knows?", 12,
				s.Table(flows, "flow.category: Other", []s.Agg{octets, s.Documents("Flows")}, s.Terms("flow.server.port", "Port", 50), s.Terms("network.transport", "Protocol", 2))),
		}},
		s.Row{Height: tall, Panels: []s.Panel{
			panel("hours", "When categories are used", "At which times has each category its traffic?", 48,
				s.Heat(flows, "", octets, s.OverTime(), s.Terms("flow.category", "Category", 12))),
		}},
		details("flows", "Which flows make this up?"),
	)
	return b
}
