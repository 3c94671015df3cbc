package decode

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"
)

// ie is an element that no field claims, under its own name.
func ie(name string) rule { return is("flow.ie." + name) }

// logstashRules maps the names of logstash-codec-netflow: Cisco's of NetFlow v9
// for v5 and v9, IANA's for IPFIX.
var logstashRules = map[string]rule{
	"version": nowhere, "flow_seq_num": nowhere, "flow_records": nowhere, "flowset_id": nowhere,
	"engine_type": is("flow.exporter.engine_type"), "engine_id": is("flow.exporter.engine_id"),
	"sampling_algorithm": samplingAlgorithm, "sampling_interval": samplingInterval,
	"ipv4_src_addr": is("source.ip"), "ipv4_dst_addr": is("destination.ip"), "ipv4_next_hop": zero("flow.next_hop"), "bgp_ipv4_next_hop": zero("flow.bgp.next_hop"),
	"ipv4_src_prefix": ie("sourceIPv4Prefix"), "input_snmp": is("observer.ingress.interface.id"), "output_snmp": is("observer.egress.interface.id"),
	"in_pkts": raw("packets"), "in_bytes": raw("bytes"), "out_pkts": ie("postPacketDeltaCount"), "out_bytes": ie("postOctetDeltaCount"),
	"first_switched": is("event.start"), "last_switched": is("event.end"), "l4_src_port": port("source.port"), "l4_dst_port": port("destination.port"),
	"tcp_flags": with(flagBits, is, "flow.tcp_flags"), "protocol": is("network.iana_number"), "src_tos": is("flow.tos"),
	"src_as": zero("source.as.number"), "dst_as": zero("destination.as.number"), "src_mask": is("flow.source.prefix_length"), "dst_mask": is("flow.destination.prefix_length"),
	"direction": with(direction, is, "flow.direction"), "flows": zero("flow.count"), "flow_sampler_id": is("flow.sampling.id"),
	"forwarding_status": forwardingParts, "in_src_mac": zero("source.mac"), "in_dst_mac": zero("destination.mac"), "out_src_mac": zero("source.mac"), "out_dst_mac": zero("destination.mac"),
	"src_vlan": zero("network.vlan.id"), "dst_vlan": zero("observer.egress.vlan.id"), "ip_protocol_version": ie("ipVersion"), "ip_dscp": ie("ipDiffServCodePoint"),
	"ipv4_ident": ie("fragmentIdentification"), "udp_dst_port": is("flow.ie.udpDestinationPort", "destination.port"), "tcp_src_port": is("flow.ie.tcpSourcePort", "source.port"),
	"src_traffic_index": ie("srcTrafficIndex"), "dst_traffic_index": ie("dstTrafficIndex"), "mpls_label_stack_octets": ie("mplsLabelStackLength"),
	"application_id": applicationID, "app_id": is("network.application"), "user_id": zero("user.name"), "if_desc": ie("interfaceDescription"), "scope_system": ie("scopeSystem"),
	"total_bytes_exp": ie("exportedOctetTotalCount"), "total_pkts_exp": ie("exportedMessageTotalCount"), "total_flows_exp": ie("exportedFlowRecordTotalCount"),
	"flow_active_timeout": ie("flowActiveTimeout"), "flow_inactive_timeout": ie("flowIdleTimeout"),
	// NSEL of Cisco ASA
	"conn_id": ie("flowId"), "fw_event": ie("firewallEvent"), "fw_ext_event": zero("event.code"), "icmp_type": zero("flow.icmp.type"), "icmp_code": zero("flow.icmp.code"),
	"event_time_msec": with(millis, is, "event.end"), "flow_start_msec": with(millis, is, "event.start"), "fwd_flow_delta_bytes": is("source.bytes"), "rev_flow_delta_bytes": is("destination.bytes"),
	"xlate_src_addr_ipv4": is("source.nat.ip"), "xlate_dst_addr_ipv4": is("destination.nat.ip"), "xlate_src_port": is("source.nat.port"), "xlate_dst_port": is("destination.nat.port"),
	// IPFIX
	"sourceIPv4Address": is("source.ip"), "destinationIPv4Address": is("destination.ip"), "sourceIPv6Address": unusedFamily("source.ip"), "destinationIPv6Address": unusedFamily("destination.ip"),
	"sourceTransportPort": port("source.port"), "destinationTransportPort": port("destination.port"), "protocolIdentifier": is("network.iana_number"),
	"octetDeltaCount": raw("bytes"), "packetDeltaCount": raw("packets"), "octetTotalCount": raw("bytes"), "packetTotalCount": raw("packets"),
	"ingressInterface": is("observer.ingress.interface.id"), "egressInterface": is("observer.egress.interface.id"), "ingressVRFID": is("flow.vrf.ingress_id"), "egressVRFID": is("flow.vrf.egress_id"),
	"ingressPhysicalInterface": ie("ingressPhysicalInterface"), "egressPhysicalInterface": ie("egressPhysicalInterface"), "ethernetType": ie("ethernetType"),
	"ipClassOfService": is("flow.tos"), "ipDiffServCodePoint": ie("ipDiffServCodePoint"), "postIpDiffServCodePoint": ie("postIpDiffServCodePoint"), "ipPrecedence": ie("ipPrecedence"), "ipVersion": ie("ipVersion"),
	"tcpControlBits": with(flagBits, is, "flow.tcp_flags"), "tcpOptions": ie("tcpOptions"), "flowEndReason": with(endReason, is, "flow.end_reason"), "flowDirection": with(direction, is, "flow.direction"),
	"flowStartSeconds": secondsOrTime("event.start"), "flowEndSeconds": secondsOrTime("event.end"), "flowStartMilliseconds": is("event.start"), "flowEndMilliseconds": is("event.end"),
	"flowStartSysUpTime": nowhere, "flowEndSysUpTime": nowhere, "flowDurationMilliseconds": is("event.duration"),
	"ipNextHopIPv4Address": zero("flow.next_hop"), "ipNextHopIPv6Address": zero("flow.next_hop"), "bgpSourceAsNumber": zero("source.as.number"), "bgpDestinationAsNumber": zero("destination.as.number"),
	"postNATSourceIPv4Address": zero("source.nat.ip"), "postNATDestinationIPv4Address": zero("destination.nat.ip"), "sourceMacAddress": zero("source.mac"),
	"icmpTypeCodeIPv4": zero("flow.icmp.type"), "maximumTTL": ie("maximumTTL"), "minimumIpTotalLength": ie("minimumIpTotalLength"), "maximumIpTotalLength": ie("maximumIpTotalLength"),
	"layer2SegmentId": ie("layer2SegmentId"), "firewallEvent": ie("firewallEvent"), "privateEnterpriseNumber": ie("privateEnterpriseNumber"),
	"staMacAddress": is("flow.client.mac"), "staIPv4Address": is("flow.client.ip"), "wtpMacAddress": is("flow.wireless.ap_mac"), "wlanSSID": is("network.name"),
	// enterprises
	"Timestamp": ie("Timestamp"), "LogOp": ie("LogOp"), "TrafficType": ie("TrafficType"), "FW_Rule": is("rule.name"), "ServiceName": ie("ServiceName"), "Reason": ie("Reason"), "ReasonText": is("event.reason", "flow.ie.ReasonText"),
	"BindIPv4Address": ie("BindIPv4Address"), "BindTransportPort": ie("BindTransportPort"), "ConnIPv4Address": ie("ConnIPv4Address"), "ConnTransportPort": ie("ConnTransportPort"), "AuditCounter": ie("AuditCounter"),
	"viptelaVPNId": ie("viptelaVPNId"), "vmwareIngressInterfaceAttr": ie("ingressInterfaceAttr"), "vmwareEgressInterfaceAttr": ie("egressInterfaceAttr"), "vmwareVxlanExportRole": ie("vxlanExportRole"),
	"proceraService": is("network.application", "flow.ie.proceraService"), "proceraBaseService": ie("proceraBaseService"), "proceraContentCategories": ie("proceraContentCategories"), "proceraFlowBehavior": ie("proceraFlowBehavior"),
	"proceraHttpContentType": ie("proceraHttpContentType"), "proceraHttpFileLength": ie("proceraHttpFileLength"), "proceraHttpLocation": ie("proceraHttpLocation"), "proceraHttpUrl": zero("url.path", "flow.ie.proceraHttpUrl"),
	"proceraIncomingOctets": ie("proceraIncomingOctets"), "proceraOutgoingOctets": ie("proceraOutgoingOctets"), "proceraSubscriberIdentifier": zero("user.name", "flow.ie.proceraSubscriberIdentifier"), "proceraTemplateName": ie("proceraTemplateName"),
}

