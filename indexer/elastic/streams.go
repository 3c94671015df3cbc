package elastic

import (
	"fmt"

	"github.com/weirflow/weir/flow"
)

// The data streams, without the namespace.
const (
	streamFlows        = "weir-flows-"
	streamCounters     = "weir-counters-"
	streamExporters    = "weir-exporters-"
	streamRejected     = "weir-rejected-"
	streamRollupMinute = "weir-rollup-1m-"
	streamRollupHour   = "weir-rollup-1h-"
)

// rollupHour is flow.rollup.interval of what goes to streamRollupHour.
const rollupHour = "1h"

// actions are the lines before documents, by flow.Kind; none for kinds that are
// skipped. Those of roll-ups by the hour come last.
type actions [flow.NumKinds + 1][]byte

func newActions(namespace string) (a actions) {
	a[flow.KindFlow] = []byte(`{"create":{}}` + "\n") // the request's path names the stream
	a[flow.KindCounters] = createIn(streamCounters + namespace)
	a[flow.KindExporter] = createIn(streamExporters + namespace)
	a[flow.KindRollup] = createIn(streamRollupMinute + namespace)
	a[flow.NumKinds] = createIn(streamRollupHour + namespace)
	return a
}

// of gives the line before a record's document, nil when it is skipped.
func (a *actions) of(r *flow.Record) []byte {
	if r.Kind == flow.KindRollup && r.FlowRollupInterval == rollupHour {
		return a[flow.NumKinds]
	}
	return a[r.Kind]
}

func createIn(stream string) []byte {
	return fmt.Appendf(nil, `{"create":{"_index":%q}}`+"\n", stream)
}
