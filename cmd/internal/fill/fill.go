// Package fill writes the records of dashboards/demo to Elasticsearch or OpenSearch
// with the sink that weir itself writes with, and so with its templates. It is for
// weir-demo and for tests of the boards.
package fill

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/weirflow/weir/dashboards/demo"
	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/indexer/elastic"
)

const (
	// lookInterval is the time between two looks whether the server answers.
	lookInterval = 100 * time.Millisecond
	// batchRecords is how many records a batch takes.
	batchRecords = 1000
)

// Fill writes all records of d to the server of c and waits until it has them. It
// gives how many documents there are, by what became of them: indexed, rejected
// and so on. ctx bounds how long it may take.
func Fill(ctx context.Context, c elastic.Config, d demo.Config, log *slog.Logger) (map[string]int, error) {
	registry := prometheus.NewRegistry()
	sink, err := elastic.New(c, elastic.Dependencies{Logger: log, Registerer: registry})
	if err != nil {
		return nil, err
	}
	if err := sink.Start(ctx); err != nil {
		return nil, err
	}
	err = ready(ctx, sink)
	if err == nil {
		err = write(ctx, sink, d)
	}
	if closed := sink.Close(ctx); err == nil {
		err = closed
	}
	if err != nil {
		return nil, err
	}
	return results(registry)
}

// ready waits until the server can be written to.
func ready(ctx context.Context, sink *elastic.Sink) error {
	again := time.NewTicker(lookInterval)
	defer again.Stop()
	for {
		err := sink.Ready()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-again.C:
		}
	}
}

func write(ctx context.Context, sink *elastic.Sink, d demo.Config) error {
	var failed error
	batch := flow.NewBatch(batchRecords)
	demo.Fill(d, flow.NewWriter(
		func() *flow.Batch {
			batch.Reset()
			batch.Waits = true // for room in the queue
			return batch
		},
		func(b *flow.Batch) {
			if failed == nil {
				failed = sink.Write(ctx, b)
			}
		}))
	return failed
}

// results sums up the sink's counter of documents.
func results(registry *prometheus.Registry) (map[string]int, error) {
	families, err := registry.Gather()
	if err != nil {
		return nil, err
	}
	counts := map[string]int{}
	for _, f := range families {
		if f.GetName() != "weir_elastic_documents_total" {
			continue
		}
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				if l.GetName() == "result" {
					counts[l.GetValue()] += int(m.GetCounter().GetValue())
				}
			}
		}
	}
	if counts["dropped"] > 0 {
		return counts, fmt.Errorf("%d documents were dropped", counts["dropped"])
	}
	return counts, nil
}
