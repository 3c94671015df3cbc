package engine

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/weirflow/weir/indexer/query"
)

var (
	someFields = []string{"source.ip", "destination.ip", "related.ip", "source.port", "destination.port", "flow.tcp_flags", "network.iana_number", "flow.end_reason",
		"flow.direction", "flow.forwarding_status", "network.vlan.id", "source.as.number", "observer.ingress.interface.id", "flow.category", "network.transport",
		"source.domain", "observer.name", "user.name", "tags", "flow.mpls.labels", "flow.ie.ttl", `flow.ie.x"y`, "flow.ie.none", "event.kind", "event.category", "event.action",
		"event.start", "source.mac", "flow.clock_skew", "url.path", "network.community_id", "source.nat.ip"}
	someMetrics = []query.Metric{{Func: query.Count}, {Func: query.Sum, Field: "network.bytes"}, {Func: query.Avg, Field: "network.packets"}, {Func: query.Min, Field: "flow.clock_skew"},
		{Func: query.Max, Field: "event.start"}, {Func: query.Distinct, Field: "source.ip"}, {Func: query.Distinct, Field: "related.ip"}, {Func: query.Distinct, Field: "tags"},
		{Func: query.Distinct, Field: "destination.port"}, {Func: query.Distinct, Field: "flow.mpls.labels"}, {Func: query.Count, Field: "tags"}, {Func: query.Count, Field: "source.port"},
		{Func: query.Count, Field: "related.ip"}, {Func: query.Sum, Field: "flow.clock_skew"}, {Func: query.Count, Field: "flow.mpls.labels"}, {Func: query.Count, Field: "event.kind"},
		{Func: query.Distinct, Field: "flow.tcp_flags"}, {Func: query.Distinct, Field: "event.action"}, {Func: query.Count, Field: "source.geo.location"}, {Func: query.Avg, Field: "http.response.status_code"}}
)

