package wal

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/indexer/local/column"
)

// batch gives the records of batch n: n+1 of them, which tell n and their place.
func batch(n int) *flow.Batch {
	b := flow.NewBatch(n + 1)
	for i := range n + 1 {
		r := b.Next()
		r.SetTimestamp(int64(n)*1e9 + int64(i))
		r.SetSourceIP(netip.AddrFrom4([4]byte{10, 0, byte(n), byte(i)}))
		r.SetFlowCategory(fmt.Sprint("batch ", n))
		if i%3 == 0 {
			r.SetNetworkBytes(uint64(n) << 40)
		}
	}
	return b
}

// file gives a file of batches 0 to batches-1, and where each frame begins.
func file(batches int) (b []byte, at []int) {
	b = AppendHead(nil, 9)
	t := column.NewTable()
	for n := range batches {
		from := t.Rows()
		t.Append(batch(n).Records())
		at = append(at, len(b))
		b = AppendFrame(b, uint64(n+1), t, from, t.Rows())
	}
	return b, append(at, len(b))
}

// batches gives the numbers of the batches in a table, and fails when one is not
// whole.
func batches(t testing.TB, table *column.Table) (list []int) {
	t.Helper()
	var times, category, addr column.Vector
	v := table.View(table.Rows())
	if err := v.Load(context.Background(), []int{column.Timestamp, int(flow.FieldFlowCategory), int(flow.FieldSourceIP)}, []*column.Vector{&times, &category, &addr}); err != nil {
		t.Fatal(err)
	}
	for row := 0; row < table.Rows(); {
		n := int(times.Int(row) / 1e9)
		for i := range n + 1 {
			if row == table.Rows() || times.Int(row) != int64(n)*1e9+int64(i) || category.Text(row) != fmt.Sprint("batch ", n) || addr.Text(row) != fmt.Sprintf("10.0.%d.%d", n, i) {
				t.Fatalf("batch %d is not whole", n)
			}
			row++
		}
		list = append(list, n)
	}
	return list
}

const manyRows = 1 << 20

func TestWriteAndRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	w, err := Create(path, 9)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Create(path, 9); err == nil {
		t.Error("a file is created twice")
	}
	table := column.NewTable()
	for n := range 10 {
		from := table.Rows()
		table.Append(batch(n).Records())
		good := w.Size()
		if err := w.Append(AppendFrame(nil, uint64(n+1), table, from, table.Rows())); err != nil {
			t.Fatal(err)
		}
		if n == 4 { // taken back, and written again
			if err := w.Truncate(good); err != nil {
				t.Fatal(err)
			}
			if err := w.Append(AppendFrame(nil, uint64(n+1), table, from, table.Rows())); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Sync(); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if int64(len(b)) != w.Size() {
		t.Errorf("%d bytes, Size says %d", len(b), w.Size())
	}
	restored := column.NewTable()
	c := Read(b, restored, manyRows)
	if c.ID != 9 || c.Last != 10 || c.Torn != 0 || len(c.Losses) != 0 || len(batches(t, restored)) != 10 {
		t.Errorf("content is %+v, %d rows", c, restored.Rows())
	}
}

// TestDamage flips bits and cuts the file at every hundredth of it, and at every
// byte near the ends of frames: only the batch that was hit is lost, and told.
func TestDamage(t *testing.T) {
	const n = 40
	good, at := file(n)
	var places []int
	for i := range 100 {
		places = append(places, len(good)*i/100)
	}
	for _, x := range at[1:] {
		for i := -40; i < 0; i++ {
			places = append(places, x+i)
		}
	}
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	for i, place := range places {
		hit, inside := slices.BinarySearch(at, place)
		if !inside {
			hit-- // frame hit holds the place; -1 is the head
		}
		broken := slices.Clone(good)
		broken[place] ^= 1 << (i % 8)
		table := column.NewTable()
		c := Read(broken, table, manyRows)
		want := slices.Clone(all)
		if hit >= 0 {
			want = slices.Delete(want, hit, hit+1)
		}
		if got := batches(t, table); !slices.Equal(got, want) || len(c.Losses) != 1 || c.Torn != 0 || hit >= 0 && hit < n-1 && c.Losses[0].Frames != 1 {
			t.Errorf("a bit in frame %d flipped: batches %v, %+v", hit, got, c)
		}

		table = column.NewTable()
		c = Read(good[:place], table, manyRows)
		if got := batches(t, table); !slices.Equal(got, all[:max(hit, 0)]) || len(c.Losses) != 0 || (c.Torn == 0) != (hit >= 0 && place == at[hit] || place == 0) {
			t.Errorf("cut at %d of frame %d: batches %v, %+v", place, hit, got, c)
		}
	}

	// Zeros and a foreign frame at the end, a frame in the middle gone.
	table := column.NewTable()
	if c := Read(append(slices.Clone(good), make([]byte, 5000)...), table, manyRows); c.Torn != 5000 || len(c.Losses) > 0 || !slices.Equal(batches(t, table), all) {
		t.Errorf("zeros at the end: %+v", c)
	}
	table = column.NewTable()
	gap := append(slices.Clone(good[:at[3]]), good[at[5]:]...)
	if c := Read(gap, table, manyRows); len(c.Losses) != 1 || c.Losses[0].Frames != 2 || !slices.Equal(batches(t, table), slices.Delete(slices.Clone(all), 3, 5)) {
		t.Errorf("two frames gone: %+v", c)
	}
	table = column.NewTable()
	if c := Read(good, table, 100); table.Rows() > 100 || len(c.Losses) == 0 {
		t.Errorf("%d rows where 100 are the limit: %+v", table.Rows(), c)
	}
}

// TestOtherSchema reads files of an older and of a newer version.
func TestOtherSchema(t *testing.T) {
	good, _ := file(3)
	var c Content
	for what, change := range map[string]func(h *head){
		"older: fewer columns": func(h *head) { h.Columns = h.Columns[:len(h.Columns)-1] },
		"newer: an unknown column in the place of one that we know": func(h *head) {
			h.Columns[flow.FieldNetworkBytes] = [2]string{"network.new_thing", "int"}
		},
		"newer: another kind": func(h *head) { h.Columns[flow.FieldNetworkBytes][1] = "float" },
	} {
		h := head{ID: 9, Columns: slices.Clone(ours)}
		change(&h)
		b := reschema(t, good, h)
		table := column.NewTable()
		if c = Read(b, table, manyRows); len(c.Losses) > 0 || len(batches(t, table)) != 3 {
			t.Errorf("%s: %+v", what, c)
		}
		var v column.Vector
		table.View(table.Rows()).Stored(int(flow.FieldNetworkBytes), &v)
		if v.Empty() == (what == "older: fewer columns") {
			t.Errorf("%s: network.bytes has %d values", what, v.N-v.Nulls())
		}
	}
}
