package boards

import (
	s "github.com/weirflow/weir/dashboards/kibana/savedobject"
)

// The parts of events' names.
const (
	denied     = "event.type: denied"
	translated = "event.action: (nat44* or nat64* or nat_*)"
)

func events() s.Board {
	b := flowBoard("weir-events", "Firewall & NAT events", "What firewalls and address translators report that they did: who was denied and why, and which addresses stand for which.")
	happened := []s.Agg{s.Documents("Events")}
	b.Rows = append(b.Rows,
		s.Row{Height: 6, Panels: []s.Panel{{
			Name: "totals", Title: "Totals", Question: "How many events are there?", Width: 48, Bare: true,
			Vis: s.Numbers(flows, anEvent, s.Documents("Events"), s.Cardinality("source.ip", "Sources"), s.Cardinality("rule.name", "Rules"),
				s.Cardinality("source.nat.ip", "Outside addresses"), s.Cardinality("observer.name", "Exporters")),
		}}},
		s.Row{Height: tall, Panels: []s.Panel{
			panel("trend", "Events", "What happens when?", 32, s.Trend(pattern(flows), anEvent, s.Line{By: "event.action", Top: 10})),
			panel("outcomes", "Allowed and denied", "How often did firewalls allow and deny, and why?", 16,
				s.Donut(flows, "event.type: (allowed or denied)", happened[0], s.Questions("Verdict", s.Question{Query: "event.type: allowed", Label: "allowed"}, s.Question{Query: "event.type: denied", Label: "denied"}),
					s.Terms("event.reason", "Reason", 6).OrNone())),
		}},
		s.Row{Height: 18, Panels: []s.Panel{
			panel("denied-sources", "Denied sources", "Who was denied most, and how many targets did it try?", 24,
				table(denied, []s.Agg{s.Documents("Denied"), s.Cardinality("destination.ip", "Targets"), s.Cardinality("destination.port", "Ports")}, s.Terms("source.ip", "Source", 50))),
			panel("reasons", "Reasons", "Why was it denied, in the exporter's words?", 24,
				table(denied, []s.Agg{s.Documents("Denied")}, s.Terms("event.reason", "Reason", 30))),
		}},
		s.Row{Height: 18, Panels: []s.Panel{
			panel("denied-ports", "Denied ports", "Which ports were denied?", 24,
				table(denied, []s.Agg{s.Documents("Denied"), s.Cardinality("source.ip", "Sources")}, s.Terms("destination.port", "Port", 50), s.Terms("network.transport", "Protocol", 2))),
			panel("rules", "Rules and access lists", "Which rules decide most often?", 24,
				table("rule.name: *", []s.Agg{s.Documents("Events"), octets}, s.Terms("rule.name", "Rule", 50), s.Terms("event.action", "What it did", 2))),
		}},
		s.Row{Height: 18, Panels: []s.Panel{
			panel("acls", "Access lists of ASA", "Which access-list entries were met? The numbers are the firewall's own hashes.", 24,
				table("flow.acl.ingress_id: *", []s.Agg{s.Documents("Events")}, s.Terms("flow.acl.ingress_id", "Access list in", 30))),
			panel("users", "Users", "Which users does the firewall name?", 24, table("user.name: *", traffic(), s.Terms("user.name", "User", 50))),
		}},
		s.Row{Height: tall, Panels: []s.Panel{
			panel("nat-trend", "Translations made and ended", "How many sessions does the translator make and end?", 24,
				s.Trend(pattern(flows), translated, s.Line{By: "event.action", Top: 8})),
			panel("nat-ports", "Outside addresses in use", "How many ports of each outside address are in use? Near 64,000 they run out.", 24,
				table("source.nat.ip: *", []s.Agg{s.Cardinality("source.nat.port", "Ports"), s.Cardinality("source.ip", "Inside hosts"), s.Documents("Records")}, s.Terms("source.nat.ip", "Outside address", 30))),
		}},
		s.Row{Height: 18, Panels: []s.Panel{
			panel("nat-inside", "Inside and outside addresses", "Which inside host was behind which outside address?", 24,
				table("source.nat.ip: *", []s.Agg{s.Documents("Records"), s.Cardinality("source.nat.port", "Ports")}, s.Terms("source.ip", "Inside address", 50), s.Terms("source.nat.ip", "Outside address", 3))),
			panel("nat-destinations", "Published servers", "Which addresses stand for which servers inside?", 24,
				table("destination.nat.ip: *", []s.Agg{s.Documents("Records")}, s.Terms("destination.ip", "Outside address", 30), s.Terms("destination.nat.ip", "Inside address", 3), s.Terms("destination.port", "Port", 3))),
		}},
		details("events", "What exactly happened?"),
	)
	return b
}

// cleartext are ports of protocols that send passwords as they are.
const cleartext = "network.transport: tcp and flow.server.port: (21 or 23 or 69 or 80 or 110 or 143 or 389 or 512 or 513 or 514 or 5900) or flow.server.port: (161 or 69) and network.transport: udp"

