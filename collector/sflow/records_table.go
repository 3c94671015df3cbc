package sflow

// records are the records of flow samples whose values go to flow.ie, by format,
// enterprise and all. Their names are those of the documents, written with
// underscores; the structure stands in front where a name says too little alone.
var records = map[uint32]*layout{
	recordMPLSTunnel:    {fields: []field{{name: "mpls_tunnel_lsp_name", as: name}, {name: "mpls_tunnel_id"}, {name: "mpls_tunnel_cos"}}},
	recordMPLSVC:        {fields: []field{{name: "mpls_vc_instance_name", as: name}, {name: "mpls_vll_vc_id"}, {name: "mpls_vc_label_cos"}}},
	recordMPLSFTN:       {fields: []field{{name: "mpls_ftn_descr", as: name}, {name: "mpls_ftn_mask"}}},
	recordMPLSFEC:       {fields: []field{{name: "mpls_fec_addr_prefix_length"}}},
	recordOpenFlow:      {fields: []field{{name: "openflow_flow_cookie", as: hyper}, {name: "openflow_flow_match"}, {name: "openflow_flow_actions"}}},
	recordFC:            {fields: []field{{name: "fc_src_mask_len"}, {name: "fc_dst_mask_len"}, {name: "fc_next_hop"}, {name: "fc_metric"}}},
	recordQueueLength:   {fields: []field{{name: "queue_index"}, {name: "queue_length"}}},
	recordL2Egress:      outer2("l2_tunnel_egress_"),
	recordL2Ingress:     outer2("l2_tunnel_ingress_"),
	recordIPv4Egress:    outer3("ipv4_tunnel_egress_", inet4, "tos"),
	recordIPv4Ingress:   outer3("ipv4_tunnel_ingress_", inet4, "tos"),
	recordIPv6Egress:    outer3("ipv6_tunnel_egress_", inet6, "priority"),
	recordIPv6Ingress:   outer3("ipv6_tunnel_ingress_", inet6, "priority"),
	recordDecapEgress:   {fields: []field{{name: "decapsulate_egress_inner_header_offset"}}},
	recordDecapIngress:  {fields: []field{{name: "decapsulate_ingress_inner_header_offset"}}},
	recordVNIEgress:     {fields: []field{{name: "vni_egress"}}},
	recordVNIIngress:    {fields: []field{{name: "vni_ingress"}}},
	recordIBLRH:         {fields: ibRouting},
	recordIBGRH:         {fields: []field{{name: "ib_flow_label"}, {name: "ib_tc"}, {name: "ib_s_gid", as: identifier}, {name: "ib_d_gid", as: identifier}, {name: "ib_next_header"}, {name: "ib_length"}}},
	recordIBBTH:         {fields: []field{{name: "ib_pkey"}, {name: "ib_dst_qp"}, {name: "ib_opcode"}}},
	recordEgressQueue:   {fields: []field{{name: "egress_queue"}}},
	recordACL:           {fields: []field{{name: "acl_number"}, {name: "acl_name", as: name}, {name: "acl_direction"}}},
	recordFunction:      {fields: []field{{name: "function", as: name}}},
	recordTransit:       {fields: []field{{name: "transit_delay"}}}, // nanoseconds
	recordQueue:         {fields: []field{{name: "queue_depth"}}},   // bytes
	recordTrap:          {fields: []field{{name: "hw_trap_group", as: name}, {name: "hw_trap", as: name}}},
	recordLinuxReason:   {fields: []field{{name: "linux_drop_reason", as: name}}},
	recordTimestamp:     {fields: []field{{name: "timestamp_ns", as: hyper}}}, // Unix time
	recordNFS:           {fields: []field{{name: "nfs_path", as: name}, {name: "nfs_operation"}, {name: "nfs_status"}}},
	recordSCSI:          {fields: []field{{name: "scsi_lun"}, {name: "scsi_operation"}, {name: "scsi_status"}}},
	recordProxy4:        socket("proxy_socket_", inet4),
	recordProxy6:        socket("proxy_socket_", inet6),
	recordAppParent:     {fields: []field{{name: "app_parent_application", as: name}, {name: "app_parent_operation", as: name}, {name: "app_parent_attributes", as: name}}},
	recordAppInitiator:  {fields: []field{{name: "app_initiator", as: name}}},
	recordAppTarget:     {fields: []field{{name: "app_target", as: name}}},
	recordProxyRequest:  {fields: []field{{name: "proxy_request_uri", as: name}, {name: "proxy_request_host", as: name}}},
	recordNavTiming:     {fields: navTiming},
	recordTCPInfo:       {fields: tcpInfo},
	recordEntities:      {fields: []field{{name: "src_entity_ds_class"}, {name: "src_entity_ds_index"}, {name: "dst_entity_ds_class"}, {name: "dst_entity_ds_index"}}},
	recordBroadcomQueue: {fields: []field{{name: "bst_egress_queue"}}},
}

