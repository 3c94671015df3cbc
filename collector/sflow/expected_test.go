package sflow

import (
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/weirflow/weir/collector/message"
	"github.com/weirflow/weir/flow"
)

// The values that other programs found in captures, kept beside these. akvorado's
// are compared in cmd/weir/internal/decode. loadme/expected/goflow2.dump is not of
// the capture beside it: its datagrams are numbers 5529564 to 5529577, the
// capture's 5529184 to 5529200.

// expected reads a file of expected values; it skips the test with the captures.
func expected(t *testing.T, path string) string {
	t.Helper()
	captures(t) // skips or fails when they are not here
	text, err := os.ReadFile(filepath.Join(capturesDir(), path))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// recordsOf decodes a capture.
func recordsOf(t *testing.T, path string) (b *flow.Batch, first message.Result) {
	t.Helper()
	for _, c := range captures(t) {
		if c.path != path {
			continue
		}
		b, w := sink(1024)
		d := NewDecoder(DefaultConfig())
		var res message.Result
		for i, p := range c.datagrams {
			d.Decode(testOrigin, p, w, &res)
			if i == 0 {
				first = res
			}
		}
		return b, first
	}
	t.Fatalf("%s is not in the index", path)
	return nil, first
}

// telegrafCounters maps telegraf's names to the structures'.
var telegrafCounters = map[string]string{
	"in_snmp": "if_index", "interface": "source_id_index", "interface_type": "if_type", "speed": "if_speed", "in_bytes": "if_in_octets", "in_unicast_packets_total": "if_in_ucast_pkts",
	"in_mcast_packets_total": "if_in_multicast_pkts", "in_broadcast_packets_total": "if_in_broadcast_pkts", "in_dropped_packets": "if_in_discards", "in_errors": "if_in_errors",
	"in_unknown_protocol": "if_in_unknown_protos", "out_bytes": "if_out_octets", "out_unicast_packets_total": "if_out_ucast_pkts", "out_mcast_packets_total": "if_out_multicast_pkts",
	"out_broadcast_packets_total": "if_out_broadcast_pkts", "out_dropped_packets": "if_out_discards", "out_errors": "if_out_errors", "promiscuous": "if_promiscuous_mode", "port_name": "port_name",
	"errors_alignment": "dot3_stats_alignment_errors", "errors_fcs": "dot3_stats_fcs_errors", "collision_frames_single": "dot3_stats_single_collision_frames",
	"collision_frames_multi": "dot3_stats_multiple_collision_frames", "errors_sqetest": "dot3_stats_sqe_test_errors", "deferred": "dot3_stats_deferred_transmissions",
	"collisions_late": "dot3_stats_late_collisions", "collisions_excessive": "dot3_stats_excessive_collisions", "errors_internal_mac_tx": "dot3_stats_internal_mac_transmit_errors",
	"errors_carrier_sense": "dot3_stats_carrier_sense_errors", "errors_frame_too_long": "dot3_stats_frame_too_longs", "errors_internal_mac_rx": "dot3_stats_internal_mac_receive_errors",
	"errors_symbols": "dot3_stats_symbol_errors",
}

// notCounters are what telegraf says beside the counters.
var notCounters = map[string]bool{"agent_ip": true, "agent_subid": true, "seq_number": true, "sys_uptime": true, "ip_version": true, "status": true, "type": true}

// TestExpectedTelegraf compares every counter.
func TestExpectedTelegraf(t *testing.T) {
	pair := regexp.MustCompile(`([a-z_]+)=("[^"]*"|[^, ]+)`)
	compared := 0
	for file, out := range map[string]string{"telegraf/sflow-issue18876.bin": "sflow_issue_18876.out", "telegraf/sflow-v5-example.bin": "sflow_v5_example.out"} {
		b, _ := recordsOf(t, file)
		r := b.At(0)
		got := " " + extras(r) + " "
		_, fields, _ := strings.Cut(expected(t, "telegraf/expected/"+out), " ")
		for _, m := range pair.FindAllStringSubmatch(fields, -1) {
			want := strings.Trim(strings.TrimRight(m[2], "ui"), `"`)
			name, known := telegrafCounters[m[1]]
			switch {
			case m[1] == "agent_ip" && r.FlowExporterAgent.String() != want, m[1] == "agent_subid" && strconv.Itoa(int(r.FlowExporterDomain)) != want:
				t.Errorf("%s: agent %s, sub-agent %d, want %s=%s", file, r.FlowExporterAgent, r.FlowExporterDomain, m[1], want)
			case !known && !notCounters[m[1]]:
				t.Errorf("%s: %s has no counter of ours", file, m[1])
			case known && !strings.Contains(got, " "+name+"="+want+" "):
				t.Errorf("%s: no %s=%s (%s) in%s", file, name, want, m[1], got)
			case known:
				compared++
			}
		}
	}
	if compared < 50 {
		t.Errorf("only %d counters were compared", compared)
	}
}

// tcpdumpCounters is the structures' names in the order of tcpdump's numbers: the
// sample's source, its Ethernet structure, its generic one.
var tcpdumpCounters = strings.Fields(`source_id_index
	dot3_stats_alignment_errors dot3_stats_fcs_errors dot3_stats_single_collision_frames dot3_stats_multiple_collision_frames dot3_stats_sqe_test_errors
	dot3_stats_deferred_transmissions dot3_stats_late_collisions dot3_stats_excessive_collisions dot3_stats_internal_mac_transmit_errors
	dot3_stats_carrier_sense_errors dot3_stats_frame_too_longs dot3_stats_internal_mac_receive_errors dot3_stats_symbol_errors
	if_index if_type if_speed if_direction if_status if_in_octets if_in_ucast_pkts if_in_multicast_pkts if_in_broadcast_pkts if_in_discards if_in_errors if_in_unknown_protos
	if_out_octets if_out_ucast_pkts if_out_multicast_pkts if_out_broadcast_pkts if_out_discards if_out_errors if_promiscuous_mode`)

// TestExpectedTcpdump compares every number that tcpdump prints of an agent with
// an IPv6 address: 48 counter samples and 13 flow samples.
func TestExpectedTcpdump(t *testing.T) {
	b, _ := recordsOf(t, "tcpdump/sflow-v6-agent.pcap")
	text := expected(t, "tcpdump/expected/sflow-print-v6.out")
	samples := regexp.MustCompile(`(?m)^\t(counter|flow) sample`).Split(text, -1)[1:]
	if len(samples) != b.Len() {
		t.Fatalf("%d samples, tcpdump prints %d", b.Len(), len(samples))
	}
	counter := regexp.MustCompile(`(?:idx|errors|fcs errors|collision|error|deferred|longs?|ifindex|iftype|ifspeed|ifdirection|ifstatus|octets|pkts|discards|protos|mode) (\d+)`)
	flowed := regexp.MustCompile(`idx (\d+), rate (\d+), .* input (\d+) output (\d+)|src vlan (\d+), .* dst vlan (\d+)|Ethernet \(1\), length (\d+)`)
	for i, sample := range samples {
		r := b.At(i)
		if r.Kind == flow.KindCounters {
			var want []string
			for _, m := range counter.FindAllStringSubmatch(strings.ReplaceAll(sample, "too long ", "longs "), -1) {
				want = append(want, m[1])
			}
			// Ours are in the agent's order, which is tcpdump's.
			var got []string
			for _, e := range r.Extra[1:] {
				got = append(got, strconv.FormatUint(e.Num, 10))
			}
			if len(want) != len(tcpdumpCounters) || !slices.Equal(got, want) {
				t.Errorf("sample %d: %v, tcpdump prints %v", i, got, want)
			}
			for j, e := range r.Extra[1:] {
				if e.Name != tcpdumpCounters[j] {
					t.Errorf("sample %d: %s is %s in tcpdump's order", i, e.Name, tcpdumpCounters[j])
				}
			}
			continue
		}
		m := flowed.FindAllStringSubmatch(sample, -1)
		if len(m) != 3 {
			t.Fatalf("sample %d: %q", i, sample)
		}
		number := func(s string) uint64 { n, _ := strconv.ParseUint(s, 10, 64); return n }
		if r.FlowSamplingRate != number(m[0][2]) || uint64(r.IngressInterfaceID) != number(m[0][3]) || r.Has(flow.FieldEgressInterfaceID) != (number(m[0][4]) < 1<<30) ||
			uint64(r.IngressVLANID) != number(m[1][5]) || uint64(r.EgressVLANID) != number(m[1][6]) || r.NetworkBytes >= number(m[2][7]) || r.NetworkBytes == 0 {
			t.Errorf("sample %d: rate %d, interface %d, VLANs %d, %d, %d bytes, tcpdump prints %v", i, r.FlowSamplingRate, r.IngressInterfaceID, r.IngressVLANID, r.EgressVLANID, r.NetworkBytes, m)
		}
	}
	if r := b.At(0); r.FlowExporterAgent != netip.MustParseAddr("30::1:1:1") {
		t.Errorf("agent %s", r.FlowExporterAgent)
	}
}
