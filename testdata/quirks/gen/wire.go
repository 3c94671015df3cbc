package main

import (
	"encoding/binary"
	"net/netip"
	"slices"
)

var be = binary.BigEndian

// exported is the time in message headers: 2026-09-01 12:00:00 UTC.
const exported = 1788264000

// uptime is the exporters' uptime then, in milliseconds: one hour.
const uptime = 3_600_000

func u8(v uint8) []byte   { return []byte{v} }
func u16(v uint16) []byte { return be.AppendUint16(nil, v) }
func u32(v uint32) []byte { return be.AppendUint32(nil, v) }
func u64(v uint64) []byte { return be.AppendUint64(nil, v) }

func ip(s string) []byte { return netip.MustParseAddr(s).AsSlice() }

// text pads a string with zeros to n bytes.
func text(s string, n int) []byte { return append([]byte(s), make([]byte, n-len(s))...) }

func join(parts ...[]byte) []byte { return slices.Concat(parts...) }

// flow5 is a NetFlow v5 record of 48 bytes: 192.0.2.10:40000 to 198.51.100.20:443,
// TCP, 10 packets, 1500 bytes; first and last are uptimes in milliseconds.
func flow5(first, last uint32) []byte {
	return join(ip("192.0.2.10"), ip("198.51.100.20"), ip("0.0.0.0"), u16(1), u16(2), u32(10), u32(1500), u32(first), u32(last),
		u16(40000), u16(443), u8(0), u8(0x1b), u8(6), u8(0), u16(64496), u16(64497), u8(24), u8(24), u16(0))
}

// header5 is a NetFlow v5 header (24 bytes).
func header5(count uint16, up, seconds, sequence uint32, sampling uint16) []byte {
	return join(u16(5), u16(count), u32(up), u32(seconds), u32(0), u32(sequence), u8(0), u8(0), u16(sampling))
}

// packet9 is a NetFlow v9 packet (RFC 3954 section 5.1); count is what its header claims.
func packet9(count uint16, sequence uint32, sets ...[]byte) []byte {
	return packet9At(exported, count, sequence, sets...)
}

func packet9At(seconds uint32, count uint16, sequence uint32, sets ...[]byte) []byte {
	return join(u16(9), u16(count), u32(uptime), u32(seconds), u32(sequence), u32(7), join(sets...))
}

// message is an IPFIX message (RFC 7011 section 3.1) of observation domain 7.
func message(sequence uint32, sets ...[]byte) []byte {
	body := join(sets...)
	return join(u16(10), u16(uint16(16+len(body))), u32(exported), u32(sequence), u32(7), body)
}

// set has an id, a length that is right, and whatever follows.
func set(id uint16, body ...[]byte) []byte {
	b := join(body...)
	return join(u16(id), u16(uint16(4+len(b))), b)
}

// field is a template's field. pen is the enterprise, 0 for none (IPFIX only).
type field struct {
	id, length uint16
	pen        uint32
}

func fields(list []field) []byte {
	var b []byte
	for _, f := range list {
		if f.pen == 0 {
			b = join(b, u16(f.id), u16(f.length))
		} else {
			b = join(b, u16(f.id|0x8000), u16(f.length), u32(f.pen))
		}
	}
	return b
}

// template is a template definition of NetFlow v9 and IPFIX alike.
func template(id uint16, list ...field) []byte {
	return join(u16(id), u16(uint16(len(list))), fields(list))
}

// optionsTemplate9 is RFC 3954 section 6.1: lengths of scope and options in bytes.
func optionsTemplate9(id uint16, scope []field, options ...field) []byte {
	return join(u16(id), u16(uint16(4*len(scope))), u16(uint16(4*len(options))), fields(scope), fields(options))
}

// optionsTemplate is RFC 7011 section 3.4.2.2: number of fields and of scope fields.
func optionsTemplate(id uint16, scope []field, options ...field) []byte {
	return join(u16(id), u16(uint16(len(scope)+len(options))), u16(uint16(len(scope))), fields(scope), fields(options))
}

// simple is the template that most files use: addresses, ports, protocol, octets, packets.
var simple = []field{{id: 8, length: 4}, {id: 12, length: 4}, {id: 7, length: 2}, {id: 11, length: 2}, {id: 4, length: 1}, {id: 1, length: 4}, {id: 2, length: 4}}

// row is a record of the simple template (21 bytes): TCP from 192.0.2.n to
// 198.51.100.20:443, 1500 bytes in 10 packets.
func row(n uint8) []byte {
	return join([]byte{192, 0, 2, n}, ip("198.51.100.20"), u16(40000), u16(443), u8(6), u32(1500), u32(10))
}

// pcap is a capture of datagrams from 192.0.2.1:30000 to 192.0.2.100:2055, one a second.
func pcap(datagrams [][]byte) []byte {
	le := binary.LittleEndian
	out := le.AppendUint32(nil, 0xa1b2c3d4)
	out = le.AppendUint16(out, 2)
	out = le.AppendUint16(out, 4)
	for _, v := range []uint32{0, 0, 65535, 1} {
		out = le.AppendUint32(out, v)
	}
	for i, d := range datagrams {
		frame := join(ethernet(0x0800), ipv4(17, 8+len(d), 0, "192.0.2.1", "192.0.2.100"), udp(30000, 2055, len(d)), d)
		for _, v := range []uint32{exported + uint32(i), 0, uint32(len(frame)), uint32(len(frame))} {
			out = le.AppendUint32(out, v)
		}
		out = append(out, frame...)
	}
	return out
}

func ethernet(etherType uint16) []byte {
	return join([]byte{2, 0, 0, 0, 0, 2}, []byte{2, 0, 0, 0, 0, 1}, u16(etherType))
}

// ipv4 is a header for n bytes of payload; fragment is the flags and offset word.
func ipv4(protocol uint8, n int, fragment uint16, src, dst string) []byte {
	h := join([]byte{0x45, 0}, u16(uint16(20+n)), u16(0x1234), u16(fragment), []byte{64, protocol}, u16(0), ip(src), ip(dst))
	sum := uint32(0)
	for i := 0; i < len(h); i += 2 {
		sum += uint32(be.Uint16(h[i:]))
	}
	for sum > 0xffff {
		sum = sum&0xffff + sum>>16
	}
	be.PutUint16(h[10:], ^uint16(sum))
	return h
}

func ipv6(protocol uint8, n int, src, dst string) []byte {
	return join(u32(0x60000000), u16(uint16(n)), []byte{protocol, 64}, ip(src), ip(dst))
}

// udp is a header without checksum, which IPv4 allows.
func udp(src, dst uint16, n int) []byte { return join(u16(src), u16(dst), u16(uint16(8+n)), u16(0)) }

func tcp(src, dst uint16, flags uint8) []byte {
	return join(u16(src), u16(dst), u32(1), u32(1), []byte{0x50, flags}, u16(65535), u16(0), u16(0))
}
