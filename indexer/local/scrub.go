package local

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/weirflow/weir/indexer/local/column"
	"github.com/weirflow/weir/indexer/local/segment"
)

// scrubEvery is how often all segments are read once.
const scrubEvery = 24 * time.Hour

// scrubLoop reads all segments once a day, slowly, and finds damage before a
// query does.
func (s *Store) scrubLoop() {
	for {
		if pause(s.stop, time.Minute) != nil {
			return
		}
		s.scrub()
		if pause(s.stop, scrubEvery) != nil {
			return
		}
	}
}

func (s *Store) scrub() {
	s.mu.Lock()
	parts := append([]*part(nil), s.parts...)
	for _, p := range parts {
		use(p)
	}
	s.mu.Unlock()
	for _, p := range parts {
		if s.stop.Err() == nil {
			s.check(p)
		}
		s.unuse(p)
	}
}

// check compares a segment's checksum with the manifest's. That of a segment
// whose file alone is known, after the manifest was lost, is noted when all of
// its columns are whole.
func (s *Store) check(p *part) {
	crc, err := p.segment.Checksum(s.stop, func(ctx context.Context, n int) error {
		s.metrics.scrubbed.Add(float64(n))
		return pause(ctx, time.Duration(int64(n)*int64(time.Second)/s.cfg.ScrubBytes))
	})
	if err == nil && p.Checked && crc != p.CRC {
		err = fmt.Errorf("checksum %08x, it was %08x: %w", crc, p.CRC, column.ErrDamaged)
	}
	if err == nil && !p.Checked {
		if err = loadAll(s.stop, p.segment); err == nil {
			err = s.note(p, crc)
		}
	}
	if errors.Is(err, column.ErrDamaged) {
		s.found(p, err)
	} else if err != nil && s.stop.Err() == nil {
		s.log.Error("a segment could not be checked", "segment", segmentName(p.ID), "error", err)
	}
}

// loadAll reads every column once, which compares their checksums.
func loadAll(ctx context.Context, x *segment.Segment) error {
	var v column.Vector
	for _, b := range x.Blocks() {
		for c := range column.Columns {
			if err := b.LoadStored(ctx, []int{c}, []*column.Vector{&v}); err != nil {
				return err
			}
		}
	}
	return nil
}

// note puts a segment's checksum into the manifest.
func (s *Store) note(p *part, crc uint32) error {
	if err := s.update(func(m *manifest) {
		for i := range m.Segments {
			if e := &m.Segments[i]; e.ID == p.ID {
				e.CRC, e.Checked = crc, true
			}
		}
	}); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p.CRC, p.Checked = crc, true
	return nil
}
