package demo

import (
	"cmp"
	"net/netip"
	"time"

	"github.com/weirflow/weir/flow"
)

// rules are the firewall's, with how often each decides.
var rules = []struct{ name, acl string }{
	{"allow-web-out", "0x2b3f1a77"}, {"allow-mail", "0x11c40e05"}, {"allow-vpn", "0x7d20ff31"}, {"allow-names", "0x09ab77c2"},
}

// published is a visit to the company's web server, whose address is translated.
func (m *maker) published() {
	n := m.anywhere()
	t := &talk{exporter: &firewall, in: 0, out: 2, at: m.when(&evening), protocol: tcp, service: "https", category: "Web", rule: byPort(tcp, 443),
		client: end{ip: n.at(m.between(100, 400)), port: uint16(m.between(1024, 65535)), net: n}, server: end{ip: webOutside, port: 443},
		up: m.around(3e3), down: m.around(80e3), duration: 6 * time.Second}
	t.more = func(r *flow.Record, answer bool) {
		if !answer {
			r.SetDestinationNATIP(webServer)
			r.SetDestinationNATPort(8443)
		}
	}
	m.play(t)
}

// connection is what the firewall says of one that it allows: made, and ended.
func (m *maker) connection() {
	u := pickBy(m, usages[:11], func(u *usage) float64 { return u.weight })
	b := branches[m.rnd.IntN(4)]
	n, client, rule, user := m.of("web", "cloud", "mail"), b.host(m), pick(m, rules), pick(m, people)
	began, lasted := m.when(&office), time.Duration(m.between(1, 300))*time.Second
	port, inside := uint16(m.between(1024, 65535)), uint16(m.between(49152, 65535))
	for _, over := range []bool{false, true} {
		t := &talk{exporter: &firewall, in: 1, at: began, protocol: u.protocol, service: u.name, category: u.category, rule: cmp.Or(u.rule, byPort(u.protocol, u.port)),
			client: end{ip: client, port: inside, mac: card(client)}, server: end{ip: n.at(m.between(1, 8)), port: u.port, net: n}, upPackets: 1}
		action, types := "flow_created", flow.TypeConnection|flow.TypeStart|flow.TypeAllowed
		if over {
			action, types = "flow_deleted", flow.TypeConnection|flow.TypeEnd
			t.at, t.duration, t.up, t.upPackets = began.Add(lasted), lasted, m.around(u.up+u.down), 0
		}
		t.more = func(r *flow.Record, _ bool) {
			r.SetEventAction(action)
			r.SetEventType(types)
			r.SetEventOutcome(flow.OutcomeSuccess)
			r.SetRuleName(rule.name)
			r.SetFlowACLIngressID(rule.acl)
			r.SetUserName(user)
			r.SetSourceNATIP(firewallNAT)
			r.SetSourceNATPort(port)
		}
		m.play(t)
	}
}

// denied is what the firewall refuses.
func (m *maker) denied() {
	reasons := []struct{ code, reason string }{
		{"1001", "denied by the ingress access list"}, {"1001", "denied by the ingress access list"}, {"1002", "denied by the egress access list"},
		{"1003", "connection to the firewall itself refused"}, {"1004", "first packet was no TCP SYN"},
	}
	why := pick(m, reasons)
	service := pick(m, []usage{
		{name: "ssh", port: 22, category: "Remote Administration"}, {name: "telnet", port: 23, category: "Remote Administration"}, {name: "microsoft-ds", port: 445, category: "Storage"},
		{name: "ms-wbt-server", port: 3389, category: "Remote Administration"}, {name: "rfb", port: 5900, category: "Remote Administration"}, {name: "http-alt", port: 8080, category: "Web"},
		{name: "ms-sql-s", port: 1433, category: "Databases"}, {name: "redis", port: 6379, category: "Databases"}, {name: "smtp", port: 25, category: "Email"},
	})
	client := m.stranger()
	if m.chance(.4) {
		n := m.of("access", "cloud")
		client = end{ip: n.at(m.between(900, 930)), port: uint16(m.between(1024, 65535)), net: n}
	}
	t := &talk{exporter: &firewall, in: 0, out: 1, at: m.when(&always), protocol: tcp, service: service.name, category: service.category, rule: byPort(tcp, service.port),
		client: client, server: end{ip: netip.AddrFrom4([4]byte{203, 0, 113, byte(m.between(1, 100))}), port: service.port}, upPackets: 1, up: 52, flags: syn}
	t.more = func(r *flow.Record, _ bool) {
		r.SetEventAction("flow_denied")
		r.SetEventType(flow.TypeConnection | flow.TypeDenied)
		r.SetEventOutcome(flow.OutcomeSuccess)
		r.SetEventReason(why.reason)
		r.SetEventCode(why.code)
		r.SetRuleName("deny-all")
		r.SetFlowACLIngressID("0xdeadc0de")
	}
	m.play(t)
}

