package engine

// table numbers keys in the order in which they first come.
type table struct {
	// slots holds, by hash, the upper half of a key's hash and its number plus
	// one; 0 is free. At most half of them are used.
	slots []uint64
	shift uint
	keys  []uint64
}

const firstSlots = 64

func newTable() *table {
	t := &table{}
	t.reset()
	return t
}

// reset empties the table; some of its room stays.
func (t *table) reset() {
	t.keys = t.keys[:0]
	if len(t.slots) == 0 || len(t.slots) > 1<<19 {
		t.slots, t.shift = make([]uint64, firstSlots), 64-6
		return
	}
	clear(t.slots)
}

// hash spreads the bits of a key; all of them count in each of the result's.
func hash(key uint64) uint64 {
	key ^= key >> 32
	key *= 0xd6e8feb86659fd93
	key ^= key >> 32
	key *= 0xd6e8feb86659fd93
	return key ^ key>>32
}

// add gives the number of key, a new one if it is new.
func (t *table) add(key uint64) uint32 {
	h := hash(key)
	mask := uint64(len(t.slots) - 1)
	tag := h &^ 0xffffffff
	for at := h >> t.shift; ; at = (at + 1) & mask {
		slot := t.slots[at]
		if slot == 0 {
			n := uint32(len(t.keys))
			t.keys = append(t.keys, key)
			t.slots[at] = tag | uint64(n+1)
			if 2*len(t.keys) > len(t.slots) {
				t.grow()
			}
			return n
		}
		if slot&^0xffffffff == tag {
			if n := uint32(slot) - 1; t.keys[n] == key {
				return n
			}
		}
	}
}

// grow doubles the slots.
func (t *table) grow() {
	slots := make([]uint64, 2*len(t.slots))
	t.shift--
	mask := uint64(len(slots) - 1)
	for n, key := range t.keys {
		h := hash(key)
		at := h >> t.shift
		for slots[at] != 0 {
			at = (at + 1) & mask
		}
		slots[at] = h&^0xffffffff | uint64(n+1)
	}
	t.slots = slots
}

// bytes is what the table takes.
func (t *table) bytes() int64 { return int64(len(t.slots)+cap(t.keys)) * 8 }
