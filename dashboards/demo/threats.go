package demo

import (
	"net/netip"
	"strconv"
	"time"

	"github.com/weirflow/weir/flow"
)

// scenes are what deserves a second look, what devices report beside traffic, and
// the provider's traffic.
var scenes = []scene{
	{.0004, (*maker).portScan},
	{.0003, (*maker).sweep},
	{.004, (*maker).knock},
	{.004, (*maker).cleartext},
	{.002, (*maker).malware},
	{.003, (*maker).rare},
	{.0004, (*maker).exfiltration},
	{.0007, (*maker).nameTunnel},
	{.02, (*maker).resolverOutside},
	{.02, (*maker).ping},
	{.001, (*maker).largePing},
	{.02, (*maker).routing},
	{.01, (*maker).tunnel},
	{.02, (*maker).published},
	{.06, (*maker).connection},
	{.03, (*maker).denied},
	{.05, (*maker).translated},
	{.01, (*maker).dropped},
	{.3, (*maker).transit},
	{.2, (*maker).home},
}

// stranger is an address in a network that is rarely met.
func (m *maker) stranger() end {
	n := &internet[m.between(firstRare, len(internet)-1)]
	return end{ip: n.at(m.between(1, 3)), port: uint16(m.between(1024, 65535)), net: n}
}

// inward gives a conversation that is begun outside.
func (m *maker) inward(port uint16, service, category, rule string) *talk {
	return &talk{exporter: &edge, in: 0, out: 2, at: m.when(&always), client: m.stranger(), protocol: tcp, service: service, category: category, rule: rule,
		server: end{ip: webOutside, port: port}, up: 44, upPackets: 1, flags: syn}
}

// portScan is one host that tries many ports of another.
func (m *maker) portScan() {
	from, at := m.stranger(), m.when(&always)
	for i := range m.between(80, 200) {
		port := uint16(m.between(1, 10000))
		t := m.inward(port, "", "Other", "none")
		t.client, t.at = end{from.ip, uint16(m.between(1024, 65535)), from.net, flow.MAC{}}, at.Add(time.Duration(i)*200*time.Millisecond)
		t.server.ip = netip.AddrFrom4([4]byte{203, 0, 113, 80})
		if i%9 == 0 {
			t.flags, t.down = syn|rst|ack, 40
		}
		m.play(t)
	}
}

// sweep is an inside host that asks many others for one service, as worms do.
func (m *maker) sweep() {
	at, from := m.when(&always), netip.AddrFrom4([4]byte{10, 1, 40, 66})
	for i := range m.between(80, 160) {
		m.play(&talk{exporter: &core, in: 5, out: m.between(1, 4), at: at.Add(time.Duration(i) * 90 * time.Millisecond), protocol: tcp, service: "microsoft-ds", category: "Storage",
			rule: byPort(tcp, 445), client: end{ip: from, port: uint16(49152 + i), mac: card(from)}, vlan: 40,
			server: end{ip: netip.AddrFrom4([4]byte{10, 1, byte(1 + i%3), byte(1 + i)}), port: 445}, up: 52, upPackets: 1, flags: syn})
	}
}

// knock is somebody outside who tries remote administration.
func (m *maker) knock() {
	port, service := uint16(22), "ssh"
	if m.chance(.5) {
		port, service = 3389, "ms-wbt-server"
	}
	t := m.inward(port, service, "Remote Administration", byPort(tcp, port))
	t.up, t.down, t.upPackets, t.flags, t.duration = m.around(2200), m.around(2600), 0, syn|ack|psh|fin, 4*time.Second
	t.server.ip = vpnOutside
	m.play(t)
}

// cleartext is a protocol that sends passwords as they are.
func (m *maker) cleartext() {
	u := pick(m, []usage{
		{name: "telnet", port: 23, category: "Remote Administration"}, {name: "ftp", port: 21, category: "File Transfer"},
		{name: "pop3", port: 110, category: "Email"}, {name: "imap", port: 143, category: "Email"}, {name: "http", port: 80, category: "Web"},
		{name: "ldap", port: 389, category: "AAA"},
	})
	b := branches[m.between(2, 4)]
	client := b.host(m)
	m.play(&talk{exporter: b.exporter, in: b.inside, at: m.when(&office), protocol: tcp, service: u.name, category: u.category, rule: byPort(tcp, u.port), vlan: b.vlan,
		client: end{ip: client, port: uint16(m.between(49152, 65535)), mac: card(client)}, server: end{ip: m.of("access").at(m.between(1, 5)), port: u.port, net: m.of("access")},
		up: m.around(2e3), down: m.around(9e3), duration: 8 * time.Second})
}

// malware uses ports that malware is known for.
func (m *maker) malware() {
	from := netip.AddrFrom4([4]byte{10, 1, 40, 66})
	port := pick(m, []uint16{4444, 31337, 1337})
	to := m.stranger()
	m.play(&talk{exporter: &edge, in: 3, at: m.when(&night), protocol: tcp, category: "Malicious", rule: byPort(tcp, port), vlan: 40,
		client: end{ip: from, port: uint16(m.between(49152, 65535)), mac: card(from)}, server: end{ip: to.ip, port: port, net: to.net},
		up: m.around(9e3), down: m.around(3e3), duration: 300 * time.Second})
}

