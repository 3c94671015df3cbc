package sflow

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"

	"github.com/weirflow/weir/flow"
)

// join makes XDR out of numbers of 32 bits (int, uint32), of 64 bits (uint64), strings
// with their length and padding, addresses with their type, and octets as they
// are.
func join(parts ...any) (b []byte) {
	for _, p := range parts {
		switch v := p.(type) {
		case int:
			b = binary.BigEndian.AppendUint32(b, uint32(v))
		case uint32:
			b = binary.BigEndian.AppendUint32(b, v)
		case uint64:
			b = binary.BigEndian.AppendUint64(b, v)
		case []byte:
			b = append(b, v...)
		case string:
			b = binary.BigEndian.AppendUint32(b, uint32(len(v)))
			b = append(b, v...)
			b = append(b, make([]byte, -len(v)&3)...)
		case netip.Addr:
			b = binary.BigEndian.AppendUint32(b, uint32(v.BitLen()/32/3+1))
			b = append(b, v.AsSlice()...)
		default:
			panic(fmt.Sprintf("%T is no part of XDR", p))
		}
	}
	return b
}

var agentAddr = netip.MustParseAddr("198.51.100.7")

// datagram makes a datagram of sub-agent 3 with its samples.
func datagram(samples ...[]byte) []byte { return numbered(77, 1000, samples...) }

func numbered(sequence, uptime int, samples ...[]byte) []byte {
	return join(version, agentAddr, 3, sequence, uptime, len(samples), slices.Concat(samples...))
}

// tagged puts format and length in front.
func tagged(format int, parts ...any) []byte {
	body := join(parts...)
	return join(format, len(body), body)
}

// flowOf makes a flow sample: source interface 5, rate 400, in 5, out 9.
func flowOf(records ...[]byte) []byte {
	return tagged(formatFlow, 1, 5, 400, 80000, 0, 5, 9, len(records), slices.Concat(records...))
}

// rawHeader makes a sampled header whose frame has four octets more, the check
// sequence, and pads it as XDR wants.
func rawHeader(protocol int, header []byte) []byte {
	return tagged(recordHeader, protocol, len(header)+4, 4, string(header))
}

// Parts of packets.
var (
	macs = []byte{0x02, 0, 0, 0, 0, 0xd0, 0x02, 0, 0, 0, 0, 0x50} // destination, source
	src4 = netip.MustParseAddr("192.0.2.10")
	dst4 = netip.MustParseAddr("203.0.113.20")
	src6 = netip.MustParseAddr("2001:db8::10")
	dst6 = netip.MustParseAddr("2001:db8:1::20")

	srcMAC = flow.MAC{0x02, 0, 0, 0, 0, 0x50}
	dstMAC = flow.MAC{0x02, 0, 0, 0, 0, 0xd0}
)

func u16(list ...uint16) (b []byte) {
	for _, v := range list {
		b = binary.BigEndian.AppendUint16(b, v)
	}
	return b
}

// packet4 makes an IPv4 packet with ToS 0xb8 and the given fragment field.
func packet4(proto byte, fragment uint16, payload []byte) []byte {
	return join([]byte{0x45, 0xb8}, u16(uint16(20+len(payload)), 1, fragment), []byte{64, proto, 0, 0}, src4.AsSlice(), dst4.AsSlice(), payload)
}

// packet6 makes an IPv6 packet with traffic class 0xb8.
func packet6(next byte, payload []byte) []byte {
	return join([]byte{0x6b, 0x80, 0, 0}, u16(uint16(len(payload))), []byte{next, 64}, src6.AsSlice(), dst6.AsSlice(), payload)
}

// Transport headers.
var (
	tcpHeader = join(u16(40000, 443), 1, 2, []byte{0x51, 0x12}, u16(1000, 0, 0)) // AE, ACK, SYN
	udpHeader = u16(5353, 53, 8, 0)
	icmpEcho  = []byte{8, 3, 0, 0, 0, 0, 0, 0}
)

func ethernetFrame(typ uint16, payload ...[]byte) []byte {
	return join(macs, u16(typ), slices.Concat(payload...))
}
