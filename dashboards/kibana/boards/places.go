package boards

import (
	s "github.com/weirflow/weir/dashboards/kibana/savedobject"
)

func geography() s.Board {
	b := flowBoard("weir-geography", "Geography", "Where on Earth the traffic comes from and goes to.")
	b.Rows = append(b.Rows,
		s.Row{Height: 17, Panels: []s.Panel{
			panel("world", "Countries that are sent to", "To where in the world does the traffic go?", 24, s.Drawn(world("destination.geo.country_iso_code", s.Colours[0]))),
			panel("world-from", "Countries that send", "From where in the world does the traffic come?", 24, s.Drawn(world("source.geo.country_iso_code", s.Colours[1]))),
		}},
		s.Row{Height: tall, Panels: []s.Panel{
			panel("to-trend", "Traffic by country of destination", "When did traffic go to which country?", 24, bits("", "destination.geo.country_name", 8)),
			panel("from-trend", "Traffic by country of source", "When did traffic come from which country?", 24, bits("", "source.geo.country_name", 8)),
		}},
		s.Row{Height: 18, Panels: []s.Panel{
			panel("to", "Countries of destinations", "Which countries are sent most, and to how many hosts there?", 24,
				table("", append(traffic(), s.Cardinality("destination.ip", "Hosts")), s.Terms("destination.geo.country_name", "Country", 60))),
			panel("from", "Countries of sources", "Which countries send most, and from how many hosts?", 24,
				table("", append(traffic(), s.Cardinality("source.ip", "Hosts")), s.Terms("source.geo.country_name", "Country", 60))),
		}},
		s.Row{Height: 18, Panels: []s.Panel{
			panel("to-cities", "Cities of destinations", "Which cities are sent most?", 24,
				table("", traffic(), s.Terms("destination.geo.city_name", "City", 50), s.Terms("destination.geo.country_name", "Country", 2).OrNone())),
			panel("from-cities", "Cities of sources", "Which cities send most?", 24,
				table("", traffic(), s.Terms("source.geo.city_name", "City", 50), s.Terms("source.geo.country_name", "Country", 2).OrNone())),
		}},
		details("flows", "Which flows make this up?"),
	)
	return b
}

func systems() s.Board {
	b := flowBoard("weir-systems", "Autonomous Systems", "Which networks of the internet the traffic comes from and goes to, for peering and transit.")
	name, number := "as.organization.name", "as.number"
	side := func(of, label string) []s.Agg {
		return []s.Agg{s.Terms(of+"."+number, "AS", 60), s.Terms(of+"."+name, label, 1).OrNone()}
	}
	b.Rows = append(b.Rows,
		s.Row{Height: tall, Panels: []s.Panel{
			panel("to-trend", "Traffic by destination's AS", "When did traffic go to which network?", 24, bits("", "destination."+name, 10)),
			panel("from-trend", "Traffic by source's AS", "When did traffic come from which network?", 24, bits("", "source."+name, 10)),
		}},
		s.Row{Height: 18, Panels: []s.Panel{
			panel("to", "Destinations' systems", "Which networks are sent most?", 24, table("", briefly(), side("destination", "Destination's network")...)),
			panel("from", "Sources' systems", "Which networks send most?", 24, table("", briefly(), side("source", "Source's network")...)),
		}},
		s.Row{Height: 21, Panels: []s.Panel{
			panel("sankey", "From network to network", "Between which networks is the most traffic?", 28,
				s.Drawn(sankey("source."+name, "destination."+name, "sources", "destinations"))),
			panel("neighbours", "Neighbours that traffic goes to", "Through which neighbouring systems does it leave, as the exporter's BGP says?", 20,
				table("flow.bgp.next_as: *", briefly(), s.Terms("flow.bgp.next_as", "Next AS", 30), s.Terms("flow.bgp.next_hop", "Next hop", 3))),
		}},
		s.Row{Height: 14, Panels: []s.Panel{
			panel("previous", "Neighbours that traffic comes from", "Through which neighbouring systems does it come?", 16,
				s.Table(flows, "flow.bgp.previous_as: *", traffic(), s.Terms("flow.bgp.previous_as", "Previous AS", 30))),
			panel("next-hops", "Next hops", "Over which routers does it go on?", 16,
				s.Table(flows, "flow.next_hop: *", briefly(), s.Terms("flow.next_hop", "Next hop", 30))),
			panel("prefixes", "Prefix lengths", "Towards how long prefixes are destinations routed?", 16,
				s.Bars(flows, "", octets, s.Terms("flow.destination.prefix_length", "Prefix length", 33).ByKey())),
		}},
		details("flows", "Which flows make this up?"),
	)
	return b
}