// outer2 is a sampled_ethernet, the outer frame of a tunnel.
func outer2(prefix string) *layout {
	return &layout{fields: []field{{name: prefix + "length"}, {name: prefix + "src_mac", as: hardware}, {name: prefix + "dst_mac", as: hardware}, {name: prefix + "type"}}}
}

// outer3 is a sampled_ipv4 or sampled_ipv6, the outer header of a tunnel.
func outer3(prefix string, address encoding, class string) *layout {
	return &layout{fields: []field{{name: prefix + "length"}, {name: prefix + "protocol"}, {name: prefix + "src_ip", as: address}, {name: prefix + "dst_ip", as: address},
		{name: prefix + "src_port"}, {name: prefix + "dst_port"}, {name: prefix + "tcp_flags"}, {name: prefix + class}}}
}

// socket is an extended_socket: both ends of a connection, as its host sees it.
func socket(prefix string, address encoding) *layout {
	return &layout{fields: []field{{name: prefix + "protocol"}, {name: prefix + "local_ip", as: address}, {name: prefix + "remote_ip", as: address},
		{name: prefix + "local_port"}, {name: prefix + "remote_port"}}}
}

var ibRouting = []field{{name: "ib_src_vl"}, {name: "ib_src_sl"}, {name: "ib_src_dlid"}, {name: "ib_src_slid"}, {name: "ib_src_lnh"},
	{name: "ib_dst_vl"}, {name: "ib_dst_sl"}, {name: "ib_dst_dlid"}, {name: "ib_dst_slid"}, {name: "ib_dst_lnh"}}

// navTiming is milliseconds, as a browser measured them (W3C Navigation Timing).
var navTiming = []field{{name: "nav_type"}, {name: "nav_redirect_count"}, {name: "nav_navigation_start"}, {name: "nav_unload_event_start"},
	{name: "nav_unload_event_end"}, {name: "nav_redirect_start"}, {name: "nav_redirect_end"}, {name: "nav_fetch_start"},
	{name: "nav_domain_lookup_start"}, {name: "nav_domain_lookup_end"}, {name: "nav_connect_start"}, {name: "nav_connect_end"},
	{name: "nav_secure_connection_start"}, {name: "nav_request_start"}, {name: "nav_response_start"}, {name: "nav_response_end"},
	{name: "nav_dom_loading"}, {name: "nav_dom_interactive"}, {name: "nav_dom_content_loaded_event_start"},
	{name: "nav_dom_content_loaded_event_end"}, {name: "nav_dom_complete"}, {name: "nav_load_event_start"}, {name: "nav_load_event_end"}}

// tcpInfo is what Linux says of a connection; times in microseconds.
var tcpInfo = []field{{name: "tcp_info_dir"}, {name: "tcp_info_snd_mss"}, {name: "tcp_info_rcv_mss"}, {name: "tcp_info_unacked"},
	{name: "tcp_info_lost"}, {name: "tcp_info_retrans"}, {name: "tcp_info_pmtu"}, {name: "tcp_info_rtt"}, {name: "tcp_info_rttvar"},
	{name: "tcp_info_snd_cwnd"}, {name: "tcp_info_reordering"}, {name: "tcp_info_min_rtt"}}
