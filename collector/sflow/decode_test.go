package sflow

import (
	"encoding/json"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/weirflow/weir/collector/message"
	"github.com/weirflow/weir/flow"
)

// decode decodes a datagram with a fresh decoder.
func decode(t testing.TB, p []byte) (*flow.Batch, message.Result) {
	t.Helper()
	b, w := sink(64)
	var res message.Result
	NewDecoder(DefaultConfig()).Decode(testOrigin, p, w, &res)
	return b, res
}

// one decodes a datagram of one sample in which nothing is wrong.
func one(t testing.TB, p []byte) *flow.Record {
	t.Helper()
	b, res := decode(t, p)
	if !res.Clean() {
		t.Fatal(res.First)
	}
	if b.Len() != 1 {
		t.Fatalf("%d records, want 1", b.Len())
	}
	return b.At(0)
}

// document compares a record's document with the wanted one, member by member.
func document(t *testing.T, r *flow.Record, want string) {
	t.Helper()
	got := canonical(t, flow.NewEncoder().AppendJSON(nil, r))
	for i, line := range canonical(t, []byte(want)) {
		if i >= len(got) || got[i] != line {
			t.Fatalf("line %d of the document is not %q:\n%s", i+1, line, strings.Join(got[max(0, i-3):min(len(got), i+3)], "\n"))
		}
	}
}

// canonical gives the lines of a document with its members in order.
func canonical(t *testing.T, doc []byte) []string {
	t.Helper()
	var v any
	if err := json.Unmarshal(doc, &v); err != nil {
		t.Fatalf("%v in %s", err, doc)
	}
	text, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(string(text), "\n")
}

// shared is what every document of testOrigin and datagram() has.
const shared = `"@timestamp":"2026-09-21T14:13:20.123456789Z",
	"event":{"kind":"event","category":["network"],"type":["connection"],"action":"network_flow","created":"2026-09-21T14:13:20.123456789Z",
		"start":"2026-09-21T14:13:20.123456789Z","end":"2026-09-21T14:13:20.123456789Z"},`

// TestExpandedSample has every field that an expanded sample with a sampled
// header and the records of a switch, a router and a BGP speaker can give.
func TestExpandedSample(t *testing.T) {
	frame := ethernetFrame(etherVLAN, u16(100, etherMPLS), join(16001<<12|0x140), packet6(protoTCP, tcpHeader))
	r := one(t, datagram(tagged(formatFlowExpanded, 1, 0, 70000, 1000, 5_000_000, 0, 0, 70000, 0, 80000, 4,
		tagged(recordGateway, netip.MustParseAddr("2001:db8:ff::1"), 64500, 64501, 64502, 2, 2, 2, 64510, 64511, 1, 1, 64512, 3, 1, 2, 3, 100),
		tagged(recordRouter, netip.MustParseAddr("2001:db8:fe::1"), 48, 32),
		tagged(recordSwitch, 101, 0, 102, 0),
		rawHeader(headerEthernet, frame))))
	document(t, r, `{`+shared+`
		"observer":{"ip":"192.0.2.1","name":"192.0.2.1","ingress":{"interface":{"id":"70000"},"vlan":{"id":"101"}},"egress":{"interface":{"id":"80000"},"vlan":{"id":"102"}}},
		"network":{"bytes":60000,"packets":1000,"type":"ipv6","iana_number":"6","vlan":{"id":"100"}},
		"source":{"ip":"2001:db8::10","port":40000,"bytes":60000,"packets":1000,"mac":"02-00-00-00-00-50","as":{"number":64501}},
		"destination":{"ip":"2001:db8:1::20","port":443,"mac":"02-00-00-00-00-D0","as":{"number":64512}},
		"related":{"ip":["2001:db8::10","2001:db8:1::20"]},
		"flow":{"direction":"ingress","tcp_flags":["SYN","ACK","AE"],"tos":184,"next_hop":"2001:db8:fe::1","time_source":"received",
			"bgp":{"next_hop":"2001:db8:ff::1","previous_as":64502,"next_as":64510},"mpls":{"labels":[16001]},
			"source":{"prefix_length":48},"destination":{"prefix_length":32},
			"sampling":{"rate":1000,"source":"record","bytes":60,"packets":1},
			"ie":{"dst_as_path":[64510,64511,64512],"communities":["0:1","0:2","0:3"],"localpref":100},
			"exporter":{"protocol":"sflow5","transport":"udp","domain_id":3,"agent":"198.51.100.7"}}}`)
}

