package demo

import (
	"encoding/binary"
	"net/netip"
	"strconv"
)

// network is a network of the internet, one autonomous system each.
type network struct {
	name          string
	number        uint32
	country, code string
	city          string
	lat, lon      float64
	// weight is its share of what the company and homes use.
	weight float64
	// kind is what its servers offer: web, video, cloud, mail, game, chat, or access
	// for networks of homes and companies.
	kind   string
	domain string
}

// internet is who else there is.
var internet = []network{
	{"Example Search", 64496, "United States", "US", "Ashburn", 39.04, -77.49, 9, "web", "search.example"},
	{"Example Video", 64497, "Ireland", "IE", "Dublin", 53.35, -6.26, 12, "video", "video.example"},
	{"Sample Streams", 64498, "Netherlands", "NL", "Amsterdam", 52.37, 4.9, 8, "video", "streams.example"},
	{"Example Cloud West", 64499, "United States", "US", "Portland", 45.52, -122.68, 7, "cloud", "west.cloud.example"},
	{"Example Cloud Europe", 64499, "Germany", "DE", "Frankfurt am Main", 50.11, 8.68, 11, "cloud", "eu.cloud.example"},
	{"Example CDN", 64500, "Austria", "AT", "Vienna", 48.21, 16.37, 10, "web", "cdn.example"},
	{"Example Social", 64501, "Sweden", "SE", "Luleå", 65.58, 22.15, 6, "web", "social.example"},
	{"Example Mail", 64502, "Germany", "DE", "Berlin", 52.52, 13.4, 3, "mail", "mail.example"},
	{"Example News", 64503, "Austria", "AT", "Graz", 47.07, 15.44, 3, "web", "news.example"},
	{"Sample Shop", 64504, "France", "FR", "Paris", 48.86, 2.35, 3, "web", "shop.example"},
	{"Sample Games", 64505, "United Kingdom", "GB", "London", 51.51, -0.13, 3, "game", "games.example"},
	{"Example Chat", 64506, "Switzerland", "CH", "Zurich", 47.37, 8.54, 4, "chat", "chat.example"},
	{"Example Software", 64507, "United States", "US", "San Jose", 37.34, -121.89, 4, "web", "software.example"},
	{"Example Bank", 64508, "Austria", "AT", "Linz", 48.31, 14.29, 1, "web", "bank.example"},
	{"Example Meetings", 64509, "Spain", "ES", "Madrid", 40.42, -3.7, 3, "chat", "meet.example"},
	{"Example University", 64510, "Czechia", "CZ", "Prague", 50.08, 14.44, 1, "web", "university.example"},
	{"Example Registry", 65536, "Italy", "IT", "Milan", 45.46, 9.19, 1, "web", "registry.example"},
	{"Example Access North", 65537, "Poland", "PL", "Warsaw", 52.23, 21.01, 1, "access", "north.example"},
	{"Example Access East", 65538, "Romania", "RO", "Bucharest", 44.43, 26.1, 0.6, "access", "east.example"},
	{"Example Access Asia", 65539, "Japan", "JP", "Tokyo", 35.68, 139.69, 0.8, "access", "asia.example"},
	{"Example Mobile", 65540, "India", "IN", "Mumbai", 19.08, 72.88, 0.6, "access", "mobile.example"},
	{"Example Telecom South", 65541, "Brazil", "BR", "São Paulo", -23.55, -46.63, 0.5, "access", "south.example"},
	{"Example Telecom Pacific", 65542, "Australia", "AU", "Sydney", -33.87, 151.21, 0.4, "access", "pacific.example"},
	{"Example Research", 65543, "Canada", "CA", "Montreal", 45.5, -73.57, 0.5, "web", "research.example"},
	{"Example Harbour", 65544, "Singapore", "SG", "Singapore", 1.35, 103.82, 0.5, "cloud", "harbour.example"},
	{"Example Cape", 65545, "South Africa", "ZA", "Cape Town", -33.92, 18.42, 0.2, "access", "cape.example"},
	{"Example Delta", 65546, "Egypt", "EG", "Cairo", 30.04, 31.24, 0.1, "access", "delta.example"},
	{"Example Steppe", 65547, "Kazakhstan", "KZ", "Almaty", 43.24, 76.89, 0, "access", "steppe.example"},
	{"Example Andes", 65548, "Bolivia", "BO", "La Paz", -16.49, -68.12, 0, "access", "andes.example"},
	{"Example Islands", 65549, "Fiji", "FJ", "Suva", -18.12, 178.45, 0, "access", "islands.example"},
	{"Example Savanna", 65550, "Kenya", "KE", "Nairobi", -1.29, 36.82, 0, "access", "savanna.example"},
	{"Example Fjord", 65551, "Iceland", "IS", "Reykjavik", 64.15, -21.94, 0, "access", "fjord.example"},
}

// The networks by their place in the list: where rare traffic is from, and those
// that scan.
const firstRare = 27

// transits are the networks that the provider and the company buy from.
var transits = []uint32{64511, 65536, 65551}

// at gives the network's address n, IPv4 of the range for benchmarks.
func (n *network) at(host int) netip.Addr {
	var a [4]byte
	binary.BigEndian.PutUint32(a[:], 198<<24|18<<16|uint32(n.place())<<11|uint32(host)&0x7ff)
	return netip.AddrFrom4(a)
}

// at6 gives the network's address n, IPv6 of the range for documentation.
func (n *network) at6(host int) netip.Addr {
	a := [16]byte{0x20, 0x01, 0x0d, 0xb8, 0x01, byte(n.place())}
	binary.BigEndian.PutUint16(a[14:], uint16(host)&0x7ff)
	return netip.AddrFrom16(a)
}

func (n *network) place() int {
	for i := range internet {
		if &internet[i] == n {
			return i
		}
	}
	return 0
}

// host gives the name of a network's server n.
func (n *network) host(server int) string {
	if n.kind == "web" && server == 0 {
		return "www." + n.domain
	}
	return n.kind + strconv.Itoa(server+1) + "." + n.domain
}

// of gives a network that offers a kind of service.
func (m *maker) of(kinds ...string) *network {
	return pickBy(m, internet, func(n *network) float64 {
		for _, k := range kinds {
			if n.kind == k {
				return n.weight
			}
		}
		return 0
	})
}

// anywhere gives a network by its share of all traffic.
func (m *maker) anywhere() *network {
	return pickBy(m, internet, func(n *network) float64 { return n.weight })
}
