package engine

import (
	"context"

	"github.com/weirflow/weir/indexer/local/column"
	"github.com/weirflow/weir/indexer/query"
)

// Values gives the fields of some of a block's rows as the answer to Newest does:
// a list per row, in the order of fields.
func Values(ctx context.Context, b column.Block, rows []uint32, fields []query.Field) ([][]any, error) {
	c := &chunk{}
	c.open(ctx, b, 0)
	places, out := make([]*found, len(rows)), make([][]any, len(rows))
	all := make([]found, len(rows))
	cells := make([]any, len(rows)*len(fields))
	for i, row := range rows {
		all[i] = found{block: int32(i), row: row} // block serves as the place in out
		places[i] = &all[i]
		out[i] = cells[i*len(fields) : (i+1)*len(fields)]
	}
	for i, f := range fields {
		reader := newReader(f)
		if err := reader.project(c, places, func(row *found, v any) { out[row.block][i] = v }); err != nil {
			return nil, err
		}
	}
	return out, nil
}
