package segment

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"sync"

	"github.com/weirflow/weir/indexer/local/column"
)

// Block is a row group of a segment; it implements column.Block.
type Block struct {
	segment *Segment
	number  int
}

// Rows is the number of rows.
func (b *Block) Rows() int { return b.segment.groups[b.number].rows }

// chunk gives the metadata of a column, nil when the file does not have it.
func (b *Block) chunk(c int) *chunk {
	at := b.segment.index[c]
	if at < 0 {
		return nil
	}
	return &b.segment.groups[b.number].chunks[at]
}

// Range bounds an Int column's values.
func (b *Block) Range(c int) (lo, hi int64, ok bool) {
	if k := b.chunk(c); k != nil && k.hasRange {
		return k.lo, k.hi, true
	}
	return 0, 0, false
}

// Nulls is how many rows have no value.
func (b *Block) Nulls(c int) (n int, ok bool) {
	if c == column.CommunityID { // see column.LoadIdentifiers
		return 0, false
	}
	if k := b.chunk(c); k != nil {
		return int(k.nulls), true
	}
	return b.Rows(), true
}

// Load reads columns as queries see them.
func (b *Block) Load(ctx context.Context, columns []int, into []*column.Vector) error {
	for i, c := range columns {
		var err error
		if c == column.CommunityID {
			err = column.LoadIdentifiers(ctx, b.Rows(), into[i], b.LoadStored)
		} else {
			err = b.LoadStored(ctx, columns[i:i+1], into[i:i+1])
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// LoadStored reads columns as they are stored: network.community_id is absent
// where it can be computed.
func (b *Block) LoadStored(ctx context.Context, columns []int, into []*column.Vector) error {
	d := decoders.Get().(*decoder)
	defer decoders.Put(d)
	for i, c := range columns {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := b.load(d, c, into[i]); err != nil {
			return err
		}
	}
	return nil
}

// decoders are reused, with their buffers.
var decoders = sync.Pool{New: func() any { return new(decoder) }}

func (b *Block) load(d *decoder, c int, v *column.Vector) error {
	at := b.segment.index[c]
	k := b.chunk(c)
	if k == nil || int(k.nulls) == b.Rows() {
		v.SetEmpty(b.Rows())
		return nil
	}
	d.raw = resize(d.raw, int(k.size))
	if _, err := b.segment.file.ReadAt(d.raw, k.offset); err != nil {
		if errors.Is(err, io.EOF) {
			return b.damaged(at, errors.New("the file has become shorter"))
		}
		return fmt.Errorf("%s: %w", b.segment.path, err)
	}
	if crc32.Checksum(d.raw, castagnoli) != k.crc {
		return b.damaged(at, errors.New("checksum"))
	}
	v.Reset(b.Rows())
	if err := d.chunk(b.segment.kinds[at], column.Columns[c].Kind, v); err != nil {
		return b.damaged(at, err)
	}
	return nil
}

// DamagedError tells which file has bytes that are not what was written.
// column.ErrDamaged is in its chain.
type DamagedError struct {
	// Segment is the file.
	Segment *Segment
	// Err is what was found.
	Err error
}

func (e *DamagedError) Error() string { return e.Segment.path + ": " + e.Err.Error() }

// Unwrap gives what was found.
func (e *DamagedError) Unwrap() error { return e.Err }

func (b *Block) damaged(at int, err error) error {
	return &DamagedError{b.segment, fmt.Errorf("row group %d, column %d: %w: %w", b.number, at, err, column.ErrDamaged)}
}
