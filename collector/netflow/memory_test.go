package netflow

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/weirflow/weir/collector/message"
)

// checkAccounts compares what the store has reckoned with what it holds.
func checkAccounts(t testing.TB, s *Store) {
	t.Helper()
	total, held, waiting := 0, 0, 0
	for _, x := range s.list() {
		templates, fields, samplers, cost := 0, 0, 0, costDomain*len(x.domains)
		for _, d := range x.domains {
			for _, tmpl := range d.templates {
				templates++
				fields += len(tmpl.spec.Fields)
				cost += templateCost(&tmpl.spec)
			}
			samplers += len(d.samplers)
			cost += costRunning * len(d.running)
		}
		cost += costSampler * samplers
		for _, i := range x.interfaces {
			cost += i.bytes()
		}
		for _, a := range x.applications {
			cost += a.bytes()
		}
		for _, v := range x.vrfs {
			cost += v.bytes()
		}
		for _, v := range x.distinguishers {
			cost += v.bytes()
		}
		if x.templates != templates || x.fields != fields || x.samplers != samplers || x.bytes != cost {
			t.Fatalf("%s: the store reckons with %d templates, %d fields, %d samplers and %d bytes; there are %d, %d, %d and %d",
				x.key.addr, x.templates, x.fields, x.samplers, x.bytes, templates, fields, samplers, cost)
		}
		total += cost
		sets, bytes := 0, 0
		for h := x.held.oldest; h != nil; h = h.newer {
			sets++
			bytes += h.bytes()
			if h.newer == nil && h != x.held.newest || h.newer != nil && h.newer.older != h {
				t.Fatal("the list of held sets is broken")
			}
		}
		ofTemplates := 0
		for _, d := range x.domains {
			for _, w := range d.held {
				for h := w.first; h != nil; h = h.next {
					ofTemplates++
				}
			}
		}
		if x.held.sets != sets || x.held.bytes != bytes || ofTemplates != sets || bytes > s.cfg.MaxHeldBytes || sets > s.cfg.MaxHeldSets {
			t.Fatalf("%s: the store reckons with %d held sets of %d bytes; there are %d of %d, %d by template", x.key.addr, x.held.sets, x.held.bytes, sets, bytes, ofTemplates)
		}
		held += bytes
		waiting += sets
	}
	h := s.Stats().Held
	if h.Bytes != held || h.Waiting != waiting || h.Bytes > s.cfg.MaxHeldTotal || h.Total != uint64(h.Waiting)+h.Released+h.Expired+h.PushedOut+h.Abandoned {
		t.Fatalf("the store reckons with %+v, its exporters hold %d bytes", h, held)
	}
	if st := s.Stats(); st.Bytes != total || st.Bytes > s.cfg.MaxBytes {
		t.Fatalf("the store reckons with %d bytes, its exporters have %d; the limit is %d", st.Bytes, total, s.cfg.MaxBytes)
	}
}

