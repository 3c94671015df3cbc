package rollup

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/weirflow/weir/flow"
)

// TestRaw has flows withheld and other records handed on.
func TestRaw(t *testing.T) {
	k := &kept{}
	s := start(t, k, func(c *Config) { c.Raw = false })
	b := flow.NewBatch(5)
	for i := range 4 {
		r := b.Next()
		r.SetTimestamp(noon.UnixNano())
		r.SetNetworkBytes(10)
		r.SetSourcePort(uint16(i))
		if i%2 == 0 {
			r.Kind = flow.KindCounters
		}
	}
	if err := s.Write(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	flows := flow.NewBatch(1) // of nothing else
	flows.Next().SetNetworkBytes(1)
	if err := s.Write(t.Context(), flows); err != nil {
		t.Fatal(err)
	}
	closeSink(t, s)
	kinds := map[flow.Kind]int{}
	for i := range k.records {
		kinds[k.records[i].Kind]++
	}
	if kinds[flow.KindFlow] != 0 || kinds[flow.KindCounters] != 2 || kinds[flow.KindRollup] == 0 {
		t.Errorf("records by kind: %v", kinds)
	}
	if metricOf(t, s.metrics.withheld) != 3 || metricOf(t, s.metrics.summed) != 2 || metricOf(t, s.metrics.noTime) != 1 {
		t.Errorf("%v withheld, %v summed, %v without a time", metricOf(t, s.metrics.withheld), metricOf(t, s.metrics.summed), metricOf(t, s.metrics.noTime))
	}
}

// TestBounds has forged flows of ever new keys and times keep memory within what
// the configuration says, and nothing get lost.
func TestBounds(t *testing.T) {
	k := &counting{}
	s := start(t, k, func(c *Config) { c.MaxKeys = 16; c.Intervals = []string{"1m"} })
	x := rand.New(rand.NewPCG(5, 6))
	var want uint64
	b := flow.NewBatch(500)
	for range 40 {
		b.Reset()
		for range b.Cap() {
			r := b.Next()
			random(x, r, 1000*time.Hour, 1<<30)
			r.SetObserverIP(netip.AddrFrom4([4]byte{10, byte(x.Int()), byte(x.Int()), byte(x.Int())}))
			want += r.NetworkBytes
		}
		if err := s.Write(t.Context(), b); err != nil {
			t.Fatal(err)
		}
		if n, limit := s.size(), sumsPerKey*16+maxCombinations*13; n > limit || len(s.windows) > maxWindows {
			t.Fatalf("%d sums in %d windows are open, want at most %d in %d", n, len(s.windows), limit, maxWindows)
		}
	}
	closeSink(t, s)
	if k.bytes != want || metricOf(t, s.metrics.early) == 0 {
		t.Errorf("the exporters' sums are %d bytes, want %d; %v windows were written early", k.bytes, want, metricOf(t, s.metrics.early))
	}
}

// counting sums up the roll-ups by exporter.
type counting struct {
	kept
	bytes uint64
}

func (k *counting) Write(_ context.Context, b *flow.Batch) error {
	for i := range b.Records() {
		if r := b.At(i); r.FlowRollupBy == "exporter" {
			k.bytes += r.NetworkBytes
		}
	}
	return nil
}

// TestStopWhileBusy ends in time when the sink behind takes nothing, and counts
// what it could not hand on.
func TestStopWhileBusy(t *testing.T) {
	k := &kept{wait: make(chan struct{})}
	s := start(t, k, nil)
	ctx, cancel := context.WithCancel(t.Context())
	b := flow.NewBatch(1)
	b.Next().SetTimestamp(noon.UnixNano())
	s.turn <- struct{}{} // somebody hands on
	cancel()
	if err := s.Write(ctx, b); !errors.Is(err, context.Canceled) || metricOf(t, s.metrics.dropped) != 1 {
		t.Errorf("%v, %v dropped", err, metricOf(t, s.metrics.dropped))
	}
	<-s.turn
	if err := s.Close(ctx); err != nil || !k.closed {
		t.Errorf("Close: %v", err)
	}
}

// TestTextsAtOnePlace tells texts apart of which one is the beginning of the
// other.
func TestTextsAtOnePlace(t *testing.T) {
	k := &kept{}
	s := start(t, k, func(c *Config) { c.Intervals = []string{"1m"} })
	whole := strings.Repeat("web", 2)
	long := strings.Repeat("x", 1<<17)
	b := flow.NewBatch(4)
	for i, category := range []string{whole, whole[:3], long, long[:1<<16]} {
		r := b.Next()
		r.SetTimestamp(noon.UnixNano())
		r.SetFlowCategory(category)
		r.SetNetworkBytes(uint64(i + 1))
	}
	if err := s.Write(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	closeSink(t, s)
	got := map[string]uint64{}
	for _, r := range k.rollups() {
		if r.FlowRollupBy == "category" {
			got[r.FlowCategory] += r.NetworkBytes
		}
	}
	if len(got) != 4 || got["webweb"] != 1 || got["web"] != 2 || got[long] != 3 || got[long[:1<<16]] != 4 {
		t.Errorf("%d categories; webweb has %d bytes, web %d", len(got), got["webweb"], got["web"])
	}
}

// TestLargeSums has forged counters stop at what stores take.
func TestLargeSums(t *testing.T) {
	k := &kept{}
	s := start(t, k, nil)
	b := flow.NewBatch(3)
	for range b.Cap() {
		r := b.Next()
		r.SetTimestamp(noon.UnixNano())
		r.SetNetworkBytes(math.MaxUint64 - 5)
		r.SetSourceBytes(math.MaxUint64 - 5)
	}
	if err := s.Write(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	closeSink(t, s)
	for _, r := range k.rollups() {
		if r.NetworkBytes != math.MaxInt64 || r.SourceBytes != math.MaxInt64 && r.FlowRollupBy != "host" || r.FlowCount > 6 {
			t.Errorf("by %s: %d bytes, %d sent", r.FlowRollupBy, r.NetworkBytes, r.SourceBytes)
		}
	}
}

// TestNoAllocations: a flow of known keys costs no memory.
func TestNoAllocations(t *testing.T) {
	list := traffic(1, 512)
	s := start(t, nothing{}, nil)
	defer closeSink(t, s)
	write := func() {
		if err := s.Write(t.Context(), list[0]); err != nil {
			t.Fatal(err)
		}
	}
	write()
	if n := testing.AllocsPerRun(10, write); n > 2 { // by batch
		t.Errorf("%v allocations by 512 flows", n)
	}
}

// TestMemory has a full table be about as large as the configuration says.
func TestMemory(t *testing.T) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	const windows, limit = 4, 5000
	var list []*window
	var n int
	for i := range windows {
		w := newWindow(int64(i), time.Minute, noon, limit)
		for j := range limit {
			for _, kind := range []by{byInterface, byAS, byApplication} {
				w.add(rowKey{by: kind, exporter: 1, number: uint32(j), has: true}, &sums{bytes: 1}, "", "")
			}
			h := hostKey(netip.AddrFrom4([4]byte{10, 0, byte(j >> 8), byte(j)}), 1)
			w.hosts.get(&h)
		}
		n += w.size()
		list = append(list, w)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	by := float64(after.HeapAlloc-before.HeapAlloc) / float64(n)
	t.Logf("%.0f bytes by sum, %.0f MiB for all of the default configuration", by, by*sumsPerKey*limit/(1<<20))
	if by*sumsPerKey*limit > 80<<20 {
		t.Errorf("%.0f bytes by sum are more than the configuration's comment says", by)
	}
	runtime.KeepAlive(list)
}

func TestConfig(t *testing.T) {
	if err := DefaultConfig().Validate(); err != nil {
		t.Error(err)
	}
	for want, change := range map[string]func(*Config){
		"index.rollup.raw: false is not allowed":       func(c *Config) { c.Enabled, c.Raw = false, false },
		"index.rollup.intervals: it is empty":          func(c *Config) { c.Intervals = nil },
		`index.rollup.intervals: "5m" is not allowed`:  func(c *Config) { c.Intervals = []string{"5m"} },
		`index.rollup.intervals: "1m, 1m" is not allo`: func(c *Config) { c.Intervals = []string{"1m", "1m"} },
		"index.rollup.top_hosts: 0 is not allowed":     func(c *Config) { c.TopHosts = 0 },
		"index.rollup.max_keys: 15 is not allowed":     func(c *Config) { c.MaxKeys = 15 },
		"index.rollup.grace: -1s is not allowed":       func(c *Config) { c.Grace = -time.Second },
	} {
		c := DefaultConfig()
		change(&c)
		if err := c.Validate(); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if _, err := New(DefaultConfig(), Dependencies{}); err == nil {
		t.Error("no sink is accepted")
	}
	if got := fmt.Sprint(startOf(-1, time.Minute), startOf(0, time.Minute), startOf(59, time.Minute)); got != fmt.Sprint(-int64(time.Minute), 0, 0) {
		t.Errorf("starts %s", got)
	}
}