// TestRecords reads each record that is not the packet's header.
func TestRecords(t *testing.T) {
	gateway := func(parts ...any) []byte { return tagged(recordGateway, parts...) }
	hop := netip.MustParseAddr("192.0.2.254")
	ipv4 := tagged(recordIPv4, 1500, 6, src4.AsSlice(), dst4.AsSlice(), 40000, 443, 0x18, 0x20)
	tests := []struct {
		name    string
		records [][]byte
		want    map[flow.FieldID]any
		absent  []flow.FieldID
		extra   string
	}{
		{"IPv4", [][]byte{ipv4}, map[flow.FieldID]any{flow.FieldSourceIP: src4, flow.FieldDestinationIP: dst4, flow.FieldSourcePort: uint16(40000), flow.FieldDestinationPort: uint16(443),
			flow.FieldFlowTCPFlags: uint16(0x18), flow.FieldFlowToS: uint8(0x20), flow.FieldNetworkBytes: uint64(600_000), flow.FieldNetworkType: "ipv4"}, nil, ""},
		{"IPv6", [][]byte{tagged(recordIPv6, 800, 17, src6.AsSlice(), dst6.AsSlice(), 1000, 2000, 0, 0xb8)}, map[flow.FieldID]any{flow.FieldSourceIP: src6, flow.FieldDestinationIP: dst6,
			flow.FieldSourcePort: uint16(1000), flow.FieldFlowToS: uint8(0xb8), flow.FieldNetworkBytes: uint64(320_000), flow.FieldNetworkType: "ipv6"}, []flow.FieldID{flow.FieldFlowTCPFlags}, ""},
		{"the header is known better", [][]byte{ipv4, rawHeader(headerIPv4, packet4(protoUDP, 0, udpHeader))}, map[flow.FieldID]any{flow.FieldSourcePort: uint16(5353), flow.FieldNetworkIANANumber: uint8(17),
			flow.FieldFlowToS: uint8(0xb8), flow.FieldNetworkBytes: uint64(28 * 400)}, nil, ""},
		{"a header without the ports", [][]byte{rawHeader(headerIPv4, packet4(protoTCP, 0, tcpHeader)[:20]), ipv4}, map[flow.FieldID]any{flow.FieldSourcePort: uint16(40000), flow.FieldFlowTCPFlags: uint16(0x18),
			flow.FieldNetworkBytes: uint64(40 * 400)}, nil, ""},
		{"Ethernet", [][]byte{tagged(recordEthernet, 64, srcMAC[:], u16(0), dstMAC[:], u16(0), 0x0806)}, map[flow.FieldID]any{flow.FieldSourceMAC: srcMAC, flow.FieldDestinationMAC: dstMAC,
			flow.FieldNetworkBytes: uint64(64 * 400)}, []flow.FieldID{flow.FieldNetworkType}, ""},
		{"Ethernet without padding", [][]byte{tagged(recordEthernet, 64, srcMAC[:], dstMAC[:], etherIPv6)}, map[flow.FieldID]any{flow.FieldSourceMAC: srcMAC, flow.FieldDestinationMAC: dstMAC,
			flow.FieldNetworkType: "ipv6"}, nil, ""},
		{"switch", [][]byte{tagged(recordSwitch, 10, 0, 20, 0)}, map[flow.FieldID]any{flow.FieldIngressVLANID: uint16(10), flow.FieldEgressVLANID: uint16(20), flow.FieldNetworkVLANID: uint16(10)}, nil, ""},
		{"switch without VLANs", [][]byte{tagged(recordSwitch, 0, 0, -1, 0)}, nil, []flow.FieldID{flow.FieldIngressVLANID, flow.FieldEgressVLANID, flow.FieldNetworkVLANID}, ""},
		{"router", [][]byte{tagged(recordRouter, hop, 24, 16)}, map[flow.FieldID]any{flow.FieldFlowNextHop: hop, flow.FieldSourcePrefixLength: uint8(24), flow.FieldDestinationPrefixLength: uint8(16)}, nil, ""},
		{"router without a next hop", [][]byte{tagged(recordRouter, addressUnknown, 24, 16)}, map[flow.FieldID]any{flow.FieldDestinationPrefixLength: uint8(16)}, []flow.FieldID{flow.FieldFlowNextHop}, ""},
		{"gateway with an empty path", [][]byte{gateway(hop, 64500, 0, 0, 0, 0, 100)}, map[flow.FieldID]any{flow.FieldFlowBGPNextHop: hop, flow.FieldSourceASNumber: uint32(64500), flow.FieldDestinationASNumber: uint32(64500)},
			[]flow.FieldID{flow.FieldFlowBGPNextAS, flow.FieldFlowBGPPreviousAS}, "localpref=100"},
		{"gateway with an empty segment", [][]byte{gateway(hop, 64500, 1, 2, 2, 2, 0, 2, 3, 7, 8, 9, 0, 100)}, map[flow.FieldID]any{flow.FieldSourceASNumber: uint32(1), flow.FieldFlowBGPPreviousAS: uint32(2),
			flow.FieldFlowBGPNextAS: uint32(7), flow.FieldDestinationASNumber: uint32(9)}, nil, "dst_as_path=7 dst_as_path=8 dst_as_path=9 localpref=100"},
		{"users", [][]byte{tagged(recordUser, 106, "anna", 106, "bernd")}, map[flow.FieldID]any{flow.FieldUserName: "anna"}, nil, "destination_user=bernd"},
		{"the destination's user", [][]byte{tagged(recordUser, 106, "", 106, "bernd")}, map[flow.FieldID]any{flow.FieldUserName: "bernd"}, nil, ""},
		{"path", [][]byte{tagged(recordURL, 2, "/a/b.html", "www.example.net")}, map[flow.FieldID]any{flow.FieldURLDomain: "www.example.net", flow.FieldURLPath: "/a/b.html"}, nil, ""},
		{"whole URL", [][]byte{tagged(recordURL, 2, "http://www.example.org/a?b=c", "")}, map[flow.FieldID]any{flow.FieldURLDomain: "www.example.org", flow.FieldURLPath: "/a"}, nil, "url=http://www.example.org/a?b=c"},
		{"MPLS", [][]byte{tagged(recordMPLS, hop, 2, 100<<12|0xff, 200<<12|0x1ff, 1, 300<<12)}, map[flow.FieldID]any{flow.FieldFlowNextHop: hop, flow.FieldFlowMPLSLabels: []uint32{100, 200}}, nil, "mpls_out_labels=300"},
		{"NAT", [][]byte{tagged(recordNAT, src6, dst4), tagged(recordNATPort, 1024, 8080)}, map[flow.FieldID]any{flow.FieldSourceNATIP: src6, flow.FieldDestinationNATIP: dst4, flow.FieldSourceNATPort: uint16(1024),
			flow.FieldDestinationNATPort: uint16(8080)}, nil, ""},
		{"elements", [][]byte{tagged(recordVNIIngress, 5001), tagged(recordVNIEgress, 5002), tagged(recordEgressQueue, 6), tagged(recordACL, 110, "deny-all", 1), tagged(recordFunction, "tcp_v4_rcv"),
			tagged(9<<12|44, []byte{0xca, 0xfe})}, nil, []flow.FieldID{flow.FieldNetworkBytes}, "vni_ingress=5001 vni_egress=5002 egress_queue=6 acl_number=110 acl_name=deny-all acl_direction=1 function=tcp_v4_rcv record_9_44=cafe"},
		{"padding is no part of the header", [][]byte{rawHeader(headerIPv4, packet4(protoICMP, 0, icmpEcho)[:21])}, map[flow.FieldID]any{flow.FieldNetworkIANANumber: uint8(protoICMP), flow.FieldNetworkBytes: uint64(28 * 400)},
			[]flow.FieldID{flow.FieldFlowICMPCode}, ""},
		{"the first of two counts", [][]byte{tagged(recordSwitch, 10, 0, 20, 0), tagged(recordSwitch, 30, 0, 40, 0)}, map[flow.FieldID]any{flow.FieldIngressVLANID: uint16(10), flow.FieldEgressVLANID: uint16(20)}, nil, ""},
		{"segmentation offload", [][]byte{tagged(recordHeader, headerEthernet, 9018, 4, string(ethernetFrame(etherIPv4, join([]byte{0x45, 0, 0, 0}, packet4(6, 0, tcpHeader)[4:]))))},
			map[flow.FieldID]any{flow.FieldNetworkBytes: uint64(9000 * 400)}, nil, ""},
		{"no IP", [][]byte{tagged(recordHeader, headerEthernet, 64, 4, string(ethernetFrame(0x0806, make([]byte, 28))))}, map[flow.FieldID]any{flow.FieldNetworkBytes: uint64(64 * 400)},
			[]flow.FieldID{flow.FieldNetworkType}, "ethernetType=2054"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := one(t, datagram(flowOf(test.records...)))
			fields := values(r)
			for id, want := range test.want {
				if got := fields[id]; !r.Has(id) || !equal(got, want) {
					t.Errorf("%s = %v (present %t), want %v", id, got, r.Has(id), want)
				}
			}
			for _, id := range test.absent {
				if r.Has(id) {
					t.Errorf("%s = %v, want none", id, fields[id])
				}
			}
			if got := extras(r); got != test.extra {
				t.Errorf("elements %q, want %q", got, test.extra)
			}
			if r.NetworkPackets != 400 || r.SourcePackets != 400 || r.FlowSamplingPackets != 1 || r.FlowSamplingBytes*400 != r.NetworkBytes || r.SourceBytes != r.NetworkBytes {
				t.Errorf("%d packets of %d bytes, sampled %d of %d", r.NetworkPackets, r.NetworkBytes, r.FlowSamplingPackets, r.FlowSamplingBytes)
			}
		})
	}
}

