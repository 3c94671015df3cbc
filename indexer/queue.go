package indexer

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/weirflow/weir/flow"
)

// queue is the way to one sink.
//
// Batches come part-filled when traffic is thin: the collector does not wait for
// more. So a queue that counts batches would be full after a few records, and a
// sink that pauses for a moment would lose the next ones. While the sink is
// behind, small batches are therefore copied together into the tail.
type queue struct {
	sink    Sink
	batches chan *flow.Batch
	stall   time.Duration
	mu      sync.Mutex
	tail    *flow.Batch // gathers small batches while others wait; nil for none
	// progress is when the sink last finished a batch, Unix nanoseconds.
	progress atomic.Int64
	log      *slog.Logger
	limit    *rate.Limiter
	metrics  *sinkMetrics
}

func newQueue(s Sink, cfg Config, m *metrics, log *slog.Logger) *queue {
	q := &queue{sink: s, batches: make(chan *flow.Batch, cfg.QueueBatches), stall: cfg.StallAfter,
		log: log.With("sink", s.Name()), limit: rate.NewLimiter(rate.Every(10*time.Second), 1)}
	q.metrics = m.sink(s.Name(), func() float64 { return float64(len(q.batches)) })
	q.progress.Store(time.Now().UnixNano())
	return q
}

// offer puts a batch into the queue, which takes over a reference, unless there
// is no room.
func (q *queue) offer(b *flow.Batch) bool {
	if !b.Waits && b.Len() <= b.Cap()/2 && q.gather(b) {
		b.Release()
		return true
	}
	select {
	case q.batches <- b:
		return true
	default:
		return false
	}
}

// gather copies a batch into the tail when the sink is behind, and reports
// whether it did.
func (q *queue) gather(b *flow.Batch) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.tail == nil && len(q.batches) < (cap(q.batches)+1)/2 {
		return false
	}
	if q.tail != nil && !q.tail.Append(b) {
		select {
		case q.batches <- q.tail:
			q.tail = nil
		default:
			return false
		}
	}
	if q.tail == nil {
		q.tail = flow.NewBatch(b.Cap())
		q.tail.Append(b) // an empty one has room
	}
	if len(q.batches) == 0 { // nobody would look for the tail
		select {
		case q.batches <- q.tail:
			q.tail = nil
		default: // others were quicker, so that somebody will
		}
	}
	return true
}

// takeTail gives the tail once nothing stands before it, else nil.
func (q *queue) takeTail() *flow.Batch {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.batches) > 0 {
		return nil
	}
	b := q.tail
	q.tail = nil
	return b
}

// run writes batches until the queue is closed and empty.
func (q *queue) run(ctx context.Context) {
	for b := range q.batches {
		q.finish(ctx, b)
		if b = q.takeTail(); b != nil {
			q.finish(ctx, b)
		}
	}
}

// finish writes a batch and lets it go.
func (q *queue) finish(ctx context.Context, b *flow.Batch) {
	if ctx.Err() != nil {
		q.drop(b, "shutdown")
	} else {
		q.write(ctx, b)
	}
	b.Release()
	q.progress.Store(time.Now().UnixNano())
}

// write has the sink take a batch. A sink that panics loses the batch, not the
// process.
func (q *queue) write(ctx context.Context, b *flow.Batch) {
	defer func() {
		if p := recover(); p != nil {
			q.drop(b, "panic")
			q.log.Error("the sink panicked; the batch is lost", "panic", fmt.Sprint(p))
		}
	}()
	if err := q.sink.Write(ctx, b); err != nil {
		q.metrics.errors.Inc()
		if q.limit.Allow() {
			q.log.Error("the sink could not write", "error", err)
		}
		return
	}
	q.metrics.records.Add(float64(b.Len()))
}

// wait puts a batch into a full queue.
func (q *queue) wait(ctx, closing context.Context, b *flow.Batch, others bool) {
	b.Retain()
	for {
		var patience <-chan time.Time
		var timer *time.Timer
		if others {
			left := q.stall - time.Since(time.Unix(0, q.progress.Load()))
			if left <= 0 {
				b.Release()
				q.drop(b, "sink_stalled")
				return
			}
			timer = time.NewTimer(left)
			patience = timer.C
		}
		sent := false
		reason := ""
		select {
		case q.batches <- b:
			sent = true
		case <-patience: // look again whether it progressed meanwhile
		case <-ctx.Done():
			reason = "shutdown"
		case <-closing.Done():
			reason = "shutdown"
		}
		if timer != nil {
			timer.Stop()
		}
		if sent {
			return
		}
		if reason != "" {
			b.Release()
			q.drop(b, reason)
			return
		}
	}
}

// drop counts the records of a batch as lost for this sink.
func (q *queue) drop(b *flow.Batch, reason string) {
	q.metrics.dropped.WithLabelValues(reason).Add(float64(b.Len()))
	if q.limit.Allow() {
		q.log.Warn("records are dropped: the sink does not keep up", "reason", reason, "records", b.Len())
	}
}
