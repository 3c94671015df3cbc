package geo

import (
	"bytes"
	"context"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// makeFile writes a database with one record per network.
func makeFile(t *testing.T, path, kind string, records map[string]mmdbtype.Map) {
	t.Helper()
	tree, err := mmdbwriter.New(mmdbwriter.Options{DatabaseType: kind, BuildEpoch: 1_790_000_000, IncludeReservedNetworks: true})
	if err != nil {
		t.Fatal(err)
	}
	for network, record := range records {
		p := netip.MustParsePrefix(network)
		if err := tree.Insert(ipNet(p), record); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	if _, err := tree.WriteTo(&out); err != nil {
		t.Fatal(err)
	}
	write(t, path, out.Bytes())
}

func write(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path+".new", content, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

func name(s string) mmdbtype.Map { return mmdbtype.Map{"en": mmdbtype.String(s)} }

func nested(code, country, city string, lat, lon float64) mmdbtype.Map {
	return mmdbtype.Map{
		"country":  mmdbtype.Map{"iso_code": mmdbtype.String(code), "names": name(country)},
		"city":     mmdbtype.Map{"names": name(city)},
		"location": mmdbtype.Map{"latitude": mmdbtype.Float64(lat), "longitude": mmdbtype.Float64(lon)},
	}
}

func system(number uint32, organization string) mmdbtype.Map {
	return mmdbtype.Map{"autonomous_system_number": mmdbtype.Uint32(number), "autonomous_system_organization": mmdbtype.String(organization)}
}

type fixture struct {
	*Databases
	log *bytes.Buffer
	reg *prometheus.Registry
}

func newFixture(t *testing.T, cfg Config) fixture {
	t.Helper()
	f := fixture{log: &bytes.Buffer{}, reg: prometheus.NewRegistry()}
	var err error
	f.Databases, err = New(cfg, Dependencies{Logger: slog.New(slog.NewTextHandler(f.log, nil)), Registerer: f.reg})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func (f fixture) loaded(k kind) float64 {
	return testutil.ToFloat64(f.metrics.loaded.WithLabelValues(k.String()))
}

func (f fixture) lookup(addr string) (Place, AS) {
	var place Place
	var as AS
	p, a := f.Current().Lookup(netip.MustParseAddr(addr), NewMemo())
	if p != nil {
		place = *p
	}
	if a != nil {
		as = *a
	}
	return place, as
}

func TestLayouts(t *testing.T) {
	folder := t.TempDir()
	file := func(n string) string { return filepath.Join(folder, n) }
	makeFile(t, file("a-city.mmdb"), "GeoLite2-City", map[string]mmdbtype.Map{
		"198.51.100.0/25": nested("DE", "Germany", "Berlin", 52.5, 13.4),
		"2001:db8:1::/48": nested("GB", "United Kingdom", "", 0, 0),
	})
	makeFile(t, file("b-city.mmdb"), "city ipv4", map[string]mmdbtype.Map{
		"198.51.100.128/25": {"country_code": mmdbtype.String("FR"), "city": mmdbtype.String("Paris"), "latitude": mmdbtype.Float32(48.5), "longitude": mmdbtype.Float32(2.25)},
		"198.51.100.0/25":   {"country_code": mmdbtype.String("XX"), "city": mmdbtype.String("hidden by the first file")},
	})
	makeFile(t, file("country.mmdb"), "country ipvAll", map[string]mmdbtype.Map{"203.0.113.0/24": {"country_code": mmdbtype.String("JP")}})
	makeFile(t, file("country2.mmdb"), "GeoLite2-Country", map[string]mmdbtype.Map{"192.0.2.0/24": {"country": mmdbtype.Map{"iso_code": mmdbtype.String("NZ"), "names": name("New Zealand")}}})
	makeFile(t, file("asn.mmdb"), "GeoLite2-ASN", map[string]mmdbtype.Map{"198.51.100.0/24": system(64500, "Example Ltd")})
	makeFile(t, file("asn2.mmdb"), "ip-location-db-ASN", map[string]mmdbtype.Map{"2001:db8::/32": system(4200000000, "Documentation")})
	makeFile(t, file("anonymous.mmdb"), "GeoIP2-Anonymous-IP", map[string]mmdbtype.Map{"192.0.2.0/24": {"is_anonymous": mmdbtype.Bool(true)}})
	cfg := DefaultConfig()
	cfg.Folder, cfg.CheckInterval, cfg.Countries = folder, 0, false
	f := newFixture(t, cfg)
	f.Start(context.Background())
	defer f.Close()
	for _, c := range []struct {
		addr  string
		place Place
		as    AS
	}{
		{"198.51.100.1", Place{"DE", "Germany", "Berlin", 52.5, 13.4, true}, AS{"Example Ltd", 64500}},
		{"::ffff:198.51.100.1", Place{"DE", "Germany", "Berlin", 52.5, 13.4, true}, AS{"Example Ltd", 64500}},
		{"198.51.100.200", Place{"FR", "France", "Paris", 48.5, 2.25, true}, AS{"Example Ltd", 64500}},
		{"203.0.113.9", Place{CountryCode: "JP", CountryName: "Japan"}, AS{}},
		{"192.0.2.1", Place{CountryCode: "NZ", CountryName: "New Zealand"}, AS{}},
		{"2001:db8:1::1", Place{CountryCode: "GB", CountryName: "United Kingdom"}, AS{"Documentation", 4200000000}},
		{"2001:db8:2::1", Place{}, AS{"Documentation", 4200000000}},
		{"8.8.8.8", Place{}, AS{}},
	} {
		place, as := f.lookup(c.addr)
		if place != c.place || as != c.as {
			t.Errorf("%s: %+v %+v, want %+v %+v", c.addr, place, as, c.place, c.as)
		}
	}
	for k, want := range map[kind]float64{kindCity: 2, kindCountry: 2, kindASN: 2} {
		if got := f.loaded(k); got != want {
			t.Errorf("loaded{kind=%v} = %v, want %v", k, got, want)
		}
	}
	if got := testutil.ToFloat64(f.metrics.built.WithLabelValues("city")); got != 1_790_000_000 {
		t.Errorf("build timestamp %v", got)
	}
	if n := testutil.ToFloat64(f.metrics.failures); n != 0 || !strings.Contains(f.log.String(), "GeoIP2-Anonymous-IP") {
		t.Errorf("failures %v; the unused file must be logged and be no failure: %s", n, f.log)
	}
}

func TestNoFiles(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Folder, cfg.CheckInterval = filepath.Join(t.TempDir(), "missing"), 0
	f := newFixture(t, cfg)
	f.Start(context.Background())
	defer f.Close()
	for addr, want := range map[string]string{"8.8.8.8": "US", "193.0.6.139": "NL", "2001:67c:2e8:22::c100:68b": "NL", "2606:4700:4700::1111": "US", "0.0.0.0": "", "::": "", "255.255.255.255": "", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff": ""} {
		place, as := f.lookup(addr)
		if place.CountryCode != want || as != (AS{}) {
			t.Errorf("%s: %+v %+v, want country %q and no AS", addr, place, as, want)
		}
		if want != "" && place.CountryName == "" {
			t.Errorf("%s: the country has no name", addr)
		}
	}
	for k := range numKinds {
		if got := f.loaded(k); got != 0 {
			t.Errorf("loaded{kind=%v} = %v, want 0", k, got)
		}
	}
	if n := strings.Count(f.log.String(), "no GeoIP database of this kind"); n != 3 {
		t.Errorf("%d messages about missing kinds, want one per kind: %s", n, f.log)
	}
}

func TestReload(t *testing.T) {
	path := filepath.Join(t.TempDir(), "asn.mmdb")
	makeFile(t, path, "GeoLite2-ASN", map[string]mmdbtype.Map{"198.51.100.0/24": system(1, "one")})
	cfg := DefaultConfig()
	cfg.Files, cfg.CheckInterval = []string{path}, 0
	f := newFixture(t, cfg)
	f.Start(context.Background())
	defer f.Close()
	old := f.Current()
	expect := func(when string, number uint32, failures float64) {
		t.Helper()
		if _, as := f.lookup("198.51.100.7"); as.Number != number {
			t.Errorf("%s: AS %d, want %d", when, as.Number, number)
		}
		if got := testutil.ToFloat64(f.metrics.failures); got != failures {
			t.Errorf("%s: %v failures, want %v", when, got, failures)
		}
		if got := f.loaded(kindASN); got != 1 {
			t.Errorf("%s: loaded %v, want 1", when, got)
		}
	}
	expect("at first", 1, 0)
	f.check()
	if f.Current() != old {
		t.Error("the set was replaced although no file has changed")
	}
	makeFile(t, path, "GeoLite2-ASN", map[string]mmdbtype.Map{"198.51.100.0/24": system(2, "two")})
	f.check()
	expect("after a change", 2, 0)
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, int64(len(content)/2)); err != nil {
		t.Fatal(err)
	}
	f.check()
	expect("after the file was cut in place", 2, 1)
	f.check()
	expect("the bad file is not tried again", 2, 1)
	write(t, path, []byte("garbage"))
	f.check()
	expect("after garbage", 2, 2)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	f.check()
	f.check()
	expect("after removal", 2, 3)
	makeFile(t, path, "GeoLite2-ASN", map[string]mmdbtype.Map{"198.51.100.0/24": system(3, "three")})
	f.check()
	expect("after it came back", 3, 3)
	// Who still holds the first set goes on reading it.
	if _, as := old.Lookup(netip.MustParseAddr("198.51.100.7"), NewMemo()); as == nil || as.Number != 1 {
		t.Errorf("the first set changed: %+v", as)
	}
}

func TestFollowsChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		folder := t.TempDir()
		cfg := DefaultConfig()
		cfg.Folder = folder
		f := newFixture(t, cfg)
		f.Start(t.Context())
		makeFile(t, filepath.Join(folder, "asn.mmdb"), "GeoLite2-ASN", map[string]mmdbtype.Map{"198.51.100.0/24": system(1, "one")})
		if _, as := f.lookup("198.51.100.7"); as.Number != 0 {
			t.Error("the file is known before the interval has passed")
		}
		<-time.After(cfg.CheckInterval + time.Second)
		synctest.Wait()
		if _, as := f.lookup("198.51.100.7"); as.Number != 1 {
			t.Error("the file is not known after the interval")
		}
		f.Close()
	})
}

