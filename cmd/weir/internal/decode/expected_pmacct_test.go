package decode

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// pmacctRules maps the primitives of pmacct's JSON. What it looks up elsewhere
// (BGP attributes, labels from its maps) has no place; addresses of exporters and
// times are those of its traffic reproducer, not the captures'.
var pmacctRules = map[string]rule{
	"label": nowhere, "peer_ip_src": nowhere, "mpls_vpn_rd": pmacctRD, "mpls_vpn_rd_origin": nowhere, "writer_id": nowhere, "flows": nowhere,
	"net_src": nowhere, "net_dst": nowhere, "timestamp_start": nowhere, "timestamp_end": nowhere, "srv6_seg_ipv6_list": nowhere,
	"comms": nowhere, "ecomms": nowhere, "lcomms": nowhere, "as_path": nowhere, "comms_src": nowhere, "ecomms_src": nowhere, "lcomms_src": nowhere, "as_path_src": nowhere,
	"iface_in": is("observer.ingress.interface.id"), "iface_out": is("observer.egress.interface.id"),
	"ip_src": is("flow.inner.source.ip", "source.ip"), "ip_dst": is("flow.inner.destination.ip", "destination.ip"),
	"port_src": pmacctPort("source.port"), "port_dst": pmacctPort("destination.port"), "tcp_flags": pmacctFlags, "ip_proto": pmacctProtocol, "tos": is("flow.tos"),
	"mask_src": zero("flow.source.prefix_length"), "mask_dst": zero("flow.destination.prefix_length"), "fwd_status": pmacctForwarding, "mpls_label_stack": pmacctLabels,
	"mac_src": zero("source.mac"), "mac_dst": zero("destination.mac"), "vlan_in": zero("network.vlan.id"), "cos": zero("flow.ie.dot1qPriority"), "etype": pmacctEtherType,
	"vrf_name": eitherVRF, "ingress_vrf_name": zero("flow.vrf.name"), "egress_vrf_name": zero("flow.vrf.egress_name"),
	"tunnel_ip_src": tunnelEnd("source.ip"), "tunnel_ip_dst": tunnelEnd("destination.ip"), "tunnel_ip_proto": nowhere, "tunnel_tos": nowhere, "tunnel_flow_label": nowhere,
	"tunnel_port_src": nowhere, "tunnel_port_dst": nowhere, "tunnel_tcp_flags": nowhere,
	"mpls_tl_ipv4_address": zero("flow.ie.mplsTopLabelIPv4Address"), "mpls_tl_prefix_length": zero("flow.ie.mplsTopLabelPrefixLength"), "mpls_tl_type": zero("flow.ie.mplsTopLabelType"),
	"vrf_id_ingress": is("flow.vrf.ingress_id"), "vrf_id_egress": zero("flow.vrf.egress_id"),
}

// pmacctKeys are the primitives that records are told apart by; the others are
// looked up, or summed.
var pmacctKeys = []string{"iface_in", "iface_out", "ip_src", "ip_dst", "port_src", "port_dst", "ip_proto", "tos", "mask_src", "mask_dst", "fwd_status", "mpls_label_stack",
	"mac_src", "mac_dst", "vlan_in", "cos", "etype", "tunnel_ip_src", "tunnel_ip_dst", "mpls_tl_ipv4_address", "mpls_tl_prefix_length", "mpls_tl_type", "vrf_id_ingress", "vrf_id_egress"}

// pmacctRD is type:administrator:number, or vrfid:id where there is none.
func pmacctRD(d doc, want any) (string, bool) {
	text := want.(string)
	if id, ok := strings.CutPrefix(text, "vrfid:"); ok {
		return is("flow.vrf.ingress_id")(d, id)
	}
	_, rd, _ := strings.Cut(text, ":")
	if rd == "0:0" {
		rd = ""
	}
	return zero("flow.vrf.route_distinguisher")(d, rd)
}

// eitherVRF is one name for what may be two VRFs.
func eitherVRF(d doc, want any) (string, bool) {
	if got, equal := zero("flow.vrf.egress_name")(d, want); equal {
		return got, true
	}
	return zero("flow.vrf.name")(d, want)
}

func tunnelEnd(name string) rule {
	return func(d doc, want any) (string, bool) {
		if want == "" {
			got, inner := d["flow.inner.source.ip"]
			return canonical(got), !inner
		}
		return is(name)(d, want)
	}
}

func pmacctPort(name string) rule {
	return func(d doc, want any) (string, bool) {
		if _, ok := d["flow.inner."+name]; ok {
			return is("flow.inner."+name)(d, want)
		}
		return port(name)(d, want)
	}
}

