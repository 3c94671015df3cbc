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

// cache remembers addresses: two-way set-associative, the newer entry of a set
// first. A worker owns it.
type cache struct {
	sets         [][2]cacheEntry
	mask         uint64
	seed         uint64 // so that no sender can choose addresses that collide
	hits, misses uint64
}

type cacheEntry struct {
	addr netip.Addr
	address
}

// newCache gives a cache for at least size addresses, size ≥ 2.
func newCache(size int) *cache {
	sets := 1 << bits.Len(uint((size+1)/2-1))
	return &cache{sets: make([][2]cacheEntry, sets), mask: uint64(sets - 1), seed: rand.Uint64()}
}

// get finds an address, or reports false.
func (c *cache) get(a netip.Addr) (address, bool) {
	set := c.set(a)
	if set[0].addr == a {
		c.hits++
		return set[0].address, true
	}
	if set[1].addr == a {
		c.hits++
		set[0], set[1] = set[1], set[0]
		return set[0].address, true
	}
	c.misses++
	return address{}, false
}

func (c *cache) put(a netip.Addr, known address) {
	set := c.set(a)
	set[1] = set[0]
	set[0] = cacheEntry{a, known}
}

func (c *cache) set(a netip.Addr) *[2]cacheEntry {
	b := a.As16()
	h := (binary.LittleEndian.Uint64(b[:8]) ^ c.seed) * 0x9e3779b97f4a7c15
	h = (h ^ h>>32 ^ binary.LittleEndian.Uint64(b[8:])) * 0xd6e8feb86659fd93
	return &c.sets[(h^h>>32)&c.mask]
}

func (c *cache) clear() { clear(c.sets) }
