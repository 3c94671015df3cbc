package enrich

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/goleak"

	"github.com/weirflow/weir/enrich/category"
	"github.com/weirflow/weir/flow"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// quiet is the default configuration without files.
func quiet(t testing.TB) Config {
	cfg := DefaultConfig()
	cfg.Geo.Folder, cfg.Geo.CheckInterval = filepath.Join(t.TempDir(), "none"), 0
	return cfg
}

func start(t testing.TB, cfg Config) *Chain {
	t.Helper()
	c, err := New(cfg, Dependencies{Logger: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry()})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// tuple fills a new record of the batch.
func tuple(b *flow.Batch, protocol uint8, from, to string) *flow.Record {
	r := b.Next()
	r.SetNetworkIANANumber(protocol)
	set := func(text string, ip func(netip.Addr), port func(uint16)) {
		if text == "" {
			return
		}
		if ap, err := netip.ParseAddrPort(text); err == nil {
			ip(ap.Addr())
			port(ap.Port())
			return
		}
		ip(netip.MustParseAddr(text))
	}
	set(from, r.SetSourceIP, r.SetSourcePort)
	set(to, r.SetDestinationIP, r.SetDestinationPort)
	return r
}

func TestDirection(t *testing.T) {
	private := quiet(t)
	both := quiet(t)
	both.Networks = []string{"203.0.113.0/24", "2001:db8::/32"}
	only := both
	only.PrivateNetworks = false
	for _, c := range []struct {
		name             string
		cfg              Config
		from, to         string
		source, dest     string
		flows, direction string
	}{
		{"private to public", private, "10.1.1.1", "8.8.8.8", "internal", "external", "external", "outbound"},
		{"public to private", private, "8.8.8.8", "192.168.1.1", "external", "internal", "external", "inbound"},
		{"within", private, "172.16.0.1", "172.31.255.255", "internal", "internal", "internal", "internal"},
		{"beyond 172.16/12", private, "172.16.0.1", "172.32.0.0", "internal", "external", "external", "outbound"},
		{"transit", private, "8.8.8.8", "1.1.1.1", "external", "external", "external", "external"},
		{"shared space", private, "100.64.0.1", "100.128.0.1", "internal", "external", "external", "outbound"},
		{"link-local", private, "169.254.1.1", "fe80::1", "internal", "internal", "internal", "internal"},
		{"unique local", private, "fd00::1", "2600::1", "internal", "external", "external", "outbound"},
		{"loopback", private, "127.0.0.1", "::1", "internal", "internal", "internal", "internal"},
		{"multicast from inside", private, "10.0.0.1", "239.255.255.250", "internal", "internal", "internal", "internal"},
		{"multicast from outside", private, "8.8.8.8", "232.1.1.1", "external", "external", "external", "external"},
		{"multicast v6", private, "fe80::1", "ff02::fb", "internal", "internal", "internal", "internal"},
		{"broadcast", private, "10.0.0.1", "255.255.255.255", "internal", "internal", "internal", "internal"},
		{"DHCP discover", private, "0.0.0.0", "255.255.255.255", "internal", "internal", "internal", "internal"},
		{"configured", both, "203.0.113.9", "8.8.8.8", "internal", "external", "external", "outbound"},
		{"configured and private", both, "10.0.0.1", "2001:db8::1", "internal", "internal", "internal", "internal"},
		{"private not ours", only, "10.0.0.1", "203.0.113.9", "external", "internal", "external", "inbound"},
	} {
		b := flow.NewBatch(1)
		r := tuple(b, 6, c.from, c.to)
		start(t, c.cfg).Worker().Enrich(b)
		if r.SourceLocality != c.source || r.DestinationLocality != c.dest || r.FlowLocality != c.flows || r.NetworkDirection != c.direction {
			t.Errorf("%s: %s → %s, flow %s, %s; want %s → %s, %s, %s", c.name, r.SourceLocality, r.DestinationLocality, r.FlowLocality, r.NetworkDirection, c.source, c.dest, c.flows, c.direction)
		}
	}
}

func TestEnds(t *testing.T) {
	w := start(t, quiet(t)).Worker()
	flags := func(flags uint16, packets uint64) func(*flow.Record) {
		return func(r *flow.Record) { r.SetFlowTCPFlags(flags); r.SetNetworkPackets(packets) }
	}
	icmp := func(kind uint8) func(*flow.Record) { return func(r *flow.Record) { r.SetFlowICMPType(kind) } }
	none := func(*flow.Record) {}
	for _, c := range []struct {
		name     string
		protocol uint8
		from, to string
		more     func(*flow.Record)
		server   string // address and port, or address, or "" for unknown
		service  string
		category string
	}{
		{"to the server", 6, "10.0.0.1:51000", "192.0.2.1:443", none, "192.0.2.1:443", "https", "Web"},
		{"from the server", 6, "192.0.2.1:443", "10.0.0.1:51000", none, "192.0.2.1:443", "https", "Web"},
		{"DNS answer", 17, "192.0.2.1:53", "10.0.0.1:40000", none, "192.0.2.1:53", "domain", "Name Resolution"},
		{"QUIC", 17, "192.0.2.1:443", "10.0.0.1:40000", none, "192.0.2.1:443", "https", "Web"},
		{"high server port", 17, "10.0.0.1:40000", "192.0.2.1:51820", none, "192.0.2.1:51820", "", "VPN"},
		{"high server port, answer", 17, "192.0.2.1:51820", "10.0.0.1:40000", none, "192.0.2.1:51820", "", "VPN"},
		{"registered beats unknown", 6, "10.0.0.1:1025", "192.0.2.1:65000", none, "", "", ""},
		{"both unknown: lower", 6, "10.0.0.1:60001", "192.0.2.1:60000", none, "192.0.2.1:60000", "", "Other"},
		{"both unknown: lower source", 6, "10.0.0.1:60000", "192.0.2.1:60001", none, "10.0.0.1:60000", "", "Other"},
		{"equal ports", 17, "10.0.0.1:123", "192.0.2.1:123", none, "192.0.2.1:123", "ntp", "Time"},
		{"port 0 is nobody's", 17, "10.0.0.1:0", "192.0.2.1:60001", none, "192.0.2.1:60001", "", "Other"},
		{"lone SYN", 6, "10.0.0.1:443", "192.0.2.1:60001", flags(0x02, 1), "192.0.2.1:60001", "", "Other"},
		{"SYN with ECN bits", 6, "10.0.0.1:443", "192.0.2.1:60001", flags(0xc2, 1), "192.0.2.1:60001", "", "Other"},
		{"lone SYN+ACK", 6, "10.0.0.1:60001", "192.0.2.1:443", flags(0x12, 1), "10.0.0.1:60001", "", "Other"},
		{"SYN+ACK of a whole flow", 6, "10.0.0.1:60001", "192.0.2.1:443", flags(0x12, 2), "192.0.2.1:443", "https", "Web"},
		{"all flags", 6, "192.0.2.1:443", "10.0.0.1:60001", flags(0x1b, 20), "192.0.2.1:443", "https", "Web"},
		{"multicast is asked", 17, "10.0.0.1:53", "239.255.255.250:60000", none, "239.255.255.250:60000", "", "Other"},
		{"mDNS", 17, "10.0.0.1:5353", "224.0.0.251:5353", none, "224.0.0.251:5353", "mdns", "Name Resolution"},
		{"broadcast", 17, "10.0.0.1:137", "255.255.255.255:40000", none, "255.255.255.255:40000", "safetynetp", "Other"},
		{"directed broadcast by MAC", 17, "10.0.0.1:137", "10.0.0.255:40000", func(r *flow.Record) { r.SetDestinationMAC(broadcastMAC) }, "10.0.0.255:40000", "safetynetp", "Other"},
		{"echo request", 1, "10.0.0.1", "192.0.2.1", icmp(8), "192.0.2.1", "", "Monitoring"},
		{"echo reply", 1, "192.0.2.1", "10.0.0.1", icmp(0), "192.0.2.1", "", "Monitoring"},
		{"unreachable", 1, "192.0.2.1", "10.0.0.1", icmp(3), "", "", "Monitoring"},
		{"echo request v6", 58, "2001:db8::1", "2001:db8::2", icmp(128), "2001:db8::2", "", "IPv6"},
		{"echo reply v6", 58, "2001:db8::1", "2001:db8::2", icmp(129), "2001:db8::1", "", "IPv6"},
		{"GRE", 47, "10.0.0.1", "192.0.2.1", none, "", "", "VPN"},
		{"no ports", 6, "10.0.0.1", "192.0.2.1", none, "", "", "Other"},
	} {
		if c.name == "registered beats unknown" { // 1025 is blackjack, 65000 is claimed by a shipped category
			c.server, c.category = "192.0.2.1:65000", "Malicious"
		}
		b := flow.NewBatch(1)
		r := tuple(b, c.protocol, c.from, c.to)
		c.more(r)
		w.Enrich(b)
		server := ""
		if r.Has(flow.FieldFlowServerIP) {
			if server = r.FlowServerIP.String(); r.Has(flow.FieldFlowServerPort) {
				server = netip.AddrPortFrom(r.FlowServerIP, r.FlowServerPort).String()
			}
			if client := r.FlowClientIP; client == r.FlowServerIP || client != r.SourceIP && client != r.DestinationIP {
				t.Errorf("%s: client %v", c.name, client)
			}
		}
		if server != c.server || r.FlowService != c.service || r.FlowCategory != c.category {
			t.Errorf("%s: server %q, service %q, category %q; want %q, %q, %q", c.name, server, r.FlowService, r.FlowCategory, c.server, c.service, c.category)
		}
	}
}

func TestNamesAndIdentifiers(t *testing.T) {
	w := start(t, quiet(t)).Worker()
	b := flow.NewBatch(8)
	r := tuple(b, 6, "128.232.110.120:34855", "66.35.250.204:80")
	r.SetFlowToS(0xb8)
	r.SetSourceMAC(flow.MAC{0x00, 0x00, 0x0c, 1, 2, 3})
	r.SetDestinationMAC(flow.MAC{0x02, 0x42, 0xac, 1, 2, 3})
	ping := tuple(b, 1, "192.168.0.89", "192.168.0.1")
	ping.SetFlowICMPType(8)
	ping.SetFlowICMPCode(0)
	reply := tuple(b, 1, "192.168.0.1", "192.168.0.89:0") // type 0 code 0 in the destination port
	options := b.Next()
	options.Kind = flow.KindOptions
	options.SetNetworkIANANumber(6)
	fragment := tuple(b, 17, "192.0.2.1", "192.0.2.2")
	kept := tuple(b, 6, "128.232.110.120:34855", "66.35.250.204:80")
	kept.SetNetworkCommunityID("1:from-the-exporter")
	odd := tuple(b, 200, "192.0.2.1", "192.0.2.2")
	w.Enrich(b)
	for _, c := range []struct{ what, got, want string }{
		{"transport", r.NetworkTransport, "tcp"},
		{"DSCP", r.FlowDSCP, "EF"},
		{"MAC vendor", r.SourceMACVendor, "Cisco Systems, Inc"},
		{"MAC vendor of a local address", r.DestinationMACVendor, ""},
		{"community id", r.NetworkCommunityID, "1:LQU9qZlK+B5F3KDmev6m5PMibrg="},
		{"community id of ping", ping.NetworkCommunityID, "1:X0snYXpgwiv9TZtqg64sgzUn6Dk="},
		{"community id of reply", reply.NetworkCommunityID, "1:X0snYXpgwiv9TZtqg64sgzUn6Dk="},
		{"transport of ping", ping.NetworkTransport, "icmp"},
		{"community id without ports", fragment.NetworkCommunityID, ""},
		{"community id from the exporter", kept.NetworkCommunityID, "1:from-the-exporter"},
		{"transport of an unassigned number", odd.NetworkTransport, ""},
	} {
		if c.got != c.want {
			t.Errorf("%s: %q, want %q", c.what, c.got, c.want)
		}
	}
	if options.Has(flow.FieldNetworkTransport) || options.Has(flow.FieldFlowCategory) {
		t.Error("an options record was enriched")
	}
	if got := testutil.ToFloat64(w.chain.metrics.records); got != 6 {
		t.Errorf("records metric %v, want 6", got)
	}
}

func TestInterfacesAndRules(t *testing.T) {
	file := filepath.Join(t.TempDir(), "interfaces.yml")
	text := "interfaces:\n- {exporter: 192.0.2.1, index: 3, name: ether3, alias: uplink}\n- {exporter: 192.0.2.9, index: 3, name: agent3}\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg := quiet(t)
	cfg.Interfaces = InterfacesConfig{File: file, List: []Interface{{Exporter: "192.0.2.1", Index: 4, Name: "lan"}}}
	cfg.Category.Rules = []category.Rule{{Name: "uplink", Match: category.Match{Interface: []string{"uplink"}}, Category: "Transit", Tags: []string{"x"}, Site: "hq", Tenant: "acme"}}
	isNamed, err := cfg.Interfaces.Named()
	if err != nil {
		t.Fatal(err)
	}
	for index, want := range map[uint32]bool{3: true, 4: true, 5: false} {
		if isNamed(netip.MustParseAddr("::ffff:192.0.2.1"), index) != want {
			t.Errorf("interface %d is named: %v", index, !want)
		}
	}
	if _, err := (InterfacesConfig{File: filepath.Join(t.TempDir(), "none")}).Named(); err == nil || !strings.Contains(err.Error(), "interfaces.file") {
		t.Errorf("a file that is missing: %v", err)
	}
	w := start(t, cfg).Worker()
	b := flow.NewBatch(3)
	r := tuple(b, 6, "10.0.0.1:51000", "192.0.2.7:443")
	r.SetObserverIP(netip.MustParseAddr("192.0.2.1"))
	r.SetIngressInterfaceID(3)
	r.SetEgressInterfaceID(4)
	named := tuple(b, 6, "10.0.0.1:51000", "192.0.2.7:443")
	named.SetObserverIP(netip.MustParseAddr("192.0.2.1"))
	named.SetIngressInterfaceID(3)
	named.SetIngressInterfaceName("from options data")
	agent := tuple(b, 6, "10.0.0.1:51000", "192.0.2.7:443")
	agent.SetObserverIP(netip.MustParseAddr("192.0.2.8"))
	agent.SetFlowExporterAgent(netip.MustParseAddr("192.0.2.9"))
	agent.SetEgressInterfaceID(3)
	w.Enrich(b)
	if r.IngressInterfaceName != "ether3" || r.IngressInterfaceAlias != "uplink" || r.EgressInterfaceName != "lan" || r.Has(flow.FieldEgressInterfaceAlias) {
		t.Errorf("interfaces %q %q %q", r.IngressInterfaceName, r.IngressInterfaceAlias, r.EgressInterfaceName)
	}
	if named.IngressInterfaceName != "from options data" || named.IngressInterfaceAlias != "uplink" {
		t.Errorf("the exporter's own name must win: %q %q", named.IngressInterfaceName, named.IngressInterfaceAlias)
	}
	if agent.EgressInterfaceName != "agent3" {
		t.Errorf("by agent address: %q", agent.EgressInterfaceName)
	}
	if r.FlowCategory != "Transit" || r.FlowCategoryRule != "user uplink" || fmt.Sprint(r.Tags, " ", r.FlowSite, " ", r.FlowTenant) != "[x] hq acme" {
		t.Errorf("%s by %q, %q %q %q", r.FlowCategory, r.FlowCategoryRule, r.Tags, r.FlowSite, r.FlowTenant)
	}
	if agent.FlowCategory != "Web" || agent.Has(flow.FieldTags) {
		t.Errorf("a flow that the rule does not match: %s, %q", agent.FlowCategory, agent.Tags)
	}
}

func TestBadConfig(t *testing.T) {
	folder := t.TempDir()
	bad := filepath.Join(folder, "bad.yml")
	if err := os.WriteFile(bad, []byte("rules:\n- {name: a, match: {port: [x]}, site: y}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	badInterfaces := filepath.Join(folder, "interfaces.yml")
	if err := os.WriteFile(badInterfaces, []byte("interfaces:\n- {exporter: 192.0.2.1, ifindex: 3}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		change func(*Config)
		want   string
		atNew  bool
	}{
		{func(c *Config) { c.Networks = []string{"10.0.0.0/8", "10.0.0.1/8"} }, `networks: entry 2: "10.0.0.1/8"`, true},
		{func(c *Config) { c.Networks = []string{"home"} }, `networks: entry 1: "home"`, true},
		{func(c *Config) { c.CacheSize = 1 }, "cache_size: 1: want 2", true},
		{func(c *Config) { c.CacheSize = 1 << 30 }, "cache_size", true},
		{func(c *Config) { c.Geo.CheckInterval = 5 }, "geo.check_interval", true},
		{func(c *Config) { c.Category.Rules = []category.Rule{{Name: "a"}} }, `category.rules: rule 1 "a": sets nothing`, true},
		{func(c *Config) { c.Interfaces.List = []Interface{{Exporter: "router"}} }, `interfaces.list: entry 1: exporter: "router"`, true},
		{func(c *Config) { c.Interfaces.List = []Interface{{Exporter: "192.0.2.1"}} }, "want a name or an alias", true},
		{func(c *Config) { c.Category.RulesFile = bad }, bad + `:2: rule 1 "a": match.port: "x"`, false},
		{func(c *Config) { c.Category.RulesFile = filepath.Join(folder, "none") }, "category.rules_file", false},
		{func(c *Config) { c.Interfaces.File = badInterfaces }, "line 2: field ifindex not found", false},
		{func(c *Config) { c.Interfaces.File = filepath.Join(folder, "none") }, "interfaces.file", false},
	} {
		cfg := quiet(t)
		c.change(&cfg)
		chain, err := New(cfg, Dependencies{Logger: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry()})
		if !c.atNew && err == nil {
			err = chain.Start(context.Background())
			chain.Close()
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want %q", err, c.want)
		}
		if err := cfg.Check(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("Check: %v, want %q", err, c.want)
		}
	}
	if err := quiet(t).Check(); err != nil {
		t.Error(err)
	}
}
