package indexer

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/weirflow/weir/flow"
)

// queue is the way to one sink.
type queue struct {
	sink    Sink
	batches chan *flow.Batch
	stall   time.Duration
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

// run writes batches until the queue is closed and empty.
func (q *queue) run(ctx context.Context) {
	for b := range q.batches {
		if ctx.Err() != nil {
			q.drop(b, "shutdown")
		} else {
			q.write(ctx, b)
		}
		b.Release()
		q.progress.Store(time.Now().UnixNano())
	}
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
