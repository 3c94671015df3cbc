package sflow

import (
	"strconv"

	"github.com/weirflow/weir/flow"
)

// The reasons for a drop by their names in sFlow (drop_reason of
// sflow.org/sflow_drops.txt). Those below 256 are the codes of ICMP's destination
// unreachable.
var icmpDrops = [...]string{
	"net_unreachable", "host_unreachable", "protocol_unreachable", "port_unreachable", "frag_needed", "src_route_failed",
	"dst_net_unknown", "dst_host_unknown", "src_host_isolated", "dst_net_prohibited", "dst_host_prohibited",
	"dst_net_tos_unreachable", "dst_host_tos_unreachable", "comm_admin_prohibited", "host_precedence_violation",
	"precedence_cutoff",
}

// firstDrop is the code of ownDrops[0].
const firstDrop = 256

var ownDrops = [...]string{
	"unknown", "ttl_exceeded", "acl", "no_buffer_space", "red", "traffic_shaping", "pkt_too_big", "src_mac_is_multicast",
	"vlan_tag_mismatch", "ingress_vlan_filter", "ingress_spanning_tree_filter", "port_list_is_empty", "port_loopback_filter",
	"blackhole_route", "non_ip", "uc_dip_over_mc_dmac", "dip_is_loopback_address", "sip_is_mc", "sip_is_loopback_address",
	"ip_header_corrupted", "ipv4_sip_is_limited_bc", "ipv6_mc_dip_reserved_scope", "ipv6_mc_dip_interface_local_scope",
	"unresolved_neigh", "mc_reverse_path_forwarding", "non_routable_packet", "decap_error", "overlay_smac_is_mc", "unknown_l2",
	"unknown_l3", "unknown_l3_exception", "unknown_buffer", "unknown_tunnel", "unknown_l4", "sip_is_unspecified",
	"mlag_port_isolation", "blackhole_arp_neigh", "src_mac_is_dmac", "dmac_is_reserved", "sip_is_class_e", "mc_dmac_mismatch",
	"sip_is_dip", "dip_is_local_network", "dip_is_link_local", "overlay_smac_is_dmac", "egress_vlan_filter",
	"uc_reverse_path_forwarding", "split_horizon", "locked_port", "dmac_filter", "blackhole_nexthop", "vxlan_parsing",
	"llc_snap_parsing", "vlan_parsing", "pppoe_ppp_parsing", "mpls_parsing", "arp_parsing", "ip_1_parsing", "ip_n_parsing",
	"gre_parsing", "udp_parsing", "tcp_parsing", "ipsec_parsing", "sctp_parsing", "dccp_parsing", "gtp_parsing", "esp_parsing",
	"unknown_parsing", "pkt_too_small", "unhandled_proto", "ipv6disabled", "invalid_proto", "ip_noproto", "skb_csum",
	"skb_ucopy_fault", "dev_ready", "dev_hdr", "dup_frag", "skb_gso_seg", "reverse_path_forwarding", "icmp_parsing",
	"tcp_md5notfound", "tcp_md5unexpected", "tcp_md5failure", "tcp_flags", "tcp_zerowindow", "tcp_old_data", "tcp_overwindow",
	"tcp_ofomerge", "tcp_rfc7323_paws", "tcp_invalid_sequence", "tcp_reset", "tcp_invalid_syn", "tcp_close", "tcp_fastopen",
	"tcp_old_ack", "tcp_too_old_ack", "tcp_ack_unsent_data", "tcp_ofo_queue_prune", "tcp_ofo_drop", "tcp_minttl",
	"ipv6_bad_exthdr", "ipv6_ndisc_frag", "ipv6_ndisc_hop_limit", "ipv6_ndisc_bad_code", "ipv6_ndisc_bad_options",
	"ipv6_ndisc_ns_otherhost", "tap_filter", "tap_txfilter", "tc_ingress", "tc_egress", "xdp", "cpu_backlog",
	"bpf_cgroup_egress", "xfrm_policy", "socket_filter", "bgp_flowspec",
}

// dropName is the name of a reason, empty when it has none.
func dropName(reason uint32) string {
	switch {
	case reason < uint32(len(icmpDrops)):
		return icmpDrops[reason]
	case reason >= firstDrop && reason-firstDrop < uint32(len(ownDrops)):
		return ownDrops[reason-firstDrop]
	}
	return ""
}

// actionDropped is event.action of a notice that a packet was dropped. A flow
// sample of a packet that was dropped is traffic, and has the outcome alone.
const actionDropped = "packet_dropped"

// dropped says that the packet went no further, and why.
func (m *run) dropped(r *flow.Record, reason uint32) {
	status := forwardingStatus(reason)
	r.SetFlowForwardingStatus(status)
	r.SetEventOutcome(flow.OutcomeFailure)
	if s := dropName(reason); s != "" {
		r.SetEventReason(s)
	}
	var room [10]byte
	r.SetEventCode(m.strings.of(strconv.AppendUint(room[:0], uint64(reason), 10)))
	if status == statusACL {
		r.SetEventType(flow.TypeConnection | flow.TypeDenied)
	}
}

// Values of flow.forwarding_status (IPFIX element 89, RFC 7270 section 4.12).
const (
	statusDropped    = 128
	statusACL        = 129
	statusUnroutable = 131
	statusFragment   = 133 // needed, but not allowed
	statusTTL        = 137
	statusPolicer    = 138
	statusEarlyDrop  = 139 // WRED
)

// forwardingStatus puts a reason into IPFIX's words; event.code keeps the exact
// one.
func forwardingStatus(reason uint32) uint8 {
	switch reason {
	case 0, 1, 6, 7, 11, 12, 269, 279, 292, 306: // no route, or one to nowhere
		return statusUnroutable
	case 4, 262: // packet too big
		return statusFragment
	case 9, 10, 13, 258, 372: // administratively prohibited, ACL, flow specification
		return statusACL
	case 257:
		return statusTTL
	case 260: // random early detection
		return statusEarlyDrop
	case 261: // traffic shaping
		return statusPolicer
	}
	return statusDropped
}
