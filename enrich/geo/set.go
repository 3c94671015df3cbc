package geo

import (
	"net/netip"

	"github.com/prometheus/client_golang/prometheus"
)

// Set is the databases of one moment. It is immutable and safe for concurrent
// use; a look-up that has begun keeps it alive when newer ones replace it.
type Set struct {
	places    []*database // cities, then countries
	systems   []*database
	countries *countries
	fallback  bool
	errors    prometheus.Counter
}

// memoLimit bounds how many records a Memo keeps of each sort.
const memoLimit = 1 << 16

// recordKey names a record within a set: many networks share one.
type recordKey struct {
	database *database
	offset   uintptr
}

// Memo keeps the records that were decoded, so that an address in a known
// network costs a walk down the tree and no decoding. One goroutine uses it.
type Memo struct {
	set     *Set
	places  map[recordKey]*Place
	systems map[recordKey]*AS
}

// NewMemo gives an empty memo.
func NewMemo() *Memo {
	return &Memo{places: map[recordKey]*Place{}, systems: map[recordKey]*AS{}}
}

// Lookup finds the place and the autonomous system of a global address; either
// may be nil.
func (s *Set) Lookup(addr netip.Addr, m *Memo) (*Place, *AS) {
	if m.set != s {
		clear(m.places)
		clear(m.systems)
		m.set = s
	}
	addr = addr.Unmap().WithZone("")
	if !addr.IsValid() {
		return nil, nil
	}
	return s.place(addr, m), s.system(addr, m)
}

// place is the first record that names a country.
func (s *Set) place(addr netip.Addr, m *Memo) *Place {
	var partial *Place
	for _, d := range s.places {
		if !d.knows(addr) {
			continue
		}
		found := d.reader.Lookup(addr)
		if found.Err() != nil {
			s.errors.Inc()
			continue
		}
		if !found.Found() {
			continue
		}
		key := recordKey{d, found.Offset()}
		p, ok := m.places[key]
		if !ok {
			var err error
			if p, err = d.place(addr, found, s.countries); err != nil {
				s.errors.Inc()
			}
			if len(m.places) >= memoLimit {
				clear(m.places)
			}
			m.places[key] = p
		}
		if p != nil && p.CountryCode != "" {
			return p
		}
		if partial == nil {
			partial = p
		}
	}
	if s.fallback {
		if p := s.countries.lookup(addr); p != nil {
			return p
		}
	}
	return partial
}

func (s *Set) system(addr netip.Addr, m *Memo) *AS {
	for _, d := range s.systems {
		if !d.knows(addr) {
			continue
		}
		found := d.reader.Lookup(addr)
		if found.Err() != nil {
			s.errors.Inc()
			continue
		}
		if !found.Found() {
			continue
		}
		key := recordKey{d, found.Offset()}
		as, ok := m.systems[key]
		if !ok {
			var err error
			if as, err = d.system(addr, found); err != nil {
				s.errors.Inc()
			}
			if len(m.systems) >= memoLimit {
				clear(m.systems)
			}
			m.systems[key] = as
		}
		if as != nil {
			return as
		}
	}
	return nil
}
