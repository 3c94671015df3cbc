package sflow

// Enterprises that have structures of their own (IANA's private enterprise
// numbers).
const (
	broadcom = 4413 << 12
	nvidia   = 5703 << 12
)

// vendorStructures are those of enterprises: sflow.org/sflow_broadcom_bst.txt,
// sflow.org/sflow_broadcom_tables.txt and sflow.org/sflow_nvml.txt.
var vendorStructures = map[uint32]*layout{
	// Broadcom: buffers of the device
	broadcom | 1: {fields: []field{
		{name: "bst_uc_pc", as: signed}, {name: "bst_mc_pc", as: signed},
	}},
	// Broadcom: buffers of a port and of its queues
	broadcom | 2: {fields: []field{
		{name: "bst_ingress_uc_pc", as: signed}, {name: "bst_ingress_mc_pc", as: signed}, {name: "bst_egress_uc_pc", as: signed},
		{name: "bst_egress_mc_pc", as: signed},
		{name: "bst_egress_queues_uc", as: list, of: []field{{name: "bst_egress_queue_uc_pc", as: signed}}},
		{name: "bst_egress_queues_mc", as: list, of: []field{{name: "bst_egress_queue_mc_pc", as: signed}}},
	}},
	// Broadcom: tables of the switch
	broadcom | 3: {fields: []field{
		{name: "bcm_host_entries"}, {name: "bcm_host_entries_max"}, {name: "bcm_ipv4_entries"}, {name: "bcm_ipv4_entries_max"},
		{name: "bcm_ipv6_entries"}, {name: "bcm_ipv6_entries_max"}, {name: "bcm_ipv4_ipv6_entries"},
		{name: "bcm_ipv4_ipv6_entries_max"}, {name: "bcm_long_ipv6_entries"}, {name: "bcm_long_ipv6_entries_max"},
		{name: "bcm_total_routes"}, {name: "bcm_total_routes_max"}, {name: "bcm_ecmp_nexthops"}, {name: "bcm_ecmp_nexthops_max"},
		{name: "bcm_mac_entries"}, {name: "bcm_mac_entries_max"}, {name: "bcm_ipv4_neighbors"}, {name: "bcm_ipv6_neighbors"},
		{name: "bcm_ipv4_routes"}, {name: "bcm_ipv6_routes"}, {name: "bcm_acl_ingress_entries"}, {name: "bcm_acl_ingress_entries_max"},
		{name: "bcm_acl_ingress_counters"}, {name: "bcm_acl_ingress_counters_max"}, {name: "bcm_acl_ingress_meters"},
		{name: "bcm_acl_ingress_meters_max"}, {name: "bcm_acl_ingress_slices"}, {name: "bcm_acl_ingress_slices_max"},
		{name: "bcm_acl_egress_entries"}, {name: "bcm_acl_egress_entries_max"}, {name: "bcm_acl_egress_counters"},
		{name: "bcm_acl_egress_counters_max"}, {name: "bcm_acl_egress_meters"}, {name: "bcm_acl_egress_meters_max"},
		{name: "bcm_acl_egress_slices"}, {name: "bcm_acl_egress_slices_max"},
	}},
	// NVIDIA management library: all GPUs of a host
	nvidia | 1: {fields: []field{
		{name: "nvml_device_count"}, {name: "nvml_processes"}, {name: "nvml_gpu_time"}, {name: "nvml_mem_time"},
		{name: "nvml_mem_total", as: hyper}, {name: "nvml_mem_free", as: hyper}, {name: "nvml_ecc_errors"}, {name: "nvml_energy"},
		{name: "nvml_temperature"}, {name: "nvml_fan_speed"},
	}},
}
