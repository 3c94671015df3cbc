package wal

import (
	"context"
	"testing"

	"github.com/weirflow/weir/indexer/local/column"
)

// FuzzRead reads anything as a file of the log. Checksums keep nearly all of it
// from the rows, so that FuzzFrame gives them anything, too.
func FuzzRead(f *testing.F) {
	good, at := file(3)
	f.Add(good)
	f.Add(good[:at[2]+5])
	f.Add(append(good[:at[0]:at[0]], good[at[1]:]...))
	f.Add(good[at[1]:])
	f.Fuzz(func(t *testing.T, b []byte) {
		table := column.NewTable()
		c := Read(b, table, 10000)
		lost := c.Torn
		for _, l := range c.Losses {
			if l.Offset < 0 || l.Bytes < 0 || l.Offset+l.Bytes > int64(len(b)) || l.Reason == "" {
				t.Errorf("loss %+v of %d bytes", l, len(b))
			}
			lost += l.Bytes
		}
		if lost > int64(len(b)) || table.Rows() > 10000 {
			t.Errorf("%d bytes lost of %d, %d rows", lost, len(b), table.Rows())
		}
		load(t, table)
	})
}

// FuzzFrame takes anything as the rows of a frame.
func FuzzFrame(f *testing.F) {
	good, at := file(3)
	for i := range 3 {
		f.Add(good[at[i]+frameHead : at[i+1]-4])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		table := column.NewTable()
		table.Append(batch(2).Records())
		decoder := column.NewDecoder(column.Schema())
		if decoder.AppendFrame(table, b) != nil && table.Rows() != 3 {
			t.Errorf("%d rows after a frame that was refused", table.Rows())
		}
		load(t, table)
		// What was read can be written and read again.
		if table.Rows() > 3 {
			again := column.NewTable()
			if err := decoder.AppendFrame(again, table.AppendFrame(nil, 3, table.Rows())); err != nil || again.Rows() != table.Rows()-3 {
				t.Errorf("written again: %v, %d rows of %d", err, again.Rows(), table.Rows()-3)
			}
		}
	})
}

// load loads every column.
func load(t *testing.T, table *column.Table) {
	if table.Rows() == 0 {
		return
	}
	var v column.Vector
	view := table.View(table.Rows())
	for c := range column.Columns {
		if err := view.Load(context.Background(), []int{c}, []*column.Vector{&v}); err != nil || v.N != table.Rows() {
			t.Fatal(err, v.N)
		}
		if n, ok := view.Nulls(c); ok && n != v.Nulls() {
			t.Fatalf("%s: %d nulls, %d said", column.Columns[c].Name, v.Nulls(), n)
		}
		for row := range v.N {
			if !v.Empty() && v.Has(row) {
				if column.Columns[c].Kind == column.Text {
					_ = v.Text(row)
				} else {
					_ = v.Int(row)
				}
			}
		}
	}
}
