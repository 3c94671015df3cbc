package sflow

// virtualStructures describe hypervisors, their guests, and Java virtual machines
// (sflow.org/sflow_jvm.txt).
var virtualStructures = map[uint32]*layout{
	// Virtual node
	2100: {fields: []field{
		{name: "virt_node_mhz"}, {name: "virt_node_cpus"}, {name: "virt_node_memory", as: hyper}, {name: "virt_node_memory_free", as: hyper},
		{name: "virt_node_num_domains"},
	}},
	// Virtual CPU
	2101: {fields: []field{
		{name: "virt_cpu_state"}, {name: "virt_cpu_time"}, {name: "virt_cpu_num"},
	}},
	// Virtual memory
	2102: {fields: []field{
		{name: "virt_mem_used", as: hyper}, {name: "virt_mem_max", as: hyper},
	}},
	// Virtual disk
	2103: {fields: []field{
		{name: "virt_disk_capacity", as: hyper}, {name: "virt_disk_allocation", as: hyper}, {name: "virt_disk_available", as: hyper},
		{name: "virt_disk_rd_req"}, {name: "virt_disk_rd_bytes", as: hyper}, {name: "virt_disk_wr_req"}, {name: "virt_disk_wr_bytes", as: hyper},
		{name: "virt_disk_errs"},
	}},
	// Virtual network
	2104: {fields: []field{
		{name: "virt_net_bytes_in", as: hyper}, {name: "virt_net_pkts_in"}, {name: "virt_net_errs_in"}, {name: "virt_net_drops_in"},
		{name: "virt_net_bytes_out", as: hyper}, {name: "virt_net_pkts_out"}, {name: "virt_net_errs_out"},
		{name: "virt_net_drops_out"},
	}},
	// Java virtual machine: what it is, and how it does
	2105: {fields: []field{
		{name: "jvm_vm_name", as: name}, {name: "jvm_vm_vendor", as: name}, {name: "jvm_vm_version", as: name},
	}},
	2106: {fields: []field{
		{name: "jvm_heap_initial", as: hyper}, {name: "jvm_heap_used", as: hyper}, {name: "jvm_heap_committed", as: hyper},
		{name: "jvm_heap_max", as: hyper}, {name: "jvm_non_heap_initial", as: hyper}, {name: "jvm_non_heap_used", as: hyper},
		{name: "jvm_non_heap_committed", as: hyper}, {name: "jvm_non_heap_max", as: hyper}, {name: "jvm_gc_count"}, {name: "jvm_gc_time"},
		{name: "jvm_classes_loaded"}, {name: "jvm_classes_total"}, {name: "jvm_classes_unloaded"}, {name: "jvm_compilation_time"},
		{name: "jvm_thread_num_live"}, {name: "jvm_thread_num_daemon"}, {name: "jvm_thread_num_started"}, {name: "jvm_fd_open_count"},
		{name: "jvm_fd_max_count"},
	}},
}
