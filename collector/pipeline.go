package collector

import (
	"context"
	"errors"

	"github.com/weirflow/weir/collector/message"
	"github.com/weirflow/weir/flow"
)

// MessageDecoder turns one message into records. It never keeps payload, and one
// goroutine at a time uses it.
type MessageDecoder interface {
	// Decode puts the records of payload into w, and reports in res, which it
	// resets.
	Decode(o message.Origin, payload []byte, w *flow.Writer, res *message.Result)
}

// pipeline takes messages all the way to the output: decode, count, enrich, hand
// over. One goroutine at a time uses it.
type pipeline struct {
	decoder  MessageDecoder
	enrich   func(*flow.Batch) // may be nil
	writer   *flow.Writer
	result   message.Result
	counters *messageCounters
	exporter *exporterCache
	report   *reporter
}

// scratchRecords is the size of the batches that stand in for the pool's after
// the time for a graceful stop has run out.
const scratchRecords = 64

var errNotAllowed = errors.New("the endpoint is narrowed to other protocols")

// newPipeline gives a pipeline whose batches wait for room at the sinks or not.
// When ctx ends, it counts the records instead of handing them over.
func newPipeline(ctx context.Context, d *Dependencies, m *metrics, waits bool) *pipeline {
	p := &pipeline{decoder: d.NewDecoder(), counters: &m.messages, exporter: newExporterCache(m.exporters), report: m.report}
	if d.Enrich != nil {
		p.enrich = d.Enrich()
	}
	get := func() *flow.Batch {
		b := d.Pool.Get(ctx)
		if b == nil {
			b = flow.NewBatch(scratchRecords)
		}
		b.Waits = waits
		return b
	}
	put := func(b *flow.Batch) {
		if ctx.Err() != nil {
			m.abandonRecords(b.Len())
			b.Release()
			return
		}
		if p.enrich != nil {
			p.enrich(b)
		}
		d.Output(ctx, b)
	}
	p.writer = flow.NewWriter(get, put)
	return p
}

// process decodes one message and counts what it was.
func (p *pipeline) process(o message.Origin, payload []byte, allowed protocolSet) {
	if allowed != allProtocols {
		if protocol := Recognise(payload); protocol != message.ProtocolUnknown && !allowed.has(protocol) {
			p.result.Reset()
			p.result.Protocol = protocol
			p.result.Add(message.ReasonProtocolNotAllowed, 0, 0, errNotAllowed)
			p.account(&o, len(payload))
			return
		}
	}
	p.decoder.Decode(o, payload, p.writer, &p.result)
	p.account(&o, len(payload))
}

// flush hands over what is decoded.
func (p *pipeline) flush() { p.writer.Flush() }

// account counts and reports the result of one message of size bytes.
func (p *pipeline) account(o *message.Origin, size int) {
	r := &p.result
	p.counters.add(r)
	if r.Problems[message.ReasonProtocolNotAllowed] == 0 {
		p.exporter.add(o, r, size)
	}
	if r.First == nil {
		return
	}
	for reason, n := range r.Problems {
		if n > 0 {
			p.counters.problems[r.Protocol][reason].Add(float64(n))
		}
	}
	p.report.problem(o, r.First)
}
