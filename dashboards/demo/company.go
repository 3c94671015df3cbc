package demo

import (
	"net/netip"
	"strconv"
)

// port is an interface of an exporter.
type port struct {
	index       uint32
	name, alias string
	speed       uint64 // bit/s
}

// exporter is a device that reports flows.
type exporter struct {
	name, address       string
	protocol, transport string
	domain              uint32
	site, tenant        string
	// rate is the sampling rate, source says where it comes from.
	rate   uint64
	source string
	// times is flow.time_source, skew the clock's error in ms.
	times string
	skew  int64
	ports []port
}

const (
	gigabit = 1_000_000_000
	company = "Example Works"
	isp     = "Example Net"
)

// The exporters. Port 0 leads outside, the others inside.
var (
	edge = exporter{name: "edge-vienna", address: "10.0.0.1", protocol: "ipfix", transport: "udp", domain: 1, site: "Vienna", tenant: company, rate: 1, source: "record", times: "absolute", skew: -12,
		ports: []port{{1, "sfp1-transit", "Example Net, 1 Gbit/s", gigabit}, {3, "ether3-office", "Offices, floors 1 to 4", gigabit}, {4, "ether4-servers", "Server room", gigabit}, {5, "ether5-guests", "Guests' wireless", gigabit}}}
	graz = exporter{name: "branch-graz", address: "10.20.0.1", protocol: "netflow9", transport: "udp", domain: 256, site: "Graz", tenant: company, rate: 1, source: "options", times: "uptime", skew: 340,
		ports: []port{{1, "GigabitEthernet0/0", "WAN, 200 Mbit/s", 200_000_000}, {2, "GigabitEthernet0/1", "Plant floor", gigabit}, {3, "GigabitEthernet0/2", "Offices", gigabit}}}
	linz = exporter{name: "branch-linz", address: "10.30.0.1", protocol: "netflow5", transport: "udp", domain: 0, site: "Linz", tenant: company, rate: 10, source: "override", times: "uptime", skew: 4200,
		ports: []port{{1, "pppoe-out1", "WAN, 50 Mbit/s", 50_000_000}, {2, "bridge1", "Warehouse", gigabit}}}
	core = exporter{name: "core-vienna", address: "10.0.0.2", protocol: "sflow5", transport: "udp", domain: 0, site: "Vienna", tenant: company, rate: 512, source: "record", times: "received", skew: 0,
		ports: []port{{49, "Ethernet49", "Uplink to edge-vienna", 10 * gigabit}, {1, "Ethernet1", "File server", gigabit}, {2, "Ethernet2", "Database server", gigabit}, {3, "Ethernet3", "Virtual machines", 10 * gigabit}, {10, "Ethernet10", "Access switch, floor 1", gigabit}, {11, "Ethernet11", "Access switch, floor 2", gigabit}}}
	firewall = exporter{name: "fw-vienna", address: "10.0.0.3", protocol: "netflow9", transport: "udp", domain: 0, site: "Vienna", tenant: company, rate: 1, source: "assumed", times: "absolute", skew: -85,
		ports: []port{{2, "outside", "Internet", gigabit}, {3, "inside", "Inside", gigabit}, {4, "dmz", "Published servers", gigabit}}}
	probe = exporter{name: "probe-vienna", address: "10.0.0.9", protocol: "ipfix", transport: "tls", domain: 7, site: "Vienna", tenant: company, rate: 1, source: "record", times: "absolute", skew: 1,
		ports: []port{{1, "mirror-out", "Mirror of the uplink", gigabit}, {2, "mirror-in", "Mirror of the core", gigabit}}}
	backbone = exporter{name: "pe1-salzburg", address: "192.0.2.1", protocol: "ipfix", transport: "tcp", domain: 524288, site: "Salzburg", tenant: isp, rate: 1000, source: "options", times: "absolute", skew: 6,
		ports: []port{{501, "et-0/0/0", "Transit, 100 Gbit/s", 100 * gigabit}, {502, "et-0/0/1", "Internet exchange", 100 * gigabit}, {510, "xe-1/0/0", "Access ring west", 10 * gigabit}, {511, "xe-1/0/1", "Access ring east", 10 * gigabit}}}
	translator = exporter{name: "cgn1-salzburg", address: "192.0.2.9", protocol: "ipfix", transport: "udp", domain: 3, site: "Salzburg", tenant: isp, rate: 1, source: "record", times: "absolute", skew: 30,
		ports: []port{{1, "outside", "Pool 198.51.100.0/24", 10 * gigabit}, {2, "inside", "Subscribers", 10 * gigabit}}}

	exporters = []*exporter{&edge, &graz, &linz, &core, &firewall, &probe, &backbone, &translator}
)

