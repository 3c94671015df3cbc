package category

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/weirflow/weir/enrich/service"
	"github.com/weirflow/weir/flow"
)

func load(t testing.TB) (*Shipped, *service.Table) {
	t.Helper()
	services, err := service.New()
	if err != nil {
		t.Fatal(err)
	}
	shipped, err := NewShipped(services)
	if err != nil {
		t.Fatal(err)
	}
	return shipped, services
}

// The names that the field knows from flowAnalyzer, with its double form of
// Remote Administration given once and Other added.
func TestNames(t *testing.T) {
	want := []string{"AAA", "Apple", "Chat", "Crypto Currency", "Databases", "Email", "File Transfer", "Games", "Google", "IPv6", "Malicious", "MikroTik",
		"Monitoring", "Name Resolution", "Novell", "P2P", "Printing", "Remote Administration", "Routing", "SIP", "Storage", "Streaming Media", "Time", "UPnP", "VPN", "Web", "Other"}
	if got := Names(); len(got) != 27 || !slices.Equal(got, want) {
		t.Errorf("Names() = %q", got)
	}
	shipped, _ := load(t)
	ports := map[string]bool{}
	for port := range 1 << 16 {
		for _, protocol := range []uint8{service.TCP, service.UDP} {
			ports[shipped.decisions[shipped.port(protocol, uint16(port))].Category] = true
		}
	}
	for _, name := range want {
		if !ports[name] && name != Other {
			t.Errorf("no port leads to %s", name)
		}
	}
}

func record(set ...func(*flow.Record)) *flow.Record {
	r := &flow.Record{}
	for _, f := range set {
		f(r)
	}
	return r
}

func port(protocol uint8, port uint16) func(*flow.Record) {
	return func(r *flow.Record) {
		r.SetNetworkIANANumber(protocol)
		r.SetSourcePort(51000)
		r.SetDestinationPort(port)
		r.SetFlowServerPort(port)
	}
}

func app(name string) func(*flow.Record) {
	return func(r *flow.Record) { r.SetNetworkApplication(name) }
}
func sni(name string) func(*flow.Record) { return func(r *flow.Record) { r.SetTLSServerName(name) } }

func TestShipped(t *testing.T) {
	shipped, services := load(t)
	rules, err := Compile(nil, shipped, services)
	if err != nil {
		t.Fatal(err)
	}
	m := rules.NewMatcher()
	for _, c := range []struct {
		record         *flow.Record
		category, rule string
	}{
		{record(port(6, 443)), "Web", "port tcp/443"},
		{record(port(17, 443)), "Web", "port udp/443"},
		{record(port(6, 514)), "Remote Administration", "port tcp/514"},
		{record(port(17, 514)), "Monitoring", "port udp/514"},
		{record(port(17, 500)), "VPN", "port udp/500"},
		{record(port(6, 4444)), "Malicious", "port tcp/4444"},
		{record(port(6, 3790)), "Malicious", "port tcp/3790"},
		{record(port(6, 8291)), "MikroTik", "port tcp/8291"},
		{record(port(6, 8728)), "MikroTik", "port tcp/8728"},
		{record(port(17, 5678)), "MikroTik", "port udp/5678"},
		{record(port(17, 2055)), "Monitoring", "port udp/2055"},
		{record(port(17, 6343)), "Monitoring", "port udp/6343"},
		{record(port(6, 3389)), "Remote Administration", "port tcp/3389"},
		{record(port(132, 3868)), "AAA", "port sctp/3868"},
		{record(port(136, 53)), "Name Resolution", "port udp/53"},
		{record(port(17, 123)), "Time", "port udp/123"},
		{record(port(17, 1900)), "UPnP", "port udp/1900"},
		{record(port(6, 47123)), "Other", "none"},
		{record(func(r *flow.Record) { r.SetNetworkIANANumber(1) }), "Monitoring", "protocol icmp"},
		{record(func(r *flow.Record) { r.SetNetworkIANANumber(50) }), "VPN", "protocol esp"},
		{record(func(r *flow.Record) { r.SetNetworkIANANumber(47) }), "VPN", "protocol gre"},
		{record(func(r *flow.Record) { r.SetNetworkIANANumber(89) }), "Routing", "protocol ospfigp"},
		{record(func(r *flow.Record) { r.SetNetworkIANANumber(88) }), "Routing", "protocol eigrp"},
		{record(func(r *flow.Record) { r.SetNetworkIANANumber(41) }), "IPv6", "protocol ipv6"},
		{record(), "Other", "none"},
		// Without a known server either port decides.
		{record(func(r *flow.Record) { r.SetNetworkIANANumber(6); r.SetSourcePort(25) }), "Email", "port tcp/25"},
		// The exporter's name comes before the port, in every exporter's spelling.
		{record(port(6, 443), app("netflix")), "Streaming Media", "application netflix"},
		{record(port(6, 443), app("TLS.Netflix")), "Streaming Media", "application netflix"},
		{record(port(17, 53), app("DNS.Facebook")), "Web", "application facebook"},
		{record(port(17, 53), app("DNS.Unheard")), "Name Resolution", "application dns"},
		{record(port(6, 443), app("google-base")), "Google", "application google-*"},
		{record(port(6, 443), app("MS Teams")), "Chat", "application ms-teams"},
		{record(port(6, 22), app("unknown")), "Remote Administration", "port tcp/22"},
		{record(port(6, 22), app("")), "Remote Administration", "port tcp/22"},
		// Then host names, before the port.
		{record(port(6, 443), sni("occ-0-1.1.NflxVideo.net.")), "Streaming Media", "host *.nflxvideo.net"},
		{record(port(6, 443), sni("nflxvideo.net")), "Streaming Media", "host *.nflxvideo.net"},
		{record(port(6, 443), sni("notnflxvideo.net")), "Web", "port tcp/443"},
		{record(port(6, 443), sni("mail.google.com")), "Email", "host *.mail.google.com"},
		{record(port(6, 443), sni(strings.Repeat("a.", 200)+"netflix.com")), "Web", "port tcp/443"},
		{record(port(6, 443), sni(".")), "Web", "port tcp/443"},
		{record(port(6, 443), app("ssl"), sni("netflix.com")), "Web", "application ssl"},
		{record(port(6, 443), func(r *flow.Record) { r.SetURLDomain("www.youtube.com") }), "Streaming Media", "host *.youtube.com"},
		// A question asked of a name server is name resolution, whatever it asks for.
		{record(port(17, 53), func(r *flow.Record) { r.SetDNSQuestion("netflix.com") }), "Name Resolution", "port udp/53"},
		{record(port(6, 443), func(r *flow.Record) { r.SetDNSQuestion("netflix.com") }), "Streaming Media", "host *.netflix.com"},
	} {
		m.Apply(c.record)
		if c.record.FlowCategory != c.category || c.record.FlowCategoryRule != c.rule {
			t.Errorf("%s %d/%d %q %q: %s by %q, want %s by %q", c.record.TLSServerName, c.record.NetworkIANANumber, c.record.FlowServerPort, c.record.NetworkApplication, c.record.DNSQuestion,
				c.record.FlowCategory, c.record.FlowCategoryRule, c.category, c.rule)
		}
	}
}