var protocolNumbers = map[string]string{"icmp": "1", "igmp": "2", "ipencap": "4", "tcp": "6", "udp": "17", "ipv6": "41", "gre": "47", "ipv6-icmp": "58", "ospf": "89", "pim": "103", "vrrp": "112"}

func pmacctProtocol(d doc, want any) (string, bool) {
	return is("flow.inner.iana_number", "network.iana_number")(d, protocolNumbers[want.(string)])
}

// pmacctFlags is in another order.
func pmacctFlags(d doc, want any) (string, bool) {
	return with(flagBits, is, "flow.tcp_flags")(d, flagBits(want))
}

// pmacctForwarding is IANA's name: class, then reason.
func pmacctForwarding(d doc, want any) (string, bool) {
	codes := map[string]string{"FORWARDED Unknown": "64", "CONSUMED For us": "195", "DROPPED Unroutable": "131", "CONSUMED Unknown": "192", "DROPPED Unknown": "128", "UNKNOWN Unclassified": "0", "CONSUMED Punt Adjacency": "193", "DROPPED Bad TTL": "137"}
	code, ok := codes[want.(string)]
	if !ok {
		return "no code for " + want.(string), false
	}
	return with(forwarding, is, "flow.forwarding_status")(d, code)
}

// pmacctLabels is a list of position-label.
func pmacctLabels(d doc, want any) (string, bool) {
	list := want.([]any)
	if len(list) == 0 {
		got, ok := d["flow.mpls.labels"]
		return canonical(got), !ok
	}
	labels := make([]any, len(list))
	for i := range list {
		_, label, _ := strings.Cut(list[i].(string), "-")
		labels[i] = label
	}
	return is("flow.mpls.labels")(d, labels)
}

func pmacctEtherType(d doc, want any) (string, bool) {
	n, err := strconv.ParseUint(want.(string), 16, 16)
	if err != nil {
		return err.Error(), false
	}
	if d["flow.ie.ethernetType"] == nil { // pmacct has it from the addresses
		return etherType(d, json.Number(strconv.FormatUint(n, 10)))
	}
	return is("flow.ie.ethernetType")(d, json.Number(strconv.FormatUint(n, 10)))
}

// jsonLines reads a document a line.
func jsonLines(t *testing.T, path string) (list []map[string]any) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	for in := json.NewDecoder(f); in.More(); {
		in.UseNumber()
		var v map[string]any
		if err := in.Decode(&v); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		list = append(list, v)
	}
	return list
}

var pmacctDifferent = explanations{
	"102 mpls_vpn_rd": {"pmacct has it from a map in its configuration, not from the flows", func(got, _ string) bool { return got == "absent" }},
}

// TestExpectedPmacct: pmacct sums up; each of its records must have flows of ours
// with the same keys, and the same sums.
func TestExpectedPmacct(t *testing.T) {
	dir, _ := index(t)
	j := newJudge(t, pmacctRules, pmacctDifferent)
	for _, set := range []struct {
		expected string
		files    []string
		scaled   bool // by the sampling rate
		routing  bool // prefix lengths are of pmacct's own routing table
	}{
		{"101-NFv9-CISCO-cust_primitives--output-flow-00.json", []string{"pmacct/cisco-asr9k-xr-nfv9-tpl313.pcap"}, false, false},
		{"102-NFv9-CISCO-f2rd-pretag-sampling-reload--output-flow-00.json", []string{"pmacct/cisco-asr9k-xr-nfv9-two-sourceids.pcap"}, false, false},
		{"104-IPFIXv10-IPv6-CISCO-sampling_option--output-flow-00.json", []string{"pmacct/cisco-asr9k-xr-ipfix-v6transport-sampling-option.pcap"}, true, false},
		{"111-IPFIXv10-NFv9-IPv6-IPv4-mix_sources--output-flow-00.json", []string{"pmacct/cisco-xr-nfv9-v6transport-mix-00.pcap", "pmacct/cisco-xr-ipfix-mix-01.pcap"}, false, true},
		{"401-IPFIXv10-BMP-IPv6-CISCO-MPLS-multiple-sources--output-flow-00.json", []string{"pmacct/cisco-xr7101-ipfix-bmp-v6-mpls-00.pcap", "pmacct/cisco-xr7101-ipfix-bmp-v6-mpls-01.pcap"}, false, true},
		{"402-IPFIXv10-BMP-IPv6-high-availability--output-flow-00.json", []string{"pmacct/cisco-xr7101-ipfix-bmp-v6-ha.pcap"}, false, true},
		{"403-IPFIXv10-BMP-IPv6-CISCO-locrib-peerdown-vrf--output-flow-00.json", []string{"pmacct/cisco-xr2441-ipfix-bmp-v6-vrf.pcap"}, false, true},
		{"501-IPFIXv10-BGP-IPv6-CISCO-MPLS--output-flow-00.json", []string{"pmacct/cisco-xr7101-ipfix-bgp-v6-mpls.pcap"}, false, true},
		{"502-IPFIXv10-BGP-IPv6-CISCO-SRv6-lcomms--output-flow-00.json", []string{"pmacct/cisco-xr7101-ipfix-bgp-v6-srv6-lcomms.pcap"}, false, true},
	} {
		list := traffic(docsOf(t, dir, "", nil, set.files))
		for i, want := range merged(jsonLines(t, filepath.Join(dir, "pmacct/expected", set.expected))) {
			if set.routing {
				delete(want, "mask_src")
				delete(want, "mask_dst")
			}
			place := set.expected[:3] + "#" + strconv.Itoa(i)
			group := j.group(list, want)
			if len(group) == 0 {
				d, _ := j.best(list, want)
				delete(want, "packets")
				delete(want, "bytes")
				j.compare(place, d, want)
				continue
			}
			sums := map[string]any{"packets": want["packets"], "bytes": want["bytes"]}
			delete(want, "packets")
			delete(want, "bytes")
			j.compare(place, withAllFlags(group), want)
			j.sums(place, group, sums, set.scaled)
		}
	}
	j.done("pmacct")
}

