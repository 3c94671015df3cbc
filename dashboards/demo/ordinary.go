package demo

import (
	"net/netip"
	"strconv"
	"time"

	"github.com/weirflow/weir/flow"
)

// usage is something that people and machines of the company do.
type usage struct {
	weight   float64
	name     string // IANA's service
	protocol uint8
	port     uint16
	category string
	// rule is empty for the port's. application is what exporters call it that
	// recognise applications.
	rule, application string
	up, down          float64 // mean octets
	seconds           float64
	curve             *curve
	dscp              string
	tos               uint8
	// kinds are the networks that offer it outside; server an inside server.
	kinds  []string
	server netip.Addr
}

// usages is the mix, most of it what offices have.
var usages = []usage{
	{weight: 30, name: "https", protocol: tcp, port: 443, category: "Web", application: "https", up: 6e3, down: 150e3, seconds: 12, curve: &office, kinds: []string{"web", "cloud"}},
	{weight: 14, name: "https", protocol: udp, port: 443, category: "Web", application: "quic", up: 8e3, down: 260e3, seconds: 20, curve: &office, kinds: []string{"web", "video"}},
	{weight: 3, name: "http", protocol: tcp, port: 80, category: "Web", application: "http", up: 2e3, down: 60e3, seconds: 4, curve: &office, kinds: []string{"web"}},
	{weight: 5, name: "https", protocol: tcp, port: 443, category: "Streaming Media", rule: "user example-video", application: "example-video", up: 30e3, down: 2.4e6, seconds: 180, curve: &office, dscp: "AF41", tos: 136, kinds: []string{"video"}},
	{weight: 1, name: "rtsp", protocol: tcp, port: 554, category: "Streaming Media", application: "rtsp", up: 20e3, down: 1.5e6, seconds: 240, curve: &always, dscp: "AF41", tos: 136, kinds: []string{"video"}},
	{weight: 15, name: "domain", protocol: udp, port: 53, category: "Name Resolution", application: "dns", up: 75, down: 190, seconds: .02, curve: &office, server: nameServer},
	{weight: 3, name: "domain-s", protocol: tcp, port: 853, category: "Name Resolution", application: "dot", up: 900, down: 2e3, seconds: 5, curve: &office, kinds: []string{"web"}},
	{weight: 3, name: "ntp", protocol: udp, port: 123, category: "Time", application: "ntp", up: 76, down: 76, seconds: .03, curve: &always, dscp: "CS6", tos: 192, kinds: []string{"web"}},
	{weight: 4, name: "imaps", protocol: tcp, port: 993, category: "Email", application: "imaps", up: 3e3, down: 40e3, seconds: 60, curve: &office, server: mailServer},
	{weight: 2, name: "submission", protocol: tcp, port: 587, category: "Email", application: "smtp", up: 120e3, down: 3e3, seconds: 6, curve: &office, kinds: []string{"mail"}},
	{weight: 2, name: "smtp", protocol: tcp, port: 25, category: "Email", application: "smtp", up: 80e3, down: 2e3, seconds: 5, curve: &always, kinds: []string{"mail"}},
	{weight: 7, name: "microsoft-ds", protocol: tcp, port: 445, category: "Storage", application: "smb", up: 500e3, down: 1.2e6, seconds: 45, curve: &office, server: fileServer},
	{weight: 2, name: "shilp", protocol: tcp, port: 2049, category: "Storage", application: "nfs", up: 1e6, down: 2e6, seconds: 60, curve: &always, server: fileServer},
	{weight: 1.5, name: "https", protocol: tcp, port: 443, category: "Storage", rule: "user off-site backup", application: "example-backup", up: 18e6, down: 300e3, seconds: 600, curve: &night, dscp: "CS1", tos: 32, kinds: []string{"cloud"}},
	{weight: 4, name: "postgresql", protocol: tcp, port: 5432, category: "Databases", application: "postgresql", up: 15e3, down: 180e3, seconds: 30, curve: &office, server: dataServer},
	{weight: 1.5, name: "ms-sql-s", protocol: tcp, port: 1433, category: "Databases", application: "mssql", up: 10e3, down: 90e3, seconds: 20, curve: &office, server: dataServer},
	{weight: 2, name: "sip", protocol: udp, port: 5060, category: "SIP", application: "sip", up: 1500, down: 1500, seconds: 3, curve: &office, dscp: "CS3", tos: 96, server: phoneServer},
	{weight: 3, name: "avt-profile-1", protocol: udp, port: 5004, category: "SIP", application: "rtp", up: 900e3, down: 900e3, seconds: 110, curve: &office, dscp: "EF", tos: 184, server: phoneServer},
	{weight: 4, name: "xmpp-client", protocol: tcp, port: 5222, category: "Chat", application: "xmpp", up: 4e3, down: 9e3, seconds: 300, curve: &office, kinds: []string{"chat"}},
	{weight: 2, name: "stun", protocol: udp, port: 3478, category: "SIP", application: "stun", up: 2.2e6, down: 2.8e6, seconds: 900, curve: &office, dscp: "AF41", tos: 136, kinds: []string{"chat"}},
	{weight: 1.2, name: "openvpn", protocol: udp, port: 1194, category: "VPN", application: "openvpn", up: 400e3, down: 900e3, seconds: 600, curve: &office, kinds: []string{"access"}},
	{weight: .8, protocol: udp, port: 51820, category: "VPN", application: "wireguard", up: 500e3, down: 900e3, seconds: 600, curve: &evening, kinds: []string{"access"}},
	{weight: 1.5, name: "ssh", protocol: tcp, port: 22, category: "Remote Administration", application: "ssh", up: 12e3, down: 40e3, seconds: 120, curve: &office, dscp: "AF21", tos: 72, kinds: []string{"cloud"}},
	{weight: 1.5, name: "ms-wbt-server", protocol: tcp, port: 3389, category: "Remote Administration", application: "rdp", up: 60e3, down: 700e3, seconds: 600, curve: &office, server: dataServer},
	{weight: 2, name: "ldap", protocol: tcp, port: 389, category: "AAA", application: "ldap", up: 900, down: 4e3, seconds: 1, curve: &office, server: nameServer},
	{weight: 1.5, name: "kerberos", protocol: tcp, port: 88, category: "AAA", application: "kerberos", up: 1500, down: 1600, seconds: .2, curve: &office, server: nameServer},
	{weight: .5, name: "radius", protocol: udp, port: 1812, category: "AAA", application: "radius", up: 300, down: 250, seconds: .2, curve: &office, server: nameServer},
	{weight: 1.5, name: "hp-pdl-datastr", protocol: tcp, port: 9100, category: "Printing", application: "jetdirect", up: 600e3, down: 900, seconds: 20, curve: &office, server: printServer},
	{weight: .5, name: "ipp", protocol: tcp, port: 631, category: "Printing", application: "ipp", up: 300e3, down: 2e3, seconds: 10, curve: &office, server: printServer},
	{weight: 3, name: "snmp", protocol: udp, port: 161, category: "Monitoring", application: "snmp", up: 600, down: 1400, seconds: .5, curve: &always, dscp: "CS2", tos: 64, server: watchServer},
	{weight: 2, name: "syslog", protocol: udp, port: 514, category: "Monitoring", application: "syslog", up: 2500, seconds: 10, curve: &always, dscp: "CS2", tos: 64, server: watchServer},
	{weight: .8, name: "ftp", protocol: tcp, port: 21, category: "File Transfer", application: "ftp", up: 900, down: 2e3, seconds: 15, curve: &office, kinds: []string{"cloud"}},
	{weight: .4, protocol: tcp, port: 51413, category: "P2P", application: "bittorrent", up: 900e3, down: 1.4e6, seconds: 400, curve: &evening, dscp: "CS1", tos: 32, kinds: []string{"access"}},
	{weight: .5, protocol: tcp, port: 25565, category: "Games", application: "minecraft", up: 50e3, down: 200e3, seconds: 700, curve: &evening, kinds: []string{"game"}},
	{weight: .5, name: "ssdp", protocol: udp, port: 1900, category: "UPnP", application: "ssdp", up: 700, seconds: 3, curve: &always, server: netip.MustParseAddr("239.255.255.250")},
	{weight: .2, protocol: tcp, port: 8333, category: "Crypto Currency", application: "bitcoin", up: 30e3, down: 90e3, seconds: 500, curve: &always, kinds: []string{"access"}},
	{weight: .3, name: "ncp", protocol: tcp, port: 524, category: "Novell", application: "ncp", up: 3e3, down: 9e3, seconds: 20, curve: &office, server: fileServer},
	{weight: .4, protocol: tcp, port: 8291, category: "MikroTik", application: "winbox", up: 8e3, down: 60e3, seconds: 90, curve: &office, server: netip.MustParseAddr("10.30.0.1")},
	{weight: .6, name: "afpovertcp", protocol: tcp, port: 548, category: "Apple", application: "afp", up: 40e3, down: 200e3, seconds: 60, curve: &office, server: fileServer},
	{weight: .5, name: "hpvroom", protocol: tcp, port: 5228, category: "Google", up: 900, down: 2e3, seconds: 600, curve: &always, kinds: []string{"cloud"}},
	{weight: .8, protocol: tcp, port: 47808, category: "Other", rule: "none", up: 3e3, down: 8e3, seconds: 30, curve: &office, server: dataServer},
	{weight: .5, protocol: udp, port: 40123, category: "Other", rule: "none", up: 9e3, down: 4e3, seconds: 30, curve: &always, kinds: []string{"access"}},
}

