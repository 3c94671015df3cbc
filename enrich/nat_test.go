package enrich

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/weirflow/weir/flow"
)

// TestTranslatedPair: a router that translates addresses reports two flows of a
// conversation, with different addresses (robcowart/elastiflow#148); both have the
// same client and server, and the same direction as seen from there.
func TestTranslatedPair(t *testing.T) {
	addr := netip.MustParseAddr
	inside, outside, peer := addr("192.168.88.10"), addr("203.0.113.5"), addr("198.51.100.20")
	for name, c := range map[string]struct {
		out, back      func(*flow.Record)
		client, server netip.Addr
		port           uint16
		direction      [2]string
	}{
		"source translated": {
			func(r *flow.Record) {
				r.SetSourceIP(inside)
				r.SetSourcePort(40000)
				r.SetDestinationIP(peer)
				r.SetDestinationPort(443)
				r.SetSourceNATIP(outside)
				r.SetSourceNATPort(61000)
			},
			func(r *flow.Record) {
				r.SetSourceIP(peer)
				r.SetSourcePort(443)
				r.SetDestinationIP(outside)
				r.SetDestinationPort(61000)
				r.SetDestinationNATIP(inside)
				r.SetDestinationNATPort(40000)
			},
			inside, peer, 443, [2]string{"outbound", "inbound"},
		},
		"port forwarded": {
			func(r *flow.Record) {
				r.SetSourceIP(peer)
				r.SetSourcePort(40000)
				r.SetDestinationIP(outside)
				r.SetDestinationPort(443)
				r.SetDestinationNATIP(inside)
				r.SetDestinationNATPort(8443)
			},
			func(r *flow.Record) {
				r.SetSourceIP(inside)
				r.SetSourcePort(8443)
				r.SetDestinationIP(peer)
				r.SetDestinationPort(40000)
				r.SetSourceNATIP(outside)
				r.SetSourceNATPort(443)
			},
			peer, inside, 8443, [2]string{"inbound", "outbound"},
		},
	} {
		b := flow.NewBatch(2)
		for i, set := range []func(*flow.Record){c.out, c.back} {
			r := b.Next()
			r.SetNetworkIANANumber(6)
			r.SetFlowTCPFlags([]uint16{2, 18}[i])
			r.SetNetworkPackets(1)
			set(r)
		}
		start(t, quiet(t)).Worker().Enrich(b)
		for i := range 2 {
			r := b.At(i)
			if r.FlowClientIP != c.client || r.FlowServerIP != c.server || r.FlowServerPort != c.port || r.NetworkDirection != c.direction[i] {
				t.Errorf("%s, record %d: client %s, server %s:%d, %s; want %s, %s:%d, %s", name, i,
					r.FlowClientIP, r.FlowServerIP, r.FlowServerPort, r.NetworkDirection, c.client, c.server, c.port, c.direction[i])
			}
		}
	}
}

// TestExporterNamesTheEnds: what the exporter says of client and server stays.
func TestExporterNamesTheEnds(t *testing.T) {
	b := flow.NewBatch(1)
	r := b.Next()
	r.SetNetworkIANANumber(6)
	r.SetSourceIP(netip.MustParseAddr("192.0.2.1"))
	r.SetDestinationIP(netip.MustParseAddr("192.0.2.2"))
	r.SetSourcePort(443)
	r.SetDestinationPort(50000)
	r.SetFlowClientIP(r.SourceIP)
	r.SetFlowServerIP(r.DestinationIP)
	r.SetFlowServerPort(50000)
	start(t, quiet(t)).Worker().Enrich(b)
	if got := []any{r.FlowClientIP, r.FlowServerIP, r.FlowServerPort}; !slices.Equal(got, []any{r.SourceIP, r.DestinationIP, uint16(50000)}) {
		t.Errorf("client, server and port are %v", got)
	}
}
