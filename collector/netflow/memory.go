package netflow

import (
	"strings"
	"unicode/utf8"

	"github.com/weirflow/weir/ipfix"
)

// What the store reckons for the things that it keeps, in bytes: their size and
// their share of the maps that hold them, rounded up.
const (
	costDomain   = 512
	costTemplate = 320
	costField    = 72 // specification, step, name of an element that is not known
	costName     = 128
	costSampler  = 64
)

// maxName is how much is kept of a name or a description, in bytes. SNMP's
// ifName and ifAlias, where most of them come from, end there (RFC 2863).
const maxName = 255

// reserve takes n bytes of Config.MaxBytes for an exporter, whose lock is held;
// below 0 it gives them back. It reports false when there are not so many left.
func (s *Store) reserve(x *exporter, n int) bool {
	if s.bytes.Add(int64(n)) > int64(s.cfg.MaxBytes) && n > 0 {
		s.bytes.Add(int64(-n))
		s.short.Store(true)
		return false
	}
	x.bytes += n
	return true
}

func templateCost(t *ipfix.Template) int { return costTemplate + costField*len(t.Fields) }

// named is what options data tells about something with a number.
type named interface{ bytes() int }

func (i Interface) bytes() int   { return costName + len(i.Name) + len(i.Description) }
func (a Application) bytes() int { return costName + len(a.Name) + len(a.Description) }
func (n vrfName) bytes() int     { return costName + len(n) }

// put sets a key unless there is no room for it.
func put[K comparable, V named](s *Store, x *exporter, in map[K]V, key K, value V) bool {
	old, known := in[key]
	cost := value.bytes()
	switch {
	case known:
		cost -= old.bytes()
	case len(in) >= s.cfg.MaxNames:
		return false
	}
	if !s.reserve(x, cost) {
		return false
	}
	in[key] = value
	return true
}

// putSampler sets a sampler's rate unless there is no room for it. The limit
// holds for the samplers of all domains together.
func (s *Store) putSampler(x *exporter, d *domain, id, rate uint64) bool {
	if _, known := d.samplers[id]; !known {
		if x.samplers >= s.cfg.MaxNames || !s.reserve(x, costSampler) {
			return false
		}
		x.samplers++
	}
	d.samplers[id] = rate
	return true
}

// clip gives as much of a name as is kept.
func clip(name string) string {
	if len(name) <= maxName {
		return name
	}
	end := maxName
	for end > 0 && !utf8.RuneStart(name[end]) {
		end--
	}
	return strings.Clone(name[:end]) // the rest is not held on to
}
