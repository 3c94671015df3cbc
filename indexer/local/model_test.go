package local

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/indexer/local/segment"
)

// TestModel does random things with a store, and compares it with a plain set of
// batches after each: appends, rotation, merging, deletion, restarts, and what a
// killed process leaves.
func TestModel(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { model(t, rand.New(rand.NewPCG(seed, 7))) })
	}
}

func model(t *testing.T, rng *rand.Rand) {
	root := quickDir(t)
	dir := filepath.Join(root, "0")
	config := func(c *Config) { c.RotateRows, c.MergeRows = 1024+rng.IntN(2000), 131072 }
	s := start(t, dir, config)
	want, next := map[int]int{}, 0
	for step := range 120 {
		switch rng.IntN(12) {
		case 0: // restart
			stop(t, s)
			s = start(t, dir, config)
		case 1: // what is in the folder at this moment is what a kill leaves
			killed := filepath.Join(root, fmt.Sprint(step+1))
			settle(t, s)
			s.keeping.Lock() // a copy takes longer than a moment
			err := os.CopyFS(killed, os.DirFS(dir))
			s.keeping.Unlock()
			if err != nil {
				t.Fatal(err)
			}
			stop(t, s)
			dir = killed
			s = start(t, dir, config)
		case 2:
			s.mu.Lock()
			s.seal()
			s.mu.Unlock()
		case 3:
			settle(t, s)
			s.keeping.Lock()
			for s.mergeSome() {
			}
			s.keeping.Unlock()
		case 4: // delete the oldest segment, with what is in it
			if rng.IntN(3) > 0 {
				break
			}
			settle(t, s)
			s.keeping.Lock()
			s.mu.Lock()
			old := slices.Clone(s.parts[:min(1, len(s.parts))])
			s.mu.Unlock()
			for _, p := range old {
				for _, b := range p.segment.Blocks() {
					for n := range numbersOf(t, b) {
						delete(want, n)
					}
				}
			}
			s.remove(old, "age")
			s.keeping.Unlock()
		default:
			for range 1 + rng.IntN(8) {
				mustAppend(t, s, next, sizeOf(next))
				want[next] = 1
				next++
			}
		}
		x, err := s.Snapshot()
		if err != nil {
			t.Fatal(err)
		}
		got := numbers(t, x.Blocks(), sizeOf)
		x.Release()
		if !maps.Equal(got, want) {
			t.Fatalf("step %d: there are batches\n%v\nwant\n%v", step, got, want)
		}
	}
	if s.Health() != nil {
		t.Error(s.Health())
	}
}

// numbersOf gives the batches of a block.
func numbersOf(t *testing.T, b *segment.Block) map[int]bool {
	t.Helper()
	list := map[int]bool{}
	v := vectorOf(t, b, int(flow.FieldEventCreated))
	for row := range v.N {
		list[int(v.Int(row))] = true
	}
	return list
}

// TestReadersBesideAWriter reads the folder from outside again and again, while
// logs become segments, and segments are merged.
func TestReadersBesideAWriter(t *testing.T) {
	dir := quickDir(t)
	s := start(t, dir, func(c *Config) { c.RotateRows, c.MergeRows = 1024, 131072 })
	mustAppend(t, s, 0, 100)
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	var mu sync.Mutex
	acknowledged := 1
	var wg sync.WaitGroup
	wg.Go(func() {
		for n := 1; ctx.Err() == nil; n++ {
			p, err := s.Append(context.Background(), batch(n, 100))
			if err == nil {
				err = p.Wait(context.Background())
			}
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			acknowledged = n + 1
			mu.Unlock()
		}
	})
	r, err := OpenReader(dir)
	if err != nil {
		t.Fatal(err)
	}
	reads := 0
	for ctx.Err() == nil {
		mu.Lock()
		least := acknowledged
		mu.Unlock()
		x, err := r.Snapshot(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if x.Problems != nil {
			t.Error(x.Problems)
		}
		got := numbers(t, x.Blocks(), func(int) int { return 100 })
		x.Release()
		for n := range max(least, len(got)) {
			if got[n] != 1 {
				t.Fatalf("batch %d is there %d times; %d were acknowledged before the reading began", n, got[n], least)
			}
		}
		reads++
	}
	wg.Wait()
	if s.Stats().Segments < 2 || reads < 3 {
		t.Errorf("%d segments, %d reads", s.Stats().Segments, reads)
	}
}
