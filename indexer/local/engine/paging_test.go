package engine

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/indexer/local/column"
	"github.com/weirflow/weir/indexer/query"
)

// TestPagesStandStill pages through rows while the store rearranges them and gets
// later ones.
func TestPagesStandStill(t *testing.T) {
	fill := func(i int, r *flow.Record) {
		r.SetTimestamp(day.UnixNano() + int64(i/50)*1e9) // 50 rows of each time
		r.SetSourceIP(host(i))
	}
	one, many := made(1, 1000, fill), made(40, 25, fill)
	later := made(1, 30, func(i int, r *flow.Record) {
		r.SetTimestamp(day.Add(time.Hour).UnixNano())
		r.SetSourceIP(host(1 << 20))
	})
	seen := map[string]bool{}
	q := query.Newest{Count: 7, Fields: []string{"source.ip"}}
	for page := 0; ; page++ {
		blocks := [][]column.Block{one, many, append(later, one...)}[page%3]
		if page == 0 {
			blocks = one
		}
		a := ask(t, blocks, query.Request{Newest: &q}).Newest
		for _, row := range a.Rows {
			if seen[row[0].(string)] {
				t.Fatalf("page %d gives %s again", page, row[0])
			}
			seen[row[0].(string)] = true
		}
		if a.Next == "" {
			break
		}
		q.After = a.Next
	}
	if len(seen) != 1000 {
		t.Errorf("%d rows were given, want 1000", len(seen))
	}
	if _, err := Run(t.Context(), one, query.Request{Newest: &query.Newest{After: "x"}}); err == nil || err.Error() != "after: this is not the place of a next page" {
		t.Error(err)
	}
}

// TestEqualRowsArePaged gives rows that do not differ at all.
func TestEqualRowsArePaged(t *testing.T) {
	blocks := made(2, 50, func(_ int, r *flow.Record) { r.SetTimestamp(day.UnixNano()) })
	q, n := query.Newest{Count: 7, Fields: []string{"@timestamp"}}, 0
	for {
		a := ask(t, blocks, query.Request{Newest: &q}).Newest
		n += len(a.Rows)
		if a.Next == "" || n > 1000 {
			break
		}
		q.After = a.Next
	}
	if n != 100 {
		t.Errorf("%d rows, want 100", n)
	}
}

func TestScan(t *testing.T) {
	blocks := made(5, 100, func(i int, r *flow.Record) { r.SetSourcePort(uint16(i)) })
	filter, err := query.Parse("source.port >= 150 and source.port < 320")
	mustNot(t, err)
	n, last := 0, -1
	stats, warnings, err := Scan(t.Context(), blocks, query.Request{Filter: filter}, func(b column.Block, rows []uint32) error {
		v := &column.Vector{}
		mustNot(t, b.Load(t.Context(), []int{int(flow.FieldSourcePort)}, []*column.Vector{v}))
		for _, row := range rows {
			if port := int(v.Int(int(row))); port <= last {
				t.Errorf("%d comes after %d", port, last)
			} else {
				last = port
			}
			n++
		}
		return nil
	})
	if err != nil || n != 170 || stats.Matched != 170 || stats.Skipped != 2 || warnings != nil {
		t.Errorf("%d rows, %+v, %q, %v", n, stats, warnings, err)
	}
	stop := errors.New("enough")
	if _, _, err := Scan(t.Context(), blocks, query.Request{}, func(column.Block, []uint32) error { return stop }); err != stop {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := Scan(ctx, blocks, query.Request{}, func(column.Block, []uint32) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
