package local

import (
	"os"
	"path/filepath"
	"slices"
	"time"
)

// damage is a segment that was found damaged.
type damage struct {
	part *part
	err  error
}

// found has a damaged segment set aside, soon.
func (s *Store) found(p *part, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p.damaged || p.gone || !s.open {
		return
	}
	select {
	case s.damages <- damage{p, err}:
		p.damaged = true
	default: // the next reader finds it again
	}
}

// keepLoop keeps the folder in order: damage, retention, merging.
func (s *Store) keepLoop() {
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	for {
		select {
		case <-s.stop.Done():
			return
		case d := <-s.damages:
			s.keeping.Lock()
			s.repair(d)
			s.keeping.Unlock()
			continue
		case <-s.wakeKeep:
		case <-tick.C:
		}
		s.keeping.Lock()
		s.readAgain()
		s.retain(time.Now())
		for s.stop.Err() == nil && s.mergeSome() {
		}
		s.keeping.Unlock()
		s.reserve()
	}
}

// reserveName is a file that takes room which a manifest can have when the disk
// is full: without a new manifest nothing could be deleted to make room.
const reserveName = "reserve"

// reserveBytes is its size.
const reserveBytes = 1 << 20

// reserve makes the file when it is not there and the disk has room.
func (s *Store) reserve() {
	path := filepath.Join(s.cfg.Path, reserveName)
	if _, err := os.Lstat(path); err == nil {
		return
	}
	if err := os.WriteFile(path, make([]byte, reserveBytes), 0o640); err != nil {
		_ = os.Remove(path) // the next time, perhaps
	}
}

// retain deletes segments by age and by size, and damaged files before them.
func (s *Store) retain(now time.Time) {
	total := s.emptyAside(now) // all there is, other files of the folder included
	s.mu.Lock()
	var old, size []*part
	byEnd := slices.Clone(s.parts)
	slices.SortStableFunc(byEnd, func(a, b *part) int { return int(min(max(a.MaxTime-b.MaxTime, -1), 1)) })
	for _, p := range byEnd {
		if s.cfg.Keep > 0 && p.MaxTime < now.Add(-s.cfg.Keep).UnixNano() {
			old = append(old, p)
			total -= p.Size
		}
	}
	for _, p := range byEnd[len(old):] {
		if s.cfg.MaxSize > 0 && total > s.cfg.MaxSize {
			size = append(size, p)
			total -= p.Size
		}
	}
	s.mu.Unlock()
	s.remove(old, "age")
	s.remove(size, "size")
}

// remove deletes segments.
func (s *Store) remove(list []*part, reason string) {
	if len(list) == 0 {
		return
	}
	if err := s.replace(list, nil); err != nil {
		s.log.Error("old segments could not be deleted; it is tried again", "error", err)
		return
	}
	rows := int64(0)
	for _, p := range list {
		rows += p.Rows
	}
	s.metrics.removed.WithLabelValues(reason).Add(float64(len(list)))
	s.metrics.removedRows.WithLabelValues(reason).Add(float64(rows))
	s.log.Info("old flows are deleted", "reason", reason, "segments", len(list), "rows", rows)
}

// replace has one part, or none, take the place of others, whose files are
// deleted. The manifest decides: after a crash it is all or nothing.
func (s *Store) replace(old []*part, by *part) error {
	if err := s.swap(old, by, true); err != nil {
		return err
	}
	for _, p := range old {
		if err := os.Remove(p.segment.Path()); err != nil && !os.IsNotExist(err) {
			s.log.Warn("a file is left behind; the next start deletes it", "error", err)
		}
	}
	return nil
}

// swap does so in the manifest and for readers; removing notes in the manifest
// that the files are to be deleted.
func (s *Store) swap(old []*part, by *part, removing bool) error {
	ids := make(map[uint64]bool, len(old))
	for _, p := range old {
		ids[p.ID] = true
	}
	if err := s.update(func(m *manifest) {
		m.Segments = slices.DeleteFunc(m.Segments, func(e entry) bool { return ids[e.ID] })
		if removing {
			for _, p := range old {
				m.Removing = append(m.Removing, p.ID)
			}
		}
		if by != nil {
			m.Segments = append(m.Segments, by.entry)
		}
	}); err != nil {
		return err
	}
	s.mu.Lock()
	s.parts = slices.DeleteFunc(s.parts, func(p *part) bool { return ids[p.ID] })
	if by != nil {
		s.parts = append(s.parts, by)
		sortParts(s.parts)
	}
	for _, p := range old {
		s.drop(p)
	}
	s.mu.Unlock()
	return nil
}

// stillThere gives the segments whose files are not deleted yet.
func (s *Store) stillThere(ids []uint64) (list []uint64) {
	for _, id := range ids {
		if _, err := os.Lstat(filepath.Join(s.cfg.Path, segmentName(id))); err == nil {
			list = append(list, id)
		}
	}
	return list
}
