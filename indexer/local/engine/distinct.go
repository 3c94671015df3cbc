package engine

import (
	"math"
	"math/bits"
)

// sketch counts different values by their hashes: a set while they are few, then
// HyperLogLog. Two values of 64-bit hashes that are equal would count as one; with
// a million values the chance of one such pair is below 1 in 10 million.
type sketch struct {
	set       []uint64 // open addressing, 0 is free
	n         int      // in set
	registers []uint8  // once set is given up
}

// precision is the number of registers as a power of two: a standard error of
// 1.04/√16384 = 0.8 %.
const precision = 14

// add counts a value by its hash, exactly up to limit values.
func (s *sketch) add(h uint64, limit int) {
	if s.registers != nil {
		s.register(h)
		return
	}
	if h == 0 {
		h = 1
	}
	if 2*s.n >= len(s.set) {
		s.grow()
	}
	mask := uint64(len(s.set) - 1)
	at := h & mask
	for ; s.set[at] != 0; at = (at + 1) & mask {
		if s.set[at] == h {
			return
		}
	}
	s.set[at] = h
	if s.n++; s.n > limit {
		s.estimate()
	}
}

func (s *sketch) grow() {
	old := s.set
	s.set = make([]uint64, max(4, 2*len(old)))
	mask := uint64(len(s.set) - 1)
	for _, h := range old {
		if h == 0 {
			continue
		}
		at := h & mask
		for s.set[at] != 0 {
			at = (at + 1) & mask
		}
		s.set[at] = h
	}
}

// estimate gives the set up for registers.
func (s *sketch) estimate() {
	s.registers = make([]uint8, 1<<precision)
	for _, h := range s.set {
		if h != 0 {
			s.register(h)
		}
	}
	s.set, s.n = nil, 0
}

func (s *sketch) register(h uint64) {
	i := h >> (64 - precision)
	rank := uint8(bits.LeadingZeros64(h<<precision|1<<(precision-1))) + 1
	s.registers[i] = max(s.registers[i], rank)
}

// merge adds the values of other.
func (s *sketch) merge(other *sketch, limit int) {
	for _, h := range other.set {
		if h != 0 {
			s.add(h, limit)
		}
	}
	if other.registers == nil {
		return
	}
	if s.registers == nil {
		s.estimate()
	}
	for i, rank := range other.registers {
		s.registers[i] = max(s.registers[i], rank)
	}
}

// count is how many different values there were, and whether that is estimated:
// by Ertl's estimator (arXiv:1702.01284, algorithm 6), which has no bias at any
// number.
func (s *sketch) count() (n int64, estimated bool) {
	if s.registers == nil {
		return int64(s.n), false
	}
	const m, q = 1 << precision, 64 - precision
	var with [q + 2]float64 // registers by rank
	for _, rank := range s.registers {
		with[rank]++
	}
	z := m * tau(1-with[q+1]/m)
	for k := q; k >= 1; k-- {
		z = (z + with[k]) / 2
	}
	z += m * sigma(with[0]/m)
	return int64(math.Round(m * m / (2 * math.Ln2 * z))), true
}

func sigma(x float64) float64 {
	if x == 1 {
		return math.Inf(1)
	}
	for y, z := 1.0, x; ; y *= 2 {
		x *= x
		before := z
		if z += x * y; z == before {
			return z
		}
	}
}

func tau(x float64) float64 {
	if x == 0 || x == 1 {
		return 0
	}
	for y, z := 0.5, 1-x; ; y /= 2 {
		x = math.Sqrt(x)
		before := z
		if z -= (1 - x) * (1 - x) * y; z == before {
			return z / 3
		}
	}
}

// bytes is what the sketch takes.
func (s *sketch) bytes() int64 { return int64(len(s.set))*8 + int64(len(s.registers)) + 56 }

// hashText hashes a value. It is the same in every process, so that a page's
// cursor can hold hashes.
func hashText(s string) uint64 {
	h := uint64(len(s)) * 0x9e3779b97f4a7c15
	for len(s) >= 8 {
		h = hash(h ^ (uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
			uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56))
		s = s[8:]
	}
	tail := uint64(0)
	for i := range len(s) {
		tail |= uint64(s[i]) << (8 * i)
	}
	return hash(h ^ tail ^ 0xa5a5a5a5a5a5a5a5)
}

// hashNumber hashes a number, apart from the texts.
func hashNumber(v int64) uint64 { return hash(uint64(v) + 0x632be59bd9b4e019) }
