package rollup

import (
	"cmp"
	"encoding/binary"
	"math/bits"
	"math/rand/v2"
	"net/netip"
	"slices"

	"github.com/weirflow/weir/flow"
)

// hosts is the sums of a window by host, which are exact as long as there is room
// for all of them. When there is none, the smaller half of them moves to the
// others of their exporters, and a host of them that comes again begins anew: its
// sum is a lower bound then. The sum of all is exact in any case.
type hosts struct {
	limit   int
	slots   []int32 // 1 and up: a row; a power of two of them, at most half in use
	rows    []host
	details []hostDetail // beside rows: what is read when a row is made or written
	others  map[uint32]*sums
	moved   uint64 // hosts that moved to others
}

// host is a row. One is as large as a cache line.
type host struct {
	high, low uint64
	exporter  uint32
	family    uint8 // 0 for no address, 4 or 6
	sum       sums
}

// hostDetail is what is known of the host beside its address.
type hostDetail struct {
	side
	hasAS            bool
	domain, locality string
}

// firstSlots is the first size of a table.
const firstSlots = 128

var hostSeed = [2]uint64{rand.Uint64() | 1, rand.Uint64() | 1}

// hostKey gives the row of an address without its sum; the zero Addr is that of
// flows that have none.
func hostKey(a netip.Addr, exporter uint32) host {
	h := host{exporter: exporter}
	if a.IsValid() {
		b := a.As16()
		h.high, h.low, h.family = binary.LittleEndian.Uint64(b[:8]), binary.LittleEndian.Uint64(b[8:]), 6
		if a.Is4() {
			h.family = 4
		}
	}
	return h
}

// addr is the host's address.
func (h *host) addr() netip.Addr {
	var b [16]byte
	binary.LittleEndian.PutUint64(b[:8], h.high)
	binary.LittleEndian.PutUint64(b[8:], h.low)
	switch h.family {
	case 4:
		return netip.AddrFrom16(b).Unmap()
	case 6:
		return netip.AddrFrom16(b)
	}
	return netip.Addr{}
}

func (h *host) hash() uint64 {
	hi, lo := bits.Mul64(h.high^hostSeed[0], h.low^hostSeed[1])
	hi, lo = bits.Mul64(hi^lo^uint64(h.exporter)<<8^uint64(h.family), hostSeed[0])
	return hi ^ lo
}

// find gives the row of a host, and the slot where it is or would be.
func (t *hosts) find(k *host) (*host, int) {
	mask := len(t.slots) - 1
	for at := int(k.hash()) & mask; ; at = (at + 1) & mask {
		n := t.slots[at]
		if n == 0 {
			return nil, at
		}
		if h := &t.rows[n-1]; h.low == k.low && h.high == k.high && h.exporter == k.exporter && h.family == k.family {
			return h, at
		}
	}
}

// get finds or makes the row of a host. detail is not nil for one that was made,
// to be filled in.
func (t *hosts) get(k *host) (h *host, detail *hostDetail) {
	if t.slots == nil {
		t.slots = make([]int32, firstSlots)
	}
	h, at := t.find(k)
	if h != nil {
		return h, nil
	}
	if len(t.rows) >= t.limit {
		t.halve()
		_, at = t.find(k)
	} else if 2*len(t.rows) >= len(t.slots) {
		t.slots = make([]int32, 2*len(t.slots))
		t.link()
		_, at = t.find(k)
	}
	t.rows = append(t.rows, *k)
	t.details = append(t.details, hostDetail{})
	t.slots[at] = int32(len(t.rows))
	return &t.rows[len(t.rows)-1], &t.details[len(t.details)-1]
}

// link fills the slots anew.
func (t *hosts) link() {
	for i := range t.rows {
		_, at := t.find(&t.rows[i])
		t.slots[at] = int32(i + 1)
	}
}

