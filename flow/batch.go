package flow

import (
	"context"
	"sync/atomic"
	"unsafe"
)

// arenaSize is the first size of a batch's arena, in bytes; arenaLimit is how
// much capacity a reset keeps.
const (
	arenaSize  = 16 << 10
	arenaLimit = 1 << 20
)

// batchBytes is how much the records of a batch may hold beside themselves, in
// bytes: copies, elements, long strings. A batch that has more is full, however
// few its records are, so that large records cannot make a pool large. What the
// last record holds, which came in one message, is beyond it.
const batchBytes = 1 << 20

// keptElements is how much capacity of Extra a record keeps when it is used
// again.
const keptElements = 64

const elementSize = int(unsafe.Sizeof(Element{}))

// Batch is a bounded list of records that is filled once, handed over, read by
// several sinks and used again. It is filled by one goroutine; after the
// hand-over it must only be read.
type Batch struct {
	// Waits tells that the records came over a stream transport, so that the
	// hand-over to sinks waits for room instead of dropping.
	Waits bool

	records []Record
	n       int
	arena   []byte
	weight  int  // of batchBytes; the last record's elements are not in it yet
	swollen bool // a record has more than keptElements
	refs    atomic.Int32
	pool    *Pool
}

// NewBatch gives an empty batch for up to capacity records, with one reference
// and no pool.
func NewBatch(capacity int) *Batch {
	b := &Batch{records: make([]Record, capacity)}
	b.refs.Store(1)
	return b
}

// Next gives the next record, reset, or nil when the batch is full.
func (b *Batch) Next() *Record {
	if b.n == len(b.records) || b.weight+b.last() > batchBytes && b.n > 0 {
		return nil
	}
	b.weight += b.last()
	r := &b.records[b.n]
	b.n++
	r.Reset()
	return r
}

// last is the size of the last record's elements, in bytes.
func (b *Batch) last() int {
	if b.n == 0 {
		return 0
	}
	r := &b.records[b.n-1]
	if cap(r.Extra) > keptElements {
		b.swollen = true
	}
	return elementSize * len(r.Extra)
}

// Drop takes the last Next back.
func (b *Batch) Drop() {
	if b.n == 0 {
		return
	}
	if r := &b.records[b.n-1]; cap(r.Extra) > keptElements {
		r.Extra = nil
	}
	b.n--
	b.weight -= b.last()
}

// Weigh counts n bytes that the last record holds outside the batch, such as a
// long string of its own.
func (b *Batch) Weigh(n int) { b.weight += n }

// Len is how many records the batch holds.
func (b *Batch) Len() int { return b.n }

// Cap is how many it can hold.
func (b *Batch) Cap() int { return len(b.records) }

// At gives record i, 0 ≤ i < Len.
func (b *Batch) At(i int) *Record { return &b.records[i] }

// Records gives the records; the slice is valid until the batch is reset.
func (b *Batch) Records() []Record { return b.records[:b.n] }

// Copy copies p into the batch's arena. The copy is valid until the batch is
// reset.
func (b *Batch) Copy(p []byte) []byte {
	if cap(b.arena)-len(b.arena) < len(p) {
		// Copies made so far keep the old arena alive.
		b.arena = make([]byte, 0, max(arenaSize, 2*cap(b.arena), len(p)))
	}
	b.weight += len(p)
	at := len(b.arena)
	b.arena = append(b.arena, p...)
	return b.arena[at:len(b.arena):len(b.arena)]
}

// Reset empties the batch.
func (b *Batch) Reset() {
	if b.last(); b.swollen {
		for i := range b.records[:b.n] {
			if r := &b.records[i]; cap(r.Extra) > keptElements {
				r.Extra = nil
			}
		}
	}
	b.n, b.weight, b.swollen, b.Waits = 0, 0, false, false
	if cap(b.arena) > arenaLimit {
		b.arena = nil
	}
	b.arena = b.arena[:0]
}

// Retain adds a reference. Safe for concurrent use.
func (b *Batch) Retain() { b.refs.Add(1) }

// Release takes a reference back; with the last one the batch returns to its
// pool and must not be used any more. Safe for concurrent use.
func (b *Batch) Release() {
	if b.refs.Add(-1) == 0 && b.pool != nil {
		b.pool.free <- b
	}
}

// Pool is a fixed number of batches, and so a bound of memory. Batches are made
// when they are first needed. Safe for concurrent use.
type Pool struct {
	free     chan *Batch
	made     atomic.Int32
	capacity int
}

// NewPool gives a pool of up to batches batches of capacity records each.
func NewPool(batches, capacity int) *Pool {
	return &Pool{free: make(chan *Batch, batches), capacity: capacity}
}

// TryGet gives an empty batch with one reference, or nil when all are in use.
func (p *Pool) TryGet() *Batch {
	select {
	case b := <-p.free:
		return b.fresh()
	default:
	}
	if int(p.made.Add(1)) <= cap(p.free) {
		b := NewBatch(p.capacity)
		b.pool = p
		return b
	}
	p.made.Add(-1)
	return nil
}

// Get waits for an empty batch; it gives nil when ctx ends first.
func (p *Pool) Get(ctx context.Context) *Batch {
	if b := p.TryGet(); b != nil {
		return b
	}
	select {
	case b := <-p.free:
		return b.fresh()
	case <-ctx.Done():
		return nil
	}
}

func (b *Batch) fresh() *Batch {
	b.Reset()
	b.refs.Store(1)
	return b
}

// Writer is where decoders put records: it begins a new batch when one is full
// and hands the full one over. One goroutine uses it.
type Writer struct {
	get   func() *Batch
	put   func(*Batch)
	batch *Batch
}

// NewWriter gives a writer. get must give an empty batch; put takes a filled one
// over, with the reference that came with it.
func NewWriter(get func() *Batch, put func(*Batch)) *Writer {
	return &Writer{get: get, put: put}
}

// Next gives the next record, reset; never nil. The record before it may have
// been handed over by then.
func (w *Writer) Next() *Record {
	if w.batch == nil {
		w.batch = w.get()
	}
	if r := w.batch.Next(); r != nil {
		return r
	}
	w.Flush()
	w.batch = w.get()
	return w.batch.Next()
}

// Drop takes the last Next back. It must be called before any other call.
func (w *Writer) Drop() {
	if w.batch != nil {
		w.batch.Drop()
	}
}

// Copy copies p into the arena of the batch that the last Next's record lives
// in.
func (w *Writer) Copy(p []byte) []byte { return w.batch.Copy(p) }

// Weigh counts n bytes that the last Next's record holds outside its batch.
func (w *Writer) Weigh(n int) { w.batch.Weigh(n) }

// Pending is how many records wait for the hand-over.
func (w *Writer) Pending() int {
	if w.batch == nil {
		return 0
	}
	return w.batch.Len()
}

// Flush hands the current batch over when it holds records.
func (w *Writer) Flush() {
	if w.batch != nil && w.batch.Len() > 0 {
		b := w.batch
		w.batch = nil
		w.put(b)
	}
}
