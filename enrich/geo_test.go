package enrich

import (
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"

	"github.com/weirflow/weir/flow"
)

// writeASN makes a database that knows two networks.
func writeASN(t testing.TB, path string) {
	t.Helper()
	tree, err := mmdbwriter.New(mmdbwriter.Options{DatabaseType: "GeoLite2-ASN", IncludeReservedNetworks: true})
	if err != nil {
		t.Fatal(err)
	}
	for network, number := range map[string]uint32{"8.8.8.0/24": 15169, "10.0.0.0/8": 64512} {
		_, n, err := net.ParseCIDR(network)
		if err != nil {
			t.Fatal(err)
		}
		if err := tree.Insert(n, mmdbtype.Map{"autonomous_system_number": mmdbtype.Uint32(number), "autonomous_system_organization": mmdbtype.String("Org " + network)}); err != nil {
			t.Fatal(err)
		}
	}
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tree.WriteTo(f); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestGeo(t *testing.T) {
	cfg := quiet(t)
	path := filepath.Join(t.TempDir(), "asn.mmdb")
	writeASN(t, path)
	cfg.Geo.Files = []string{path}
	w := start(t, cfg).Worker()
	b := flow.NewBatch(4)
	plain := tuple(b, 6, "10.0.0.1:51000", "8.8.8.8:443")
	same := tuple(b, 6, "8.8.8.8:443", "10.0.0.1:51000")
	same.SetSourceASNumber(15169)
	other := tuple(b, 6, "8.8.8.8:443", "10.0.0.1:51000")
	other.SetSourceASNumber(65000)
	other.SetDestinationASNumber(64999)
	zero := tuple(b, 6, "10.0.0.1:51000", "8.8.8.8:443")
	zero.SetDestinationASNumber(0)
	w.Enrich(b)
	for _, c := range []struct {
		name         string
		number       uint32
		organization string
		country      string
		wantNumber   uint32
		wantOrg      string
	}{
		{"looked up", plain.DestinationASNumber, plain.DestinationASOrganization, plain.DestinationGeoCountryCode, 15169, "Org 8.8.8.0/24"},
		{"the exporter's, agreeing", same.SourceASNumber, same.SourceASOrganization, same.SourceGeoCountryCode, 15169, "Org 8.8.8.0/24"},
		{"the exporter's, another", other.SourceASNumber, other.SourceASOrganization, other.SourceGeoCountryCode, 65000, ""},
		{"the exporter's 0", zero.DestinationASNumber, zero.DestinationASOrganization, zero.DestinationGeoCountryCode, 15169, "Org 8.8.8.0/24"},
	} {
		if c.number != c.wantNumber || c.organization != c.wantOrg || c.country != "US" {
			t.Errorf("%s: AS%d %q in %s, want AS%d %q in US", c.name, c.number, c.organization, c.country, c.wantNumber, c.wantOrg)
		}
	}
	if plain.Has(flow.FieldSourceASNumber) || plain.Has(flow.FieldSourceGeoCountryCode) || other.DestinationASNumber != 64999 {
		t.Errorf("private addresses are not looked up: AS%d", plain.SourceASNumber)
	}
	if plain.DestinationGeoCountryName != "United States" {
		t.Errorf("country name %q", plain.DestinationGeoCountryName)
	}

	cfg.Geo.Enabled = false
	b.Reset()
	off := tuple(b, 6, "10.0.0.1:51000", "8.8.8.8:443")
	start(t, cfg).Worker().Enrich(b)
	if off.Has(flow.FieldDestinationASNumber) || off.Has(flow.FieldDestinationGeoCountryCode) {
		t.Error("looked up although geo is off")
	}
}

func TestCache(t *testing.T) {
	c := newCache(100)
	if got := len(c.sets) * 2; got != 128 {
		t.Errorf("%d entries, want 128", got)
	}
	addr := func(i int) netip.Addr { return netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}) }
	for i := range 1000 {
		c.put(addr(i), address{class: class(i & 7)})
	}
	found := 0
	for i := range 1000 {
		if known := c.get(addr(i)); known != nil {
			found++
			if known.class != class(i&7) {
				t.Errorf("%v: class %d, want %d", addr(i), known.class, i&7)
			}
		}
	}
	if found == 0 || found > 128 || c.hits != uint64(found) || c.misses != uint64(1000-found) {
		t.Errorf("found %d of 1000 in 128 entries, %d hits, %d misses", found, c.hits, c.misses)
	}
	if last := c.get(addr(999)); last == nil || last.class != class(999&7) {
		t.Error("the newest entry is gone")
	}
	// Of two in a set the one that was used last stays.
	tiny := newCache(2)
	tiny.put(addr(1), address{})
	tiny.put(addr(2), address{})
	tiny.get(addr(1))
	tiny.put(addr(3), address{})
	if tiny.get(addr(1)) == nil || tiny.get(addr(2)) != nil || tiny.get(addr(3)) == nil {
		t.Error("the wrong entry gave way")
	}
	c.clear()
	if c.get(addr(999)) != nil {
		t.Error("an entry survived clear")
	}
}
