package sflow

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/weirflow/weir/flow"
)

// TestLayouts checks the tables of structures and records with the sizes that the
// documents give, and that a name stands for one value only.
func TestLayouts(t *testing.T) {
	counters := map[uint32]int{1: 88, 2: 52, 3: 72, 4: 80, 5: 28, 6: 80, 7: 56, 8: 24, 9: 64, 1001: 28, 1002: 12, 1003: 52, 1004: 12, 2002: 8, 2003: 80, 2004: 72, 2005: 52, 2006: 40,
		2007: 76, 2008: 100, 2009: 60, 2010: 28, 2100: 28, 2101: 12, 2102: 16, 2103: 52, 2104: 40, 2106: 108, 2200: 144, 2201: 60, 2203: 40, 2204: 140, 2206: 20, 2207: 24, 3000: 24, 3001: 12, 3002: 4, 3003: 12,
		broadcom | 1: 8, broadcom | 3: 144, nvidia | 1: 48}
	flows := map[uint32]int{1011: 4, 1017: 16, 1018: 16, 1019: 8, 1021: 24, 1022: 24, 1023: 32, 1024: 32, 1025: 56, 1026: 56, 1027: 4, 1028: 4, 1029: 4, 1030: 4, 1031: 40, 1032: 48, 1033: 12,
		1036: 4, 1039: 4, 1040: 4, 1043: 8, 2002: 12, 2102: 20, 2103: 44, 2208: 92, 2209: 48, 2210: 16, broadcom | 1: 4}
	// Two versions of a structure, and addresses of two sizes.
	same := strings.NewReplacer("2204", "2200", "2103", "2102", "1025", "1023", "1026", "1024")
	for what, table := range map[string]map[uint32]*layout{"structure": structures, "record": records} {
		sizes := counters
		if what == "record" {
			sizes = flows
		}
		seen := map[string]string{}
		for format, l := range table {
			id := same.Replace(formatName(format))
			total, fixed := 0, true
			for _, f := range flat(l.fields) {
				if other, ok := seen[f.name]; ok && other != id {
					t.Errorf("%s is in %ss %s and %s", f.name, what, other, id)
				}
				seen[f.name] = id
				total += fixedSize[f.as]
				fixed = fixed && fixedSize[f.as] > 0
			}
			if want, ok := sizes[format]; fixed && (total != want || !ok) {
				t.Errorf("%s %s has %d bytes, want %d", what, id, total, want)
			}
			if l.need > len(l.fields) || len(l.fields) > maxExtra-2 {
				t.Errorf("%s %s needs %d of %d fields", what, id, l.need, len(l.fields))
			}
			if slot, ok := slotOf(format); ok && what == "record" {
				t.Errorf("record %s has a layout, and slot %d", id, slot)
			}
		}
		for format := range sizes {
			if table[format] == nil {
				t.Errorf("%s %s is missing", what, formatName(format))
			}
		}
	}
}

func formatName(format uint32) string {
	return NewDecoder(DefaultConfig()).unknownName(unknownRecord, "", format)[len("_0_"):]
}

// flat gives the fields with those of their lists, and the lists.
func flat(fields []field) (all []field) {
	for _, f := range fields {
		all = append(all, f)
		all = append(all, flat(f.of)...)
	}
	return all
}

// TestStructureValues reads structures with values that are not plain numbers.
func TestStructureValues(t *testing.T) {
	for _, test := range []struct {
		name, want string
		structure  []byte
	}{
		{"host adapters", "adapter_if_index=2 adapter_mac=02-00-00-00-00-50 adapter_mac=02-00-00-00-00-D0 adapter_if_index=3",
			tagged(2001, 2, 2, 2, srcMAC[:], u16(0), dstMAC[:], u16(0), 3, 0)},
		{"optical module", "module_id=7 module_num_lanes=4 module_supply_voltage=3300 module_temperature=-5000" +
			" lane_index=1 lane_tx_bias_current=6000 lane_tx_power=500 lane_tx_power_min=100 lane_tx_power_max=900 lane_tx_wavelength=850" +
			" lane_rx_power=400 lane_rx_power_min=90 lane_rx_power_max=800 lane_rx_wavelength=850",
			tagged(10, 7, 4, 3300, -5000, 1, 1, 6000, 500, 100, 900, 850, 400, 90, 800, 850)},
		{"Java", "jvm_vm_name=OpenJDK jvm_vm_version=21", tagged(2105, "OpenJDK", "", "21")},
		{"application", "app_application=shop app_success=10 app_other=0 app_timeout=1 app_internal_error=2 app_bad_request=3 app_forbidden=4 app_too_large=5 app_not_implemented=6" +
			" app_not_found=7 app_unavailable=8 app_unauthorized=9", tagged(2202, "shop", 10, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9)},
		{"buffers", "bst_ingress_uc_pc=1 bst_ingress_mc_pc=-1 bst_egress_uc_pc=3 bst_egress_mc_pc=4 bst_egress_queue_uc_pc=5 bst_egress_queue_uc_pc=6 bst_egress_queue_mc_pc=7",
			tagged(broadcom|2, 1, -1, 3, 4, 2, 5, 6, 1, 7)},
		{"GPU", "nvml_device_count=2 nvml_processes=1 nvml_gpu_time=10 nvml_mem_time=20 nvml_mem_total=68719476736 nvml_mem_free=1 nvml_ecc_errors=0 nvml_energy=5 nvml_temperature=60 nvml_fan_speed=30",
			tagged(nvidia|1, 2, 1, 10, 20, uint64(64<<30), uint64(1), 0, 5, 60, 30)},
	} {
		r := one(t, datagram(tagged(formatCounters, 1, 5, 1, test.structure)))
		if got, want := extras(r), "source_id_class=0 source_id_index=5 "+test.want; got != want {
			t.Errorf("%s:\n%s, want\n%s", test.name, got, want)
		}
	}
}

