// Package sampleflows makes flows as the routers of one site export them over a
// day, the same ones each time, for what measures stores and indexes. It is part
// of no program.
package sampleflows

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/flow/communityid"
)

// Day is when the flows' day begins.
var Day = time.Date(2026, 9, 21, 0, 0, 0, 0, time.UTC)

// service is what servers offer.
type service struct {
	name, category, transport string
	protocol                  uint8
	port                      uint16
	share, bytes              int // of flows in 1,000; mean octets
}

var services = []service{
	{"https", "Web", "tcp", 6, 443, 430, 40_000}, {"http", "Web", "tcp", 6, 80, 60, 12_000}, {"https", "Web", "udp", 17, 443, 120, 60_000},
	{"domain", "Name Resolution", "udp", 17, 53, 200, 160}, {"ntp", "Time", "udp", 17, 123, 30, 90}, {"imaps", "Email", "tcp", 6, 993, 20, 9_000},
	{"submission", "Email", "tcp", 6, 587, 10, 20_000}, {"ssh", "Remote Administration", "tcp", 6, 22, 20, 30_000}, {"microsoft-ds", "Storage", "tcp", 6, 445, 30, 90_000},
	{"ldap", "AAA", "tcp", 6, 389, 20, 2_000}, {"snmp", "Monitoring", "udp", 17, 161, 20, 400}, {"sip", "SIP", "udp", 17, 5060, 10, 900},
	{"ipsec-nat-t", "VPN", "udp", 17, 4500, 10, 200_000}, {"mysql", "Databases", "tcp", 6, 3306, 10, 15_000}, {"", "Other", "tcp", 6, 8291, 10, 3_000},
}

var organizations = []string{"Example Cloud", "Example Networks", "Content Example", "Example Telecom", "Example University", "Example Hosting"}
var countries = [][2]string{{"DE", "Germany"}, {"US", "United States"}, {"NL", "Netherlands"}, {"FR", "France"}, {"GB", "United Kingdom"}, {"IE", "Ireland"}, {"SG", "Singapore"}, {"BR", "Brazil"}}

// Site makes flows as the routers of one site with 2,000 hosts export them over a
// day: both directions of conversations with some of 150,000 servers, few of
// which have most of the traffic. It is not safe for concurrent use.
type Site struct {
	rng     *rand.Rand
	servers *rand.Zipf
	step    float64
	passed  float64
	queue   []pair
	at      int
	places  bool
}

// pair is a conversation.
type pair struct {
	client, server netip.Addr
	port           uint16
	service        *service
	mac            flow.MAC
}

// New gives a site that exports so many flows over the day.
func New(rows int) *Site {
	rng := rand.New(rand.NewPCG(1, uint64(rows)))
	s := &Site{rng: rng, servers: rand.NewZipf(rng, 1.15, 20, 149_999), step: 24 * 3600 / float64(rows)}
	return s
}

func address(high byte, n uint32) netip.Addr {
	b := binary.BigEndian.AppendUint32(nil, n)
	return netip.AddrFrom4([4]byte{high, b[1], b[2], b[3]})
}

// next gives a conversation: one of the last ones goes on three times in four.
func (s *Site) next() *pair {
	if len(s.queue) == 4096 && s.rng.IntN(4) > 0 {
		return &s.queue[s.rng.IntN(len(s.queue))]
	}
	n := s.rng.IntN(1000)
	i := 0
	for n -= services[0].share; n >= 0 && i < len(services)-1; n -= services[i].share {
		i++
	}
	host := uint32(s.rng.IntN(2000))
	p := pair{service: &services[i], port: uint16(32768 + s.rng.IntN(28000)), client: address(10, 20<<16|host/250<<8|host%250+1),
		mac: flow.MAC{0, 0x1b, 0x21, 0, byte(host >> 8), byte(host)}}
	switch rank := uint32(s.servers.Uint64()); services[i].category {
	case "Name Resolution", "AAA", "Time", "Monitoring", "Storage", "Databases":
		p.server = address(10, 1<<16|rank%40)
	default:
		p.server = address(byte(11+rank%100), rank*2654435761>>8)
	}
	if len(s.queue) < 4096 {
		s.queue = append(s.queue, p)
		return &s.queue[len(s.queue)-1]
	}
	s.at = (s.at + 1) % len(s.queue)
	s.queue[s.at] = p
	return &s.queue[s.at]
}

// NewWithPlaces gives a site whose flows have also what a database of cities and
// the localities of both ends add.
func NewWithPlaces(rows int) *Site {
	s := New(rows)
	s.places = true
	return s
}

