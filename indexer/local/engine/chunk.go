package engine

import (
	"context"

	"github.com/weirflow/weir/indexer/local/column"
)

// chunk is the block that a worker works on, with the columns that it has needed
// so far. Its room is used again for the next block. One goroutine uses it.
type chunk struct {
	ctx   context.Context
	block column.Block
	index int // of the block in the run
	n     int // rows

	vectors [column.Count]*column.Vector
	loaded  [column.Count]bool
	codings [column.Count]*coding
	coded   [column.Count]bool

	bitmaps []bitmap // not in use
	memo    []uint8
	rows    []uint32
	all     []uint32 // 0, 1, 2, ...
}

// open begins with a block.
func (c *chunk) open(ctx context.Context, block column.Block, index int) {
	c.ctx, c.block, c.index, c.n = ctx, block, index, block.Rows()
	clear(c.loaded[:])
	clear(c.coded[:])
}

// vector gives a column's values; they are valid until the next open.
func (c *chunk) vector(col int) (*column.Vector, error) {
	v := c.vectors[col]
	if c.loaded[col] {
		return v, nil
	}
	if v == nil {
		v = &column.Vector{}
		c.vectors[col] = v
	}
	if err := c.block.Load(c.ctx, []int{col}, []*column.Vector{v}); err != nil {
		return nil, err
	}
	c.loaded[col] = true
	return v, nil
}

// borrow gives a bitmap of undefined content; give takes it back.
func (c *chunk) borrow() bitmap {
	words := (c.n + 63) / 64
	if last := len(c.bitmaps) - 1; last >= 0 {
		b := c.bitmaps[last]
		c.bitmaps = c.bitmaps[:last]
		if cap(b) >= words {
			return b[:words]
		}
	}
	return make(bitmap, words)
}

func (c *chunk) give(b bitmap) { c.bitmaps = append(c.bitmaps, b) }

// decisions gives n zero bytes; valid until the next call.
func (c *chunk) decisions(n int) []uint8 {
	if cap(c.memo) < n {
		c.memo = make([]uint8, n)
	}
	c.memo = c.memo[:n]
	clear(c.memo)
	return c.memo
}

// everyRow gives the numbers of all rows.
func (c *chunk) everyRow() []uint32 {
	for len(c.all) < c.n {
		c.all = append(c.all, uint32(len(c.all)))
	}
	return c.all[:c.n]
}

// coding is a column whose rows are numbers of entries. Columns that come plain
// get a dictionary of their own.
type coding struct {
	codes   []uint32
	present []uint64 // nil: every row
	texts   []string // entries of a Text column
	ints    []int64  // entries of an Int column
	entries int
	none    bool // no row has a value

	// The dictionary made here, and its room.
	table *table
	room  []uint32
	own   []int64
}

func (c *chunk) coding(col int) (*coding, error) {
	if c.coded[col] {
		return c.codings[col], nil
	}
	v, err := c.vector(col)
	if err != nil {
		return nil, err
	}
	k := c.codings[col]
	if k == nil {
		k = &coding{}
		c.codings[col] = k
	}
	c.coded[col] = true
	k.codes, k.present, k.texts, k.ints, k.none = v.Codes, v.Present, v.Dict, v.IntDict, v.Empty()
	k.entries = len(v.Dict) + len(v.IntDict)
	if v.Ints != nil {
		k.encode(v.Ints)
	}
	return k, nil
}

// encode makes a dictionary of plain numbers.
func (k *coding) encode(values []int64) {
	if k.table == nil {
		k.table = newTable()
	}
	k.table.reset()
	if cap(k.room) < len(values) {
		k.room = make([]uint32, len(values))
	}
	k.codes = k.room[:len(values)]
	last, code := int64(0), k.table.add(0)
	for i, v := range values {
		if v != last {
			last, code = v, k.table.add(uint64(v))
		}
		k.codes[i] = code
	}
	k.own = k.own[:0]
	for _, key := range k.table.keys {
		k.own = append(k.own, int64(key))
	}
	k.ints, k.entries = k.own, len(k.own)
}

func (k *coding) has(row uint32) bool {
	return k.present == nil || k.present[row>>6]&(1<<(row&63)) != 0
}
