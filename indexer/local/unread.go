package local

import (
	"errors"
	"path/filepath"
	"slices"

	"github.com/weirflow/weir/indexer/local/column"
	"github.com/weirflow/weir/indexer/local/segment"
)

// unreadable notes a listed segment that cannot be read though nothing says that
// it is damaged. It stays in the manifest, and is tried again now and then.
func (s *Store) unreadable(e entry, err error) {
	s.mu.Lock()
	s.unread = append(s.unread, e)
	s.mu.Unlock()
	s.tell("%s cannot be read: %v; its %d rows are missing until it can be", segmentName(e.ID), err, e.Rows)
}

// undecided notes a segment that the manifest does not list and that cannot be
// read, so that nobody knows whether its rows are elsewhere.
func (s *Store) undecided(id uint64, err error) {
	s.manifest.Next = max(s.manifest.Next, id+1) // no other file takes its name
	if !slices.Contains(s.manifest.Undecided, id) {
		s.manifest.Undecided = append(s.manifest.Undecided[:len(s.manifest.Undecided):len(s.manifest.Undecided)], id)
	}
	s.tell("%s cannot be read: %v; the manifest does not list it, and it stays where it is", segmentName(id), err)
}

// readAgain takes in segments that can be read by now. s.keeping is held.
func (s *Store) readAgain() {
	s.mu.Lock()
	list := slices.Clone(s.unread)
	s.mu.Unlock()
	for _, e := range list {
		opened, err := segment.Open(filepath.Join(s.cfg.Path, segmentName(e.ID)))
		if err == nil && (opened.Size() != e.Size || opened.Rows() != e.Rows || opened.Meta().ID != e.ID) {
			err = errors.Join(errNotListed, opened.Close())
		}
		switch {
		case err == nil:
			s.mu.Lock()
			s.parts = append(s.parts, &part{entry: e, segment: opened})
			sortParts(s.parts)
			s.readable(e.ID)
			s.mu.Unlock()
			s.log.Info("a segment can be read again", "segment", segmentName(e.ID), "rows", e.Rows)
		case errors.Is(err, column.ErrDamaged), errors.Is(err, errNotListed):
			if err := s.update(func(m *manifest) {
				m.Segments = slices.DeleteFunc(m.Segments, func(x entry) bool { return x.ID == e.ID })
			}); err != nil {
				s.log.Error("a damaged segment could not be taken out of the manifest", "segment", segmentName(e.ID), "error", err)
				continue
			}
			s.aside(e.ID, int(e.Rows), err.Error())
			s.mu.Lock()
			s.readable(e.ID)
			s.mu.Unlock()
		}
	}
}

// readable takes a segment off the list of those that cannot be read; s.mu is
// held.
func (s *Store) readable(id uint64) {
	s.unread = slices.DeleteFunc(s.unread, func(x entry) bool { return x.ID == id })
}

// errNotListed tells of a file that took another one's place.
var errNotListed = errors.New("it is not the file that the manifest lists")
