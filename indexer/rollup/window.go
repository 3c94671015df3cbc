package rollup

import (
	"net/netip"
	"time"
)

// by is what flows are summed by.
type by uint8

const (
	byExporter by = iota
	byInterface
	byAS
	byCountry
	byApplication
	byCategory
	byHost
	numBy
)

// byNames are the values of flow.rollup.by.
var byNames = [numBy]string{"exporter", "interface", "as", "country", "application", "category", "host"}

// The two sums that a flow is in by interface, AS and country.
const (
	sideSource uint8 = iota // or ingress
	sideDestination
)

// origin is an exporter.
type origin struct {
	addr netip.Addr
	name string
}

// nobody is the number of the exporters that a window has no room for.
const nobody = 0

// window is the sums of one interval that is open.
type window struct {
	// start is the interval's, Unix nanoseconds; length is how long it is.
	start  int64
	length time.Duration
	// due is when it is written.
	due time.Time
	// limit is Config.MaxKeys.
	limit int

	exporters []origin // by number; nobody's is empty
	numbers   map[origin]uint32
	rows      []row
	index     map[rowKey]int32
	kinds     [numBy]int // keys of a kind, without those that stand for others
	hosts     hosts
	// crowded counts sums that had no place of their own.
	crowded [numBy]uint64
}

// rowKey is what the flows of a row have in common. Fields that a kind does not
// use are zero.
type rowKey struct {
	by       by
	side     uint8
	has      bool // number is known
	other    bool // the row stands for keys without a place
	exporter uint32
	number   uint32 // of the interface or AS
	// value is the country's code, the application or the category; service and
	// transport belong to the application.
	value, service, transport string
	direction, locality       string
	site, tenant              string
}

// row is a sum. name and detail belong to the key: an interface's name and alias,
// an AS's holder, a country's name.
type row struct {
	key          rowKey
	sum          sums
	name, detail string
}

func newWindow(start int64, length time.Duration, due time.Time, limit int) *window {
	return &window{start: start, length: length, due: due, limit: limit,
		exporters: make([]origin, 1), numbers: map[origin]uint32{}, index: map[rowKey]int32{}, hosts: hosts{limit: limit}}
}

// size is how many sums the window holds.
func (w *window) size() int { return len(w.rows) + len(w.hosts.rows) + len(w.hosts.others) }

// exporter gives the number of an exporter.
func (w *window) exporter(o origin) uint32 {
	n, known := w.numbers[o]
	if known {
		return n
	}
	if len(w.exporters) > w.limit {
		return nobody
	}
	n = uint32(len(w.exporters))
	w.exporters = append(w.exporters, o)
	w.numbers[o] = n
	return n
}

// addCause adds the sum of an entry of combinations to the rows that it is part
// of.
func (w *window) addCause(exporter uint32, x *cause, sum *sums) {
	k := rowKey{exporter: exporter, direction: x.direction, locality: x.locality, site: x.site, tenant: x.tenant}
	w.add(k, sum, "", "")

	k.by, k.side, k.has, k.number = byInterface, sideSource, x.hasIngress, x.ingress.id
	w.add(k, sum, x.ingress.name, x.ingress.alias)
	k.side, k.has, k.number = sideDestination, x.hasEgress, x.egress.id
	w.add(k, sum, x.egress.name, x.egress.alias)

	k.by, k.side, k.has, k.number = byAS, sideSource, x.hasSourceAS, x.source.as
	w.add(k, sum, x.source.holder, "")
	k.side, k.has, k.number = sideDestination, x.hasDestination, x.destination.as
	w.add(k, sum, x.destination.holder, "")

	k.has, k.number = false, 0
	k.by, k.side, k.value = byCountry, sideSource, x.source.code
	w.add(k, sum, x.source.country, "")
	k.side, k.value = sideDestination, x.destination.code
	w.add(k, sum, x.destination.country, "")

	k.side = 0
	k.by, k.value, k.service, k.transport = byApplication, x.application, x.service, x.transport
	w.add(k, sum, "", "")
	k.by, k.value, k.service, k.transport = byCategory, x.category, "", ""
	w.add(k, sum, "", "")
}

// add adds to the row of a key. When there is no place for another key, the sum
// goes to the one of the exporter's others.
func (w *window) add(k rowKey, sum *sums, name, detail string) {
	i, known := w.index[k]
	if !known && !k.other && w.kinds[k.by] >= w.limit {
		w.crowded[k.by]++
		k = rowKey{by: k.by, side: k.side, exporter: k.exporter, other: true}
		name, detail = "", ""
		i, known = w.index[k]
	}
	if !known {
		if !k.other {
			w.kinds[k.by]++
		}
		i = int32(len(w.rows))
		w.index[k] = i
		w.rows = append(w.rows, row{key: k})
	}
	r := &w.rows[i]
	r.sum.add(sum)
	if name != "" { // the newest counts: an exporter may tell it later, or change it
		r.name = name
	}
	if detail != "" {
		r.detail = detail
	}
}

// merge adds the sums of a shorter window.
func (w *window) merge(o *window) {
	numbers := make([]uint32, len(o.exporters))
	for i, x := range o.exporters[1:] {
		numbers[i+1] = w.exporter(x)
	}
	for i := range o.rows {
		r := &o.rows[i]
		k := r.key
		k.exporter = numbers[k.exporter]
		w.add(k, &r.sum, r.name, r.detail)
	}
	for i := range o.hosts.rows {
		h := o.hosts.rows[i]
		h.exporter = numbers[h.exporter]
		w.hosts.merge(h, &o.hosts.details[i])
	}
	for exporter, sum := range o.hosts.others {
		w.hosts.addOther(numbers[exporter], sum)
	}
}
