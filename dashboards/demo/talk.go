package demo

import (
	"net/netip"
	"strconv"
	"time"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/flow/communityid"
)

// IP protocols by number.
const (
	icmp   = 1
	tcp    = 6
	udp    = 17
	gre    = 47
	esp    = 50
	icmpv6 = 58
	ospf   = 89
	vrrp   = 112
)

var transports = map[uint8]string{
	icmp: "icmp", tcp: "tcp", udp: "udp", gre: "gre", esp: "esp", icmpv6: "ipv6-icmp", ospf: "ospfigp", vrrp: "vrrp",
}

// TCP flags as tcpControlBits has them.
const (
	fin = 1 << iota
	syn
	rst
	psh
	ack
)

// end is one side of a conversation. net is nil for an inside end.
type end struct {
	ip   netip.Addr
	port uint16
	net  *network
	mac  flow.MAC
}

// talk is a conversation as one exporter sees it.
type talk struct {
	exporter       *exporter
	in, out        int // ports of what the client sends
	at             time.Time
	client, server end
	protocol       uint8
	service        string // IANA's name, empty for none
	category, rule string
	application    string
	dscp           string
	tos            uint8
	vlan           uint16
	up, down       uint64 // octets; down 0 for an unanswered one
	upPackets      uint64
	duration       time.Duration
	flags          uint16 // of both directions; 0 chooses by what happens
	// more completes each of the two records.
	more func(r *flow.Record, answer bool)
}

// play writes the conversation's records: a flow each way, one of both from
// exporters that report such.
func (m *maker) play(t *talk) {
	if t.flags == 0 && t.protocol == tcp {
		t.flags = syn | ack | psh | fin
		switch {
		case m.chance(.06):
			t.flags = syn | ack | rst
		case m.chance(.1):
			t.flags = ack | psh
		}
	}
	m.one(t, false)
	if t.down > 0 && t.exporter != &probe {
		m.one(t, true)
	}
}

// one writes one direction.
func (m *maker) one(t *talk, answer bool) {
	r := m.begin(t.exporter, t.at, t.duration)
	from, to, octets, in, out := t.client, t.server, t.up, t.in, t.out
	if answer {
		from, to, octets, in, out = to, from, t.down, out, in
	}
	both := t.exporter == &probe && t.down > 0
	size := packetSize(octets, both)
	packets := max(1, octets/size)
	if !answer && t.upPackets > 0 {
		packets = t.upPackets
	}
	m.count(r, t.exporter, octets, packets)
	if both {
		answers := max(1, t.down/1100)
		r.SetDestinationBytes(t.down)
		r.SetDestinationPackets(answers)
		r.SetNetworkBytes(t.up + t.down)
		r.SetNetworkPackets(packets + answers)
	}
	m.ends(r, from, to)
	r.SetNetworkIANANumber(t.protocol)
	r.SetNetworkTransport(transports[t.protocol])
	if t.protocol == tcp || t.protocol == udp {
		r.SetSourcePort(from.port)
		r.SetDestinationPort(to.port)
		r.SetFlowServerPort(t.server.port)
	}
	r.SetFlowClientIP(t.client.ip)
	r.SetFlowServerIP(t.server.ip)
	if t.protocol == tcp {
		r.SetFlowTCPFlags(t.flags)
	}
	if t.service != "" {
		r.SetFlowService(t.service)
	}
	r.SetFlowCategory(t.category)
	r.SetFlowCategoryRule(t.rule)
	if t.application != "" {
		r.SetNetworkApplication(t.application)
	}
	dscp := t.dscp
	if dscp == "" {
		dscp = "CS0"
	}
	r.SetFlowToS(t.tos)
	r.SetFlowDSCP(dscp)
	if t.vlan != 0 {
		r.SetNetworkVLANID(t.vlan)
	}
	x := t.exporter
	r.SetIngressInterfaceID(x.ports[in].index)
	r.SetIngressInterfaceName(x.ports[in].name)
	r.SetIngressInterfaceAlias(x.ports[in].alias)
	r.SetEgressInterfaceID(x.ports[out].index)
	r.SetEgressInterfaceName(x.ports[out].name)
	r.SetEgressInterfaceAlias(x.ports[out].alias)
	r.SetFlowDirection(uint8(m.rnd.IntN(2)))
	if x.protocol == "ipfix" || x.protocol == "netflow9" {
		r.SetFlowEndReason(m.endReason(t))
		r.SetFlowForwardingStatus(64)
	}
	m.community(r, t.protocol)
	if t.more != nil {
		t.more(r, answer)
	}
	m.add(r, t, &x.ports[in], &x.ports[out])
}

// packetSize guesses the mean size of a direction's packets.
func packetSize(octets uint64, both bool) uint64 {
	switch {
	case octets > 100_000 && !both:
		return 1240
	case octets > 5000:
		return 620
	case octets > 400:
		return 160
	}
	return 72
}

// endReason gives a value of flowEndReason that suits the conversation.
func (m *maker) endReason(t *talk) uint8 {
	switch {
	case t.duration > 60*time.Second:
		return 2
	case t.protocol == tcp && t.flags&(fin|rst) != 0:
		return 3
	case m.chance(.02):
		return 4
	}
	return 1
}