func (x *exporter) ip() netip.Addr { return netip.MustParseAddr(x.address) }

// branch is a part of the company that people work in.
type branch struct {
	exporter *exporter
	network  byte // the second octet of 10.0.0.0/8
	inside   int  // the port
	hosts    int
	vlan     uint16
	weight   float64
	wireless string
}

var branches = []branch{
	{&edge, 1, 1, 60, 10, 10, ""},
	{&edge, 1, 3, 25, 40, 3, "example-guests"},
	{&graz, 20, 1, 18, 20, 2, ""},
	{&graz, 20, 2, 30, 21, 4, ""},
	{&linz, 30, 1, 22, 30, 3, ""},
	{&probe, 1, 1, 60, 10, 5, ""},
}

// people are those whom the firewall and the probe know.
var people = []string{"alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi", "ivan", "judy"}

// host gives a workstation of a branch.
func (b *branch) host(m *maker) netip.Addr {
	n := int(float64(b.hosts) * m.rnd.Float64() * m.rnd.Float64()) // some do more than others
	return netip.AddrFrom4([4]byte{10, b.network, byte(b.vlan), byte(20 + n)})
}

func (b *branch) host6(a netip.Addr) netip.Addr {
	v := a.As4()
	return netip.AddrFrom16([16]byte{0x20, 0x01, 0x0d, 0xb8, 0, b.network, 0, v[2], 15: v[3]})
}

// The company's servers, by what they are for.
var (
	fileServer   = netip.MustParseAddr("10.1.4.10")
	dataServer   = netip.MustParseAddr("10.1.4.11")
	nameServer   = netip.MustParseAddr("10.1.4.53")
	mailServer   = netip.MustParseAddr("10.1.4.25")
	phoneServer  = netip.MustParseAddr("10.1.4.60")
	printServer  = netip.MustParseAddr("10.1.4.91")
	watchServer  = netip.MustParseAddr("10.1.4.99")
	webServer    = netip.MustParseAddr("10.1.5.80")
	webOutside   = netip.MustParseAddr("203.0.113.80")
	vpnOutside   = netip.MustParseAddr("203.0.113.4")
	firewallNAT  = netip.MustParseAddr("203.0.113.2")
	companyNames = map[netip.Addr]string{
		fileServer: "files.works.example", dataServer: "data.works.example", nameServer: "ns1.works.example", mailServer: "mx.works.example",
		phoneServer: "phones.works.example", printServer: "print.works.example", watchServer: "watch.works.example", webServer: "www.works.example",
		webOutside: "www.works.example", vpnOutside: "vpn.works.example",
	}
)

// subscriber gives a customer of the provider, behind its translator.
func subscriber(m *maker) netip.Addr {
	n := int(1200 * m.rnd.Float64() * m.rnd.Float64())
	return netip.AddrFrom4([4]byte{100, 64, byte(n >> 8), byte(n)})
}

// nameOf gives an inside host's name, empty when it has none.
func nameOf(a netip.Addr) string {
	if name, ok := companyNames[a]; ok {
		return name
	}
	if !a.Is4() || a.As4()[0] != 10 {
		return ""
	}
	v := a.As4()
	return "pc" + strconv.Itoa(int(v[2])) + "-" + strconv.Itoa(int(v[3])) + ".works.example"
}
