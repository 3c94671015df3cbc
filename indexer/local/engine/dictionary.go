package engine

import (
	"cmp"
	"encoding/binary"
	"hash/maphash"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/weirflow/weir/indexer/query"
)

// A number stands for a value of a group field, in 33 bits: from inline on it
// holds the value, an IPv4 address or a number below 2^32, in its low bits. Others
// are in a dictionary; null is none's.
const (
	null   = uint64(0) // the missing value
	inline = uint64(1) << 32
)

// dictionary numbers the values of a group field, the same for all workers. Safe
// for concurrent use, except that what reads values must not run beside what adds
// them.
type dictionary struct {
	field  query.Field
	ints   bool
	seed   maphash.Seed
	shards [1 << shardBits]shard
}

// shardBits are the low bits of a number, which say in which shard the value is.
const shardBits = 4

type shard struct {
	mu    sync.Mutex
	codes slots
	texts []string // of text fields, in the order of their numbers
	table *table   // of number fields
	bytes int64    // of texts
	_     [64]byte // so that shards do not share a line of the cache
}

func newDictionary(f query.Field) *dictionary {
	d := &dictionary{field: f, ints: f.Class == query.Number || f.Class == query.Time, seed: maphash.MakeSeed()}
	for i := range d.shards {
		d.shards[i].codes.reset()
		d.shards[i].table = newTable()
	}
	return d
}

// text gives the number of a text. With add, one that is new is copied and gets
// one; else ok is false for it.
func (d *dictionary) text(s string, add bool) (n uint64, ok bool) {
	if d.field.Class == query.Address {
		a, isAddress := addressOf(s)
		if isAddress && a.Is4() {
			b := a.As4()
			return inline | uint64(binary.BigEndian.Uint32(b[:])), true
		}
	}
	h := maphash.String(d.seed, s)
	which := h & (1<<shardBits - 1)
	x := &d.shards[which]
	x.mu.Lock()
	defer x.mu.Unlock()
	tag := uint32(h >> 32)
	mask := uint64(len(x.codes.list) - 1)
	at := uint64(tag) >> x.codes.shift
	for ; x.codes.list[at] != 0; at = (at + 1) & mask {
		if slot := x.codes.list[at]; uint32(slot>>32) == tag && x.texts[uint32(slot)-1] == s {
			return numberIn(uint32(slot)-1, which), true
		}
	}
	if !add {
		return 0, false
	}
	i := uint32(len(x.texts))
	x.texts = append(x.texts, strings.Clone(s))
	x.bytes += int64(len(s))
	x.codes.put(at, tag, i)
	return numberIn(i, which), true
}

// number gives the number of a number or time.
func (d *dictionary) number(v int64, add bool) (n uint64, ok bool) {
	if v >= 0 && uint64(v) < inline {
		return inline | uint64(v), true
	}
	h := hash(uint64(v))
	which := h & (1<<shardBits - 1)
	x := &d.shards[which]
	x.mu.Lock()
	defer x.mu.Unlock()
	if !add {
		i, ok := x.table.find(uint64(v))
		return numberIn(i, which), ok
	}
	return numberIn(x.table.add(uint64(v)), which), true
}

func numberIn(i uint32, shard uint64) uint64 { return uint64(i<<shardBits|uint32(shard)) + 1 }

func (d *dictionary) textOf(n uint64) string {
	if n >= inline {
		return d.addressOf(n).String()
	}
	n--
	return d.shards[n&(1<<shardBits-1)].texts[n>>shardBits]
}

func (d *dictionary) numberOf(n uint64) int64 {
	if n >= inline {
		return int64(n &^ inline)
	}
	n--
	return int64(d.shards[n&(1<<shardBits-1)].table.keys[n>>shardBits])
}

// addressOf gives the address that n stands for; it is not valid for a text that
// is none.
func (d *dictionary) addressOf(n uint64) netip.Addr {
	if n >= inline {
		return netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, uint32(n))))
	}
	a, _ := netip.ParseAddr(d.textOf(n))
	return a
}

// adopt gives the number of the value that another dictionary of the field has as
// n.
func (d *dictionary) adopt(other *dictionary, n uint64) uint64 {
	switch {
	case n == null || n >= inline:
	case d.ints:
		n, _ = d.number(other.numberOf(n), true)
	default:
		n, _ = d.text(other.textOf(n), true)
	}
	return n
}

// value gives what number n stands for, as answers show it.
func (d *dictionary) value(n uint64) any {
	switch {
	case n == null:
		return nil
	case !d.ints:
		return d.textOf(n)
	case d.field.Class == query.Time:
		return time.Unix(0, d.numberOf(n)).UTC()
	}
	return d.numberOf(n)
}

// compare orders values: numbers by size, addresses by their 16 bytes, texts by
// their bytes, the missing one last.
func (d *dictionary) compare(a, b uint64) int {
	switch {
	case a == b:
		return 0
	case a == null:
		return 1
	case b == null:
		return -1
	case d.ints:
		return cmp.Compare(d.numberOf(a), d.numberOf(b))
	case d.field.Class == query.Address:
		x, y := d.addressOf(a), d.addressOf(b)
		if x.IsValid() && y.IsValid() {
			return netip.AddrFrom16(x.As16()).Compare(netip.AddrFrom16(y.As16()))
		}
	}
	return strings.Compare(d.textOf(a), d.textOf(b))
}

// bytes is what the dictionary takes.
func (d *dictionary) bytes() (n int64) {
	for i := range d.shards {
		x := &d.shards[i]
		x.mu.Lock()
		n += x.bytes + int64(cap(x.texts))*16 + int64(len(x.codes.list)+len(x.table.list)+cap(x.table.keys))*8
		x.mu.Unlock()
	}
	return n
}
