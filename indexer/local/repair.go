package local

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/weirflow/weir/indexer/local/column"
	"github.com/weirflow/weir/indexer/local/segment"
)

// rest is what is kept of a damaged segment.
type rest struct {
	rows   int64 // kept
	partly int64 // of those, rows of which a column is lost
	names  []string
}

// repair sets a damaged segment aside, and keeps what can be read of it as a
// segment of its own: row groups that are whole, and of the others the columns
// that are.
func (s *Store) repair(d damage) {
	s.mu.Lock()
	if d.part.gone {
		s.mu.Unlock()
		return
	}
	use(d.part)
	s.mu.Unlock()
	defer s.wakeWaiting()
	defer s.unuse(d.part)

	var kept rest
	by, err := s.writeSegment(d.part.Log, []uint64{d.part.ID}, func(w *segment.Writer) error {
		m := merger{writer: w}
		for _, b := range d.part.segment.Blocks() {
			if err := kept.add(s.stop, &m, b); err != nil {
				return err
			}
		}
		if kept.rows == 0 {
			return errors.New("nothing can be read")
		}
		return m.flush(s.stop)
	})
	if err != nil {
		by, kept = nil, rest{}
	}
	name := segmentName(d.part.ID)
	lost := d.part.Rows - kept.rows
	if err := s.swap([]*part{d.part}, by, false); err != nil {
		s.log.Error("a damaged segment could not be taken out of the manifest", "segment", name, "error", err)
		if by != nil {
			s.orphan(by)
		}
		return
	}
	to, err := setAside(s.cfg.Path, name)
	if err != nil {
		to = "where it was, as moving failed: " + err.Error()
	}
	s.countAside()
	columns := ""
	if kept.partly > 0 {
		columns = fmt.Sprintf(" %d more have lost %s;", kept.partly, strings.Join(kept.names, ", "))
	}
	s.problem("segment", int(lost), "%s: %v; %d of %d rows are lost;%s the file is set aside (%s)", name, d.err, lost, d.part.Rows, columns, to)
}

// add keeps what can be read of a row group, which may be nothing.
func (r *rest) add(ctx context.Context, m *merger, b *segment.Block) error {
	err := m.add(ctx, b)
	if err == nil {
		r.rows += int64(b.Rows())
		return nil
	}
	if !errors.Is(err, column.ErrDamaged) {
		return err
	}
	damaged, err := m.addReadable(ctx, b)
	if err != nil || damaged == nil {
		return err
	}
	r.rows += int64(b.Rows())
	r.partly += int64(b.Rows())
	for _, c := range damaged {
		if name := column.Columns[c].Name; !slices.Contains(r.names, name) {
			r.names = append(r.names, name)
		}
	}
	return nil
}

// addReadable adds a row group without its damaged columns, and gives them; nil
// when the rows are lost, because those columns say when they were or what they
// are. It stays a row group of its own.
func (m *merger) addReadable(ctx context.Context, b *segment.Block) (damaged []int, err error) {
	if err := m.flush(ctx); err != nil {
		return nil, err
	}
	if err := m.begin(ctx, b.Rows()); err != nil {
		return nil, err
	}
	identifiers := true
	for c, v := range m.vectors {
		err := b.LoadStored(ctx, []int{c}, []*column.Vector{v})
		if err == nil {
			continue
		}
		if !errors.Is(err, column.ErrDamaged) {
			return nil, err
		}
		if c == column.Timestamp || c == column.Action {
			return nil, nil
		}
		v.SetEmpty(b.Rows())
		damaged = append(damaged, c)
		identifiers = identifiers && !column.DecidesIdentifier(c)
	}
	if !identifiers {
		// One computed from what is left could be that of another conversation.
		column.WithoutIdentifier(b.Rows(), m.vectors[column.CommunityID])
		if !slices.Contains(damaged, column.CommunityID) {
			damaged = append(damaged, column.CommunityID)
		}
	}
	if damaged == nil { // it could be read this time
		damaged = []int{}
	}
	m.table.AppendVectors(m.vectors)
	return damaged, m.flush(ctx)
}
