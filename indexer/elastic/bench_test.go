package elastic

import (
	"encoding/binary"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/weirflow/weir/flow"
)

// usual gives a batch of enriched flows as they are in the field: a few hundred
// hosts and services, and counters that differ.
func usual(n int) *flow.Batch {
	random := rand.New(rand.NewPCG(1, 2))
	services := []struct {
		port           uint16
		name, category string
	}{{443, "https", "Web"}, {53, "domain", "Name Resolution"}, {22, "ssh", "Remote Administration"}, {123, "ntp", "Time"}}
	b := flow.NewBatch(n)
	for i := range n {
		r, service := b.Next(), services[random.IntN(len(services))]
		at := int64(1_790_000_000_123_000_000) + int64(i)*1e6
		r.SetTimestamp(at)
		r.SetEventStart(at - random.Int64N(60e9)/1e6*1e6)
		r.SetEventEnd(at)
		var remote [4]byte
		binary.BigEndian.PutUint32(remote[:], 0x5db8d800|random.Uint32N(300))
		r.SetSourceIP(netip.AddrFrom4([4]byte{192, 168, 88, byte(random.IntN(200))}))
		r.SetDestinationIP(netip.AddrFrom4(remote))
		octets, packets := uint64(random.IntN(1e6)), uint64(1+random.IntN(900))
		for id, v := range map[flow.FieldID]uint64{flow.FieldSourcePort: uint64(32768 + random.IntN(28000)), flow.FieldDestinationPort: uint64(service.port),
			flow.FieldNetworkBytes: octets, flow.FieldNetworkPackets: packets, flow.FieldSourceBytes: octets, flow.FieldSourcePackets: packets,
			flow.FieldNetworkIANANumber: 6, flow.FieldDestinationASNumber: 15133, flow.FieldFlowTCPFlags: 0x1b, flow.FieldIngressInterfaceID: 2,
			flow.FieldEgressInterfaceID: 3, flow.FieldFlowSamplingRate: 1} {
			r.SetUint(id, v)
		}
		for id, v := range map[flow.FieldID]string{flow.FieldNetworkType: "ipv4", flow.FieldNetworkTransport: "tcp", flow.FieldNetworkDirection: "outbound",
			flow.FieldNetworkCommunityID: fmt.Sprintf("1:%016x%011x=", random.Uint64(), random.Uint64N(1<<44)), flow.FieldDestinationASOrganization: "Edgecast Inc.",
			flow.FieldDestinationGeoCountryCode: "US", flow.FieldDestinationGeoCountryName: "United States", flow.FieldFlowCategory: service.category,
			flow.FieldFlowService: service.name, flow.FieldObserverName: "192.168.88.1", flow.FieldFlowExporterProtocol: "netflow9",
			flow.FieldFlowSamplingSource: "assumed"} {
			r.SetString(id, v)
		}
	}
	return b
}

// BenchmarkBulkBody is what one core makes of records: the bulk body, and its
// compressed form as it is sent.
func BenchmarkBulkBody(b *testing.B) {
	for _, level := range []int{0, 1} {
		b.Run(fmt.Sprintf("gzip=%d", level), func(b *testing.B) {
			c := DefaultConfig("http://localhost:9200")
			c.Compression = level
			s, err := New(c, Dependencies{Logger: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry()})
			if err != nil {
				b.Fatal(err)
			}
			sender, err := newSender(s)
			if err != nil {
				b.Fatal(err)
			}
			batch := usual(4096)
			body, raw, sent := s.pool.get(), 0, 0
			s.limit.Store(1 << 40) // append must not flush
			s.config.FlushDocuments = 1 << 30
			b.ReportAllocs()
			for b.Loop() {
				body.reset()
				s.current = body
				for i := range batch.Records() {
					s.append(s.actions[flow.KindFlow], batch.At(i))
				}
				wire, err := newWire(&sender.wires, sender.zip, body.raw)
				if err != nil {
					b.Fatal(err)
				}
				raw, sent = len(body.raw), len(wire.data)
				wire.release()
			}
			flows := float64(b.N) * float64(batch.Len())
			b.ReportMetric(flows/b.Elapsed().Seconds(), "flows/s")
			b.ReportMetric(float64(raw)/float64(batch.Len()), "raw-B/flow")
			b.ReportMetric(float64(sent)/float64(batch.Len()), "wire-B/flow")
		})
	}
}
