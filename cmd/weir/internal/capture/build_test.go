package capture

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"
)

var (
	exporter4  = netip.MustParseAddrPort("192.0.2.7:50000")
	collector4 = netip.MustParseAddrPort("192.0.2.1:4739")
	exporter6  = netip.MustParseAddrPort("[2001:db8::7]:50000")
	collector6 = netip.MustParseAddrPort("[2001:db8::1]:4739")
	start      = time.Unix(1_700_000_000, 123_456_000).UTC()
)

// ipfix is an IPFIX message of n bytes, n ≥ 20, that one data set fills.
func ipfix(n int) []byte {
	b := make([]byte, n)
	binary.BigEndian.PutUint16(b, 10)
	binary.BigEndian.PutUint16(b[2:], uint16(n))
	binary.BigEndian.PutUint16(b[16:], 256)
	binary.BigEndian.PutUint16(b[18:], uint16(n-16))
	for i := 20; i < n; i++ {
		b[i] = byte(i)
	}
	return b
}

func serialize(t testing.TB, list ...gopacket.SerializableLayer) []byte {
	t.Helper()
	b := gopacket.NewSerializeBuffer()
	if err := gopacket.SerializeLayers(b, gopacket.SerializeOptions{FixLengths: true}, list...); err != nil {
		t.Fatal(err)
	}
	return bytes.Clone(b.Bytes())
}

func udpBytes(t testing.TB, from, to netip.AddrPort, payload []byte) []byte {
	return serialize(t, &layers.UDP{SrcPort: layers.UDPPort(from.Port()), DstPort: layers.UDPPort(to.Port())}, gopacket.Payload(payload))
}

// ipPacket puts an IP header in front of a payload.
func ipPacket(t testing.TB, from, to netip.AddrPort, protocol layers.IPProtocol, payload []byte) []byte {
	if from.Addr().Is4() {
		return serialize(t, &layers.IPv4{Version: 4, TTL: 9, Protocol: protocol, SrcIP: from.Addr().AsSlice(), DstIP: to.Addr().AsSlice()}, gopacket.Payload(payload))
	}
	return serialize(t, &layers.IPv6{Version: 6, HopLimit: 9, NextHeader: protocol, SrcIP: from.Addr().AsSlice(), DstIP: to.Addr().AsSlice()}, gopacket.Payload(payload))
}

func udpPacket(t testing.TB, from, to netip.AddrPort, payload []byte) []byte {
	return ipPacket(t, from, to, layers.IPProtocolUDP, udpBytes(t, from, to, payload))
}

func ethernet(t testing.TB, packet []byte, tags ...uint16) []byte {
	kind := layers.EthernetTypeIPv4
	if packet[0]>>4 == 6 {
		kind = layers.EthernetTypeIPv6
	}
	var list []gopacket.SerializableLayer
	head := &layers.Ethernet{SrcMAC: net.HardwareAddr{2, 0, 0, 0, 0, 1}, DstMAC: net.HardwareAddr{2, 0, 0, 0, 0, 2}, EthernetType: kind}
	list = append(list, head)
	if len(tags) > 0 {
		head.EthernetType = layers.EthernetTypeDot1Q
	}
	for i, tag := range tags {
		next := layers.EthernetTypeDot1Q
		if i == len(tags)-1 {
			next = kind
		}
		list = append(list, &layers.Dot1Q{VLANIdentifier: tag, Type: next})
	}
	return serialize(t, append(list, gopacket.Payload(packet))...)
}

// pcapFile is a pcap of packets one second apart.
func pcapFile(t testing.TB, link layers.LinkType, packets ...[]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := pcapgo.NewWriter(&b)
	if err := w.WriteFileHeader(262144, link); err != nil {
		t.Fatal(err)
	}
	for i, p := range packets {
		if err := w.WritePacket(gopacket.CaptureInfo{Timestamp: start.Add(time.Duration(i) * time.Second), CaptureLength: len(p), Length: len(p)}, p); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

// linked is a packet as an interface of some link type captures it.
type linked struct {
	link   layers.LinkType
	packet []byte
}

// pcapngFile has an interface for each packet.
func pcapngFile(t testing.TB, packets ...linked) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := pcapgo.NewNgWriter(&b, packets[0].link)
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range packets {
		id := 0
		if i > 0 {
			if id, err = w.AddInterface(pcapgo.NgInterface{LinkType: p.link, TimestampResolution: 9}); err != nil {
				t.Fatal(err)
			}
		}
		ci := gopacket.CaptureInfo{Timestamp: start.Add(time.Duration(i) * time.Second), CaptureLength: len(p.packet), Length: len(p.packet), InterfaceIndex: id}
		if err := w.WritePacket(ci, p.packet); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gzipped(t testing.TB, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// readAll reads a file to its end; the error is nil when that is a regular one.
func readAll(t testing.TB, file []byte) ([]Datagram, Stats, error) {
	t.Helper()
	r, err := New(bytes.NewReader(file), &Sessions{})
	if err != nil {
		t.Fatal(err)
	}
	var list []Datagram
	for {
		d, err := r.Next()
		if errors.Is(err, io.EOF) {
			return list, r.Stats(), nil
		}
		if err != nil {
			if _, again := r.Next(); again != io.EOF {
				t.Fatalf("after %v came %v, want EOF", err, again)
			}
			return list, r.Stats(), err
		}
		d.Payload = bytes.Clone(d.Payload)
		list = append(list, d)
	}
}