// knows are the exporters that recognise applications.
var knows = map[*exporter]bool{&graz: true, &probe: true, &firewall: true}

// ordinary plays one conversation of the company.
func (m *maker) ordinary() {
	u := pickBy(m, usages, func(u *usage) float64 { return u.weight })
	b := pickBy(m, branches, func(b *branch) float64 { return b.weight })
	t := &talk{
		exporter: b.exporter, in: b.inside, at: m.when(u.curve), protocol: u.protocol, service: u.name, category: u.category, rule: u.rule,
		dscp: u.dscp, tos: u.tos, vlan: b.vlan, up: m.around(u.up), duration: time.Duration(u.seconds * m.rnd.ExpFloat64() * float64(time.Second)),
	}
	if t.rule == "" {
		t.rule = byPort(u.protocol, u.port)
	}
	if u.down > 0 {
		t.down = m.around(u.down)
	}
	client := b.host(m)
	t.client = end{ip: client, port: uint16(m.between(49152, 65535)), mac: card(client)}
	m.serve(t, u, b, client)
	if knows[t.exporter] {
		t.application = u.application
	}
	m.embellish(t, u, b)
	m.play(t)
}

// serve chooses the server. Inside traffic of Vienna is what the core switch sees.
func (m *maker) serve(t *talk, u *usage, b *branch, client netip.Addr) {
	if u.server.IsValid() {
		t.server = end{ip: u.server, port: u.port, mac: card(u.server)}
		switch b.exporter {
		case &edge:
			t.exporter, t.in, t.out = &core, m.between(4, 5), m.between(1, 3)
		case &probe:
			t.in, t.out = 1, 1
		}
		return
	}
	n := m.of(u.kinds...)
	server := int(10 * m.rnd.Float64() * m.rnd.Float64())
	t.server = end{ip: n.at(server + 1), port: u.port, net: n}
	if n.kind != "access" && m.chance(.22) {
		t.client.ip, t.server.ip = b.host6(client), n.at6(server+1)
	}
}

