package column

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/bits"
)

// SchemaField is a column as the writer of a frame knew it.
type SchemaField struct {
	Name string
	Kind Kind
}

// Schema gives the columns that frames of this version have, in order.
func Schema() []SchemaField {
	list := make([]SchemaField, Count)
	for i := range Columns {
		list[i] = SchemaField{Columns[i].Name, Columns[i].Kind}
	}
	return list
}

// Decoder reads frames whose writer had a schema that may be older or newer than
// ours: columns that we do not know, or know as another kind, are passed over.
type Decoder struct {
	ours    []int // our number of the writer's columns, -1 for none
	kinds   []Kind
	present []uint64
	codes   []uint32
}

// NewDecoder gives a decoder for frames of a schema.
func NewDecoder(schema []SchemaField) *Decoder {
	d := &Decoder{}
	for _, f := range schema {
		n, ok := Lookup(f.Name)
		if !ok || Columns[n].Kind != f.Kind {
			n = -1
		}
		d.ours, d.kinds = append(d.ours, n), append(d.kinds, f.Kind)
	}
	return d
}

// MaxFrameRows is how many rows a frame may have.
const MaxFrameRows = 1 << 16

var errFrame = errors.New("not a frame of rows")

// AppendFrame adds the rows of a frame to t. When the frame is not as it should
// be the table is as before.
func (d *Decoder) AppendFrame(t *Table, frame []byte) error {
	r := reader{b: frame}
	rows := r.uvarint(MaxFrameRows)
	if r.bad || rows == 0 {
		return errFrame
	}
	before := t.rows
	t.rows += rows // so that Truncate takes back what a bad column left
	for len(r.b) > 0 {
		i := r.uvarint(math.MaxInt32)
		flags := r.byte()
		body := reader{b: r.take(r.uvarint(math.MaxInt32))}
		if r.bad || i >= len(d.ours) {
			t.Truncate(before)
			return errFrame
		}
		ours := d.ours[i]
		if ours < 0 {
			continue
		}
		if err := d.column(t, ours, &body, flags, before, rows); err != nil {
			t.Truncate(before)
			return err
		}
	}
	return nil
}

// column adds the values of one column.
func (d *Decoder) column(t *Table, column int, r *reader, flags byte, before, rows int) error {
	bad := func(what string) error { return fmt.Errorf("column %s: %s: %w", Columns[column].Name, what, errFrame) }
	if (flags&flagText != 0) != (Columns[column].Kind == Text) {
		return bad("kind")
	}
	n := rows
	if flags&flagPresence != 0 {
		n = d.readPresence(r, rows)
	}
	if n == 0 || r.bad {
		return bad("presence")
	}
	b := t.columns[column]
	if b == nil {
		b = t.begin(column)
	}
	if len(b.present) > before>>6 && b.word(before) != 0 {
		return bad("it occurs twice")
	}
	if Columns[column].Kind == Int {
		values, lo, factor, width := readInts(r, n)
		if r.bad {
			return bad("values")
		}
		b.ints = extend(b.ints, before)
		if n == rows {
			b.markAll(before, rows)
			b.ints = appendInts(b.ints, values, lo, factor, width, rows)
			for _, v := range b.ints[before:] {
				b.lo, b.hi = min(b.lo, v), max(b.hi, v)
			}
			return nil
		}
		at := 0
		d.eachPresent(func(row int) {
			v := int64(uint64(lo) + load(values, at, width)*factor)
			at += width
			b.mark(before + row)
			b.putInt(before+row, v)
		})
		return nil
	}
	if !d.readCodes(r, b, n) {
		return bad("texts")
	}
	b.codes = extend(b.codes, before)
	if n == rows {
		b.markAll(before, rows)
		b.codes = append(b.codes, d.codes...)
		return nil
	}
	at := 0
	d.eachPresent(func(row int) {
		b.mark(before + row)
		b.putCode(before+row, d.codes[at])
		at++
	})
	return nil
}

// markAll marks n rows as present.
func (b *builder) markAll(from, n int) {
	b.present = extend(b.present, (from+n+63)/64)
	for row := from; row < from+n; {
		count := min(64-row&63, from+n-row)
		b.present[row>>6] |= ^uint64(0) >> (64 - count) << (row & 63)
		row += count
	}
	b.values += n
}

