package decode

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// akvoradoRules maps the columns of akvorado's schema.
var akvoradoRules = map[string]rule{
	"TimeReceived": nowhere, "ExporterAddress": nowhere, // its tests invent both
	"SamplingRate": is("flow.sampling.rate"), "SrcAddr": is("source.ip"), "DstAddr": is("destination.ip"), "NextHop": zero("flow.next_hop", "flow.bgp.next_hop"),
	"SrcNetMask": is("flow.source.prefix_length"), "DstNetMask": is("flow.destination.prefix_length"),
	"InIf": interfaceID("observer.ingress.interface.id"), "OutIf": interfaceID("observer.egress.interface.id"), "Packets": raw("packets"), "Bytes": raw("bytes"),
	"Proto": is("network.iana_number"), "SrcPort": port("source.port"), "DstPort": port("destination.port"), "ForwardingStatus": with(forwarding, is, "flow.forwarding_status"),
	"IPTTL": sampledHeader("flow.ie.maximumTTL"), "IPTos": is("flow.tos"), "IPv6FlowLabel": sampledHeader("flow.ie.flowLabelIPv6"),
	"TCPFlags": with(flagBits, zero, "flow.tcp_flags"), "EType": etherType, "FlowDirection": akvoradoDirection,
	"IngressVRFID": is("flow.vrf.ingress_id"), "EgressVRFID": is("flow.vrf.egress_id"),
	"ICMPv4Type": is("flow.icmp.type"), "ICMPv6Type": is("flow.icmp.type"),
	"SrcAS": is("source.as.number"), "DstAS": is("destination.as.number"), "SrcVlan": zero("observer.ingress.vlan.id", "network.vlan.id"), "DstVlan": zero("observer.egress.vlan.id"),
	"SrcMAC": with(macNumber, is, "source.mac"), "DstMAC": with(macNumber, is, "destination.mac"),
	"SrcAddrNAT": is("source.nat.ip"), "DstAddrNAT": is("destination.nat.ip"), "SrcPortNAT": is("source.nat.port"), "DstPortNAT": is("destination.nat.port"),
	"DstASPath": is("flow.ie.dst_as_path"), "DstCommunities": with(communityNumbers, is, "flow.ie.communities"), "IPFragmentID": sampledHeader("flow.ie.fragmentIdentification"),
}

// communityNumbers turns communities as AS:number into numbers.
func communityNumbers(v any) any {
	list, ok := v.([]any)
	if !ok {
		return v
	}
	out := slices.Clone(list)
	for i := range out {
		high, low, ok := strings.Cut(canonical(out[i]), ":")
		a, err := strconv.ParseUint(high, 10, 16)
		b, err2 := strconv.ParseUint(low, 10, 16)
		if ok && err == nil && err2 == nil {
			out[i] = json.Number(strconv.FormatUint(a<<16|b, 10))
		}
	}
	return out
}

func etherType(d doc, want any) (string, bool) {
	return with(func(v any) any {
		return json.Number(map[string]string{"ipv4": "2048", "ipv6": "34525"}[v.(string)])
	}, is, "network.type")(d, want)
}

func akvoradoDirection(d doc, want any) (string, bool) {
	return is("flow.direction")(d, strings.ToLower(strings.TrimPrefix(want.(string), "schema.Direction")))
}

func macNumber(v any) any {
	n, _ := strconv.ParseUint(strings.ReplaceAll(v.(string), "-", ""), 16, 48)
	return json.Number(strconv.FormatUint(n, 10))
}

// interfaceID is left out of sFlow samples when there is none: sent to or by the
// agent itself, to several, or nowhere.
func interfaceID(name string) rule {
	return func(d doc, want any) (string, bool) {
		if d["flow.exporter.protocol"] == "sflow5" {
			return zero(name)(d, want)
		}
		return is(name)(d, want)
	}
}

// sampledHeader is an element that NetFlow exports, and that we do not take out of
// the headers which sFlow samples.
func sampledHeader(name string) rule {
	return func(d doc, want any) (string, bool) {
		if d["flow.exporter.protocol"] == "sflow5" {
			return nowhere(d, want)
		}
		return is(name)(d, want)
	}
}

// inside is why the VXLAN sample differs.
var inside = explanation{"akvorado was told to look into tunnels; our source and destination are the tunnel's ends", nil}

var akvoradoDifferent = explanations{
	"flow_sample_with_QinQ#0 SrcVlan": {"akvorado has the inner of two tags; ours is in network.inner.vlan.id", nil},
	"flow_sample_with_QinQ#0 DstVlan": {"akvorado takes the tag for the egress as well, of which the sample says nothing", nil},
	"encap_VXLAN SrcAddr":             inside, "encap_VXLAN DstAddr": inside, "encap_VXLAN SrcMAC": inside, "encap_VXLAN DstMAC": inside, "encap_VXLAN Bytes": inside,
	"encap_VXLAN EType": inside, "encap_VXLAN Proto": inside, "encap_VXLAN ICMPv6Type": inside,
}

func TestExpectedAkvorado(t *testing.T) {
	dir, _ := index(t)
	var all struct {
		Sets []struct {
			Test  string           `json:"test"`
			Files []string         `json:"pcaps_in_order"`
			Flows []map[string]any `json:"flows"`
		} `json:"sets"`
	}
	decodeJSON(t, filepath.Join(dir, "akvorado_expected.json"), &all)
	j := newJudge(t, akvoradoRules, akvoradoDifferent)
	for _, set := range all.Sets {
		list := traffic(docsOf(t, dir, "127.0.0.1", nil, set.Files))
		if len(list) < len(set.Flows) {
			t.Errorf("%s: %d flows, %d expected", set.Test, len(list), len(set.Flows))
		}
		for i, want := range set.Flows {
			var d doc
			d, list = j.best(list, want)
			j.compare(strings.ReplaceAll(set.Test, " ", "_")+"#"+strconv.Itoa(i), d, want)
		}
	}
	j.done("akvorado")
}
