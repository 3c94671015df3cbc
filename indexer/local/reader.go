package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"time"

	"github.com/weirflow/weir/indexer/local/column"
	"github.com/weirflow/weir/indexer/local/segment"
)

// Reader reads a store's folder without taking it: beside a process that writes
// to it, or a copy. It changes nothing.
type Reader struct{ dir string }

// OpenReader gives a reader of a folder that holds a store.
func OpenReader(dir string) (*Reader, error) {
	c, err := list(dir)
	if err != nil {
		return nil, err
	}
	_, err = readManifest(dir)
	if errors.Is(err, errNewer) {
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	if errors.Is(err, fs.ErrNotExist) && len(c.segments) == 0 && len(c.logs) == 0 {
		return nil, fmt.Errorf("%s holds no flows: there is no %s: %w", dir, manifestName, fs.ErrNotExist)
	}
	return &Reader{dir}, nil
}

// A snapshot is begun anew when the writer has changed the folder meanwhile:
// readTries times, and on a busy machine for as long as readFor.
const (
	readTries = 20
	readFor   = 10 * time.Second
)

// ReaderSnapshot is a Snapshot with what was found wrong in the folder.
type ReaderSnapshot struct {
	*Snapshot
	// Problems says what could not be read.
	Problems []string
}

// Snapshot reads what is stored now. Release closes the files.
func (r *Reader) Snapshot(ctx context.Context) (*ReaderSnapshot, error) {
	var err error
	for begin, n := time.Now(), 0; n < readTries || time.Since(begin) < readFor; n++ {
		var x *ReaderSnapshot
		if x, err = r.try(ctx); err == nil {
			return x, nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if !errors.Is(err, errChanged) {
			return nil, err
		}
	}
	return nil, err
}

var errChanged = errors.New("the folder changes faster than it can be read")

// try reads the folder once. When the manifest is another one afterwards, or a
// file is gone, the writer was at work, and what was read may lack rows.
func (r *Reader) try(ctx context.Context) (x *ReaderSnapshot, err error) {
	x = &ReaderSnapshot{Snapshot: &Snapshot{}}
	var opened []*segment.Segment
	x.release = func() {
		for _, s := range opened {
			_ = s.Close() // it was only read
		}
	}
	defer func() {
		if err != nil {
			x.Release()
			x = nil
		}
	}()
	m, manifestErr := readManifest(r.dir)
	if manifestErr != nil && !errors.Is(manifestErr, errManifest) && !errors.Is(manifestErr, fs.ErrNotExist) {
		return x, manifestErr
	}
	c, err := list(r.dir)
	if err != nil {
		return x, err
	}
	ids := c.segments
	if manifestErr == nil {
		ids = nil
		for _, e := range m.Segments {
			ids = append(ids, e.ID)
		}
	} else if len(c.segments) > 0 {
		x.Problems = append(x.Problems, fmt.Sprintf("%v; it is read without", manifestErr))
	}
	for _, id := range ids {
		s, err := segment.Open(filepath.Join(r.dir, segmentName(id)))
		switch {
		case err == nil:
			opened = append(opened, s)
		case errors.Is(err, column.ErrDamaged):
			x.Problems = append(x.Problems, err.Error())
		case !errors.Is(err, fs.ErrNotExist): // no try more would help
			return x, err
		case !r.changed(m.Generation, manifestErr):
			x.Problems = append(x.Problems, fmt.Sprintf("%s is missing", segmentName(id)))
		default:
			return x, fmt.Errorf("%w: %w", errChanged, err)
		}
	}
	if manifestErr != nil {
		opened, m.Log = unreplaced(opened)
	}
	for _, s := range opened {
		for _, b := range s.Blocks() {
			x.blocks = append(x.blocks, b)
		}
	}
	for _, id := range c.logs {
		if id <= m.Log && !slices.Contains(m.UnreadLogs, id) {
			continue
		}
		if err := ctx.Err(); err != nil {
			return x, err
		}
		l, content, err := readLog(r.dir, id)
		if errors.Is(err, fs.ErrNotExist) {
			return x, fmt.Errorf("%w: %w", errChanged, err)
		}
		if err != nil {
			return x, err
		}
		for _, loss := range content.Losses {
			x.Problems = append(x.Problems, fmt.Sprintf("%s: %s", logName(id), loss))
		}
		if l.rows > 0 {
			x.blocks = append(x.blocks, l.table.View(l.rows))
		}
	}
	if r.changed(m.Generation, manifestErr) {
		return x, errChanged
	}
	return x, nil
}

// changed reports whether the manifest is another one by now.
func (r *Reader) changed(generation uint64, before error) bool {
	m, err := readManifest(r.dir)
	if err != nil {
		return before == nil
	}
	return before != nil || m.Generation != generation
}

// unreplaced closes the segments that others replace, and gives the rest and the
// last log file whose rows are in segments.
func unreplaced(all []*segment.Segment) (rest []*segment.Segment, log uint64) {
	replaced := make(map[uint64]bool)
	for _, s := range all {
		log = max(log, s.Meta().Log)
		for _, id := range s.Meta().Replaces {
			replaced[id] = true
		}
	}
	rest = slices.DeleteFunc(all, func(s *segment.Segment) bool {
		if replaced[s.Meta().ID] {
			_ = s.Close()
			return true
		}
		return false
	})
	return rest, log
}