// Look-ups go on while databases are swapped; the race detector watches.
func TestSwapUnderLookups(t *testing.T) {
	path := filepath.Join(t.TempDir(), "asn.mmdb")
	makeFile(t, path, "GeoLite2-ASN", map[string]mmdbtype.Map{"198.51.100.0/24": system(1, "one")})
	cfg := DefaultConfig()
	cfg.Files, cfg.CheckInterval = []string{path}, 0
	f := newFixture(t, cfg)
	f.Start(context.Background())
	defer f.Close()
	stop := make(chan struct{})
	var readers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			memo := NewMemo()
			for {
				select {
				case <-stop:
					return
				default:
				}
				if _, as := f.Current().Lookup(netip.MustParseAddr("198.51.100.7"), memo); as == nil || as.Number == 0 {
					t.Error("a look-up found nothing during a swap")
					return
				}
			}
		})
	}
	for i := range uint32(20) {
		makeFile(t, path, "GeoLite2-ASN", map[string]mmdbtype.Map{"198.51.100.0/24": system(i+2, strings.Repeat("x", int(i)))})
		f.check()
	}
	close(stop)
	readers.Wait()
	if _, as := f.lookup("198.51.100.7"); as.Number != 21 {
		t.Errorf("AS %d after the last swap, want 21", as.Number)
	}
}

