package engine

import "github.com/weirflow/weir/indexer/query"

// slots finds numbers by hash, with open addressing. A slot holds 32 bits of the
// hash and a number plus one; 0 is free. At most three in four are used.
type slots struct {
	list  []uint64
	shift uint // of the 32 bits, to a place
	used  int
}

const firstBits = 6

// reset empties the slots; some of the room stays.
func (s *slots) reset() {
	s.used = 0
	if len(s.list) == 0 || len(s.list) > 1<<18 {
		s.list, s.shift = make([]uint64, 1<<firstBits), 32-firstBits
		return
	}
	clear(s.list)
}

// put fills the free slot at a place, and makes room for the next one.
func (s *slots) put(at uint64, hash uint32, number uint32) {
	s.list[at] = uint64(hash)<<32 | uint64(number+1)
	if s.used++; 4*s.used > 3*len(s.list) {
		s.grow()
	}
}

// grow doubles the slots. It goes by what they hold, in their order, which the
// new ones have as well: both are walked through in one direction.
func (s *slots) grow() {
	list := make([]uint64, 2*len(s.list))
	s.shift--
	mask := uint64(len(list) - 1)
	for _, slot := range s.list {
		if slot == 0 {
			continue
		}
		at := slot >> 32 >> s.shift
		for list[at] != 0 {
			at = (at + 1) & mask
		}
		list[at] = slot
	}
	s.list = list
}

// hash spreads the bits of a key; all of them count in each of the result's.
func hash(key uint64) uint64 {
	key ^= key >> 32
	key *= 0xd6e8feb86659fd93
	key ^= key >> 32
	key *= 0xd6e8feb86659fd93
	return key ^ key>>32
}

// table numbers 64-bit keys in the order in which they first come.
type table struct {
	slots
	keys []uint64
}

func newTable() *table {
	t := &table{}
	t.reset()
	return t
}

// reset empties the table.
func (t *table) reset() {
	t.keys = t.keys[:0]
	t.slots.reset()
}

// add gives the number of key, a new one if it is new.
func (t *table) add(key uint64) uint32 {
	h := uint32(hash(key) >> 32)
	mask := uint64(len(t.list) - 1)
	at := uint64(h) >> t.shift
	for ; t.list[at] != 0; at = (at + 1) & mask {
		if slot := t.list[at]; uint32(slot>>32) == h && t.keys[uint32(slot)-1] == key {
			return uint32(slot) - 1
		}
	}
	n := uint32(len(t.keys))
	t.keys = append(t.keys, key)
	t.put(at, h, n)
	return n
}

// find gives the number of key, if it has one.
func (t *table) find(key uint64) (n uint32, ok bool) {
	h := uint32(hash(key) >> 32)
	mask := uint64(len(t.list) - 1)
	for at := uint64(h) >> t.shift; t.list[at] != 0; at = (at + 1) & mask {
		if slot := t.list[at]; uint32(slot>>32) == h && t.keys[uint32(slot)-1] == key {
			return uint32(slot) - 1, true
		}
	}
	return 0, false
}

// key is a group's values by number: 29 bits of a leading number, then up to three
// of 33 bits.
type key struct{ a, b uint64 }

const (
	numberBits = 33
	maxLead    = 1<<29 - 1
)

func keyOf(lead uint32, n [query.MaxGroupFields]uint64) key {
	return key{uint64(lead)<<(numberBits+2) | n[0]<<2 | n[1]>>31, n[1]<<numberBits | n[2]}
}

func (k key) lead() uint32 { return uint32(k.a >> (numberBits + 2)) }

func (k key) numbers() [query.MaxGroupFields]uint64 {
	const mask = 1<<numberBits - 1
	return [query.MaxGroupFields]uint64{k.a >> 2 & mask, k.a<<31&mask | k.b>>numberBits, k.b & mask}
}

func (k key) hash() uint64 { return hash(k.a ^ hash(k.b+0x9e3779b97f4a7c15)) }

// keyTable numbers keys likewise.
type keyTable struct {
	slots
	keys []key
}

func newKeyTable() *keyTable {
	t := &keyTable{}
	t.reset()
	return t
}

func (t *keyTable) add(k key, hash uint64) uint32 {
	n, at, ok := t.find(k, hash)
	if !ok {
		n = uint32(len(t.keys))
		t.keys = append(t.keys, k)
		t.put(at, uint32(hash>>32), n)
	}
	return n
}

// find gives the number of k, or the place where it would be.
func (t *keyTable) find(k key, hash uint64) (n uint32, at uint64, ok bool) {
	h := uint32(hash >> 32)
	mask := uint64(len(t.list) - 1)
	for at = uint64(h) >> t.shift; t.list[at] != 0; at = (at + 1) & mask {
		if slot := t.list[at]; uint32(slot>>32) == h && t.keys[uint32(slot)-1] == k {
			return uint32(slot) - 1, at, true
		}
	}
	return 0, at, false
}

// bytes is what the table takes.
func (t *keyTable) bytes() int64 { return int64(len(t.list))*8 + int64(cap(t.keys))*16 }