// TestRecordValues reads the records that go to elements, and those of which a
// part does.
func TestRecordValues(t *testing.T) {
	a4, b4 := src4.AsSlice(), dst4.AsSlice()
	for _, test := range []struct {
		name, want string
		records    [][]byte
		fields     map[flow.FieldID]any
	}{
		{"MPLS", "mpls_tunnel_lsp_name=to-fra mpls_tunnel_id=7 mpls_tunnel_cos=3 mpls_vc_instance_name=vc1 mpls_vll_vc_id=8 mpls_vc_label_cos=4 mpls_ftn_descr=ftn mpls_ftn_mask=5 mpls_fec_addr_prefix_length=24",
			[][]byte{tagged(recordMPLSTunnel, "to-fra", 7, 3), tagged(recordMPLSVC, "vc1", 8, 4), tagged(recordMPLSFTN, "ftn", 5), tagged(recordMPLSFEC, 24)}, nil},
		{"VLAN tunnel", "vlan_tunnel=300 vlan_tunnel=40", [][]byte{tagged(recordVLANTunnel, 2, uint32(0x88a8<<16|300), uint32(0x8100<<16|40))},
			map[flow.FieldID]any{flow.FieldNetworkVLANID: uint16(300), flow.FieldNetworkInnerVLANID: uint16(40)}},
		{"a tag that was taken off stands before the header's", "vlan_tunnel=300",
			[][]byte{rawHeader(headerEthernet, ethernetFrame(etherVLAN, u16(77, etherIPv4), packet4(protoTCP, 0, tcpHeader))), tagged(recordVLANTunnel, 1, uint32(0x88a8<<16|300))},
			map[flow.FieldID]any{flow.FieldNetworkVLANID: uint16(300), flow.FieldNetworkInnerVLANID: uint16(77)}},
		{"VLANs in and out", "vlan_in=10 vlan_in=11 vlan_out=20", [][]byte{tagged(recordVLANIn, 2, uint32(0x88a8<<16|10), uint32(0x8100<<16|11)), tagged(recordVLANOut, 1, uint32(0x8100<<16|20))},
			map[flow.FieldID]any{flow.FieldIngressVLANID: uint16(10), flow.FieldEgressVLANID: uint16(20), flow.FieldNetworkVLANID: uint16(10), flow.FieldNetworkInnerVLANID: uint16(11)}},
		{"priorities", "src_priority=5 dst_priority=6", [][]byte{tagged(recordSwitch, 10, 5, 20, 6)}, nil},
		{"unknown priorities", "", [][]byte{tagged(recordSwitch, 10, -1, 20, 0)}, nil},
		{"802.11 received", "wlan_version=4 wlanChannelId=36 wlan_speed=300000000 wlan_rsni=30 wlan_rcpi=40 wlan_packet_duration=120",
			[][]byte{tagged(recordWLANRx, "guests", dstMAC[:], u16(0), 4, 36, uint64(300e6), 30, 40, 120)}, map[flow.FieldID]any{flow.FieldNetworkName: "guests", flow.FieldFlowAccessPointMAC: dstMAC}},
		{"802.11 sent, addresses not padded", "wlan_version=4 wlan_transmissions=2 wlan_packet_duration=120 wlan_retrans_duration=60 wlanChannelId=6 wlan_speed=54000000 wlan_power=100",
			[][]byte{tagged(recordWLANTx, "guests", dstMAC[:], 4, 2, 120, 60, 6, uint64(54e6), 100)}, map[flow.FieldID]any{flow.FieldFlowAccessPointMAC: dstMAC}},
		{"802.11 payload", "wlan_cipher_suite=4", [][]byte{tagged(recordWLANPayload, 4, string(join([]byte{0xaa, 0xaa, 3, 0, 0, 0}, u16(etherIPv4), packet4(protoTCP, 0, tcpHeader))))},
			map[flow.FieldID]any{flow.FieldSourceIP: src4, flow.FieldDestinationPort: uint16(443), flow.FieldNetworkBytes: uint64(40 * 400)}},
		{"802.11 aggregation", "wlan_pdus=2", [][]byte{tagged(recordWLANAggregation, 2, 1, rawHeader(headerIPv4, packet4(protoTCP, 0, tcpHeader)), 1, rawHeader(headerIPv4, packet4(protoUDP, 0, udpHeader)))},
			map[flow.FieldID]any{flow.FieldSourcePort: uint16(40000)}},
		{"tunnels", "l2_tunnel_egress_length=64 l2_tunnel_egress_src_mac=02-00-00-00-00-50 l2_tunnel_egress_dst_mac=02-00-00-00-00-D0 l2_tunnel_egress_type=2048" +
			" ipv4_tunnel_ingress_length=100 ipv4_tunnel_ingress_protocol=17 ipv4_tunnel_ingress_src_ip=192.0.2.10 ipv4_tunnel_ingress_dst_ip=203.0.113.20 ipv4_tunnel_ingress_src_port=1" +
			" ipv4_tunnel_ingress_dst_port=4789 ipv4_tunnel_ingress_tcp_flags=0 ipv4_tunnel_ingress_tos=8",
			[][]byte{tagged(recordL2Egress, 64, srcMAC[:], u16(0), dstMAC[:], u16(0), 0x800), tagged(recordIPv4Ingress, 100, 17, a4, b4, 1, 4789, 0, 8)}, nil},
		{"networks", "vni_egress=9", [][]byte{tagged(recordVNIEgress, 9)}, map[flow.FieldID]any{flow.FieldFlowTunnelID: uint64(9)}},
		{"drop details", "acl_number=110 acl_name=deny-all acl_direction=1 egress_queue=3 function=ip_rcv transit_delay=1500 queue_depth=900 hw_trap_group=l3_drops hw_trap=ttl_value_is_too_small linux_drop_reason=NO_SOCKET",
			[][]byte{tagged(recordACL, 110, "deny-all", 1), tagged(recordEgressQueue, 3), tagged(recordFunction, "ip_rcv"), tagged(recordTransit, 1500), tagged(recordQueue, 900),
				tagged(recordTrap, "l3_drops", "ttl_value_is_too_small"), tagged(recordLinuxReason, "NO_SOCKET")}, map[flow.FieldID]any{flow.FieldRuleName: "deny-all"}},
		{"other fabrics", "openflow_flow_cookie=1 openflow_flow_match=2 openflow_flow_actions=3 fc_src_mask_len=8 fc_dst_mask_len=16 fc_next_hop=65536 fc_metric=7 queue_index=1 queue_length=2 ib_pkey=1 ib_dst_qp=2 ib_opcode=3",
			[][]byte{tagged(recordOpenFlow, uint64(1), 2, 3), tagged(recordFC, 8, 16, 1<<16, 7), tagged(recordQueueLength, 1, 2), tagged(recordIBBTH, 1, 2, 3)}, nil},
		{"connection", "tcp_info_dir=1 tcp_info_snd_mss=1448 tcp_info_rcv_mss=1448 tcp_info_unacked=2 tcp_info_lost=0 tcp_info_retrans=1 tcp_info_pmtu=1500 tcp_info_rtt=250 tcp_info_rttvar=50 tcp_info_snd_cwnd=10 tcp_info_reordering=3 tcp_info_min_rtt=200" +
			" src_entity_ds_class=3 src_entity_ds_index=100 dst_entity_ds_class=0 dst_entity_ds_index=0" +
			" socket_protocol=6 socket_local_ip=203.0.113.20 socket_remote_ip=192.0.2.10 socket_local_port=443 socket_remote_port=40000",
			[][]byte{tagged(recordTCPInfo, 1, 1448, 1448, 2, 0, 1, 1500, 250, 50, 10, 3, 200), tagged(recordEntities, 3, 100, 0, 0), rawHeader(headerIPv4, packet4(protoTCP, 0, tcpHeader)),
				tagged(recordSocket4, 6, b4, a4, 443, 40000)}, map[flow.FieldID]any{flow.FieldSourceIP: src4}},
		{"an address that was not translated", "", [][]byte{rawHeader(headerIPv4, packet4(protoTCP, 0, tcpHeader)), tagged(recordNAT, netip.MustParseAddr("198.51.100.9"), dst4), tagged(recordNATPort, 40000, 8443)},
			map[flow.FieldID]any{flow.FieldSourceNATIP: netip.MustParseAddr("198.51.100.9"), flow.FieldDestinationNATPort: uint16(8443), flow.FieldDestinationNATIP: nil, flow.FieldSourceNATPort: nil}},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := one(t, datagram(flowOf(test.records...)))
			if got := extras(r); got != test.want {
				t.Errorf("got\n%s, want\n%s", got, test.want)
			}
			checkFields(t, r, test.fields)
		})
	}
}

// checkFields compares fields; nil is one that must be absent.
func checkFields(t *testing.T, r *flow.Record, want map[flow.FieldID]any) {
	t.Helper()
	fields := values(r)
	for id, v := range want {
		if v == nil {
			if r.Has(id) {
				t.Errorf("%s is there: %v", id, fields[id])
			}
			continue
		}
		if got := fields[id]; !r.Has(id) || !equal(got, v) {
			t.Errorf("%s = %v (present %t), want %v", id, got, r.Has(id), v)
		}
	}
}
