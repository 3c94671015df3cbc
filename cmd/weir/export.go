package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/weirflow/weir/cmd/weir/internal/present"
	"github.com/weirflow/weir/cmd/weir/internal/transfer"
	"github.com/weirflow/weir/indexer/query"
)

// exportOptions are the flags of weir export.
type exportOptions struct {
	selection
	format, out string
	fields      []string
}

func newExport() *cobra.Command {
	o := exportOptions{selection: selection{kind: "flows"}}
	c := &cobra.Command{
		Use: "export", Short: "Write flows of the embedded store to a file", Args: cobra.NoArgs,
		Long: "Writes the flows of a time range that a filter selects, all without one, to the standard output or a file (--out), also\n" +
			"while weir writes to the store. ndjson is a document per line, as weir decode prints them; csv has the fields of --fields,\n" +
			"else all that flows have; parquet has a column per field. Flows come in the order of the store, not of time.\n\n" +
			"  weir export --last 1d --filter 'flow.category:Web' --out web.parquet\n" +
			"  weir export --from 2026-09-21 --to 2026-09-22 --format csv --fields @timestamp,source.ip,destination.ip,network.bytes\n\n" +
			"A file appears under its name when it is complete; one that was there is replaced. Devices and pipes are written to as\n" +
			"they are. Without --format the ending of the file's name decides.\n\n" +
			"Exit status: 0 when everything was written; 3 when parts of the store are damaged and left out; 1 when it failed.",
		RunE: func(c *cobra.Command, _ []string) error {
			ctx, stop := interruptible(c.Context())
			defer stop()
			return o.run(ctx, c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	f := c.Flags()
	f.SortFlags = false
	o.addFlags(f)
	f.StringVar(&o.format, "format", "", "ndjson, csv or parquet; default: by the file's name, else ndjson")
	f.StringVar(&o.out, "out", "", "file to write; default: the standard output")
	f.StringSliceVar(&o.fields, "fields", nil, "columns of a CSV file")
	return c
}

// choose finds the format.
func (o *exportOptions) choose() error {
	if o.format == "" {
		o.format = "ndjson"
		switch ending := strings.TrimPrefix(filepath.Ext(o.out), "."); ending {
		case "csv", "parquet":
			o.format = ending
		case "", "ndjson", "json", "jsonl", "log", "txt":
		default:
			return fmt.Errorf("--out: no format goes with the ending .%s; choose one with --format: %s", ending, strings.Join(transfer.Formats, ", "))
		}
	}
	switch {
	case !slices.Contains(transfer.Formats, o.format):
		return fmt.Errorf("--format: %q is unknown; allowed: %s", o.format, strings.Join(transfer.Formats, ", "))
	case len(o.fields) > 0 && o.format != "csv":
		return fmt.Errorf("--fields goes with --format csv; %s has every field", o.format)
	}
	return nil
}

func (o *exportOptions) run(ctx context.Context, out, errOut io.Writer) error {
	if err := o.choose(); err != nil {
		return err
	}
	r, err := o.request(time.Now())
	if err != nil {
		return explain(errOut, err)
	}
	place, err := placeOf(o.out)
	if err != nil {
		return err
	}
	if _, ok := terminal(out); ok && o.out == "" && o.format == "parquet" {
		return errors.New("a Parquet file is nothing for a terminal; name a file with --out")
	}
	store, err := o.open(ctx, errOut)
	if err != nil {
		return explain(errOut, err)
	}
	defer store.close()
	bar := newBar(errOut, "flows", time.Now)
	r.Progress = func(p query.Progress) { bar.show(p.Rows, p.Total) }
	source := transfer.Source(store.blocks())
	result, err := o.write(ctx, source, r, place, out)
	bar.clear()
	if err != nil {
		return explain(errOut, err)
	}
	for _, w := range result.Warnings {
		fmt.Fprintln(errOut, "weir: warning:", present.Clean(w))
	}
	if result.Stats.Matched == 0 {
		if err := (&asker{store: store, errOut: errOut}).advise(ctx, o.kind); err != nil {
			return explain(errOut, err)
		}
		o.doubt(r.Filter, errOut)
	}
	if !result.Complete() || store.damaged() {
		return status(exitUndecodable)
	}
	return nil
}
