package sflow

// structures are the counter structures by format, enterprise and all
// (sflow.org/sflow_version_5.txt and the documents named beside them). Names are
// those of the documents, written with underscores; where a document's names would
// collide with another's, the structure stands in front.
var structures = merge(interfaceStructures, hostStructures, virtualStructures, applicationStructures, vendorStructures)

func merge(parts ...map[uint32]*layout) map[uint32]*layout {
	all := map[uint32]*layout{}
	for _, part := range parts {
		for format, l := range part {
			all[format] = l
		}
	}
	return all
}

// interfaceStructures are those of ports, radios, queues and processors.
var interfaceStructures = map[uint32]*layout{
	// Generic interface
	1: {fields: []field{
		{name: "if_index"}, {name: "if_type"}, {name: "if_speed", as: hyper}, {name: "if_direction"}, {name: "if_status"},
		{name: "if_in_octets", as: hyper}, {name: "if_in_ucast_pkts"}, {name: "if_in_multicast_pkts"}, {name: "if_in_broadcast_pkts"},
		{name: "if_in_discards"}, {name: "if_in_errors"}, {name: "if_in_unknown_protos"}, {name: "if_out_octets", as: hyper},
		{name: "if_out_ucast_pkts"}, {name: "if_out_multicast_pkts"}, {name: "if_out_broadcast_pkts"},
		{name: "if_out_discards"}, {name: "if_out_errors"}, {name: "if_promiscuous_mode"},
	}},
	// Ethernet interface
	2: {fields: []field{
		{name: "dot3_stats_alignment_errors"}, {name: "dot3_stats_fcs_errors"}, {name: "dot3_stats_single_collision_frames"},
		{name: "dot3_stats_multiple_collision_frames"}, {name: "dot3_stats_sqe_test_errors"},
		{name: "dot3_stats_deferred_transmissions"}, {name: "dot3_stats_late_collisions"},
		{name: "dot3_stats_excessive_collisions"}, {name: "dot3_stats_internal_mac_transmit_errors"},
		{name: "dot3_stats_carrier_sense_errors"}, {name: "dot3_stats_frame_too_longs"},
		{name: "dot3_stats_internal_mac_receive_errors"}, {name: "dot3_stats_symbol_errors"},
	}},
	// Token ring interface
	3: {fields: []field{
		{name: "dot5_stats_line_errors"}, {name: "dot5_stats_burst_errors"}, {name: "dot5_stats_ac_errors"},
		{name: "dot5_stats_abort_trans_errors"}, {name: "dot5_stats_internal_errors"},
		{name: "dot5_stats_lost_frame_errors"}, {name: "dot5_stats_receive_congestions"},
		{name: "dot5_stats_frame_copied_errors"}, {name: "dot5_stats_token_errors"}, {name: "dot5_stats_soft_errors"},
		{name: "dot5_stats_hard_errors"}, {name: "dot5_stats_signal_loss"}, {name: "dot5_stats_transmit_beacons"},
		{name: "dot5_stats_recoverys"}, {name: "dot5_stats_lobe_wires"}, {name: "dot5_stats_removes"},
		{name: "dot5_stats_singles"}, {name: "dot5_stats_freq_errors"},
	}},
	// 100BaseVG interface
	4: {fields: []field{
		{name: "dot12_in_high_priority_frames"}, {name: "dot12_in_high_priority_octets", as: hyper},
		{name: "dot12_in_norm_priority_frames"}, {name: "dot12_in_norm_priority_octets", as: hyper}, {name: "dot12_in_ipm_errors"},
		{name: "dot12_in_oversize_frame_errors"}, {name: "dot12_in_data_errors"}, {name: "dot12_in_null_addressed_frames"},
		{name: "dot12_out_high_priority_frames"}, {name: "dot12_out_high_priority_octets", as: hyper},
		{name: "dot12_transition_into_trainings"}, {name: "dot12_hc_in_high_priority_octets", as: hyper},
		{name: "dot12_hc_in_norm_priority_octets", as: hyper}, {name: "dot12_hc_out_high_priority_octets", as: hyper},
	}},
	// VLAN
	5: {fields: []field{
		{name: "vlan_id"}, {name: "vlan_octets", as: hyper}, {name: "vlan_ucast_pkts"}, {name: "vlan_multicast_pkts"},
		{name: "vlan_broadcast_pkts"}, {name: "vlan_discards"},
	}},
	// 802.11 interface, sflow.org/sflow_80211.txt
	6: {fields: []field{
		{name: "dot11_transmitted_fragment_count"}, {name: "dot11_multicast_transmitted_frame_count"}, {name: "dot11_failed_count"},
		{name: "dot11_retry_count"}, {name: "dot11_multiple_retry_count"}, {name: "dot11_frame_duplicate_count"},
		{name: "dot11_rts_success_count"}, {name: "dot11_rts_failure_count"}, {name: "dot11_ack_failure_count"},
		{name: "dot11_received_fragment_count"}, {name: "dot11_multicast_received_frame_count"}, {name: "dot11_fcs_error_count"},
		{name: "dot11_transmitted_frame_count"}, {name: "dot11_wep_undecryptable_count"}, {name: "dot11_qos_discarded_fragment_count"},
		{name: "dot11_associated_station_count"}, {name: "dot11_qos_cf_polls_received_count"}, {name: "dot11_qos_cf_polls_unused_count"},
		{name: "dot11_qos_cf_polls_unusable_count"}, {name: "dot11_qos_cf_polls_lost_count"},
	}},
	// Link aggregation port, sflow.org/sflow_lag.txt
	7: {fields: []field{
		{name: "lag_actor_system_id", as: hardware}, {name: "lag_partner_oper_system_id", as: hardware}, {name: "lag_attached_agg_id"},
		{name: "lag_actor_admin_state", as: octet}, {name: "lag_actor_oper_state", as: octet}, {name: "lag_partner_admin_state", as: octet},
		{name: "lag_partner_oper_state", as: octet}, {name: "lag_lacpdus_rx"}, {name: "lag_marker_pdus_rx"},
		{name: "lag_marker_response_pdus_rx"}, {name: "lag_unknown_rx"}, {name: "lag_illegal_rx"},
		{name: "lag_lacpdus_tx"}, {name: "lag_marker_pdus_tx"}, {name: "lag_marker_response_pdus_tx"},
	}},
	// Packets that the hardware left to the processor
	8: {fields: []field{
		{name: "slow_path_unknown"}, {name: "slow_path_other"}, {name: "slow_path_cam_miss"}, {name: "slow_path_cam_full"},
		{name: "slow_path_no_hw_support"}, {name: "slow_path_cntrl"},
	}},
	// InfiniBand port, sflow.org/draft_sflow_infiniband_2.txt
	9: {fields: []field{
		{name: "ib_port_xmit_pkts", as: hyper}, {name: "ib_port_rcv_pkts", as: hyper}, {name: "ib_symbol_error_counter"},
		{name: "ib_link_error_recovery_counter"}, {name: "ib_link_downed_counter"}, {name: "ib_port_rcv_errors"},
		{name: "ib_port_rcv_remote_physical_errors"}, {name: "ib_port_rcv_switch_relay_errors"}, {name: "ib_port_xmit_discards"},
		{name: "ib_port_xmit_constraint_errors"}, {name: "ib_port_rcv_constraint_errors"}, {name: "ib_local_link_integrity_errors"},
		{name: "ib_excessive_buffer_overrun_errors"}, {name: "ib_vl15_dropped"},
	}},
	// Optical module, sflow.org/sflow_optics.txt: currents in microamperes, powers
	// in microwatts, temperature in thousandths of a degree Celsius
	10: {fields: []field{
		{name: "module_id"}, {name: "module_num_lanes"}, {name: "module_supply_voltage"}, {name: "module_temperature", as: signed},
		{name: "lanes", as: list, of: []field{
			{name: "lane_index"}, {name: "lane_tx_bias_current"}, {name: "lane_tx_power"}, {name: "lane_tx_power_min"},
			{name: "lane_tx_power_max"}, {name: "lane_tx_wavelength"}, {name: "lane_rx_power"}, {name: "lane_rx_power_min"},
			{name: "lane_rx_power_max"}, {name: "lane_rx_wavelength"},
		}},
	}},
	// Processor
	1001: {fields: []field{
		{name: "processor_cpu_5s"}, {name: "processor_cpu_1m"}, {name: "processor_cpu_5m"}, {name: "processor_total_memory", as: hyper},
		{name: "processor_free_memory", as: hyper},
	}},
	// Radio
	1002: {fields: []field{
		{name: "radio_elapsed_time"}, {name: "radio_on_channel_time"}, {name: "radio_on_channel_busy_time"},
	}},
	// How long a port's queue was when packets came
	1003: {fields: []field{
		{name: "queue_index"}, {name: "queue_segment_size"}, {name: "queue_segments"}, {name: "queue_length_0"}, {name: "queue_length_1"},
		{name: "queue_length_2"}, {name: "queue_length_4"}, {name: "queue_length_8"}, {name: "queue_length_32"},
		{name: "queue_length_128"}, {name: "queue_length_1024"}, {name: "queue_length_more"}, {name: "queue_dropped"},
	}},
	// OpenFlow port, sflow.org/sflow_openflow.txt
	1004: {fields: []field{
		{name: "openflow_datapath_id", as: hyper}, {name: "openflow_port_no"},
	}},
	// Port name
	1005: {fields: []field{
		{name: "port_name", as: name},
	}},
}
