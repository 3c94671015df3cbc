package elastic

import (
	"context"
	"sync"
	"time"
)

// queue holds the bodies that wait to be sent, and counts those that are being
// sent. Safe for concurrent use.
type queue struct {
	mu      sync.Mutex
	waiting []*body // due at once, oldest first
	delayed []*body // due later
	bytes   int64   // of all bodies, those being sent included
	docs    int
	sending int
	closed  bool
	change  chan struct{} // closed and replaced at every change
}

func newQueue() *queue { return &queue{change: make(chan struct{})} }

// changed wakes everybody who waits; q.mu is held.
func (q *queue) changed() {
	close(q.change)
	q.change = make(chan struct{})
}

// push adds a body. It also takes bodies after close, for retries.
func (q *queue) push(b *body) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.bytes += int64(len(b.raw))
	q.docs += b.len()
	if b.due.IsZero() {
		q.waiting = append(q.waiting, b)
	} else if !q.join(b) {
		q.delayed = append(q.delayed, b)
	}
	q.changed()
}

// join appends a retry's documents to a delayed body with the same history, so
// that single refused documents do not become requests of their own.
func (q *queue) join(b *body) bool {
	const limit = 1 << 20 // bytes
	for _, d := range q.delayed {
		if d.attempts != b.attempts || d.unreadable != b.unreadable || d.report != b.report || len(d.raw)+len(b.raw) > limit {
			continue
		}
		at := len(d.raw)
		d.raw = append(d.raw, b.raw...)
		for _, end := range b.ends {
			d.ends = append(d.ends, at+end)
		}
		if b.born.Before(d.born) {
			d.born = b.born
		}
		if b.due.After(d.due) {
			d.due = b.due
		}
		return true
	}
	return false
}

// take gives the next body that is due, or nil when ctx has ended, or when the
// queue is closed, empty and nothing is being sent. done must follow.
func (q *queue) take(ctx context.Context) *body {
	for {
		q.mu.Lock()
		now := time.Now()
		if b := q.next(now); b != nil {
			q.sending++
			q.mu.Unlock()
			return b
		}
		if q.closed && len(q.delayed) == 0 && q.sending == 0 {
			q.mu.Unlock()
			return nil
		}
		change, wait := q.change, time.Duration(-1)
		for _, b := range q.delayed {
			if d := b.due.Sub(now); wait < 0 || d < wait {
				wait = d
			}
		}
		q.mu.Unlock()
		if !sleep(ctx, wait, change) {
			return nil
		}
	}
}

// next removes a body that is due; q.mu is held.
func (q *queue) next(now time.Time) *body {
	for i, b := range q.delayed {
		if !b.due.After(now) {
			q.delayed = append(q.delayed[:i], q.delayed[i+1:]...)
			return b
		}
	}
	if len(q.waiting) == 0 {
		return nil
	}
	b := q.waiting[0]
	q.waiting[0] = nil
	if q.waiting = q.waiting[1:]; len(q.waiting) == 0 {
		q.waiting = nil
	}
	return b
}

// done ends the sending of a body. What is left of it has been pushed before.
func (q *queue) done(bytes, docs int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.sending--
	q.bytes -= int64(bytes)
	q.docs -= docs
	q.changed()
}

// close makes take give nil once everything is sent.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.changed()
}

// drain removes everything that waits and gives it.
func (q *queue) drain() []*body {
	q.mu.Lock()
	defer q.mu.Unlock()
	all := append(q.waiting, q.delayed...)
	q.waiting, q.delayed = nil, nil
	for _, b := range all {
		q.bytes -= int64(len(b.raw))
		q.docs -= b.len()
	}
	q.changed()
	return all
}

// load gives what is in the queue, and a channel that is closed when it changes.
func (q *queue) load() (bytes int64, docs, sending int, change <-chan struct{}) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.bytes, q.docs, q.sending, q.change
}

// sleep waits for d, when d ≥ 0, or until wake is closed. It reports false when
// ctx ends first.
func sleep(ctx context.Context, d time.Duration, wake <-chan struct{}) bool {
	var timeout <-chan time.Time
	if d >= 0 {
		timer := time.NewTimer(d)
		defer timer.Stop()
		timeout = timer.C
	}
	select {
	case <-ctx.Done():
		return false
	case <-timeout:
	case <-wake:
	}
	return true
}
