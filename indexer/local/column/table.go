package column

import (
	"math"
	"math/bits"

	"github.com/weirflow/weir/flow"
)

// Table gathers rows by column: it is what the log holds that is in no segment
// yet. One goroutine changes it at a time; Views of it may be read meanwhile.
type Table struct {
	rows    int
	columns [Count]*builder // nil while no row has a value
	spare   [Count]*builder // empty ones, with room
	json    flow.Encoder
	text    []byte
	frame   uint32 // counts calls of AppendFrame
}

// builder holds one column of a Table. Rows beyond those that ints or codes
// cover have no value.
type builder struct {
	values  int // rows with a value
	present []uint64
	ints    []int64
	codes   []uint32
	dict    []string
	lo, hi  int64 // of Int columns; not narrowed by Truncate

	texts  *interner[string]
	addrs  *interner[addr]
	macs   *interner[flow.MAC]
	points *interner[flow.Point]

	// For AppendFrame: the frame in which an entry of dict last got a code of the
	// frame's own, and that code.
	stamp, local []uint32
}

// NewTable gives an empty table.
func NewTable() *Table { return &Table{} }

// Reset empties the table and keeps the room of its rows, as growing that anew
// costs a quarter of Append. There must be no View of it any more.
func (t *Table) Reset() {
	t.rows = 0
	for i, b := range t.columns {
		if b != nil {
			t.spare[i] = &builder{present: b.present[:0], ints: b.ints[:0], codes: b.codes[:0], lo: math.MaxInt64, hi: math.MinInt64}
			t.columns[i] = nil
		}
	}
}

// begin gives a column its builder.
func (t *Table) begin(column int) *builder {
	b := t.spare[column]
	if b == nil {
		b = &builder{lo: math.MaxInt64, hi: math.MinInt64}
	}
	t.spare[column], t.columns[column] = nil, b
	return b
}

// Rows is how many rows there are.
func (t *Table) Rows() int { return t.rows }

// Append adds records.
func (t *Table) Append(records []flow.Record) {
	for i := range records {
		r := &records[i]
		t.addFields(r)
		if len(r.Extra) > 0 {
			t.addElements(r)
		}
		t.rows++
	}
}

// AppendVectors adds the rows of vectors, one per column, as they are stored.
func (t *Table) AppendVectors(vectors []*Vector) {
	for c, v := range vectors {
		if v.Empty() {
			continue
		}
		var codes []uint32
		for row := range v.N {
			if !v.Has(row) {
				continue
			}
			b := t.columns[c]
			if b == nil {
				b = t.begin(c)
			}
			b.mark(t.rows + row)
			if Columns[c].Kind == Int {
				b.putInt(t.rows+row, v.Int(row))
				continue
			}
			if codes == nil {
				codes = make([]uint32, len(v.Dict)) // code + 1
			}
			code := &codes[v.Codes[row]]
			if *code == 0 {
				*code = b.intern(v.Text(row)) + 1
			}
			b.putCode(t.rows+row, *code-1)
		}
	}
	if len(vectors) > 0 {
		t.rows += vectors[0].N
	}
}

// Truncate takes the rows from n on back. Views of up to n rows stay valid.
func (t *Table) Truncate(n int) {
	if n >= t.rows {
		return
	}
	t.rows = n
	for i, b := range t.columns {
		if b == nil {
			continue
		}
		if len(b.ints) > n {
			b.ints = b.ints[:n]
		}
		if len(b.codes) > n {
			b.codes = b.codes[:n]
		}
		if words := (n + 63) / 64; len(b.present) > words {
			b.present = b.present[:words]
		}
		if n&63 != 0 && len(b.present) == n>>6+1 {
			b.present[n>>6] &= 1<<(n&63) - 1
		}
		b.values = 0
		for _, w := range b.present {
			b.values += bits.OnesCount64(w)
		}
		if b.values == 0 {
			t.columns[i] = nil
		}
	}
}

// at gives the builder of a column, with the last row marked as present.
func (t *Table) at(column int) *builder {
	b := t.columns[column]
	if b == nil {
		b = t.begin(column)
	}
	b.mark(t.rows)
	return b
}

// mark marks a row as present.
func (b *builder) mark(row int) {
	for len(b.present) <= row>>6 {
		b.present = append(b.present, 0)
	}
	b.present[row>>6] |= 1 << (row & 63)
	b.values++
}

// putInt sets the value of a row; rows come in order.
func (b *builder) putInt(row int, v int64) {
	if len(b.ints) < row {
		b.ints = extend(b.ints, row)
	}
	b.ints = append(b.ints, v)
	b.lo, b.hi = min(b.lo, v), max(b.hi, v)
}

// putCode sets the code of a row; rows come in order.
func (b *builder) putCode(row int, code uint32) {
	if len(b.codes) < row {
		b.codes = extend(b.codes, row)
	}
	b.codes = append(b.codes, code)
}

// extend lengthens s to n with zeros.
func extend[T any](s []T, n int) []T {
	for len(s) < n {
		if room := s[len(s):min(cap(s), n)]; len(room) > 0 {
			clear(room)
			s = s[:len(s)+len(room)]
			continue
		}
		var zero T
		s = append(s, zero)
	}
	return s
}

// intern gives the code of a text.
func (b *builder) intern(s string) uint32 {
	if b.texts == nil {
		b.texts = newInterner[string]()
	}
	slot := slotOf(s)
	if code, ok := b.texts.find(s, slot); ok {
		return code
	}
	valid := validText(s)
	code, ok := b.texts.find(valid, slotOf(valid))
	if !ok {
		code = b.push(valid)
	}
	if valid != s {
		b.texts.add(s, code)
	}
	return code
}

// push adds an entry to the dictionary.
func (b *builder) push(s string) uint32 {
	code := uint32(len(b.dict))
	b.dict = append(b.dict, s)
	if b.texts == nil {
		b.texts = newInterner[string]()
	}
	b.texts.add(s, code)
	return code
}
