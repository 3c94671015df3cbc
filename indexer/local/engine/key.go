package engine

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/weirflow/weir/indexer/query"
)

// Numbers of values. Those from listFlag to absent are places in keyer.lists.
const (
	null     = uint32(0) // stands for the missing value, where rows without one count
	listFlag = uint32(1) << 31
	absent   = ^uint32(0) - 1 // no value
)

// keyer numbers the values of one group field, the same in all blocks of a
// worker.
type keyer struct {
	reader
	missing bool // rows without a value get null
	nulls   bool // some did
	// base, when it is not 0, is where numbers begin that last for a block only.
	base int

	codes map[string]uint32 // of texts
	texts []string          // by number
	table *table            // of numbers and times; one below their number
	bytes int64             // of texts

	memo  [][]uint32 // per column: number of an entry plus one
	lists [][]uint32 // of the block
	arena []uint32
}

func newKeyer(f query.Field, missing bool) *keyer {
	k := &keyer{reader: newReader(f), missing: missing}
	if k.ints {
		k.table = newTable()
	} else {
		k.codes, k.texts = map[string]uint32{}, []string{""}
	}
	k.memo = make([][]uint32, len(k.columns))
	return k
}

// text gives the number of a text, which is copied if it is new.
func (k *keyer) text(s string) uint32 {
	if n, ok := k.codes[s]; ok {
		return n
	}
	n := uint32(len(k.texts))
	s = strings.Clone(s)
	k.codes[s] = n
	k.texts = append(k.texts, s)
	k.bytes += int64(len(s))
	return n
}

func (k *keyer) number(v int64) uint32 { return k.table.add(uint64(v)) + 1 }

// size is one more than the largest number.
func (k *keyer) size() int {
	if k.ints {
		return len(k.table.keys) + 1
	}
	return len(k.texts)
}

// room is what the keyer takes, in bytes.
func (k *keyer) room() int64 {
	if k.ints {
		return k.table.bytes()
	}
	const perText = 64 // the map's and the list's share
	return k.bytes + perText*int64(len(k.texts))
}

// value gives what number n stands for, as answers show it.
func (k *keyer) value(n uint32) any {
	switch {
	case n == null:
		return nil
	case !k.ints:
		return k.texts[n]
	case k.field.Class == query.Time:
		return time.Unix(0, int64(k.table.keys[n-1])).UTC()
	}
	return int64(k.table.keys[n-1])
}

// compare orders values: numbers by size, addresses by their 16 bytes, texts by
// their bytes, the missing one last.
func (k *keyer) compare(a, b uint32) int {
	switch {
	case a == b:
		return 0
	case a == null:
		return 1
	case b == null:
		return -1
	case k.ints:
		return cmp.Compare(int64(k.table.keys[a-1]), int64(k.table.keys[b-1]))
	}
	if k.field.Class == query.Address {
		x, errX := netip.ParseAddr(k.texts[a])
		y, errY := netip.ParseAddr(k.texts[b])
		if errX == nil && errY == nil {
			return netip.AddrFrom16(x.As16()).Compare(netip.AddrFrom16(y.As16()))
		}
	}
	return strings.Compare(k.texts[a], k.texts[b])
}

// adopt gives the number of the value that another keyer of the same field has as
// n.
func (k *keyer) adopt(other *keyer, n uint32) uint32 {
	switch {
	case n == null:
		k.nulls = true
		return null
	case k.ints:
		return k.table.add(other.table.keys[n-1]) + 1
	}
	return k.text(other.texts[n])
}

// numbers gives rows their numbers; plain is false when some are absent or lists.
func (k *keyer) numbers(c *chunk, rows, out []uint32) (plain bool, err error) {
	k.lists, k.arena = k.lists[:0], k.arena[:0]
	if k.base > 0 {
		k.rollBack()
	}
	switch len(k.columns) {
	case 0:
		fill(out, k.text(k.constant))
		return true, nil
	case 1:
		plain, err = k.single(c, rows, out)
	default:
		plain, err = false, k.several(c, rows, out)
	}
	if err == nil && !plain && k.missing {
		for i, n := range out {
			if n == absent {
				out[i], k.nulls = null, true
			}
		}
	}
	return plain, err
}

