package segment

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"os"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"github.com/weirflow/weir/indexer/local/column"
)

// Rows is the rows of a row group, by column; nil is a column without values.
type Rows struct {
	N       int
	Columns [column.Count]*column.Vector
}

// Writer writes one file. It is used by one goroutine. Nothing that it does
// leaves a file of the final name half written: the caller renames it after
// Finish.
type Writer struct {
	file    *os.File
	offset  int64
	crc     uint32
	encoder *encoder
	meta    format.FileMetaData
	crcs    []byte
	buf     []byte
	info    Info
}

// Create begins a file, which must not exist.
func Create(path string) (*Writer, error) {
	e, err := newEncoder()
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o640)
	if err != nil {
		return nil, err
	}
	w := &Writer{file: f, encoder: e, info: Info{MinTime: math.MaxInt64, MaxTime: math.MinInt64}}
	w.meta = format.FileMetaData{Version: 2, Schema: schema(), CreatedBy: "weir"}
	for range column.Count {
		w.meta.ColumnOrders = append(w.meta.ColumnOrders, format.ColumnOrder{Value: &format.TypeDefinedOrder{}})
	}
	w.buf = append(w.buf, magic...)
	return w, nil
}

// Write adds a row group of the given rows, in the given order (nil: as they
// are).
func (w *Writer) Write(ctx context.Context, rows *Rows, order []uint32) error {
	if rows.N < 1 || rows.N > MaxRows {
		return fmt.Errorf("a row group of %d rows", rows.N)
	}
	group := format.RowGroup{NumRows: int64(rows.N), FileOffset: w.offset + int64(len(w.buf)), Ordinal: int16(len(w.meta.RowGroups))}
	empty := &column.Vector{N: rows.N}
	for i := range column.Columns {
		if err := ctx.Err(); err != nil {
			return err
		}
		v := rows.Columns[i]
		if v == nil {
			v = empty
		}
		chunk, err := w.column(&column.Columns[i], v, order)
		if err != nil {
			return err
		}
		group.Columns = append(group.Columns, chunk)
		group.TotalByteSize += chunk.MetaData.TotalUncompressedSize
		group.TotalCompressedSize += chunk.MetaData.TotalCompressedSize
	}
	w.meta.RowGroups = append(w.meta.RowGroups, group)
	w.info.Rows += int64(rows.N)
	w.widen(&group.Columns[column.Timestamp])
	return w.flush()
}

// widen adds a row group's times to the file's.
func (w *Writer) widen(c *format.ColumnChunk) {
	if s := &c.MetaData.Statistics; len(s.MinValue) == 8 && len(s.MaxValue) == 8 {
		w.info.MinTime = min(w.info.MinTime, int64(binary.LittleEndian.Uint64(s.MinValue)))
		w.info.MaxTime = max(w.info.MaxTime, int64(binary.LittleEndian.Uint64(s.MaxValue)))
	}
}

// column appends the pages of one column to the buffer.
func (w *Writer) column(c *column.Column, v *column.Vector, order []uint32) (format.ColumnChunk, error) {
	kind, _, _ := physical(c)
	start := len(w.buf)
	at := w.offset + int64(start)
	m := format.ColumnMetaData{Type: kind, PathInSchema: []string{c.Name}, Codec: format.Zstd, NumValues: int64(v.N), Encoding: []format.Encoding{format.RLE}}
	said, err := w.encoder.encode(c, v, order, func(dictionary bool, p page) error {
		if dictionary {
			m.DictionaryPageOffset = w.offset + int64(len(w.buf))
		} else {
			m.DataPageOffset = w.offset + int64(len(w.buf))
		}
		m.Encoding = append(m.Encoding, p.encoding)
		return w.page(dictionary, p, &m)
	})
	if err != nil {
		return format.ColumnChunk{}, fmt.Errorf("column %s: %w", c.Name, err)
	}
	m.TotalCompressedSize = int64(len(w.buf) - start)
	m.Statistics.NullCount = int64(said.nulls)
	if said.hasRange {
		m.Statistics.MinValue = appendPlain(nil, kind, []int64{said.lo})
		m.Statistics.MaxValue = appendPlain(nil, kind, []int64{said.hi})
	}
	w.crcs = binary.LittleEndian.AppendUint32(w.crcs, crc32.Checksum(w.buf[start:], castagnoli))
	return format.ColumnChunk{FileOffset: at, MetaData: m}, nil
}

