package local

import (
	"errors"
	"path/filepath"
	"time"

	"github.com/weirflow/weir/indexer/local/wal"
)

// commitLoop writes what is appended to the log, and ends logs by age.
func (s *Store) commitLoop() {
	age := time.NewTicker(max(s.cfg.RotateAfter/20, 50*time.Millisecond))
	defer age.Stop()
	var sync <-chan time.Time
	if s.cfg.SyncInterval > 0 {
		t := time.NewTicker(s.cfg.SyncInterval)
		defer t.Stop()
		sync = t.C
	}
	for {
		select {
		case <-s.stop.Done():
			return
		case <-s.wakeCommit:
		case <-age.C:
			s.sealByAge()
		case <-sync:
			s.syncLogs()
		}
		s.commitAll()
	}
}

func (s *Store) sealByAge() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l := s.logs[len(s.logs)-1]; s.open && l.table.Rows() > 0 && time.Since(l.born) >= s.cfg.RotateAfter {
		s.seal()
	}
}

// commitAll commits until nothing waits. The committer calls it, and Close when
// that has ended.
func (s *Store) commitAll() {
	for {
		s.mu.Lock()
		var next *logFile
		for _, l := range s.logs {
			if !l.closed && (len(l.pending) > 0 || l.sealed) {
				next = l
				break
			}
		}
		s.mu.Unlock()
		if next == nil {
			return
		}
		s.commit(next)
	}
}

// commit writes what a log has pending, with one sync for all of it, and closes
// the file when the log is sealed.
func (s *Store) commit(l *logFile) {
	s.mu.Lock()
	frames, g, rows, last := l.pending, l.group, l.table.Rows(), l.sequence
	l.pending, l.group = l.spare[:0], nil
	sealed := l.sealed
	s.mu.Unlock()

	var err error
	broken := false
	if len(frames) > 0 {
		broken, err = s.write(l, frames)
	}
	l.spare = frames

	s.mu.Lock()
	s.pending -= len(frames)
	if err != nil {
		l.broken = broken
		s.giveUp(l, g, err)
	} else if len(frames) > 0 {
		l.rows, l.committed, l.size = rows, last, l.writer.Size()
		s.writeErr = nil
		if s.cfg.SyncInterval > 0 {
			l.unsynced = append(l.unsynced, g)
		} else {
			g.end(nil)
		}
	}
	finish := sealed && len(l.pending) == 0
	s.mu.Unlock()
	if finish {
		s.finish(l)
	}
	s.wakeWaiting()
}

// endGroups tells those who wait what became of their records.
func endGroups(list []*group, err error) {
	for _, g := range list {
		g.end(err)
	}
}

// write appends frames to a log's file, which it makes at first. broken tells
// that the file must not be appended to any more.
func (s *Store) write(l *logFile, frames []byte) (broken bool, err error) {
	begin := time.Now()
	if l.broken {
		return true, errors.New("the file of the log is broken")
	}
	if l.writer == nil {
		path := filepath.Join(s.cfg.Path, logName(l.id))
		w, err := wal.Create(path, l.id)
		if err != nil {
			return false, err
		}
		if err := syncDir(s.cfg.Path); err != nil {
			return true, errors.Join(err, w.Close())
		}
		l.writer = w
	}
	good := l.writer.Size()
	if err := l.writer.Append(frames); err != nil {
		// Append has cut the file; if not, its end is no whole frame.
		return !isFull(err), err
	}
	s.metrics.logBytes.Add(float64(len(frames)))
	if s.cfg.SyncInterval > 0 {
		return false, nil
	}
	if err := l.writer.Sync(); err != nil {
		// What the disk has of the file's end is unknown from here on.
		return true, errors.Join(err, l.writer.Truncate(good))
	}
	s.metrics.syncs.Observe(time.Since(begin).Seconds())
	return false, nil
}

// giveUp takes back the rows that could not be written, and those that came
// behind them; s.mu is held.
func (s *Store) giveUp(l *logFile, g *group, err error) {
	lost := l.table.Rows() - l.rows
	l.table.Truncate(l.rows)
	s.pending -= len(l.pending)
	l.pending, l.sequence = l.pending[:0], l.committed
	s.metrics.drop(lost, reasonOf(err))
	s.writeErr = err
	g.end(err)
	l.group.end(err)
	l.group = nil
	if l.broken && !l.sealed {
		s.seal()
	}
	if s.quiet.Allow() {
		s.log.Error("flows could not be written and are lost; they are counted", "rows", lost, "error", err)
	}
}

// finish closes a sealed log's file and hands it to the flusher.
func (s *Store) finish(l *logFile) {
	var err error
	if l.writer != nil {
		if s.cfg.SyncInterval > 0 && !l.broken {
			err = l.writer.Sync()
		}
		err = errors.Join(err, l.writer.Close())
	}
	s.mu.Lock()
	endGroups(l.unsynced, err)
	l.unsynced = nil
	l.closed, l.writer = true, nil
	s.mu.Unlock()
	if err != nil && s.quiet.Allow() {
		s.log.Error("a file of the log could not be closed; its rows are in memory and become a segment", "error", err)
	}
	signal(s.wakeFlush)
}

// syncLogs has the disk take what was written since the last time.
func (s *Store) syncLogs() {
	s.mu.Lock()
	var list []*logFile
	for _, l := range s.logs {
		if l.unsynced != nil && l.writer != nil {
			list = append(list, l)
		}
	}
	s.mu.Unlock()
	for _, l := range list {
		begin := time.Now()
		err := l.writer.Sync()
		s.metrics.syncs.Observe(time.Since(begin).Seconds())
		s.mu.Lock()
		endGroups(l.unsynced, err)
		l.unsynced = nil
		if err != nil {
			l.broken = true
			s.writeErr = err
			if !l.sealed {
				s.seal()
			}
		}
		s.mu.Unlock()
	}
}
