package capture

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
)

// fragment4 cuts the UDP datagram of a payload into IPv4 fragments of size bytes.
func fragment4(t *testing.T, payload []byte, size int) [][]byte {
	whole := udpBytes(t, exporter4, collector4, payload)
	var list [][]byte
	for at := 0; at < len(whole); at += size {
		ip := &layers.IPv4{Version: 4, TTL: 9, Id: 77, Protocol: layers.IPProtocolUDP, FragOffset: uint16(at / 8),
			SrcIP: exporter4.Addr().AsSlice(), DstIP: collector4.Addr().AsSlice()}
		if at+size < len(whole) {
			ip.Flags = layers.IPv4MoreFragments
		}
		list = append(list, serialize(t, ip, gopacket.Payload(whole[at:min(at+size, len(whole))])))
	}
	return list
}

func fragment6(t *testing.T, payload []byte, size int) [][]byte {
	whole := udpBytes(t, exporter6, collector6, payload)
	var list [][]byte
	for at := 0; at < len(whole); at += size {
		head := []byte{17, 0, 0, 0, 0, 0, 0, 77}
		word := uint16(at)
		if at+size < len(whole) {
			word |= 1
		}
		binary.BigEndian.PutUint16(head[2:], word)
		list = append(list, ipPacket(t, exporter6, collector6, layers.IPProtocolIPv6Fragment, append(head, whole[at:min(at+size, len(whole))]...)))
	}
	return list
}

func TestFragments(t *testing.T) {
	payload := ipfix(4000)
	for name, list := range map[string][][]byte{"IPv4": fragment4(t, payload, 1480), "IPv6": fragment6(t, payload, 1448)} {
		reversed := slices.Clone(list)
		slices.Reverse(reversed)
		for order, packets := range map[string][][]byte{"in order": list, "reversed": reversed, "one twice": append(list[:1:1], list...)} {
			got, stats, err := readAll(t, pcapFile(t, layers.LinkTypeRaw, packets...))
			if err != nil || len(got) != 1 || !bytes.Equal(got[0].Payload, payload) || len(stats.Problems) != 0 {
				t.Errorf("%s %s: %d datagrams, %+v, %v", name, order, len(got), stats, err)
			}
		}
		got, stats, err := readAll(t, pcapFile(t, layers.LinkTypeRaw, list[1:]...))
		if err != nil || len(got) != 0 || stats.Problems[ReasonFragments] != 1 {
			t.Errorf("%s without the first: %d datagrams, %+v, %v", name, len(got), stats, err)
		}
	}
}

// TestFragmentLimits sends more unfinished datagrams than are kept.
func TestFragmentLimits(t *testing.T) {
	var f fragments
	stats := Stats{Problems: map[Reason]uint64{}}
	data := make([]byte, 8)
	for id := range uint32(10_000) {
		f.add(fragmentKey{exporter4.Addr(), collector4.Addr(), 17, id}, piece{0, true, data}, start, &stats)
	}
	if f.order.Len() != maxPartials || len(f.partials) != maxPartials || f.bytes != maxPartials*8 || stats.Problems[ReasonFragments] != 10_000-maxPartials {
		t.Fatalf("%d kept, %d bytes, %v", f.order.Len(), f.bytes, stats)
	}
	f.add(fragmentKey{}, piece{0, true, data}, start.Add(2*maxHeldTime), &stats)
	if f.order.Len() != 1 {
		t.Errorf("%d kept after their time", f.order.Len())
	}
	f.end(&stats)
	if f.bytes != 0 || len(f.partials) != 0 || stats.Problems[ReasonFragments] != 10_001 {
		t.Errorf("%d bytes kept, %v", f.bytes, stats)
	}
}

type tcpSegment struct {
	offset int
	flags  byte
	data   []byte
}

func tcpPackets(t *testing.T, from, to netip.AddrPort, first uint32, list []tcpSegment) [][]byte {
	var packets [][]byte
	for _, s := range list {
		b := make([]byte, 20, 20+len(s.data))
		binary.BigEndian.PutUint16(b, from.Port())
		binary.BigEndian.PutUint16(b[2:], to.Port())
		binary.BigEndian.PutUint32(b[4:], first+uint32(s.offset))
		b[12], b[13] = 5<<4, s.flags
		packets = append(packets, ipPacket(t, from, to, layers.IPProtocolTCP, append(b, s.data...)))
	}
	return packets
}

