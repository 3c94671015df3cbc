package indexer

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weirflow/weir/flow"
)

// thin gives a batch of one record with room for a hundred.
func thin(port uint16) *flow.Batch {
	b := flow.NewBatch(100)
	b.Next().SetSourcePort(port)
	return b
}

// TestThinBatches has a sink pause while batches of single records come: they
// must not fill the queue as if they were whole ones, must stay in order, and be
// bounded all the same.
func TestThinBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeSink{name: "slow", gate: make(chan struct{})}
		x := newIndexer(t, Config{QueueBatches: 8, StallAfter: time.Second}, s)
		x.Put(t.Context(), thin(0))
		synctest.Wait() // it is in the sink's hands
		const room = 4 + 4*100 + 100
		for i := range room + 50 {
			x.Put(t.Context(), thin(uint16(i+1)))
		}
		if n := x.droppedOf(0, "queue_full"); n != 50 {
			t.Errorf("%v records dropped, want those 50 beyond 4 batches, 4 gathered ones and the tail", n)
		}
		close(s.gate)
		synctest.Wait()
		x.Put(t.Context(), thin(room+1)) // with nothing left from before
		synctest.Wait()
		if s.got() != room+2 {
			t.Errorf("the sink got %d records, want %d", s.got(), room+2)
		}
		for i, port := range s.ports {
			if int(port) != i {
				t.Fatalf("record %d has port %d", i, port)
			}
		}
		if err := x.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

// TestThinBatchesFromManySides has several workers put while the sink takes: no
// record may be lost, nor stay behind in the queue.
func TestThinBatchesFromManySides(t *testing.T) {
	const workers, each = 8, 500
	s := &fakeSink{name: "quick"}
	x := newIndexer(t, Config{QueueBatches: 2, StallAfter: time.Second}, s)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for i := range each {
				x.Put(t.Context(), thin(uint16(i)))
			}
		})
	}
	wg.Wait()
	again, limit := time.NewTicker(time.Millisecond), time.After(30*time.Second)
	defer again.Stop()
	for s.got()+int(x.droppedOf(0, "queue_full")) != workers*each {
		select {
		case <-again.C:
		case <-limit:
			t.Fatalf("%d records arrived and %v were counted as lost, want %d together", s.got(), x.droppedOf(0, "queue_full"), workers*each)
		}
	}
	if err := x.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}
