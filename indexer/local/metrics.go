package local

import (
	"context"
	"errors"

	"github.com/prometheus/client_golang/prometheus"
)

// The values of the label "reason" of dropped records.
const (
	reasonDiskFull = "disk_full"    // the disk, or the quota, is full
	reasonWrite    = "write_failed" // another fault of the disk or the file system
	reasonShutdown = "shutdown"     // the time for the graceful stop was over
	reasonDamaged  = "damaged"      // found damaged on the disk
)

// reasonOf gives the label for an error of Append.
func reasonOf(err error) string {
	switch {
	case isFull(err):
		return reasonDiskFull
	case errors.Is(err, ErrClosed), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return reasonShutdown
	}
	return reasonWrite
}

type metrics struct {
	appended    prometheus.Counter
	skipped     prometheus.Counter
	dropped     *prometheus.CounterVec
	logBytes    prometheus.Counter
	syncs       prometheus.Histogram
	flushes     prometheus.Histogram
	flushErrors prometheus.Counter
	merges      prometheus.Counter
	mergedRows  prometheus.Counter
	removed     *prometheus.CounterVec
	removedRows *prometheus.CounterVec
	damaged     *prometheus.CounterVec
	scrubbed    prometheus.Counter
}

func newMetrics(r prometheus.Registerer, s *Store) (*metrics, error) {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	}
	counters := func(name, help, label string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, []string{label})
	}
	histogram := func(name, help string, first float64) prometheus.Histogram {
		return prometheus.NewHistogram(prometheus.HistogramOpts{Name: name, Help: help, Buckets: prometheus.ExponentialBuckets(first, 2, 14)})
	}
	gauge := func(name, help string, value func(Stats) float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, func() float64 { return value(s.Stats()) })
	}
	m := &metrics{
		appended:    counter("weir_local_appended_records_total", "Records taken by the store. Those that could not be written in the end are counted as dropped, too."),
		skipped:     counter("weir_local_skipped_records_total", "Records of kinds that are not stored: options records, documents about exporters."),
		dropped:     counters("weir_local_dropped_records_total", "Records that are lost: disk_full, write_failed, shutdown, or damaged (found damaged on the disk; their number as far as it is known).", "reason"),
		logBytes:    counter("weir_local_log_written_bytes_total", "Bytes written to the log."),
		syncs:       histogram("weir_local_sync_seconds", "Time of writing to the log and having the disk take it.", 0.0001),
		flushes:     histogram("weir_local_flush_seconds", "Time of turning a log into a segment.", 0.001),
		flushErrors: counter("weir_local_flush_errors_total", "Attempts to turn a log into a segment that failed; they are repeated."),
		merges:      counter("weir_local_merges_total", "Segments that were made from smaller ones."),
		mergedRows:  counter("weir_local_merged_records_total", "Records in segments that were made from smaller ones."),
		removed:     counters("weir_local_removed_segments_total", "Segments deleted by retention: age or size.", "reason"),
		removedRows: counters("weir_local_removed_records_total", "Records in segments deleted by retention: age or size.", "reason"),
		damaged:     counters("weir_local_damaged_files_total", "Files found damaged and set aside: log, segment or manifest.", "file"),
		scrubbed:    counter("weir_local_scrubbed_bytes_total", "Bytes of segments read by the daily check."),
	}
	var errs []error
	for _, c := range []prometheus.Collector{
		m.appended, m.skipped, m.dropped, m.logBytes, m.syncs, m.flushes, m.flushErrors, m.merges, m.mergedRows, m.removed, m.removedRows, m.damaged, m.scrubbed,
		gauge("weir_local_segments", "Segments.", func(x Stats) float64 { return float64(x.Segments) }),
		gauge("weir_local_segment_bytes", "Bytes of all segments.", func(x Stats) float64 { return float64(x.SegmentBytes) }),
		gauge("weir_local_log_bytes", "Bytes of all log files.", func(x Stats) float64 { return float64(x.LogBytes) }),
		gauge("weir_local_records", "Records in the store.", func(x Stats) float64 { return float64(x.Rows) }),
		gauge("weir_local_pending_bytes", "Bytes of the log that wait for the disk.", func(x Stats) float64 { return float64(x.PendingBytes) }),
		gauge("weir_local_set_aside_files", "Damaged files in the folder damaged; they stay until retention or somebody deletes them.", func(x Stats) float64 { return float64(x.AsideFiles) }),
		gauge("weir_local_set_aside_bytes", "Bytes of damaged files in the folder damaged.", func(x Stats) float64 { return float64(x.AsideBytes) }),
		gauge("weir_local_unreadable_segments", "Segments that cannot be read at present, though nothing says that they are damaged; they are tried again each minute.", func(x Stats) float64 { return float64(x.UnreadableSegments) }),
		gauge("weir_local_unreadable_records", "Records in segments that cannot be read at present.", func(x Stats) float64 { return float64(x.UnreadableRows) }),
		gauge("weir_local_oldest_timestamp_seconds", "The least @timestamp in the segments, Unix time; 0 without any.", func(x Stats) float64 { return float64(x.Oldest) / 1e9 }),
	} {
		errs = append(errs, r.Register(c))
	}
	return m, errors.Join(errs...)
}

// drop counts records that are lost.
func (m *metrics) drop(n int, reason string) {
	if n > 0 {
		m.dropped.WithLabelValues(reason).Add(float64(n))
	}
}

// Stats is what a store holds at a moment.
type Stats struct {
	// Rows counts the records, those in the log included.
	Rows int64
	// Segments counts the segments; SegmentBytes and LogBytes are what they and
	// the log take on the disk, PendingBytes what waits to be written.
	Segments                             int
	SegmentBytes, LogBytes, PendingBytes int64
	// Oldest is the least @timestamp in the segments, Unix nanoseconds; 0 without
	// any.
	Oldest int64
	// UnreadableSegments counts segments that cannot be read at present, though
	// nothing says that they are damaged; UnreadableRows are their records.
	UnreadableSegments int
	UnreadableRows     int64
	// AsideFiles counts the damaged files that are set aside, those of earlier
	// runs included; AsideBytes is what they take.
	AsideFiles int
	AsideBytes int64
}

// Stats tells what the store holds.
func (s *Store) Stats() (x Stats) {
	s.mu.Lock()
	defer s.mu.Unlock()
	x.Rows, x.Segments, x.PendingBytes = s.rows(), len(s.parts), int64(s.pending)
	for _, p := range s.parts {
		x.SegmentBytes += p.Size
		if x.Oldest == 0 || p.MinTime < x.Oldest {
			x.Oldest = p.MinTime
		}
	}
	x.AsideFiles, x.AsideBytes = s.asideFiles, s.asideBytes
	x.UnreadableSegments = len(s.unread)
	for _, e := range s.unread {
		x.UnreadableRows += e.Rows
		x.SegmentBytes += e.Size
	}
	for _, l := range s.logs {
		x.LogBytes += l.size
	}
	return x
}
