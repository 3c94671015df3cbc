package query

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestNormalizeRefuses(t *testing.T) {
	start := time.Date(2026, 9, 21, 0, 0, 0, 0, time.UTC)
	groups := func(g Groups) Request { return Request{Groups: &g} }
	metric := func(f Func, field string) Request { return groups(Groups{Metrics: []Metric{{f, field}}}) }
	for _, test := range []struct {
		request Request
		want    string
	}{
		{Request{}, "request: exactly one of groups, histogram and newest must be asked for, not 0"},
		{Request{Groups: &Groups{}, Newest: &Newest{}}, "not 2"},
		{Request{From: start, To: start, Newest: &Newest{}}, "time range: its start 2026-09-21T00:00:00Z is not before its end 2026-09-21T00:00:00Z"},
		{Request{From: time.Date(1500, 1, 1, 0, 0, 0, 0, time.UTC), Newest: &Newest{}}, "time range: the start must be in the years 1678 to 2261"},
		{groups(Groups{By: []string{"source.ip", "destination.ip", "source.port", "destination.port"}}), "by: 4 fields; rows can be grouped by up to 3"},
		{groups(Groups{By: []string{"source.iq"}}), `by: no field is called "source.iq"; did you mean source.ip?`},
		{groups(Groups{By: []string{"source.geo.location"}}), "by: rows cannot be grouped by source.geo.location, which is a position"},
		{groups(Groups{By: []string{"flow.ie"}}), "which is a bag of information elements"},
		{groups(Groups{By: []string{"tags", "tags"}}), "by: tags is named twice"},
		{groups(Groups{Top: -1}), "top: -1 is not in 1 to 10000"},
		{groups(Groups{Order: 1}), "order: there is no metric 1; there are 1"},
		{groups(Groups{Metrics: make([]Metric, 17)}), "metrics: 17 metrics; at most 16"},
		{metric("median", "network.bytes"), `metrics: "median" is not one of count, sum, avg, min, max, distinct`},
		{metric(Sum, ""), "metrics: sum needs a field"},
		{metric(Sum, "flow.category"), "metrics: sum cannot take flow.category, which is a text"},
		{metric(Avg, "@timestamp"), "metrics: avg cannot take @timestamp, which is a time"},
		{metric(Max, "flow.mpls.labels"), "which is a list of numbers"},
		{metric(Distinct, "flow.ie"), "metrics: distinct cannot take flow.ie"},
		{metric(Count, "bytes"), "did you mean network.bytes?"},
		{Request{Histogram: &Histogram{}}, "interval: 0s is not a multiple of 1ms"},
		{Request{Histogram: &Histogram{Interval: time.Microsecond}}, "interval: 1µs is not a multiple of 1ms"},
		{Request{Newest: &Newest{Count: 10_001}}, "newest: 10001 is not in 1 to 10000"},
		{Request{Newest: &Newest{Fields: []string{"x.y"}}}, `fields: no field is called "x.y"; docs/fields.md lists them`},
		{Request{Newest: &Newest{Fields: []string{"tags", "tags"}}}, "fields: tags is named twice"},
	} {
		_, err := test.request.Normalize()
		var e *RequestError
		if !errors.As(err, &e) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("the error is %v, want %s", err, test.want)
		}
	}
}

func TestNormalizeFillsIn(t *testing.T) {
	from := time.Date(2026, 9, 21, 0, 0, 0, 1_999_999, time.FixedZone("east", 3600))
	given := Request{From: from, Groups: &Groups{By: []string{"tags"}}}
	r, err := given.Normalize()
	if err != nil {
		t.Fatal(err)
	}
	if r.Groups.Top != DefaultTop || len(r.Groups.Metrics) != 1 || r.Limits.Groups != DefaultLimits.Groups || r.From.Nanosecond() != 1_000_000 || r.From.Location() != time.UTC {
		t.Errorf("the request is %+v, its groups %+v", r, r.Groups)
	}
	if given.Groups.Top != 0 || given.Groups.Metrics != nil {
		t.Error("the given request has changed")
	}
	r, err = Request{Newest: &Newest{}}.Normalize()
	if err != nil || r.Newest.Count != DefaultCount {
		t.Errorf("%+v, %v", r.Newest, err)
	}
	if r.Limits.Time != 5*time.Minute {
		t.Errorf("a request may run for %v", r.Limits.Time)
	}
	if r, err = (Request{Newest: &Newest{}, Limits: Limits{Time: -1}}).Normalize(); err != nil || r.Limits.Time >= 0 {
		t.Errorf("no limit of time becomes %v, %v", r.Limits.Time, err)
	}
}

func TestEveryFieldIsKnown(t *testing.T) {
	for _, f := range Fields() {
		got, err := LookupField(f.Name)
		if err != nil || got != f {
			t.Errorf("%s is found as %+v, %v", f.Name, got, err)
		}
		if n, err := Parse(f.Name + ":*"); err != nil || n.String() != f.Name+":*" {
			t.Errorf("%s:* is read as %v, %v", f.Name, n, err)
		}
	}
	if f, err := LookupField("flow.ie.x"); err != nil || f.Element != "x" || !f.List() || f.Unit() != "" {
		t.Errorf("an element is %+v, %v", f, err)
	}
}

func TestFormatTime(t *testing.T) {
	for ns, want := range map[int64]string{0: "1970-01-01T00:00:00.000Z", 1: "1970-01-01T00:00:00.000000001Z", 1_500_000: "1970-01-01T00:00:00.001500Z", -1_000_000: "1969-12-31T23:59:59.999Z"} {
		if got := FormatTime(ns); got != want {
			t.Errorf("%d is %s, want %s", ns, got, want)
		}
	}
}