// samplingInterval is the element, or the NetFlow v5 header's interval, of which
// 0 means that every packet counts.
func samplingInterval(d doc, want any) (string, bool) {
	if _, ok := d["flow.ie.samplingInterval"]; ok {
		return ie("samplingInterval")(d, want)
	}
	if canonical(want) == "0" {
		return is("flow.sampling.rate")(d, json.Number("1"))
	}
	return is("flow.sampling.rate")(d, want)
}

// samplingAlgorithm has no place of its own for NetFlow v5.
func samplingAlgorithm(d doc, want any) (string, bool) {
	if d["flow.exporter.protocol"] == "netflow5" {
		return nowhere(d, want)
	}
	return ie("samplingAlgorithm")(d, want)
}

func forwardingParts(d doc, want any) (string, bool) {
	parts := want.(map[string]any)
	number := func(name string) int64 { n, _ := parts[name].(json.Number).Int64(); return n }
	code := number("status")<<6 | number("reason")
	return with(forwarding, zero, "flow.forwarding_status")(d, json.Number(strconv.FormatInt(code, 10)))
}

// applicationID is engine..selector there.
func applicationID(d doc, want any) (string, bool) {
	var engine, selector int
	if _, err := fmt.Sscanf(want.(string), "%d..%d", &engine, &selector); err != nil {
		return err.Error(), false
	}
	return is("flow.application.id")(d, fmt.Sprintf("%d:%d", engine, selector))
}