// values gives the fields that TestRecords looks at.
func values(r *flow.Record) map[flow.FieldID]any {
	return map[flow.FieldID]any{flow.FieldSourceIP: r.SourceIP, flow.FieldDestinationIP: r.DestinationIP, flow.FieldSourcePort: r.SourcePort, flow.FieldDestinationPort: r.DestinationPort,
		flow.FieldFlowTCPFlags: r.FlowTCPFlags, flow.FieldFlowToS: r.FlowToS, flow.FieldNetworkBytes: r.NetworkBytes, flow.FieldNetworkType: r.NetworkType, flow.FieldNetworkIANANumber: r.NetworkIANANumber,
		flow.FieldSourceMAC: r.SourceMAC, flow.FieldDestinationMAC: r.DestinationMAC, flow.FieldIngressVLANID: r.IngressVLANID, flow.FieldEgressVLANID: r.EgressVLANID, flow.FieldNetworkVLANID: r.NetworkVLANID,
		flow.FieldFlowNextHop: r.FlowNextHop, flow.FieldSourcePrefixLength: r.SourcePrefixLength, flow.FieldDestinationPrefixLength: r.DestinationPrefixLength, flow.FieldFlowBGPNextHop: r.FlowBGPNextHop,
		flow.FieldSourceASNumber: r.SourceASNumber, flow.FieldDestinationASNumber: r.DestinationASNumber, flow.FieldFlowBGPNextAS: r.FlowBGPNextAS, flow.FieldFlowBGPPreviousAS: r.FlowBGPPreviousAS,
		flow.FieldUserName: r.UserName, flow.FieldURLDomain: r.URLDomain, flow.FieldURLPath: r.URLPath, flow.FieldFlowMPLSLabels: r.FlowMPLSLabels.List(), flow.FieldSourceNATIP: r.SourceNATIP,
		flow.FieldDestinationNATIP: r.DestinationNATIP, flow.FieldSourceNATPort: r.SourceNATPort, flow.FieldDestinationNATPort: r.DestinationNATPort,
		flow.FieldNetworkInnerVLANID: r.NetworkInnerVLANID, flow.FieldNetworkName: r.NetworkName, flow.FieldFlowAccessPointMAC: r.FlowAccessPointMAC, flow.FieldFlowTunnelID: r.FlowTunnelID,
		flow.FieldRuleName: r.RuleName, flow.FieldFlowCount: r.FlowCount, flow.FieldNetworkPackets: r.NetworkPackets, flow.FieldHTTPMethod: r.HTTPMethod, flow.FieldHTTPReferrer: r.HTTPReferrer,
		flow.FieldUserAgent: r.UserAgent, flow.FieldHTTPStatus: r.HTTPStatus, flow.FieldNetworkProtocol: r.NetworkProtocol, flow.FieldNetworkApplication: r.NetworkApplication,
		flow.FieldSourceBytes: r.SourceBytes, flow.FieldDestinationBytes: r.DestinationBytes, flow.FieldFlowSamplingBytes: r.FlowSamplingBytes}
}

