package netflow

import (
	"fmt"
	"runtime/metrics"
	"syscall"
	"testing"
	"time"
)

// What one input of a fuzz test may cost.
const (
	mostTime   = time.Second // of the processor, as a busy machine makes everything slow
	mostMemory = 64 << 20    // bytes allocated, freed ones too
)

// bounded fails the test when work takes too long or too much memory. Work that
// never ends is ended by a panic, as the fuzzer would wait for it without a word.
func bounded(t *testing.T, work func()) {
	t.Helper()
	memory := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(memory)
	before, began := memory[0].Value.Uint64(), processorTime()
	done := make(chan struct{})
	defer close(done)
	watch := time.AfterFunc(mostTime, func() {
		for tick := time.Tick(mostTime); ; {
			if d := processorTime() - began; d > 10*mostTime {
				panic(fmt.Sprintf("no end after %v", d))
			}
			select {
			case <-done:
				return
			case <-tick:
			}
		}
	})
	defer watch.Stop()
	work()
	if d := processorTime() - began; d > mostTime {
		t.Errorf("took %v", d)
	}
	metrics.Read(memory)
	if n := memory[0].Value.Uint64() - before; n > mostMemory {
		t.Errorf("took %d bytes", n)
	}
}

// processorTime is what this process has used so far.
func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
