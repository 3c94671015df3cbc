package local

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/indexer/local/segment"
)

// likeReal gives n records with the fields that an enriched flow has. (The
// benchmarks with flows of real exporters are in cmd/weir/internal/service.)
func likeReal(rng *rand.Rand, n int, start int64) []flow.Record {
	b := flow.NewBatch(n)
	for i := range n {
		r := b.Next()
		end := start + int64(i)*1e6
		r.SetTimestamp(end)
		r.SetEventEnd(end)
		r.SetEventStart(end - rng.Int64N(60000)*1e6)
		r.SetEventCreated(end + rng.Int64N(1e9))
		r.SetEventDuration(r.EventEnd - r.EventStart)
		server := rng.IntN(300)
		r.SetSourceIP(netip.AddrFrom4([4]byte{10, 0, byte(rng.IntN(8)), byte(rng.IntN(256))}))
		r.SetDestinationIP(netip.AddrFrom4([4]byte{198, 51, byte(server >> 8), byte(server)}))
		r.SetFlowClientIP(r.SourceIP)
		r.SetFlowServerIP(r.DestinationIP)
		r.SetSourcePort(uint16(32768 + rng.IntN(28000)))
		r.SetDestinationPort([]uint16{443, 53, 80, 22}[server%4])
		r.SetFlowServerPort(r.DestinationPort)
		r.SetNetworkBytes(uint64(rng.ExpFloat64() * 5000))
		r.SetSourceBytes(r.NetworkBytes)
		r.SetNetworkPackets(1 + r.NetworkBytes/700)
		r.SetSourcePackets(r.NetworkPackets)
		r.SetNetworkType("ipv4")
		r.SetNetworkIANANumber(6)
		r.SetNetworkTransport("tcp")
		r.SetNetworkDirection("outbound")
		r.SetObserverIP(netip.AddrFrom4([4]byte{192, 0, 2, 1}))
		r.SetObserverName("192.0.2.1")
		r.SetIngressInterfaceID(uint32(server % 5))
		r.SetEgressInterfaceID(7)
		r.SetDestinationASNumber(uint32(64500 + server%90))
		r.SetDestinationASOrganization(fmt.Sprint("Network ", server%90))
		r.SetDestinationGeoCountryCode("DE")
		r.SetDestinationGeoCountryName("Germany")
		r.SetFlowService([]string{"https", "domain", "http", "ssh"}[server%4])
		r.SetFlowCategory([]string{"Web", "Name Resolution", "Web", "Remote Administration"}[server%4])
		r.SetFlowCategoryRule("tcp/443")
		r.SetFlowTCPFlags(0x1b)
		r.SetFlowToS(0)
		r.SetFlowDSCP("CS0")
		r.SetFlowLocality("external")
		r.SetSourceLocality("internal")
		r.SetDestinationLocality("external")
		r.SetFlowTimeSource("absolute")
		r.SetFlowClockSkew(rng.Int64N(50))
		r.SetFlowSamplingRate(1)
		r.SetFlowSamplingSource("assumed")
		r.SetFlowExporterProtocol("ipfix")
		r.SetFlowExporterTransport("udp")
		r.SetFlowExporterDomain(0)
	}
	return b.Records()
}

// BenchmarkMerge makes one segment of eight with 16384 rows each, and one of
// eight that are full.
func BenchmarkMerge(b *testing.B) {
	for _, rows := range []int{16384, maxRotateRows} {
		b.Run(fmt.Sprint("8x", rows), func(b *testing.B) {
			s := start(b, b.TempDir(), func(c *Config) { c.RotateRows, c.MergeRows = rows, 0 })
			rng := rand.New(rand.NewPCG(1, 2))
			for i := range 8 * rows / 1024 {
				if _, err := s.Append(b.Context(), likeReal(rng, 1024, now+int64(i)*1e9)); err != nil {
					b.Fatal(err)
				}
			}
			s.mu.Lock()
			s.seal()
			s.mu.Unlock()
			settle(b, s)
			var merged, size int64
			for b.Loop() {
				p, err := s.writeSegment(0, nil, func(w *segment.Writer) error {
					m := merger{writer: w}
					for _, p := range s.parts {
						for _, block := range p.segment.Blocks() {
							if err := m.add(b.Context(), block); err != nil {
								return err
							}
						}
					}
					return m.flush(b.Context())
				})
				if err != nil {
					b.Fatal(err)
				}
				merged, size = merged+p.Rows, p.Size
				if err := p.segment.Close(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(merged)/b.Elapsed().Seconds(), "flows/s")
			b.ReportMetric(float64(size)/float64(s.Stats().Rows), "B/flow")
		})
	}
}
