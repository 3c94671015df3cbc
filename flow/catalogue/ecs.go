package catalogue

// Times, event and network: https://www.elastic.co/guide/en/ecs/current/
var eventFields = []Field{
	{Name: "@timestamp", Go: "Timestamp", Type: Time, Meaning: "When the flow ended; equal to event.end; in a roll-up the start of its interval. The receive time when the exporter's clock is too far off, see flow.time_source."},
	{Name: "event.kind", Form: FormKind, Type: Keyword, Const: `"event"`, Meaning: "event; metric in roll-ups and in status documents."},
	{Name: "event.category", Form: FormConst, Type: Keyword, Const: `["network"]`, Meaning: "Always network."},
	{Name: "event.type", Go: "EventType", Type: U8, Form: FormEventType, Meaning: "ECS categorization: connection for traffic, with start, end, allowed or denied where the exporter reports an event; info for options and counters."},
	{Name: "event.action", Go: "EventAction", Type: Keyword, Form: FormAction, Meaning: "What happened, when the exporter reports an event and not traffic: flow_created, flow_deleted, flow_denied, flow_updated, nat44_session_created and so on. Else what the document is: network_flow, options_record, counters_sample, rollup, exporter_status or collector_status."},
	{Name: "event.outcome", Go: "EventOutcome", Type: Keyword, Meaning: "success or failure, when the exporter says what became of the packets: forwarded, dropped, denied."},
	{Name: "event.reason", Go: "EventReason", Type: Keyword, Meaning: "Why: the drop reason of the forwarding status, the firewall's or translator's reason."},
	{Name: "event.code", Go: "EventCode", Type: Keyword, Meaning: "The exporter's own number for the reason, such as the extended event of Cisco ASA."},
	{Name: "event.created", Go: "EventCreated", Type: Time, Meaning: "When the collector received the datagram or message."},
	{Name: "event.start", Go: "EventStart", Type: Time, Meaning: "When the flow's first packet was seen."},
	{Name: "event.end", Go: "EventEnd", Type: Time, Meaning: "When the flow's last packet was seen."},
	{Name: "event.duration", Go: "EventDuration", Type: I64, Unit: "ns", Meaning: "event.end minus event.start."},
}

var networkFields = []Field{
	{Name: "network.bytes", Go: "NetworkBytes", Type: U64, Unit: "bytes", Meaning: "Layer-3 octets of the flow in both directions, scaled by the sampling rate to an estimate of the real traffic."},
	{Name: "network.packets", Go: "NetworkPackets", Type: U64, Unit: "packets", Meaning: "Packets of the flow in both directions, scaled by the sampling rate."},
	{Name: "network.type", Go: "NetworkType", Type: Keyword, Meaning: "ipv4 or ipv6."},
	{Name: "network.iana_number", Go: "NetworkIANANumber", Type: U8, Form: FormText, Elements: []string{"protocolIdentifier"}, Meaning: "IP protocol number (IPv6: of the upper-layer header)."},
	{Name: "network.transport", Go: "NetworkTransport", Type: Keyword, Meaning: "IANA keyword of the IP protocol, in lower case: tcp, udp, icmp, ipv6-icmp, gre and so on."},
	{Name: "network.protocol", Go: "NetworkProtocol", Type: Keyword, Meaning: "Layer-7 protocol when the exporter names one."},
	{Name: "network.application", Go: "NetworkApplication", Type: Keyword, Elements: []string{"applicationName", "35632/119", "15397/1", "3054/111"}, Meaning: "Application that the exporter recognised (NBAR, App-ID, nDPI), by name."},
	{Name: "network.direction", Go: "NetworkDirection", Type: Keyword, Meaning: "inbound, outbound, internal or external, by which side is ours."},
	{Name: "network.community_id", Go: "NetworkCommunityID", Type: Keyword, Meaning: "Community ID v1: equal for both directions of a conversation, in every tool that computes it."},
	{Name: "network.name", Go: "NetworkName", Type: Keyword, Elements: []string{"wlanSSID"}, Meaning: "Name of the wireless network (SSID)."},
	{Name: "network.vlan.id", Go: "NetworkVLANID", Type: U16, Form: FormText, Elements: []string{"vlanId", "dot1qVlanId"}, Meaning: "802.1Q VLAN of the packets, the outer one of two."},
	{Name: "network.inner.vlan.id", Go: "NetworkInnerVLANID", Type: U16, Form: FormText, Elements: []string{"dot1qCustomerVlanId"}, Meaning: "Inner (customer) VLAN of 802.1ad frames."},
	{Name: "related.ip", Form: FormRelatedIP, Type: IP, Meaning: "Every address of source and destination, before and after translation, and inside a tunnel."},
	{Name: "tags", Go: "Tags", Type: Keywords, Meaning: "Tags that rules have set."},
}

