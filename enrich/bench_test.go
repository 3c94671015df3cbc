package enrich

import (
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	"github.com/weirflow/weir/enrich/category"
	"github.com/weirflow/weir/flow"
)

const batchSize = 512

// mix makes a batch as a site's border sees it: 5,000 hosts inside, 20,000 peers
// outside of which few carry most flows, both directions, a tenth IPv6, mostly
// web and DNS, now and then an application or a host name.
func mix(rnd *rand.Rand, b *flow.Batch) {
	skewed := func(n int) int { return int(float64(n) * rnd.Float64() * rnd.Float64() * rnd.Float64()) }
	ports := [...]uint16{443, 443, 443, 443, 53, 53, 80, 22, 123, 993, 3389, 8443, 51820, 27015, 6881, 47000}
	for r := b.Next(); r != nil; r = b.Next() {
		in, out := skewed(5000), skewed(20000)
		inside, outside := netip.AddrFrom4([4]byte{10, 1, byte(in >> 8), byte(in)}), netip.AddrFrom4([4]byte{byte(20 + out%180), byte(out >> 8), byte(out), 9})
		if rnd.IntN(10) == 0 {
			inside = netip.AddrFrom16([16]byte{0xfd, 1, 14: byte(in >> 8), 15: byte(in)})
			outside = netip.AddrFrom16([16]byte{0x26, 0x06, 0x47, byte(out % 64), 14: byte(out >> 8), 15: byte(out)})
		}
		client, server := uint16(32768+rnd.IntN(28000)), ports[rnd.IntN(len(ports))]
		protocol := uint8(6)
		if server == 53 || server == 123 || server == 51820 || rnd.IntN(4) == 0 {
			protocol = 17
		}
		r.SetNetworkIANANumber(protocol)
		if rnd.IntN(2) == 0 {
			r.SetSourceIP(inside)
			r.SetDestinationIP(outside)
			r.SetSourcePort(client)
			r.SetDestinationPort(server)
		} else {
			r.SetSourceIP(outside)
			r.SetDestinationIP(inside)
			r.SetSourcePort(server)
			r.SetDestinationPort(client)
		}
		r.SetFlowTCPFlags(0x1b)
		r.SetNetworkPackets(10)
		r.SetFlowToS(uint8(rnd.IntN(4)) << 5)
		r.SetSourceMAC(flow.MAC{0x00, 0x50, 0x56, byte(in), 1, 2})
		r.SetDestinationMAC(flow.MAC{0x4c, 0x5e, 0x0c, 3, 2, 1})
		r.SetObserverIP(netip.AddrFrom4([4]byte{192, 0, 2, 1}))
		r.SetIngressInterfaceID(3)
		r.SetEgressInterfaceID(4)
		switch rnd.IntN(8) {
		case 0:
			r.SetNetworkApplication("TLS.Netflix")
		case 1:
			r.SetTLSServerName("www.Example.com")
		}
	}
}

// everything switches all enrichers on, with ten rules and interface names. The
// databases are those of `make geoip` when they are there.
func everything(t testing.TB) Config {
	cfg := quiet(t)
	folder := filepath.Join("..", "data", "geoip")
	if named := os.Getenv("WEIR_GEOIP"); named != "" {
		folder = named
	}
	if files, _ := filepath.Glob(filepath.Join(folder, "*.mmdb")); len(files) > 0 {
		cfg.Geo.Files = files
	} else {
		path := filepath.Join(t.TempDir(), "asn.mmdb")
		writeASN(t, path)
		cfg.Geo.Files = []string{path}
	}
	cfg.Networks = []string{"203.0.113.0/24", "2001:db8::/32"}
	for i := range 10 {
		cfg.Category.Rules = append(cfg.Category.Rules, category.Rule{Name: "rule " + string(rune('a'+i)), Tags: []string{"tag"},
			Match: category.Match{Source: []string{"172.16.0.0/12", "10.1.1.0/24"}, Port: []string{"tcp/22", "udp/500-600"}}})
	}
	cfg.Interfaces.List = []Interface{{"192.0.2.1", 3, "ether3", "uplink"}, {"192.0.2.1", 4, "ether4", ""}}
	return cfg
}

func batches(n int) []*flow.Batch {
	rnd := rand.New(rand.NewPCG(7, 7))
	list := make([]*flow.Batch, n)
	for i := range list {
		list[i] = flow.NewBatch(batchSize)
		mix(rnd, list[i])
	}
	return list
}

func TestAllocations(t *testing.T) {
	for _, c := range []struct {
		name      string
		community bool
		want      float64
	}{
		// One per batch of 512: the text that its identifiers are cut from.
		{"everything", true, 1},
		{"without community id", false, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := everything(t)
			cfg.CommunityID.Enabled = c.community
			w := start(t, cfg).Worker()
			list := batches(4)
			reset := func() {
				for _, b := range list {
					for i := range b.Records() {
						r := b.At(i)
						r.Clear(flow.FieldNetworkCommunityID)
						r.Clear(flow.FieldFlowSite)
						r.Tags = r.Tags[:0]
					}
				}
			}
			run := func() {
				reset()
				for _, b := range list {
					w.Enrich(b)
				}
			}
			run() // warms the caches and the room for tags
			if got := testing.AllocsPerRun(20, run) / float64(len(list)); got > c.want {
				t.Errorf("%v allocations per batch of %d records, want at most %v", got, batchSize, c.want)
			}
			if r := list[0].At(0); r.Has(flow.FieldNetworkCommunityID) != c.community || !r.Has(flow.FieldFlowCategory) {
				t.Error("the records were not enriched")
			}
		})
	}
}

// BenchmarkEnrich gives the time per record with everything on; sets of batches
// differ in how many addresses they hold.
func BenchmarkEnrich(b *testing.B) {
	for _, c := range []struct {
		name string
		size int
		n    int
	}{{"warm", 32768, 16}, {"wide", 32768, 256}, {"cold", 2, 16}} {
		b.Run(c.name, func(b *testing.B) {
			cfg := everything(b)
			cfg.CacheSize = c.size
			w := start(b, cfg).Worker()
			list := batches(c.n)
			for _, batch := range list {
				w.Enrich(batch)
			}
			b.ReportAllocs()
			b.ResetTimer()
			for done := 0; done < b.N; done += batchSize {
				batch := list[done/batchSize%len(list)]
				for i := range batch.Records() {
					r := batch.At(i)
					r.Clear(flow.FieldNetworkCommunityID)
					r.Clear(flow.FieldFlowSite)
					r.Tags = r.Tags[:0]
				}
				w.Enrich(batch)
			}
		})
	}
}
