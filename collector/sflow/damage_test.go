package sflow

import (
	"bytes"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/weirflow/weir/collector/message"
	"github.com/weirflow/weir/flow"
)

// TestNeighbours puts something broken or unknown between two good samples,
// which must come out whole.
func TestNeighbours(t *testing.T) {
	good := flowOf(rawHeader(headerIPv4, packet4(protoTCP, 0, tcpHeader)))
	claims := func(n uint32) []byte { // a record that is whole and claims n bytes
		return join(recordSwitch, n, 10, 0, 20, 0)
	}
	tests := []struct {
		name   string
		sample []byte
		reason message.Reason
		flows  int
		counts int
	}{
		{"padding inside a sample", tagged(formatFlow, 1, 5, 400, 80000, 0, 5, 9, 1, rawHeader(headerIPv4, packet4(protoTCP, 0, tcpHeader)), 0, 0, 0), message.ReasonNone, 3, 0},
		{"a sample of another enterprise", tagged(4413<<12|1, 1, 2, 3), message.ReasonUnknownSample, 2, 0},
		{"an unknown format", tagged(99, 1, 2, 3), message.ReasonUnknownSample, 2, 0},
		{"an empty sample", tagged(formatFlow), message.ReasonBadSample, 2, 0},
		{"a short sample", tagged(formatFlow, 1, 5, 400, 80000, 0, 5, 9), message.ReasonBadSample, 2, 0},
		{"a short expanded sample", tagged(formatFlowExpanded, 1, 0, 5, 400, 80000, 0, 0, 5, 0, 9), message.ReasonBadSample, 2, 0},
		{"a short notice of a drop", tagged(formatDiscarded, 1, 0, 5, 0, 1, 2, 3), message.ReasonBadSample, 2, 0},
		{"a short counter sample", tagged(formatCounters, 1, 5), message.ReasonBadSample, 2, 0},
		{"a short expanded counter sample", tagged(formatCounterExpanded, 1, 0, 5), message.ReasonBadSample, 2, 0},
		{"a record beyond the sample", flowOf(claims(1 << 31)), message.ReasonBadSample, 3, 0},
		{"a record of all ones", flowOf(claims(1<<32 - 1)), message.ReasonBadSample, 3, 0},
		{"records that are not there", tagged(formatFlowExpanded, 1, 0, 5, 400, 80000, 0, 0, 5, 0, 9, -1), message.ReasonBadSample, 3, 0},
		{"a short record", flowOf(tagged(recordRouter, addressIPv4)), message.ReasonBadSample, 3, 0},
		{"a short sampled header", flowOf(tagged(recordHeader, 1, 100, 4)), message.ReasonBadSample, 3, 0},
		{"a sampled header that lies", flowOf(tagged(recordHeader, 1, 100, 4, 1<<30, packet4(6, 0, tcpHeader))), message.ReasonBadSample, 3, 0},
		{"a sampled header of X.25", flowOf(tagged(recordHeader, 6, 100, 4, string(packet4(6, 0, tcpHeader)))), message.ReasonUnknownSample, 3, 0},
		{"an address of type 9", flowOf(tagged(recordRouter, 9, 1, 2, 3)), message.ReasonBadSample, 3, 0},
		{"a path of four thousand million", flowOf(tagged(recordGateway, src4, 1, 2, 3, 1, 2, -1, 4, 5)), message.ReasonBadSample, 3, 0},
		{"as many segments", flowOf(tagged(recordGateway, src4, 1, 2, 3, -1, 2, 0, 2, 0)), message.ReasonBadSample, 3, 0},
		{"as many labels", flowOf(tagged(recordMPLS, src4, -1, 1, 2)), message.ReasonBadSample, 3, 0},
		{"a user name that long", flowOf(tagged(recordUser, 106, -1, []byte("anna"))), message.ReasonBadSample, 3, 0},
		{"a URL that long", flowOf(tagged(recordURL, 1, -2, []byte("/abc"))), message.ReasonBadSample, 3, 0},
		{"half an address translation", flowOf(tagged(recordNAT, src4)), message.ReasonBadSample, 3, 0},
		{"one translated port", flowOf(tagged(recordNATPort, 1)), message.ReasonBadSample, 3, 0},
		{"half a segment number", flowOf(tagged(recordVNIIngress, []byte{1, 2})), message.ReasonBadSample, 3, 0},
		{"a short counter structure", tagged(formatCounters, 1, 5, 1, tagged(1, 1, 6, uint64(1e9))), message.ReasonBadSample, 2, 1},
		{"a port name that long", tagged(formatCounters, 1, 5, 1, tagged(1005, -1, []byte("eth0"))), message.ReasonBadSample, 2, 1},
		{"a thousand structures", tagged(formatCounters, 1, 5, 1000, slices.Repeat(tagged(77, 1), 1000)), message.ReasonBadSample, 2, 1},
		{"a thousand records", tagged(formatFlow, 1, 5, 400, 80000, 0, 5, 9, 1000, slices.Repeat(tagged(777, 1), 1000)), message.ReasonBadSample, 3, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b, res := decode(t, datagram(good, test.sample, good))
			if res.Flows != test.flows || res.Counters != test.counts || b.Len() != test.flows+test.counts {
				t.Errorf("%d flow and %d counter samples in %d records, want %d and %d", res.Flows, res.Counters, b.Len(), test.flows, test.counts)
			}
			for i, n := range res.Problems {
				want := uint32(0)
				if test.reason != message.ReasonNone && message.Reason(i) == test.reason {
					want = 1
				}
				if n != want {
					t.Errorf("%s: %d problems, want %d; %v", message.Reason(i), n, want, res.First)
				}
			}
			for _, i := range []int{0, b.Len() - 1} {
				if r := b.At(i); r.SourceIP != src4 || r.DestinationPort != 443 || r.NetworkBytes != 40*400 {
					t.Errorf("sample %d: %s → port %d, %d bytes", i, r.SourceIP, r.DestinationPort, r.NetworkBytes)
				}
			}
			for i := range b.Len() {
				if n := len(b.At(i).Extra); n > maxExtra {
					t.Errorf("%d elements, the limit is %d", n, maxExtra)
				}
			}
			if res.First != nil && (res.First.Err == nil || res.First.Offset < 28 || res.First.Offset > len(datagram(good, test.sample))) {
				t.Errorf("no place or text in %v", res.First)
			}
		})
	}
}