// heap is the number of bytes in use after a collection.
func heap() int {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// hostile gives messages that try to fill the store, a different one for each n:
// templates of one field, samplers, names of 60,000 bytes, domains.
func hostile(n int) []byte {
	var sets [][]byte
	switch n % 4 {
	case 0:
		var templates []byte
		for id := range 5000 {
			templates = append(templates, u16(uint16(256+id+n), 1, 0x8000|uint16(id), 4)...)
			templates = append(templates, u32(32473)...)
		}
		sets = [][]byte{set2(2, templates)}
	case 1:
		sets = [][]byte{set2(3, u16(300, 2, 1, 302, 4, 34, 4))}
		var records []byte
		for id := range 5000 {
			records = append(records, u32(uint32(n*5000+id), 10)...)
		}
		sets = append(sets, set2(300, records))
	case 2:
		name := join([]byte{255}, u16(60_000), bytes.Repeat([]byte("é"), 30_000))
		sets = [][]byte{set2(3, u16(301, 2, 1, 10, 4, 82, 65535)), set2(301, join(u32(uint32(n)), name))}
	case 3:
		for id := range 1000 {
			sets = append(sets, set2(2, u16(uint16(256+id), 1, 8, 4)))
		}
	}
	return ipfixMessage(exported, 0, uint32(n), sets...)
}

// TestMemoryIsBounded has many exporters try to fill the store: what it reckons
// stays below its limit, the heap not far above that, and every refusal is counted.
func TestMemoryIsBounded(t *testing.T) {
	cfg := DefaultConfig()
	cfg.MaxBytes, cfg.MaxNames = 6<<20, 1000
	b := newTestbed(t, cfg)
	before := heap()
	var total message.Result
	for n := range 2000 {
		b.o.Addr = netip.AddrFrom4([4]byte{10, 0, byte(n >> 7), byte(n >> 2)}) // each sends every kind
		b.decode(hostile(n))
		for reason, count := range b.res.Problems {
			total.Problems[reason] += count
		}
	}
	grown := heap() - before
	st := b.d.store.Stats()
	checkAccounts(t, b.d.store)
	if st.Bytes < cfg.MaxBytes*9/10 {
		t.Errorf("only %d of %d bytes were filled", st.Bytes, cfg.MaxBytes)
	}
	if grown > cfg.MaxBytes*3/2 {
		t.Errorf("the heap grew by %d bytes, the store reckons with %d", grown, st.Bytes)
	}
	for _, reason := range []message.Reason{message.ReasonTemplateLimit, message.ReasonTemplateEvicted, message.ReasonSamplerLimit} {
		if total.Problems[reason] == 0 {
			t.Errorf("%s was not counted", reason)
		}
	}
	t.Logf("%+v, heap grew by %d bytes", st, grown)
}

// TestNamesAreClipped: a name of 60,000 bytes is kept as far as SNMP's may go.
func TestNamesAreClipped(t *testing.T) {
	b := newTestbed(t, DefaultConfig())
	b.decode(hostile(2))
	b.clean()
	for _, x := range b.d.store.list() {
		name := x.interfaces[2].Name
		if len(name) > maxName || len(name) < maxName-utf8.UTFMax || !utf8.ValidString(name) || !strings.HasPrefix(name, "éé") {
			t.Errorf("%d bytes: %q", len(name), name)
		}
	}
}

// TestNoStepsWithoutBytes: thousands of fields of no bytes cost a record nothing.
func TestNoStepsWithoutBytes(t *testing.T) {
	const empty = 10_000
	b := newTestbed(t, DefaultConfig())
	template := u16(300, empty+2)
	for range empty {
		template = append(template, u16(8, 0)...)
	}
	template = append(template, u16(1, 4, 7, 2)...)
	b.decode(ipfixMessage(exported, 0, 1, set2(2, template)))
	b.clean()
	list := b.decode(ipfixMessage(exported, 0, 1, set2(300, join(u32(1000), u16(443)))))
	if len(list) != 1 || list[0].NetworkBytes != 1000 || list[0].SourcePort != 443 {
		t.Errorf("%d records: %+v", len(list), list)
	}
	for _, x := range b.d.store.list() {
		for _, d := range x.domains {
			if n := len(d.templates[300].steps); n != 2 {
				t.Errorf("%d steps for 2 fields with bytes", n)
			}
		}
	}
}

// TestEvictionIsCounted: templates that make room for others are a problem with a
// reason, but nothing of the message is lost by it.
func TestEvictionIsCounted(t *testing.T) {
	cfg := DefaultConfig()
	cfg.MaxTemplates = 10
	b := newTestbed(t, cfg)
	var templates []byte
	for id := range 25 {
		one := bytes.Clone(smallTemplate)
		binary.BigEndian.PutUint16(one, uint16(256+id))
		templates = append(templates, one...)
	}
	b.decode(ipfixMessage(exported, 0, 1, set2(2, templates)))
	b.problem(message.ReasonTemplateEvicted, 15)
	b.clean()
	checkAccounts(t, b.d.store)
}

// TestMemoryOfTheSilent: what somebody filled the memory with under forged addresses
// goes when it has been silent, so that an exporter that comes later finds room.
func TestMemoryOfTheSilent(t *testing.T) {
	cfg := DefaultConfig()
	cfg.MaxBytes = 1 << 16
	b := newTestbed(t, cfg)
	forge := func(from byte, at int) {
		b.o.Addr, b.o.Received = netip.AddrFrom4([4]byte{192, 0, 2, from}), seconds(at)
		for id := range uint16(40) {
			b.decode(ipfixMessage(exported, 0, 1, set2(2, join(u16(300+id, 20), bytes.Repeat(u16(8, 4), 20)))))
		}
	}
	for from := range byte(5) {
		forge(from, int(from))
	}
	if b.res.Problems[message.ReasonTemplateLimit]+b.res.Problems[message.ReasonTemplateEvicted] == 0 {
		t.Fatalf("the memory is not full: %+v", b.d.store.Stats())
	}
	late := func(at int) int {
		b.o.Addr, b.o.Received = netip.MustParseAddr("203.0.113.1"), seconds(at)
		b.decode(ipfixMessage(exported, 0, 1, set2(2, smallTemplate), set2(300, smallRecord)))
		return b.res.Flows
	}
	if n := late(10); n != 0 {
		t.Fatalf("%d records: there was room", n)
	}
	silent := int(cfg.IdleExporter/time.Second) + 20
	late(silent) // finds that there is none
	if n := late(silent + 1); n != 1 {
		t.Errorf("%d records after the others were silent, %v, %+v", n, b.res.First, b.d.store.Stats())
	}
	checkAccounts(t, b.d.store)
}
