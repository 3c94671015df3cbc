package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/weirflow/weir/cmd/weir/internal/config"
	"github.com/weirflow/weir/cmd/weir/internal/period"
	"github.com/weirflow/weir/cmd/weir/internal/present"
	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/indexer/query"
)

// selection is the flags that say which flows: those of a store, a time range
// and a filter.
type selection struct {
	data, config           string
	last, from, to, filter string
	kind                   string
	timeout                time.Duration
}

// kinds are the values of event.action that --kind stands for.
var kinds = map[string]flow.Kind{"flows": flow.KindFlow, "counters": flow.KindCounters, "options": flow.KindOptions}

func (s *selection) addFlags(f *pflag.FlagSet) {
	f.StringVar(&s.data, "data", "", "folder of the store; default: the one that the configuration names")
	f.StringVar(&s.config, "config", "", "configuration file (default: ./weir.yml, then /etc/weir/weir.yml)")
	f.StringVar(&s.last, "last", "", "the time before now, such as 15m, 1h or 7d")
	f.StringVar(&s.from, "from", "", "flows that ended then or later: "+period.Allowed)
	f.StringVar(&s.to, "to", "", "flows that ended before then")
	f.StringVar(&s.kind, "kind", s.kind, "what to look at: flows, counters (samples of sFlow), options (records of exporters about themselves) or all")
	f.DurationVar(&s.timeout, "timeout", s.timeout, "how long an answer may take; 0 is without end")
	f.StringVar(&s.filter, "filter", "", `which flows, such as "source.ip:10.0.0.0/8 and not destination.port >= 1024"`)
}

// request begins a request with the range and the filter.
func (s *selection) request(now time.Time) (r query.Request, err error) {
	if r.Limits.Time = s.timeout; s.timeout <= 0 {
		r.Limits.Time = -1 // as long as it takes
	}
	if r.From, r.To, err = period.Range(s.last, s.from, s.to, now, time.Local); err != nil {
		return r, err
	}
	if r.Filter, err = query.ParseAt(s.filter, now); err != nil || s.kind == everyKind {
		return r, err
	}
	kind, ok := kinds[s.kind]
	if !ok {
		return r, fmt.Errorf("--kind: %q is unknown; allowed: flows, counters, options, all", s.kind)
	}
	action, err := query.LookupField("event.action")
	if kind == flow.KindFlow { // events have actions of their own
		options, counters := query.Equal{Field: action, Value: flow.KindOptions.String()}, query.Equal{Field: action, Value: flow.KindCounters.String()}
		r.Filter = and(r.Filter, query.Not{Node: query.Or{Nodes: []query.Node{options, counters}}})
		return r, err
	}
	r.Filter = and(r.Filter, query.Equal{Field: action, Value: kind.String()})
	return r, err
}

// everyKind is --kind for all records.
const everyKind = "all"

// queryOptions are the flags of weir query.
type queryOptions struct {
	selection
	by, fields   []string
	metrics      []query.Metric
	order        string
	top          int
	missing      bool
	histogram    string
	newest, page int
	after        string
	json, csv    bool
}

// metricFlag gathers --sum, --avg and so on in the order of the command line.
type metricFlag struct {
	function query.Func
	list     *[]query.Metric
}

// String is the default, which is none.
func (m metricFlag) String() string { return "" }

// Type is what the help calls a value.
func (m metricFlag) Type() string { return "field" }

// Set takes one field or several with commas between.
func (m metricFlag) Set(text string) error {
	for field := range strings.SplitSeq(text, ",") {
		field = strings.TrimSpace(field)
		if field == everyFlow {
			field = ""
		}
		*m.list = append(*m.list, query.Metric{Func: m.function, Field: field})
	}
	return nil
}

// everyFlow is what --count without a field counts.
const everyFlow = "flows"

func (o *queryOptions) addFlags(f *pflag.FlagSet) {
	o.selection.addFlags(f)
	f.SortFlags = false
	f.StringSliceVar(&o.by, "by", nil, "group by up to three fields")
	for _, m := range []struct {
		function query.Func
		help     string
	}{
		{query.Sum, "sum of a number, such as network.bytes; repeatable, as are those below"}, {query.Avg, "its average"}, {query.Min, "its least value, also of times"},
		{query.Max, "its greatest value, also of times"}, {query.Distinct, "how many different values a field has"}, {query.Count, "number of flows, or of values with --count=FIELD"},
	} {
		f.Var(metricFlag{m.function, &o.metrics}, string(m.function), m.help)
	}
	f.Lookup(string(query.Count)).NoOptDefVal = everyFlow
	f.IntVar(&o.top, "top", query.DefaultTop, "how many groups to list; the others are summed up")
	f.StringVar(&o.order, "order", "", "the metric that groups are ordered by, such as bytes, flows or max(event.duration); default: the first")
	f.BoolVar(&o.missing, "missing", false, "also group the flows that have no value in a field of --by")
	f.StringVar(&o.histogram, "histogram", "", "sums over time: the width of a bucket, such as 1m, or auto")
	f.IntVar(&o.newest, "newest", query.DefaultCount, "list the newest flows")
	f.StringSliceVar(&o.fields, "fields", nil, "fields to list; default: a few for people, all for programs")
	f.IntVar(&o.page, "page", 1, "the how manieth so many flows")
	f.StringVar(&o.after, "after", "", "the page after this one: the value of next in the page before")
	f.BoolVar(&o.json, "json", false, "print JSON")
	f.BoolVar(&o.csv, "csv", false, "print CSV")
}

