package collector

import (
	"encoding/binary"

	"golang.org/x/sys/unix"
)

// ancillaryBytes is room for the control messages that a socket asks for: the
// receive time and the drop count.
const ancillaryBytes = 128

// ancillary is what came beside a datagram.
type ancillary struct {
	// received is when the kernel received the datagram, in Unix nanoseconds;
	// 0 when it does not say.
	received int64
	// drops is the socket's drop count, present when hasDrops is true: the
	// kernel leaves it out while it is 0.
	drops    uint32
	hasDrops bool
}

// parseAncillary reads control messages. It walks them itself because package
// unix allocates a list for every call.
func parseAncillary(b []byte) ancillary {
	var a ancillary
	for len(b) >= unix.SizeofCmsghdr {
		// struct cmsghdr begins with a length of the machine's word size, then
		// level and type.
		var length int
		if unix.SizeofCmsghdr == 16 {
			length = int(binary.NativeEndian.Uint64(b))
		} else {
			length = int(binary.NativeEndian.Uint32(b))
		}
		if length < unix.SizeofCmsghdr || length > len(b) {
			return a
		}
		level := int32(binary.NativeEndian.Uint32(b[unix.SizeofCmsghdr-8:]))
		kind := int32(binary.NativeEndian.Uint32(b[unix.SizeofCmsghdr-4:]))
		data := b[unix.SizeofCmsghdr:length]
		switch {
		case level != unix.SOL_SOCKET:
		case kind == unix.SO_RXQ_OVFL && len(data) >= 4:
			a.drops, a.hasDrops = binary.NativeEndian.Uint32(data), true
		case kind == unix.SO_TIMESTAMPNS_NEW && len(data) >= 16:
			// Seconds and nanoseconds of 64 bits each, on every architecture.
			a.received = int64(binary.NativeEndian.Uint64(data))*1e9 + int64(binary.NativeEndian.Uint64(data[8:]))
		}
		next := unix.CmsgSpace(length - unix.SizeofCmsghdr)
		if next > len(b) {
			return a
		}
		b = b[next:]
	}
	return a
}
