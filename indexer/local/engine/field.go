package engine

import (
	"slices"

	"github.com/weirflow/weir/indexer/query"
)

// Numbers of a block's values. Those from listFlag to absent are places in
// field.lists.
const (
	listFlag = uint32(1) << 31
	absent   = ^uint32(0) - 1 // no value
)

// field numbers the values that a group field has in the block that a worker
// works on: by the column's own dictionary where that will do, else by one made
// for the block. Two numbers may stand for the same value.
type field struct {
	reader
	missing bool // rows without a value get a number of their own

	size    int // numbers are below it
	none    uint32
	coding  *coding // the numbers are its entries; nil: they are those below
	codes   map[string]uint32
	made    []string
	table   *table
	memo    [][]uint32 // per column: number of an entry plus one
	lists   [][]uint32
	arena   []uint32
	numbers []uint64 // that are the same in all blocks, plus one; 0 is unknown
}

func newField(f query.Field, missing bool) *field {
	x := &field{reader: newReader(f), missing: missing, codes: map[string]uint32{}, table: newTable()}
	x.memo = make([][]uint32, len(x.columns))
	return x
}

// open gives the rows of a block their numbers; plain is false when some are absent or lists.
func (f *field) open(c *chunk, rows, out []uint32) (plain bool, err error) {
	f.coding, f.lists, f.arena, f.made = nil, f.lists[:0], f.arena[:0], f.made[:0]
	clear(f.codes)
	f.table.reset()
	switch {
	case len(f.columns) == 0:
		fill(out, f.text(f.constant))
		plain = true
	case len(f.columns) > 1:
		err = f.several(c, rows, out)
	case f.list:
		err = f.lined(c, rows, out)
	default:
		plain, err = f.single(c, rows, out)
	}
	if err != nil {
		return false, err
	}
	f.size = len(f.made) + len(f.table.keys)
	if f.coding != nil {
		f.size = f.coding.entries
	}
	f.none = absent
	if !plain && f.missing {
		f.none = uint32(f.size)
		f.size++
		plain = true
		for i, n := range out {
			if n == absent {
				out[i] = f.none
			} else if n >= listFlag {
				plain = false
			}
		}
	}
	f.numbers = zeroed(f.numbers, f.size)
	return plain, nil
}

func fill(out []uint32, n uint32) {
	for i := range out {
		out[i] = n
	}
}

// single takes the column's own numbers.
func (f *field) single(c *chunk, rows, out []uint32) (plain bool, err error) {
	k, err := c.coding(f.columns[0])
	if err != nil {
		return false, err
	}
	f.coding = k
	if k.none {
		fill(out, absent)
		return false, nil
	}
	if k.present == nil {
		for i, row := range rows {
			out[i] = k.codes[row]
		}
		return true, nil
	}
	plain = true
	for i, row := range rows {
		if k.has(row) {
			out[i] = k.codes[row]
		} else {
			out[i], plain = absent, false
		}
	}
	return plain, nil
}

// lined numbers the values of a column of lists.
func (f *field) lined(c *chunk, rows, out []uint32) error {
	k, err := c.coding(f.columns[0])
	if err != nil {
		return err
	}
	if k.none {
		fill(out, absent)
		return nil
	}
	memo := f.forget(0, k.entries)
	for i, row := range rows {
		out[i] = absent
		if k.has(row) {
			out[i] = f.entry(k, memo, k.codes[row])
		}
	}
	return nil
}

// several numbers the different values that a row has in some columns.
func (f *field) several(c *chunk, rows, out []uint32) error {
	codings := make([]*coding, len(f.columns))
	for i, col := range f.columns {
		var err error
		if codings[i], err = c.coding(col); err != nil {
			return err
		}
		f.forget(i, codings[i].entries)
	}
	for i, row := range rows {
		start := len(f.arena)
		for j, k := range codings {
			if !k.none && k.has(row) {
				f.arena = appendNew(f.arena, start, f.entry(k, f.memo[j], k.codes[row]))
			}
		}
		out[i] = f.collect(start)
	}
	return nil
}

// forget gives an empty memo for a dictionary of a column.
func (f *field) forget(column, entries int) []uint32 {
	f.memo[column] = slices.Grow(f.memo[column][:0], entries)[:entries]
	clear(f.memo[column])
	return f.memo[column]
}

// entry gives the number of an entry's value, absent, or a list's.
func (f *field) entry(k *coding, memo []uint32, code uint32) uint32 {
	if n := memo[code]; n != 0 {
		return n - 1
	}
	// Values are collected behind those of a row at work, if there is one.
	start := len(f.arena)
	if f.ints {
		for _, v := range f.numsOf(k, code) {
			f.arena = appendNew(f.arena, start, f.table.add(uint64(v)))
		}
	} else {
		for _, s := range f.textsOf(k, code) {
			f.arena = appendNew(f.arena, start, f.text(s))
		}
	}
	n := f.collect(start)
	memo[code] = n + 1
	return n
}

// text gives the number of a text in the block's dictionary.
func (f *field) text(s string) uint32 {
	n, ok := f.codes[s]
	if !ok {
		n = uint32(len(f.made))
		f.codes[s] = n
		f.made = append(f.made, s)
	}
	return n
}

// collect makes one number of those in the arena from start on.
func (f *field) collect(start int) uint32 {
	switch found := f.arena[start:]; len(found) {
	case 0:
		return absent
	case 1:
		f.arena = f.arena[:start]
		return found[0]
	default:
		f.lists = append(f.lists, found)
		return listFlag | uint32(len(f.lists)-1)
	}
}

// appendNew appends n unless list has it from start on.
func appendNew(list []uint32, start int, n uint32) []uint32 {
	if slices.Contains(list[start:], n) {
		return list
	}
	return append(list, n)
}

// notThere marks values that a dictionary does not have.
const notThere = ^uint64(0) - 1

// shared gives the number that the value of a block's number has in all blocks,
// by a dictionary; without add, ok is false for values that it does not have.
func (f *field) shared(d *dictionary, n uint32, add bool) (number uint64, ok bool) {
	if known := f.numbers[n]; known != 0 {
		return known - 1, known-1 != notThere
	}
	switch {
	case n == f.none:
		number, ok = null, true
	case f.coding == nil && f.ints:
		number, ok = d.number(int64(f.table.keys[n]), add)
	case f.coding == nil:
		number, ok = d.text(f.made[n], add)
	case f.ints:
		number, ok = d.number(f.coding.ints[n], add)
	default:
		number, ok = d.text(f.textsOf(f.coding, n)[0], add)
	}
	if !ok {
		number = notThere
	}
	f.numbers[n] = number + 1
	return number, ok
}
