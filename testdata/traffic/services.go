package main

import "net/netip"

// shape is how a service's conversations look.
type shape uint8

const (
	download shape = iota // TCP, mostly from the server
	upload                // TCP, mostly from the client
	exchange              // UDP, a question and an answer
	stream                // UDP, both ways
	oneWay                // UDP, from the client only
	echo                  // ICMP
	scan                  // TCP SYNs from the service's addresses that nobody answers
)

// service is something the demo's clients talk to.
type service struct {
	port        uint16
	shape       shape
	weight      int // how often, relative to the others of the list
	least, most int // bytes
	servers     []netip.Addr
	samePort    bool // the client uses the port, too
	tos         uint8
}

// web is addresses of large networks in many countries.
var web = addrs(
	"142.250.74.46", "151.101.1.140", "104.16.132.229", "13.107.42.14", "17.253.144.10", "157.240.20.35", "23.185.0.2", // US
	"193.99.144.85", "95.100.0.1", // DE, Akamai in Europe
	"212.58.244.20", "193.252.122.103", "194.109.6.66", "193.0.6.139", "192.36.148.17", "195.186.1.111", // GB FR NL NL SE CH
	"77.88.55.88", "220.181.38.148", "202.12.27.33", "210.130.1.1", "168.126.63.1", // RU CN JP JP KR
	"139.130.4.5", "200.160.2.3", "196.25.1.1", "80.58.61.250", "62.101.93.101", "49.205.72.130", // AU BR ZA ES IT IN
	"193.110.109.55", "213.180.204.3", "194.29.130.1", "193.86.3.34", "131.130.1.11", "139.59.0.1") // FI RU PL CZ AT SG

var publicServices = []service{
	{port: 443, shape: download, weight: 300, least: 1500, most: 700_000, servers: web},
	{port: 443, shape: stream, weight: 90, least: 2500, most: 900_000, servers: web[:8]}, // QUIC
	{port: 80, shape: download, weight: 40, least: 400, most: 200_000, servers: web},
	{port: 53, shape: exchange, weight: 220, least: 60, most: 1200, servers: addrs("8.8.8.8", "1.1.1.1", "9.9.9.9", "8.8.4.4")},
	{port: 853, shape: download, weight: 15, least: 300, most: 6000, servers: addrs("1.1.1.1", "9.9.9.9")},
	{port: 123, shape: exchange, weight: 40, least: 48, most: 48, servers: addrs("162.159.200.1", "129.6.15.28", "192.53.103.108", "194.58.200.20"), samePort: true},
	{port: 993, shape: download, weight: 18, least: 900, most: 90_000, servers: addrs("142.250.102.108", "40.97.153.146", "212.227.17.186")},
	{port: 587, shape: upload, weight: 8, least: 900, most: 60_000, servers: addrs("142.250.102.109", "212.227.17.190")},
	{port: 25, shape: upload, weight: 5, least: 900, most: 30_000, servers: addrs("17.57.154.33", "67.195.228.111")},
	{port: 22, shape: download, weight: 10, least: 1500, most: 60_000, servers: addrs("140.82.121.4", "198.51.100.22"), tos: 0x48},
	{port: 3389, shape: download, weight: 5, least: 9000, most: 300_000, servers: addrs("20.54.36.229", "203.0.113.33")},
	{port: 5060, shape: exchange, weight: 12, least: 300, most: 900, servers: addrs("212.227.67.33", "54.172.60.0"), tos: 0x60},
	{port: 51820, shape: stream, weight: 8, least: 6000, most: 500_000, servers: addrs("185.65.135.1", "203.0.113.51")},
	{port: 1194, shape: stream, weight: 6, least: 6000, most: 250_000, servers: addrs("198.51.100.94")},
	{port: 8883, shape: upload, weight: 8, least: 200, most: 4000, servers: addrs("52.29.110.1", "203.0.113.88")},
	{port: 6881, shape: stream, weight: 12, least: 2000, most: 300_000, servers: addrs("91.189.95.21", "130.239.18.158", "82.221.103.244")},
	{port: 27015, shape: stream, weight: 8, least: 3000, most: 200_000, servers: addrs("155.133.248.40", "162.254.197.40")},
	{port: 25565, shape: download, weight: 5, least: 3000, most: 150_000, servers: addrs("209.222.115.1")},
	{port: 5223, shape: upload, weight: 10, least: 200, most: 3000, servers: addrs("17.57.146.84", "17.57.146.20")},
	{port: 0, shape: echo, weight: 14, servers: addrs("8.8.8.8", "1.1.1.1")},
	{port: 23, shape: scan, weight: 8, servers: addrs("192.0.2.66", "198.51.100.66")},
	{port: 8291, shape: scan, weight: 4, servers: addrs("203.0.113.66")},
}

