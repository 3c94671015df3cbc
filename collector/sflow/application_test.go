package sflow

import (
	"testing"

	"github.com/weirflow/weir/flow"
)

// TestTransactions reads samples of what applications did: no packet was sampled,
// and the record counts transactions, octets both ways.
func TestTransactions(t *testing.T) {
	socket4 := tagged(recordSocket4, 6, dst4.AsSlice(), src4.AsSlice(), 443, 40000)
	ends := map[flow.FieldID]any{flow.FieldSourceIP: src4, flow.FieldDestinationIP: dst4, flow.FieldSourcePort: uint16(40000), flow.FieldDestinationPort: uint16(443), flow.FieldNetworkIANANumber: uint8(6),
		flow.FieldNetworkType: "ipv4", flow.FieldFlowCount: uint64(400), flow.FieldNetworkPackets: nil}
	for _, test := range []struct {
		name, want string
		records    [][]byte
		fields     map[flow.FieldID]any
	}{
		{"HTTP", "http_protocol=1001 url=/a?b=c http_xff=198.51.100.1 http_mime_type=text/html http_duration_us=1500",
			[][]byte{tagged(recordHTTP, 2, 1001, "/a?b=c", "www.example.net", "http://example.org/", "curl/8", "198.51.100.1", "anna", "text/html", uint64(100), uint64(2000), 1500, 404), socket4},
			map[flow.FieldID]any{flow.FieldHTTPMethod: "GET", flow.FieldURLDomain: "www.example.net", flow.FieldURLPath: "/a", flow.FieldHTTPReferrer: "http://example.org/", flow.FieldUserAgent: "curl/8",
				flow.FieldUserName: "anna", flow.FieldHTTPStatus: uint16(404), flow.FieldNetworkProtocol: "http", flow.FieldSourceBytes: uint64(40_000), flow.FieldDestinationBytes: uint64(800_000),
				flow.FieldNetworkBytes: uint64(840_000), flow.FieldFlowSamplingBytes: uint64(2100)}},
		{"HTTP before it had a version", "http_mime_type=text/html http_duration_us=1500",
			[][]byte{tagged(recordHTTPOld, 4, "/a", "h", "", "", "", "", "text/html", uint64(0), uint64(0), 1500, 200), socket4},
			map[flow.FieldID]any{flow.FieldHTTPMethod: "POST", flow.FieldHTTPStatus: uint16(200), flow.FieldNetworkBytes: nil, flow.FieldUserName: nil}},
		{"a method and a status that are unknown", "http_protocol=2000 http_duration_us=1",
			[][]byte{tagged(recordHTTP, 99, 2000, "", "", "", "", "", "", "", uint64(0), uint64(0), 1, -1), socket4}, map[flow.FieldID]any{flow.FieldHTTPMethod: nil, flow.FieldHTTPStatus: nil}},
		{"transaction of a client", "transaction_wait_us=1 transaction_duration_us=2 transaction_status=0",
			[][]byte{tagged(recordTransaction, 1, 1, 2, 0, uint64(2000), uint64(100)), tagged(recordHTTPTransaction, "/x", "h", "", "", "", 200), socket4},
			map[flow.FieldID]any{flow.FieldSourceBytes: uint64(40_000), flow.FieldDestinationBytes: uint64(800_000), flow.FieldHTTPStatus: uint16(200), flow.FieldURLPath: "/x"}},
		{"application", "app_operation=pay app_attributes=cc=visa app_status_descr=no funds app_duration_us=7 app_status=5 app_parent_application=shop app_parent_operation=order app_initiator=c17 app_target=v4",
			[][]byte{tagged(recordAppParent, "shop", "order", ""), tagged(recordAppInitiator, "c17"), tagged(recordAppTarget, "v4"),
				tagged(recordAppOperation, "payment", "pay", "cc=visa", "no funds", uint64(10), uint64(20), 7, 5), socket4},
			map[flow.FieldID]any{flow.FieldNetworkApplication: "payment", flow.FieldNetworkBytes: uint64(12_000)}},
		{"memcache", "memcache_protocol=2 memcache_cmd=7 memcache_key=user:1 memcache_nkeys=1 memcache_value_bytes=512 memcache_duration_us=30 memcache_status=1",
			[][]byte{tagged(recordMemcache, 2, 7, "user:1", 1, 512, 30, 1), socket4}, map[flow.FieldID]any{flow.FieldNetworkProtocol: "memcache"}},
		{"storage", "nfs_path=/export/a nfs_operation=25 nfs_status=0 scsi_lun=1 scsi_operation=40 scsi_status=0 transaction_wait_us=0 transaction_duration_us=9 transaction_status=0",
			[][]byte{tagged(recordTransaction, 2, 0, 9, 0, uint64(1), uint64(2)), tagged(recordNFS, "/export/a", 25, 0), tagged(recordSCSI, 1, 40, 0), socket4}, nil},
		{"proxy", "proxy_socket_protocol=6 proxy_socket_local_ip=2001:db8::10 proxy_socket_remote_ip=2001:db8:1::20 proxy_socket_local_port=1 proxy_socket_remote_port=80 proxy_request_uri=/b proxy_request_host=back" +
			" nfs_path=/x nfs_operation=1 nfs_status=0 http_protocol=1001 http_duration_us=1",
			[][]byte{tagged(recordProxy6, 6, src6.AsSlice(), dst6.AsSlice(), 1, 80), tagged(recordProxyRequest, "/b", "back"), tagged(recordNFS, "/x", 1, 0),
				tagged(recordHTTP, 2, 1001, "/", "front", "", "", "", "", "", uint64(0), uint64(1), 1, 200), socket4}, map[flow.FieldID]any{flow.FieldURLDomain: "front"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := one(t, datagram(flowOf(test.records...)))
			want := test.want
			if got := extras(r); !sameWords(got, want) {
				t.Errorf("got\n%s, want\n%s", got, want)
			}
			checkFields(t, r, ends)
			checkFields(t, r, test.fields)
		})
	}
	r := one(t, datagram(flowOf(tagged(recordSocket6, 17, src6.AsSlice(), dst6.AsSlice(), 53, 5353))))
	checkFields(t, r, map[flow.FieldID]any{flow.FieldSourceIP: dst6, flow.FieldDestinationIP: src6, flow.FieldSourcePort: uint16(5353), flow.FieldNetworkType: "ipv6"})
}
