package decode

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/weirflow/weir/ipfix"
)

// telegrafRules maps the field names of telegraf's netflow input. Elements that
// it does not know are type_pen_id there, with the bytes in hex.
var telegrafRules = map[string]rule{
	"src": is("source.ip"), "dst": is("destination.ip"), "src_port": port("source.port"), "dst_port": port("destination.port"), "protocol": protocolName,
	"in_total_bytes": is("source.bytes"), "in_total_packets": is("source.packets", "flow.ie.packetTotalCount"), "in_bytes": is("source.bytes", "flow.ie.scopeSystem"), // it takes the scope System for the element of the same number
	"in_packets": is("source.packets"),
	"src_tos":    with(hexByte, is, "flow.tos"), "dst_tos": with(hexByte, is, "flow.ie.postIpClassOfService"), "tcp_flags": with(flagText, is, "flow.tcp_flags"), "flow_end_reason": endReasonText,
	"flow_start_ms": with(millis, is, "event.start"), "flow_end_ms": with(millis, is, "event.end"), "flow_start": with(seconds, is, "event.start"), "flow_end": with(seconds, is, "event.end"),
	"length": is("event.duration"), "sys_uptime": nowhere, "seq_number": nowhere, "flows": nowhere, "padding": nowhere,
	"vlan_src": zero("network.vlan.id"), "in_snmp": is("observer.ingress.interface.id"), "out_snmp": is("observer.egress.interface.id"), "next_hop": zero("flow.next_hop"),
	"src_mask": is("flow.source.prefix_length"), "dst_mask": is("flow.destination.prefix_length"), "bgp_src_as": zero("source.as.number"), "bgp_dst_as": zero("destination.as.number"),
	"engine_type": is("flow.exporter.engine_type"), "engine_id": with(hexByte, is, "flow.exporter.engine_id"), "sampling_interval": samplingInterval,
	"in_src_mac": is("source.mac"), "out_dst_mac": is("destination.mac"), "ip_version": nowhere,
	"interface": ie("interfaceName"), "interface_desc": ie("interfaceDescription"),
	"app_id": applicationHex, "app_name": is("network.application"), "app_desc": is("flow.application.description"),
	"l7_proto": ie("L7_PROTO"), "ssl_server_name": zero("tls.client.server_name"), "ssl_version": ie("TLS_VERSION"), "ssl_cipher": ie("TLS_CIPHER"), "ssl_unsafe_cipher": ie("TLS_UNSAFE_CIPHER"),
	"ja3c_hash": zero("flow.ie.JA3C_HASH"), "ja3s_hash": zero("flow.ie.JA3S_HASH"), "app_latency_ms": ie("APPL_LATENCY_MS"),
	"client_nw_latency_ms": ie("CLIENT_NW_LATENCY_MS"), "server_nw_latency_ms": ie("SERVER_NW_LATENCY_MS"),
	"retransmitted_in_bytes": ie("RETRANSMITTED_IN_BYTES"), "retransmitted_in_pkts": ie("RETRANSMITTED_IN_PKTS"), "retransmitted_out_bytes": ie("RETRANSMITTED_OUT_BYTES"), "retransmitted_out_pkts": ie("RETRANSMITTED_OUT_PKTS"),
	"observation_domain_id": ie("observationDomainId"), "exporting_pid": ie("exportingProcessId"), "total_flows_exported": ie("exportedFlowRecordTotalCount"), "notsent_packet_total": ie("notSentPacketTotalCount"),
	"ignored_packet_total": ie("ignoredPacketTotalCount"), "dropped_packets_total": ie("droppedPacketTotalCount"), "exporter": ie("exporterIPv4Address"), "event_time": nowhere, "system_init_ms": with(millis, is, "flow.ie.systemInitTimeMilliseconds"),
	"type_29305_85": hexNumber("destination.bytes"), "type_29305_86": hexNumber("destination.packets"),
	"type_29305_5": hexNumber("flow.ie.reverseIpClassOfService"), "type_29305_58": hexNumber("flow.ie.reverseVlanId"), "type_6871_rev_40": hexNumber("flow.ie.reverseFlowAttributes"),
	"type_6871_40": hexNumber("flow.ie.flowAttributes"), "type_6871_21": hexNumber("flow.ie.reverseFlowDeltaMilliseconds"),
}

// protocolName is the keyword of the protocol; the record has its number.
func protocolName(d doc, want any) (string, bool) {
	return is("network.iana_number")(d, map[string]string{"icmp": "1", "igmp": "2", "tcp": "6", "udp": "17", "ipv6-icmp": "58"}[want.(string)])
}

func hexByte(v any) any {
	n, _ := v.(json.Number).Int64()
	return fmt.Sprintf("0x%02x", n)
}

// flagText writes the flags as telegraf does, a dot for each that is not set.
func flagText(v any) any {
	bits, _ := flagBits(v).(json.Number).Int64()
	out := []byte(flagLetters)
	for i := range out {
		if bits&(128>>i) == 0 {
			out[i] = '.'
		}
	}
	return string(out)
}

