package main

import (
	"math"
	"math/rand/v2"
	"net"
	"net/netip"
	"time"
)

// demoStart is the time of the demo's first packets; they spread over demoSpan.
var demoStart = time.Date(2026, time.September, 1, 12, 0, 0, 0, time.UTC)

const (
	demoSpan = 4 * time.Minute
	// demoSnap keeps the headers only: the demo's captures are large and live shortly.
	demoSnap = 128
)

// part is the traffic that one of the demo's exporters sees. No flow is in two parts.
type part struct {
	name    string // also the protocol that its exporter speaks
	packets []packet
}

// demo is a small company: its main router (NetFlow v9), an office that has IPv6
// (IPFIX), an old branch router (NetFlow v5) and the switch of its servers (sFlow).
func demo() []part {
	office6 := clients("10.10.20.%d", 20, 40)
	for i := range office6 {
		office6[i].addr6 = addr("2001:470:1f0b:88::%x", 0x100+i)
	}
	return []part{
		{"netflow9", newSite(9, "192.168.88.1", clients("192.168.88.%d", 100, 45)).talk(publicServices, 850)},
		{"ipfix", newSite(10, "10.10.20.1", office6).talk(append(publicServices6, publicServices...), 600)},
		{"netflow5", newSite(5, "192.168.99.1", clients("192.168.99.%d", 10, 15)).talk(publicServices, 300)},
		{"sflow", newSite(6, "192.168.88.2", clients("192.168.88.%d", 150, 40)).talk(insideServices, 200)},
	}
}

// host is a client: its addresses and a MAC whose prefix is a real vendor's.
type host struct {
	addr, addr6 netip.Addr
	mac         net.HardwareAddr
}

func clients(format string, first, n int) []host {
	out := make([]host, n)
	for i := range out {
		oui := vendors[i%len(vendors)]
		out[i] = host{addr: addr(format, first+i), mac: net.HardwareAddr{oui[0], oui[1], oui[2], 0x10, byte(first), byte(i)}}
	}
	return out
}

// site makes the conversations of one part; equal seeds give equal conversations.
type site struct {
	rng     *rand.Rand
	gateway net.HardwareAddr
	hosts   []host
	port    uint16 // the last client port; every conversation has its own
}

func newSite(seed uint64, gateway string, hosts []host) *site {
	b := netip.MustParseAddr(gateway).As4()
	return &site{rng: rand.New(rand.NewPCG(seed, 88)), gateway: net.HardwareAddr{0x4c, 0x5e, 0x0c, b[1], b[2], b[3]}, hosts: hosts, port: 32768}
}

// talk draws n conversations, services by their weight.
func (s *site) talk(services []service, n int) []packet {
	total := 0
	for _, v := range services {
		total += v.weight
	}
	var out []packet
	for range n {
		draw, pick := s.rng.IntN(total), 0
		for draw >= services[pick].weight {
			draw -= services[pick].weight
			pick++
		}
		out = append(out, s.conversation(services[pick])...)
	}
	return out
}

func (s *site) conversation(v service) []packet {
	s.port += uint16(1 + s.rng.IntN(7))
	h := s.hosts[s.rng.IntN(len(s.hosts))]
	c := conversation{
		start:  demoStart.Add(time.Duration(s.rng.Int64N(int64(demoSpan)))).Truncate(time.Microsecond),
		client: h.addr, server: v.servers[s.rng.IntN(len(v.servers))],
		clientPort: s.port, serverPort: v.port, clientMAC: h.mac, serverMAC: s.gateway,
		tos: v.tos, snap: demoSnap, gap: time.Duration(500+s.rng.IntN(20_000)) * time.Microsecond,
	}
	if c.server.Is6() {
		c.client = h.addr6
	}
	if v.samePort {
		c.clientPort = v.port
	}
	size := s.size(v.least, v.most)
	switch v.shape {
	case download:
		c.request, c.response, c.responses = 200+s.rng.IntN(800), mss, 1+size/mss
		return c.tcp()
	case upload:
		c.request, c.response, c.responses = size, 120, 1+size/(4*mss)
		return c.tcp()
	case exchange:
		c.request, c.requests, c.response, c.responses = 30+s.rng.IntN(40), 1, size, 1
		return c.udp()
	case stream:
		c.request, c.requests, c.response, c.responses = 60+s.rng.IntN(200), 2+size/(3*1200), 1200, 1+size/1200
		return c.udp()
	case oneWay:
		c.request, c.requests = min(size, mss), 1+s.rng.IntN(4)
		return c.udp()
	case echo:
		c.request, c.response, c.responses = 56, 56, 1+s.rng.IntN(5)
		if c.server.Is6() {
			return c.ping(protoICMPv6, 128, 129)
		}
		return c.ping(protoICMP, 8, 0)
	default: // scan: strangers knock at our clients
		c.client, c.server, c.clientMAC, c.serverMAC = c.server, c.client, c.serverMAC, c.clientMAC
		c.requests = 1 + s.rng.IntN(3)
		return c.unanswered()
	}
}

// size is Pareto distributed: many small, few large.
func (s *site) size(least, most int) int {
	const alpha = 0.9
	return int(math.Min(float64(most), float64(least)*math.Pow(1-s.rng.Float64(), -1/alpha)))
}
