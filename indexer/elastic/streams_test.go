package elastic

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weirflow/weir/flow"
)

// TestStreams has records of each kind go to the stream of the kind.
func TestStreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		s := f.start(nil)
		b := flow.NewBatch(10)
		for k := range flow.NumKinds {
			b.Next().Kind = k
		}
		for _, interval := range []string{"1m", "1h"} {
			r := b.Next()
			r.Kind = flow.KindRollup
			r.SetFlowRollupInterval(interval)
		}
		write(t, s, b)
		f.pass(2 * time.Second)
		in := func(stream string) string { return `{"create":{"_index":"` + stream + `-default"}}` }
		want := []string{`{"create":{}}`, in("weir-counters"), in("weir-rollup-1m"), in("weir-exporters"), in("weir-rollup-1m"), in("weir-rollup-1h")}
		if got := f.bulks[0].actions; !slices.Equal(got, want) {
			t.Errorf("actions %q, want %q", got, want)
		}
		stop(t, s)
		f.documents(map[string]float64{"indexed": 6, "skipped/options_record": 1})
	})
}
