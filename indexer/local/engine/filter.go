package engine

import (
	"math/bits"

	"github.com/weirflow/weir/indexer/local/column"
)

// outlook is what statistics say about a block.
type outlook uint8

const (
	maybe outlook = iota
	never
	always
)

// predicate is a filter, or a part of one, over columns.
type predicate interface {
	// foresee tells whether none or all of a block's rows match, as far as
	// statistics go.
	foresee(b column.Block) outlook
	// narrow takes the rows that do not match out of rows.
	narrow(c *chunk, rows bitmap) error
}

// constant matches every row or none.
type constant bool

func (p constant) foresee(column.Block) outlook {
	if p {
		return always
	}
	return never
}

func (p constant) narrow(_ *chunk, rows bitmap) error {
	if !p {
		clear(rows)
	}
	return nil
}

// conjunction matches what all of its parts match.
type conjunction []predicate

func (p conjunction) foresee(b column.Block) outlook {
	result := always
	for _, part := range p {
		switch part.foresee(b) {
		case never:
			return never
		case maybe:
			result = maybe
		}
	}
	return result
}

func (p conjunction) narrow(c *chunk, rows bitmap) error {
	for _, part := range p {
		if part.foresee(c.block) == always {
			continue
		}
		if err := part.narrow(c, rows); err != nil || rows.empty() {
			return err
		}
	}
	return nil
}

// disjunction matches what any of its parts matches.
type disjunction []predicate

func (p disjunction) foresee(b column.Block) outlook {
	result := never
	for _, part := range p {
		switch part.foresee(b) {
		case always:
			return always
		case maybe:
			result = maybe
		}
	}
	return result
}

func (p disjunction) narrow(c *chunk, rows bitmap) error {
	matched, left, some := c.borrow(), c.borrow(), c.borrow()
	defer func() { c.give(matched); c.give(left); c.give(some) }()
	clear(matched)
	copy(left, rows)
	for _, part := range p {
		if part.foresee(c.block) == never {
			continue
		}
		copy(some, left)
		if err := part.narrow(c, some); err != nil {
			return err
		}
		matched.or(some)
		if left.andNot(some); left.empty() {
			break
		}
	}
	copy(rows, matched)
	return nil
}

// negation matches what its part does not match.
type negation struct{ part predicate }

func (p negation) foresee(b column.Block) outlook {
	switch p.part.foresee(b) {
	case never:
		return always
	case always:
		return never
	}
	return maybe
}

func (p negation) narrow(c *chunk, rows bitmap) error {
	matched := c.borrow()
	defer c.give(matched)
	copy(matched, rows)
	if err := p.part.narrow(c, matched); err != nil {
		return err
	}
	rows.andNot(matched)
	return nil
}

// presence matches the rows that have a value in a column.
type presence int

func (p presence) foresee(b column.Block) outlook { return foreseeNulls(b, int(p)) }

func foreseeNulls(b column.Block, col int) outlook {
	switch n, ok := b.Nulls(col); {
	case ok && n == 0:
		return always
	case ok && n >= b.Rows():
		return never
	}
	return maybe
}

func (p presence) narrow(c *chunk, rows bitmap) error {
	v, err := c.vector(int(p))
	if err != nil {
		return err
	}
	narrowPresent(v, rows)
	return nil
}

// narrowPresent takes out the rows that have no value; it reports whether any is
// left that might have one.
func narrowPresent(v *column.Vector, rows bitmap) bool {
	if v.Empty() {
		clear(rows)
		return false
	}
	if v.Present != nil {
		rows.and(v.Present)
	}
	return true
}

// between matches least ≤ value ≤ most of an Int column.
type between struct {
	column      int
	least, most int64
}

func (p between) foresee(b column.Block) outlook {
	nulls := foreseeNulls(b, p.column)
	if nulls == never {
		return never
	}
	switch lo, hi, ok := b.Range(p.column); {
	case !ok:
		return maybe
	case hi < p.least || lo > p.most:
		return never
	case p.least <= lo && hi <= p.most:
		return nulls
	}
	return maybe
}

func (p between) narrow(c *chunk, rows bitmap) error {
	v, err := c.vector(p.column)
	if err != nil || !narrowPresent(v, rows) {
		return err
	}
	if v.Ints == nil {
		return p.decide(c, v, rows)
	}
	width := uint64(p.most) - uint64(p.least)
	for i, word := range rows {
		if word == 0 {
			continue
		}
		values := v.Ints[i*64 : min(i*64+64, c.n)]
		for left := word; left != 0; left &= left - 1 {
			at := bits.TrailingZeros64(left)
			if uint64(values[at])-uint64(p.least) > width {
				word &^= 1 << at
			}
		}
		rows[i] = word
	}
	return nil
}

func (p between) decide(c *chunk, v *column.Vector, rows bitmap) error {
	keep := c.decisions(len(v.IntDict))
	for i, value := range v.IntDict {
		if p.least <= value && value <= p.most {
			keep[i] = yes
		}
	}
	narrowDecided(v.Codes, keep, rows, nil)
	return nil
}

// What has been decided about an entry of a dictionary.
const (
	undecided uint8 = iota
	yes
	no
)

// narrowDecided keeps the rows whose entry is a yes. decide, if there is one, is
// asked about entries that are undecided when a row needs them.
func narrowDecided(codes []uint32, decided []uint8, rows bitmap, decide func(code uint32) bool) {
	for i, word := range rows {
		if word == 0 {
			continue
		}
		at := codes[i*64 : min(i*64+64, len(codes))]
		for left := word; left != 0; left &= left - 1 {
			bit := bits.TrailingZeros64(left)
			code := at[bit]
			d := decided[code]
			if d == undecided && decide != nil {
				d = no
				if decide(code) {
					d = yes
				}
				decided[code] = d
			}
			if d != yes {
				word &^= 1 << bit
			}
		}
		rows[i] = word
	}
}

// matching matches the stored values of a column that a function takes: text for
// Text columns, number for Int columns. Each entry is asked about once per block.
type matching struct {
	column int
	text   func(stored string) bool
	number func(stored int64) bool
}

func (p matching) foresee(b column.Block) outlook {
	if foreseeNulls(b, p.column) == never {
		return never
	}
	return maybe
}

func (p matching) narrow(c *chunk, rows bitmap) error {
	v, err := c.vector(p.column)
	if err != nil || !narrowPresent(v, rows) || rows.empty() {
		return err
	}
	k, err := c.coding(p.column)
	if err != nil {
		return err
	}
	decide := func(code uint32) bool { return p.text(k.texts[code]) }
	if p.number != nil {
		decide = func(code uint32) bool { return p.number(k.ints[code]) }
	}
	narrowDecided(k.codes, c.decisions(k.entries), rows, decide)
	return nil
}
