package segment

import "math/bits"

// maxNumbers is how many different numbers a dictionary may have.
const maxNumbers = 1 << 16

// numberSet gives numbers codes by first use. It is an open-addressing table, as
// a map costs four times as much.
type numberSet struct {
	list  []int64
	table []numberSlot
	shift int
	round uint32
}

type numberSlot struct {
	key   int64
	code  uint32
	round uint32 // slots of earlier rounds are free
}

// fill takes the numbers in and reports false when there are more than limit
// different ones.
func (s *numberSet) fill(list []int64, limit int) bool {
	s.list = s.list[:0]
	if limit < 1 {
		limit = 1
	}
	size := 1 << bits.Len(uint(2*limit))
	if len(s.table) < size {
		s.table, s.round = make([]numberSlot, size), 0
	}
	if s.round++; s.round == 0 {
		clear(s.table)
		s.round = 1
	}
	s.shift = 64 - bits.Len(uint(len(s.table)-1))
	for _, x := range list {
		slot := s.slot(x)
		if slot.round == s.round {
			continue
		}
		if len(s.list) == limit {
			return false
		}
		*slot = numberSlot{x, uint32(len(s.list)), s.round}
		s.list = append(s.list, x)
	}
	return true
}

// slot gives the place of x, or the free one where it belongs.
func (s *numberSet) slot(x int64) *numberSlot {
	for i := uint64(x) * 0x9e3779b97f4a7c15 >> s.shift; ; i++ {
		slot := &s.table[i&uint64(len(s.table)-1)]
		if slot.round != s.round || slot.key == x {
			return slot
		}
	}
}

// code gives the code of a number that was taken in.
func (s *numberSet) code(x int64) uint32 { return s.slot(x).code }