// page compresses a page and appends it with its header.
func (w *Writer) page(dictionary bool, p page, m *format.ColumnMetaData) error {
	body := w.encoder.zstd.EncodeAll(p.body, w.encoder.out[:0])
	w.encoder.out = body
	head := format.PageHeader{UncompressedPageSize: int32(len(p.body)), CompressedPageSize: int32(len(body)), CRC: int32(crc32.ChecksumIEEE(body))}
	if dictionary {
		head.Type = format.DictionaryPage
		head.DictionaryPageHeader = thrift.New(format.DictionaryPageHeader{NumValues: int32(p.values), Encoding: p.encoding})
	} else {
		head.Type = format.DataPage
		head.DataPageHeader = thrift.New(format.DataPageHeader{NumValues: int32(p.values), Encoding: p.encoding,
			DefinitionLevelEncoding: format.RLE, RepetitionLevelEncoding: format.RLE})
	}
	b, err := thrift.Marshal(new(thrift.CompactProtocol), &head)
	if err != nil {
		return err
	}
	m.TotalUncompressedSize += int64(len(b) + len(p.body))
	w.buf = append(append(w.buf, b...), body...)
	return nil
}

// flush writes the buffer to the file.
func (w *Writer) flush() error {
	if _, err := w.file.Write(w.buf); err != nil {
		return err
	}
	w.crc = crc32.Update(w.crc, castagnoli, w.buf)
	w.offset += int64(len(w.buf))
	w.buf = w.buf[:0]
	return nil
}

// Copy adds a row group of another segment as it is, when that segment has all
// the columns that this version writes; else ok is false and nothing is done.
func (w *Writer) Copy(b *Block) (ok bool, err error) {
	if !b.segment.current {
		return false, nil
	}
	group := b.segment.groups[b.number]
	start, end := group.bounds()
	from, crcs := len(w.buf), len(w.crcs)
	defer func() {
		if !ok {
			w.buf, w.crcs = w.buf[:from], w.crcs[:crcs]
		}
	}()
	w.buf = append(w.buf, make([]byte, end-start)...)
	if _, err := b.segment.file.ReadAt(w.buf[from:], start); err != nil {
		return false, err
	}
	for i := range group.chunks {
		c := &group.chunks[i]
		at := from + int(c.offset-start)
		if crc32.Checksum(w.buf[at:at+int(c.size)], castagnoli) != c.crc {
			return false, b.damaged(i, errors.New("checksum"))
		}
		w.crcs = binary.LittleEndian.AppendUint32(w.crcs, c.crc)
	}
	copied, err := b.segment.rowGroup(b.number)
	if err != nil {
		return false, err
	}
	shift := w.offset + int64(from) - start
	copied.Ordinal = int16(len(w.meta.RowGroups))
	copied.FileOffset += shift
	for i := range copied.Columns {
		c := &copied.Columns[i]
		c.FileOffset += shift
		c.MetaData.DataPageOffset += shift
		if c.MetaData.DictionaryPageOffset != 0 {
			c.MetaData.DictionaryPageOffset += shift
		}
	}
	w.meta.RowGroups = append(w.meta.RowGroups, copied)
	w.info.Rows += copied.NumRows
	w.widen(&copied.Columns[column.Timestamp])
	ok = true
	return true, w.flush()
}

// Finish writes the footer, has the disk take everything and closes the file.
// After an error the file is closed, too, and of no use.
func (w *Writer) Finish(m Meta) (info Info, err error) {
	defer func() { err = errors.Join(err, w.file.Close()) }()
	text, err := m.encode()
	if err != nil {
		return info, err
	}
	w.meta.NumRows = w.info.Rows
	w.meta.KeyValueMetadata = []format.KeyValue{{Key: keyMeta, Value: text},
		{Key: keyChunks, Value: base64.StdEncoding.EncodeToString(w.crcs)}, {Key: keySelf, Value: selfEmpty}}
	footer, err := thrift.Marshal(new(thrift.CompactProtocol), &w.meta)
	if err != nil {
		return info, err
	}
	if err := seal(footer); err != nil {
		return info, err
	}
	w.buf = append(w.buf, footer...)
	w.buf = append(binary.LittleEndian.AppendUint32(w.buf, uint32(len(footer))), magic...)
	if err := w.flush(); err != nil {
		return info, err
	}
	if err := w.file.Sync(); err != nil {
		return info, err
	}
	w.info.Size, w.info.CRC = w.offset, w.crc
	if w.info.MinTime > w.info.MaxTime {
		w.info.MinTime, w.info.MaxTime = 0, 0
	}
	return w.info, nil
}

// Abort closes the file and removes it.
func (w *Writer) Abort() {
	_ = w.file.Close()
	_ = os.Remove(w.file.Name())
}
