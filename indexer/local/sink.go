package local

import (
	"context"

	"github.com/weirflow/weir/flow"
)

// Sink is a Store as a sink of the indexer.
type Sink struct{ *Store }

// NewSink makes a store that is a sink; Start opens it.
func NewSink(c Config, d Dependencies) (*Sink, error) {
	s, err := New(c, d)
	return &Sink{s}, err
}

// Name is local and the folder.
func (s *Sink) Name() string { return "local:" + s.cfg.Path }

// stored reports whether the store takes records of a kind. It is for what
// exporters send: options records where they are asked for, but neither status
// documents, which metrics have, nor roll-ups, as it sums up quickly itself.
func (s *Sink) stored(k flow.Kind) bool {
	return k != flow.KindOptions && !k.Metric() || k == flow.KindOptions && s.cfg.Options
}

// Write appends the records of a batch. It does not wait until the disk has
// them, but while more than Config.QueueBytes do not have it. Records of kinds
// that are not stored are left out and counted.
func (s *Sink) Write(ctx context.Context, b *flow.Batch) error {
	records := b.Records()
	for len(records) > 0 {
		n := 0
		for n < len(records) && s.stored(records[n].Kind) {
			n++
		}
		if _, err := s.Append(ctx, records[:n]); err != nil {
			s.metrics.drop(s.wanted(records[n:]), reasonOf(err))
			return err
		}
		records = records[n:]
		for len(records) > 0 && !s.stored(records[0].Kind) {
			s.metrics.skipped.Inc()
			records = records[1:]
		}
	}
	return nil
}

// wanted counts the records that would be stored.
func (s *Sink) wanted(records []flow.Record) (n int) {
	for i := range records {
		if s.stored(records[i].Kind) {
			n++
		}
	}
	return n
}
