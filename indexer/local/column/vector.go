package column

import "math/bits"

// Vector is the values of one column for the rows of a block.
//
// Int columns come plain or with a dictionary, Text columns with a dictionary
// always. A vector whose rows all have no value has N and Present only.
// Dictionaries may hold entries that no row uses, may be shared with other
// vectors and must not be changed.
type Vector struct {
	// N is the number of rows.
	N int
	// Present has bit i%64 of word i/64 set when row i has a value; nil when every
	// row has one. Bits from N on are 0.
	Present []uint64
	// Ints is one value per row, 0 where absent; nil with a dictionary.
	Ints []int64
	// Codes is one index into Dict or IntDict per row, 0 where absent; nil without
	// a dictionary.
	Codes []uint32
	// Dict is the dictionary of a Text column, without duplicates.
	Dict []string
	// IntDict is the dictionary of an Int column, without duplicates.
	IntDict []int64

	// Room of earlier uses.
	present []uint64
	ints    []int64
	codes   []uint32
}

// Has reports whether row i has a value.
func (v *Vector) Has(i int) bool {
	return v.Present == nil || v.Present[i>>6]&(1<<(i&63)) != 0
}

// Empty reports whether no row has a value.
func (v *Vector) Empty() bool { return v.Ints == nil && v.Codes == nil }

// Int gives the value of row i of an Int column; the row must have one.
func (v *Vector) Int(i int) int64 {
	if v.Codes != nil {
		return v.IntDict[v.Codes[i]]
	}
	return v.Ints[i]
}

// Text gives the value of row i of a Text column; the row must have one.
func (v *Vector) Text(i int) string { return v.Dict[v.Codes[i]] }

// Nulls counts the rows without a value.
func (v *Vector) Nulls() int {
	if v.Present == nil {
		return 0
	}
	n := v.N
	for _, w := range v.Present {
		n -= bits.OnesCount64(w)
	}
	return n
}

// Reset makes v a vector of n rows without values or presence bits; its room
// stays. What fills a vector calls it first, then the Make methods.
func (v *Vector) Reset(n int) {
	*v = Vector{N: n, present: v.present, ints: v.ints, codes: v.codes}
}

// SetEmpty makes v a vector of n rows that all have no value.
func (v *Vector) SetEmpty(n int) {
	v.Reset(n)
	clear(v.MakePresent())
}

// MakePresent gives v presence bits of undefined content.
func (v *Vector) MakePresent() []uint64 {
	v.present = grow(v.present, (v.N+63)/64)
	v.Present = v.present
	return v.Present
}

// MakeInts gives v plain numbers of undefined content.
func (v *Vector) MakeInts() []int64 {
	v.ints = grow(v.ints, v.N)
	v.Ints = v.ints
	return v.Ints
}

// MakeCodes gives v codes of undefined content; the caller sets a dictionary.
func (v *Vector) MakeCodes() []uint32 {
	v.codes = grow(v.codes, v.N)
	v.Codes = v.codes
	return v.Codes
}

// grow gives s with length n; the content is undefined.
func grow[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}