// halve moves the smaller half of the hosts to the others. Doing so many at once
// makes it cheap by the host.
func (t *hosts) halve() {
	order := make([]uint64, len(t.rows))
	for i := range t.rows {
		order[i] = t.rows[i].sum.bytes
	}
	slices.Sort(order)
	least := order[len(order)/2]
	keep := 0
	// Of those that are as large as the least that stay, some must go, too.
	room := len(order) - len(order)/2
	for i := range t.rows {
		if h := &t.rows[i]; h.sum.bytes > least {
			room--
		}
	}
	for i := range t.rows {
		h := t.rows[i]
		stays := h.sum.bytes > least
		if h.sum.bytes == least && room > 0 {
			room--
			stays = true
		}
		if !stays {
			t.addOther(h.exporter, &h.sum)
			t.moved++
			continue
		}
		t.rows[keep], t.details[keep] = h, t.details[i]
		keep++
	}
	clear(t.details[keep:])
	t.rows, t.details = t.rows[:keep], t.details[:keep]
	clear(t.slots)
	t.link()
}

// addOther adds to the others of an exporter.
func (t *hosts) addOther(exporter uint32, sum *sums) {
	if t.others == nil {
		t.others = map[uint32]*sums{}
	}
	s := t.others[exporter]
	if s == nil {
		s = &sums{}
		t.others[exporter] = s
	}
	s.add(sum)
}

// merge adds a row of another table.
func (t *hosts) merge(h host, d *hostDetail) {
	sum := h.sum
	h.sum = sums{}
	mine, detail := t.get(&h)
	mine.sum.add(&sum)
	if detail != nil {
		*detail = *d
	}
}

// add adds a flow to both of its ends.
func (t *hosts) add(r *flow.Record, exporter uint32, sum *sums) {
	sent, received := sum.ends()
	var source, destination netip.Addr
	if r.Has(flow.FieldSourceIP) {
		source = r.SourceIP
	}
	if r.Has(flow.FieldDestinationIP) {
		destination = r.DestinationIP
	}
	k := hostKey(source, exporter)
	h, detail := t.get(&k)
	if detail != nil && source.IsValid() {
		detail.side, detail.hasAS = sourceOf(r)
		if r.Has(flow.FieldSourceDomain) {
			detail.domain = r.SourceDomain
		}
		if r.Has(flow.FieldSourceLocality) {
			detail.locality = r.SourceLocality
		}
	}
	h.sum.add(&sent)
	k = hostKey(destination, exporter)
	h, detail = t.get(&k)
	if detail != nil && destination.IsValid() {
		detail.side, detail.hasAS = destinationOf(r)
		if r.Has(flow.FieldDestinationDomain) {
			detail.domain = r.DestinationDomain
		}
		if r.Has(flow.FieldDestinationLocality) {
			detail.locality = r.DestinationLocality
		}
	}
	h.sum.add(&received)
}

func compareHosts(a, b *host) int {
	return cmp.Or(cmp.Compare(a.exporter, b.exporter), cmp.Compare(b.sum.bytes, a.sum.bytes), cmp.Compare(b.sum.packets, a.sum.packets), a.addr().Compare(b.addr()))
}

// largest cuts the table to the n hosts of each exporter with the most bytes, in
// order of exporter and bytes; the others are summed up. Flows without an address
// are nobody's host, and not among the n. The table takes no more hosts then.
func (t *hosts) largest(n int) (rows []host, details []hostDetail) {
	order := make([]int32, len(t.rows))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int { return compareHosts(&t.rows[a], &t.rows[b]) })
	rank := 0
	for i, at := range order {
		h := &t.rows[at]
		if i > 0 && t.rows[order[i-1]].exporter != h.exporter {
			rank = 0
		}
		if h.family != 0 {
			if rank++; rank > n {
				t.addOther(h.exporter, &h.sum)
				continue
			}
		}
		rows, details = append(rows, *h), append(details, t.details[at])
	}
	return rows, details
}
