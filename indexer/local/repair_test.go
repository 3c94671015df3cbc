package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/indexer/local/column"
	"github.com/weirflow/weir/indexer/local/segment"
)

// spoilColumn flips a bit in one column of a segment.
func spoilColumn(t *testing.T, path string, c int) {
	t.Helper()
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var v column.Vector
	for at := 4; at < len(good); at += 8 {
		b := slices.Clone(good)
		b[at] ^= 4
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		x, err := segment.Open(path)
		if err != nil {
			break // the footer
		}
		err = x.Blocks()[0].LoadStored(t.Context(), []int{c}, []*column.Vector{&v})
		_ = x.Close()
		if errors.Is(err, column.ErrDamaged) {
			return
		}
	}
	t.Fatalf("no place of %s was found", column.Columns[c].Name)
}

// TestRepairKeepsColumns damages one column of a segment: the others stay, and
// so do the rows, unless it is the column that says when they were.
func TestRepairKeepsColumns(t *testing.T) {
	for c, lost := range map[int]int{int(flow.FieldFlowCategory): 0, int(flow.FieldSourceIP): 0, column.Timestamp: 1000} {
		name := column.Columns[c].Name
		dir := abandoned(t)
		spoilColumn(t, filepath.Join(dir, segmentName(1)), c)
		s := start(t, dir, func(c *Config) { c.MergeRows, c.ScrubBytes = 0, 1<<40 })
		s.scrub()
		waitHealth(t, s, name)
		settle(t, s)
		if n := testutil.ToFloat64(s.metrics.dropped.WithLabelValues(reasonDamaged)); int(n) != lost || !told(s, fmt.Sprintf("%d of 1000 rows are lost", lost)) {
			t.Errorf("%s: %v rows are lost; %v", name, n, s.Health())
		}
		if lost == 0 && !told(s, "1000 more have lost "+name) {
			t.Errorf("%s: %v", name, s.Health())
		}
		rows, without, packets := 0, 0, 0
		for _, b := range blocks(t, s) {
			rows += b.Rows()
			v, created, id := vectorOf(t, b, c), vectorOf(t, b, int(flow.FieldEventCreated)), vectorOf(t, b, column.CommunityID)
			for row := range b.Rows() {
				if !v.Has(row) {
					without++
				}
				if created.Has(row) {
					packets++
				}
				if id.Has(row) {
					t.Fatalf("%s: row %d has an identifier", name, row)
				}
			}
		}
		if rows != 3800-lost || packets != rows || lost == 0 && without != 1000 {
			t.Errorf("%s: %d rows, %d without it, %d with another column", name, rows, without, packets)
		}
	}
}

// TestNoIdentifierIsMadeUp takes a part of what identifiers are computed from:
// what is left could be another conversation's.
func TestNoIdentifierIsMadeUp(t *testing.T) {
	b := flow.NewBatch(1)
	r := b.Next()
	r.SetTimestamp(now)
	r.SetSourceIP(batch(0, 2)[0].SourceIP)
	r.SetDestinationIP(batch(0, 2)[1].SourceIP)
	r.SetNetworkIANANumber(1)
	r.SetFlowICMPType(3)
	r.SetDestinationPort(2048) // of another type
	table := column.NewTable()
	table.Append(b.Records())
	vectors := map[int]*column.Vector{}
	view := table.View(1)
	for c := range column.Columns {
		vectors[c] = view.Borrow(c)
	}
	vectors[int(flow.FieldFlowICMPType)] = &column.Vector{}
	vectors[int(flow.FieldFlowICMPType)].SetEmpty(1)
	vectors[column.CommunityID] = &column.Vector{}
	column.WithoutIdentifier(1, vectors[column.CommunityID])
	var id column.Vector
	err := column.LoadIdentifiers(t.Context(), 1, &id, func(_ context.Context, columns []int, into []*column.Vector) error {
		for i, c := range columns {
			if v := vectors[c]; v != nil {
				*into[i] = *v
			} else {
				into[i].SetEmpty(1)
			}
		}
		return nil
	})
	if err != nil || id.Has(0) {
		t.Errorf("the row has an identifier, %v", err)
	}
}