// sameWords compares lists of elements; their order is the agent's.
func sameWords(a, b string) bool {
	x, y := strings.Fields(a), strings.Fields(b)
	slices.Sort(x)
	slices.Sort(y)
	return slices.Equal(x, y)
}

func equal(a, b any) bool {
	if list, ok := a.([]uint32); ok {
		want, ok := b.([]uint32)
		return ok && slices.Equal(list, want)
	}
	return a == b
}

// extras writes the elements as name=value, strings and addresses unquoted.
func extras(r *flow.Record) string {
	var list []string
	encoder := flow.NewEncoder()
	for _, x := range r.Extra {
		one := flow.Record{Kind: flow.KindCounters, Extra: []flow.Element{x}}
		var doc struct {
			Flow struct{ Counters map[string]any }
		}
		decoder := json.NewDecoder(strings.NewReader(string(encoder.AppendJSON(nil, &one))))
		decoder.UseNumber()
		if err := decoder.Decode(&doc); err != nil {
			return err.Error()
		}
		switch v := doc.Flow.Counters[x.Name].(type) {
		case string:
			list = append(list, x.Name+"="+v)
		case json.Number:
			list = append(list, x.Name+"="+v.String())
		default:
			list = append(list, x.Name+"=?")
		}
	}
	return strings.Join(list, " ")
}
