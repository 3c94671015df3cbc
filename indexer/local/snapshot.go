package local

import (
	"context"
	"errors"
	"sync"

	"github.com/weirflow/weir/indexer/local/column"
	"github.com/weirflow/weir/indexer/local/segment"
)

// Snapshot is what the store held at one moment. It neither blocks the writer
// nor changes with it; segments that are deleted meanwhile stay readable.
type Snapshot struct {
	blocks  []column.Block
	release func()
	once    sync.Once
}

// Blocks gives the rows, oldest first as far as files tell. They may be read
// until Release.
func (s *Snapshot) Blocks() []column.Block { return s.blocks }

// Release frees what the snapshot holds. It may be called more than once.
func (s *Snapshot) Release() { s.once.Do(s.release) }

// Snapshot gives what is stored now: what was written to the log, and, without
// Config.SyncInterval, what the disk has.
func (s *Store) Snapshot() (*Snapshot, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.open {
		return nil, ErrClosed
	}
	var parts []*part
	var logs []*logFile
	x := &Snapshot{}
	for _, p := range s.parts {
		parts = append(parts, use(p))
		for _, b := range p.segment.Blocks() {
			x.blocks = append(x.blocks, &partBlock{b, s, p})
		}
	}
	for _, l := range s.logs {
		if l.rows > 0 {
			l.users++
			logs = append(logs, l)
			x.blocks = append(x.blocks, l.table.View(l.rows))
		}
	}
	x.release = func() {
		for _, p := range parts {
			s.unuse(p)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, l := range logs {
			l.users--
		}
	}
	return x, nil
}

// partBlock is a segment's block that tells the store of damage.
type partBlock struct {
	*segment.Block
	store *Store
	part  *part
}

// Load reads columns.
func (b *partBlock) Load(ctx context.Context, columns []int, into []*column.Vector) error {
	err := b.Block.Load(ctx, columns, into)
	if err != nil && errors.Is(err, column.ErrDamaged) {
		b.store.found(b.part, err)
	}
	return err
}
