// Package doctor finds out what exporters send and what is wrong with it: what
// weir doctor does.
//
// A Doctor watches messages being decoded, live or out of captures, and keeps the
// facts of each exporter in a bounded place. The rules that turn facts into
// findings, with what to do about each, are a table of pure functions (rules.go).
// The package opens no socket and prints to the writers that it is given.
package doctor

import (
	"hash/maphash"
	"net/netip"
	"sync"
	"time"

	"github.com/weirflow/weir/collector"
	"github.com/weirflow/weir/collector/message"
	"github.com/weirflow/weir/collector/netflow"
	"github.com/weirflow/weir/collector/sflow"
	"github.com/weirflow/weir/flow"
)

// Bounds of what is kept. An exporter's own facts take a few KiB; all the lists of
// all exporters together have maxEntries entries of about 100 bytes.
const (
	maxExporters     = 1024
	maxDomains       = 64
	maxPorts         = 64
	maxAgents        = 64
	maxSets          = 512  // numbers of sets of one domain
	maxNames         = 1024 // interfaces, and applications
	maxConversations = 1024
	maxRates         = 32
	maxEntries       = 1 << 18
)

// Config says how to look.
type Config struct {
	// NetFlow is how to decode; options records come out whatever it says.
	NetFlow netflow.Config
	// InterfaceNamed tells whether the configuration names an interface of an
	// exporter; may be nil.
	InterfaceNamed func(exporter netip.Addr, index uint32) bool
}

// Doctor keeps the facts. Safe for concurrent use; each of its decoders is used by
// one goroutine.
type Doctor struct {
	cfg   Config
	store *netflow.Store
	seed  maphash.Seed

	mu        sync.Mutex
	exporters map[exporterKey]*exporter
	entries   int // of maxEntries
	untold    uint64
	datagrams uint64
	bytes     uint64
	first     int64 // receive times, Unix nanoseconds
	last      int64
}

// exporterKey is an address, or a verified name.
type exporterKey struct {
	addr netip.Addr
	name string
}

// New gives a doctor that has seen nothing.
func New(cfg Config) *Doctor {
	cfg.NetFlow.EmitOptions = true
	return &Doctor{cfg: cfg, store: netflow.NewStore(cfg.NetFlow), seed: maphash.MakeSeed(), exporters: map[exporterKey]*exporter{}}
}

// batchRecords is how many records are looked at together.
const batchRecords = 256

// decoder decodes for the doctor: what it is given to write to stays empty.
type decoder struct {
	doctor *Doctor
	inner  *collector.Decoder
	writer *flow.Writer
	origin message.Origin
}

// Decoder gives a decoder whose messages the doctor watches. No records come out
// of it.
func (d *Doctor) Decoder() collector.MessageDecoder {
	x := &decoder{doctor: d, inner: collector.NewDecoder(d.store, sflow.DefaultConfig())}
	batch := flow.NewBatch(batchRecords)
	x.writer = flow.NewWriter(func() *flow.Batch { return batch }, func(b *flow.Batch) {
		d.records(&x.origin, b)
		b.Reset()
	})
	return x
}

// Decode implements collector.MessageDecoder.
func (x *decoder) Decode(o message.Origin, payload []byte, _ *flow.Writer, res *message.Result) {
	x.origin = o
	x.inner.Decode(o, payload, x.writer, res)
	x.writer.Flush()
	x.doctor.message(&o, payload, res)
}

// SessionClosed keeps what a stream session has told, before the store forgets it.
func (d *Doctor) SessionClosed(session uint64) {
	d.mu.Lock()
	for _, e := range d.exporters {
		if _, ok := e.sessions[session]; ok {
			d.learn(e, session)
			delete(e.sessions, session)
			d.entries--
		}
	}
	d.mu.Unlock()
	d.store.SessionClosed(session)
}

// Seen is how many datagrams and exporters have been seen.
func (d *Doctor) Seen() (datagrams uint64, exporters int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.datagrams, len(d.exporters)
}

// room takes a place for an entry of a list that has n of most, and reports
// whether there is one.
func (d *Doctor) room(n, most int) bool {
	if n >= most || d.entries >= maxEntries {
		return false
	}
	d.entries++
	return true
}

// exporter finds or makes the facts of an exporter; nil when there is no room.
func (d *Doctor) exporter(o *message.Origin) *exporter {
	key := exporterKey{addr: o.Addr}
	if o.Name != "" {
		key = exporterKey{name: o.Name}
	}
	e := d.exporters[key]
	if e == nil && d.room(len(d.exporters), maxExporters) {
		e = newExporter(o)
		d.exporters[key] = e
	}
	return e
}

func unixTime(nanos int64) time.Time {
	if nanos == 0 {
		return time.Time{}
	}
	return time.Unix(0, nanos).UTC()
}
