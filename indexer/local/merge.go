package local

import (
	"context"
	"errors"
	"time"

	"github.com/weirflow/weir/indexer/local/column"
	"github.com/weirflow/weir/indexer/local/segment"
)

// Segments are merged eight at a time, of about one size, so that a row is
// written some four times in all.
const mergeParts = 8

// maxMergeSpan bounds the time that a merged segment covers, so that retention
// by age stays fine.
const maxMergeSpan = 24 * time.Hour

// mergeSome merges one run of neighbouring small segments and reports whether
// there was one.
func (s *Store) mergeSome() bool {
	s.mu.Lock()
	run := s.chooseRun()
	for _, p := range run {
		use(p)
	}
	s.mu.Unlock()
	if run == nil {
		return false
	}
	defer func() {
		for _, p := range run {
			s.unuse(p)
		}
	}()
	if err := s.merge(s.stop, run); err != nil {
		var d *segment.DamagedError
		if errors.As(err, &d) {
			for _, p := range run {
				if p.segment == d.Segment {
					s.found(p, err)
				}
			}
		} else if s.stop.Err() == nil && s.quiet.Allow() {
			s.log.Error("segments could not be merged", "error", err)
		}
		return false
	}
	return true
}

// levelOf is the size class of a segment: each is eight times the one below.
func (s *Store) levelOf(rows int64) int {
	level := 0
	for limit := s.cfg.MergeRows / (mergeParts * mergeParts); rows >= limit && level < 3; limit *= mergeParts {
		level++
	}
	return level
}

// chooseRun gives neighbours to merge, the smallest first; nil when there are
// none. s.mu is held.
func (s *Store) chooseRun() []*part {
	if s.cfg.MergeRows == 0 {
		return nil
	}
	limit := int64(0)
	if s.cfg.MaxSize > 0 {
		limit = s.cfg.MaxSize / 10
	}
	for level := range 3 {
		var run []*part
		rows, size := int64(0), int64(0)
		for _, p := range s.parts {
			fits := s.levelOf(p.Rows) <= level && !p.damaged
			if fits && len(run) > 0 && (rows+p.Rows > s.cfg.MergeRows || limit > 0 && size+p.Size > limit || p.MaxTime-run[0].MinTime > int64(maxMergeSpan)) {
				fits = false
				if len(run) < mergeParts { // begin anew with this one
					run, rows, size = append(run[:0:0], p), p.Rows, p.Size
					continue
				}
			}
			if fits {
				run, rows, size = append(run, p), rows+p.Rows, size+p.Size
				continue
			}
			if len(run) >= mergeParts {
				return run
			}
			run, rows, size = nil, 0, 0
		}
		if len(run) >= mergeParts {
			return run
		}
	}
	return nil
}

// merge makes one segment of several.
func (s *Store) merge(ctx context.Context, run []*part) error {
	var replaces []uint64
	log := uint64(0)
	for _, p := range run {
		replaces = append(replaces, p.ID)
		log = max(log, p.Log)
	}
	merged, err := s.writeSegment(log, replaces, func(w *segment.Writer) error {
		m := merger{writer: w}
		for _, p := range run {
			for _, b := range p.segment.Blocks() {
				begin := time.Now()
				if err := m.add(ctx, b); err != nil {
					return err
				}
				if err := pause(ctx, time.Since(begin)); err != nil { // half of a core at most
					return err
				}
			}
		}
		return m.flush(ctx)
	})
	if err != nil {
		return err
	}
	if err := s.replace(run, merged); err != nil {
		// The manifest on the disk is the old or the new one; the next start knows.
		s.orphan(merged)
		return err
	}
	s.metrics.merges.Inc()
	s.metrics.mergedRows.Add(float64(merged.Rows))
	s.log.Debug("segments are merged", "segments", len(run), "rows", merged.Rows, "bytes", merged.Size)
	return nil
}

// merger writes blocks: full ones as they are, small ones put together.
type merger struct {
	writer  *segment.Writer
	table   *column.Table
	columns []int
	vectors []*column.Vector
}

// fullRows is when a row group is large enough to be left as it is.
const fullRows = maxRotateRows * 3 / 4

func (m *merger) add(ctx context.Context, b *segment.Block) error {
	if b.Rows() >= fullRows {
		if ok, err := m.writer.Copy(b); ok || err != nil {
			return err
		}
	}
	if err := m.begin(ctx, b.Rows()); err != nil {
		return err
	}
	if err := b.LoadStored(ctx, m.columns, m.vectors); err != nil {
		return err
	}
	m.table.AppendVectors(m.vectors)
	return nil
}

// begin makes room for rows.
func (m *merger) begin(ctx context.Context, rows int) error {
	if m.table == nil {
		m.table = column.NewTable()
	}
	if m.table.Rows() > 0 && m.table.Rows()+rows > maxRotateRows {
		if err := m.flush(ctx); err != nil {
			return err
		}
	}
	if m.vectors == nil {
		for i := range column.Columns {
			m.columns, m.vectors = append(m.columns, i), append(m.vectors, new(column.Vector))
		}
	}
	return nil
}

func (m *merger) flush(ctx context.Context) error {
	if m.table == nil || m.table.Rows() == 0 {
		return nil
	}
	err := writeTable(ctx, m.writer, m.table.View(m.table.Rows()))
	m.table = column.NewTable()
	return err
}

// pause waits, so that work in the background leaves room for other work.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
