// Package indexer is where records end up: it hands every batch to each sink
// through a bounded queue of the sink's own, so that one slow or broken sink
// never stops another, and counts what a queue could not take.
//
// It knows no collector and no enricher, and does no I/O itself; sinks do, in
// sub-packages.
package indexer

import (
	"context"

	"github.com/weirflow/weir/flow"
)

// Sink takes records somewhere. One goroutine calls Write and Flush, in order,
// and Close after the last of them.
type Sink interface {
	// Name is the sink's name in metrics and log lines.
	Name() string
	// Start begins what the sink does in the background. It must not wait for a
	// server: a sink whose server is down starts all the same. An error means
	// that the sink cannot work with its configuration.
	Start(ctx context.Context) error
	// Write takes the records of a batch. It may keep the batch's strings but
	// neither the batch nor its bytes. It may wait when the sink is behind; ctx
	// ends the wait at shutdown. The sink counts the records that it loses,
	// whatever it returns; an error is for the log.
	Write(ctx context.Context, b *flow.Batch) error
	// Close writes what is left, until ctx ends, and frees everything. What is
	// lost then is counted by the sink.
	Close(ctx context.Context) error
	// Ready reports whether records reach their end, as nil or the reason.
	Ready() error
}

// Reopener is a Sink that can open its file anew, for log rotation.
type Reopener interface {
	Reopen() error
}