// TestHeader has what can be wrong before the samples.
func TestHeader(t *testing.T) {
	good := flowOf(rawHeader(headerIPv4, packet4(protoTCP, 0, tcpHeader)))
	whole := datagram(good, good)
	tests := []struct {
		name   string
		bytes  []byte
		reason message.Reason
		flows  int
	}{
		{"nothing", nil, message.ReasonTruncatedHeader, 0},
		{"one byte", []byte{0}, message.ReasonTruncatedHeader, 0},
		{"version 2", join(2, agentAddr, 77, 1000, 0), message.ReasonUnknownVersion, 0},
		{"version 4", join(4, agentAddr, 77, 1000, 0), message.ReasonUnknownVersion, 0},
		{"version 3", join(3, agentAddr, 77, 1000, 0), message.ReasonUnknownVersion, 0},
		{"address of type 7", join(version, 7, 3, 77, 1000, 0), message.ReasonBadLength, 0},
		{"cut in the header", whole[:27], message.ReasonTruncatedHeader, 0},
		{"cut in an IPv6 agent", join(version, src6)[:20], message.ReasonTruncatedHeader, 0},
		{"no samples", datagram(), message.ReasonNone, 0},
		{"no agent address", join(version, addressUnknown, 3, 77, 1000, 1, good), message.ReasonNone, 1},
		{"IPv6 agent", join(version, src6, 3, 77, 1000, 1, good), message.ReasonNone, 1},
		{"more counted than there", join(version, agentAddr, 3, 77, 1000, -1, good), message.ReasonCountMismatch, 1},
		{"fewer counted than there", join(version, agentAddr, 3, 77, 1000, 1, good, good), message.ReasonTrailingBytes, 1},
		{"zeros after the samples", join(datagram(good), 0, 0, 0), message.ReasonNone, 1},
		{"cut in a sample's length", join(datagram(good)[:28], 1), message.ReasonTruncatedSample, 0},
		{"cut in a sample", whole[:len(whole)-3], message.ReasonTruncatedSample, 2},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b, res := decode(t, test.bytes)
			if res.Flows != test.flows || b.Len() != test.flows {
				t.Errorf("%d flows, want %d", res.Flows, test.flows)
			}
			if test.reason == message.ReasonNone && res.First != nil || test.reason != message.ReasonNone && res.Problems[test.reason] != 1 {
				t.Errorf("%v, want %s", res.First, test.reason)
			}
			if old := test.name == "version 2" || test.name == "version 4"; Old(test.bytes) != old || old && !strings.Contains(res.First.Error(), "set the agent to it") {
				t.Errorf("%v does not say what to do", res.First)
			}
		})
	}
	for n := range whole {
		b, res := decode(t, whole[:n])
		if n > 28 && n < len(whole) && res.First == nil {
			t.Errorf("cut to %d bytes: %d records and no problem", n, b.Len())
		}
	}
}

