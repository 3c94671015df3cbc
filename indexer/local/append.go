package local

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/indexer/local/column"
	"github.com/weirflow/weir/indexer/local/wal"
)

// ErrClosed tells that the store is closed, or not started.
var ErrClosed = errors.New("the store is closed")

// maxChunk is how many records one frame takes at most; the sink's batches have
// fewer.
const maxChunk = 16384

// maxSealed is how many logs may wait to become segments. Each is a table in
// memory, up to some 50 MiB.
const maxSealed = 2

// maxLogBytes ends a log before its rows do, when they are large.
const maxLogBytes = 64 << 20

// logFile is a file of the log, and its rows as a table. Its fields are guarded
// by Store.mu, except those of the committer's.
type logFile struct {
	id    uint64
	table *column.Table
	// rows is how many of the table's are in the file: what readers see.
	rows int
	born time.Time // of the first row

	pending  []byte // frames that are not in the file yet
	group    *group // of those who wait for them
	sequence uint64 // of the last frame made
	sealed   bool   // nothing is appended any more
	users    int    // snapshots that read the table

	// The committer's.
	writer    *wal.Writer // nil before the first write, and for a recovered file
	spare     []byte
	committed uint64   // sequence of the last frame in the file
	unsynced  []*group // those who wait for a sync, with Config.SyncInterval

	// Written by the committer, under Store.mu.
	size   int64 // of the file, in bytes
	broken bool  // the file does not take anything any more
	closed bool  // the file is complete: it can become a segment

	// The flusher's.
	flushed *part // written, but perhaps not in the manifest
	damaged bool  // losses were found in the file: it is kept aside
}

// group is the appends that become durable together.
type group struct {
	done chan struct{}
	err  error // once done is closed
}

func newGroup() *group { return &group{done: make(chan struct{})} }

func (g *group) end(err error) {
	if g != nil {
		g.err = err
		close(g.done)
	}
}

// Pending is appended records on their way to the disk.
type Pending struct{ groups []*group }

// Wait waits until the disk has the records, and gives nil, or the reason why
// they are lost; the store has counted them then. It ends with ctx, too.
func (p Pending) Wait(ctx context.Context) error {
	for _, g := range p.groups {
		select {
		case <-g.done:
			if g.err != nil {
				return g.err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// Append adds records to the store and gives what to wait for. It waits itself
// while more than Config.QueueBytes are on their way to the disk; when ctx ends
// meanwhile, or the store cannot take them, they are lost and counted. It keeps
// nothing of the records but their strings.
func (s *Store) Append(ctx context.Context, records []flow.Record) (p Pending, err error) {
	for len(records) > 0 {
		n := min(len(records), maxChunk, s.cfg.RotateRows)
		g, err := s.appendChunk(ctx, records[:n])
		if err != nil {
			s.metrics.drop(len(records), reasonOf(err))
			return p, err
		}
		p.groups = append(p.groups, g)
		records = records[n:]
	}
	return p, nil
}

func (s *Store) appendChunk(ctx context.Context, records []flow.Record) (*group, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.waitForRoom(ctx); err != nil {
		return nil, err
	}
	l := s.logs[len(s.logs)-1]
	from := l.table.Rows()
	if from > 0 && (from+len(records) > s.cfg.RotateRows || l.broken || l.size+int64(len(l.pending)) > maxLogBytes) {
		s.seal()
		l = s.logs[len(s.logs)-1]
		from = 0
	}
	if from == 0 {
		l.born = time.Now()
	}
	l.table.Append(records)
	before := len(l.pending)
	l.sequence++
	l.pending = wal.AppendFrame(l.pending, l.sequence, l.table, from, l.table.Rows())
	s.pending += len(l.pending) - before
	if l.group == nil {
		l.group = newGroup()
	}
	s.metrics.appended.Add(float64(len(records)))
	signal(s.wakeCommit)
	return l.group, nil
}

// waitForRoom waits until the queue has room; s.mu is held, but not meanwhile.
func (s *Store) waitForRoom(ctx context.Context) error {
	for {
		if !s.open {
			return ErrClosed
		}
		sealed := len(s.logs) - 1
		if s.pending <= s.cfg.QueueBytes && sealed < maxSealed+1 {
			return nil
		}
		if s.flushErr != nil && sealed >= maxSealed+1 {
			// Waiting would stop the collector; what comes is counted instead.
			return fmt.Errorf("logs cannot become segments: %w", s.flushErr)
		}
		room := s.room
		s.mu.Unlock()
		var err error
		select {
		case <-room:
		case <-ctx.Done():
			err = ctx.Err()
		}
		s.mu.Lock()
		if err != nil {
			return err
		}
	}
}

// newLog gives the log to append to next; s.mu is held.
func (s *Store) newLog() *logFile {
	s.nextLog++
	l := &logFile{id: s.nextLog - 1, table: s.spare}
	if s.spare = nil; l.table == nil {
		l.table = column.NewTable()
	}
	return l
}

// seal ends the current log when it has rows, and begins another; s.mu is held.
func (s *Store) seal() {
	l := s.logs[len(s.logs)-1]
	if l.table.Rows() == 0 && !l.broken {
		return
	}
	l.sealed = true
	s.logs = append(s.logs, s.newLog())
	signal(s.wakeCommit)
}
