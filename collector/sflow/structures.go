package sflow

// structure is the layout of a counter structure of enterprise 0.
type structure struct {
	fields []field
	// need is how many fields are there at least; 0 is all. Some structures grew
	// over time.
	need int
}

// field is a counter's name in flow.counters and how it is sent.
type field struct {
	name string
	as   encoding
}

// encoding is how XDR (RFC 4506) carries a field.
type encoding uint8

const (
	number     encoding = iota // 32 bits
	hyper                      // 64 bits
	float                      // 32 bits, IEEE 754
	octet                      // 8 bits, four of them in a row
	hardware                   // 6 octets and 2 of padding
	identifier                 // 16 octets
	name                       // a string
)

// structures are the counter structures by format (sflow.org/sflow_version_5.txt
// and the documents named beside them). Names are those of the documents,
// written with underscores; where a document's names would collide with
// another's, the structure stands in front.
var structures = map[uint32]structure{
	// Generic interface
	1: {fields: []field{
		{"if_index", number}, {"if_type", number}, {"if_speed", hyper}, {"if_direction", number}, {"if_status", number},
		{"if_in_octets", hyper}, {"if_in_ucast_pkts", number}, {"if_in_multicast_pkts", number}, {"if_in_broadcast_pkts", number},
		{"if_in_discards", number}, {"if_in_errors", number}, {"if_in_unknown_protos", number}, {"if_out_octets", hyper},
		{"if_out_ucast_pkts", number}, {"if_out_multicast_pkts", number}, {"if_out_broadcast_pkts", number},
		{"if_out_discards", number}, {"if_out_errors", number}, {"if_promiscuous_mode", number},
	}},
	// Ethernet interface
	2: {fields: []field{
		{"dot3_stats_alignment_errors", number}, {"dot3_stats_fcs_errors", number}, {"dot3_stats_single_collision_frames", number},
		{"dot3_stats_multiple_collision_frames", number}, {"dot3_stats_sqe_test_errors", number},
		{"dot3_stats_deferred_transmissions", number}, {"dot3_stats_late_collisions", number},
		{"dot3_stats_excessive_collisions", number}, {"dot3_stats_internal_mac_transmit_errors", number},
		{"dot3_stats_carrier_sense_errors", number}, {"dot3_stats_frame_too_longs", number},
		{"dot3_stats_internal_mac_receive_errors", number}, {"dot3_stats_symbol_errors", number},
	}},
	// Token ring interface
	3: {fields: []field{
		{"dot5_stats_line_errors", number}, {"dot5_stats_burst_errors", number}, {"dot5_stats_ac_errors", number},
		{"dot5_stats_abort_trans_errors", number}, {"dot5_stats_internal_errors", number},
		{"dot5_stats_lost_frame_errors", number}, {"dot5_stats_receive_congestions", number},
		{"dot5_stats_frame_copied_errors", number}, {"dot5_stats_token_errors", number}, {"dot5_stats_soft_errors", number},
		{"dot5_stats_hard_errors", number}, {"dot5_stats_signal_loss", number}, {"dot5_stats_transmit_beacons", number},
		{"dot5_stats_recoverys", number}, {"dot5_stats_lobe_wires", number}, {"dot5_stats_removes", number},
		{"dot5_stats_singles", number}, {"dot5_stats_freq_errors", number},
	}},
	// VLAN
	5: {fields: []field{
		{"vlan_id", number}, {"vlan_octets", hyper}, {"vlan_ucast_pkts", number}, {"vlan_multicast_pkts", number},
		{"vlan_broadcast_pkts", number}, {"vlan_discards", number},
	}},
	// Link aggregation port, sflow.org/sflow_lag.txt
	7: {fields: []field{
		{"lag_actor_system_id", hardware}, {"lag_partner_oper_system_id", hardware}, {"lag_attached_agg_id", number},
		{"lag_actor_admin_state", octet}, {"lag_actor_oper_state", octet}, {"lag_partner_admin_state", octet},
		{"lag_partner_oper_state", octet}, {"lag_lacpdus_rx", number}, {"lag_marker_pdus_rx", number},
		{"lag_marker_response_pdus_rx", number}, {"lag_unknown_rx", number}, {"lag_illegal_rx", number},
		{"lag_lacpdus_tx", number}, {"lag_marker_pdus_tx", number}, {"lag_marker_response_pdus_tx", number},
	}},
	// Processor
	1001: {fields: []field{
		{"processor_cpu_5s", number}, {"processor_cpu_1m", number}, {"processor_cpu_5m", number}, {"processor_total_memory", hyper},
		{"processor_free_memory", hyper},
	}},
	// OpenFlow port, sflow.org/sflow_openflow.txt
	1004: {fields: []field{
		{"openflow_datapath_id", hyper}, {"openflow_port_no", number},
	}},
	// Port name
	1005: {fields: []field{
		{"port_name", name},
	}},
	// Host description, sflow.org/sflow_host.txt
	2000: {fields: []field{
		{"host_name", name}, {"host_uuid", identifier}, {"host_machine_type", number}, {"host_os_name", number},
		{"host_os_release", name},
	}},
	// Host parent
	2002: {fields: []field{
		{"host_parent_class", number}, {"host_parent_index", number},
	}},
	// Host CPU; the last three came later
	2003: {fields: []field{
		{"cpu_load_one", float}, {"cpu_load_five", float}, {"cpu_load_fifteen", float}, {"cpu_proc_run", number},
		{"cpu_proc_total", number}, {"cpu_num", number}, {"cpu_speed", number}, {"cpu_uptime", number}, {"cpu_user", number},
		{"cpu_nice", number}, {"cpu_system", number}, {"cpu_idle", number}, {"cpu_wio", number}, {"cpu_intr", number},
		{"cpu_sintr", number}, {"cpu_interrupts", number}, {"cpu_contexts", number}, {"cpu_steal", number}, {"cpu_guest", number},
		{"cpu_guest_nice", number},
	}, need: 17},
	// Host memory
	2004: {fields: []field{
		{"mem_total", hyper}, {"mem_free", hyper}, {"mem_shared", hyper}, {"mem_buffers", hyper}, {"mem_cached", hyper},
		{"swap_total", hyper}, {"swap_free", hyper}, {"page_in", number}, {"page_out", number}, {"swap_in", number},
		{"swap_out", number},
	}},
	// Host disk
	2005: {fields: []field{
		{"disk_total", hyper}, {"disk_free", hyper}, {"disk_part_max_used", number}, {"disk_reads", number},
		{"disk_bytes_read", hyper}, {"disk_read_time", number}, {"disk_writes", number}, {"disk_bytes_written", hyper},
		{"disk_write_time", number},
	}},
	// Host network
	2006: {fields: []field{
		{"net_bytes_in", hyper}, {"net_pkts_in", number}, {"net_errs_in", number}, {"net_drops_in", number},
		{"net_bytes_out", hyper}, {"net_pkts_out", number}, {"net_errs_out", number}, {"net_drops_out", number},
	}},
	// MIB-II IP group
	2007: {fields: []field{
		{"ip_forwarding", number}, {"ip_default_ttl", number}, {"ip_in_receives", number}, {"ip_in_hdr_errors", number},
		{"ip_in_addr_errors", number}, {"ip_forw_datagrams", number}, {"ip_in_unknown_protos", number}, {"ip_in_discards", number},
		{"ip_in_delivers", number}, {"ip_out_requests", number}, {"ip_out_discards", number}, {"ip_out_no_routes", number},
		{"ip_reasm_timeout", number}, {"ip_reasm_reqds", number}, {"ip_reasm_oks", number}, {"ip_reasm_fails", number},
		{"ip_frag_oks", number}, {"ip_frag_fails", number}, {"ip_frag_creates", number},
	}},
	// MIB-II ICMP group
	2008: {fields: []field{
		{"icmp_in_msgs", number}, {"icmp_in_errors", number}, {"icmp_in_dest_unreachs", number}, {"icmp_in_time_excds", number},
		{"icmp_in_param_probs", number}, {"icmp_in_src_quenchs", number}, {"icmp_in_redirects", number}, {"icmp_in_echos", number},
		{"icmp_in_echo_reps", number}, {"icmp_in_timestamps", number}, {"icmp_in_addr_masks", number},
		{"icmp_in_addr_mask_reps", number}, {"icmp_out_msgs", number}, {"icmp_out_errors", number},
		{"icmp_out_dest_unreachs", number}, {"icmp_out_time_excds", number}, {"icmp_out_param_probs", number},
		{"icmp_out_src_quenchs", number}, {"icmp_out_redirects", number}, {"icmp_out_echos", number},
		{"icmp_out_echo_reps", number}, {"icmp_out_timestamps", number}, {"icmp_out_timestamp_reps", number},
		{"icmp_out_addr_masks", number}, {"icmp_out_addr_mask_reps", number},
	}},
	// MIB-II TCP group
	2009: {fields: []field{
		{"tcp_rto_algorithm", number}, {"tcp_rto_min", number}, {"tcp_rto_max", number}, {"tcp_max_conn", number},
		{"tcp_active_opens", number}, {"tcp_passive_opens", number}, {"tcp_attempt_fails", number}, {"tcp_estab_resets", number},
		{"tcp_curr_estab", number}, {"tcp_in_segs", number}, {"tcp_out_segs", number}, {"tcp_retrans_segs", number},
		{"tcp_in_errs", number}, {"tcp_out_rsts", number}, {"tcp_in_csum_errs", number},
	}},
	// MIB-II UDP group
	2010: {fields: []field{
		{"udp_in_datagrams", number}, {"udp_no_ports", number}, {"udp_in_errors", number}, {"udp_out_datagrams", number},
		{"udp_rcvbuf_errors", number}, {"udp_sndbuf_errors", number}, {"udp_in_csum_errors", number},
	}},
	// Virtual node
	2100: {fields: []field{
		{"virt_node_mhz", number}, {"virt_node_cpus", number}, {"virt_node_memory", hyper}, {"virt_node_memory_free", hyper},
		{"virt_node_num_domains", number},
	}},
	// Virtual CPU
	2101: {fields: []field{
		{"virt_cpu_state", number}, {"virt_cpu_time", number}, {"virt_cpu_num", number},
	}},
	// Virtual memory
	2102: {fields: []field{
		{"virt_mem_used", hyper}, {"virt_mem_max", hyper},
	}},
	// Virtual disk
	2103: {fields: []field{
		{"virt_disk_capacity", hyper}, {"virt_disk_allocation", hyper}, {"virt_disk_available", hyper},
		{"virt_disk_rd_req", number}, {"virt_disk_rd_bytes", hyper}, {"virt_disk_wr_req", number}, {"virt_disk_wr_bytes", hyper},
		{"virt_disk_errs", number},
	}},
	// Virtual network
	2104: {fields: []field{
		{"virt_net_bytes_in", hyper}, {"virt_net_pkts_in", number}, {"virt_net_errs_in", number}, {"virt_net_drops_in", number},
		{"virt_net_bytes_out", hyper}, {"virt_net_pkts_out", number}, {"virt_net_errs_out", number},
		{"virt_net_drops_out", number},
	}},
	// Application resources, sflow.org/sflow_application.txt
	2203: {fields: []field{
		{"app_user_time", number}, {"app_system_time", number}, {"app_mem_used", hyper}, {"app_mem_max", hyper},
		{"app_fd_open", number}, {"app_fd_max", number}, {"app_conn_open", number}, {"app_conn_max", number},
	}},
	// Open vSwitch datapath
	2207: {fields: []field{
		{"ovs_dp_hits", number}, {"ovs_dp_misses", number}, {"ovs_dp_lost", number}, {"ovs_dp_mask_hits", number},
		{"ovs_dp_flows", number}, {"ovs_dp_masks", number},
	}},
}
