package sflow

// hostStructures describe servers: sflow.org/sflow_host.txt and
// sflow.org/sflow_host_ip.txt.
var hostStructures = map[uint32]*layout{
	// Host description, sflow.org/sflow_host.txt
	2000: {fields: []field{
		{name: "host_name", as: name}, {name: "host_uuid", as: identifier}, {name: "host_machine_type"}, {name: "host_os_name"},
		{name: "host_os_release", as: name},
	}},
	// Host adapters
	2001: {fields: []field{
		{name: "adapters", as: list, of: []field{
			{name: "adapter_if_index"}, {name: "adapter_macs", as: list, of: []field{{name: "adapter_mac", as: hardware}}},
		}},
	}},
	// Host parent
	2002: {fields: []field{
		{name: "host_parent_class"}, {name: "host_parent_index"},
	}},
	// Host CPU; the last three came later
	2003: {fields: []field{
		{name: "cpu_load_one", as: float}, {name: "cpu_load_five", as: float}, {name: "cpu_load_fifteen", as: float}, {name: "cpu_proc_run"},
		{name: "cpu_proc_total"}, {name: "cpu_num"}, {name: "cpu_speed"}, {name: "cpu_uptime"}, {name: "cpu_user"},
		{name: "cpu_nice"}, {name: "cpu_system"}, {name: "cpu_idle"}, {name: "cpu_wio"}, {name: "cpu_intr"},
		{name: "cpu_sintr"}, {name: "cpu_interrupts"}, {name: "cpu_contexts"}, {name: "cpu_steal"}, {name: "cpu_guest"},
		{name: "cpu_guest_nice"},
	}, need: 17},
	// Host memory
	2004: {fields: []field{
		{name: "mem_total", as: hyper}, {name: "mem_free", as: hyper}, {name: "mem_shared", as: hyper}, {name: "mem_buffers", as: hyper}, {name: "mem_cached", as: hyper},
		{name: "swap_total", as: hyper}, {name: "swap_free", as: hyper}, {name: "page_in"}, {name: "page_out"}, {name: "swap_in"},
		{name: "swap_out"},
	}},
	// Host disk
	2005: {fields: []field{
		{name: "disk_total", as: hyper}, {name: "disk_free", as: hyper}, {name: "disk_part_max_used"}, {name: "disk_reads"},
		{name: "disk_bytes_read", as: hyper}, {name: "disk_read_time"}, {name: "disk_writes"}, {name: "disk_bytes_written", as: hyper},
		{name: "disk_write_time"},
	}},
	// Host network
	2006: {fields: []field{
		{name: "net_bytes_in", as: hyper}, {name: "net_pkts_in"}, {name: "net_errs_in"}, {name: "net_drops_in"},
		{name: "net_bytes_out", as: hyper}, {name: "net_pkts_out"}, {name: "net_errs_out"}, {name: "net_drops_out"},
	}},
	// MIB-II IP group
	2007: {fields: []field{
		{name: "ip_forwarding"}, {name: "ip_default_ttl"}, {name: "ip_in_receives"}, {name: "ip_in_hdr_errors"},
		{name: "ip_in_addr_errors"}, {name: "ip_forw_datagrams"}, {name: "ip_in_unknown_protos"}, {name: "ip_in_discards"},
		{name: "ip_in_delivers"}, {name: "ip_out_requests"}, {name: "ip_out_discards"}, {name: "ip_out_no_routes"},
		{name: "ip_reasm_timeout"}, {name: "ip_reasm_reqds"}, {name: "ip_reasm_oks"}, {name: "ip_reasm_fails"},
		{name: "ip_frag_oks"}, {name: "ip_frag_fails"}, {name: "ip_frag_creates"},
	}},
	// MIB-II ICMP group
	2008: {fields: []field{
		{name: "icmp_in_msgs"}, {name: "icmp_in_errors"}, {name: "icmp_in_dest_unreachs"}, {name: "icmp_in_time_excds"},
		{name: "icmp_in_param_probs"}, {name: "icmp_in_src_quenchs"}, {name: "icmp_in_redirects"}, {name: "icmp_in_echos"},
		{name: "icmp_in_echo_reps"}, {name: "icmp_in_timestamps"}, {name: "icmp_in_addr_masks"},
		{name: "icmp_in_addr_mask_reps"}, {name: "icmp_out_msgs"}, {name: "icmp_out_errors"},
		{name: "icmp_out_dest_unreachs"}, {name: "icmp_out_time_excds"}, {name: "icmp_out_param_probs"},
		{name: "icmp_out_src_quenchs"}, {name: "icmp_out_redirects"}, {name: "icmp_out_echos"},
		{name: "icmp_out_echo_reps"}, {name: "icmp_out_timestamps"}, {name: "icmp_out_timestamp_reps"},
		{name: "icmp_out_addr_masks"}, {name: "icmp_out_addr_mask_reps"},
	}},
	// MIB-II TCP group
	2009: {fields: []field{
		{name: "tcp_rto_algorithm"}, {name: "tcp_rto_min"}, {name: "tcp_rto_max"}, {name: "tcp_max_conn"},
		{name: "tcp_active_opens"}, {name: "tcp_passive_opens"}, {name: "tcp_attempt_fails"}, {name: "tcp_estab_resets"},
		{name: "tcp_curr_estab"}, {name: "tcp_in_segs"}, {name: "tcp_out_segs"}, {name: "tcp_retrans_segs"},
		{name: "tcp_in_errs"}, {name: "tcp_out_rsts"}, {name: "tcp_in_csum_errs"},
	}},
	// MIB-II UDP group
	2010: {fields: []field{
		{name: "udp_in_datagrams"}, {name: "udp_no_ports"}, {name: "udp_in_errors"}, {name: "udp_out_datagrams"},
		{name: "udp_rcvbuf_errors"}, {name: "udp_sndbuf_errors"}, {name: "udp_in_csum_errors"},
	}},
	// Energy: millivolts, milliamperes, milliwatts, hundredths of a per cent,
	// millijoules (groups.google.com/g/sflow, "Energy management")
	3000: {fields: []field{
		{name: "energy_voltage"}, {name: "energy_current"}, {name: "energy_real_power"}, {name: "energy_power_factor", as: signed},
		{name: "energy_energy"}, {name: "energy_errors"},
	}},
	// Temperature, degrees Celsius
	3001: {fields: []field{
		{name: "temperature_minimum", as: signed}, {name: "temperature_maximum", as: signed}, {name: "temperature_errors"},
	}},
	// Humidity, per cent
	3002: {fields: []field{
		{name: "humidity_relative"},
	}},
	// Fans
	3003: {fields: []field{
		{name: "fans_total"}, {name: "fans_failed"}, {name: "fans_speed"},
	}},
}
