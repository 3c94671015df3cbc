package sflow

// applicationStructures describe what runs on servers.
var applicationStructures = map[uint32]*layout{
	// Memcache server, as agents sent it before 2204
	2200: {fields: []field{
		{name: "memcache_uptime"}, {name: "memcache_rusage_user"}, {name: "memcache_rusage_system"},
		{name: "memcache_curr_connections"}, {name: "memcache_total_connections"}, {name: "memcache_connection_structures"},
		{name: "memcache_cmd_get"}, {name: "memcache_cmd_set"}, {name: "memcache_cmd_flush"}, {name: "memcache_get_hits"},
		{name: "memcache_get_misses"}, {name: "memcache_delete_misses"}, {name: "memcache_delete_hits"},
		{name: "memcache_incr_misses"}, {name: "memcache_incr_hits"}, {name: "memcache_decr_misses"}, {name: "memcache_decr_hits"},
		{name: "memcache_cas_misses"}, {name: "memcache_cas_hits"}, {name: "memcache_cas_badval"}, {name: "memcache_auth_cmds"},
		{name: "memcache_auth_errors"}, {name: "memcache_bytes_read", as: hyper}, {name: "memcache_bytes_written", as: hyper},
		{name: "memcache_limit_maxbytes"}, {name: "memcache_accepting_conns"}, {name: "memcache_listen_disabled_num"},
		{name: "memcache_threads"}, {name: "memcache_conn_yields"}, {name: "memcache_bytes", as: hyper}, {name: "memcache_curr_items"},
		{name: "memcache_total_items"}, {name: "memcache_evictions"},
	}},
	// HTTP server, sflow.org/sflow_http.txt
	2201: {fields: []field{
		{name: "http_method_option_count"}, {name: "http_method_get_count"}, {name: "http_method_head_count"},
		{name: "http_method_post_count"}, {name: "http_method_put_count"}, {name: "http_method_delete_count"},
		{name: "http_method_trace_count"}, {name: "http_method_connect_count"}, {name: "http_method_other_count"},
		{name: "http_status_1xx_count"}, {name: "http_status_2xx_count"}, {name: "http_status_3xx_count"},
		{name: "http_status_4xx_count"}, {name: "http_status_5xx_count"}, {name: "http_status_other_count"},
	}},
	// Application operations, sflow.org/sflow_application.txt
	2202: {fields: []field{
		{name: "app_application", as: name}, {name: "app_success"}, {name: "app_other"}, {name: "app_timeout"},
		{name: "app_internal_error"}, {name: "app_bad_request"}, {name: "app_forbidden"}, {name: "app_too_large"},
		{name: "app_not_implemented"}, {name: "app_not_found"}, {name: "app_unavailable"}, {name: "app_unauthorized"},
	}},
	// Application resources
	2203: {fields: []field{
		{name: "app_user_time"}, {name: "app_system_time"}, {name: "app_mem_used", as: hyper}, {name: "app_mem_max", as: hyper},
		{name: "app_fd_open"}, {name: "app_fd_max"}, {name: "app_conn_open"}, {name: "app_conn_max"},
	}},
	// Memcache server, sflow.org/sflow_memcache.txt
	2204: {fields: []field{
		{name: "memcache_cmd_set"}, {name: "memcache_cmd_touch"}, {name: "memcache_cmd_flush"}, {name: "memcache_get_hits"},
		{name: "memcache_get_misses"}, {name: "memcache_delete_hits"}, {name: "memcache_delete_misses"}, {name: "memcache_incr_hits"},
		{name: "memcache_incr_misses"}, {name: "memcache_decr_hits"}, {name: "memcache_decr_misses"}, {name: "memcache_cas_hits"},
		{name: "memcache_cas_misses"}, {name: "memcache_cas_badval"}, {name: "memcache_auth_cmds"}, {name: "memcache_auth_errors"},
		{name: "memcache_threads"}, {name: "memcache_conn_yields"}, {name: "memcache_listen_disabled_num"},
		{name: "memcache_curr_connections"}, {name: "memcache_rejected_connections"}, {name: "memcache_total_connections"},
		{name: "memcache_connection_structures"}, {name: "memcache_evictions"}, {name: "memcache_reclaimed"},
		{name: "memcache_curr_items"}, {name: "memcache_total_items"}, {name: "memcache_bytes_read", as: hyper},
		{name: "memcache_bytes_written", as: hyper}, {name: "memcache_bytes", as: hyper}, {name: "memcache_limit_maxbytes", as: hyper},
	}},
	// Application workers
	2206: {fields: []field{
		{name: "app_workers_active"}, {name: "app_workers_idle"}, {name: "app_workers_max"}, {name: "app_req_delayed"},
		{name: "app_req_dropped"},
	}},
	// Open vSwitch datapath
	2207: {fields: []field{
		{name: "ovs_dp_hits"}, {name: "ovs_dp_misses"}, {name: "ovs_dp_lost"}, {name: "ovs_dp_mask_hits"},
		{name: "ovs_dp_flows"}, {name: "ovs_dp_masks"},
	}},
}