// unusedFamily is an address that may be the unused one of two.
func unusedFamily(name string) rule {
	return func(d doc, want any) (string, bool) {
		if canonical(want) == "::" {
			got, ok := d[name]
			return fmt.Sprint(got), ok
		}
		return is(name)(d, want)
	}
}

// secondsOrTime is a number in NetFlow v9, and a text in IPFIX.
func secondsOrTime(name string) rule {
	return func(d doc, want any) (string, bool) {
		if _, text := want.(string); text {
			return is(name)(d, want)
		}
		return with(seconds, is, name)(d, want)
	}
}

func seconds(v any) any {
	n, err := strconv.ParseInt(canonical(millis(v)), 10, 64)
	if err != nil {
		return v
	}
	return json.Number(strconv.FormatInt(n/1000, 10))
}

func endReason(v any) any {
	return json.Number(strconv.Itoa(1 + slices.Index([]string{"idle timeout", "active timeout", "end of flow detected", "forced end", "lack of resources"}, v.(string))))
}

// logstashDifferent are the values that differ, and why.
var logstashDifferent = explanations{
	"* first_switched": {"the codec takes the whole seconds off the header and adds one second less the milliseconds: a second too many", oneSecondMore},
	"* last_switched":  {"as first_switched", oneSecondMore},
	"logstash-codec-netflow/softflowd-nfv5-concatenated.dat first_switched": {"the 32-bit uptime wrapped between first and last; the codec does not undo it, and has the flow begin 49.7 days after its end",
		func(got, want string) bool { return difference(got, want) == 1<<32*time.Millisecond }},
	"logstash-codec-netflow/cisco-asa2-nfv9-nsel-data.dat#18 fwd_flow_delta_bytes":                {"the end of a connection repeats as total what the update before it, record 17, has counted; the total is in flow.ie.initiatorOctets", nil},
	"logstash-codec-netflow/cisco-asa2-nfv9-nsel-data.dat#18 rev_flow_delta_bytes":                {"as fwd_flow_delta_bytes, in flow.ie.responderOctets", nil},
	"logstash-codec-netflow/cisco-nbar-nfv9-data262.dat#4 tcp_src_port":                           {"the template has ports of TCP and UDP beside those of both; the zero of the other protocol gives way", nil},
	"logstash-codec-netflow/ubiquiti-edgerouter-nfv9-mpls-data1025.dat#7 mpls_label_stack_octets": {"the codec reads the length of the stack (element 201) as an entry of it", nil},
	"logstash-codec-netflow/unknown-nfv9-0length-fields.dat#9 in_bytes":                           {"the record counts outgoing packets only; they count", nil},
	"logstash-codec-netflow/unknown-nfv9-0length-fields.dat#9 in_pkts":                            {"as in_bytes", nil},
}

// difference is a later time minus an earlier one.
func difference(from, to string) time.Duration {
	a, err := time.Parse(time.RFC3339Nano, from)
	b, err2 := time.Parse(time.RFC3339Nano, to)
	if err != nil || err2 != nil {
		return 0
	}
	return b.Sub(a)
}

func oneSecondMore(got, want string) bool { return difference(got, want) == time.Second }

func TestExpectedLogstash(t *testing.T) {
	dir, _ := index(t)
	var all struct {
		Files map[string][]struct {
			TemplateOrder []string `json:"template_order"`
			Records       *int     `json:"records_in_this_file"`
			Expected      []struct {
				Index  int            `json:"record_index_in_file"`
				Fields map[string]any `json:"fields"`
			} `json:"expected"`
		} `json:"files"`
	}
	decodeJSON(t, filepath.Join(dir, "logstash_expected.json"), &all)
	j := newJudge(t, logstashRules, logstashDifferent)
	for _, file := range slices.Sorted(maps.Keys(all.Files)) {
		for _, c := range all.Files[file] {
			if len(c.Expected) == 0 {
				continue
			}
			at := slices.Index(c.TemplateOrder, file)
			if at < 0 {
				t.Errorf("%s is not in its own order %v", file, c.TemplateOrder)
				continue
			}
			list := docsOf(t, dir, "127.0.0.1", c.TemplateOrder[:at], []string{file})
			for _, e := range c.Expected {
				if e.Index >= len(list) {
					t.Errorf("%s: %d documents, %d expected", file, len(list), e.Index+1)
					continue
				}
				j.compare(fmt.Sprintf("%s#%d", file, e.Index), list[e.Index], e.Fields)
			}
		}
	}
	j.done("logstash")
}

// decodeJSON reads a file of expected values, numbers as they stand there.
func decodeJSON(t *testing.T, path string, into any) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	in := json.NewDecoder(f)
	in.UseNumber()
	if err := in.Decode(into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}