func threats() s.Board {
	b := flowBoard("weir-threats", "Threat hunting", "What deserves a second look: scans, rare countries, clear-text protocols, unusual ports, large uploads. None of it proves anything by itself.")
	reach := []s.Agg{s.Cardinality("flow.server.ip", "Hosts"), s.Cardinality("flow.server.port", "Ports"), s.Documents("Flows"), octets}
	b.Rows = append(b.Rows,
		s.Row{Height: 6, Panels: []s.Panel{{
			Name: "totals", Title: "Totals", Question: "How much is there of each kind?", Width: 48, Bare: true,
			Vis: s.Numbers(flows, "", s.Documents("Flows"), s.Cardinality("flow.client.ip", "Clients"), s.Cardinality("flow.server.port", "Server ports"),
				s.Cardinality("destination.geo.country_iso_code", "Countries")),
		}}},
		s.Row{Height: 18, Panels: []s.Panel{
			panel("sweeps", "One host to many hosts", "Who asks many hosts? Scanners and worms do, and so do name servers and monitoring.", 24, table("", reach, s.Terms("flow.client.ip", "Client", 30))),
			panel("port-scans", "One host to many ports of another", "Who tries many ports of one host?", 24,
				table("", []s.Agg{s.Cardinality("flow.server.port", "Ports"), s.Documents("Flows")},
					s.Terms("flow.client.ip", "Client", 20), s.Terms("flow.server.ip", "Target", 3))),
		}},
		s.Row{Height: tall, Panels: []s.Panel{
			panel("syn-trend", "Connections that nobody answered", "When are there TCP flows with SYN only, or refused ones?", 24,
				s.Trend(pattern(flows), "network.transport: tcp",
					s.Line{Label: "SYN only", Query: synOnly, Colour: 3},
					s.Line{Label: "reset", Query: "flow.tcp_flags: RST", Colour: 1},
				)),
			panel("syn-sources", "Who sends them", "Who opens connections that nobody answers?", 24,
				table(synOnly, []s.Agg{s.Documents("Flows"), s.Cardinality("destination.ip", "Hosts"), s.Cardinality("destination.port", "Ports")}, s.Terms("source.ip", "Source", 30))),
		}},
		s.Row{Height: 18, Panels: []s.Panel{
			panel("remote-in", "Remote administration from outside", "Who from outside reaches remote desktops and shells?", 24,
				table("network.direction: inbound and destination.port: (22 or 23 or 512 or 513 or 514 or 3389 or 5900 or 5985 or 5986 or 8291)", []s.Agg{s.Documents("Flows")},
					s.Terms("source.ip", "From", 20), s.Terms("destination.ip", "Host", 3), s.Terms("destination.port", "Port", 2))),
			panel("malicious", "Ports of known malware", "Who uses ports that malware is known for?", 24,
				table("flow.category: Malicious", []s.Agg{s.Documents("Flows")}, s.Terms("flow.client.ip", "Client", 20), s.Terms("flow.server.ip", "Server", 3), s.Terms("flow.server.port", "Port", 2))),
		}},
		s.Row{Height: 18, Panels: []s.Panel{
			panel("uploads", "Large uploads", "Who sends most out, and to whom?", 24,
				table("network.direction: outbound", []s.Agg{s.Sum("source.bytes", "Sent"), s.Documents("Flows")}, s.Terms("source.ip", "Host", 20), s.Terms("destination.ip", "To", 3))),
			panel("cleartext", "Clear-text protocols", "Who uses protocols that anybody on the way can read?", 24,
				table(cleartext, []s.Agg{s.Documents("Flows"), octets}, s.Terms("flow.service", "Service", 12), s.Terms("flow.client.ip", "Client", 5))),
		}},
		s.Row{Height: 18, Panels: []s.Panel{
			panel("resolvers", "Name servers outside", "Who asks name servers that are not ours?", 24,
				table(dns+" and network.direction: outbound", []s.Agg{s.Documents("Flows"), octets}, s.Terms("destination.ip", "Name server", 20), s.Terms("source.ip", "Client", 3))),
			panel("icmp", "Large ICMP", "Who sends ICMP packets that carry more than a ping does?", 24,
				table(icmp+" and network.bytes > 10000", []s.Agg{octets, s.Documents("Flows")}, s.Terms("source.ip", "Source", 20), s.Terms("destination.ip", "Destination", 3))),
		}},
		s.Row{Height: 18, Panels: []s.Panel{
			panel("rare-countries", "Rare countries", "Which countries hardly ever occur?", 16,
				table("network.direction: (outbound or inbound)", []s.Agg{s.Documents("Flows"), octets}, s.Terms("destination.geo.country_name", "Country", 20).Rarest())),
			panel("ports", "Unusual ports", "On which ports without a registered service is there traffic?", 16,
				table("flow.category: Other and not flow.service: * and flow.server.port: *", []s.Agg{s.Documents("Flows"), s.Cardinality("flow.client.ip", "Clients"), octets},
					s.Terms("flow.server.port", "Port", 30), s.Terms("network.transport", "Protocol", 2))),
			panel("networks", "Networks that are rarely met", "Which autonomous systems hardly ever occur?", 16,
				table("network.direction: outbound", []s.Agg{s.Documents("Flows")}, s.Terms("destination.as.organization.name", "Network", 20).Rarest())),
		}},
		details("flows", "Which flows make this up?"),
	)
	return b
}

