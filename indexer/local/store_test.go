package local

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/goleak"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/indexer/local/column"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childEnv); dir != "" {
		childMain(dir)
	}
	goleak.VerifyTestMain(m)
}

// newStore makes a store that is small enough for its parts to be seen at work.
func newStore(t testing.TB, dir string, change ...func(*Config)) *Store {
	t.Helper()
	c := DefaultConfig(dir)
	c.RotateRows, c.ScrubBytes = 1024, 0
	for _, f := range change {
		f(&c)
	}
	s, err := New(c, Dependencies{Logger: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry()})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// start makes and starts a store, and closes it at the end of the test.
func start(t testing.TB, dir string, change ...func(*Config)) *Store {
	t.Helper()
	s := newStore(t, dir, change...)
	if err := s.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, s) })
	return s
}

func stop(t testing.TB, s *Store) {
	t.Helper()
	if err := s.Close(context.Background()); err != nil {
		t.Error(err)
	}
}

// now is the time of the test flows.
var now = time.Now().UnixNano()

// batch gives n records that carry the numbers of batch and record.
func batch(number, n int) []flow.Record {
	b := flow.NewBatch(n)
	for i := range n {
		r := b.Next()
		r.SetTimestamp(now + int64(number)*1e6)
		r.SetEventCreated(int64(number))
		r.SetNetworkBytes(uint64(i))
		r.SetSourceIP(netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, uint32(i)))))
		r.SetFlowCategory(fmt.Sprint("category ", number%7))
	}
	return b.Records()
}

func mustAppend(t testing.TB, s *Store, number, n int) {
	t.Helper()
	p, err := s.Append(t.Context(), batch(number, n))
	if err == nil {
		err = p.Wait(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
}

// numbers gives how often each batch is there, and fails when one is not whole.
func numbers(t testing.TB, blocks []column.Block, size func(number int) int) map[int]int {
	t.Helper()
	rows := map[int]map[int64]int{}
	var created, amount, addr column.Vector
	for _, b := range blocks {
		if err := b.Load(context.Background(), []int{int(flow.FieldEventCreated), int(flow.FieldNetworkBytes), int(flow.FieldSourceIP)}, []*column.Vector{&created, &amount, &addr}); err != nil {
			t.Fatal(err)
		}
		for row := range b.Rows() {
			n, i := int(created.Int(row)), amount.Int(row)
			if rows[n] == nil {
				rows[n] = map[int64]int{}
			}
			rows[n][i]++
			if a := netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, uint32(i)))); addr.Text(row) != a.String() {
				t.Fatalf("row %d of batch %d has address %s", i, n, addr.Text(row))
			}
		}
	}
	list := map[int]int{}
	for n, seen := range rows {
		list[n] = seen[0]
		for i := range size(n) {
			if seen[int64(i)] != list[n] {
				t.Errorf("row %d of batch %d is there %d times, row 0 %d times", i, n, seen[int64(i)], list[n])
			}
		}
		if len(seen) != size(n) {
			t.Errorf("batch %d has %d rows, want %d", n, len(seen), size(n))
		}
	}
	return list
}

// expect checks that exactly the batches of a list are there, each once.
func expect(t testing.TB, blocks []column.Block, size int, want ...int) {
	t.Helper()
	got := numbers(t, blocks, func(int) int { return size })
	for _, n := range want {
		if got[n] != 1 {
			t.Errorf("batch %d is there %d times", n, got[n])
		}
		delete(got, n)
	}
	if len(got) > 0 {
		t.Errorf("batches that should not be there: %v", got)
	}
}

func blocks(t testing.TB, s *Store) []column.Block {
	t.Helper()
	x, err := s.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(x.Release)
	return x.Blocks()
}

func to(n int) (list []int) {
	for i := range n {
		list = append(list, i)
	}
	return list
}

// settle waits until the logs that are complete have become segments.
func settle(t testing.TB, s *Store) {
	t.Helper()
	for {
		s.mu.Lock()
		room, left := s.room, len(s.logs)-1
		s.mu.Unlock()
		if left == 0 {
			return
		}
		select {
		case <-room:
		case <-time.After(time.Minute):
			t.Fatalf("%d logs do not become segments", left)
		}
	}
}

