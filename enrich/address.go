package enrich

import (
	"encoding/binary"
	"math/bits"
	"math/rand/v2"
	"net/netip"

	"github.com/weirflow/weir/enrich/geo"
)

// class is what an address is by its number alone.
type class uint8

const (
	// internal: the address is on our side.
	internal class = 1 << iota
	// group: multicast, limited broadcast or unspecified; no end of its own.
	group
	// local: not globally routed, so that no database knows it.
	local
)

// shared is the carriers' address space (RFC 6598).
var shared = netip.MustParsePrefix("100.64.0.0/10")

var limitedBroadcast = netip.AddrFrom4([4]byte{255, 255, 255, 255})

// classify tells what an address is.
func classify(a netip.Addr, networks []netip.Prefix, private bool) class {
	if a.IsMulticast() || a.IsUnspecified() || a == limitedBroadcast {
		return group | local
	}
	var c class
	if a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() || shared.Contains(a) {
		c = local
		if private {
			c |= internal
		}
	}
	for _, p := range networks {
		if p.Contains(a) {
			c |= internal
			break
		}
	}
	return c
}

// address is what is known of one address.
type address struct {
	place *geo.Place
	as    *geo.AS
	class class
}

// cache remembers addresses: two-way set-associative, the entry that was not
// used last gives way. A worker owns it.
type cache struct {
	sets         [][2]cacheEntry
	mask         uint64
	seed         uint64 // so that no sender can choose addresses that collide
	hits, misses uint64
}

type cacheEntry struct {
	addr netip.Addr
	address
	last uint8 // in a set's first entry: the one that was used last
}

// newCache gives a cache for at least size addresses, size ≥ 2.
func newCache(size int) *cache {
	sets := 1 << bits.Len(uint((size+1)/2-1))
	return &cache{sets: make([][2]cacheEntry, sets), mask: uint64(sets - 1), seed: rand.Uint64()}
}

// get finds an address, or gives nil. The pointer is good until the next put.
func (c *cache) get(a netip.Addr) *address {
	set := c.set(a)
	for i := range set {
		if set[i].addr == a {
			c.hits++
			set[0].last = uint8(i)
			return &set[i].address
		}
	}
	c.misses++
	return nil
}

func (c *cache) put(a netip.Addr, known address) {
	set := c.set(a)
	at := 1 - set[0].last&1
	set[at].addr, set[at].address = a, known
	set[0].last = at
}

func (c *cache) set(a netip.Addr) *[2]cacheEntry {
	b := a.As16()
	h := (binary.LittleEndian.Uint64(b[:8]) ^ c.seed) * 0x9e3779b97f4a7c15
	h = (h ^ h>>32 ^ binary.LittleEndian.Uint64(b[8:])) * 0xd6e8feb86659fd93
	return &c.sets[(h^h>>32)&c.mask]
}

func (c *cache) clear() { clear(c.sets) }
