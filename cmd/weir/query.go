package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/weirflow/weir/cmd/weir/internal/present"
	"github.com/weirflow/weir/indexer/query"
)

func newQuery() *cobra.Command {
	o := queryOptions{selection: selection{kind: "flows", timeout: query.DefaultLimits.Time}}
	c := &cobra.Command{
		Use: "query", Short: "Ask the embedded store about flows", Args: cobra.NoArgs,
		Long: "Answers questions from the embedded store, also while weir writes to it, and from a copy of its folder (--data).\n" +
			"Without --by, --histogram, --newest or a metric it prints an overview: totals, traffic over time, exporters, hosts,\n" +
			"countries and the newest flows. Without --last, --from or --to it looks at everything that is kept.\n\n" +
			"  weir query --last 1h\n" +
			"  weir query --last 1d --by source.ip,destination.ip --sum network.bytes --top 20\n" +
			"  weir query --from 2026-09-21 --to 2026-09-22 --histogram 1h --by flow.category\n" +
			"  weir query --newest 50 --filter 'source.ip:10.0.0.0/8 and flow.category:Web and not destination.port >= 1024'\n" +
			"  weir query --last 1h --by destination.ip --distinct source.ip --order 'distinct(source.ip)' --json\n\n" +
			"Buckets of --histogram begin at multiples of their width in UTC: those of 1d at 00:00 UTC, of 1w on Thursdays.\n\n" +
			"docs/fields.md lists the fields, docs/reference/filter.md describes filters. Times without a zone, in --from, --to and\n" +
			"in tables, are those of the local time zone (TZ); in filters they are UTC. In tables bytes and times are rounded;\n" +
			"--json and --csv have every digit, times in UTC, and the names of columns as keys: source.ip, sum(network.bytes), count.\n\n" +
			"Exit status: 0 when the answer is complete; 3 when it is not, because parts of the store are damaged (the standard\n" +
			"error lists them); 1 when there is no answer: a wrong command line, no store, or an interruption by Ctrl-C.",
		RunE: func(c *cobra.Command, _ []string) error {
			m, err := o.mode(c.Flags())
			if err != nil {
				return err
			}
			ctx, stop := interruptible(c.Context())
			defer stop()
			return o.run(ctx, m, c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	o.addFlags(c.Flags())
	return c
}

// run answers what is asked for.
func (o *queryOptions) run(ctx context.Context, m mode, out, errOut io.Writer) error {
	r, err := o.request(time.Now())
	if err != nil {
		return explain(errOut, err)
	}
	if err := o.fill(&r, m); err != nil {
		return err
	}
	store, err := o.open(ctx, errOut)
	if err != nil {
		return explain(errOut, err)
	}
	defer store.close()
	a := asker{store: store, out: out, errOut: errOut}
	switch m {
	case overview:
		err = a.overview(ctx, r, o.json)
	case histogram:
		if r.Histogram.Interval == 0 {
			if err = a.fit(ctx, &r); err != nil {
				break
			}
		}
		err = a.answer(ctx, r, o)
	case listing:
		err = a.page(ctx, r, o)
	default:
		err = a.answer(ctx, r, o)
	}
	if err == nil && a.nothing {
		err = a.advise(ctx, o.kind)
		o.doubt(r.Filter, errOut)
	}
	if err == nil && (a.incomplete || store.damaged()) {
		err = status(exitUndecodable)
	}
	return explain(errOut, err)
}

// explain says an error in the terms of the command line. What is wrong with a
// filter is shown below the place.
func explain(errOut io.Writer, err error) error {
	var (
		filter  *query.FilterError
		request *query.RequestError
		limit   *query.LimitError
	)
	switch {
	case errors.Is(err, syscall.EPIPE): // a reader that has seen enough, such as head
		return status(exitError)
	case errors.Is(err, context.Canceled):
		return errors.New("interrupted")
	case errors.As(err, &filter):
		fmt.Fprintf(errOut, "weir: --filter, column %d: %s\n%s\n", filter.Column, filter.Reason, filter.Point())
		return status(exitError)
	case errors.As(err, &limit):
		return errors.New(strings.Replace(limit.What, "allow it more time", "allow it more time with --timeout", 1))
	case errors.As(err, &request):
		part := request.Part
		if flag, ok := map[string]string{"by": "--by", "metrics": "--sum, --avg and the like", "order": "--order", "top": "--top", "interval": "--histogram",
			"newest": "--newest", "fields": "--fields", "after": "--after", "time range": "--from and --to"}[part]; ok {
			part = flag
		}
		return fmt.Errorf("%s: %s", part, request.Reason)
	}
	return err
}

// asker asks a store, and shows on the standard error how far it is and what the
// answers lack.
type asker struct {
	store       query.Querier
	out, errOut io.Writer
	// incomplete tells that an answer lacked parts of the store.
	incomplete bool
	// nothing tells that no flow was selected.
	nothing bool
	warned  map[string]bool
}

func (a *asker) ask(ctx context.Context, r query.Request) (*query.Answer, error) {
	b := newBar(a.errOut, "flows", time.Now)
	r.Progress = func(p query.Progress) { b.show(p.Rows, p.Total) }
	answer, err := a.store.Query(ctx, r)
	b.clear()
	if err != nil {
		return nil, err
	}
	for _, w := range answer.Warnings {
		if !a.warned[w] {
			if a.warned == nil {
				a.warned = map[string]bool{}
			}
			a.warned[w] = true
			fmt.Fprintln(a.errOut, "weir: warning:", present.Clean(w))
		}
	}
	a.incomplete = a.incomplete || answer.Stats.Failed > 0
	return answer, nil
}

// answer asks one request and prints the answer.
func (a *asker) answer(ctx context.Context, r query.Request, o *queryOptions) error {
	answer, err := a.ask(ctx, r)
	if err != nil {
		return err
	}
	return a.print(r, answer, o)
}

// page prints the page of newest flows that --page asks for.
func (a *asker) page(ctx context.Context, r query.Request, o *queryOptions) error {
	answer, err := a.ask(ctx, r)
	for n := 1; err == nil && n < o.page; n++ {
		if answer.Newest.Next == "" {
			answer.Newest.Rows = [][]any{}
			if err := a.print(r, answer, o); err != nil {
				return err
			}
			_, err := fmt.Fprintf(a.errOut, "weir: there is no page %d; the last one is --page %d\n", o.page, n)
			return err
		}
		r.Newest.After = answer.Newest.Next
		answer, err = a.ask(ctx, r)
	}
	if err != nil {
		return err
	}
	return a.print(r, answer, o)
}

// print prints an answer in the form that is asked for.
func (a *asker) print(r query.Request, answer *query.Answer, o *queryOptions) error {
	first := r.Newest == nil || r.Newest.After == "" && o.page == 1
	a.nothing = first && answer.Stats.Matched == 0 && (answer.Newest == nil || len(answer.Newest.Rows) == 0)
	switch {
	case o.json:
		return present.JSON(a.out, answer)
	case o.csv:
		return present.CSV(a.out, answer)
	}
	s := style(a.out)
	if r.Groups != nil {
		s.Order = r.Groups.Order
	} else if r.Histogram != nil {
		s.Order = r.Histogram.Order
	}
	if err := present.Answer(a.out, s, answer); err != nil {
		return err
	}
	if answer.Newest != nil && answer.Newest.Next != "" {
		_, err := fmt.Fprintf(a.out, "the next page: --after %s\n", answer.Newest.Next)
		return err
	}
	return nil
}

// intervals are the widths of buckets that people can read.
var intervals = []time.Duration{100 * time.Millisecond, 200 * time.Millisecond, 500 * time.Millisecond,
	time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 15 * time.Second, 30 * time.Second,
	time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute,
	time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour, 7 * 24 * time.Hour, 28 * 24 * time.Hour}

// autoBuckets is how many buckets an interval is chosen for, at most.
const autoBuckets = 60

// intervalFor chooses the width of a bucket for a span of time.
func intervalFor(span time.Duration) time.Duration {
	for _, i := range intervals {
		if span/i < autoBuckets {
			return i
		}
	}
	return intervals[len(intervals)-1]
}

// fit chooses the width of a histogram's buckets for the time that the request's
// flows take, and narrows the request down to that time: a range of days may have
// flows of seconds, which would be lost among empty buckets.
func (a *asker) fit(ctx context.Context, r *query.Request) error {
	from, to, err := a.span(ctx, *r)
	if err != nil {
		return err
	}
	if from.IsZero() {
		r.Histogram.Interval = intervals[len(intervals)-1] // of nothing
		return nil
	}
	narrow(r, from, to)
	return nil
}

// narrow is fit for the times of the first and the last flow.
func narrow(r *query.Request, first, last time.Time) {
	r.Histogram.Interval = intervalFor(last.Sub(first))
	r.From, r.To = first, last.Truncate(time.Millisecond).Add(time.Millisecond)
}

// advise says, when no flow was selected, which times have some.
func (a *asker) advise(ctx context.Context, kind string) error {
	r, err := (&selection{kind: kind}).request(time.Now())
	if err != nil {
		return err
	}
	from, to, err := a.span(ctx, r)
	what := kind
	if kind == everyKind {
		what = "records"
	}
	switch {
	case err != nil:
		return err
	case from.IsZero():
		_, err = fmt.Fprintf(a.errOut, "weir: the store has no %s yet\n", what)
	default:
		_, err = fmt.Fprintf(a.errOut, "weir: nothing matches; the store has %s from %s to %s\n", what, from.Local().Format(time.DateTime), to.Local().Format(time.DateTime))
	}
	return err
}

// span gives the times of the first and the last flow that a request selects;
// both are zero when there is none.
func (a *asker) span(ctx context.Context, r query.Request) (from, to time.Time, err error) {
	r.Histogram, r.Newest = nil, nil
	r.Groups = &query.Groups{Metrics: []query.Metric{{Func: query.Min, Field: "@timestamp"}, {Func: query.Max, Field: "@timestamp"}}}
	answer, err := a.ask(ctx, r)
	if err != nil {
		return from, to, err
	}
	from, _ = answer.Groups.Total.Values[0].(time.Time)
	to, _ = answer.Groups.Total.Values[1].(time.Time)
	return from, to, nil
}