// The domain of the server counts, on whichever side it is.
func TestDomainOfServer(t *testing.T) {
	shipped, services := load(t)
	rules, err := Compile(nil, shipped, services)
	if err != nil {
		t.Fatal(err)
	}
	client, server := netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("192.0.2.1")
	for _, fromServer := range []bool{false, true} {
		r := record(port(6, 443))
		r.SetFlowServerIP(server)
		if fromServer {
			r.SetSourceIP(server)
			r.SetDestinationIP(client)
			r.SetSourceDomain("cdn.netflix.com")
			r.SetDestinationDomain("host.apple.com")
		} else {
			r.SetSourceIP(client)
			r.SetDestinationIP(server)
			r.SetSourceDomain("host.apple.com")
			r.SetDestinationDomain("cdn.netflix.com")
		}
		rules.NewMatcher().Apply(r)
		if r.FlowCategoryRule != "host *.netflix.com" {
			t.Errorf("from server %v: rule %q", fromServer, r.FlowCategoryRule)
		}
	}
}

func TestDamagedCategories(t *testing.T) {
	_, services := load(t)
	for text, want := range map[string]string{
		"Web\tport\ttcp/80 tcp/80\n":               "categories.tsv:1: tcp/80 stands twice",
		"Webb\tport\ttcp/80\n":                     "categories.tsv:1: want category",
		"# c\nWeb\tport\ticmp/80\n":                "categories.tsv:2",
		"Web\tport\t80\n":                          "want tcp, udp or sctp",
		"Web\tprotocol\tnothing\n":                 "not a keyword",
		"Web\tdomain\ta.b\n":                       "want port, protocol",
		"Web\thost\ta.b\nAAA\thost\ta.b\n":         "categories.tsv:2: a.b stands twice",
		"Web\tapplication\ta a\n":                  "stands twice",
		"Web\tprotocol\ttcp\nAAA\tprotocol\ttcp\n": "stands twice",
	} {
		if _, err := compileShipped(text, services); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want an error with %q", text, err, want)
		}
	}
}

func TestApplicationsAreBounded(t *testing.T) {
	shipped, services := load(t)
	rules, err := Compile(nil, shipped, services)
	if err != nil {
		t.Fatal(err)
	}
	m := rules.NewMatcher()
	for i := range 3 * applicationLimit {
		m.Apply(record(app("app" + strings.Repeat("x", i%7) + string(rune('a'+i%26)) + strings.Repeat("y", i/26))))
		if len(m.applications) > applicationLimit {
			t.Fatalf("%d names kept, want at most %d", len(m.applications), applicationLimit)
		}
	}
}
