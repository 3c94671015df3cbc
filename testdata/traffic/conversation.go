package main

import (
	"net"
	"net/netip"
	"time"
)

// mss is the largest TCP or UDP payload that a conversation puts into one packet.
const mss = 1400

// conversation is a client talking to a server; its methods lay it out as packets.
type conversation struct {
	start                  time.Time
	client, server         netip.Addr
	clientPort, serverPort uint16
	vlan                   uint16
	tos                    uint8
	gap                    time.Duration // between packets
	request                int           // payload bytes that the client sends (TCP), or per packet (UDP, ICMP)
	requests               int           // UDP: packets that the client sends; 0 means 1
	responses              int           // packets that the server sends
	response               int           // payload bytes of each
	snap                   int           // see packet.snap
	clientMAC, serverMAC   net.HardwareAddr
}

// script lays out packets one gap apart.
type script struct {
	c   conversation
	now time.Time
	out []packet
}

func (s *script) up(proto, flags uint8, payload int) {
	c := s.c
	s.add(packet{src: c.client, dst: c.server, sport: c.clientPort, dport: c.serverPort, proto: proto, flags: flags, payload: payload,
		srcMAC: c.clientMAC, dstMAC: c.serverMAC})
}

func (s *script) down(proto, flags uint8, payload int) {
	c := s.c
	s.add(packet{src: c.server, dst: c.client, sport: c.serverPort, dport: c.clientPort, proto: proto, flags: flags, payload: payload,
		srcMAC: c.serverMAC, dstMAC: c.clientMAC})
}

func (s *script) add(p packet) {
	p.at, p.vlan, p.tos, p.snap = s.now, s.c.vlan, s.c.tos, s.c.snap
	s.now = s.now.Add(s.c.gap)
	s.out = append(s.out, p)
}

// tcp is a whole connection: handshake, request, responses, acknowledgements, both FINs.
func (c conversation) tcp() []packet {
	s := script{c: c, now: c.start}
	s.up(protoTCP, flagSYN, 0)
	s.down(protoTCP, flagSYN|flagACK, 0)
	s.up(protoTCP, flagACK, 0)
	for left := c.request; left > 0; left -= mss {
		s.up(protoTCP, flagPSH|flagACK, min(left, mss))
	}
	for i := range c.responses {
		s.down(protoTCP, flagPSH|flagACK, min(c.response, mss))
		if i%2 == 1 {
			s.up(protoTCP, flagACK, 0)
		}
	}
	s.up(protoTCP, flagFIN|flagACK, 0)
	s.down(protoTCP, flagFIN|flagACK, 0)
	s.up(protoTCP, flagACK, 0)
	return s.out
}

// refused is a SYN that a RST answers.
func (c conversation) refused() []packet {
	s := script{c: c, now: c.start}
	s.up(protoTCP, flagSYN, 0)
	s.down(protoTCP, flagRST|flagACK, 0)
	return s.out
}

// unanswered is a SYN with its repeats.
func (c conversation) unanswered() []packet {
	s := script{c: c, now: c.start}
	for range max(c.requests, 1) {
		s.up(protoTCP, flagSYN, 0)
	}
	return s.out
}

// udp sends the requests and the responses in turn until both are used up.
func (c conversation) udp() []packet {
	s := script{c: c, now: c.start}
	requests := max(c.requests, 1)
	for i := range max(requests, c.responses) {
		if i < requests {
			s.up(protoUDP, 0, min(c.request, mss))
		}
		if i < c.responses {
			s.down(protoUDP, 0, min(c.response, mss))
		}
	}
	return s.out
}

// ping is echo requests and as many replies, of the given ICMP types.
func (c conversation) ping(proto, request, reply uint8) []packet {
	s := script{c: c, now: c.start}
	s.c.clientPort, s.c.serverPort = 0, 0
	for range c.responses {
		s.up(proto, 0, c.request)
		s.out[len(s.out)-1].icmpType = request
		s.down(proto, 0, c.response)
		s.out[len(s.out)-1].icmpType = reply
	}
	return s.out
}
