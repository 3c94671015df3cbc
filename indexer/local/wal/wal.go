// Package wal writes and reads the store's write-ahead log: files of frames, each
// with the rows of one batch and with checksums, so that whatever happens to a
// file, the frames that are whole are found.
//
// A file is a head and frames:
//
//	head   magic "WEIRLOG1", length u32, JSON {id, columns}, CRC-32C u32 of the JSON
//	frame  magic u32, length u32, rows u32, schema u32, sequence u64, CRC-32C u32
//	       of these 24 bytes, then length bytes of rows, then their CRC-32C u32
//
// All numbers are little endian. The schema of a frame is the CRC of the head's
// JSON columns: with it, frames are readable even when the head is not, if they
// have the schema of this version. Sequence numbers count from 1 in each file;
// what is missing among them was lost.
package wal

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"os"

	"github.com/weirflow/weir/indexer/local/column"
)

const (
	headMagic  = "WEIRLOG1"
	frameMagic = 0x1aF7570A // no text, no zeros
	// frameHead is the size of a frame's head, in bytes.
	frameHead = 28
	// MaxPayload bounds the rows of a frame, in bytes.
	MaxPayload = 256 << 20
	// maxHead bounds the JSON of a head.
	maxHead = 1 << 20
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// head is the JSON at the beginning of a file.
type head struct {
	ID      uint64      `json:"id"`
	Columns [][2]string `json:"columns"` // name, kind
}

var kindNames = map[column.Kind]string{column.Int: "int", column.Text: "text"}

func columnsOf(schema []column.SchemaField) [][2]string {
	list := make([][2]string, len(schema))
	for i, f := range schema {
		list[i] = [2]string{f.Name, kindNames[f.Kind]}
	}
	return list
}

func schemaOf(columns [][2]string) []column.SchemaField {
	list := make([]column.SchemaField, len(columns))
	for i, c := range columns {
		list[i].Name = c[0]
		for kind, name := range kindNames {
			if name == c[1] {
				list[i].Kind = kind
			}
		}
	}
	return list
}

// fingerprint tells schemas apart.
func fingerprint(columns [][2]string) uint32 {
	b, err := json.Marshal(columns)
	if err != nil {
		return 0 // texts always marshal
	}
	return crc32.Checksum(b, castagnoli)
}

// ours is the schema that this version writes.
var (
	ours            = columnsOf(column.Schema())
	oursFingerprint = fingerprint(ours)
)

// AppendHead appends the head of a file.
func AppendHead(dst []byte, id uint64) []byte {
	b, err := json.Marshal(head{ID: id, Columns: ours})
	if err != nil {
		panic(err) // texts and a number always marshal
	}
	dst = binary.LittleEndian.AppendUint32(append(dst, headMagic...), uint32(len(b)))
	dst = append(dst, b...)
	return binary.LittleEndian.AppendUint32(dst, crc32.Checksum(b, castagnoli))
}

// AppendFrame appends rows from to to of a table as a frame.
func AppendFrame(dst []byte, sequence uint64, t *column.Table, from, to int) []byte {
	at := len(dst)
	dst = append(dst, make([]byte, frameHead)...)
	dst = t.AppendFrame(dst, from, to)
	payload := dst[at+frameHead:]
	h := dst[at:at]
	h = binary.LittleEndian.AppendUint32(h, frameMagic)
	h = binary.LittleEndian.AppendUint32(h, uint32(len(payload)))
	h = binary.LittleEndian.AppendUint32(h, uint32(to-from))
	h = binary.LittleEndian.AppendUint32(h, oursFingerprint)
	h = binary.LittleEndian.AppendUint64(h, sequence)
	binary.LittleEndian.AppendUint32(h, crc32.Checksum(h, castagnoli))
	return binary.LittleEndian.AppendUint32(dst, crc32.Checksum(payload, castagnoli))
}

// Writer appends to one file. One goroutine uses it.
type Writer struct {
	file *os.File
	size int64
}

// Create begins a file, which must not exist. The caller syncs the folder.
func Create(path string, id uint64) (*Writer, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o640)
	if err != nil {
		return nil, err
	}
	w := &Writer{file: f}
	if err := w.Append(AppendHead(nil, id)); err != nil {
		return nil, errors.Join(err, f.Close(), os.Remove(path))
	}
	return w, nil
}

// Append writes frames. After an error the file is as long as before, or Append
// goes on failing.
func (w *Writer) Append(frames []byte) error {
	if _, err := w.file.WriteAt(frames, w.size); err != nil {
		return errors.Join(err, w.Truncate(w.size))
	}
	w.size += int64(len(frames))
	return nil
}

// Truncate cuts the file to a size that it had.
func (w *Writer) Truncate(size int64) error {
	w.size = size
	return w.file.Truncate(size)
}

// Size is how much was written, in bytes.
func (w *Writer) Size() int64 { return w.size }

// Sync waits until the disk has everything.
func (w *Writer) Sync() error { return w.file.Sync() }

// Close closes the file.
func (w *Writer) Close() error { return w.file.Close() }

// Loss is a part of a file that is not what was written.
type Loss struct {
	// Offset and Bytes say where, in bytes.
	Offset, Bytes int64
	// Frames is how many batches are missing, 0 when the numbers do not tell.
	Frames uint64
	// Reason says what is wrong.
	Reason string
}

func (l Loss) String() string {
	s := fmt.Sprintf("%d bytes at %d: %s", l.Bytes, l.Offset, l.Reason)
	if l.Frames > 0 {
		s += fmt.Sprintf(" (%d batches)", l.Frames)
	}
	return s
}