// merged lifts custom primitives and sums up records with equal keys, which pmacct
// has for each of its time bins.
func merged(list []map[string]any) (out []map[string]any) {
	at := map[string]map[string]any{}
	for _, r := range list {
		if custom, ok := r["custom_primitives"].(map[string]any); ok {
			delete(r, "custom_primitives")
			for name, v := range custom {
				r[name] = v
			}
		}
		var key strings.Builder
		for _, name := range pmacctKeys {
			fmt.Fprintf(&key, "%s;", canonical(r[name]))
		}
		first := at[key.String()]
		if first == nil {
			at[key.String()] = r
			out = append(out, r)
			continue
		}
		for _, name := range []string{"bytes", "packets"} {
			a, _ := first[name].(json.Number).Int64()
			b, _ := r[name].(json.Number).Int64()
			first[name] = json.Number(strconv.FormatInt(a+b, 10))
		}
		flags, _ := first["tcp_flags"].([]any)
		for _, flag := range r["tcp_flags"].([]any) {
			if !slices.Contains(flags, flag) {
				flags = append(flags, flag)
			}
		}
		first["tcp_flags"] = flags
	}
	return out
}

// withAllFlags is the first document with the flags of all, as pmacct has them.
func withAllFlags(group []doc) doc {
	d := maps.Clone(group[0])
	var flags []any
	for _, x := range group {
		list, _ := x["flow.tcp_flags"].([]any)
		for _, flag := range list {
			if !slices.Contains(flags, flag) {
				flags = append(flags, flag)
			}
		}
	}
	d["flow.tcp_flags"] = flags
	return d
}

// group gives the documents whose keys are all equal.
func (j *judge) group(list []doc, want map[string]any) (group []doc) {
	for _, d := range list {
		equal := true
		for _, name := range pmacctKeys {
			if v, ok := want[name]; ok && equal {
				_, equal = j.rules[name](d, v)
			}
		}
		if equal {
			group = append(group, d)
		}
	}
	return group
}

// sums compares the sums of a group's counters.
func (j *judge) sums(place string, group []doc, want map[string]any, scaled bool) {
	for _, name := range []string{"bytes", "packets"} {
		sum := int64(0)
		for _, d := range group {
			number, _ := d["network."+name].(json.Number)
			if n, ok := d["flow.sampling."+name].(json.Number); ok && !scaled {
				number = n
			}
			n, _ := number.Int64()
			sum += n
		}
		j.compareNumber(place, name, strconv.FormatInt(sum, 10), canonical(want[name]))
	}
}

func (j *judge) compareNumber(place, name, got, want string) {
	j.compared++
	if got == want {
		return
	}
	j.differ++
	if key := j.explained(place, name, got, want); key != "" {
		j.met[key] = true
		return
	}
	j.t.Errorf("%s: %s are %s together, expected %s", place, name, got, want)
}