// mode is what an answer is made of.
type mode int

const (
	overview mode = iota
	grouping
	histogram
	listing
)

// usual are the metrics when none is asked for.
var usual = []query.Metric{{Func: query.Sum, Field: "network.bytes"}, {Func: query.Sum, Field: "network.packets"}, {Func: query.Count}}

// mode finds out what is asked for, and what does not fit together.
func (o *queryOptions) mode(f *pflag.FlagSet) (mode, error) {
	grouped := len(o.by) > 0 || len(o.metrics) > 0
	list := f.Changed("newest") || len(o.fields) > 0 || o.after != "" || f.Changed("page")
	groups := "" // a flag that says which groups
	for _, name := range []string{"top", "order", "missing"} {
		// Without groups a histogram's order chooses what its bars show.
		if f.Changed(name) && len(o.by) == 0 && (name != "order" || o.histogram == "") {
			groups = name
		}
	}
	for name, given := range map[string]int{"by": len(o.by), "fields": len(o.fields)} {
		if f.Changed(name) && given == 0 {
			return 0, fmt.Errorf("--%s: no field is named; docs/fields.md lists them", name)
		}
	}
	switch {
	case f.Changed("top") && (o.top < 1 || o.top > query.MaxTop):
		return 0, fmt.Errorf("--top: %d is out of range; allowed: 1 to %d", o.top, query.MaxTop)
	case f.Changed("newest") && (o.newest < 1 || o.newest > query.MaxCount):
		return 0, fmt.Errorf("--newest: %d is out of range; allowed: 1 to %d", o.newest, query.MaxCount)
	case f.Changed("histogram") && o.histogram == "":
		return 0, fmt.Errorf("--histogram: no width of a bucket is given; allowed: 1s, 1m, 1h, 1d and the like, or auto")
	case o.json && o.csv:
		return 0, fmt.Errorf("--json and --csv exclude each other")
	case list && (grouped || o.histogram != ""):
		return 0, fmt.Errorf("--newest lists flows and goes with neither --by, --histogram nor a metric")
	case o.after != "" && f.Changed("page"):
		return 0, fmt.Errorf("--after and --page exclude each other")
	case o.page < 1 || o.page > 1000:
		return 0, fmt.Errorf("--page: %d is out of range; allowed: 1 to 1000", o.page)
	case list && groups != "":
		return 0, fmt.Errorf("--%s is about groups, and a list of flows has none; leave --newest out and add --by", groups)
	case list:
		return listing, nil
	case groups != "" && o.histogram != "":
		return 0, fmt.Errorf("--%s is about groups, and this histogram has none; add --by", groups)
	case groups != "" && grouped:
		return 0, fmt.Errorf("--%s is about groups, and sums over all flows have none; add --by", groups)
	case groups != "":
		return 0, fmt.Errorf("--%s has no effect on the overview; add --by", groups)
	case o.histogram != "":
		return histogram, nil
	case grouped:
		return grouping, nil
	case o.csv:
		return 0, fmt.Errorf("--csv prints one table; add --by, --histogram, --newest or a metric such as --sum network.bytes")
	}
	return overview, nil
}

// fill completes a request by what is asked for. A histogram's interval may be
// missing still, for auto.
func (o *queryOptions) fill(r *query.Request, m mode) error {
	if len(o.metrics) == 0 {
		o.metrics = usual
	}
	order, err := o.orderBy()
	if err != nil {
		return err
	}
	switch m {
	case grouping:
		r.Groups = &query.Groups{By: o.by, Metrics: o.metrics, Order: order, Top: o.top, Missing: o.missing}
	case histogram:
		r.Histogram = &query.Histogram{By: o.by, Metrics: o.metrics, Order: order, Top: o.top, Missing: o.missing}
		if o.histogram != "auto" {
			if r.Histogram.Interval, err = config.ParseDuration(o.histogram); err != nil || r.Histogram.Interval <= 0 {
				return fmt.Errorf("--histogram: %q is no width of a bucket; allowed: 1s, 1m, 1h, 1d and the like, or auto", o.histogram)
			}
		}
	case listing:
		r.Newest = &query.Newest{Count: o.newest, Fields: o.fields, After: o.after}
		if len(o.fields) == 0 && !o.json && !o.csv {
			r.Newest.Fields = present.BriefFields
		}
	}
	return nil
}

// orderBy finds the metric that --order names: by its name, its heading, its
// field, its function or its number.
func (o *queryOptions) orderBy() (int, error) {
	if o.order == "" {
		return 0, nil
	}
	var names []string
	for i, m := range o.metrics {
		title := present.Heading(query.Column{Func: m.Func, Field: m.Field})
		names = append(names, m.String())
		if slices.Contains([]string{m.String(), title, m.Field, string(m.Func), fmt.Sprint(i + 1)}, o.order) {
			return i, nil
		}
	}
	return 0, fmt.Errorf("--order: %q is none of the metrics; allowed: %s", o.order, strings.Join(names, ", "))
}