// TestInterfaces has the forms of an interface, the direction they make, and
// what a discarded packet says.
func TestInterfaces(t *testing.T) {
	const none = -1
	compact := func(source, in, out uint32) []byte { return tagged(formatFlow, 1, source, 10, 100, 0, in, out, 0) }
	expanded := func(class, index, inFormat, in, outFormat, out uint32) []byte {
		return tagged(formatFlowExpanded, 1, class, index, 10, 100, 0, inFormat, in, outFormat, out, 0)
	}
	tests := []struct {
		name                             string
		sample                           []byte
		in, out, direction, status, drop int64
		reason                           string
	}{
		{"in at the source", compact(5, 5, 9), 5, 9, directionIngress, none, none, ""},
		{"out at the source", compact(9, 5, 9), 5, 9, directionEgress, none, none, ""},
		{"source elsewhere", compact(7, 5, 9), 5, 9, none, none, none, ""},
		{"source is a VLAN", compact(1<<24|5, 5, 9), 5, 9, none, none, none, ""},
		{"unknown", compact(0, 0, 0), none, none, none, none, none, ""},
		{"from the device itself", compact(9, 0x3fffffff, 9), none, 9, directionEgress, none, none, ""},
		{"to several", compact(5, 5, 1<<31|7), 5, none, directionIngress, none, none, ""},
		{"dropped by an ACL", compact(5, 5, 1<<30|258), 5, none, directionIngress, 129, 258, "acl"},
		{"large index", expanded(0, 1<<31|5, 0, 1<<31|5, 0, 1<<30|9), 1<<31 | 5, 1<<30 | 9, directionIngress, none, none, ""},
		{"expanded, to the device itself", expanded(0, 5, 0, 5, 0, 1<<32-1), 5, none, directionIngress, none, none, ""},
		{"expanded, dropped without a route", expanded(0, 5, 0, 5, 1, 0), 5, none, directionIngress, 131, 0, "net_unreachable"},
		{"expanded, to several", expanded(0, 5, 0, 5, 2, 3), 5, none, directionIngress, none, none, ""},
		{"notice of a drop", tagged(formatDiscarded, 1, 0, 5, 0, 5, 0, 257, 0), 5, none, directionIngress, 137, 257, "ttl_exceeded"},
		{"notice without a known reason", tagged(formatDiscarded, 1, 0, 5, 0, 0, 9, 256, 0), none, 9, none, 128, 256, "unknown"},
		{"notice of a code of the future", tagged(formatDiscarded, 1, 0, 5, 7, 0, 9, 5000, 0), none, 9, none, 128, 5000, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := one(t, datagram(test.sample))
			check := func(id flow.FieldID, got uint64, want int64) {
				if r.Has(id) != (want != none) || want != none && got != uint64(want) {
					t.Errorf("%s = %d (present %t), want %d", id, got, r.Has(id), want)
				}
			}
			check(flow.FieldIngressInterfaceID, uint64(r.IngressInterfaceID), test.in)
			check(flow.FieldEgressInterfaceID, uint64(r.EgressInterfaceID), test.out)
			check(flow.FieldFlowDirection, uint64(r.FlowDirection), test.direction)
			check(flow.FieldFlowForwardingStatus, uint64(r.FlowForwardingStatus), test.status)
			code := ""
			if test.drop != none {
				code = strconv.FormatInt(test.drop, 10)
			}
			if r.EventCode != code || r.Has(flow.FieldEventCode) != (code != "") || r.Has(flow.FieldEventOutcome) != (code != "") || r.EventReason != test.reason {
				t.Errorf("code %q, reason %q, outcome %q, want code %q, reason %q", r.EventCode, r.EventReason, r.EventOutcome, code, test.reason)
			}
			if notice := strings.HasPrefix(test.name, "notice"); r.Has(flow.FieldEventAction) != notice || notice && r.EventAction != actionDropped {
				t.Errorf("action %q", r.EventAction)
			}
			if denied := r.Has(flow.FieldEventType) && r.EventType&flow.TypeDenied != 0; denied != (test.status == statusACL) {
				t.Errorf("denied %t", denied)
			}
		})
	}
	if r := one(t, datagram(tagged(formatFlow, 1, 5, 0, 0, 0, 5, 9, 0))); r.FlowSamplingRate != 1 || r.FlowSamplingSource != "assumed" || r.NetworkPackets != 1 || r.Has(flow.FieldFlowSamplingPackets) || r.Has(flow.FieldNetworkBytes) {
		t.Errorf("without a rate: rate %d (%s), %d packets", r.FlowSamplingRate, r.FlowSamplingSource, r.NetworkPackets)
	}
	huge := tagged(formatFlow, 1, 5, -1, 0, 0, 5, 9, 1, tagged(recordIPv4, -1, 6, src4.AsSlice(), dst4.AsSlice(), 1, 2, 0, 0))
	if r := one(t, datagram(huge)); r.NetworkBytes != 1<<63-1 || r.FlowSamplingBytes != 1<<32-1 {
		t.Errorf("%d bytes of %d, want the largest signed number", r.NetworkBytes, r.FlowSamplingBytes)
	}
}