// translated is a session that the provider's translator makes and ends.
func (m *maker) translated() {
	client, n := subscriber(m), m.of("video", "web", "game", "chat")
	began, lasted := m.when(&evening), time.Duration(m.between(5, 600))*time.Second
	pool, port := netip.AddrFrom4([4]byte{198, 51, 100, byte(m.between(1, 12))}), uint16(m.between(1024, 65535))
	for _, over := range []bool{false, true} {
		action, types, at := "nat44_session_created", flow.TypeConnection|flow.TypeStart, began
		if over {
			action, types, at = "nat44_session_deleted", flow.TypeConnection|flow.TypeEnd, began.Add(lasted)
		}
		if m.chance(.01) {
			action, types = "nat_quota_exceeded", flow.TypeConnection|flow.TypeInfo
		}
		m.play(&talk{exporter: &translator, in: 1, at: at, protocol: tcp, service: "https", category: "Web", rule: byPort(tcp, 443), up: 60, upPackets: 1,
			client: end{ip: client, port: port - 1000}, server: end{ip: n.at(m.between(1, 8)), port: 443, net: n},
			more: func(r *flow.Record, _ bool) {
				for _, id := range []flow.FieldID{flow.FieldNetworkBytes, flow.FieldNetworkPackets, flow.FieldSourceBytes, flow.FieldSourcePackets, flow.FieldFlowTCPFlags} {
					r.Clear(id) // events count nothing
				}
				r.SetEventAction(action)
				r.SetEventType(types)
				r.SetEventOutcome(flow.OutcomeSuccess)
				if action == "nat_quota_exceeded" {
					r.SetEventOutcome(flow.OutcomeFailure)
					r.SetEventReason("maximum entries per user")
				}
				r.SetSourceNATIP(pool)
				r.SetSourceNATPort(port)
			}})
	}
}

// dropped is a packet that a switch or router could not pass on.
func (m *maker) dropped() {
	u := &usages[0]
	client, n := branches[0].host(m), m.of("web")
	exporter, reason := &core, pick(m, []string{"ttl_exceeded", "acl", "no_buffer_space", "unknown_l3_egress"})
	if m.chance(.4) {
		exporter, reason = &edge, pick(m, []string{"ACL deny", "unroutable", "TTL expired"})
	}
	m.play(&talk{exporter: exporter, in: 1, at: m.when(&always), protocol: tcp, service: u.name, category: u.category, rule: byPort(tcp, 443), up: 1500, upPackets: 1,
		client: end{ip: client, port: uint16(m.between(49152, 65535)), mac: card(client)}, server: end{ip: n.at(3), port: 443, net: n}, flags: ack,
		more: func(r *flow.Record, _ bool) {
			r.SetEventOutcome(flow.OutcomeFailure)
			r.SetEventReason(reason)
			if exporter == &core {
				r.SetEventAction("packet_dropped")
				return
			}
			r.SetFlowForwardingStatus(128 + uint8(m.between(1, 4)))
		}})
}

// refused has a counter that no server takes, as broken exporters send: all ones
// in 64 bits.
func (m *maker) refused() {
	r := m.begin(&linz, m.when(&always), time.Second)
	m.ends(r, end{ip: branches[4].host(m)}, end{ip: m.of("web").at(1), net: m.of("web")})
	r.SetNetworkBytes(1<<64 - 1)
	r.SetNetworkPackets(1)
}