func endReasonText(d doc, want any) (string, bool) {
	if want == "end of flow" {
		want = "end of flow detected"
	}
	return is("flow.end_reason")(d, want)
}

// lengthOf takes two uptimes for the time between them: the record has absolute
// times.
func lengthOf(want map[string]any) {
	first, ok := want["first_switched"].(json.Number)
	last, ok2 := want["last_switched"].(json.Number)
	if !ok || !ok2 {
		return
	}
	a, _ := first.Int64()
	b, _ := last.Int64()
	delete(want, "first_switched")
	delete(want, "last_switched")
	want["length"] = json.Number(strconv.FormatInt((b-a)*1e6, 10))
}

// applicationHex is the bytes of the application id.
func applicationHex(d doc, want any) (string, bool) {
	n, err := strconv.ParseUint(strings.TrimPrefix(want.(string), "0x"), 16, 32)
	if err != nil {
		return err.Error(), false
	}
	return is("flow.application.id")(d, fmt.Sprintf("%d:%d", n>>24, n&0xffffff))
}

func hexNumber(name string) rule {
	return func(d doc, want any) (string, bool) {
		digits := strings.TrimPrefix(want.(string), "0x")
		n, err := strconv.ParseUint(digits, 16, 64)
		if len(digits) > 16 { // no number
			return is(name)(d, digits)
		}
		if err != nil {
			return err.Error(), false
		}
		return is(name)(d, json.Number(strconv.FormatUint(n, 10)))
	}
}

// unknownTo gives the rule of an element that telegraf has by its numbers: the
// value is under the element's registered name.
func unknownTo(name string) rule {
	var pen uint32
	var id uint16
	if n, _ := fmt.Sscanf(name, "type_%d_%d", &pen, &id); n != 2 {
		return nil
	}
	e, known := ipfix.Lookup(pen, id&0x7fff)
	if !known {
		e.Name = fmt.Sprintf("%d_%d", pen, id&0x7fff)
	}
	return hexNumber("flow.ie." + e.Name)
}

// lineProtocol parses InfluxDB's line protocol: fields by name.
func lineProtocol(t *testing.T, path string) (list []map[string]any) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		_, line, ok := strings.Cut(strings.TrimSpace(line), " ")
		if !ok {
			continue
		}
		fields := map[string]any{}
		for len(line) > 0 && line[0] != ' ' {
			name, rest, _ := strings.Cut(line, "=")
			if strings.HasPrefix(rest, `"`) {
				end := strings.IndexByte(rest[1:], '"')
				fields[name], line = rest[1:1+end], rest[end+2:]
			} else {
				end := strings.IndexAny(rest, ", ")
				if end < 0 {
					end = len(rest)
				}
				fields[name], line = json.Number(strings.TrimRight(rest[:end], "ui")), rest[end:]
			}
			line = strings.TrimPrefix(line, ",")
		}
		list = append(list, fields)
	}
	return list
}

var telegrafDifferent = explanations{
	"ipfix_options app_desc": {"the field's fill of spaces is trimmed", func(got, want string) bool { return got == strings.TrimRight(want, " ") }},
}

func TestExpectedTelegraf(t *testing.T) {
	dir, _ := index(t)
	j := newJudge(t, telegrafRules, telegrafDifferent)
	numbered := func(form string, from, to int) (list []string) {
		for i := from; i <= to; i++ {
			list = append(list, fmt.Sprintf(form, i))
		}
		return list
	}
	for _, set := range []struct {
		name  string
		files []string
	}{
		{"ipfix_example", numbered("telegraf/yaf-ipfix-example-%d.bin", 0, 6)},
		{"ipfix_options", numbered("telegraf/cisco-ipfix-application-table-%03d.bin", 1, 9)},
		{"ipfix_pen_35632", numbered("telegraf/nprobe-ipfix-pen35632-%d.bin", 1, 4)},
		{"netflow_v5_example", []string{"telegraf/nfv5-example.bin"}},
		{"netflow_v9_options", []string{"telegraf/cisco-nfv9-interface-options.bin"}},
	} {
		list := docsOf(t, dir, "127.0.0.1", nil, set.files)
		for i, want := range lineProtocol(t, filepath.Join(dir, "telegraf/expected", set.name+".out")) {
			lengthOf(want)
			for name := range want {
				if j.rules[name] == nil && strings.HasPrefix(name, "type_") {
					j.rules[name] = unknownTo(name)
				}
			}
			var d doc
			d, list = j.best(list, want)
			j.compare(set.name+"#"+strconv.Itoa(i), d, want)
		}
		if len(list) > 0 && set.name != "ipfix_example" {
			t.Errorf("%s: %d documents more than expected", set.name, len(list))
		}
	}
	j.done("telegraf")
}
