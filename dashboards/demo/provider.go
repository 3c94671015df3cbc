package demo

import (
	"cmp"
	"net/netip"
	"strconv"
	"time"

	"github.com/weirflow/weir/flow"
)

// routing is what routers tell each other.
func (m *maker) routing() {
	t := &talk{exporter: &edge, in: 0, at: m.when(&always), dscp: "CS6", tos: 192, category: "Routing", up: m.around(600), duration: 50 * time.Second,
		client: end{ip: netip.MustParseAddr("10.0.0.1")}, server: end{ip: netip.MustParseAddr("224.0.0.5")}}
	switch m.rnd.IntN(3) {
	case 0:
		t.protocol, t.rule = ospf, "protocol ospfigp"
	case 1:
		t.protocol, t.rule, t.server.ip = vrrp, "protocol vrrp", netip.MustParseAddr("224.0.0.18")
	default:
		t.exporter, t.protocol, t.service, t.rule, t.down = &backbone, tcp, "bgp", byPort(tcp, 179), m.around(700)
		t.client, t.server = end{ip: netip.MustParseAddr("192.0.2.1"), port: 40179}, end{ip: netip.MustParseAddr("192.0.2.2"), port: 179}
	}
	m.play(t)
}

// tunnel is a VXLAN between hypervisors, or a GRE to a branch.
func (m *maker) tunnel() {
	a, b := byte(m.between(1, 6)), byte(m.between(7, 12))
	t := &talk{exporter: &core, in: 3, out: 3, at: m.when(&always), protocol: udp, service: "vxlan", category: "VPN", rule: byPort(udp, 4789), up: m.around(400e3), down: m.around(200e3),
		client: end{ip: netip.AddrFrom4([4]byte{10, 1, 9, a}), port: uint16(m.between(49152, 65535))}, server: end{ip: netip.AddrFrom4([4]byte{10, 1, 9, b}), port: 4789}, duration: 20 * time.Second}
	kind, id := "vxlan", uint64(5000+m.between(1, 4))
	switch m.rnd.IntN(4) {
	case 0:
		kind, id, t.protocol, t.service, t.rule = "gre", 7, gre, "", "protocol gre"
	case 1:
		kind, t.protocol, t.service, t.rule, t.exporter, t.in, t.out = "", esp, "", "protocol esp", &edge, 1, 0
		n := m.of("access")
		t.client, t.server = end{ip: vpnOutside}, end{ip: n.at(4), net: n}
	}
	inner := [2]netip.Addr{netip.AddrFrom4([4]byte{172, 16, byte(id % 16), a}), netip.AddrFrom4([4]byte{172, 16, byte(id % 16), b})}
	t.more = func(r *flow.Record, answer bool) {
		if kind == "" {
			return
		}
		from, to, sport, dport := inner[0], inner[1], uint16(50000)+uint16(a), uint16(8080)
		if answer {
			from, to, sport, dport = to, from, dport, sport
		}
		r.SetFlowTunnelType(kind)
		r.SetFlowTunnelID(id)
		r.SetInnerSourceIP(from)
		r.SetInnerDestinationIP(to)
		r.SetInnerSourcePort(sport)
		r.SetInnerDestinationPort(dport)
		r.SetInnerIANANumber(tcp)
	}
	m.play(t)
}

// transit is traffic of the provider's customers that passes its backbone.
func (m *maker) transit() {
	a, b := m.of("access", "web"), m.of("video", "web", "cloud", "mail")
	u := pickBy(m, usages[:6], func(u *usage) float64 { return u.weight })
	customer := netip.AddrFrom4([4]byte{198, 19, byte(m.rnd.IntN(40)), byte(m.between(1, 254))})
	t := &talk{exporter: &backbone, in: m.between(2, 3), out: m.rnd.IntN(2), at: m.when(&evening), protocol: u.protocol, service: "https", category: "Web", rule: byPort(u.protocol, 443),
		client: end{ip: customer, port: uint16(m.between(1024, 65535))}, server: end{ip: b.at(m.between(1, 8)), port: 443, net: b},
		up: m.around(u.up) * 8, down: m.around(u.down)*8 + 4000, duration: time.Duration(m.between(1, 50)) * time.Second, tos: u.tos, dscp: u.dscp}
	if b.kind == "video" {
		t.category, t.rule = "Streaming Media", "user example-video"
	}
	if m.chance(.15) { // between two other networks
		t.client.ip, t.client.net, t.in = a.at(m.between(1, 200)), a, 1
	}
	if m.chance(.2) {
		t.server.ip = b.at6(m.between(1, 8))
		if t.client.ip = netip.MustParseAddr("2001:db8:ffff::" + strconv.Itoa(m.between(1, 2000))); t.client.net != nil {
			t.client.ip = a.at6(m.between(1, 2000))
		}
	}
	label := uint32(300_000 + m.between(1, 12)*16)
	vrf := pick(m, []string{"internet", "business", "wholesale"})
	hop, next := transits[t.out], transits[m.rnd.IntN(len(transits))]
	tags := pick(m, [][]string{{"transit"}, {"peering"}, {"customer"}})
	t.more = func(r *flow.Record, answer bool) {
		r.AddFlowMPLSLabels(label)
		r.AddFlowMPLSLabels(label + 1)
		r.SetFlowVRFName(vrf)
		r.SetFlowVRFIngressID(uint32(len(vrf)))
		r.SetFlowVRFRD("64511:" + vrf[:1])
		r.SetFlowBGPNextAS(hop)
		r.SetFlowBGPPreviousAS(next)
		if answer {
			r.SetFlowBGPNextAS(next)
			r.SetFlowBGPPreviousAS(hop)
		}
		r.SetFlowBGPNextHop(netip.AddrFrom4([4]byte{192, 0, 2, byte(100 + t.out)}))
		r.SetFlowNextHop(netip.AddrFrom4([4]byte{192, 0, 2, byte(20 + t.out)}))
		r.SetSourcePrefixLength(uint8(m.between(16, 24)))
		r.SetDestinationPrefixLength(uint8(pick(m, []int{8, 16, 19, 20, 21, 21, 22, 22, 23, 24, 24, 24, 24})))
		r.SetFlowSamplingID(1)
		r.AddTags(tags...)
	}
	m.play(t)
}

// home is a subscriber's traffic before the translator.
func (m *maker) home() {
	u := pickBy(m, usages[:6], func(u *usage) float64 { return u.weight })
	n := m.of("video", "web", "game")
	m.play(&talk{exporter: &translator, in: 1, at: m.when(&evening), protocol: u.protocol, service: u.name, category: u.category, rule: cmp.Or(u.rule, byPort(u.protocol, u.port)),
		client: end{ip: subscriber(m), port: uint16(m.between(1024, 65535))}, server: end{ip: n.at(m.between(1, 8)), port: u.port, net: n},
		up: m.around(u.up), down: m.around(u.down) + 60, duration: time.Duration(m.between(1, 90)) * time.Second})
}
