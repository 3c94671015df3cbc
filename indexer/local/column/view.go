package column

import (
	"context"
	"math/bits"
)

// View is the first rows of a table as they are now, whatever is appended or
// taken back behind them later. It is a Block when it has rows.
type View struct {
	rows    int
	columns [Count]*slice
}

// slice is a column of a View. What it shares with the table is never written
// again: the tail word of the presence bits is a copy.
type slice struct {
	full   []uint64 // words of presence bits before the last, partial one
	tail   uint64   // that one
	ints   []int64
	codes  []uint32
	dict   []string
	lo, hi int64
	values int
}

// View gives the first n rows, n ≤ Rows. It takes about a microsecond; the
// caller makes sure that nothing changes the table meanwhile.
func (t *Table) View(n int) *View {
	v := &View{rows: n}
	words := n >> 6
	for i, b := range t.columns {
		if b == nil {
			continue
		}
		s := &slice{full: b.present[:min(len(b.present), words)], ints: b.ints[:min(len(b.ints), n)],
			codes: b.codes[:min(len(b.codes), n)], dict: b.dict, lo: b.lo, hi: b.hi, values: b.values}
		if n&63 != 0 && len(b.present) > words {
			s.tail = b.present[words] & (1<<(n&63) - 1)
		}
		if n != t.rows {
			s.values = bits.OnesCount64(s.tail)
			for _, w := range s.full {
				s.values += bits.OnesCount64(w)
			}
		}
		if s.values > 0 {
			v.columns[i] = s
		}
	}
	return v
}

// Rows is how many rows there are.
func (v *View) Rows() int { return v.rows }

// Range bounds the values of an Int column.
func (v *View) Range(column int) (lo, hi int64, ok bool) {
	s := v.columns[column]
	if s == nil || Columns[column].Kind != Int {
		return 0, 0, false
	}
	return s.lo, s.hi, true
}

// Nulls counts the rows without a value.
func (v *View) Nulls(column int) (n int, ok bool) {
	if column == CommunityID {
		return 0, false
	}
	if s := v.columns[column]; s != nil {
		return v.rows - s.values, true
	}
	return v.rows, true
}

// Load copies columns into vectors.
func (v *View) Load(ctx context.Context, columns []int, into []*Vector) error {
	for i, c := range columns {
		if c == CommunityID {
			if err := LoadIdentifiers(ctx, v.rows, into[i], v.LoadStored); err != nil {
				return err
			}
			continue
		}
		v.Stored(c, into[i])
	}
	return ctx.Err()
}

// LoadStored is Load without computed values: network.community_id is absent
// where it can be computed.
func (v *View) LoadStored(ctx context.Context, columns []int, into []*Vector) error {
	for i, c := range columns {
		v.Stored(c, into[i])
	}
	return ctx.Err()
}

// Stored copies one column as it is stored.
func (v *View) Stored(column int, to *Vector) {
	s := v.columns[column]
	if s == nil {
		to.SetEmpty(v.rows)
		return
	}
	to.Reset(v.rows)
	if Columns[column].Kind == Int {
		ints := to.MakeInts()
		clear(ints[copy(ints, s.ints):])
	} else {
		codes := to.MakeCodes()
		clear(codes[copy(codes, s.codes):])
		to.Dict = s.dict
	}
	if s.values < v.rows {
		present := to.MakePresent()
		n := copy(present, s.full)
		clear(present[n:])
		if v.rows&63 != 0 {
			present[len(present)-1] = s.tail
		}
	}
}

// Borrow gives one column as it is stored, where possible without a copy: it may
// share memory with the table, so that it must not be changed, nor be filled
// again by Load.
func (v *View) Borrow(column int) *Vector {
	to, s := &Vector{}, v.columns[column]
	if s == nil {
		to.SetEmpty(v.rows)
		return to
	}
	if len(s.ints) < v.rows && len(s.codes) < v.rows || s.values < v.rows {
		v.Stored(column, to)
		return to
	}
	*to = Vector{N: v.rows, Ints: s.ints, Codes: s.codes, Dict: s.dict}
	if Columns[column].Kind == Int {
		to.Codes, to.Dict = nil, nil
	} else {
		to.Ints = nil
	}
	return to
}
