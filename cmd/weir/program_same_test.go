package main

import (
	"encoding/json"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/weirflow/weir/indexer/elastic/elastictest"
	"github.com/weirflow/weir/indexer/local"
	"github.com/weirflow/weir/indexer/local/engine"
	"github.com/weirflow/weir/indexer/query"
)

var (
	sumBytes   = query.Metric{Func: query.Sum, Field: "network.bytes"}
	sumPackets = query.Metric{Func: query.Sum, Field: "network.packets"}
	countFlows = query.Metric{Func: query.Count}
)

// questions are asked of the store and of all servers. begin and end bound the
// flows' times.
func questions(begin, end time.Time) map[string]query.Request {
	groups := func(top int, by []string, metrics ...query.Metric) query.Request {
		return query.Request{Groups: &query.Groups{By: by, Top: top, Metrics: metrics}}
	}
	totals := groups(0, nil, countFlows, sumBytes, sumPackets)
	some := func(r query.Request, filter string) query.Request {
		n, err := query.Parse(filter)
		if err != nil {
			panic(err)
		}
		r.Filter = n
		return r
	}
	between := func(r query.Request, from, to time.Time) query.Request {
		r.From, r.To = from, to
		return r
	}
	over := func(interval time.Duration, top int, by []string, metrics ...query.Metric) query.Request {
		return query.Request{Histogram: &query.Histogram{Interval: interval, By: by, Top: top, Metrics: metrics}}
	}
	middle := begin.Add(end.Sub(begin) / 2)
	bySource := []string{"source.ip"}
	return map[string]query.Request{
		"totals":                  totals,
		"averages and extremes":   groups(0, nil, query.Metric{Func: query.Avg, Field: "network.bytes"}, query.Metric{Func: query.Min, Field: "network.packets"}, query.Metric{Func: query.Max, Field: "event.duration"}, query.Metric{Func: query.Max, Field: "@timestamp"}),
		"categories":              groups(5, []string{"flow.category"}, sumBytes, countFlows),
		"top hosts":               groups(10, bySource, sumBytes, countFlows, query.Metric{Func: query.Avg, Field: "network.packets"}),
		"top conversations":       groups(20, []string{"source.ip", "destination.ip"}, countFlows, sumBytes),
		"three fields":            groups(30, []string{"source.ip", "destination.port", "network.transport"}, sumPackets),
		"distinct hosts":          groups(5, []string{"network.transport"}, query.Metric{Func: query.Distinct, Field: "source.ip"}, query.Metric{Func: query.Distinct, Field: "related.ip"}),
		"a network":               some(totals, "source.ip:192.168.88.0/24"),
		"an IPv6 network":         some(groups(10, []string{"destination.ip"}, sumBytes), "destination.ip:2606:4700\\:\\:/32 or destination.ip:\"2a00:1450::/32\""),
		"addresses above":         some(totals, "destination.ip >= 192.168.88.100 and destination.ip < 192.168.88.140"),
		"the issue's example":     some(groups(10, bySource, sumBytes), "source.ip:192.168.0.0/16 and flow.category:Web and not destination.port >= 1024"),
		"wildcards":               some(groups(10, []string{"destination.geo.country_name"}, sumBytes), `destination.geo.country_name:*an* or flow.category:"Remote Administration"`),
		"presence":                some(groups(10, []string{"destination.geo.country_iso_code"}, sumBytes), "destination.geo.country_iso_code:* and not source.geo.country_iso_code:*"),
		"a list":                  groups(10, []string{"flow.tcp_flags"}, countFlows, sumBytes),
		"a value in a list":       some(groups(10, []string{"destination.port"}, countFlows), "flow.tcp_flags:SYN and not flow.tcp_flags:(ACK or RST)"),
		"numbers as texts":        some(groups(10, []string{"network.iana_number", "flow.direction"}, countFlows), "network.iana_number:(6 or 17)"),
		"exporter and interface":  groups(10, []string{"flow.exporter.protocol", "observer.ingress.interface.id"}, sumBytes, countFlows),
		"a time range":            between(groups(5, []string{"flow.category"}, sumBytes), begin, middle),
		"times in a filter":       some(totals, fmt.Sprintf(`event.start >= "%s" or event.end < "%s"`, middle.Format("2006-01-02T15:04:05.000Z"), begin.Add(100*time.Millisecond).Format("2006-01-02T15:04:05.000Z"))),
		"elements":                some(groups(10, []string{"flow.exporter.protocol"}, countFlows), "flow.ie.ipVersion:4"),
		"over time":               over(200*time.Millisecond, 0, nil, sumBytes, countFlows),
		"over time by category":   over(200*time.Millisecond, 3, []string{"flow.category"}, sumBytes),
		"over time by two fields": some(over(500*time.Millisecond, 4, []string{"flow.exporter.protocol", "network.transport"}, countFlows, query.Metric{Func: query.Max, Field: "network.bytes"}), "network.bytes > 100"),
		"newest":                  {Newest: &query.Newest{Count: 3000, Fields: []string{"@timestamp", "source.ip", "destination.ip", "destination.port", "network.bytes", "flow.category"}}},
		"newest of some":          some(query.Request{Newest: &query.Newest{Count: 1000, Fields: []string{"@timestamp", "source.ip", "flow.tcp_flags", "network.packets"}}}, "network.transport:tcp and source.ip:10.0.0.0/8 or flow.category:Streaming*"),
	}
}

