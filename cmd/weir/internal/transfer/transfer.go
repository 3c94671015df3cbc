// Package transfer takes flows out of the embedded store: into files that other
// programs read, and into Elasticsearch or OpenSearch for people who outgrow it.
// Rows become records again, block by block, so that memory does not grow with
// what is taken.
package transfer

import (
	"context"
	"fmt"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/indexer/local/column"
	"github.com/weirflow/weir/indexer/local/engine"
	"github.com/weirflow/weir/indexer/query"
)

// batchRecords is how many records are handed on at once.
const batchRecords = 512

// Source is where flows come from: the blocks of a snapshot of a store, or of a
// part of one.
type Source []column.Block

// Result says what was taken.
type Result struct {
	// Stats says which rows were looked at and selected.
	Stats query.Stats
	// Warnings name what could not be read.
	Warnings []string
}

// Complete reports whether everything could be read.
func (r Result) Complete() bool { return r.Stats.Failed == 0 }

// records hands the records that a request selects on in batches, which are valid
// during the call.
func (s Source) records(ctx context.Context, r query.Request, each func(*flow.Batch) error) (Result, error) {
	f := filler{batch: flow.NewBatch(batchRecords)}
	var result Result
	var err error
	result.Stats, result.Warnings, err = engine.Scan(ctx, s, r, func(b column.Block, rows []uint32) error { return f.fill(ctx, b, rows, each) })
	if err == nil && f.batch.Len() > 0 {
		err = each(f.batch)
	}
	if f.failed > 0 {
		result.Stats.Failed += f.failed
		result.Warnings = append(result.Warnings, f.warnings...)
	}
	return result, err
}

// filler makes records of rows.
type filler struct {
	batch    *flow.Batch
	vectors  [column.Count]column.Vector
	failed   int
	warnings []string
}

// fill appends rows to the batch, and hands it on whenever it is full. A block
// whose columns cannot all be read is left out.
func (f *filler) fill(ctx context.Context, b column.Block, rows []uint32, each func(*flow.Batch) error) error {
	var columns []int
	for i := range column.Count {
		if n, ok := b.Nulls(i); ok && n >= b.Rows() {
			continue
		}
		if err := b.Load(ctx, []int{i}, []*column.Vector{&f.vectors[i]}); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			f.failed++
			f.warnings = append(f.warnings, fmt.Sprintf("%d rows are left out, as they cannot be read: %v", len(rows), err))
			return nil
		}
		if !f.vectors[i].Empty() {
			columns = append(columns, i)
		}
	}
	for _, row := range rows {
		r := f.batch.Next()
		if r == nil {
			if err := each(f.batch); err != nil {
				return err
			}
			f.batch.Reset()
			r = f.batch.Next()
		}
		for _, c := range columns {
			if err := column.Fill(r, c, &f.vectors[c], int(row)); err != nil {
				return err // checksums have been right, so that it is a bug
			}
		}
	}
	return nil
}