// embellish adds what only some exporters say.
func (m *maker) embellish(t *talk, u *usage, b *branch) {
	name := ""
	if t.server.net != nil && t.server.net.kind != "access" {
		name = t.server.net.host(int(t.server.ip.As16()[15]) - 1)
	}
	user := pick(m, people)
	names := m.namesSeen(t, name)
	t.more = func(r *flow.Record, answer bool) {
		if t.exporter == &edge && name != "" { // a collector that asks reverse DNS
			if answer {
				r.SetSourceDomain(name)
			} else {
				r.SetDestinationDomain(name)
			}
		}
		if b.wireless != "" && t.exporter == &edge {
			r.SetNetworkName(b.wireless)
			r.SetFlowAccessPointMAC(flow.MAC{2, 0, 3, 1, 1, byte(t.client.port % 4)})
			r.SetFlowClientMAC(t.client.mac)
		}
		if t.exporter == &probe {
			r.SetUserName(user)
		}
		if t.application != "" {
			r.SetFlowApplicationCategory(t.category)
			r.SetFlowApplicationDescription("What " + t.application + " does")
			r.SetFlowApplicationID("13:" + strconv.Itoa(int(u.port)))
		}
		if t.exporter == &graz || t.exporter == &edge {
			r.SetFlowNextHop(netip.AddrFrom4([4]byte{192, 0, 2, byte(10 + t.in)}))
		}
		names(r)
	}
}
