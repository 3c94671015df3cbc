package indexer

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/goleak"

	"github.com/weirflow/weir/flow"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fakeSink is a sink whose Write waits for a token while gated. It stands in
// for sinks that are slow, broken or stuck, which real ones cannot be told to be.
type fakeSink struct {
	name   string
	gate   chan struct{} // nil: never waits
	fail   error
	panics bool
	begin  error

	mu     sync.Mutex
	ports  []uint16
	closed bool
}

func (s *fakeSink) Name() string                { return s.name }
func (s *fakeSink) Start(context.Context) error { return s.begin }
func (s *fakeSink) Ready() error                { return s.fail }
func (s *fakeSink) Write(ctx context.Context, b *flow.Batch) error {
	if s.gate != nil {
		select {
		case <-s.gate:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if s.panics {
		panic("out of order")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range b.Records() {
		s.ports = append(s.ports, b.At(i).SourcePort)
	}
	return s.fail
}
func (s *fakeSink) Close(context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	return nil
}
func (s *fakeSink) got() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.ports)
}

func newIndexer(t *testing.T, cfg Config, sinks ...Sink) *Indexer {
	t.Helper()
	x, err := New(cfg, Dependencies{Logger: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry(), Sinks: sinks})
	if err != nil {
		t.Fatal(err)
	}
	if err := x.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return x
}

// one gives a batch of a single record.
func one(port uint16, waits bool) *flow.Batch {
	b := flow.NewBatch(1)
	b.Next().SetSourcePort(port)
	b.Waits = waits
	return b
}

func (x *Indexer) droppedOf(i int, reason string) float64 {
	return testutil.ToFloat64(x.queues[i].metrics.dropped.WithLabelValues(reason))
}

func TestSlowSinkDoesNotStopAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow, quick := &fakeSink{name: "slow", gate: make(chan struct{})}, &fakeSink{name: "quick"}
		x := newIndexer(t, Config{QueueBatches: 4, StallAfter: time.Second}, slow, quick)
		pool := flow.NewPool(20, 1)
		for range 20 {
			b := pool.TryGet()
			b.Next()
			x.Put(t.Context(), b)
			synctest.Wait() // the quick sink keeps up
		}
		if quick.got() != 20 {
			t.Errorf("the quick sink got %d records, want 20", quick.got())
		}
		// One is in the slow sink's hands, four wait.
		if n := x.droppedOf(0, "queue_full"); n != 15 {
			t.Errorf("%v records dropped for the slow sink, want 15", n)
		}
		close(slow.gate)
		if err := x.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if slow.got() != 5 || !slow.closed || !quick.closed {
			t.Errorf("the slow sink got %d records, want 5; closed: %v, %v", slow.got(), slow.closed, quick.closed)
		}
		for range 20 {
			if pool.TryGet() == nil {
				t.Fatal("a batch did not come back")
			}
		}
	})
}

func TestStreamsWaitForAnOnlySink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeSink{name: "slow", gate: make(chan struct{})}
		x := newIndexer(t, Config{QueueBatches: 1, StallAfter: time.Second}, s)
		var wg sync.WaitGroup
		wg.Go(func() {
			for i := range 10 {
				x.Put(t.Context(), one(uint16(i), true))
			}
		})
		<-time.After(time.Hour) // far beyond StallAfter
		if s.got() != 0 || x.droppedOf(0, "sink_stalled") != 0 {
			t.Error("an only sink was not waited for")
		}
		close(s.gate)
		wg.Wait()
		if err := x.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if s.got() != 10 {
			t.Errorf("%d records, want 10", s.got())
		}
	})
}

func TestStalledSinkIsNotWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stuck, quick := &fakeSink{name: "stuck", gate: make(chan struct{})}, &fakeSink{name: "quick"}
		x := newIndexer(t, Config{QueueBatches: 1, StallAfter: 10 * time.Second}, stuck, quick)
		begin := time.Now()
		for i := range 10 {
			x.Put(t.Context(), one(uint16(i), true))
			synctest.Wait()
		}
		if waited := time.Since(begin); waited != 10*time.Second {
			t.Errorf("streams waited %s for a stuck sink, want 10s once", waited)
		}
		if quick.got() != 10 || x.droppedOf(0, "sink_stalled") != 8 {
			t.Errorf("the quick sink got %d, %v were dropped for the stuck one; want 10 and 8", quick.got(), x.droppedOf(0, "sink_stalled"))
		}
		stuck.gate <- struct{}{} // progress: it is waited for again
		synctest.Wait()
		stuck.gate <- struct{}{}
		synctest.Wait()
		x.Put(t.Context(), one(90, true))
		close(stuck.gate)
		if err := x.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if stuck.got() != 3 {
			t.Errorf("the sink got %d records after it moved again, want 3", stuck.got())
		}
	})
}

func TestBrokenSinks(t *testing.T) {
	broken, panics, good := &fakeSink{name: "broken", fail: errors.New("refused")}, &fakeSink{name: "panics", panics: true}, &fakeSink{name: "good"}
	x := newIndexer(t, DefaultConfig(), broken, panics, good)
	for i := range 5 {
		x.Put(t.Context(), one(uint16(i), true))
	}
	if x.Ready() == nil {
		t.Error("ready although a sink is not")
	}
	if err := x.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if good.got() != 5 || x.droppedOf(1, "panic") != 5 || testutil.ToFloat64(x.queues[0].metrics.errors) != 5 {
		t.Errorf("good got %d, %v lost by panics, %v errors; want 5 each", good.got(), x.droppedOf(1, "panic"), testutil.ToFloat64(x.queues[0].metrics.errors))
	}
}

func TestCloseIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeSink{name: "stuck", gate: make(chan struct{})}
		x := newIndexer(t, Config{QueueBatches: 8, StallAfter: time.Second}, s)
		for i := range 5 {
			x.Put(t.Context(), one(uint16(i), false))
		}
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		begin := time.Now()
		if err := x.Close(ctx); err != nil {
			t.Fatal(err)
		}
		if time.Since(begin) != time.Minute || x.droppedOf(0, "shutdown") != 4 {
			t.Errorf("closed after %s with %v dropped, want 1m and 4", time.Since(begin), x.droppedOf(0, "shutdown"))
		}
		x.Put(t.Context(), one(9, true)) // too late: counted
		if x.droppedOf(0, "shutdown") != 5 {
			t.Error("a batch after Close is not counted")
		}
	})
}

func TestBadSetups(t *testing.T) {
	d := Dependencies{Logger: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry()}
	if _, err := New(DefaultConfig(), d); err == nil {
		t.Error("no sink is accepted")
	}
	first, second := &fakeSink{name: "a"}, &fakeSink{name: "b", begin: errors.New("bad file")}
	d.Sinks = []Sink{first, second}
	if _, err := New(Config{}, d); err == nil {
		t.Error("a queue of 0 is accepted")
	}
	x, err := New(DefaultConfig(), d)
	if err != nil {
		t.Fatal(err)
	}
	if err := x.Start(t.Context()); err == nil || !first.closed {
		t.Errorf("start gave %v; the first sink closed: %v", err, first.closed)
	}
}
