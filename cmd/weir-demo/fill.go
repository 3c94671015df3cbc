package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/weirflow/weir/cmd/internal/fill"
	"github.com/weirflow/weir/dashboards/demo"
	"github.com/weirflow/weir/indexer/elastic"
)

// fillPatience is how long filling a server may take.
const fillPatience = 10 * time.Minute

// fillServer writes made-up records of the last day to Elasticsearch or
// OpenSearch, and sums of the last weeks, so that every board has something to
// show.
func fillServer(ctx context.Context, o options, out, errOut io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, fillPatience)
	defer cancel()
	c := elastic.DefaultConfig(o.elasticsearch)
	c.Namespace = o.namespace
	d := demo.DefaultConfig(time.Now())
	d.Seed, d.Conversations = o.seed, o.conversations
	log := slog.New(slog.NewTextHandler(errOut, &slog.HandlerOptions{Level: slog.LevelError}))
	counts, err := fill.Fill(ctx, c, d, log)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%d documents of the last %s are in weir-*-%s on the server, and sums of the last %d days; %d were refused on purpose\n",
		counts["indexed"], d.Span, o.namespace, int(d.Hours.Hours()/24), counts["rejected"])
	return nil
}