// endpointFields gives the rows of one side; the two sides differ in names and
// elements only.
func endpointFields(name, goName string) []Field {
	source := name == "source"
	pick := func(a, b []string) []string {
		if source {
			return a
		}
		return b
	}
	octets, packets := "Octets sent by the "+name+", scaled by the sampling rate.", "Packets sent by the "+name+", scaled by the sampling rate."
	if !source {
		octets += " Known for bidirectional flows only."
		packets += " Known for bidirectional flows only."
	}
	return []Field{
		{Name: name + ".ip", Go: goName + "IP", Type: IP, Elements: pick([]string{"sourceIPv4Address", "sourceIPv6Address"}, []string{"destinationIPv4Address", "destinationIPv6Address"}), Meaning: "Address of the " + name + "."},
		{Name: name + ".port", Go: goName + "Port", Type: U16, Elements: pick([]string{"sourceTransportPort", "udpSourcePort", "tcpSourcePort"}, []string{"destinationTransportPort", "udpDestinationPort", "tcpDestinationPort"}), Meaning: "Transport port of the " + name + "."},
		{Name: name + ".bytes", Go: goName + "Bytes", Type: U64, Unit: "bytes", Meaning: octets},
		{Name: name + ".packets", Go: goName + "Packets", Type: U64, Unit: "packets", Meaning: packets},
		{Name: name + ".mac", Go: goName + "MAC", Type: MAC, Elements: pick([]string{"sourceMacAddress", "postSourceMacAddress"}, []string{"destinationMacAddress", "postDestinationMacAddress"}), Meaning: "Hardware address of the " + name + " on the observed link."},
		{Name: name + ".domain", Go: goName + "Domain", Type: Keyword, Meaning: "Host name of the " + name + "."},
		{Name: name + ".as.number", Go: goName + "ASNumber", Type: U32, Elements: pick([]string{"bgpSourceAsNumber"}, []string{"bgpDestinationAsNumber"}), Meaning: "Autonomous system of the " + name + ": the exporter's number, else looked up."},
		{Name: name + ".as.organization.name", Go: goName + "ASOrganization", Type: Keyword, Meaning: "Holder of the autonomous system."},
		{Name: name + ".geo.country_iso_code", Go: goName + "GeoCountryCode", Type: Keyword, Meaning: "Country of the address, ISO 3166-1 alpha-2."},
		{Name: name + ".geo.country_name", Go: goName + "GeoCountryName", Type: Keyword, Meaning: "Country of the address, English name."},
		{Name: name + ".geo.city_name", Go: goName + "GeoCityName", Type: Keyword, Meaning: "City of the address, English name."},
		{Name: name + ".geo.location", Go: goName + "GeoLocation", Type: GeoPoint, Meaning: "Position of the address."},
		{Name: name + ".nat.ip", Go: goName + "NATIP", Type: IP, Elements: pick([]string{"postNATSourceIPv4Address", "postNATSourceIPv6Address"}, []string{"postNATDestinationIPv4Address", "postNATDestinationIPv6Address"}), Meaning: "Address of the " + name + " after translation."},
		{Name: name + ".nat.port", Go: goName + "NATPort", Type: U16, Elements: pick([]string{"postNAPTSourceTransportPort"}, []string{"postNAPTDestinationTransportPort"}), Meaning: "Port of the " + name + " after translation."},
	}
}

