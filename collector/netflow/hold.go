package netflow

import (
	"bytes"
	"sync/atomic"

	"github.com/weirflow/weir/collector/message"
	"github.com/weirflow/weir/ipfix"
)

// heldSet is a data set that came before its template, with what decoding it
// needs of its message.
type heldSet struct {
	// older and newer link what is held of an exporter in order of arrival.
	older, newer *heldSet
	// next is the following one of the same template.
	next *heldSet

	domain *domain
	id     uint16
	header ipfix.Header
	origin message.Origin
	start  int // offset in the message
	body   []byte
}

// costHeld is what a held set takes beside its bytes, with its share of the maps.
const costHeld = 256

func (h *heldSet) bytes() int { return costHeld + len(h.body) }

// holding is what is held of one exporter. Its newest sets push out the oldest
// ones: a template that never comes must not keep the place of others for long.
type holding struct {
	oldest, newest *heldSet
	sets, bytes    int
}

// waiting is the sets of one template, the first one first.
type waiting struct{ first, last *heldSet }

// heldCounters counts data sets that came before their templates. Each is counted
// as held or as refused; one that was held is later counted once more.
type heldCounters struct {
	bytes, sets                                            atomic.Int64 // held now; bytes of Config.MaxHeldTotal
	held, released, refused, expired, pushedOut, abandoned atomic.Uint64
}

// Held is what became of data sets that came before their templates.
type Held struct {
	// Waiting and Bytes are what is held now.
	Waiting, Bytes int
	// Total is how many sets have been held since the start, Released how many of
	// them have been decoded.
	Total, Released uint64
	// Refused were not held: it is switched off, or there was no room.
	Refused uint64
	// Expired were held for Config.HoldFor in vain. PushedOut made room for newer
	// ones. Abandoned belonged to an exporter or session that is gone.
	Expired, PushedOut, Abandoned uint64
}

// Held tells what became of data that came before its template.
func (s *Store) Held() Held { return s.held.read() }

// Lost is how many sets will never be decoded.
func (h *Held) Lost() uint64 { return h.Refused + h.Expired + h.PushedOut + h.Abandoned }

func (c *heldCounters) read() Held {
	return Held{Waiting: int(c.sets.Load()), Bytes: int(c.bytes.Load()), Total: c.held.Load(), Released: c.released.Load(), Refused: c.refused.Load(),
		Expired: c.expired.Load(), PushedOut: c.pushedOut.Load(), Abandoned: c.abandoned.Load()}
}

// hold keeps a data set for the time when its template comes, and reports whether
// there is room.
func (m *run) hold(id uint16, body []byte, start int) bool {
	s, x, cfg := m.store, m.x, &m.store.cfg
	cost := costHeld + len(body)
	if cfg.HoldFor == 0 || cost > cfg.MaxHeldBytes || len(body) == 0 {
		s.held.refused.Add(1)
		return false
	}
	x.expire(s, m.origin.Received)
	for x.held.oldest != nil && (x.held.bytes+cost > cfg.MaxHeldBytes || x.held.sets >= cfg.MaxHeldSets) {
		x.drop(s, &s.held.pushedOut)
	}
	for s.held.bytes.Add(int64(cost)) > int64(cfg.MaxHeldTotal) {
		s.held.bytes.Add(int64(-cost))
		if x.held.oldest == nil {
			s.held.refused.Add(1)
			return false
		}
		x.drop(s, &s.held.pushedOut)
	}
	h := &heldSet{domain: m.domain, id: id, header: m.header, origin: m.origin, start: start, body: bytes.Clone(body), older: x.held.newest}
	if h.older != nil {
		h.older.newer = h
	} else {
		x.held.oldest = h
	}
	x.held.newest = h
	x.held.sets++
	x.held.bytes += cost
	if m.domain.held == nil {
		m.domain.held = map[uint16]waiting{}
	}
	w := m.domain.held[id]
	if w.last != nil {
		w.last.next = h
	} else {
		w.first = h
	}
	w.last = h
	m.domain.held[id] = w
	s.held.held.Add(1)
	s.held.sets.Add(1)
	return true
}

// expire drops what has been held for too long; now is Unix nanoseconds, 0 when
// it is not known.
func (x *exporter) expire(s *Store, now int64) {
	for h := x.held.oldest; h != nil && h.origin.Received != 0 && now-h.origin.Received > int64(s.cfg.HoldFor); h = x.held.oldest {
		x.drop(s, &s.held.expired)
	}
}

// drop gives up the oldest set and counts it.
func (x *exporter) drop(s *Store, count *atomic.Uint64) {
	h := x.held.oldest
	// The exporter's oldest one is also its template's.
	if h.next == nil {
		delete(h.domain.held, h.id)
	} else {
		h.domain.held[h.id] = waiting{h.next, h.domain.held[h.id].last}
	}
	x.letGo(s, h)
	count.Add(1)
}

// letGo takes a set off the exporter's list.
func (x *exporter) letGo(s *Store, h *heldSet) {
	if h.older != nil {
		h.older.newer = h.newer
	} else {
		x.held.oldest = h.newer
	}
	if h.newer != nil {
		h.newer.older = h.older
	} else {
		x.held.newest = h.older
	}
	x.held.sets--
	x.held.bytes -= h.bytes()
	s.held.bytes.Add(int64(-h.bytes()))
	s.held.sets.Add(-1)
}

// abandon drops everything that is held of an exporter that is gone.
func (x *exporter) abandon(s *Store) {
	for x.held.oldest != nil {
		x.drop(s, &s.held.abandoned)
	}
}

// release decodes what was held for a template that has come, in order of arrival,
// each set with the header and the time of receipt of its own message.
func (m *run) release(id uint16) {
	w, there := m.domain.held[id]
	if !there {
		return
	}
	delete(m.domain.held, id)
	before := m.res.Flows + m.res.Options
	for h := w.first; h != nil; h = h.next {
		m.x.letGo(m.store, h)
		if received := h.origin.Received; received != 0 && m.origin.Received-received > int64(m.store.cfg.HoldFor) {
			m.store.held.expired.Add(1)
			continue
		}
		then := run{Decoder: m.Decoder, origin: h.origin, x: m.x, w: m.w, res: m.res, domain: m.domain}
		then.sent(&h.header)
		then.booted()
		then.data(id, h.body, h.start)
		m.store.held.released.Add(1)
		m.res.Released++
	}
	m.late += m.res.Flows + m.res.Options - before
	m.booted()
}

// Expire drops data that has been held for too long of exporters that are silent
// now; of others it goes by itself. now is Unix nanoseconds.
func (s *Store) Expire(now int64) {
	for _, x := range s.list() {
		x.mu.Lock()
		x.expire(s, now)
		x.mu.Unlock()
	}
}