func names() s.Board {
	b := flowBoard("weir-names", "DNS, TLS & HTTP names", "Which names hosts ask for, where a probe or an exporter sees them: name queries, TLS server names, web hosts.")
	named := func(field string) string { return field + ": *" }
	asked := []s.Agg{s.Documents("Flows"), s.Cardinality("flow.client.ip", "Clients")}
	const sni, question, host = "tls.client.server_name", "dns.question.name", "url.domain"
	b.Rows = append(b.Rows,
		s.Row{Height: 6, Panels: []s.Panel{{
			Name: "totals", Title: "Totals", Question: "How many names are asked for?", Width: 48, Bare: true,
			Vis: s.Numbers(flows, "", s.Cardinality(question, "Names asked of DNS"), s.Cardinality(sni, "TLS servers"), s.Cardinality(host, "Web hosts"), s.Cardinality("user_agent.original", "User agents")),
		}}},
		s.Row{Height: 18, Panels: []s.Panel{
			panel("tls", "TLS servers", "Which TLS servers are asked for, and how much comes from them?", 24, table(named(sni), []s.Agg{octets, s.Cardinality("flow.client.ip", "Clients")}, s.Terms(sni, "Server name", 50))),
			panel("dns", "Names asked of DNS", "Which names are asked for most?", 24, table(named(question), asked, s.Terms(question, "Name", 50))),
		}},
		s.Row{Height: 18, Panels: []s.Panel{
			panel("http", "Web hosts", "Which hosts are asked by plain HTTP?", 24, table(named(host), asked, s.Terms(host, "Host", 50))),
			panel("certificates", "Certificates", "In whose names do servers answer?", 24, table(named("tls.server.x509.subject.common_name"), []s.Agg{octets}, s.Terms("tls.server.x509.subject.common_name", "Certificate of", 30))),
		}},
		s.Row{Height: tall, Panels: []s.Panel{
			panel("tls-trend", "Traffic by TLS server", "When is which server used?", 24, bits(named(sni), sni, 10)),
			panel("dns-trend", "Questions to DNS", "When are names asked for, and by how many hosts?", 24,
				s.Trend(pattern(flows), named(question), s.Line{Label: "questions", Colour: 0}, s.Line{Label: "clients", Field: "flow.client.ip", Kind: "cardinality", Colour: 1, Thin: true},
					s.Line{Label: "different names", Field: question, Kind: "cardinality", Colour: 2, Thin: true})),
		}},
		s.Row{Height: tall, Panels: []s.Panel{
			panel("methods", "HTTP methods", "Which methods do requests use?", 12, s.Donut(flows, "", s.Documents("Flows"), s.Terms("http.request.method", "Method", 8))),
			panel("status", "HTTP answers", "How do servers answer?", 12, s.Donut(flows, "", s.Documents("Flows"), s.Terms("http.response.status_code", "Status", 10))),
			panel("many-names", "Many names", "Who asks for unusually many different names? Tunnels through DNS do.", 24,
				table(named(question), []s.Agg{s.Cardinality(question, "Names"), s.Documents("Flows")}, s.Terms("flow.client.ip", "Client", 30))),
		}},
		s.Row{Height: tall, Panels: []s.Panel{
			panel("paths", "Web pages", "What is asked for?", 48, table(named("url.path"), []s.Agg{s.Documents("Flows"), octets}, s.Terms(host, "Host", 20), s.Terms("url.path", "Path", 5))),
		}},
		s.Row{Height: tall, Panels: []s.Panel{
			panel("agents", "User agents", "Which programs ask?", 48, table(named("user_agent.original"), []s.Agg{s.Documents("Flows")}, s.Terms("user_agent.original", "User agent", 30))),
		}},
		s.Row{Height: tall, Panels: []s.Panel{
			panel("sources-names", "Host names of sources", "Which hosts send, by their name in reverse DNS?", 24, table(named("source.domain"), briefly(), s.Terms("source.domain", "Host", 50))),
			panel("destinations-names", "Host names of destinations", "Which hosts are sent to, by their name in reverse DNS?", 24, table(named("destination.domain"), briefly(), s.Terms("destination.domain", "Host", 50))),
		}},
		details("names", "Who asked for what?"),
	)
	return b
}
