package column

import (
	"encoding/binary"
	"math"
	"net/netip"

	"github.com/weirflow/weir/flow"
)

// interner maps values of records to dictionary codes. Flows repeat their
// values, so that a small cache in front of the map finds most of them at a
// tenth of the map's price (2-3 ns).
type interner[K comparable] struct {
	codes map[K]uint32
	cache [cacheSlots]cached[K]
}

type cached[K comparable] struct {
	key  K
	code uint32
	used bool
}

const cacheSlots = 256

func newInterner[K comparable]() *interner[K] {
	return &interner[K]{codes: make(map[K]uint32)}
}

// find gives the code of k, which slot picks a place in the cache for.
func (t *interner[K]) find(k K, slot uint32) (code uint32, ok bool) {
	c := &t.cache[slot%cacheSlots]
	if c.used && c.key == k {
		return c.code, true
	}
	if code, ok = t.codes[k]; ok {
		*c = cached[K]{k, code, true}
	}
	return code, ok
}

// add remembers the code of k.
func (t *interner[K]) add(k K, code uint32) { t.codes[k] = code }

// slotOf picks a place in the cache for a text: by its length, ends and middle,
// which tells the values of a column apart well enough.
func slotOf(s string) uint32 {
	n := len(s)
	if n == 0 {
		return 0
	}
	return uint32(n) + uint32(s[0])*3 + uint32(s[n-1])*31 + uint32(s[n/2])*7
}

// slotOfAddr does so for an address.
func slotOfAddr(a netip.Addr) uint32 {
	b := a.As16()
	return (binary.LittleEndian.Uint32(b[12:]) ^ binary.LittleEndian.Uint32(b[4:])) * 0x9e3779b1 >> 20
}

func slotOfMAC(m flow.MAC) uint32 {
	return (uint32(m[5]) | uint32(m[4])<<8 | uint32(m[3])<<16) * 0x9e3779b1 >> 20
}

func slotOfPoint(p flow.Point) uint32 {
	h := math.Float64bits(p.Lat) ^ math.Float64bits(p.Lon)<<7
	return uint32(h * 0x9e3779b97f4a7c15 >> 40)
}
