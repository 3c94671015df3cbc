package main

import (
	"fmt"
	"net/netip"
	"time"
)

// flowsStart is the time of the first packet of flows.pcap.
var flowsStart = time.Date(2026, time.September, 1, 8, 0, 0, 0, time.UTC)

// flows is the recipe of flows.pcap: 100 TCP connections, 50 DNS-like exchanges, 20
// IPv6 uniflows, 10 uniflows on VLANs and 10 ICMP ones. Every uniflow has a 5-tuple
// of its own and lives shorter than any exporter's idle time, so that exporters
// send one record per uniflow.
func flows() []packet {
	var out []packet
	at := func(i int, step time.Duration) time.Time { return flowsStart.Add(time.Duration(i) * step) }
	for i := range 100 {
		c := conversation{
			start:  at(i, 600*time.Millisecond).Add(137 * time.Microsecond),
			client: addr("192.168.%d.%d", i%3, 10+i%40), server: tcpServers[i%len(tcpServers)],
			clientPort: uint16(40000 + i), serverPort: tcpPorts[i%len(tcpPorts)],
			gap: time.Duration(3+i%17) * time.Millisecond, request: 60 + 7*i, responses: 1 + i%4, response: 200 + 11*i,
		}
		switch {
		case i%25 == 24: // refused
			out = append(out, c.refused()...)
		default:
			out = append(out, c.tcp()...)
		}
	}
	for i := range 50 {
		c := conversation{
			start:  at(i, 1100*time.Millisecond).Add(61 * time.Microsecond),
			client: addr("10.20.%d.%d", i%4, 5+i), server: resolvers4[i%len(resolvers4)],
			clientPort: uint16(50000 + 13*i), serverPort: 53,
			gap: 9 * time.Millisecond, request: 28 + i%23, responses: 1, response: 80 + 3*i,
		}
		out = append(out, c.udp()...)
	}
	out = append(out, flowsIPv6(at)...)
	for i := range 5 { // 10 uniflows on VLANs 100 to 104
		c := conversation{
			start:  at(i, 7*time.Second).Add(500 * time.Millisecond),
			client: addr("172.16.%d.%d", 10+i, 20), server: addr("172.16.%d.%d", 10+i, 1),
			clientPort: uint16(33000 + i), serverPort: 443, vlan: uint16(100 + i), tos: 0xb8,
			gap: 4 * time.Millisecond, request: 120, responses: 2, response: 900 + i,
		}
		out = append(out, c.tcp()...)
	}
	for i := range 5 { // 5 echo requests with 4 replies, and one port unreachable
		c := conversation{
			start:  at(i, 5*time.Second).Add(250 * time.Millisecond),
			client: addr("198.51.100.%d", 10+i), server: addr("203.0.113.%d", 1+i),
			gap: 20 * time.Millisecond, request: 56, responses: 2 + i, response: 56,
		}
		packets := c.ping(protoICMP, 8, 0)
		if i == 4 {
			packets = append(c.ping(protoICMP, 8, 8)[:1], packet{at: c.start.Add(c.gap), src: c.server, dst: c.client,
				proto: protoICMP, icmpType: 3, icmpCode: 3, payload: 48})
		}
		out = append(out, packets...)
	}
	return out
}

// flowsIPv6 is 20 uniflows: 4 TCP connections, 4 DNS exchanges and 2 pings.
func flowsIPv6(at func(int, time.Duration) time.Time) []packet {
	var out []packet
	for i := range 10 {
		c := conversation{
			start:  at(i, 4*time.Second).Add(333 * time.Millisecond),
			client: addr("2001:db8:0:%d::%x", i%3, 0x10+i), server: servers6[i%len(servers6)],
			clientPort: uint16(60000 + i), serverPort: 443,
			gap: 6 * time.Millisecond, request: 100 + i, responses: 2, response: 700 + 10*i,
		}
		switch {
		case i < 4:
			out = append(out, c.tcp()...)
		case i < 8:
			c.serverPort, c.responses = 53, 1
			out = append(out, c.udp()...)
		default:
			out = append(out, c.ping(protoICMPv6, 128, 129)...)
		}
	}
	return out
}

// The far ends: documentation networks, private ones and well-known public services.
var (
	tcpServers = addrs("192.0.2.80", "198.51.100.25", "203.0.113.200", "10.0.0.5", "172.20.1.1", "151.101.1.140", "104.16.132.229", "142.250.74.46")
	tcpPorts   = []uint16{443, 80, 22, 25, 8080, 993, 3389}
	resolvers4 = addrs("8.8.8.8", "1.1.1.1", "9.9.9.9", "192.0.2.53", "10.0.0.53")
	servers6   = addrs("2001:db8:ffff::80", "2606:4700:4700::1111", "2001:4860:4860::8888", "2620:fe::fe")
)

func addr(format string, args ...any) netip.Addr {
	return netip.MustParseAddr(fmt.Sprintf(format, args...))
}

func addrs(list ...string) []netip.Addr {
	out := make([]netip.Addr, len(list))
	for i, s := range list {
		out[i] = netip.MustParseAddr(s)
	}
	return out
}