func TestConfig(t *testing.T) {
	for _, c := range []struct {
		cfg  Config
		want string
	}{
		{Config{CheckInterval: -1}, "geo.check_interval"}, {Config{CheckInterval: time.Millisecond}, "at least 1s"}, {Config{Files: []string{"a", ""}}, "geo.files: entry 2"},
	} {
		if err := c.cfg.Validate(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want an error with %q", c.cfg, err, c.want)
		}
	}
	if err := DefaultConfig().Validate(); err != nil {
		t.Error(err)
	}
}

// A damaged database may give wrong answers or none, but never a panic.
func FuzzDatabase(f *testing.F) {
	tree, err := mmdbwriter.New(mmdbwriter.Options{DatabaseType: "GeoLite2-City", BuildEpoch: 1})
	if err != nil {
		f.Fatal(err)
	}
	if err := tree.Insert(ipNet(netip.MustParsePrefix("1.0.0.0/8")), nested("DE", "Germany", "Berlin", 52.5, 13.4)); err != nil {
		f.Fatal(err)
	}
	var out bytes.Buffer
	if _, err := tree.WriteTo(&out); err != nil {
		f.Fatal(err)
	}
	f.Add(out.Bytes())
	f.Add(bytes.Replace(out.Bytes(), []byte("GeoLite2-City"), []byte("country ipv4x"), 1))
	names, err := newCountries()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		d, err := newDatabase("fuzz.mmdb", content)
		if err != nil {
			return
		}
		s := &Set{places: []*database{d}, systems: []*database{d}, countries: names, errors: prometheus.NewCounter(prometheus.CounterOpts{})}
		if d.kind == kindASN {
			s.places = nil
		} else {
			s.systems = nil
		}
		memo := NewMemo()
		for _, a := range []string{"1.2.3.4", "::1", "2001:db8::1", "255.255.255.255"} {
			p, as := s.Lookup(netip.MustParseAddr(a), memo)
			if p != nil && p.HasPoint && (p.Latitude < -90 || p.Latitude > 90 || p.Longitude < -180 || p.Longitude > 180) {
				t.Errorf("position %v, %v", p.Latitude, p.Longitude)
			}
			if as != nil && as.Number == 0 {
				t.Error("AS 0")
			}
		}
	})
}
