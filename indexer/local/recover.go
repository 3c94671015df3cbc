package local

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/weirflow/weir/indexer/local/column"
	"github.com/weirflow/weir/indexer/local/segment"
	"github.com/weirflow/weir/indexer/local/wal"
)

// recover brings the folder into order: it opens the segments, puts the manifest
// together again when that is lost, deletes what a crash has left, and reads the
// log. What is damaged is set aside and told.
func (s *Store) recover(ctx context.Context) error {
	dir := s.cfg.Path
	c, err := list(dir)
	if err != nil {
		return err
	}
	for _, name := range c.temps {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			s.tell("a file that a crash left cannot be deleted: %v", err)
		}
	}
	m, err := readManifest(dir)
	switch {
	case err == nil:
		err = s.openListed(m, c)
	case errors.Is(err, errManifest):
		to, moveErr := setAside(dir, manifestName)
		if moveErr != nil {
			return errors.Join(err, moveErr)
		}
		s.problem("manifest", 0, "%v; it is set aside as %s and put together from the segments", err, to)
		err = s.rebuild(c)
	case errors.Is(err, fs.ErrNotExist):
		if len(c.segments) > 0 {
			s.problem("manifest", 0, "the manifest is missing; it is put together from the segments")
		}
		err = s.rebuild(c)
	}
	if err != nil {
		return err
	}
	if err := s.recoverLogs(ctx, c); err != nil {
		return err
	}
	// A manifest that fits what was found, before anything else happens.
	return s.update(func(m *manifest) { m.Segments = s.entries() })
}

// openListed opens what the manifest lists, and decides about other segments.
func (s *Store) openListed(m manifest, c contents) error {
	s.manifest = m
	opened, unread := s.openAll(c.segments, m.Segments)
	listed := make(map[uint64]bool)
	for _, e := range m.Segments {
		listed[e.ID] = true
		if !slices.Contains(c.segments, e.ID) {
			s.problem("segment", int(e.Rows), "%s is missing: %d rows are lost", segmentName(e.ID), e.Rows)
			continue
		}
		if err := unread[e.ID]; err != nil {
			s.unreadable(e, err)
			continue
		}
		opened := opened[e.ID]
		if opened == nil { // damaged
			continue
		}
		if opened.Size() != e.Size || opened.Rows() != e.Rows || opened.Meta().ID != e.ID {
			s.asideUnlisted(opened, e.ID, "it is not the file that the manifest lists")
			continue
		}
		s.parts = append(s.parts, &part{entry: e, segment: opened})
	}
	replaced := make(map[uint64]bool)
	for _, p := range s.parts {
		for _, id := range p.segment.Meta().Replaces {
			replaced[id] = true
		}
	}
	for _, id := range c.segments {
		switch {
		case listed[id]:
		case slices.Contains(m.Removing, id) && (opened[id] != nil || unread[id] != nil):
			if opened[id] != nil {
				_ = opened[id].Close()
			}
			if err := os.Remove(filepath.Join(s.cfg.Path, segmentName(id))); err != nil {
				s.log.Warn("a file is left behind; the next start deletes it", "error", err)
			}
		case unread[id] != nil:
			s.undecided(id, unread[id])
		case opened[id] == nil: // damaged
		case replaced[id]:
			_ = opened[id].Close()
			s.aside(id, 0, "what was whole of it is in another segment")
		case slices.Contains(m.Undecided, id):
			s.asideUnlisted(opened[id], id, "it could not be read at the start before, and its rows may be elsewhere by now")
		default:
			s.unlisted(opened[id], c.logs, m.Log, listed)
		}
	}
	sortParts(s.parts)
	return nil
}

// unlisted decides about a segment that the manifest does not list. A crash
// leaves one whose rows are still in the log, or in the segments that it was to
// replace; that one is deleted. Any other was put there by somebody, and counts.
func (s *Store) unlisted(opened *segment.Segment, logs []uint64, log uint64, listed map[uint64]bool) {
	meta := opened.Meta()
	id, _ := numberOf(filepath.Base(opened.Path()), segmentPrefix, segmentSuffix)
	replaces := len(meta.Replaces) > 0
	for _, r := range meta.Replaces {
		replaces = replaces && listed[r]
	}
	switch {
	case meta.ID != id:
		s.asideUnlisted(opened, id, "its name is not the one that it was written under")
	case replaces, len(meta.Replaces) == 0 && (meta.Log > log || slices.Contains(s.manifest.UnreadLogs, meta.Log)) && slices.Contains(logs, meta.Log):
		s.log.Info("a segment that a crash left unfinished is deleted; its rows are elsewhere", "segment", segmentName(id))
		_ = opened.Close()
		if err := os.Remove(opened.Path()); err != nil {
			s.log.Warn("a file is left behind", "error", err)
		}
	case len(meta.Replaces) > 0 && slices.ContainsFunc(meta.Replaces, func(r uint64) bool { return listed[r] }):
		s.asideUnlisted(opened, id, "the manifest does not list it, but some of the segments that it replaces")
	default:
		s.log.Warn("a segment that the manifest does not list is taken in", "segment", segmentName(id), "rows", opened.Rows())
		s.parts = append(s.parts, partOf(opened))
		s.manifest.Next = max(s.manifest.Next, id+1)
	}
}

