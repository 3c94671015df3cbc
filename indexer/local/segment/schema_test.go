package segment

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/parquet-go/parquet-go/format"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/indexer/local/column"
)

// TestOtherSchema reads files of an older and of a newer version.
func TestOtherSchema(t *testing.T) {
	gone, renamed := int(flow.FieldNetworkTransport), int(flow.FieldNetworkBytes)
	table, _ := traffic(1, 200)
	for what, change := range map[string]func(w *Writer){
		"older: a column was added since": func(w *Writer) {
			w.meta.Schema = slices.Delete(w.meta.Schema, 1+gone, 2+gone)
			w.meta.Schema[0].NumChildren.V--
			w.meta.ColumnOrders = w.meta.ColumnOrders[1:]
			g := &w.meta.RowGroups[0]
			g.Columns = slices.Delete(g.Columns, gone, gone+1)
			w.crcs = slices.Delete(w.crcs, 4*gone, 4*gone+4)
		},
		"newer: a column that is not known": func(w *Writer) {
			w.meta.Schema[1+gone].Name = "network.new_thing"
			w.meta.RowGroups[0].Columns[gone].MetaData.PathInSchema[0] = "network.new_thing"
		},
		"newer: a column has another type": func(w *Writer) {
			w.meta.Schema[1+gone].Type.V = format.Double
		},
	} {
		path := filepath.Join(t.TempDir(), "a")
		w, err := Create(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Write(t.Context(), rowsOf(table), nil); err != nil {
			t.Fatal(err)
		}
		change(w)
		if _, err := w.Finish(Meta{}); err != nil {
			t.Fatal(err)
		}
		s := open(t, path)
		var v [2]column.Vector
		if err := s.Blocks()[0].Load(t.Context(), []int{gone, renamed}, []*column.Vector{&v[0], &v[1]}); err != nil {
			t.Fatal(what, err)
		}
		if !v[0].Empty() || v[0].Nulls() != 200 || v[1].Nulls() != 0 {
			t.Errorf("%s: %d and %d rows without a value", what, v[0].Nulls(), v[1].Nulls())
		}
		if n, ok := s.Blocks()[0].Nulls(gone); !ok || n != 200 {
			t.Errorf("%s: Nulls gives %d, %v", what, n, ok)
		}
		// Row groups of another schema are not copied, but read and written.
		to, err := Create(path + "2")
		if err != nil {
			t.Fatal(err)
		}
		if ok, err := to.Copy(s.Blocks()[0]); ok || err != nil {
			t.Errorf("%s: copied: %v, %v", what, ok, err)
		}
		to.Abort()
	}
}
