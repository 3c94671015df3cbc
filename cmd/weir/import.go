package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"

	"github.com/weirflow/weir/cmd/weir/internal/config"
	"github.com/weirflow/weir/cmd/weir/internal/present"
	"github.com/weirflow/weir/cmd/weir/internal/transfer"
	"github.com/weirflow/weir/indexer/elastic"
	"github.com/weirflow/weir/indexer/query"
)

// importOptions are the flags of weir import.
type importOptions struct {
	selection
	state         string
	restart, wait bool
	// patience is how long the server may take to answer at first, and to take the
	// index templates.
	patience time.Duration
}

func newImport() *cobra.Command {
	o := importOptions{selection: selection{kind: everyKind}, patience: 30 * time.Second}
	c := &cobra.Command{
		Use: "import [URL]", Short: "Index flows of the embedded store into Elasticsearch or OpenSearch", Args: cobra.MaximumNArgs(1),
		Long: "Sends the flows of a time range that a filter selects, all without one, to the servers of index.elasticsearch, or to the\n" +
			"one of the URL with the other settings of that section (credentials, namespace and so on), into the data streams that\n" +
			"weir itself writes to. Templates are installed first. It runs beside a weir that writes to the store.\n\n" +
			"  weir import https://localhost:9200 --last 30d\n\n" +
			"An import that was interrupted goes on where it was when it is run again with the same arguments: its state is in a\n" +
			"file in the store's folder (--state names another). Documents get ids made from their content, so that none is there\n" +
			"twice, whatever was interrupted, as long as the data stream has not begun a new backing index meanwhile. Flows that\n" +
			"a running weir has sent to the same servers by itself have other ids: leave their time out with --to.\n\n" +
			"A server that does not answer at the start ends the import after some seconds, unless --wait is given; one that fails\n" +
			"later is waited for.\n\n" +
			"Exit status: 0 when every flow is indexed; 3 when parts of the store are damaged or the server rejected documents,\n" +
			"which weir-rejected-NAMESPACE has; 1 when it stopped before the end.",
		RunE: func(c *cobra.Command, args []string) error {
			ctx, stop := interruptible(c.Context())
			defer stop()
			target := ""
			if len(args) > 0 {
				target = args[0]
			}
			return o.run(ctx, target, c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	f := c.Flags()
	f.SortFlags = false
	o.addFlags(f)
	f.StringVar(&o.state, "state", "", "file for how far the import is; default: one in the store's folder, named after the server")
	f.BoolVar(&o.restart, "restart", false, "begin anew instead of going on; what is indexed already is not indexed twice")
	f.BoolVar(&o.wait, "wait", false, "wait for a server that does not answer, instead of giving up after some seconds")
	return c
}

// target gives the servers' configuration.
func (o *importOptions) target(target string) (elastic.Config, error) {
	cfg, err := o.load()
	if err != nil {
		return elastic.Config{}, err
	}
	if err := cfg.Unresolved(); err != nil {
		return elastic.Config{}, err
	}
	e := cfg.Elastic(config.Output{Kind: "elasticsearch", Target: target})
	if !e.Enabled() {
		return e, errors.New("no server is named; give its URL, such as http://localhost:9200, or set index.elasticsearch.urls")
	}
	return e, e.Validate()
}

func (o *importOptions) run(ctx context.Context, target string, out, errOut io.Writer) error {
	r, err := o.request(time.Now())
	if err != nil {
		return explain(errOut, err)
	}
	cfg, err := o.target(target)
	if err != nil {
		return err
	}
	store, err := o.open(ctx, errOut)
	if err != nil {
		return explain(errOut, err)
	}
	defer store.close()
	s, path, err := o.begin(ctx, store, cfg, r, errOut)
	if err != nil {
		return explain(errOut, err)
	}
	warnings, err := o.send(ctx, store, cfg, r, s, path, errOut)
	for _, w := range warnings {
		fmt.Fprintln(errOut, "weir: warning:", present.Clean(w))
	}
	if before := (noContact{}); errors.As(err, &before) {
		return before.error
	}
	if err != nil {
		if errors.Is(err, context.Canceled) {
			err = errors.New("interrupted")
		}
		return fmt.Errorf("%w; %d flows are done, and the same command goes on from there", err, s.Rows)
	}
	if _, err := fmt.Fprintf(out, "%d flows: %d documents indexed, %d were there already, %d rejected\n", s.Rows, s.Indexed, s.Duplicate, s.Rejected); err != nil {
		return err
	}
	if s.Incomplete > 0 || s.Rejected > 0 || store.damaged() {
		return status(exitUndecodable)
	}
	return nil
}

var unsafe = regexp.MustCompile(`[^A-Za-z0-9._-]+`)

// begin finds the state to go on from, or makes one.
func (o *importOptions) begin(ctx context.Context, store *openStore, cfg elastic.Config, r query.Request, errOut io.Writer) (*transfer.State, string, error) {
	host := cfg.Servers()[0]
	if u, err := url.Parse(host); err == nil {
		host = u.Host + strings.TrimSuffix(u.Path, "/")
	}
	// What the flags say, not what they mean now: -7d is another time tomorrow.
	s := &transfer.State{Target: host + " " + cfg.Namespace, Selection: strings.Join([]string{o.last, o.from, o.to, o.kind, o.filter}, "|")}
	path := o.state
	if path == "" {
		path = filepath.Join(store.dir, "import-"+unsafe.ReplaceAllString(host, "_")+"-"+cfg.Namespace+".json")
	}
	old, found, err := transfer.LoadState(path)
	switch {
	case o.restart:
	case err != nil:
		return nil, "", err
	case found && !old.Finished && (old.Target != s.Target || old.Selection != s.Selection):
		return nil, "", fmt.Errorf("%s is the state of another import, which is not finished; end that, name another --state, or give it up with --restart", path)
	case found && !old.Finished:
		fmt.Fprintf(errOut, "weir: going on after %d flows, at %s\n", old.Rows, old.Next.Format(time.RFC3339Nano))
		return &old, path, nil
	}
	s.From, s.To = r.From, r.To
	if r.From.IsZero() || r.To.IsZero() {
		first, last, err := (&asker{store: store, errOut: errOut}).span(ctx, r)
		switch {
		case err != nil:
			return nil, "", err
		case first.IsZero():
			return nil, "", errors.New("there is no such flow in the store")
		}
		if s.From.IsZero() {
			s.From = first
		}
		if s.To.IsZero() {
			s.To = last.Add(time.Millisecond)
		}
	}
	s.From, s.To = s.From.UTC().Truncate(time.Millisecond), s.To.UTC().Truncate(time.Millisecond)
	s.Next = s.From
	return s, path, nil
}

// stopTimeout is how long a request that is under way may take at the end.
const stopTimeout = 10 * time.Second

// send runs the import with a sink of its own.
func (o *importOptions) send(ctx context.Context, store *openStore, cfg elastic.Config, r query.Request, s *transfer.State, path string, errOut io.Writer) (warnings []string, err error) {
	registry, ids := prometheus.NewRegistry(), &transfer.IDs{}
	level := &slog.LevelVar{}
	level.Set(slog.LevelWarn)
	if !o.wait {
		level.Set(slog.LevelError) // contact tells why there is none
	}
	log := slog.New(slog.NewTextHandler(errOut, &slog.HandlerOptions{Level: level}))
	sink, err := elastic.New(cfg, elastic.Dependencies{Logger: log, Registerer: registry, ID: ids.ID})
	if err != nil {
		return nil, err
	}
	if err := sink.Start(ctx); err != nil {
		return nil, err
	}
	if !o.wait {
		if err := o.contact(ctx, sink, cfg.Servers()); err != nil {
			ending, cancel := context.WithCancel(context.WithoutCancel(ctx))
			cancel() // nothing was sent
			_ = sink.Close(ending)
			return nil, err
		}
		level.Set(slog.LevelWarn)
	}
	bar := newBar(errOut, "flows", time.Now)
	defer bar.clear()
	m := transfer.Import{Source: store.blocks(), Sink: sink, IDs: ids, Counts: func() (transfer.Counts, error) { return counts(registry) },
		Filter: r.Filter, Query: store.Query, Path: path, Progress: bar.show}
	warnings, err = m.Run(ctx, s)
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	if err != nil {
		cancel() // what is not done yet will be sent again
	}
	if closeErr := sink.Close(ending); err == nil {
		err = closeErr
	}
	return warnings, err
}

// noContact says that an import has not begun, as no server answers.
type noContact struct{ error }

// contact waits a while for a server, so that a wrong address is told and no
// state of an import that never began is kept.
func (o *importOptions) contact(ctx context.Context, sink *elastic.Sink, urls []string) error {
	ending, cancel := context.WithTimeout(ctx, o.patience)
	defer cancel()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		err := sink.Ready()
		if err == nil {
			return nil
		}
		select {
		case <-again.C:
		case <-ending.Done():
			if ctx.Err() != nil {
				return noContact{errors.New("interrupted")}
			}
			return noContact{fmt.Errorf("no answer from %s within %s: %w; check the address and that the server runs, or wait for it with --wait", strings.Join(urls, ", "), o.patience, err)}
		}
	}
}

// counts reads what became of documents from the sink's metrics.
func counts(registry *prometheus.Registry) (c transfer.Counts, err error) {
	families, err := registry.Gather()
	if err != nil {
		return c, err
	}
	for _, f := range families {
		if f.GetName() != "weir_elastic_documents_total" {
			continue
		}
		for _, m := range f.GetMetric() {
			n := int64(m.GetCounter().GetValue())
			for _, l := range m.GetLabel() {
				switch {
				case l.GetName() != "result":
				case l.GetValue() == "indexed":
					c.Indexed += n
				case l.GetValue() == "duplicate":
					c.Duplicate += n
				case l.GetValue() == "rejected":
					c.Rejected += n
				case l.GetValue() == "dropped":
					c.Dropped += n
				}
			}
		}
	}
	return c, nil
}
