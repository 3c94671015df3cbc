package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/weirflow/weir/cmd/weir/internal/present"
	"github.com/weirflow/weir/indexer/query"
)

// overviewNewest is how many flows an overview lists.
const overviewNewest = 10

// part is one table of the overview.
type part struct {
	// name is its key in JSON, title its heading.
	name, title string
	request     query.Request
}

// parts are the tables of an overview, over the flows that r selects.
func parts(r query.Request) []part {
	grouped := func(top int, missing bool, by ...string) query.Request {
		g := r
		g.Groups = &query.Groups{By: by, Metrics: usual, Top: top, Missing: missing}
		return g
	}
	newest := r
	newest.Newest = &query.Newest{Count: overviewNewest, Fields: present.BriefFields}
	countries := grouped(8, true, "source.geo.country_name", "destination.geo.country_name")
	countries.Filter = and(r.Filter, query.Or{Nodes: []query.Node{exists("source.geo.country_name"), exists("destination.geo.country_name")}})
	return []part{
		{"exporters", "Exporters", grouped(8, true, "observer.name", "flow.exporter.protocol")},
		{"talkers", "Top talkers", grouped(10, false, "source.ip")},
		{"conversations", "Top conversations", grouped(8, false, "source.ip", "destination.ip", "flow.category")},
		{"countries", "Countries, from and to", countries},
		{"newest", "Newest flows", newest},
	}
}

// and selects what both filters select; the first may be nil.
func and(filter, more query.Node) query.Node {
	switch f := filter.(type) {
	case nil:
		return more
	case query.And:
		return query.And{Nodes: append(slices.Clone(f.Nodes), more)}
	}
	return query.And{Nodes: []query.Node{filter, more}}
}

func exists(name string) query.Node {
	f, err := query.LookupField(name)
	if err != nil {
		panic(err) // a name in this file
	}
	return query.Exists{Field: f}
}

// overview answers what people ask first.
func (a *asker) overview(ctx context.Context, r query.Request, asJSON bool) error {
	totals := r
	totals.Groups = &query.Groups{Metrics: []query.Metric{{Func: query.Count}, {Func: query.Sum, Field: "network.bytes"}, {Func: query.Sum, Field: "network.packets"},
		{Func: query.Distinct, Field: "related.ip"}, {Func: query.Min, Field: "@timestamp"}, {Func: query.Max, Field: "@timestamp"}}}
	total, err := a.ask(ctx, totals)
	if err != nil {
		return err
	}
	from, to, err := a.span(ctx, r)
	if err != nil {
		return err
	}
	traffic := r
	traffic.Histogram = &query.Histogram{Interval: intervals[len(intervals)-1], By: []string{"flow.category"}, Metrics: usual[:1], Top: 8, Missing: true}
	a.nothing = from.IsZero()
	if !a.nothing {
		narrow(&traffic, from, to)
	}
	var list []part
	if !a.nothing || asJSON {
		list = append([]part{{"traffic", "Categories over time", traffic}}, parts(r)...)
	}
	// All is asked before anything is printed: half an overview is no answer, and
	// no JSON either.
	answers := make([]*query.Answer, len(list))
	for i, p := range list {
		if answers[i], err = a.ask(ctx, p.request); err != nil {
			return err
		}
	}
	if asJSON {
		return a.overviewJSON(total, list, answers)
	}
	s := style(a.out)
	if err := present.Groups(a.out, s, total.Groups); err != nil {
		return err
	}
	for i, p := range list {
		if answers[i].Stats.Matched == 0 && answers[i].Newest == nil {
			continue
		}
		if err := present.Title(a.out, s, p.title); err != nil {
			return err
		}
		if err := present.Table(a.out, s, answers[i]); err != nil {
			return err
		}
	}
	return nil
}

// overviewJSON prints one object with an answer per part.
func (a *asker) overviewJSON(total *query.Answer, list []part, answers []*query.Answer) error {
	if _, err := fmt.Fprint(a.out, `{"totals":`); err != nil {
		return err
	}
	if err := present.JSON(a.out, total); err != nil {
		return err
	}
	for i, p := range list {
		if _, err := fmt.Fprintf(a.out, ",%q:", p.name); err != nil {
			return err
		}
		if err := present.JSON(a.out, answers[i]); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintln(a.out, "}")
	return err
}