// TestSequence follows datagrams of one agent: number, uptime, and what comes of
// it.
func TestSequence(t *testing.T) {
	d := NewDecoder(DefaultConfig())
	_, w := sink(16)
	steps := []struct {
		number, uptime int
		lost           uint64
		reordered      bool
	}{
		{100, 1000, 0, false},
		{101, 1010, 0, false},
		{104, 1040, 2, false},
		{103, 1030, 0, true},  // late
		{104, 1040, 0, true},  // again
		{105, 1050, 0, false}, // the late one changed nothing
		{200_000, 9_000_000, 0, false},
		{1, 100, 0, false}, // restarted
		{2, 110, 0, false},
		{-1, 4_000_000, 0, false}, // restarted, or another process
		{0, 4_000_010, 0, false},  // 32 bits wrap
		{3, -100, 0, false},       // the uptime went back by more than any late datagram's
		{5, 100, 1, false},        // the uptime wraps
		{5, 200, 0, false},        // does not count
	}
	for i, s := range steps {
		var res message.Result
		d.Decode(testOrigin, numbered(s.number, s.uptime), w, &res)
		if res.Lost != s.lost || res.Reordered != s.reordered {
			t.Errorf("step %d (%d at %d ms): %d lost, reordered %t, want %d, %t", i, s.number, s.uptime, res.Lost, res.Reordered, s.lost, s.reordered)
		}
	}
}