// begin gives a record of an exporter that ends at a time.
func (m *maker) begin(x *exporter, at time.Time, duration time.Duration) *flow.Record {
	r := m.w.Next()
	end := at.UnixNano()
	if end > m.c.End.UnixNano() {
		end = m.c.End.UnixNano()
	}
	r.SetTimestamp(end)
	r.SetEventEnd(end)
	r.SetEventStart(end - int64(duration))
	r.SetEventDuration(int64(duration))
	r.SetEventCreated(end + int64(m.between(1, 15))*int64(time.Second))
	m.observe(r, x)
	r.SetFlowTimeSource(x.times)
	r.SetFlowClockSkew(x.skew + int64(m.between(-5, 5)))
	return r
}

// observe says which exporter a record is from.
func (m *maker) observe(r *flow.Record, x *exporter) {
	r.SetObserverIP(x.ip())
	r.SetObserverName(x.name)
	r.SetFlowExporterProtocol(x.protocol)
	r.SetFlowExporterTransport(x.transport)
	r.SetFlowExporterDomain(x.domain)
	r.SetFlowSite(x.site)
	r.SetFlowTenant(x.tenant)
}

// count sets what is counted, and what of it was sampled.
func (m *maker) count(r *flow.Record, x *exporter, octets, packets uint64) {
	if x.rate > 1 { // what was sampled is whole packets, scaled
		octets, packets = max(octets/x.rate, 60)*x.rate, max(packets/x.rate, 1)*x.rate
		r.SetFlowSamplingBytes(octets / x.rate)
		r.SetFlowSamplingPackets(packets / x.rate)
	}
	r.SetFlowSamplingRate(x.rate)
	r.SetFlowSamplingSource(x.source)
	r.SetNetworkBytes(octets)
	r.SetNetworkPackets(packets)
	r.SetSourceBytes(octets)
	r.SetSourcePackets(packets)
}

// ends sets what is known about both ends.
func (m *maker) ends(r *flow.Record, from, to end) {
	r.SetSourceIP(from.ip)
	r.SetDestinationIP(to.ip)
	if from.ip.Is4() {
		r.SetNetworkType("ipv4")
	} else {
		r.SetNetworkType("ipv6")
	}
	inside := func(e end) bool { return e.net == nil }
	locality := map[bool]string{true: "internal", false: "external"}
	r.SetSourceLocality(locality[inside(from)])
	r.SetDestinationLocality(locality[inside(to)])
	r.SetFlowLocality(locality[inside(from) && inside(to)])
	switch {
	case inside(from) && inside(to):
		r.SetNetworkDirection("internal")
	case inside(from):
		r.SetNetworkDirection("outbound")
	case inside(to):
		r.SetNetworkDirection("inbound")
	default:
		r.SetNetworkDirection("external")
	}
	if n := from.net; n != nil {
		r.SetSourceASNumber(n.number)
		r.SetSourceASOrganization(n.name)
		r.SetSourceGeoCountryCode(n.code)
		r.SetSourceGeoCountryName(n.country)
		r.SetSourceGeoCityName(n.city)
		r.SetSourceGeoLocation(flow.Point{Lat: n.lat, Lon: n.lon})
	} else if name := nameOf(from.ip); name != "" {
		r.SetSourceDomain(name)
	}
	if n := to.net; n != nil {
		r.SetDestinationASNumber(n.number)
		r.SetDestinationASOrganization(n.name)
		r.SetDestinationGeoCountryCode(n.code)
		r.SetDestinationGeoCountryName(n.country)
		r.SetDestinationGeoCityName(n.city)
		r.SetDestinationGeoLocation(flow.Point{Lat: n.lat, Lon: n.lon})
	} else if name := nameOf(to.ip); name != "" {
		r.SetDestinationDomain(name)
	}
	if from.mac != (flow.MAC{}) {
		r.SetSourceMAC(from.mac)
		r.SetSourceMACVendor(makers[from.mac[2]%byte(len(makers))])
	}
	if to.mac != (flow.MAC{}) {
		r.SetDestinationMAC(to.mac)
		r.SetDestinationMACVendor(makers[to.mac[2]%byte(len(makers))])
	}
}

// makers are invented holders of the locally administered prefixes 02-00-xx.
var makers = []string{"Example Computers", "Sample Phones", "Example Printers", "Sample Networks", "Example Virtual Machines"}

// card gives the hardware address of an inside host.
func card(a netip.Addr) flow.MAC {
	v := a.As16()
	return flow.MAC{2, 0, (v[13]*7 + v[14]*3 + v[15]) % 5, v[13], v[14], v[15]}
}

// community sets the id that both directions share.
func (m *maker) community(r *flow.Record, protocol uint8) {
	tuple := communityid.Tuple{Source: r.SourceIP, Destination: r.DestinationIP, Protocol: protocol}
	if r.Has(flow.FieldSourcePort) {
		tuple.SourcePort, tuple.DestinationPort = r.SourcePort, r.DestinationPort
	}
	if m.id = communityid.Append(m.id[:0], 0, tuple); len(m.id) > 0 {
		r.SetNetworkCommunityID(string(m.id))
	}
}

// rule names of categories that a port or a protocol decides.
func byPort(protocol uint8, port uint16) string {
	return "port " + transports[protocol] + "/" + strconv.Itoa(int(port))
}
