package yardstick

import (
	"time"

	"github.com/weirflow/weir/indexer/query"
)

// panel is one of a dashboard's queries over 24 hours: as a request, and as SQL
// for the yardstick.
type panel struct {
	name    string
	request query.Request
	sql     []string
}

var octets = []query.Metric{{Func: query.Sum, Field: "network.bytes"}, {Func: query.Count}}

func filter(text string) query.Node {
	n, err := query.Parse(text)
	if err != nil {
		panic(err)
	}
	return n
}

// panels are those of the targets: 24 hours each.
func panels() []panel {
	list := []panel{
		{"traffic_by_category", query.Request{Histogram: &query.Histogram{Interval: 10 * time.Minute, By: []string{"flow.category"}, Metrics: octets}}, []string{
			`SELECT time/600000000000, category, sum(bytes), count(*) FROM flows WHERE time >= ? AND time < ? GROUP BY 1, 2`}},
		{"top_hosts", query.Request{Groups: &query.Groups{By: []string{"source.ip"}, Metrics: octets}}, []string{
			`SELECT source_ip, sum(bytes) AS b, count(*) FROM flows WHERE time >= ? AND time < ? GROUP BY 1 ORDER BY b DESC LIMIT 10`}},
		{"top_conversations", query.Request{Groups: &query.Groups{By: []string{"source.ip", "destination.ip"}, Metrics: octets}}, []string{
			`SELECT source_ip, destination_ip, sum(bytes) AS b, count(*) FROM flows WHERE time >= ? AND time < ? GROUP BY 1, 2 ORDER BY b DESC LIMIT 10`}},
		{"distinct_hosts", query.Request{Groups: &query.Groups{Metrics: []query.Metric{{Func: query.Distinct, Field: "source.ip"}, {Func: query.Distinct, Field: "destination.ip"}}}}, []string{
			`SELECT count(DISTINCT source_ip), count(DISTINCT destination_ip) FROM flows WHERE time >= ? AND time < ?`}},
		{"newest_100", query.Request{Newest: &query.Newest{Count: 100}}, []string{
			`SELECT * FROM flows WHERE time >= ? AND time < ? ORDER BY time DESC LIMIT 100`}},
		{"filter_by_cidr", query.Request{Filter: filter("source.ip:10.20.4.0/24"), Groups: &query.Groups{By: []string{"destination.ip"}, Metrics: octets}}, []string{
			`SELECT destination_ip, sum(bytes) AS b, count(*) FROM flows WHERE time >= ? AND time < ? AND source_ip BETWEEN 169083904 AND 169084159 GROUP BY 1 ORDER BY b DESC LIMIT 10`}},
		{"exporter_and_interface", query.Request{Groups: &query.Groups{By: []string{"observer.name", "observer.ingress.interface.id"}, Metrics: octets}}, []string{
			`SELECT observer, ingress, sum(bytes) AS b, count(*) FROM flows WHERE time >= ? AND time < ? GROUP BY 1, 2 ORDER BY b DESC LIMIT 10`}},
	}
	for i := range list {
		list[i].request.From, list[i].request.To = day, day.Add(24*time.Hour)
	}
	return list
}
