package capture

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"
)

// packetReader is what pcap and pcapng readers have in common.
type packetReader interface {
	ZeroCopyReadPacketData() ([]byte, gopacket.CaptureInfo, error)
}

// packets is a file of captured packets.
type packets struct {
	reader    packetReader
	linkType  func(gopacket.CaptureInfo) layers.LinkType
	fragments fragments
	streams   streams
	queue     []Datagram // messages of the last segment that are still to be given
	ending    error      // what ended the file, once its queue is empty
}

func newPackets(in *bufio.Reader, k kind, sessions *Sessions) (*packets, error) {
	p := &packets{streams: streams{sessions: sessions}}
	if k == kindPcap {
		r, err := pcapgo.NewReader(in)
		if err != nil {
			return nil, err
		}
		link := r.LinkType()
		p.reader, p.linkType = r, func(gopacket.CaptureInfo) layers.LinkType { return link }
		return p, nil
	}
	// Interfaces of one file may differ in their link type.
	r, err := pcapgo.NewNgReader(in, pcapgo.NgReaderOptions{WantMixedLinkType: true, SkipUnknownVersion: true})
	if err != nil {
		return nil, err
	}
	p.reader = r
	p.linkType = func(ci gopacket.CaptureInfo) layers.LinkType {
		if len(ci.AncillaryData) > 0 {
			if link, ok := ci.AncillaryData[0].(layers.LinkType); ok {
				return link
			}
		}
		return r.LinkType()
	}
	return p, nil
}

func (p *packets) next(stats *Stats) (Datagram, error) {
	for {
		if len(p.queue) > 0 {
			d := p.queue[0]
			p.queue = p.queue[1:]
			return d, nil
		}
		if p.ending != nil {
			return Datagram{}, p.ending
		}
		data, info, err := p.read()
		if err != nil {
			p.end(err, info, stats)
			continue
		}
		stats.Packets++
		link := p.linkType(info)
		if !knownLinkType(link) {
			p.end(&Error{ReasonLinkType, fmt.Errorf("packets of link type %d cannot be read; known are Ethernet, Linux cooked (v1, v2), raw IP, null, loopback and PPP", link)}, info, stats)
			continue
		}
		if d, ok := p.packet(data, link, info, stats); ok {
			return d, nil
		}
	}
}

// end takes note of what ended the file, and gives up what is unfinished.
func (p *packets) end(err error, info gopacket.CaptureInfo, stats *Stats) {
	p.ending = io.EOF
	if !errors.Is(err, io.EOF) || info.Length > 0 { // a packet's head without its bytes
		p.ending = fileError(err)
	}
	p.fragments.end(stats)
	p.queue = p.streams.end(stats)
}

// read reads a packet. The library's readers are meant for well-formed files:
// should one panic on another, then the file ends there.
func (p *packets) read() (data []byte, info gopacket.CaptureInfo, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("the reader failed: %v", fault)
		}
	}()
	return p.reader.ZeroCopyReadPacketData()
}

// Link types that the library does not name (tcpdump.org/linktypes.html). 12 and
// 14 are raw IP on OpenBSD and others.
const (
	linkTypeRawBSD  layers.LinkType = 12
	linkTypeRawBSD2 layers.LinkType = 14
)

func rawLinkType(link layers.LinkType) bool {
	switch link {
	case linkTypeRawBSD, linkTypeRawBSD2, layers.LinkTypeRaw, layers.LinkTypeIPv4, layers.LinkTypeIPv6:
		return true
	}
	return false
}

func knownLinkType(link layers.LinkType) bool {
	switch link {
	case layers.LinkTypeEthernet, layers.LinkTypeLinuxSLL, layers.LinkTypeLinuxSLL2, layers.LinkTypeNull, layers.LinkTypeLoop, layers.LinkTypePPP:
		return true
	}
	return rawLinkType(link)
}

// packet gives the datagram that a packet completes, if any. A segment that
// completes several messages puts them into the queue.
func (p *packets) packet(data []byte, link layers.LinkType, info gopacket.CaptureInfo, stats *Stats) (Datagram, bool) {
	var first gopacket.Decoder = link
	if rawLinkType(link) {
		first = layers.LayerTypeIPv4
		if len(data) > 0 && data[0]>>4 == 6 {
			first = layers.LayerTypeIPv6
		}
	}
	// Lazy: what is above the first IP header is not looked at by the library.
	decoded := gopacket.NewPacket(data, first, gopacket.DecodeOptions{Lazy: true, NoCopy: true})
	var head ipHead
	var payload []byte
	switch ip := decoded.NetworkLayer().(type) {
	case *layers.IPv4:
		head, payload = ipv4Head(ip)
	case *layers.IPv6:
		head, payload = ipv6Head(ip)
	default:
		stats.Ignored++
		return Datagram{}, false
	}
	if head.protocol != layers.IPProtocolUDP && head.protocol != layers.IPProtocolTCP {
		stats.Ignored++
		return Datagram{}, false
	}
	if head.fragmented {
		key := fragmentKey{head.source, head.destination, uint8(head.protocol), head.id}
		if payload = p.fragments.add(key, piece{head.offset, head.more, payload}, info.Timestamp, stats); payload == nil {
			return Datagram{}, false
		}
	}
	if head.protocol == layers.IPProtocolTCP {
		p.queue = p.streams.segment(p.queue[:0], head, payload, info.Timestamp, stats)
		return Datagram{}, false
	}
	return udp(head, payload, info.Timestamp, stats)
}

// udp reads a UDP header (RFC 768).
func udp(head ipHead, b []byte, now time.Time, stats *Stats) (Datagram, bool) {
	if len(b) < 8 {
		stats.Problems[ReasonSnapped]++
		return Datagram{}, false
	}
	length := int(binary.BigEndian.Uint16(b[4:]))
	payload := b[8:]
	switch {
	case length > len(b):
		stats.Problems[ReasonSnapped]++
	case length >= 8:
		payload = b[8:length]
	}
	return Datagram{
		Source:      netip.AddrPortFrom(head.source, binary.BigEndian.Uint16(b)),
		Destination: netip.AddrPortFrom(head.destination, binary.BigEndian.Uint16(b[2:])),
		Time:        now, Transport: TransportUDP, Payload: payload,
	}, true
}
