package capture

import (
	"container/list"
	"net/netip"
	"slices"
	"time"
)

// Limits of reassembly. They are our own because the reassembly that comes with
// the packet library keeps as many unfinished datagrams as a file has.
const (
	maxPartials  = 256
	maxPieces    = 512
	maxHeldBytes = 16 << 20
	maxHeldTime  = 30 * time.Second
)

// fragmentKey names a fragmented IP datagram (RFC 791 section 3.2, RFC 8200
// section 4.5).
type fragmentKey struct {
	source, destination netip.Addr
	protocol            uint8
	id                  uint32
}

// piece is one fragment: where in the IP payload it lies, in bytes, and what it
// holds.
type piece struct {
	offset int
	more   bool
	data   []byte
}

// partial is an unfinished datagram.
type partial struct {
	key    fragmentKey
	since  time.Time
	pieces []piece
	bytes  int
}

// fragments puts IP datagrams together. What it gives up is counted.
type fragments struct {
	partials map[fragmentKey]*list.Element
	order    list.List // of *partial, oldest first
	bytes    int
}

// add takes a fragment and gives the IP payload when it is complete. data is
// copied.
func (f *fragments) add(key fragmentKey, p piece, now time.Time, stats *Stats) []byte {
	f.expire(now, stats)
	if len(p.data) == 0 || p.offset+len(p.data) > maxPayload || (p.more && len(p.data)%8 != 0) {
		stats.Problems[ReasonFragments]++
		return nil
	}
	if f.partials == nil {
		f.partials = map[fragmentKey]*list.Element{}
	}
	element := f.partials[key]
	if element == nil {
		element = f.order.PushBack(&partial{key: key, since: now})
		f.partials[key] = element
	}
	d := element.Value.(*partial)
	if len(d.pieces) == maxPieces {
		f.drop(element, stats)
		return nil
	}
	p.data = slices.Clone(p.data)
	d.pieces = append(d.pieces, p)
	d.bytes += len(p.data)
	f.bytes += len(p.data)
	if whole := d.assemble(); whole != nil {
		f.remove(element)
		return whole
	}
	for f.order.Len() > maxPartials || f.bytes > maxHeldBytes {
		f.drop(f.order.Front(), stats)
	}
	return nil
}

// assemble gives the datagram's payload, or nil as long as there are gaps. Where
// fragments overlap, the one that came last is used.
func (d *partial) assemble() []byte {
	total := -1
	for _, p := range d.pieces {
		if !p.more {
			total = p.offset + len(p.data)
		}
	}
	if total < 0 || d.bytes < total {
		return nil
	}
	inOrder := slices.Clone(d.pieces)
	slices.SortStableFunc(inOrder, func(a, b piece) int { return a.offset - b.offset })
	end := 0
	for _, p := range inOrder {
		if p.offset > end {
			return nil
		}
		end = max(end, p.offset+len(p.data))
	}
	whole := make([]byte, end)
	for _, p := range d.pieces {
		copy(whole[p.offset:], p.data)
	}
	return whole[:min(total, end)]
}

// expire gives up what has waited too long, by the clock of the capture.
func (f *fragments) expire(now time.Time, stats *Stats) {
	for e := f.order.Front(); e != nil && now.Sub(e.Value.(*partial).since) > maxHeldTime; e = f.order.Front() {
		f.drop(e, stats)
	}
}

// end gives up all that is left.
func (f *fragments) end(stats *Stats) {
	for f.order.Len() > 0 {
		f.drop(f.order.Front(), stats)
	}
}

func (f *fragments) drop(e *list.Element, stats *Stats) {
	stats.Problems[ReasonFragments]++
	f.remove(e)
}

func (f *fragments) remove(e *list.Element) {
	d := f.order.Remove(e).(*partial)
	delete(f.partials, d.key)
	f.bytes -= d.bytes
}
