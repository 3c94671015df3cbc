package transfer

import (
	"bufio"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/weirflow/weir/cmd/weir/internal/present"
	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/indexer/local/column"
	"github.com/weirflow/weir/indexer/local/engine"
	"github.com/weirflow/weir/indexer/query"
)

// Formats are the kinds of file that Export writes.
var Formats = []string{"ndjson", "csv", "parquet"}

// Export writes the flows that a request selects, in the order of the store:
// ndjson is a document per line, as sinks write them; csv has a line of names and
// the given fields, all that any flow has when there are none; parquet has every
// column of the store.
func (s Source) Export(ctx context.Context, r query.Request, format string, fields []string, out io.Writer) (Result, error) {
	switch format {
	case "ndjson":
		return s.ndjson(ctx, r, out)
	case "csv":
		return s.csv(ctx, r, fields, out)
	case "parquet":
		return s.parquet(ctx, r, out)
	}
	return Result{}, fmt.Errorf("format %q is unknown; allowed: %s", format, strings.Join(Formats, ", "))
}

// writeBytes is how much is written at once.
const writeBytes = 256 << 10

func (s Source) ndjson(ctx context.Context, r query.Request, out io.Writer) (Result, error) {
	b, encoder := bufio.NewWriterSize(out, writeBytes), flow.NewEncoder()
	var line []byte
	result, err := s.records(ctx, r, func(batch *flow.Batch) error {
		for i := range batch.Records() {
			line = append(encoder.AppendJSON(line[:0], batch.At(i)), '\n')
			if _, err := b.Write(line); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return result, err
	}
	return result, b.Flush()
}

// valuesAtOnce bounds the values that are in memory for CSV.
const valuesAtOnce = 1 << 18

func (s Source) csv(ctx context.Context, r query.Request, names []string, out io.Writer) (Result, error) {
	fields, err := s.fields(names)
	if err != nil {
		return Result{}, err
	}
	b := bufio.NewWriterSize(out, writeBytes)
	w := csv.NewWriter(b)
	line := make([]string, len(fields))
	for i, f := range fields {
		line[i] = f.Name
	}
	if err := w.Write(line); err != nil {
		return Result{}, err
	}
	var result Result
	var failed []string
	result.Stats, result.Warnings, err = engine.Scan(ctx, s, r, func(b column.Block, rows []uint32) error {
		b = &cached{Block: b}
		for some := range slices.Chunk(rows, max(1, valuesAtOnce/len(fields))) {
			values, err := engine.Values(ctx, b, some, fields)
			if err != nil {
				if ctx.Err() != nil {
					return ctx.Err()
				}
				failed = append(failed, fmt.Sprintf("%d rows are left out, as they cannot be read: %v", len(some), err))
				continue
			}
			for _, row := range values {
				for i, v := range row {
					line[i] = present.Field(v)
				}
				if err := w.Write(line); err != nil {
					return err
				}
			}
		}
		return nil
	})
	result.Stats.Failed += len(failed)
	result.Warnings = append(result.Warnings, failed...)
	if err != nil {
		return result, err
	}
	if w.Flush(); w.Error() != nil {
		return result, w.Error()
	}
	return result, b.Flush()
}

// fields gives the fields of these names; without any, those that some block has.
func (s Source) fields(names []string) ([]query.Field, error) {
	if len(names) == 0 {
		return slices.DeleteFunc(query.Fields(), func(f query.Field) bool { return !s.has(f) }), nil
	}
	list := make([]query.Field, len(names))
	for i, name := range names {
		f, err := query.LookupField(name)
		if err != nil {
			return nil, fmt.Errorf("--fields: %w", err)
		}
		list[i] = f
	}
	return list, nil
}

// has reports whether any flow may have a field. Those that no column stores are
// derived from others.
func (s Source) has(f query.Field) bool {
	c, ok := column.Lookup(f.Name)
	if !ok {
		return true
	}
	return slices.ContainsFunc(s, func(b column.Block) bool {
		n, known := b.Nulls(c)
		return !known || n < b.Rows()
	})
}

// cached is a block that reads each column once, however often it is asked for.
// One goroutine uses it.
type cached struct {
	column.Block
	vectors [column.Count]*column.Vector
}

// Load gives columns, whose values into shares with others.
func (c *cached) Load(ctx context.Context, columns []int, into []*column.Vector) error {
	for i, n := range columns {
		if c.vectors[n] == nil {
			v := &column.Vector{}
			if err := c.Block.Load(ctx, []int{n}, []*column.Vector{v}); err != nil {
				return err
			}
			c.vectors[n] = v
		}
		*into[i] = *c.vectors[n]
	}
	return nil
}
