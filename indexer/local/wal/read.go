package wal

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"hash/crc32"
	"slices"

	"github.com/weirflow/weir/indexer/local/column"
)

// Content is what a file holds.
type Content struct {
	// ID is the number in the head, 0 when that is not readable.
	ID uint64
	// Losses are what is damaged.
	Losses []Loss
	// Torn is how many bytes at the end belong to a frame that was never finished,
	// as after a crash; nothing that was acknowledged is in them.
	Torn int64
	// Last is the sequence number of the last frame.
	Last uint64
}

// Read adds the rows of a file to t, up to limit of them. It never fails: what
// is damaged is listed, and the frames behind it are read.
func Read(file []byte, t *column.Table, limit int) Content {
	r := reader{file: file, table: t, limit: limit}
	r.head()
	for r.at < len(file) {
		r.frame()
	}
	r.close(len(file))
	return r.Content
}

type reader struct {
	Content
	file    []byte
	at      int
	table   *column.Table
	limit   int
	schema  uint32 // of the head; 0 without one
	decoder *column.Decoder
	// lost is where damage began, -1 when there is none at hand.
	lost   int
	reason string
	// unfinished tells that what is lost began with a frame, or the beginning of
	// one, that reaches beyond the end of the file.
	unfinished bool
}

var frameMark = binary.LittleEndian.AppendUint32(nil, frameMagic)

// head reads the head; without a good one, frames of our own schema are read.
func (r *reader) head() {
	r.lost = -1
	fixed := len(headMagic) + 4
	if len(r.file) >= fixed && string(r.file[:len(headMagic)]) == headMagic {
		n := int(binary.LittleEndian.Uint32(r.file[len(headMagic):]))
		if n <= maxHead && len(r.file) >= fixed+n+4 {
			text := r.file[fixed : fixed+n]
			var h head
			if crc32.Checksum(text, castagnoli) == binary.LittleEndian.Uint32(r.file[fixed+n:]) && json.Unmarshal(text, &h) == nil {
				r.ID, r.schema, r.decoder = h.ID, fingerprint(h.Columns), column.NewDecoder(schemaOf(h.Columns))
				r.at = fixed + n + 4
				return
			}
		}
	}
	r.schema, r.decoder = oursFingerprint, column.NewDecoder(column.Schema())
	// A file that ends within its head was never written to; any other has lost it.
	whole := AppendHead(nil, 0)
	r.open(0, "the head is damaged", len(r.file) < len(whole)+20 && !bytes.Contains(r.file, frameMark))
	r.skip(0)
}

// frame reads the frame at r.at, or goes on to the next one.
func (r *reader) frame() {
	b := r.file[r.at:]
	if len(b) < frameHead {
		r.open(r.at, "not a frame", bytes.HasPrefix(frameMark, b[:min(len(b), 4)]) || bytes.HasPrefix(b, frameMark))
		r.skip(r.at + 1)
		return
	}
	if !bytes.HasPrefix(b, frameMark) || crc32.Checksum(b[:24], castagnoli) != binary.LittleEndian.Uint32(b[24:]) {
		r.open(r.at, "not a frame", false)
		r.skip(r.at + 1)
		return
	}
	length, rows := int64(binary.LittleEndian.Uint32(b[4:])), int64(binary.LittleEndian.Uint32(b[8:]))
	schema, sequence := binary.LittleEndian.Uint32(b[12:]), binary.LittleEndian.Uint64(b[16:])
	end := frameHead + length + 4
	if length > MaxPayload || end > int64(len(b)) {
		r.open(r.at, "a frame is cut off", true)
		r.skip(r.at + 1)
		return
	}
	payload := b[frameHead : frameHead+length]
	reason := ""
	switch {
	case crc32.Checksum(payload, castagnoli) != binary.LittleEndian.Uint32(b[frameHead+length:]):
		// The length is right, as the head's checksum is, but perhaps the file is
		// too short here and what follows is another frame: look inside.
		r.open(r.at, "checksum of rows", false)
		r.skip(r.at + 1)
		return
	case schema != r.schema:
		reason = "a frame of another schema"
	case rows > int64(r.limit-r.table.Rows()):
		reason = "more rows than a log may have"
	default:
		before := r.table.Rows()
		if err := r.decoder.AppendFrame(r.table, payload); err != nil {
			reason = err.Error()
		} else if int64(r.table.Rows()-before) != rows {
			r.table.Truncate(before)
			reason = "the number of rows does not fit"
		}
	}
	if reason != "" {
		r.open(r.at, reason, false)
		r.at += int(end)
		return
	}
	missing := uint64(0)
	if sequence > r.Last {
		missing = sequence - r.Last - 1
		r.Last = sequence
	}
	if r.lost >= 0 {
		r.Losses = append(r.Losses, Loss{int64(r.lost), int64(r.at - r.lost), missing, r.reason})
		r.lost = -1
	} else if missing > 0 {
		r.Losses = append(r.Losses, Loss{int64(r.at), 0, missing, "frames are missing"})
	}
	r.at += int(end)
}

// open begins a loss, or prolongs the one at hand.
func (r *reader) open(at int, reason string, unfinished bool) {
	if r.lost < 0 {
		r.lost, r.reason, r.unfinished = at, reason, unfinished
	}
}

// skip goes to the next mark of a frame from a place on.
func (r *reader) skip(from int) {
	i := bytes.Index(r.file[min(from, len(r.file)):], frameMark)
	if i < 0 {
		r.at = len(r.file)
		return
	}
	r.at = from + i
}

// close ends the loss at hand at the end of the file.
func (r *reader) close(end int) {
	if r.lost < 0 {
		return
	}
	n := int64(end - r.lost)
	if r.unfinished || allZero(r.file[r.lost:end]) {
		r.Torn = n
		return
	}
	r.Losses = append(r.Losses, Loss{int64(r.lost), n, 0, r.reason})
}

// allZero tells room that the file system gave the file and nothing was written
// to.
func allZero(b []byte) bool { return !slices.ContainsFunc(b, func(x byte) bool { return x != 0 }) }
