package rollup

import (
	"context"
	"log/slog"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/indexer"
)

// kept is a sink that keeps copies of what it gets.
type kept struct {
	wait chan struct{} // Write waits for it when it is not nil

	mu       sync.Mutex
	records  []flow.Record
	closed   bool
	notReady error
}

func (k *kept) Name() string                { return "kept" }
func (k *kept) Start(context.Context) error { return nil }
func (k *kept) Close(context.Context) error { k.closed = true; return nil }
func (k *kept) Write(ctx context.Context, b *flow.Batch) error {
	if k.wait != nil {
		select {
		case <-k.wait:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	for i := range b.Records() {
		r := *b.At(i)
		r.Tags = append([]string(nil), r.Tags...)
		k.records = append(k.records, r)
	}
	return nil
}

func (k *kept) Ready() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.notReady
}

func (k *kept) setReady(err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.notReady = err
}

func (k *kept) rollups() (list []*flow.Record) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for i := range k.records {
		if k.records[i].Kind == flow.KindRollup {
			list = append(list, &k.records[i])
		}
	}
	return list
}

func start(t testing.TB, k indexer.Sink, change func(*Config)) *Sink {
	t.Helper()
	c := DefaultConfig()
	if change != nil {
		change(&c)
	}
	s, err := New(c, Dependencies{Logger: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry(), Sink: k})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

func closeSink(t testing.TB, s *Sink) {
	t.Helper()
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}
