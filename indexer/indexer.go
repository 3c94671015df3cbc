package indexer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/weirflow/weir/flow"
)

// Config sets the hand-over to sinks.
type Config struct {
	// QueueBatches is how many batches wait for a sink at most. Default 64.
	QueueBatches int `mapstructure:"queue_batches"`
	// StallAfter is after how long without progress a sink is no longer waited
	// for, when there are several. Default 10s.
	StallAfter time.Duration `mapstructure:"stall_after"`
}

// DefaultConfig gives the defaults.
func DefaultConfig() Config { return Config{QueueBatches: 64, StallAfter: 10 * time.Second} }

// Validate reports every value that is out of bounds, each with its key.
func (c Config) Validate() error {
	var errs []error
	if c.QueueBatches < 1 || c.QueueBatches > maxQueueBatches {
		errs = append(errs, fmt.Errorf("index.queue.queue_batches: %d is not allowed; allowed: 1 to %d", c.QueueBatches, maxQueueBatches))
	}
	if c.StallAfter <= 0 {
		errs = append(errs, fmt.Errorf("index.queue.stall_after: %s is not allowed; allowed: above 0", c.StallAfter))
	}
	return errors.Join(errs...)
}

// maxQueueBatches keeps a slip of the keyboard from taking all memory: a batch
// has some hundred KiB.
const maxQueueBatches = 1 << 14

// Dependencies are what New needs.
type Dependencies struct {
	Logger     *slog.Logger
	Registerer prometheus.Registerer
	// Sinks are handed every batch, in this order.
	Sinks []Sink
}

// Indexer hands batches to sinks. Put may be called from many goroutines.
type Indexer struct {
	cfg    Config
	log    *slog.Logger
	queues []*queue
	// abort ends the sinks' waits at shutdown.
	abort context.CancelFunc
	ctx   context.Context
	wg    sync.WaitGroup
	// closing guards against a Put after Close: readers put, Close writes.
	closing sync.RWMutex
	closed  bool
	metrics *metrics
}

// New makes an indexer; Start starts it.
func New(cfg Config, d Dependencies) (*Indexer, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if len(d.Sinks) == 0 {
		return nil, errors.New("index: no sink is configured")
	}
	m, err := newMetrics(d.Registerer)
	if err != nil {
		return nil, err
	}
	x := &Indexer{cfg: cfg, log: d.Logger, metrics: m}
	x.ctx, x.abort = context.WithCancel(context.Background())
	for _, s := range d.Sinks {
		x.queues = append(x.queues, newQueue(s, cfg, m, d.Logger))
	}
	return x, nil
}

// MaxBatches is how many batches the queues and sinks hold at most; a pool needs
// more than that, or the collector waits for sinks.
func (x *Indexer) MaxBatches() int { return len(x.queues) * (x.cfg.QueueBatches + 1) }

// Start starts the sinks and their goroutines. When one cannot start, those
// before it are closed again.
func (x *Indexer) Start(ctx context.Context) error {
	for i, q := range x.queues {
		if err := q.sink.Start(ctx); err != nil {
			for _, started := range x.queues[:i] {
				err = errors.Join(err, started.sink.Close(ctx))
			}
			return fmt.Errorf("sink %s: %w", q.sink.Name(), err)
		}
	}
	for _, q := range x.queues {
		x.wg.Go(func() { q.run(x.ctx) })
	}
	return nil
}

// Put hands a batch to every sink, and takes over one reference of it. A batch
// that does not wait is dropped, and counted, for the sinks whose queue is full.
// One that waits goes to the sinks with room first, then waits for the others:
// as long as ctx lasts for an only sink, and as long as the sink makes progress
// when there are several.
func (x *Indexer) Put(ctx context.Context, b *flow.Batch) {
	defer b.Release()
	x.closing.RLock()
	defer x.closing.RUnlock()
	if x.closed {
		for _, q := range x.queues {
			q.drop(b, "shutdown")
		}
		return
	}
	var behind []*queue
	for _, q := range x.queues {
		b.Retain()
		if q.offer(b) {
			continue
		}
		b.Release()
		if b.Waits {
			behind = append(behind, q)
		} else {
			q.drop(b, "queue_full")
		}
	}
	for _, q := range behind {
		q.wait(ctx, x.ctx, b, len(x.queues) > 1)
	}
}

// Close waits until every sink has written what it has, at most until ctx ends;
// what is left then is counted as dropped.
func (x *Indexer) Close(ctx context.Context) error {
	stop := context.AfterFunc(ctx, x.abort)
	defer stop()
	x.closing.Lock()
	already := x.closed
	x.closed = true
	x.closing.Unlock()
	if already {
		return nil
	}
	for _, q := range x.queues {
		close(q.batches)
	}
	x.wg.Wait()
	var errs []error
	for _, q := range x.queues {
		if err := q.sink.Close(ctx); err != nil {
			errs = append(errs, fmt.Errorf("sink %s: %w", q.sink.Name(), err))
		}
	}
	x.abort()
	return errors.Join(errs...)
}

// Ready gives the reasons why sinks are not ready, nil when all are.
func (x *Indexer) Ready() error {
	var errs []error
	for _, q := range x.queues {
		if err := q.sink.Ready(); err != nil {
			errs = append(errs, fmt.Errorf("sink %s: %w", q.sink.Name(), err))
		}
	}
	return errors.Join(errs...)
}

// Reopen has the sinks that write files open them anew.
func (x *Indexer) Reopen() error {
	var errs []error
	for _, q := range x.queues {
		if r, ok := q.sink.(Reopener); ok {
			if err := r.Reopen(); err != nil {
				errs = append(errs, fmt.Errorf("sink %s: %w", q.sink.Name(), err))
			}
		}
	}
	return errors.Join(errs...)
}
