package segment

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"os"

	"github.com/parquet-go/parquet-go/format"

	"github.com/weirflow/weir/indexer/local/column"
)

// Segment is an open file. Its methods may be called by many goroutines; Close
// comes after all others.
type Segment struct {
	path    string
	file    *os.File
	size    int64
	meta    Meta
	rows    int64
	groups  []group
	current bool // the file has our columns, in our order
	index   [column.Count]int
	kinds   []format.Type
}

// group is what is kept of a row group's metadata.
type group struct {
	rows   int
	chunks []chunk
}

// chunk is what is kept of a column chunk's.
type chunk struct {
	offset   int64
	size     int32
	crc      uint32
	nulls    int32
	hasRange bool
	lo, hi   int64
}

func (g *group) bounds() (start, end int64) {
	start = math.MaxInt64
	for i := range g.chunks {
		c := &g.chunks[i]
		start, end = min(start, c.offset), max(end, c.offset+int64(c.size))
	}
	return start, end
}

// Open reads a file's footer. An error with column.ErrDamaged in its chain tells
// that the file is not what was written.
func Open(path string) (s *Segment, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	s = &Segment{path: path, file: f}
	if err := s.read(); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

func (s *Segment) read() error {
	size, footer, err := readFooter(s.file)
	if err != nil {
		return err
	}
	m, err := parseFooter(footer)
	if err != nil {
		return err
	}
	s.size, s.rows = size, m.NumRows
	var crcs []byte
	for _, kv := range m.KeyValueMetadata {
		switch kv.Key {
		case keyMeta:
			s.meta, err = decodeMeta(kv.Value)
		case keyChunks:
			crcs, err = base64.StdEncoding.DecodeString(kv.Value)
		}
		if err != nil {
			return fmt.Errorf("%w: %w", err, column.ErrDamaged)
		}
	}
	columns := len(m.Schema) - 1
	if columns < 1 || len(crcs) != 4*columns*len(m.RowGroups) {
		return fmt.Errorf("the list of checksums does not fit: %w", column.ErrDamaged)
	}
	s.mapColumns(m.Schema[1:])
	rows := int64(0)
	for i := range m.RowGroups {
		g, err := s.group(&m.RowGroups[i], crcs[4*columns*i:])
		if err != nil {
			return err
		}
		s.groups = append(s.groups, g)
		rows += int64(g.rows)
	}
	if rows != s.rows || rows == 0 {
		return fmt.Errorf("the numbers of rows do not fit: %w", column.ErrDamaged)
	}
	return nil
}

// mapColumns finds our columns in the file. One that the file lacks, or has as
// another type, reads as without values; one that we do not know is passed over.
func (s *Segment) mapColumns(fields []format.SchemaElement) {
	for i := range s.index {
		s.index[i] = -1
	}
	s.current = len(fields) == column.Count
	for at := range fields {
		f := &fields[at]
		s.kinds = append(s.kinds, f.Type.V)
		n, ok := column.Lookup(f.Name)
		if !ok {
			s.current = false
			continue
		}
		if isText := f.Type.V == format.ByteArray; isText == (column.Columns[n].Kind == column.Text) &&
			(isText || f.Type.V == format.Int32 || f.Type.V == format.Int64) {
			s.index[n] = at
		}
		kind, _, _ := physical(&column.Columns[n])
		s.current = s.current && n == at && kind == f.Type.V
	}
}

func (s *Segment) group(r *format.RowGroup, crcs []byte) (g group, err error) {
	if r.NumRows < 1 || r.NumRows > MaxRows || len(r.Columns) != len(s.kinds) {
		return g, fmt.Errorf("a row group of %d rows and %d columns: %w", r.NumRows, len(r.Columns), column.ErrDamaged)
	}
	g = group{rows: int(r.NumRows), chunks: make([]chunk, len(r.Columns))}
	for i := range r.Columns {
		m := &r.Columns[i].MetaData
		c := &g.chunks[i]
		c.offset = m.DataPageOffset
		if m.DictionaryPageOffset > 0 {
			c.offset = m.DictionaryPageOffset
		}
		if c.offset < int64(len(magic)) || m.TotalCompressedSize < 1 || m.TotalCompressedSize > math.MaxInt32 || c.offset > s.size-m.TotalCompressedSize ||
			m.Statistics.NullCount < 0 || m.Statistics.NullCount > r.NumRows {
			return g, fmt.Errorf("column %d lies outside of the file: %w", i, column.ErrDamaged)
		}
		c.size, c.nulls, c.crc = int32(m.TotalCompressedSize), int32(m.Statistics.NullCount), binary.LittleEndian.Uint32(crcs[4*i:])
		c.lo, c.hasRange = s.bound(i, m.Statistics.MinValue)
		if c.hasRange {
			c.hi, c.hasRange = s.bound(i, m.Statistics.MaxValue)
		}
	}
	return g, nil
}

// bound reads a least or greatest number.
func (s *Segment) bound(at int, b []byte) (v int64, ok bool) {
	switch {
	case s.kinds[at] == format.Int32 && len(b) == 4:
		return int64(binary.LittleEndian.Uint32(b)), true // 32-bit columns are unsigned
	case s.kinds[at] == format.Int64 && len(b) == 8:
		return int64(binary.LittleEndian.Uint64(b)), true
	}
	return 0, false
}

// rowGroup reads a row group's metadata once more.
func (s *Segment) rowGroup(i int) (format.RowGroup, error) {
	_, footer, err := readFooter(s.file)
	if err != nil {
		return format.RowGroup{}, fmt.Errorf("%s: %w", s.path, err)
	}
	m, err := parseFooter(footer)
	if err != nil || i >= len(m.RowGroups) {
		return format.RowGroup{}, fmt.Errorf("%s: %w", s.path, err)
	}
	return m.RowGroups[i], nil
}

// Path is where the file was opened.
func (s *Segment) Path() string { return s.path }

// Meta is what the file says about itself.
func (s *Segment) Meta() Meta { return s.meta }

// Rows is the number of rows.
func (s *Segment) Rows() int64 { return s.rows }

// Size is the file's size in bytes.
func (s *Segment) Size() int64 { return s.size }

// Times bounds @timestamp over all rows, 0 and 0 without any.
func (s *Segment) Times() (lo, hi int64) {
	lo, hi = math.MaxInt64, math.MinInt64
	for i := range s.groups {
		if l, h, ok := (&Block{s, i}).Range(column.Timestamp); ok {
			lo, hi = min(lo, l), max(hi, h)
		}
	}
	if lo > hi {
		return 0, 0
	}
	return lo, hi
}

// Blocks gives the row groups.
func (s *Segment) Blocks() []*Block {
	list := make([]*Block, len(s.groups))
	for i := range list {
		list[i] = &Block{s, i}
	}
	return list
}

// Checksum reads the file and gives its CRC-32C. pause is called after every
// MiB, so that a check in the background can keep out of the way; it may end the
// reading with an error.
func (s *Segment) Checksum(ctx context.Context, pause func(context.Context, int) error) (crc uint32, err error) {
	buf := make([]byte, 1<<20)
	for at := int64(0); at < s.size; {
		n, err := s.file.ReadAt(buf[:min(int64(len(buf)), s.size-at)], at)
		if n == 0 && err != nil {
			if errors.Is(err, io.EOF) {
				err = fmt.Errorf("%s: it has become shorter: %w", s.path, column.ErrDamaged)
			}
			return 0, err
		}
		crc = crc32.Update(crc, castagnoli, buf[:n])
		at += int64(n)
		if pause != nil {
			if err := pause(ctx, n); err != nil {
				return 0, err
			}
		}
	}
	return crc, ctx.Err()
}

// Close closes the file.
func (s *Segment) Close() error { return s.file.Close() }