// rebuild puts the state together from the segments: those count that no other
// one replaces.
func (s *Store) rebuild(c contents) error {
	var all []*part
	files, unread := s.openAll(c.segments, nil)
	replaced := make(map[uint64]bool)
	for _, id := range c.segments {
		s.manifest.Next = max(s.manifest.Next, id+1)
		if err := unread[id]; err != nil {
			s.undecided(id, err)
		}
		opened := files[id]
		if opened == nil {
			continue
		}
		if opened.Meta().ID != id {
			s.asideUnlisted(opened, id, "its name is not the one that it was written under")
			continue
		}
		all = append(all, partOf(opened))
		for _, r := range opened.Meta().Replaces {
			replaced[r] = true
		}
		s.manifest.Log = max(s.manifest.Log, opened.Meta().Log)
	}
	for _, p := range all {
		if !replaced[p.ID] {
			s.parts = append(s.parts, p)
			continue
		}
		_ = p.segment.Close()
		if err := os.Remove(p.segment.Path()); err != nil {
			s.log.Warn("a file is left behind; the next start deletes it", "error", err)
		}
	}
	sortParts(s.parts)
	return nil
}

// partOf gives the part of a segment of which only the file is known.
func partOf(opened *segment.Segment) *part {
	p := &part{segment: opened, entry: entry{ID: opened.Meta().ID, Rows: opened.Rows(), Size: opened.Size(), Log: opened.Meta().Log}}
	p.MinTime, p.MaxTime = opened.Times()
	p.dated()
	return p
}

// openAll opens segments, several at a time: what takes time is to take their
// footers apart, some 2 ms each. Damaged ones are set aside. unread has the
// errors of those that cannot be read for another reason, such as missing rights
// or too many open files: their content may be whole, so they stay where they are.
func (s *Store) openAll(ids []uint64, entries []entry) (list map[uint64]*segment.Segment, unread map[uint64]error) {
	opened, errs := make([]*segment.Segment, len(ids)), make([]error, len(ids))
	var next atomic.Int32
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(ids)) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(ids); i = int(next.Add(1)) - 1 {
				opened[i], errs[i] = segment.Open(filepath.Join(s.cfg.Path, segmentName(ids[i])))
			}
		})
	}
	wg.Wait()
	rows := make(map[uint64]int64, len(entries))
	for _, e := range entries {
		rows[e.ID] = e.Rows
	}
	list, unread = make(map[uint64]*segment.Segment, len(ids)), make(map[uint64]error)
	for i, id := range ids {
		switch {
		case errs[i] == nil:
			list[id] = opened[i]
		case errors.Is(errs[i], column.ErrDamaged):
			s.aside(id, int(rows[id]), errs[i].Error())
		default:
			unread[id] = errs[i]
		}
	}
	return list, unread
}

func (s *Store) asideUnlisted(opened *segment.Segment, id uint64, reason string) {
	_ = opened.Close()
	s.aside(id, int(opened.Rows()), reason)
}

// aside sets a segment's file aside and tells.
func (s *Store) aside(id uint64, rows int, reason string) {
	to, err := setAside(s.cfg.Path, segmentName(id))
	if err != nil {
		to = "where it was, as moving failed: " + err.Error()
	}
	lost := "" // not known
	if rows > 0 {
		lost = fmt.Sprintf(" %d rows are lost;", rows)
	}
	s.problem("segment", rows, "%s: %s;%s the file is set aside (%s)", segmentName(id), reason, lost, to)
}

// entries gives the entries of the parts and of what cannot be read.
func (s *Store) entries() []entry {
	list := append(make([]entry, 0, len(s.parts)+len(s.unread)), s.unread...)
	for _, p := range s.parts {
		list = append(list, p.entry)
	}
	return list
}

func compareEntries(a, b *entry) int {
	return cmp.Or(cmp.Compare(a.MinTime, b.MinTime), cmp.Compare(a.ID, b.ID))
}

// recoverLogs reads the files of the log whose rows are in no segment. Each
// becomes a segment soon.
func (s *Store) recoverLogs(ctx context.Context, c contents) error {
	s.nextLog = s.manifest.Log + 1
	var unread []uint64
	defer func() { s.manifest.UnreadLogs = unread }()
	for _, id := range c.logs {
		before := id <= s.manifest.Log
		if before && !slices.Contains(s.manifest.UnreadLogs, id) {
			s.removeLog(id, false)
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		s.nextLog = max(s.nextLog, id+1)
		l, content, err := readLog(s.cfg.Path, id)
		if err != nil {
			s.tell("%s cannot be read: %v; it stays where it is, and is read at the next start at which it can be", logName(id), err)
			unread = append(unread, id)
			continue
		}
		if before {
			unread = append(unread, id) // until it is a segment
		}
		s.tellLosses(id, content)
		l.damaged = len(content.Losses) > 0
		if l.rows == 0 {
			s.removeLog(id, l.damaged)
			continue
		}
		s.logs = append(s.logs, l)
	}
	return nil
}

// readLog reads a file of the log.
func readLog(dir string, id uint64) (*logFile, wal.Content, error) {
	b, err := os.ReadFile(filepath.Join(dir, logName(id)))
	if err != nil {
		return nil, wal.Content{}, err
	}
	l := &logFile{id: id, table: column.NewTable(), sealed: true, closed: true, size: int64(len(b))}
	content := wal.Read(b, l.table, segment.MaxRows)
	l.rows = l.table.Rows()
	return l, content, nil
}

func (s *Store) tellLosses(id uint64, c wal.Content) {
	for _, loss := range c.Losses {
		s.problem("log", 0, "%s: %s; the file is kept in the folder %s", logName(id), loss, damagedName)
	}
	if c.Torn > 0 {
		s.log.Info("the end of a log file was never finished, as after a crash; nothing acknowledged is in it", "file", logName(id), "bytes", c.Torn)
	}
}