// randomFilter gives a filter whose leaves use values that occur.
func randomFilter(rng *rand.Rand, docs []document, depth int) string {
	if depth > 0 {
		switch rng.IntN(5) {
		case 0:
			return "(" + randomFilter(rng, docs, depth-1) + " and " + randomFilter(rng, docs, depth-1) + ")"
		case 1:
			return "(" + randomFilter(rng, docs, depth-1) + " or " + randomFilter(rng, docs, depth-1) + ")"
		case 2:
			return "not " + randomFilter(rng, docs, depth-1)
		}
	}
	names := append([]string{"flow.ie", "destination.geo.location", "@timestamp"}, someFields...)
	name := names[rng.IntN(len(names))]
	f, err := query.LookupField(name)
	if err != nil {
		panic(err)
	}
	shown := strings.ReplaceAll(name, `"`, `\"`)
	values := docs[rng.IntN(len(docs))].values(name)
	if rng.IntN(6) == 0 || len(values) == 0 || f.Class == query.Position {
		return shown + ":*"
	}
	value := values[rng.IntN(len(values))]
	quoted := `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value) + `"`
	op := []string{":", ":", " < ", " <= ", " > ", " >= "}[rng.IntN(6)]
	switch {
	case f.Class == query.Text || f.Class == query.Elements:
		if rng.IntN(3) == 0 && f.Catalogue.Name != "source.mac" && len(value) > 2 && value[0] < 0x80 {
			return shown + ":" + strings.NewReplacer(`\`, `\\`, `"`, `\"`, `*`, `\*`, " ", `\ `, "(", `\(`, ")", `\)`).Replace(value[:1]) + "*"
		}
		return shown + ":" + quoted
	case f.Class == query.Address && op == ":" && rng.IntN(2) == 0:
		return shown + ":" + `"10.0.0.0/` + fmt.Sprint(rng.IntN(33)) + `"`
	}
	return shown + op + quoted
}

func randomBy(rng *rand.Rand) (by []string) {
	for range rng.IntN(query.MaxGroupFields + 1) {
		if name := someFields[rng.IntN(len(someFields))]; !slices.Contains(by, name) {
			by = append(by, name)
		}
	}
	return by
}

func randomMetrics(rng *rand.Rand) (list []query.Metric, order int) {
	for range 1 + rng.IntN(4) {
		list = append(list, someMetrics[rng.IntN(len(someMetrics))])
	}
	return list, rng.IntN(len(list))
}

func randomRequest(t *testing.T, rng *rand.Rand, docs []document) query.Request {
	var r query.Request
	if rng.IntN(3) > 0 {
		filter := randomFilter(rng, docs, 3)
		n, err := query.Parse(filter)
		if err != nil {
			t.Fatalf("%s: %v", filter, err)
		}
		r.Filter = n
	}
	if rng.IntN(2) == 0 {
		r.From = day.Add(time.Duration(rng.IntN(3000)) * time.Second)
	}
	if rng.IntN(2) == 0 {
		r.To = day.Add(time.Duration(3000+rng.IntN(700)) * time.Second)
	}
	switch rng.IntN(3) {
	case 0:
		g := &query.Groups{By: randomBy(rng), Top: 1 + rng.IntN(8), Missing: rng.IntN(2) == 0}
		g.Metrics, g.Order = randomMetrics(rng)
		r.Groups = g
	case 1:
		h := &query.Histogram{By: randomBy(rng), Top: 1 + rng.IntN(4), Missing: rng.IntN(2) == 0, Interval: []time.Duration{time.Minute * 7, time.Hour, 33 * time.Minute}[rng.IntN(3)]}
		h.Metrics, h.Order = randomMetrics(rng)
		r.Histogram = h
		if rng.IntN(3) > 0 {
			r.Limits.Groups = 5000 // takes two passes
		}
	default:
		r.Newest = &query.Newest{Count: 1 + rng.IntN(30)}
		if rng.IntN(2) == 0 {
			r.Newest.Fields = []string{"@timestamp", "source.ip", "related.ip", "tags", "flow.tcp_flags", "event.category"}
		}
	}
	return r
}

// TestAgainstModel holds random requests over random records against the model.
func TestAgainstModel(t *testing.T) {
	rounds := 12
	if testing.Short() {
		rounds = 5
	}
	for seed := range uint64(rounds) {
		rng := rand.New(rand.NewPCG(seed, 7))
		blocks, docs := randomBlocks(rng, 1+rng.IntN(70), 64, 1+rng.IntN(200), 1)
		for range 25 {
			r := randomRequest(t, rng, docs)
			normal, err := r.Normalize()
			mustNot(t, err)
			selected := modelSelect(docs, normal)
			var got, want []string
			switch {
			case r.Groups != nil:
				a, err := Run(t.Context(), blocks, r)
				mustNot(t, err)
				got, want = showGroups(a.Groups), modelShowGroups(selected, normal.Groups)
				if a.Stats.Matched != int64(len(selected)) || a.Stats.Rows != int64(len(docs)) {
					t.Errorf("stats are %+v, %d of %d match", a.Stats, len(selected), len(docs))
				}
			case r.Histogram != nil:
				a, err := Run(t.Context(), blocks, r)
				mustNot(t, err)
				if a.Histogram.Approximate {
					continue
				}
				got, want = showHistogram(a.Histogram), modelShowHistogram(selected, normal)
			default:
				got, want = pages(t, blocks, r), modelNewest(selected, normal)
			}
			if !slices.Equal(got, want) {
				filter := "everything"
				if r.Filter != nil {
					filter = r.Filter.String()
				}
				t.Fatalf("seed %d, %s, from %v to %v, groups %+v, histogram %+v, newest %+v: %d lines, want %d\n%s", seed, filter, r.From, r.To, r.Groups, r.Histogram, r.Newest,
					len(got), len(want), difference(got, want))
			}
		}
	}
}

// difference shows the first lines that differ.
func difference(got, want []string) string {
	for i := range max(len(got), len(want)) {
		g, w := "nothing", "nothing"
		if i < len(got) {
			g = got[i]
		}
		if i < len(want) {
			w = want[i]
		}
		if g != w {
			return fmt.Sprintf("line %d is  %s\nand must be %s", i, g, w)
		}
	}
	return "no line differs"
}
