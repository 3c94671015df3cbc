package elastic

import (
	"bytes"
	"slices"
	"time"
)

// body is a bulk body: for each document the action's line and its own.
type body struct {
	raw  []byte
	ends []int // where each document ends in raw
	born time.Time
	// due is when the body may be sent, zero for at once.
	due time.Time
	// attempts is how often its documents have been sent in vain, unreadable how
	// often the server's answer made no sense.
	attempts, unreadable int
	// report marks a body of documents about rejected ones.
	report bool
}

func (b *body) len() int { return len(b.ends) }

// document gives document i with its action's line, newlines included.
func (b *body) document(i int) []byte {
	start := 0
	if i > 0 {
		start = b.ends[i-1]
	}
	return b.raw[start:b.ends[i]]
}

// beside reports whether no document is for the data stream of flows, which needs
// no name in its action.
func (b *body) beside() bool {
	for i := range b.ends {
		if !bytes.HasPrefix(b.document(i), []byte(`{"create":{"_index"`)) {
			return false
		}
	}
	return true
}

// end closes the document that was appended to raw last.
func (b *body) end() { b.ends = append(b.ends, len(b.raw)) }

func (b *body) reset() {
	*b = body{raw: b.raw[:0], ends: b.ends[:0]}
}

// pick gives a body of its own with the documents at the given positions, with
// the same history.
func (b *body) pick(positions []int) *body {
	size := 0
	for _, i := range positions {
		size += len(b.document(i))
	}
	part := &body{
		raw: make([]byte, 0, size), ends: make([]int, 0, len(positions)), born: b.born,
		attempts: b.attempts, unreadable: b.unreadable, report: b.report,
	}
	for _, i := range positions {
		part.raw = append(part.raw, b.document(i)...)
		part.end()
	}
	return part
}

// halves splits a body of two documents or more.
func (b *body) halves() (*body, *body) {
	all := make([]int, b.len())
	for i := range all {
		all[i] = i
	}
	middle := len(all) / 2
	return b.pick(all[:middle]), b.pick(all[middle:])
}

// pool keeps the buffers of sent bodies for new ones.
type pool struct {
	free chan *body
	size int // capacity of a new buffer, bytes
	docs int
}

func newPool(bodies, size, docs int) *pool {
	return &pool{free: make(chan *body, bodies), size: size, docs: docs}
}

func (p *pool) get() *body {
	select {
	case b := <-p.free:
		return b
	default:
		return &body{raw: make([]byte, 0, p.size), ends: make([]int, 0, p.docs)}
	}
}

// put takes back a body that nobody uses any more.
func (p *pool) put(b *body) {
	if cap(b.raw) < p.size || cap(b.raw) > 2*p.size {
		return // not one of ours, or grown by an enormous document
	}
	b.reset()
	select {
	case p.free <- b:
	default:
	}
}

// fit gives a body that holds little more memory than it needs, for a body that
// may wait long.
func (p *pool) fit(b *body) *body {
	if cap(b.raw) <= 2*len(b.raw) {
		return b
	}
	small := *b
	small.raw, small.ends = slices.Clone(b.raw), slices.Clone(b.ends)
	p.put(b)
	return &small
}