func fill(out []uint32, n uint32) {
	for i := range out {
		out[i] = n
	}
}

// single numbers the values of one column.
func (k *keyer) single(c *chunk, rows, out []uint32) (plain bool, err error) {
	coding, err := c.coding(k.columns[0])
	if err != nil {
		return false, err
	}
	if coding.none {
		fill(out, absent)
		return false, nil
	}
	memo := k.forget(0, coding.entries)
	plain = true
	for i, row := range rows {
		if coding.present != nil && !coding.has(row) {
			out[i], plain = absent, false
			continue
		}
		code := coding.codes[row]
		n := memo[code]
		if n == 0 {
			n = k.entry(coding, code) + 1
			memo[code] = n
		}
		out[i] = n - 1
		plain = plain && n <= listFlag
	}
	return plain, nil
}

// several numbers the different values that a row has in some columns.
func (k *keyer) several(c *chunk, rows, out []uint32) error {
	codings := make([]*coding, len(k.columns))
	for i, col := range k.columns {
		var err error
		if codings[i], err = c.coding(col); err != nil {
			return err
		}
		k.forget(i, codings[i].entries)
	}
	for i, row := range rows {
		start := len(k.arena)
		for j, coding := range codings {
			if coding.none || !coding.has(row) {
				continue
			}
			code := coding.codes[row]
			n := k.memo[j][code]
			if n == 0 {
				n = k.entry(coding, code) + 1
				k.memo[j][code] = n
			}
			k.arena = appendNew(k.arena, start, n-1)
		}
		out[i] = k.collect(start)
	}
	return nil
}

// freeze makes the numbers given so far the ones that last.
func (k *keyer) freeze() { k.base = k.size() }

// rollBack forgets the numbers from base on.
func (k *keyer) rollBack() {
	if k.ints {
		if keys := k.table.keys; len(keys) >= k.base {
			keys = slices.Clone(keys[:k.base-1])
			k.table.reset()
			for _, key := range keys {
				k.table.add(key)
			}
		}
		return
	}
	for _, s := range k.texts[k.base:] {
		k.bytes -= int64(len(s))
		delete(k.codes, s)
	}
	clear(k.texts[k.base:])
	k.texts = k.texts[:k.base]
}

// forget gives an empty memo for a dictionary of a column.
func (k *keyer) forget(column, entries int) []uint32 {
	if cap(k.memo[column]) < entries {
		k.memo[column] = make([]uint32, entries)
	}
	k.memo[column] = k.memo[column][:entries]
	clear(k.memo[column])
	return k.memo[column]
}

// entry gives the number of a dictionary entry, absent, or a list's.
func (k *keyer) entry(c *coding, code uint32) uint32 {
	start := len(k.arena)
	if k.ints {
		for _, v := range k.numsOf(c, code) {
			k.arena = appendNew(k.arena, start, k.number(v))
		}
	} else {
		for _, s := range k.textsOf(c, code) {
			k.arena = append(k.arena, k.text(s))
		}
	}
	return k.collect(start)
}

// collect makes one number of those in the arena from start on.
func (k *keyer) collect(start int) uint32 {
	switch found := k.arena[start:]; len(found) {
	case 0:
		return absent
	case 1:
		k.arena = k.arena[:start]
		return found[0]
	default:
		k.lists = append(k.lists, found)
		return listFlag | uint32(len(k.lists)-1)
	}
}

// appendNew appends n unless list has it from start on.
func appendNew(list []uint32, start int, n uint32) []uint32 {
	if slices.Contains(list[start:], n) {
		return list
	}
	return append(list, n)
}