func TestStreams(t *testing.T) {
	stream := slices.Concat(ipfix(40), ipfix(50), ipfix(60))
	cut := func(at ...int) []tcpSegment {
		var list []tcpSegment
		for i := 0; i+1 < len(at); i++ {
			list = append(list, tcpSegment{at[i], 0x18, stream[at[i]:at[i+1]]})
		}
		return list
	}
	swap := func(list []tcpSegment, i, j int) []tcpSegment { list[i], list[j] = list[j], list[i]; return list }
	all := []int{40, 50, 60}
	var bytewise []int
	for i := range len(stream) + 1 {
		bytewise = append(bytewise, i)
	}
	syn := []tcpSegment{{-1, flagSYN, nil}}
	for name, c := range map[string]struct {
		segments []tcpSegment
		sizes    []int
		problems uint64
	}{
		"one segment":         {cut(0, 150), all, 0},
		"with SYN and FIN":    {append(append(syn, cut(0, 150)...), tcpSegment{150, flagFIN, nil}), all, 0},
		"cut inside messages": {cut(0, 10, 95, 150), all, 0},
		"swapped":             {swap(cut(0, 40, 60, 100, 150), 1, 3), all, 0},
		"sent twice":          {append(cut(0, 95), cut(0, 95, 150)...), all, 0},
		"overlapping":         {[]tcpSegment{{0, 0x18, stream[:70]}, {30, 0x18, stream[30:]}}, all, 0},
		"in segments of one byte, which begin nothing": {cut(bytewise[:]...), nil, 0},
		"captured in the middle":                       {cut(20, 40, 90, 150), []int{50, 60}, 0},
		"a segment is missing":                         {append(cut(0, 40), cut(90, 150)...), []int{40}, 1},
		"cut off":                                      {cut(0, 40, 100), []int{40, 50}, 1},
		"not IPFIX":                                    {[]tcpSegment{{0, 0x18, []byte("GET / HTTP/1.1\r\n")}}, nil, 0},
	} {
		// The sequence numbers wrap in the middle of the stream.
		packets := tcpPackets(t, exporter4, collector4, 1<<32-75, c.segments)
		list, stats, err := readAll(t, pcapFile(t, layers.LinkTypeRaw, packets...))
		var sizes []int
		for _, d := range list {
			sizes = append(sizes, len(d.Payload))
			if !bytes.Equal(d.Payload, ipfix(len(d.Payload))) || d.Source != exporter4 || d.Transport != TransportTCP || d.Session != 1 {
				t.Errorf("%s: %+v", name, d)
			}
		}
		if err != nil || !slices.Equal(sizes, c.sizes) || stats.Problems[ReasonStream] != c.problems {
			t.Errorf("%s: sizes %v, %+v, %v; want %v, %d problems", name, sizes, stats, err, c.sizes, c.problems)
		}
	}
}

// TestStreamsOfNetFlow9: a message ends where the next one begins, and the last one
// with the stream.
func TestStreamsOfNetFlow9(t *testing.T) {
	message := func(size int) []byte {
		b := make([]byte, 20+4+size)
		copy(b, []byte{0, 9, 0, 1})
		copy(b[20:], []byte{1, 0, 0, byte(4 + size)})
		return b
	}
	stream := slices.Concat(message(10), message(20), message(30))
	for _, fin := range []bool{true, false} {
		segments := []tcpSegment{{0, 0x18, stream[:40]}, {40, 0x18, stream[40:]}}
		if fin {
			segments = append(segments, tcpSegment{len(stream), flagFIN, nil})
		}
		list, stats, err := readAll(t, pcapFile(t, layers.LinkTypeRaw, tcpPackets(t, exporter4, collector4, 7, segments)...))
		var sizes []int
		for _, d := range list {
			sizes = append(sizes, len(d.Payload))
		}
		if err != nil || !slices.Equal(sizes, []int{34, 44, 54}) || stats.Problems[ReasonStream] != 0 {
			t.Errorf("FIN %v: sizes %v, %+v, %v", fin, sizes, stats, err)
		}
	}
}

// TestStreamGap loses a segment of a long stream: the messages behind the gap are
// found again.
func TestStreamGap(t *testing.T) {
	var segments []tcpSegment
	for i := range 200 {
		if i != 50 {
			segments = append(segments, tcpSegment{i * 40, 0x18, ipfix(40)})
		}
	}
	list, stats, err := readAll(t, pcapFile(t, layers.LinkTypeRaw, tcpPackets(t, exporter6, collector6, 0, segments)...))
	if err != nil || len(list) != 199 || stats.Problems[ReasonStream] != 1 {
		t.Fatalf("%d messages, %+v, %v", len(list), stats, err)
	}
}

func FuzzCapture(f *testing.F) {
	packet := udpPacket(f, exporter4, collector4, ipfix(40))
	f.Add(pcapFile(f, layers.LinkTypeRaw, packet, packet))
	f.Add(pcapngFile(f, linked{layers.LinkTypeEthernet, ethernet(f, packet, 5)}))
	f.Add(gzipped(f, pcapFile(f, layers.LinkTypeRaw, udpPacket(f, exporter6, collector6, ipfix(40)))))
	f.Add(slices.Concat(ipfix(40), ipfix(50)))
	for _, pattern := range []string{"*.pcap", "*.gz"} {
		paths, err := filepath.Glob("../../../../testdata/quirks/" + pattern)
		if err != nil || len(paths) == 0 {
			f.Fatalf("no quirks, error %v", err)
		}
		for _, path := range paths {
			b, err := os.ReadFile(path)
			if err != nil {
				f.Fatal(err)
			}
			if len(b) < 1<<10 { // short inputs are tried quicker
				f.Add(b)
			}
		}
	}
	for _, b := range captured(f) {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		var list []Datagram
		bounded(t, func() { list, _, _ = readAll(t, file) })
		total := 0
		for _, d := range list {
			if len(d.Payload) > maxPayload || !d.Source.IsValid() {
				t.Fatalf("%+v", d)
			}
			total += len(d.Payload)
		}
		if len(file) > 2 && file[0] != 0x1f && total > 4*len(file) {
			t.Fatalf("%d bytes of payloads out of %d", total, len(file))
		}
	})
}

// FuzzPackets gives whatever is behind a good file header to the dissection.
func FuzzPackets(f *testing.F) {
	packet := udpPacket(f, exporter4, collector4, ipfix(40))
	for _, link := range []uint16{0, 1, 9, 101, 113, 276} {
		f.Add(link, packet)
		f.Add(link, ethernet(f, packet))
	}
	for _, file := range captured(f) {
		for link, packet := range firstPackets(file) {
			f.Add(link, packet)
		}
	}
	f.Fuzz(func(t *testing.T, link uint16, packet []byte) {
		file := pcapFile(t, layers.LinkType(link), packet, packet)
		var err error
		bounded(t, func() { _, _, err = readAll(t, file) })
		if err != nil && knownLinkType(layers.LinkType(link)) && len(packet) < 1<<16 {
			t.Fatal(err)
		}
	})
}