// rare is a visit to a country that hardly anybody visits.
func (m *maker) rare() {
	b := branches[m.between(0, 3)]
	client, to := b.host(m), m.stranger()
	m.play(&talk{exporter: b.exporter, in: b.inside, at: m.when(&office), protocol: tcp, service: "https", category: "Web", rule: byPort(tcp, 443), vlan: b.vlan,
		client: end{ip: client, port: uint16(m.between(49152, 65535)), mac: card(client)}, server: end{ip: to.ip, port: 443, net: to.net},
		up: m.around(4e3), down: m.around(30e3), duration: 5 * time.Second})
}

// exfiltration is a large upload at night to where nobody else sends.
func (m *maker) exfiltration() {
	from := netip.AddrFrom4([4]byte{10, 1, 10, 47})
	n := &internet[firstRare+1]
	m.play(&talk{exporter: &edge, in: 1, at: m.when(&night), protocol: tcp, service: "ssh", category: "Remote Administration", rule: byPort(tcp, 22), vlan: 10,
		client: end{ip: from, port: uint16(m.between(49152, 65535)), mac: card(from)}, server: end{ip: n.at(9), port: 22, net: n},
		up: m.around(25e6), down: m.around(700e3), duration: 500 * time.Second})
}

// nameTunnel is a host that asks for names that carry data.
func (m *maker) nameTunnel() {
	from, at := netip.AddrFrom4([4]byte{10, 1, 10, 52}), m.when(&always)
	for i := range 40 {
		question := strconv.FormatUint(m.rnd.Uint64(), 36) + ".t.islands.example"
		m.play(&talk{exporter: &probe, in: 1, out: 1, at: at.Add(time.Duration(i) * time.Second), protocol: udp, service: "domain", category: "Name Resolution", rule: byPort(udp, 53), vlan: 10,
			client: end{ip: from, port: uint16(m.between(49152, 65535)), mac: card(from)}, server: end{ip: nameServer, port: 53}, up: 190, down: 420, duration: 60 * time.Millisecond,
			more: func(r *flow.Record, _ bool) {
				r.SetNetworkProtocol("dns")
				r.SetDNSQuestion(question)
			}})
	}
}

// resolverOutside is a client that asks a name server of its own choice, or ours
// that asks the internet's.
func (m *maker) resolverOutside() {
	client, n := nameServer, m.of("web", "cloud")
	if m.chance(.2) {
		client = branches[0].host(m)
	}
	m.play(&talk{exporter: &edge, in: 2, at: m.when(&office), protocol: udp, service: "domain", category: "Name Resolution", rule: byPort(udp, 53), vlan: 10,
		client: end{ip: client, port: uint16(m.between(49152, 65535)), mac: card(client)}, server: end{ip: n.at(53), port: 53, net: n}, up: 80, down: m.around(240), duration: 30 * time.Millisecond})
}

// ping is ICMP and ICMPv6, of monitoring and of errors.
func (m *maker) ping() {
	kind, code := uint8(8), uint8(0)
	t := &talk{exporter: &edge, in: 2, at: m.when(&always), protocol: icmp, category: "Monitoring", rule: "protocol icmp",
		client: end{ip: watchServer, mac: card(watchServer)}, up: 84 * uint64(m.between(1, 10)), duration: 3 * time.Second}
	n := m.anywhere()
	t.server = end{ip: n.at(1), net: n}
	switch m.rnd.IntN(4) {
	case 0:
		kind, code, t.client, t.server = 3, uint8(pick(m, []int{0, 1, 3, 13})), t.server, t.client
	case 1:
		kind, code, t.client, t.server = 11, 0, t.server, t.client
	case 2:
		kind, t.protocol, t.category, t.rule = pick(m, []uint8{128, 133, 135, 136}), icmpv6, "IPv6", "protocol ipv6-icmp"
		t.client.ip, t.server.ip = branches[0].host6(watchServer), n.at6(1)
	}
	t.more = func(r *flow.Record, _ bool) {
		r.SetFlowICMPType(kind)
		r.SetFlowICMPCode(code)
	}
	m.play(t)
}

// largePing carries more than a ping does.
func (m *maker) largePing() {
	from := netip.AddrFrom4([4]byte{10, 1, 10, 52})
	to := m.stranger()
	m.play(&talk{exporter: &edge, in: 1, at: m.when(&night), protocol: icmp, category: "Monitoring", rule: "protocol icmp", client: end{ip: from, mac: card(from)},
		server: end{ip: to.ip, net: to.net}, up: m.around(90e3) + 10_000, duration: 120 * time.Second,
		more: func(r *flow.Record, _ bool) {
			r.SetFlowICMPType(8)
			r.SetFlowICMPCode(0)
		}})
}
