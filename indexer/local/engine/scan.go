package engine

import (
	"context"

	"github.com/weirflow/weir/indexer/local/column"
	"github.com/weirflow/weir/indexer/query"
)

// Scan calls visit for each block that has rows which the request's time range
// and filter select, one after the other in the blocks' order; the request's
// other parts but Progress are not looked at. rows are row numbers of the block,
// ascending, and valid during the call. An error of visit ends the scan.
//
// A block that cannot be read is left out and named in warnings.
func Scan(ctx context.Context, blocks []column.Block, request query.Request, visit func(b column.Block, rows []uint32) error) (stats query.Stats, warnings []string, err error) {
	request.Groups, request.Histogram, request.Newest = nil, nil, &query.Newest{}
	request, err = request.Normalize()
	if err != nil {
		return stats, nil, err
	}
	r := newRun(blocks, request)
	c := &chunk{}
	for i, b := range blocks {
		if ctx.Err() != nil {
			return r.stats, r.warnings, ctx.Err()
		}
		var stop error
		err := r.one(ctx, i, c, nil, func(rows []uint32) error {
			stop = visit(b, rows)
			return nil
		})
		if err != nil {
			return r.stats, r.warnings, err
		}
		if stop != nil {
			return r.stats, r.warnings, stop
		}
	}
	r.report(true)
	return r.stats, r.warnings, nil
}