func TestAppendAndReopen(t *testing.T) {
	dir := t.TempDir()
	s := start(t, dir)
	for n := range 50 {
		mustAppend(t, s, n, 100)
	}
	settle(t, s)
	expect(t, blocks(t, s), 100, to(50)...)
	if x := s.Stats(); x.Rows != 5000 || x.Segments != 4 || x.LogBytes == 0 || s.Ready() != nil || s.Health() != nil {
		t.Errorf("stats %+v, ready %v, health %v", x, s.Ready(), s.Health())
	}
	// A reader beside it sees the same.
	r, err := OpenReader(dir)
	if err != nil {
		t.Fatal(err)
	}
	x, err := r.Snapshot(t.Context())
	if err != nil || x.Problems != nil {
		t.Fatal(err, x.Problems)
	}
	expect(t, x.Blocks(), 100, to(50)...)
	x.Release()

	stop(t, s)
	if _, err := s.Snapshot(); !errors.Is(err, ErrClosed) {
		t.Errorf("a snapshot of a closed store: %v", err)
	}
	if _, err := s.Append(t.Context(), batch(0, 1)); !errors.Is(err, ErrClosed) || testutil.ToFloat64(s.metrics.dropped.WithLabelValues(reasonShutdown)) != 1 {
		t.Errorf("append to a closed store: %v", err)
	}
	s = start(t, dir)
	expect(t, blocks(t, s), 100, to(50)...)
	if x := s.Stats(); x.Segments != 5 || x.LogBytes != 0 {
		t.Errorf("stats after Close and Start: %+v", x)
	}
}

func TestLock(t *testing.T) {
	dir := t.TempDir()
	start(t, dir)
	err := newStore(t, dir).Start(t.Context())
	if !errors.Is(err, ErrInUse) || !strings.Contains(err.Error(), fmt.Sprintf("process %d", os.Getpid())) {
		t.Errorf("a second store in the folder: %v", err)
	}
}

// TestSnapshotsStayAsTheyAre deletes and merges what a snapshot reads.
func TestSnapshotsStayAsTheyAre(t *testing.T) {
	dir := t.TempDir()
	s := start(t, dir, func(c *Config) { c.MergeRows = 0 })
	for n := range 25 {
		mustAppend(t, s, n, 100)
	}
	settle(t, s)
	x, err := s.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	for n := 25; n < 60; n++ {
		mustAppend(t, s, n, 100)
	}
	s.keeping.Lock()
	s.remove(slices.Clone(s.parts), "age")
	s.keeping.Unlock()
	expect(t, x.Blocks(), 100, to(25)...)
	x.Release()
	x.Release()
	settle(t, s)
	files, err := list(dir)
	if err != nil || len(files.segments) != s.Stats().Segments {
		t.Errorf("%d segments in the folder, %d in the store, %v", len(files.segments), s.Stats().Segments, err)
	}
}

func TestRetention(t *testing.T) {
	dir := t.TempDir()
	s := start(t, dir, func(c *Config) { c.MergeRows, c.Keep = 0, time.Hour })
	for n := range 44 {
		mustAppend(t, s, n, 100)
	}
	settle(t, s)
	s.retain(time.Unix(0, now).Add(time.Hour + 9*time.Millisecond + time.Microsecond))
	expect(t, blocks(t, s), 100, to(44)[10:]...) // the first segment has batches 0 to 9
	_, s.cfg.MaxSize = files(dir)
	s.cfg.MaxSize--
	s.retain(time.Now())
	expect(t, blocks(t, s), 100, to(44)[20:]...)
	if n := testutil.ToFloat64(s.metrics.removedRows.WithLabelValues("size")); n != 1000 {
		t.Errorf("%v rows removed by size", n)
	}
	stop(t, s)
	s = start(t, dir)
	expect(t, blocks(t, s), 100, to(44)[20:]...)
}