// appendInts appends n numbers of some width.
func appendInts(dst []int64, values []byte, lo int64, factor uint64, width, n int) []int64 {
	switch width {
	case 0:
		for range n {
			dst = append(dst, lo)
		}
	case 1:
		for _, x := range values {
			dst = append(dst, int64(uint64(lo)+uint64(x)*factor))
		}
	default:
		for at := 0; at < len(values); at += width {
			dst = append(dst, int64(uint64(lo)+load(values, at, width)*factor))
		}
	}
	return dst
}

func (d *Decoder) readPresence(r *reader, rows int) (n int) {
	raw := r.take((rows + 7) / 8)
	d.present = grow(d.present, (rows+63)/64)
	clear(d.present)
	for i, x := range raw {
		d.present[i/8] |= uint64(x) << (i % 8 * 8)
	}
	if rows&63 != 0 {
		d.present[len(d.present)-1] &= 1<<(rows&63) - 1
	}
	for _, w := range d.present {
		n += bits.OnesCount64(w)
	}
	return n
}

// eachPresent calls do for the rows with a value, of a column with presence bits.
func (d *Decoder) eachPresent(do func(row int)) {
	for i, w := range d.present {
		for ; w != 0; w &= w - 1 {
			do(i*64 + bits.TrailingZeros64(w))
		}
	}
}

// readInts reads the head of n numbers and checks that they are there.
func readInts(r *reader, n int) (values []byte, lo int64, factor uint64, width int) {
	factor = 1
	unit := r.byte()
	for _, u := range units {
		if u.exponent == unit {
			factor = uint64(u.factor)
		}
	}
	lo = r.varint()
	width = int(r.byte())
	if width != 0 && width != 1 && width != 2 && width != 4 && width != 8 {
		r.bad = true
		return nil, 0, 1, 0
	}
	return r.take(n * width), lo, factor, width
}

// load gives the unsigned number of some width at a place.
func load(b []byte, at, width int) uint64 {
	switch width {
	case 1:
		return uint64(b[at])
	case 2:
		return uint64(binary.LittleEndian.Uint16(b[at:]))
	case 4:
		return uint64(binary.LittleEndian.Uint32(b[at:]))
	case 8:
		return binary.LittleEndian.Uint64(b[at:])
	}
	return 0
}

// readCodes reads a frame's dictionary and codes into d.codes, as codes of b.
func (d *Decoder) readCodes(r *reader, b *builder, n int) bool {
	entries := r.uvarint(n)
	if r.bad || entries == 0 {
		return false
	}
	table := make([]uint32, entries)
	for i := range table {
		s := r.take(r.uvarint(math.MaxInt32))
		if r.bad {
			return false
		}
		table[i] = b.internBytes(s)
	}
	width := codeWidth(entries)
	raw := r.take(n * width)
	if r.bad {
		return false
	}
	d.codes = grow(d.codes, n)
	for i := range d.codes {
		c := load(raw, i*width, width)
		if c >= uint64(entries) {
			return false
		}
		d.codes[i] = table[c]
	}
	return true
}

// internBytes is intern for bytes that are copied when they are new.
func (b *builder) internBytes(s []byte) uint32 {
	if b.texts != nil {
		if code, ok := b.texts.codes[string(s)]; ok {
			return code
		}
	}
	return b.intern(string(s))
}

// reader takes bytes apart; after bad is set it gives zeros.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) take(n int) []byte {
	if r.bad || n < 0 || n > len(r.b) {
		r.bad = true
		return nil
	}
	p := r.b[:n]
	r.b = r.b[n:]
	return p
}

func (r *reader) byte() byte {
	if p := r.take(1); p != nil {
		return p[0]
	}
	return 0
}

// uvarint reads a number of at most limit.
func (r *reader) uvarint(limit int) int {
	v, n := binary.Uvarint(r.b)
	if r.bad || n <= 0 || v > uint64(limit) {
		r.bad = true
		return 0
	}
	r.b = r.b[n:]
	return int(v)
}

func (r *reader) varint() int64 {
	v, n := binary.Varint(r.b)
	if r.bad || n <= 0 {
		r.bad = true
		return 0
	}
	r.b = r.b[n:]
	return v
}
