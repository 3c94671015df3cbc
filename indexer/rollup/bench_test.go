package rollup

import (
	"context"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"github.com/weirflow/weir/flow"
)

// nothing takes everything.
type nothing struct{}

func (nothing) Name() string                             { return "nothing" }
func (nothing) Start(context.Context) error              { return nil }
func (nothing) Ready() error                             { return nil }
func (nothing) Close(context.Context) error              { return nil }
func (nothing) Write(context.Context, *flow.Batch) error { return nil }

// traffic gives batches of flows as a router at an office sends them: a few
// hundred hosts inside, thousands outside, most traffic of few applications. Texts
// are shared, as decoders and enrichers do.
func traffic(batches, size int) []*flow.Batch {
	x := rand.New(rand.NewPCG(3, 4))
	zipf := rand.NewZipf(x, 1.2, 2, 4000)
	countries := []string{"DE", "US", "FR", "NL", "GB", "IE", "SE"}
	services := []string{"https", "domain", "ssh", "ntp", "imaps", "smb"}
	categories := []string{"Web", "Name Resolution", "Remote Administration", "Time", "Email", "Storage"}
	holders := make([]string, 200)
	for i := range holders {
		holders[i] = "holder " + string(rune('a'+i%26))
	}
	names := []string{"edge-1", "edge-2"}
	var list []*flow.Batch
	for range batches {
		b := flow.NewBatch(size)
		for range size {
			r := b.Next()
			n := zipf.Uint64()
			r.SetTimestamp(noon.Add(time.Duration(x.IntN(90)) * time.Second).UnixNano())
			i := x.IntN(len(names))
			r.SetObserverIP(netip.AddrFrom4([4]byte{192, 0, 2, byte(i + 1)}))
			r.SetObserverName(names[i])
			inside, outside := netip.AddrFrom4([4]byte{10, 0, 0, byte(x.IntN(250))}), netip.AddrFrom4([4]byte{198, 51, byte(n >> 8), byte(n)})
			s := int(n) % len(services)
			r.SetFlowService(services[s])
			r.SetFlowCategory(categories[s])
			r.SetNetworkTransport("tcp")
			r.SetFlowLocality("external")
			if x.IntN(2) == 0 {
				r.SetSourceIP(inside)
				r.SetDestinationIP(outside)
				r.SetNetworkDirection("outbound")
				r.SetIngressInterfaceID(2)
				r.SetEgressInterfaceID(1)
				r.SetDestinationASNumber(uint32(n % 200))
				r.SetDestinationASOrganization(holders[n%200])
				r.SetDestinationGeoCountryCode(countries[n%200%7])
			} else {
				r.SetSourceIP(outside)
				r.SetDestinationIP(inside)
				r.SetNetworkDirection("inbound")
				r.SetIngressInterfaceID(1)
				r.SetEgressInterfaceID(2)
				r.SetSourceASNumber(uint32(n % 200))
				r.SetSourceASOrganization(holders[n%200])
				r.SetSourceGeoCountryCode(countries[n%200%7])
			}
			r.SetNetworkBytes(uint64(x.IntN(100_000)))
			r.SetSourceBytes(r.NetworkBytes)
			r.SetNetworkPackets(r.NetworkBytes / 500)
		}
		list = append(list, b)
	}
	return list
}

// BenchmarkFlow is what a flow costs that is summed up, by flow.
func BenchmarkFlow(b *testing.B) {
	list := traffic(8, 512)
	s := start(b, nothing{}, nil)
	defer s.Close(context.Background())
	write := func(n int) {
		for i := 0; i < n; i += 512 {
			if err := s.Write(b.Context(), list[i/512%len(list)]); err != nil {
				b.Fatal(err)
			}
		}
	}
	write(8 * 512) // the steady state
	b.ReportAllocs()
	b.ResetTimer()
	write(b.N)
}