// TestAgents keeps the agents apart and their number bounded.
func TestAgents(t *testing.T) {
	d := NewDecoder(Config{MaxAgents: 3})
	_, w := sink(16)
	lost := func(host byte, sequence int) uint64 {
		var res message.Result
		o := testOrigin
		o.Addr = netip.AddrFrom4([4]byte{10, 0, 0, host})
		d.Decode(o, numbered(sequence, sequence), w, &res)
		return res.Lost
	}
	for host := range byte(3) {
		lost(host, 10)
	}
	for host := range byte(3) {
		if n := lost(host, 12); n != 1 {
			t.Errorf("host %d: %d lost, want 1", host, n)
		}
	}
	lost(0, 13) // used last now; 1 is the one to go
	lost(7, 13)
	if n := lost(0, 15); n != 1 {
		t.Errorf("host 0 was forgotten: %d lost, want 1", n)
	}
	if n := lost(1, 15); n != 0 {
		t.Errorf("host 1 was not forgotten: %d lost", n)
	}
	for i := range 1000 {
		lost(byte(i), i)
	}
	if n := len(d.agents.byKey); n != 3 {
		t.Errorf("%d agents are kept, the limit is 3", n)
	}
	n := 0
	for a := d.agents.newest; a != nil; a = a.older {
		n++
	}
	if n != 3 || d.agents.oldest.older != nil || d.agents.newest.newer != nil {
		t.Errorf("the list of use has %d agents", n)
	}
}

// TestCounters reads one structure of every kind of field, by its bytes.
func TestCounters(t *testing.T) {
	uuid := bytes.Repeat([]byte{0xab}, 16)
	r := one(t, datagram(tagged(formatCounterExpanded, 9, 2, 70000, 6,
		tagged(5, 100, uint64(1<<40), 1, 2, 3, 4),
		tagged(7, srcMAC[:], u16(0), dstMAC[:], u16(0), 42, []byte{1, 2, 3, 4}, 5, 6, 7, 8, 9, 10, 11, 12),
		tagged(2000, "host-a", uuid, 3, 2, "6.1.0"),
		tagged(2003, 0x3fc00000, 0, 0x3f000000, 1, 2, 4, 2400, 86400, 1, 2, 3, 4, 5, 6, 7, 8, 9),
		tagged(1005, "eth0"),
		tagged(9<<12|3, bytes.Repeat([]byte{1}, 300)))))
	want := "source_id_class=2 source_id_index=70000" +
		" vlan_id=100 vlan_octets=1099511627776 vlan_ucast_pkts=1 vlan_multicast_pkts=2 vlan_broadcast_pkts=3 vlan_discards=4" +
		" lag_actor_system_id=02-00-00-00-00-50 lag_partner_oper_system_id=02-00-00-00-00-D0 lag_attached_agg_id=42 lag_actor_admin_state=1 lag_actor_oper_state=2" +
		" lag_partner_admin_state=3 lag_partner_oper_state=4 lag_lacpdus_rx=5 lag_marker_pdus_rx=6 lag_marker_response_pdus_rx=7 lag_unknown_rx=8 lag_illegal_rx=9" +
		" lag_lacpdus_tx=10 lag_marker_pdus_tx=11 lag_marker_response_pdus_tx=12" +
		" host_name=host-a host_uuid=abababababababababababababababab host_machine_type=3 host_os_name=2 host_os_release=6.1.0" +
		" cpu_load_one=1.5 cpu_load_five=0 cpu_load_fifteen=0.5 cpu_proc_run=1 cpu_proc_total=2 cpu_num=4 cpu_speed=2400 cpu_uptime=86400 cpu_user=1 cpu_nice=2" +
		" cpu_system=3 cpu_idle=4 cpu_wio=5 cpu_intr=6 cpu_sintr=7 cpu_interrupts=8 cpu_contexts=9" +
		" port_name=eth0 structure_9_3=" + string(bytes.Repeat([]byte("01"), keepOctets))
	if got := extras(r); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if r.Kind != flow.KindCounters || r.Has(flow.FieldIngressInterfaceID) || r.Has(flow.FieldNetworkPackets) || r.FlowExporterAgent != agentAddr || r.FlowExporterDomain != 3 {
		t.Errorf("kind %s, agent %s, sub-agent %d", r.Kind, r.FlowExporterAgent, r.FlowExporterDomain)
	}
}
