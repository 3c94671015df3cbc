package doctor

import (
	"encoding/binary"
	"time"

	"github.com/weirflow/weir/collector/message"
	"github.com/weirflow/weir/ipfix"
)

// returns follows a value that changes from message to message. One that comes
// back after another has been there tells of two senders; one that changes for
// good, of a restart.
type returns[T comparable] struct {
	seen  [maxPorts]T
	n     int
	last  T
	times uint64
}

func (r *returns[T]) note(v T) {
	if r.n > 0 && v == r.last {
		return
	}
	r.last = v
	for _, old := range r.seen[:r.n] {
		if old == v {
			r.times++
			return
		}
	}
	if r.n < len(r.seen) {
		r.seen[r.n] = v
		r.n++
	}
}

// maxBoots is how many boot times are told apart. An exporter whose uptime is
// erratic soon has more of them.
const maxBoots = 8

// bootTolerance is how far two reckonings of one boot time may be apart: headers
// have whole seconds, and clocks are set.
const bootTolerance = 10 * time.Second

// boots follows the boot time that headers tell: their time minus their uptime.
type boots struct {
	seen  [maxBoots]time.Duration // since the Unix epoch
	n     int
	last  int // index + 1
	times uint64
	// erratic tells that there were more than maxBoots.
	erratic bool
}

func (b *boots) note(at time.Duration) {
	for i := range b.seen[:b.n] {
		if off := at - b.seen[i]; off < bootTolerance && off > -bootTolerance {
			if b.seen[i] = at; b.last != i+1 { // a clock that drifts takes its boot time with it
				b.times++
				b.last = i + 1
			}
			return
		}
	}
	if b.n == len(b.seen) {
		b.erratic = true
		return
	}
	b.seen[b.n] = at
	b.n++
	b.last = b.n
}

// look reads what of a message the decoders do not report: when the exporter says
// it booted, and which templates its data needs. room takes a place in a list of n.
func (x *domain) look(p []byte, room func(n int) bool) {
	switch {
	case x.key.protocol == message.SFlow5:
		return
	case x.key.protocol != message.IPFIX && len(p) >= 12: // every NetFlow begins with version, count, uptime and time
		x.boots.note(time.Duration(binary.BigEndian.Uint32(p[8:]))*time.Second - time.Duration(binary.BigEndian.Uint32(p[4:]))*time.Millisecond)
	}
	h, at, err := ipfix.ParseHeader(p)
	if err != nil {
		return // the older ones have no sets
	}
	if h.Version == ipfix.Version && int(h.Length) < len(p) && int(h.Length) >= at {
		p = p[:h.Length]
	}
	for len(p)-at >= ipfix.SetHeaderLen {
		id, length := binary.BigEndian.Uint16(p[at:]), int(binary.BigEndian.Uint16(p[at+2:]))
		if length < ipfix.SetHeaderLen {
			return
		}
		length = min(length, len(p)-at)
		if id >= ipfix.FirstDataSet && length > ipfix.SetHeaderLen {
			s := x.sets[id]
			if s == nil && room(len(x.sets)) {
				s = &setCount{}
				x.sets[id] = s
			}
			if s != nil {
				s.sets++
				s.bytes += uint64(length - ipfix.SetHeaderLen)
			}
		}
		at += length
	}
}
