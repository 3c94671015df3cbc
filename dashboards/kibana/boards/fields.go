package boards

import (
	"strings"

	"github.com/weirflow/weir/dashboards/kibana/savedobject"
	"github.com/weirflow/weir/flow/catalogue"
)

// statusFields are those of the documents about exporters and the collector.
func statusFields() []savedobject.Field {
	var list []savedobject.Field
	for i := range catalogue.Status {
		f := &catalogue.Status[i]
		list = append(list, savedobject.Field{Name: f.Path(), Type: f.StoreType(), Format: format(f.Path(), f.Type, f.StoreType(), f.Unit)})
	}
	return list
}

// rejectedFields are those that indexer/elastic writes about documents that the
// server refused.
func rejectedFields() []savedobject.Field {
	return []savedobject.Field{
		{Name: "@timestamp", Type: "date"}, {Name: "event.kind", Type: "keyword"},
		{Name: "event.original", Type: "text", Unsearchable: true},
		{Name: "error.type", Type: "keyword"}, {Name: "error.code", Type: "keyword"}, {Name: "error.message", Type: "text"},
	}
}

// counterFields are the counters of sFlow's interface, processor and host
// structures, by the names that collector/sflow gives them. A sample may have
// others; they are in the documents, and a refresh of the data view's fields
// brings them in.
func counterFields() []savedobject.Field {
	var list []savedobject.Field
	add := func(kind string, format savedobject.Format, names string) {
		for _, name := range strings.Fields(names) {
			list = append(list, savedobject.Field{Name: "flow.counters." + name, Type: kind, Format: format})
		}
	}
	add("keyword", savedobject.Format{}, "port_name host_name host_uuid host_os_release")
	add("double", savedobject.Format{}, "cpu_load_one cpu_load_five cpu_load_fifteen")
	add("long", savedobject.Plain, `source_id_class source_id_index if_index if_type if_direction if_status if_promiscuous_mode
		host_machine_type host_os_name`)
	add("long", savedobject.Bytes, `if_in_octets if_out_octets mem_total mem_free mem_shared mem_buffers mem_cached swap_total swap_free
		disk_total disk_free disk_bytes_read disk_bytes_written net_bytes_in net_bytes_out processor_total_memory processor_free_memory`)
	add("long", savedobject.Duration("milliseconds"), `cpu_user cpu_nice cpu_system cpu_idle cpu_wio cpu_intr cpu_sintr cpu_steal
		cpu_guest cpu_guest_nice disk_read_time disk_write_time`)
	add("long", savedobject.Age, "cpu_uptime")
	add("long", savedobject.Count, `if_speed if_in_ucast_pkts if_in_multicast_pkts if_in_broadcast_pkts if_in_discards if_in_errors
		if_in_unknown_protos if_out_ucast_pkts if_out_multicast_pkts if_out_broadcast_pkts if_out_discards if_out_errors
		cpu_proc_run cpu_proc_total cpu_num cpu_speed cpu_interrupts cpu_contexts page_in page_out swap_in swap_out
		disk_part_max_used disk_reads disk_writes net_pkts_in net_errs_in net_drops_in net_pkts_out net_errs_out net_drops_out
		processor_cpu_5s processor_cpu_1m processor_cpu_5m tcp_curr_estab tcp_retrans_segs udp_rcvbuf_errors`)
	return list
}
