package main

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/weirflow/weir/indexer/query"
)

// TestQueryFreshStore asks a store that has been filled for two seconds about
// hours and days, as people do who have just begun: buckets are as wide as the
// flows need, however long the time that is asked for.
func TestQueryFreshStore(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "flows")
	makeStore(t, dir, 3, 1024) // at noon and the two seconds after it
	opened, err := (&selection{data: dir}).open(t.Context(), t.Output())
	if err != nil {
		t.Fatal(err)
	}
	defer opened.close()
	for name, before := range map[string]time.Duration{"1h": time.Hour, "7d": 7 * 24 * time.Hour, "30d": 30 * 24 * time.Hour} {
		for _, to := range []time.Time{{}, noon.Add(before)} {
			var out strings.Builder
			a := asker{store: opened, out: &out, errOut: t.Output()}
			r := query.Request{From: noon.Add(time.Minute - before), To: to}
			if err := a.overview(t.Context(), r, false); err != nil || !strings.Contains(out.String(), "Categories over time") {
				t.Errorf("the overview of %s: %v\n%s", name, err, out.String())
			}
			r.Histogram = &query.Histogram{}
			if err := a.fit(t.Context(), &r); err != nil {
				t.Fatal(err)
			}
			answer, err := a.ask(t.Context(), r)
			if err != nil {
				t.Fatalf("a histogram of %s: %v", name, err)
			}
			if n := len(answer.Histogram.Buckets); n < 2 || n > autoBuckets || answer.Stats.Matched != 3 {
				t.Errorf("a histogram of %s: %d buckets, %d flows", name, n, answer.Stats.Matched)
			}
		}
	}
}

// failing answers a number of requests, and then no more.
type failing struct {
	*openStore
	left int
}

func (f *failing) Query(ctx context.Context, r query.Request) (*query.Answer, error) {
	if f.left--; f.left < 0 {
		return nil, errors.New("the disk is gone")
	}
	return f.openStore.Query(ctx, r)
}

// TestOverviewFails: an overview that cannot be had as a whole prints nothing.
func TestOverviewFails(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "flows")
	makeStore(t, dir, 3, 1024)
	opened, err := (&selection{data: dir}).open(t.Context(), t.Output())
	if err != nil {
		t.Fatal(err)
	}
	defer opened.close()
	for n := range 8 {
		var out strings.Builder
		a := asker{store: &failing{opened, n}, out: &out, errOut: t.Output()}
		if err := a.overview(t.Context(), query.Request{}, true); err == nil || out.Len() > 0 {
			t.Errorf("after %d requests: %v; printed %q", n, err, out.String())
		}
	}
}