func TestMerge(t *testing.T) {
	dir := t.TempDir()
	s := start(t, dir)
	for n := range 330 {
		mustAppend(t, s, n, 100)
	}
	settle(t, s)
	s.keeping.Lock()
	for s.mergeSome() {
	}
	s.keeping.Unlock()
	if n := s.Stats().Segments; n >= 8 {
		t.Errorf("%d segments are left", n)
	}
	expect(t, blocks(t, s), 100, to(330)...)
	stop(t, s)
	s = start(t, dir)
	expect(t, blocks(t, s), 100, to(330)...)
	files, _ := os.ReadDir(dir)
	for _, f := range files {
		if strings.HasSuffix(f.Name(), tempSuffix) {
			t.Errorf("%s is left", f.Name())
		}
	}
}

// TestRotationByTime closes a log that gets no more rows.
func TestRotationByTime(t *testing.T) {
	s := start(t, t.TempDir(), func(c *Config) { c.RotateAfter = time.Second })
	mustAppend(t, s, 0, 10)
	for s.Stats().Segments == 0 {
		s.mu.Lock()
		room := s.room
		s.mu.Unlock()
		select {
		case <-room:
		case <-time.After(time.Minute):
			t.Fatal("the log does not become a segment")
		}
	}
	expect(t, blocks(t, s), 10, 0)
}

func TestSyncInterval(t *testing.T) {
	dir := t.TempDir()
	s := start(t, dir, func(c *Config) { c.SyncInterval = 50 * time.Millisecond })
	var last Pending
	for n := range 50 {
		p, err := s.Append(t.Context(), batch(n, 100))
		if err != nil {
			t.Fatal(err)
		}
		last = p
	}
	if err := last.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	stop(t, s)
	s = start(t, dir)
	expect(t, blocks(t, s), 100, to(50)...)
}

func TestConfig(t *testing.T) {
	if err := DefaultConfig("x").Validate(); err != nil {
		t.Error(err)
	}
	bad := Config{Keep: -1, MaxSize: 1, SyncInterval: -1, RotateRows: 1, MergeRows: 1, ScrubBytes: -1}
	err := bad.Validate()
	for _, key := range []string{"path", "keep", "max_size", "sync_interval", "rotate_rows", "rotate_after", "merge_rows", "queue_bytes", "scrub_bytes"} {
		if err == nil || !strings.Contains(err.Error(), "index.local."+key+":") {
			t.Errorf("%s is not refused: %v", key, err)
		}
	}
	if _, err := New(bad, Dependencies{}); err == nil {
		t.Error("New takes it")
	}
	if _, err := OpenReader(filepath.Join(t.TempDir(), "nothing")); err == nil {
		t.Error("a folder that is not there is read")
	}
	if _, err := OpenReader(t.TempDir()); err == nil {
		t.Error("an empty folder is read")
	}
}

func TestSink(t *testing.T) {
	c := DefaultConfig(t.TempDir())
	s, err := NewSink(c, Dependencies{Logger: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry()})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	b := flow.NewBatch(12)
	b.Next().Kind = flow.KindRollup
	b.Next().Kind = flow.KindExporter
	for i := range 10 {
		r := b.Next()
		r.SetEventCreated(7)
		r.SetNetworkBytes(uint64(i / 2))
		r.SetSourceIP(netip.AddrFrom4([4]byte{3: byte(i / 2)}))
		if i%2 == 1 {
			r.Kind = flow.KindOptions
		}
	}
	if err := s.Write(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	r, err := OpenReader(c.Path)
	if err != nil {
		t.Fatal(err)
	}
	x, err := r.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer x.Release()
	expect(t, x.Blocks(), 5, 7)
	if n := testutil.ToFloat64(s.metrics.skipped); n != 7 || s.Name() != "local:"+c.Path {
		t.Errorf("%v records skipped; the name is %s", n, s.Name())
	}
	if err := s.Write(t.Context(), b); err == nil || testutil.ToFloat64(s.metrics.dropped.WithLabelValues(reasonShutdown)) != 5 {
		t.Errorf("write after Close: %v", err)
	}
}