// TestProgramSameAnswers has one collector write the same flows to its store and to
// each Elasticsearch and OpenSearch, and asks all of them the same.
func TestProgramSameAnswers(t *testing.T) {
	flowsAlone(t)
	servers := elastictest.All(t)
	namespace := servers[0].Namespace(t)
	var urls []string
	for _, s := range servers {
		s.Forget(t, namespace)
		urls = append(urls, s.URL)
	}
	t.Setenv("WEIR_INDEX_ELASTICSEARCH_NAMESPACE", namespace)
	t.Setenv("WEIR_INDEX_FIELDS", "full") // the questions are about every kind of field
	folder := filepath.Join(t.TempDir(), "flows")
	p := start(t, t.TempDir(), append(elasticArguments(urls...), "--output", "local:"+folder)...)
	exports, err := filepath.Glob(filepath.Join(testdata, "exports", "*.pcap"))
	if err != nil {
		t.Fatal(err)
	}
	p.replayTo(exports...)
	// Four servers may take longer than a stop waits: most is to be there before.
	until(t, slowly, "the servers do not take the flows", func() bool {
		n := uint64(p.metric("weir_index_records_total", `sink="local`))
		return n > 5000 && p.indexed() >= uint64(len(servers))*n
	})
	p.stop() // with everything written
	stream := "weir-flows-" + namespace
	reader, err := local.OpenReader(folder)
	if err != nil {
		t.Fatal(err)
	}
	snapshot, err := reader.Snapshot(t.Context())
	if err != nil || len(snapshot.Problems) > 0 {
		t.Fatal(err, snapshot.Problems)
	}
	defer snapshot.Release()
	stored := func(r query.Request) *query.Answer {
		a, err := engine.Run(t.Context(), snapshot.Blocks(), r)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	ends := stored(query.Request{Groups: &query.Groups{Metrics: []query.Metric{{Func: query.Min, Field: "@timestamp"}, {Func: query.Max, Field: "@timestamp"}}}}).Groups.Total.Values
	list := questions(ends[0].(time.Time), ends[1].(time.Time))
	if len(list) < 20 {
		t.Fatalf("%d questions", len(list))
	}
	action, err := query.LookupField("event.action")
	if err != nil {
		t.Fatal(err)
	}
	flows := query.Equal{Field: action, Value: "network_flow"} // the stream has nothing else
	for _, s := range servers {
		if documents, _ := s.Totals(t, stream, "network.bytes"); documents < 5000 {
			t.Fatalf("only %d documents in %s", documents, s.Name)
		}
		for name, r := range list {
			t.Run(s.Name+"/"+name, func(t *testing.T) {
				same := r
				same.Filter = and(r.Filter, flows)
				want, got := dslAsk(t, s, stream, r), stored(same)
				if want, got := texts(want, r), texts(got, r); !slices.Equal(got, want) {
					t.Errorf("the store gives\n%s\n%s gives\n%s", strings.Join(got, "\n"), s.Name, strings.Join(want, "\n"))
				} else if len(got) == 0 || got[0] == "total = 0 0 0" || len(got) == 1 && r.Newest != nil {
					t.Errorf("the answer is empty, which shows nothing: %v", got)
				}
			})
		}
	}
}

// texts writes the comparable part of an answer, a line each.
func texts(a *query.Answer, r query.Request) (lines []string) {
	write := func(parts ...any) {
		var line []string
		for _, p := range parts {
			list, ok := p.([]any)
			if !ok {
				list = []any{p}
			}
			for _, v := range list {
				line = append(line, comparable(v))
			}
		}
		lines = append(lines, strings.Join(line, " "))
	}
	switch {
	case a.Groups != nil:
		for _, g := range a.Groups.Rows {
			write(g.Keys, "=", g.Values)
		}
		if other := a.Groups.Other; other != nil {
			write(a.Groups.OtherGroups, "others =")
			for i, m := range r.Groups.Metrics {
				if addable(m) { // of the others no server tells more
					write(m.String(), other.Values[i])
				}
			}
		}
		write("total =", a.Groups.Total.Values)
	case a.Histogram != nil:
		for i, at := range a.Histogram.Buckets {
			write(at, "=", a.Histogram.Total.Values[i])
		}
		for _, s := range a.Histogram.Series {
			for i, at := range a.Histogram.Buckets {
				write(s.Keys, at, "=", s.Values[i])
			}
			write(s.Keys, "=", s.Total)
		}
		write("total =", a.Histogram.Total.Total)
	default:
		// Which of the flows of the last millisecond are among them is left open.
		last := ""
		for _, row := range a.Newest.Rows {
			last = comparable(row[0])
		}
		for _, row := range a.Newest.Rows {
			if comparable(row[0]) != last {
				write(row)
			}
		}
		slices.Sort(lines)
		write("and some of", last)
	}
	return lines
}

// comparable writes a value of either answer: times in milliseconds, as servers
// keep them.
func comparable(v any) string {
	switch v := v.(type) {
	case nil:
		return "-"
	case time.Time:
		return fmt.Sprint(v.UnixMilli(), "ms")
	case string:
		if at, err := time.Parse(time.RFC3339Nano, v); err == nil {
			return comparable(at)
		}
		return v
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return fmt.Sprint(n)
		}
		f, _ := v.Float64()
		return comparable(f)
	case float64:
		if v == math.Trunc(v) && math.Abs(v) < 1<<53 {
			return fmt.Sprint(int64(v))
		}
		return fmt.Sprintf("%.9g", v)
	case []any:
		list := make([]string, len(v))
		for i := range v {
			list[i] = comparable(v[i])
		}
		return "[" + strings.Join(list, ",") + "]"
	}
	return fmt.Sprint(v)
}
