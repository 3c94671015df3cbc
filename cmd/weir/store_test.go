package main

import (
	"fmt"
	"log/slog"
	"net/netip"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/indexer/local"
)

// noon is when the flows of made stores begin.
var noon = time.Date(2026, 9, 21, 12, 0, 0, 0, time.UTC)

// madeFlow sets flow i: i seconds after noon, 1000+i octets, between hosts of a
// few networks.
func madeFlow(r *flow.Record, i int) {
	end := noon.Add(time.Duration(i) * time.Second).UnixNano()
	r.SetTimestamp(end)
	r.SetEventEnd(end)
	r.SetEventStart(end - 5e8)
	r.SetEventDuration(5e8)
	r.SetEventCreated(end + 123456789)
	r.SetNetworkBytes(uint64(1000 + i))
	r.SetNetworkPackets(uint64(1 + i%7))
	r.SetNetworkIANANumber([]uint8{6, 17}[i%2])
	r.SetNetworkTransport([]string{"tcp", "udp"}[i%2])
	r.SetSourceIP(netip.AddrFrom4([4]byte{10, 0, 0, byte(i % 5)}))
	r.SetSourcePort(uint16(40000 + i%1000))
	r.SetDestinationIP(netip.AddrFrom4([4]byte{192, 0, 2, byte(i % 3)}))
	r.SetDestinationPort([]uint16{443, 53, 22}[i%3])
	r.SetFlowCategory([]string{"Web", "Name Resolution", "Remote Administration"}[i%3])
	r.SetObserverName("router")
	r.SetFlowExporterProtocol("ipfix")
	if i%10 == 0 {
		r.SetDestinationGeoCountryName("Germany")
		r.AddTags("a tag", fmt.Sprint("tag ", i))
		r.Extra = append(r.Extra, flow.Element{Name: "ipVersion", Kind: flow.ElementUint, Num: 4})
	}
	if i%20 == 1 {
		r.SetFlowTCPFlags(0x12)
	}
}

// makeStore makes a store of n flows, and closes it: with everything in segments
// of rotate rows.
func makeStore(t *testing.T, dir string, n, rotate int) {
	t.Helper()
	c := local.DefaultConfig(dir)
	c.Keep, c.RotateRows, c.MergeRows = 0, rotate, 0
	s, err := local.New(c, local.Dependencies{Logger: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry()})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	b := flow.NewBatch(512)
	for i := 0; i < n; {
		for b.Reset(); i < n && b.Len() < b.Cap(); i++ {
			madeFlow(b.Next(), i)
		}
		if _, err := s.Append(t.Context(), b.Records()); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}
