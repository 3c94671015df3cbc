package yardstick

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/weirflow/weir/indexer/local/column"
	"github.com/weirflow/weir/indexer/local/engine"
	"github.com/weirflow/weir/indexer/query"
	"github.com/weirflow/weir/indexer/sampleflows"
)

// panel is one of a dashboard's queries over 24 hours: as a request, and as SQL
// for the yardstick.
type panel struct {
	name    string
	request query.Request
	sql     string
}

// bucket is the width of the histogram's.
const bucket = 10 * time.Minute

var octets = []query.Metric{{Func: query.Sum, Field: "network.bytes"}, {Func: query.Count}}

func filter(text string) query.Node {
	n, err := query.Parse(text)
	if err != nil {
		panic(err)
	}
	return n
}

// panels are those that the targets are set for.
func panels() []panel {
	by := func(fields ...string) *query.Groups { return &query.Groups{By: fields, Metrics: octets} }
	const where = ` FROM flows WHERE time >= ? AND time < ? `
	list := []panel{
		{"traffic_by_category", query.Request{Histogram: &query.Histogram{Interval: bucket, By: []string{"flow.category"}, Metrics: octets, Top: 20}},
			`SELECT time/600000000000 AS bucket, category, sum(bytes), count(*)` + where + `GROUP BY 1, 2`},
		{"top_hosts", query.Request{Groups: by("source.ip")},
			`SELECT source_ip, sum(bytes) AS b, count(*)` + where + `GROUP BY 1 ORDER BY b DESC LIMIT 10`},
		{"top_conversations", query.Request{Groups: by("source.ip", "destination.ip")},
			`SELECT source_ip, destination_ip, sum(bytes) AS b, count(*)` + where + `GROUP BY 1, 2 ORDER BY b DESC LIMIT 10`},
		{"distinct_hosts", query.Request{Groups: &query.Groups{Metrics: []query.Metric{{Func: query.Distinct, Field: "source.ip"}, {Func: query.Distinct, Field: "destination.ip"}}}},
			`SELECT count(DISTINCT source_ip), count(DISTINCT destination_ip)` + where},
		{"newest_100", query.Request{Newest: &query.Newest{Count: 100}},
			`SELECT *` + where + `ORDER BY time DESC LIMIT 100`},
		{"filter_by_cidr", query.Request{Filter: filter("source.ip:10.20.4.0/24"), Groups: by("destination.ip")},
			`SELECT destination_ip, sum(bytes) AS b, count(*)` + where + `AND source_ip BETWEEN 169083904 AND 169084159 GROUP BY 1 ORDER BY b DESC LIMIT 10`},
		{"exporter_and_interface", query.Request{Groups: by("observer.name", "observer.ingress.interface.id")},
			`SELECT observer, ingress, sum(bytes) AS b, count(*)` + where + `GROUP BY 1, 2 ORDER BY b DESC LIMIT 10`},
	}
	for i := range list {
		list[i].request.From, list[i].request.To = sampleflows.Day, sampleflows.Day.Add(24*time.Hour)
	}
	return list
}

// ours gives the store's answer as sorted lines.
func ours(ctx context.Context, blocks []column.Block, r query.Request) (lines []string, err error) {
	a, err := engine.Run(ctx, blocks, r)
	if err != nil {
		return nil, err
	}
	switch {
	case a.Histogram != nil:
		for _, s := range a.Histogram.Series {
			for i, at := range a.Histogram.Buckets {
				if v := s.Values[i]; v[1] != int64(0) {
					lines = append(lines, fmt.Sprintln(append([]any{at, s.Keys[0]}, v...)...))
				}
			}
		}
	case a.Newest != nil:
		for _, row := range a.Newest.Rows {
			lines = append(lines, fmt.Sprintln(row[0]))
		}
	case len(r.Groups.By) == 0:
		lines = append(lines, fmt.Sprintln(a.Groups.Total.Values...))
	default:
		for _, g := range a.Groups.Rows {
			lines = append(lines, fmt.Sprintln(append(slices.Clone(g.Keys), g.Values...)...))
		}
	}
	return sorted(lines), nil
}

func sorted(lines []string) []string {
	slices.Sort(lines)
	return lines
}
