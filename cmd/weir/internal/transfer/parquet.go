package transfer

import (
	"context"
	"io"
	"os"
	"path/filepath"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/indexer/local/column"
	"github.com/weirflow/weir/indexer/local/segment"
	"github.com/weirflow/weir/indexer/query"
)

// groupRows is how many rows a row group has.
const groupRows = 64 << 10

// parquet writes a file beside the temporary ones first, as its writer needs one,
// and copies it.
func (s Source) parquet(ctx context.Context, r query.Request, out io.Writer) (result Result, err error) {
	dir, err := os.MkdirTemp("", "weir-export-")
	if err != nil {
		return result, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "flows.parquet")
	if result, err = s.ParquetFile(ctx, r, path); err != nil {
		return result, err
	}
	f, err := os.Open(path)
	if err != nil {
		return result, err
	}
	defer func() { _ = f.Close() }()
	_, err = io.Copy(out, f)
	return result, err
}

// ParquetFile writes a Parquet file, which must not exist. After an error there
// is none.
func (s Source) ParquetFile(ctx context.Context, r query.Request, path string) (Result, error) {
	w, err := segment.Create(path)
	if err != nil {
		return Result{}, err
	}
	table, groups := column.NewTable(), 0
	group := func() error {
		if table.Rows() == 0 {
			return nil
		}
		rows, err := rowsOf(ctx, table)
		if err != nil {
			return err
		}
		table, groups = column.NewTable(), groups+1
		return w.Write(ctx, rows, segment.Order(rows))
	}
	result, err := s.records(ctx, r, func(b *flow.Batch) error {
		table.Append(b.Records())
		if table.Rows() >= groupRows {
			return group()
		}
		return nil
	})
	if err == nil {
		err = group()
	}
	if err != nil {
		w.Abort()
		return result, err
	}
	_, err = w.Finish(segment.Meta{})
	return result, err
}

// rowsOf gives the columns of a table as queries see them, so that what the store
// computes, such as network.community_id, is in the file.
func rowsOf(ctx context.Context, t *column.Table) (*segment.Rows, error) {
	view := t.View(t.Rows())
	rows := &segment.Rows{N: view.Rows()}
	for i := range column.Count {
		v := &column.Vector{}
		if err := view.Load(ctx, []int{i}, []*column.Vector{v}); err != nil {
			return nil, err
		}
		if !v.Empty() {
			rows.Columns[i] = v
		}
	}
	return rows, nil
}
