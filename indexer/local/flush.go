package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/weirflow/weir/indexer/local/column"
	"github.com/weirflow/weir/indexer/local/segment"
)

// retryFlush is how long a log waits that could not become a segment.
const retryFlush = 3 * time.Second

// flushLoop turns logs into segments.
func (s *Store) flushLoop() {
	retry := time.NewTimer(time.Hour)
	defer retry.Stop()
	for {
		select {
		case <-s.stop.Done():
			return
		case <-s.wakeFlush:
		case <-retry.C:
		}
		if err := s.flushAll(s.stop); err != nil && s.stop.Err() == nil {
			retry.Reset(retryFlush)
		}
	}
}

// flushAll turns the logs that are complete into segments, oldest first.
func (s *Store) flushAll(ctx context.Context) error {
	for ctx.Err() == nil {
		s.mu.Lock()
		var l *logFile
		if len(s.logs) > 0 && s.logs[0].closed {
			l = s.logs[0]
		}
		s.mu.Unlock()
		if l == nil {
			return nil
		}
		begin := time.Now()
		err := s.flush(ctx, l)
		s.mu.Lock()
		s.flushErr = err
		s.mu.Unlock()
		s.wakeWaiting()
		if err != nil {
			if ctx.Err() == nil {
				s.metrics.flushErrors.Inc()
				if s.quiet.Allow() {
					s.log.Error("the log could not become a segment; it is tried again", "rows", l.rows, "error", err)
				}
			}
			return err
		}
		s.metrics.flushes.Observe(time.Since(begin).Seconds())
		signal(s.wakeKeep)
	}
	return ctx.Err()
}

// flush makes a segment of one log, puts it into the manifest, and deletes the
// log's file. What was done before a failure is not done again.
func (s *Store) flush(ctx context.Context, l *logFile) error {
	if l.rows > 0 && l.flushed == nil {
		p, err := s.writeSegment(l.id, nil, func(w *segment.Writer) error { return writeTable(ctx, w, l.table.View(l.rows)) })
		if err != nil {
			return err
		}
		l.flushed = p
	}
	if p := l.flushed; p != nil {
		if err := s.update(func(m *manifest) {
			m.Segments = append(m.Segments, p.entry)
			m.Log = max(m.Log, l.id)
			m.UnreadLogs = slices.DeleteFunc(slices.Clone(m.UnreadLogs), func(id uint64) bool { return id == l.id })
		}); err != nil {
			return err
		}
	}
	s.mu.Lock()
	if l.flushed != nil {
		s.parts = append(s.parts, l.flushed)
		sortParts(s.parts)
	}
	s.logs = slices.DeleteFunc(s.logs, func(x *logFile) bool { return x == l })
	if l.users == 0 && s.open {
		l.table.Reset()
		s.spare = l.table
	}
	s.mu.Unlock()
	s.removeLog(l.id, l.damaged)
	return nil
}

// removeLog deletes a file of the log whose rows are in a segment, or sets it
// aside when it has damage that somebody may want to look at.
func (s *Store) removeLog(id uint64, damaged bool) {
	var err error
	if damaged {
		_, err = setAside(s.cfg.Path, logName(id))
	} else {
		err = os.Remove(filepath.Join(s.cfg.Path, logName(id)))
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		s.log.Warn("a file of the log is left behind; the next start deletes it", "error", err)
	}
}

// writeTable writes the rows of a log as one row group.
func writeTable(ctx context.Context, w *segment.Writer, v *column.View) error {
	rows := &segment.Rows{N: v.Rows()}
	for c := range rows.Columns {
		rows.Columns[c] = v.Borrow(c)
	}
	return w.Write(ctx, rows, segment.Order(rows))
}

// writeSegment writes a file and opens it: with fill's rows, under a number of
// its own. It is not in the manifest then.
func (s *Store) writeSegment(log uint64, replaces []uint64, fill func(w *segment.Writer) error) (*part, error) {
	id := s.nextID()
	path := filepath.Join(s.cfg.Path, segmentName(id))
	w, err := segment.Create(path + tempSuffix)
	if err != nil {
		return nil, err
	}
	if err := fill(w); err != nil {
		w.Abort()
		return nil, err
	}
	info, err := w.Finish(segment.Meta{ID: id, Log: log, Replaces: replaces})
	if err != nil {
		return nil, errors.Join(err, os.Remove(path+tempSuffix))
	}
	if err := os.Rename(path+tempSuffix, path); err != nil {
		return nil, errors.Join(err, os.Remove(path+tempSuffix))
	}
	if err := syncDir(s.cfg.Path); err != nil {
		return nil, errors.Join(err, os.Remove(path))
	}
	opened, err := segment.Open(path)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open what was just written: %w", err), os.Remove(path))
	}
	p := &part{segment: opened, entry: entry{ID: id, Rows: info.Rows, Size: info.Size, CRC: info.CRC, Checked: true, MinTime: info.MinTime, MaxTime: info.MaxTime, Log: log}}
	p.dated()
	return p, nil
}

// dated gives a segment without times those of now, so that it does not count
// as old.
func (e *entry) dated() {
	if e.MinTime == 0 && e.MaxTime == 0 {
		e.MinTime = time.Now().UnixNano()
		e.MaxTime = e.MinTime
	}
}

func sortEntries(list []entry) {
	slices.SortStableFunc(list, func(a, b entry) int { return compareEntries(&a, &b) })
}

func sortParts(list []*part) {
	slices.SortStableFunc(list, func(a, b *part) int { return compareEntries(&a.entry, &b.entry) })
}