var observerFields = []Field{
	{Name: "observer.ip", Go: "ObserverIP", Type: IP, Meaning: "The exporter: the address that its datagrams or connection come from."},
	{Name: "observer.name", Go: "ObserverName", Type: Keyword, Meaning: "The exporter's name: configured, or from its verified certificate, else its address."},
	{Name: "observer.ingress.interface.id", Go: "IngressInterfaceID", Type: U32, Form: FormText, Elements: []string{"ingressInterface"}, Meaning: "ifIndex of the interface where the packets came in."},
	{Name: "observer.ingress.interface.name", Go: "IngressInterfaceName", Type: Keyword, Meaning: "Name of that interface."},
	{Name: "observer.ingress.interface.alias", Go: "IngressInterfaceAlias", Type: Keyword, Meaning: "Description of that interface."},
	{Name: "observer.ingress.vlan.id", Go: "IngressVLANID", Type: U16, Form: FormText, Meaning: "VLAN where the packets came in."},
	{Name: "observer.egress.interface.id", Go: "EgressInterfaceID", Type: U32, Form: FormText, Elements: []string{"egressInterface"}, Meaning: "ifIndex of the interface where the packets went out."},
	{Name: "observer.egress.interface.name", Go: "EgressInterfaceName", Type: Keyword, Meaning: "Name of that interface."},
	{Name: "observer.egress.interface.alias", Go: "EgressInterfaceAlias", Type: Keyword, Meaning: "Description of that interface."},
	{Name: "observer.egress.vlan.id", Go: "EgressVLANID", Type: U16, Form: FormText, Elements: []string{"postVlanId", "postDot1qVlanId"}, Meaning: "VLAN where the packets went out."},
}

var contentFields = []Field{
	{Name: "user.name", Go: "UserName", Type: Keyword, Elements: []string{"userName", "35632/121", "5951/205", "15397/28"}, Meaning: "User that the exporter attributes the flow to."},
	{Name: "url.domain", Go: "URLDomain", Type: Keyword, Elements: []string{"httpRequestHost", "35632/187", "5951/142", "3054/183", "6871/117", "15397/18"}, Meaning: "Host of the HTTP request."},
	{Name: "url.path", Go: "URLPath", Type: Keyword, Elements: []string{"httpRequestTarget", "35632/180", "5951/130", "3054/184", "15397/22"}, Meaning: "Target of the HTTP request."},
	{Name: "http.request.method", Go: "HTTPMethod", Type: Keyword, Elements: []string{"httpRequestMethod", "35632/360", "5951/141", "15397/19"}, Meaning: "Method of the HTTP request."},
	{Name: "http.request.referrer", Go: "HTTPReferrer", Type: Keyword, Meaning: "Referrer of the HTTP request."},
	{Name: "http.response.status_code", Go: "HTTPStatus", Type: U16, Elements: []string{"httpStatusCode", "35632/181"}, Meaning: "Status code of the HTTP response."},
	{Name: "user_agent.original", Go: "UserAgent", Type: Keyword, Elements: []string{"httpUserAgent", "35632/183", "5951/143", "3054/182", "6871/111", "15397/20"}, Meaning: "User agent of the HTTP request."},
	{Name: "rule.name", Go: "RuleName", Type: Keyword, Elements: []string{"10704/4", "12326/4"}, Meaning: "The firewall's rule that decided."},
	{Name: "tls.client.server_name", Go: "TLSServerName", Type: Keyword, Elements: []string{"35632/188", "6871/294"}, Meaning: "Server name that the TLS client asked for (SNI)."},
	{Name: "tls.server.x509.subject.common_name", Go: "TLSServerSubject", Type: Keyword, Meaning: "Common name in the TLS server's certificate."},
	{Name: "dns.question.name", Go: "DNSQuestion", Type: Keyword, Elements: []string{"35632/205", "3054/189", "6871/179"}, Meaning: "Name that a DNS query asked for."},
}