var publicServices6 = []service{
	{port: 443, shape: download, weight: 160, least: 1500, most: 600_000, servers: addrs("2606:4700::6810:84e5", "2a00:1450:4001:80b::200e", "2a04:4e42::396", "2a03:2880:f12f:83:face:b00c:0:25de", "2001:67c:2e8:22::c100:68b")},
	{port: 443, shape: stream, weight: 60, least: 2500, most: 600_000, servers: addrs("2a00:1450:4001:80b::200e", "2606:4700::6810:84e5")},
	{port: 53, shape: exchange, weight: 80, least: 60, most: 1100, servers: addrs("2001:4860:4860::8888", "2606:4700:4700::1111", "2620:fe::fe")},
	{port: 123, shape: exchange, weight: 10, least: 48, most: 48, servers: addrs("2606:4700:f1::1")},
	{port: 0, shape: echo, weight: 8, servers: addrs("2001:4860:4860::8888", "2001:500:88:200::8")},
}

// insideServices is what the servers' switch sees.
var insideServices = []service{
	{port: 445, shape: download, weight: 50, least: 2000, most: 250_000, servers: addrs("192.168.88.10", "192.168.88.11")},
	{port: 9100, shape: upload, weight: 12, least: 5000, most: 150_000, servers: addrs("192.168.88.30", "192.168.88.31")},
	{port: 631, shape: upload, weight: 8, least: 600, most: 20_000, servers: addrs("192.168.88.30")},
	{port: 53, shape: exchange, weight: 50, least: 60, most: 400, servers: addrs("192.168.88.1", "192.168.88.10")},
	{port: 161, shape: exchange, weight: 20, least: 80, most: 900, servers: addrs("192.168.88.1", "192.168.88.2", "192.168.88.30")},
	{port: 514, shape: oneWay, weight: 20, least: 90, most: 700, servers: addrs("192.168.88.12")},
	{port: 1883, shape: upload, weight: 10, least: 80, most: 1500, servers: addrs("192.168.88.13")},
	{port: 8291, shape: download, weight: 4, least: 3000, most: 60_000, servers: addrs("192.168.88.1")},
	{port: 3306, shape: download, weight: 12, least: 400, most: 60_000, servers: addrs("192.168.88.11")},
	{port: 389, shape: download, weight: 10, least: 300, most: 9000, servers: addrs("192.168.88.10")},
	{port: 1812, shape: exchange, weight: 6, least: 60, most: 200, servers: addrs("192.168.88.10")},
	{port: 3389, shape: download, weight: 5, least: 9000, most: 150_000, servers: addrs("192.168.88.11")},
	{port: 2049, shape: upload, weight: 8, least: 4000, most: 200_000, servers: addrs("192.168.88.12")},
}

// vendors is MAC prefixes of makers of office and home equipment.
var vendors = [][3]byte{
	{0xa4, 0x83, 0xe7}, // Apple
	{0xf8, 0xb1, 0x56}, // Dell
	{0xb8, 0x27, 0xeb}, // Raspberry Pi
	{0x00, 0x11, 0x32}, // Synology
	{0x3c, 0xd9, 0x2b}, // Hewlett Packard
}
