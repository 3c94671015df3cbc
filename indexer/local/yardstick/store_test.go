package yardstick

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/metrics"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/indexer/local"
	"github.com/weirflow/weir/indexer/local/column"
	"github.com/weirflow/weir/indexer/local/engine"
	"github.com/weirflow/weir/indexer/sampleflows"
)

// rows is how many flows there are.
func rows() int {
	if n, err := strconv.Atoi(os.Getenv("WEIR_BENCH_ROWS")); err == nil && n > 0 {
		return n
	}
	return 200_000
}

var folder string // of the files

func TestMain(m *testing.M) {
	if folder = os.Getenv("WEIR_BENCH_DIR"); folder != "" {
		os.Exit(m.Run())
	}
	var err error
	if folder, err = os.MkdirTemp("", "weir-yardstick-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	if err := os.RemoveAll(folder); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(code)
}

// everyFlow calls do for batches of all flows, in the order of export.
func everyFlow(do func(records []flow.Record) error) error {
	const size = 2048
	s, batch := sampleflows.New(rows()), flow.NewBatch(size)
	for left := rows(); left > 0; left -= size {
		batch.Reset()
		for range min(size, left) {
			s.Fill(batch.Next())
		}
		if err := do(batch.Records()); err != nil {
			return err
		}
	}
	return nil
}

// storeDir makes the store once.
var storeDir = sync.OnceValues(func() (string, error) {
	dir := filepath.Join(folder, fmt.Sprint("store-", rows()))
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	c := local.DefaultConfig(dir)
	c.Keep = 0
	s, err := local.New(c, local.Dependencies{Logger: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry()})
	if err != nil {
		return "", err
	}
	ctx := context.Background()
	if err := s.Start(ctx); err != nil {
		return "", err
	}
	err = everyFlow(func(records []flow.Record) error {
		_, err := s.Append(ctx, records)
		return err
	})
	if err != nil {
		return "", err
	}
	return dir, s.Close(ctx)
})

// snapshot gives the store's blocks.
func snapshot(ctx context.Context) (blocks []column.Block, release func(), err error) {
	dir, err := storeDir()
	if err != nil {
		return nil, nil, err
	}
	r, err := local.OpenReader(dir)
	if err != nil {
		return nil, nil, err
	}
	s, err := r.Snapshot(ctx)
	if err != nil {
		return nil, nil, err
	}
	return s.Blocks(), s.Release, nil
}

// peak gives the most memory that Go's heap holds until stop is called, in bytes.
func peak() (stop func() uint64) {
	done, result := make(chan struct{}), make(chan uint64)
	go func() {
		most := uint64(0)
		sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		tick := time.NewTicker(2 * time.Millisecond)
		defer tick.Stop()
		for {
			metrics.Read(sample)
			most = max(most, sample[0].Value.Uint64())
			select {
			case <-done:
				result <- most
				return
			case <-tick.C:
			}
		}
	}()
	return func() uint64 { close(done); return <-result }
}

// processorTime is how long this process has kept processors busy: what a query
// costs, also on a machine that has other things to do.
func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkStore answers each panel from the store's files.
func BenchmarkStore(b *testing.B) {
	for _, p := range panels() {
		b.Run(p.name, func(b *testing.B) {
			list, release, err := snapshot(b.Context())
			if err != nil {
				b.Fatal(err)
			}
			defer release()
			stop, used := peak(), processorTime()
			for b.Loop() {
				a, err := engine.Run(b.Context(), list, p.request)
				if err != nil {
					b.Fatal(err)
				}
				if len(a.Warnings) > 0 {
					b.Fatal(a.Warnings)
				}
			}
			b.ReportMetric(float64(stop())/(1<<20), "peak-MiB")
			b.ReportMetric(float64((processorTime()-used).Milliseconds())/float64(b.N), "cpu-ms/op")
		})
	}
}