// Fill makes the next flow, in an empty record.
func (s *Site) Fill(r *flow.Record) {
	p, answer := s.next(), s.rng.IntN(2) == 0
	s.passed += s.step
	end := Day.Add(time.Duration(s.passed * 1e9)).Add(-time.Duration(s.rng.IntN(15_000)) * time.Millisecond)
	duration := time.Duration(s.rng.IntN(30_000)) * time.Millisecond
	packets := uint64(1 + s.rng.ExpFloat64()*float64(p.service.bytes)/800)
	octets := packets * uint64(60+s.rng.IntN(900))

	r.SetTimestamp(end.UnixNano())
	r.SetEventEnd(end.UnixNano())
	r.SetEventStart(end.Add(-duration).UnixNano())
	r.SetEventDuration(int64(duration))
	r.SetEventCreated(end.Add(time.Duration(2000+s.rng.IntN(8000)) * time.Millisecond).UnixNano())
	r.SetNetworkBytes(octets)
	r.SetNetworkPackets(packets)
	r.SetNetworkType("ipv4")
	r.SetNetworkIANANumber(p.service.protocol)
	r.SetNetworkTransport(p.service.transport)
	r.SetSourceBytes(octets)
	r.SetSourcePackets(packets)
	r.SetFlowCategory(p.service.category)
	r.SetFlowCategoryRule(fmt.Sprintf("port %s/%d", p.service.transport, p.service.port))
	if p.service.name != "" {
		r.SetFlowService(p.service.name)
	}
	r.SetFlowClientIP(p.client)
	r.SetFlowServerIP(p.server)
	r.SetFlowServerPort(p.service.port)
	if p.service.protocol == 6 {
		r.SetFlowTCPFlags([]uint16{0x1b, 0x1b, 0x1b, 0x12, 0x02, 0x18, 0x14}[s.rng.IntN(7)])
	}
	s.ends(r, p, answer)
	s.exporter(r, answer)
	tuple := communityid.Tuple{Source: r.SourceIP, Destination: r.DestinationIP, SourcePort: r.SourcePort, DestinationPort: r.DestinationPort, Protocol: p.service.protocol}
	r.SetNetworkCommunityID(string(communityid.Append(nil, 0, tuple)))
}

func (s *Site) ends(r *flow.Record, p *pair, answer bool) {
	b := p.server.As4()
	n := int(b[1]) + int(b[2])
	country, organization := countries[n%len(countries)], organizations[n%len(organizations)]
	local := b[0] == 10
	direction := "outbound"
	if answer {
		direction = "inbound"
		r.SetSourceIP(p.server)
		r.SetSourcePort(p.service.port)
		r.SetDestinationIP(p.client)
		r.SetDestinationPort(p.port)
		r.SetDestinationMAC(p.mac)
		if !local {
			r.SetSourceASNumber(uint32(1000 + n))
			r.SetSourceASOrganization(organization)
			r.SetSourceGeoCountryCode(country[0])
			r.SetSourceGeoCountryName(country[1])
		}
	} else {
		r.SetSourceIP(p.client)
		r.SetSourcePort(p.port)
		r.SetSourceMAC(p.mac)
		r.SetDestinationIP(p.server)
		r.SetDestinationPort(p.service.port)
		if !local {
			r.SetDestinationASNumber(uint32(1000 + n))
			r.SetDestinationASOrganization(organization)
			r.SetDestinationGeoCountryCode(country[0])
			r.SetDestinationGeoCountryName(country[1])
		}
	}
	locality := "external"
	if local {
		direction, locality = "internal", "internal"
	}
	r.SetNetworkDirection(direction)
	r.SetFlowLocality(locality)
	if s.places {
		place(r, n, answer, local)
	}
}

// place sets where the ends are; each country has 40 cities.
func place(r *flow.Record, n int, answer, local bool) {
	r.SetSourceLocality("internal")
	r.SetDestinationLocality("internal")
	if local {
		return
	}
	country, city := n%len(countries), n/len(countries)%40
	name := fmt.Sprintf("%s City %d", countries[country][1], city)
	at := flow.Point{Lat: float64(city*13_171%900_000)/1e4 - 40, Lon: float64((country*40+city)*9_973%3_000_000)/1e4 - 150}
	if answer {
		r.SetSourceLocality("external")
		r.SetSourceGeoCityName(name)
		r.SetSourceGeoLocation(at)
	} else {
		r.SetDestinationLocality("external")
		r.SetDestinationGeoCityName(name)
		r.SetDestinationGeoLocation(at)
	}
}

func (s *Site) exporter(r *flow.Record, answer bool) {
	n := s.rng.IntN(3)
	r.SetObserverIP(address(10, uint32(n+1)))
	r.SetObserverName([]string{"core-1", "core-2", "edge"}[n])
	in, out := uint32(1+s.rng.IntN(24)), uint32(25+n)
	if answer {
		in, out = out, in
	}
	r.SetIngressInterfaceID(in)
	r.SetIngressInterfaceName(fmt.Sprintf("ether%d", in))
	r.SetEgressInterfaceID(out)
	r.SetEgressInterfaceName(fmt.Sprintf("ether%d", out))
	r.SetFlowToS(0)
	r.SetFlowDSCP("CS0")
	r.SetFlowDirection(0)
	r.SetFlowEndReason(uint8(1 + s.rng.IntN(3)))
	r.SetFlowSamplingRate(1)
	r.SetFlowSamplingSource("assumed")
	r.SetFlowTimeSource("uptime")
	r.SetFlowClockSkew(int64(-s.rng.IntN(40)))
	r.SetFlowExporterProtocol("ipfix")
	r.SetFlowExporterTransport("udp")
	r.SetFlowExporterDomain(0)
	r.SetFlowCount(1)
}
