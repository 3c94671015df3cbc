package engine

import "math/bits"

// bitmap has a bit per row of a block, row 0 lowest in word 0. Bits beyond the
// rows are 0.
type bitmap []uint64

func (b bitmap) fill(rows int) {
	for i := range b {
		b[i] = ^uint64(0)
	}
	if rows&63 != 0 {
		b[len(b)-1] = 1<<(rows&63) - 1
	}
}

func (b bitmap) empty() bool {
	for _, w := range b {
		if w != 0 {
			return false
		}
	}
	return true
}

func (b bitmap) and(other []uint64) {
	for i, w := range other[:len(b)] {
		b[i] &= w
	}
}

func (b bitmap) andNot(other bitmap) {
	for i, w := range other[:len(b)] {
		b[i] &^= w
	}
}

func (b bitmap) or(other bitmap) {
	for i, w := range other[:len(b)] {
		b[i] |= w
	}
}

// appendRows appends the numbers of the rows whose bits are set.
func (b bitmap) appendRows(rows []uint32) []uint32 {
	for i, w := range b {
		base := uint32(i) << 6
		if w == ^uint64(0) {
			for j := range uint32(64) {
				rows = append(rows, base+j)
			}
			continue
		}
		for ; w != 0; w &= w - 1 {
			rows = append(rows, base+uint32(bits.TrailingZeros64(w)))
		}
	}
	return rows
}
