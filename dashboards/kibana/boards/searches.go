package boards

import (
	"slices"

	s "github.com/weirflow/weir/dashboards/kibana/savedobject"
)

// The columns of searches: as many as a board of 1600 pixels shows whole.
var (
	flowColumns = []string{"observer.name", "source.ip", "source.port", "destination.ip", "destination.port", "network.transport",
		"flow.category", "network.bytes", "network.packets"}
	icmpColumns = []string{"observer.name", "source.ip", "destination.ip", "network.transport", "flow.icmp.type", "flow.icmp.code",
		"network.bytes", "network.packets"}
	nameColumns = []string{"observer.name", "flow.client.ip", "flow.server.ip", "flow.server.port", "tls.client.server_name", "dns.question.name",
		"url.domain", "url.path", "network.bytes"}
	eventColumns = []string{"observer.name", "event.action", "event.reason", "rule.name", "source.ip", "source.port",
		"source.nat.ip", "source.nat.port", "destination.ip", "destination.port"}
)

// The questions that searches and panels share.
const (
	icmp     = "network.transport: (icmp or ipv6-icmp)"
	dns      = `flow.category: "Name Resolution"`
	web      = "flow.category: Web"
	anEvent  = "event.type: (allowed or denied) or event.action: flow_denied or " + translated
	routing  = "flow.category: Routing or network.transport: (ospfigp or eigrp or pim or vrrp)"
	isPublic = "destination.ip: (10.0.0.0/8 or 172.16.0.0/12 or 192.168.0.0/16)"
)

// Searches gives the saved searches.
func Searches() []s.Search {
	search := func(name, title, description, query string, columns []string) s.Search {
		return s.Search{ID: "weir-search-" + name, Title: prefix + title, Description: description, View: flows, Query: query, Columns: columns}
	}
	list := []s.Search{
		search("flows", "All flows", "Every flow and event, the newest first.", "", flowColumns),
		search("web", "Web traffic", "HTTP and HTTPS.", web, flowColumns),
		search("web-of-exporter", "Web through one exporter", "HTTP and HTTPS as one exporter saw it: put its name in the place of the star.",
			web+" and observer.name: *", flowColumns),
		search("web-downloads", "Web downloads", "What web servers sent: the source has the web's port.", web+" and source.port: (80 or 443 or 4443 or 8080)", flowColumns),
		search("dns", "DNS traffic", "Questions to name servers, and their answers.", dns, flowColumns),
		search("dns-clients", "DNS questions", "What clients sent to name servers.", dns+" and destination.port: 53", flowColumns),
		search("dns-servers", "DNS answers", "What name servers sent.", dns+" and source.port: 53", flowColumns),
		search("icmp", "ICMP traffic", "ICMP and ICMPv6, with type and code.", icmp, icmpColumns),
		search("tcp", "TCP traffic", "Every TCP flow, with its flags.", "network.transport: tcp", append(slices.Clone(flowColumns), "flow.tcp_flags")),
		search("streaming", "Streaming traffic", "Audio and video.", `flow.category: "Streaming Media"`, flowColumns),
		search("facebook", "Facebook traffic", "Facebook, by names that the exporter knows, or by its autonomous system.",
			`source.as.number: 32934 or destination.as.number: 32934 or tls.client.server_name: (*.facebook.com or *.fbcdn.net) or network.application: *facebook*`, flowColumns),
		search("ipv4", "IPv4 traffic", "Every IPv4 flow.", "network.type: ipv4", flowColumns),
		search("ipv6", "IPv6 traffic", "Every IPv6 flow.", "network.type: ipv6", flowColumns),
		search("routing", "Routing protocols", "OSPF, BGP, EIGRP, RIP and what else routers tell each other.", routing, flowColumns),
		search("private", "To private addresses", "Flows whose destination is a private address of RFC 1918.", isPublic, flowColumns),
		search("names", "Names asked for", "Flows in which a probe saw a name: TLS, HTTP or DNS.",
			"tls.client.server_name: * or dns.question.name: * or url.domain: *", nameColumns),
		search("events", "Firewall and NAT events", "What firewalls and address translators say that they did.", anEvent, eventColumns),
	}
	counterSearch := search("counters", "Counter samples", "sFlow's counters of interfaces and hosts.", "",
		[]string{"observer.name", "flow.counters.if_index", "flow.counters.if_in_octets", "flow.counters.if_out_octets", "flow.counters.host_name", "flow.counters.cpu_load_one"})
	counterSearch.View = counters
	rejectedSearch := search("rejected", "Rejected documents", "Documents that the server refused, with its reason and the original.", "",
		[]string{"error.type", "error.code", "error.message", "event.original"})
	rejectedSearch.View = rejected
	exporterSearch := search("exporters", "Exporter status", "One document a minute for each exporter.", "event.action: exporter_status",
		[]string{"observer.name", "flow.exporter.protocol", "flow.status.records", "flow.status.lost", "flow.status.lost_ratio", "flow.status.sampling_rate",
			"flow.status.sampling_source", "flow.status.clock_skew_ms", "flow.status.silent_seconds"})
	exporterSearch.View = exporters
	return append(list, counterSearch, rejectedSearch, exporterSearch)
}

// searchOf finds a search by its name.
func searchOf(name string) s.Search {
	for _, search := range Searches() {
		if search.ID == "weir-search-"+name {
			return search
		}
	}
	panic("no search is called " + name)
}
