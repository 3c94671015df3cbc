package main

// counters5 is a quirk of one counter sample with a structure.
func counters5(name, about string, fields map[string]any, format uint32, body ...[]byte) quirk {
	counters := map[string]any{}
	for k, v := range fields {
		counters["flow.counters."+k] = v
	}
	return quirk{Name: "sflow-counters-" + name, About: about, datagrams: [][]byte{datagram5(1, item(2, u32(1), u32(3), u32(1), item(format, body...)))}, Wants: want{Counters: 1, Fields: counters}}
}

// upTo is the numbers from 1 to n, so that every counter has another value.
func upTo(n int) (b []byte) {
	for i := range n {
		b = join(b, u32(uint32(i+1)))
	}
	return b
}

// sflow5Counters is a datagram for each counter structure
// (sflow.org/developers/structures.php).
func sflow5Counters() []quirk {
	one := func(name string, v any) map[string]any { return map[string]any{name: v} }
	return []quirk{
		counters5("ethernet", "Ethernet interface", one("dot3_stats_symbol_errors", 13), 2, upTo(13)),
		counters5("token-ring", "token ring interface", one("dot5_stats_freq_errors", 18), 3, upTo(18)),
		counters5("vg", "100BaseVG interface: numbers of 32 and 64 bits in turn", map[string]any{"dot12_in_high_priority_octets": 2, "dot12_hc_out_high_priority_octets": 14}, 4,
			u32(1), u64(2), u32(3), u64(4), words(5, 6, 7, 8, 9), u64(10), u32(11), u64(12), u64(13), u64(14)),
		counters5("vlan", "VLAN", map[string]any{"vlan_id": 100, "vlan_octets": uint64(1 << 40), "vlan_discards": 6}, 5, u32(100), u64(1<<40), words(3, 4, 5, 6)),
		counters5("wlan", "802.11 interface", one("dot11_qos_cf_polls_lost_count", 20), 6, upTo(20)),
		counters5("lag", "link aggregation port: addresses, and four states in four octets", map[string]any{"lag_actor_system_id": "02-00-00-00-00-0A", "lag_partner_oper_state": 4, "lag_marker_response_pdus_tx": 8}, 7,
			mac6(10), mac6(11), u32(42), []byte{1, 2, 3, 4}, upTo(8)),
		counters5("slow-path", "packets that the hardware left to the processor", one("slow_path_cntrl", 6), 8, upTo(6)),
		counters5("infiniband", "InfiniBand port", one("ib_vl15_dropped", 12), 9, u64(100), u64(200), upTo(12)),
		counters5("optics", "an optical module with two lanes, at -5 degrees", map[string]any{"module_temperature": -5000, "lane_index": []any{1, 2}, "lane_rx_wavelength": []any{850, 851}}, 10,
			words(7, 2, 3300, 0xffffec78, 2), words(1, 6000, 500, 100, 900, 850, 400, 90, 800, 850), words(2, 6000, 500, 100, 900, 851, 400, 90, 800, 851)),
		counters5("processor", "processor and memory", map[string]any{"processor_cpu_5m": 30, "processor_free_memory": uint64(4 << 30)}, 1001, words(10, 20, 30), u64(8<<30), u64(4<<30)),
		counters5("radio", "use of a radio channel", one("radio_on_channel_busy_time", 3), 1002, upTo(3)),
		counters5("queue-length", "how full a queue was", one("queue_dropped", 13), 1003, upTo(13)),
		counters5("openflow-port", "OpenFlow port", map[string]any{"openflow_datapath_id": 255, "openflow_port_no": 3}, 1004, u64(255), u32(3)),
		counters5("port-name", "port name", one("port_name", "eth0"), 1005, xdr("eth0")),
		counters5("host", "host description; a release that is not known is left out", map[string]any{"host_name": "host-a", "host_uuid": "abababababababababababababababab", "host_os_release": nil}, 2000,
			xdr("host-a"), repeat(0xab, 16), words(3, 2), xdr("")),
		counters5("host-adapters", "two adapters, one with two addresses", map[string]any{"adapter_if_index": []any{2, 3}, "adapter_mac": []any{"02-00-00-00-00-01", "02-00-00-00-00-02"}}, 2001, words(2, 2, 2), mac6(1), mac6(2), words(3, 0)),
		counters5("host-adapters-lie", "a list that claims four thousand million adapters", one("adapter_if_index", 2), 2001, words(0xffffffff, 2, 0)).lies(),
		counters5("host-parent", "where a guest runs", one("host_parent_index", 7), 2002, words(2, 7)),
		counters5("host-cpu", "processor time, as agents sent it before guests were told apart", map[string]any{"cpu_load_one": 1.5, "cpu_contexts": 14}, 2003, words(0x3fc00000, 0, 0x3f000000), upTo(14)),
		counters5("host-memory", "memory", map[string]any{"swap_free": 7, "swap_out": 4}, 2004, u64(1), u64(2), u64(3), u64(4), u64(5), u64(6), u64(7), upTo(4)),
		counters5("host-disk", "disks", map[string]any{"disk_bytes_written": 8, "disk_write_time": 9}, 2005, u64(1), u64(2), words(3, 4), u64(5), words(6, 7), u64(8), u32(9)),
		counters5("host-net", "network", one("net_drops_out", 8), 2006, u64(1), words(2, 3, 4), u64(5), words(6, 7, 8)),
		counters5("host-ip", "IP", one("ip_frag_creates", 19), 2007, upTo(19)),
		counters5("host-icmp", "ICMP", one("icmp_out_addr_mask_reps", 25), 2008, upTo(25)),
		counters5("host-tcp", "TCP", one("tcp_in_csum_errs", 15), 2009, upTo(15)),
		counters5("host-udp", "UDP", one("udp_in_csum_errors", 7), 2010, upTo(7)),
		counters5("virtual-node", "hypervisor", one("virt_node_num_domains", 5), 2100, words(2400, 8), u64(1<<36), u64(1<<35), u32(5)),
		counters5("virtual-cpu", "guest's processors", one("virt_cpu_num", 3), 2101, upTo(3)),
		counters5("virtual-memory", "guest's memory", one("virt_mem_max", 2), 2102, u64(1), u64(2)),
		counters5("virtual-disk", "guest's disks", one("virt_disk_errs", 8), 2103, u64(1), u64(2), u64(3), u32(4), u64(5), u32(6), u64(7), u32(8)),
		counters5("virtual-net", "guest's network", one("virt_net_drops_out", 8), 2104, u64(1), words(2, 3, 4), u64(5), words(6, 7, 8)),
		counters5("jvm-runtime", "Java virtual machine", map[string]any{"jvm_vm_name": "OpenJDK", "jvm_vm_version": "21"}, 2105, xdr("OpenJDK"), xdr("Debian"), xdr("21")),
		counters5("jvm-statistics", "its heap, threads and collections", map[string]any{"jvm_non_heap_max": 8, "jvm_fd_max_count": 11}, 2106, u64(1), u64(2), u64(3), u64(4), u64(5), u64(6), u64(7), u64(8), upTo(11)),
		counters5("memcache-old", "memcache before 2204", map[string]any{"memcache_limit_maxbytes": 64, "memcache_bytes": 30, "memcache_evictions": 3}, 2200,
			upTo(22), u64(23), u64(24), words(64, 26, 27, 28, 29), u64(30), upTo(3)),
		counters5("http", "HTTP server", one("http_status_other_count", 15), 2201, upTo(15)),
		counters5("app-operations", "application's operations by status", map[string]any{"app_application": "shop", "app_unauthorized": 11}, 2202, xdr("shop"), upTo(11)),
		counters5("app-resources", "application's resources", one("app_conn_max", 8), 2203, words(1, 2), u64(3), u64(4), words(5, 6, 7, 8)),
		counters5("memcache", "memcache server", map[string]any{"memcache_total_items": 27, "memcache_limit_maxbytes": 31}, 2204, upTo(27), u64(28), u64(29), u64(30), u64(31)),
		counters5("app-workers", "application's workers", one("app_req_dropped", 5), 2206, upTo(5)),
		counters5("ovs-datapath", "Open vSwitch", one("ovs_dp_masks", 6), 2207, upTo(6)),
		counters5("energy", "energy, with a power factor of -95 %", map[string]any{"energy_power_factor": -9500, "energy_errors": 6}, 3000, words(1, 2, 3, 0xffffdae4, 5, 6)),
		counters5("temperature", "temperatures around zero", map[string]any{"temperature_minimum": -3, "temperature_maximum": 40}, 3001, words(0xfffffffd, 40, 0)),
		counters5("humidity", "humidity", one("humidity_relative", 45), 3002, u32(45)),
		counters5("fans", "fans", one("fans_failed", 2), 3003, words(6, 2, 3000)),
		counters5("broadcom-device", "Broadcom: buffers", map[string]any{"bst_uc_pc": 1, "bst_mc_pc": 2}, 4413<<12|1, upTo(2)),
		counters5("broadcom-port", "Broadcom: buffers of a port with two queues", map[string]any{"bst_egress_mc_pc": 4, "bst_egress_queue_uc_pc": []any{5, 6}, "bst_egress_queue_mc_pc": 7}, 4413<<12|2, upTo(4), words(2, 5, 6, 1, 7)),
		counters5("broadcom-tables", "Broadcom: tables", one("bcm_acl_egress_slices_max", 36), 4413<<12|3, upTo(36)),
		counters5("nvml", "NVIDIA: GPUs", map[string]any{"nvml_mem_free": 6, "nvml_fan_speed": 4}, 5703<<12|1, upTo(4), u64(5), u64(6), upTo(4)),
		counters5("unknown", "a structure that nobody knows keeps its bytes", one("structure_32473_5", "0000000100000002"), 32473<<12|5, words(1, 2)),
	}
}

// lies makes the quirk one whose sample contradicts itself.
func (q quirk) lies() quirk {
	q.Wants.Problems = []string{"bad_sample"}
	return q
}

func repeat(v byte, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = v
	}
	return b
}
