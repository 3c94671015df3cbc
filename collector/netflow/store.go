package netflow

import (
	"cmp"
	"math"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/weirflow/weir/collector/message"
)

// Store keeps what exporters have told: templates, samplers, names. It is safe
// for concurrent use; decoding holds the lock of one exporter at a time.
type Store struct {
	cfg     Config
	bytes   atomic.Int64 // of Config.MaxBytes
	short   atomic.Bool  // something found no room in it
	evicted atomic.Uint64
	expired atomic.Uint64
	held    heldCounters

	mu        sync.RWMutex
	exporters map[exporterKey]*entry
	// fullUntil is when the first of the exporters can have been silent for
	// long enough to give its place away, Unix nanoseconds.
	fullUntil int64
}

// exporterKey is the scope of templates: the transport address for datagrams,
// never the port; the session for streams.
type exporterKey struct {
	addr    netip.Addr
	session uint64
}

type entry struct {
	*exporter
	seen atomic.Int64 // receive time of the newest message, Unix nanoseconds
}

// NewStore gives an empty store.
func NewStore(cfg Config) *Store {
	return &Store{cfg: cfg, exporters: map[exporterKey]*entry{}}
}

// locked gives the state of an origin with its lock held, nil when there is no
// room.
func (s *Store) locked(o message.Origin) *exporter {
	if s.short.Load() && s.short.CompareAndSwap(true, false) {
		s.mu.Lock()
		s.makeRoom(o.Received)
		s.mu.Unlock()
	}
	for {
		x := s.exporter(o)
		if x == nil {
			return nil
		}
		x.mu.Lock()
		if !x.gone {
			return x
		}
		x.mu.Unlock()
	}
}

// exporter finds or makes the state of an origin, nil when there is no room.
func (s *Store) exporter(o message.Origin) *exporter {
	key := exporterKey{o.Addr, o.Session}
	s.mu.RLock()
	x := s.exporters[key]
	s.mu.RUnlock()
	if x == nil {
		if x = s.add(key, o); x == nil {
			return nil
		}
	}
	x.seen.Store(o.Received)
	return x.exporter
}

func (s *Store) add(key exporterKey, o message.Origin) *entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	if x := s.exporters[key]; x != nil {
		return x
	}
	if len(s.exporters) >= s.cfg.MaxExporters && !s.makeRoom(o.Received) {
		return nil
	}
	x := &entry{exporter: newExporter(key, cmp.Or(o.Name, o.Addr.String()), &s.cfg)}
	x.seen.Store(o.Received)
	s.exporters[key] = x
	return x
}

// makeRoom drops the exporters that have been silent for Config.IdleExporter,
// so that forged addresses cannot push out the ones at work. A flood of such
// addresses does not search all exporters for each datagram, as every decoder
// waits for the lock meanwhile. The same when there is no memory left: what was
// forged goes when it is silent, and what is at work finds room again.
func (s *Store) makeRoom(now int64) bool {
	if now <= s.fullUntil {
		return false
	}
	oldest := int64(math.MaxInt64)
	// Streams go last: their templates do not come again, and they end by themselves.
	for _, streams := range [...]bool{false, true} {
		made := false
		for key, x := range s.exporters {
			if streams != (key.session != 0) {
				continue
			}
			if seen := x.seen.Load(); now-seen > int64(s.cfg.IdleExporter) {
				s.remove(key, x)
				made = true
			} else {
				oldest = min(oldest, seen)
			}
		}
		if made {
			return true
		}
	}
	s.fullUntil = oldest + int64(s.cfg.IdleExporter)
	return false
}

// remove drops an exporter; s.mu is held.
func (s *Store) remove(key exporterKey, x *entry) {
	delete(s.exporters, key)
	s.fullUntil = 0
	x.mu.Lock()
	s.reserve(x.exporter, -x.bytes)
	x.abandon(s)
	x.gone = true
	x.mu.Unlock()
}

// SessionClosed drops the templates of a stream session, as RFC 7011 section
// 8.4 asks.
func (s *Store) SessionClosed(session uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, x := range s.exporters {
		if key.session == session && session != 0 {
			s.remove(key, x)
		}
	}
}

// Stats is what the store holds.
type Stats struct {
	// Exporters counts exporters and stream sessions.
	Exporters int
	// Templates and Fields count what is kept of all of them.
	Templates, Fields int
	// Bytes is about how much memory all of it takes, see Config.MaxBytes.
	Bytes int
	// Evicted counts templates that made room for others since the start, Expired
	// those that were given up as old.
	Evicted, Expired uint64
	// Held is data that came before its template.
	Held Held
}

// Stats counts what the store holds.
func (s *Store) Stats() Stats {
	st := Stats{Bytes: int(s.bytes.Load()), Evicted: s.evicted.Load(), Expired: s.expired.Load(), Held: s.held.read()}
	for _, x := range s.list() {
		st.Exporters++
		x.mu.Lock()
		st.Templates += x.templates
		st.Fields += x.fields
		x.mu.Unlock()
	}
	return st
}

// list gives the exporters in order of address.
func (s *Store) list() []*entry {
	s.mu.RLock()
	list := make([]*entry, 0, len(s.exporters))
	for _, x := range s.exporters {
		list = append(list, x)
	}
	s.mu.RUnlock()
	slices.SortFunc(list, func(a, b *entry) int {
		return cmp.Or(a.key.addr.Compare(b.key.addr), cmp.Compare(a.key.session, b.key.session))
	})
	return list
}
