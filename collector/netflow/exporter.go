package netflow

import (
	"sync"

	"github.com/weirflow/weir/collector/message"
	"github.com/weirflow/weir/ipfix"
)

// maxDomains is how many observation domains are kept of one exporter.
const maxDomains = 1024

// exporter is what is known of one exporter, or of one stream session. mu
// guards everything but the immutable name and override.
type exporter struct {
	key      exporterKey
	name     string
	override uint64

	mu sync.Mutex
	// gone tells that the store has dropped the exporter.
	gone    bool
	domains map[domainKey]*domain
	// newest and oldest are the ends of the list of templates by time of
	// definition.
	newest, oldest *template
	templates      int
	fields         int // of all templates
	samplers       int // of all domains
	bytes          int // of Config.MaxBytes
	held           holding

	interfaces   map[uint32]Interface
	applications map[appKey]Application
	vrfs         map[uint32]vrfName
	// distinguishers are the VRFs' route distinguishers.
	distinguishers map[uint32]vrfName
}

type domainKey struct {
	protocol message.Protocol
	id       uint32
}

// domain is what is known of one observation domain.
type domain struct {
	key       domainKey
	templates map[uint16]*template
	samplers  samplers
	sequence  sequence
	boot      unixNanos // from options data
	hasBoot   bool
	running   running // counters that run on from record to record
	defined   int64   // when the newest definition came, Unix nanoseconds
	held      map[uint16]waiting
}

// Interface is an interface's name and description from options data.
type Interface struct {
	Name        string `json:"name,omitempty"`
	Description string `json:"description,omitempty"`
}

// Application is an application's name and description from options data.
type Application struct {
	Name        string `json:"name,omitempty"`
	Description string `json:"description,omitempty"`
}

// vrfName is a VRF's name from options data.
type vrfName string

// appKey is an application id: its bytes as a number, and how many there were.
type appKey struct {
	id     uint64
	length uint8
}

func newExporter(key exporterKey, name string, cfg *Config) *exporter {
	return &exporter{key: key, name: name, override: cfg.override(key.addr),
		domains: map[domainKey]*domain{}, interfaces: map[uint32]Interface{}, applications: map[appKey]Application{}, vrfs: map[uint32]vrfName{}, distinguishers: map[uint32]vrfName{}}
}

// domain gives a domain's state, nil when there is no room for another one.
func (x *exporter) domain(s *Store, protocol message.Protocol, id uint32) *domain {
	key := domainKey{protocol, id}
	d := x.domains[key]
	if d == nil && len(x.domains) < maxDomains && s.reserve(x, costDomain) {
		d = &domain{key: key, templates: map[uint16]*template{}, samplers: samplers{}}
		x.domains[key] = d
	}
	return d
}

// define keeps a template; now is Unix nanoseconds. The templates that were defined longest ago make room
// for it, evicted is how many; kept is false when there is no room all the same.
func (x *exporter) define(s *Store, d *domain, spec ipfix.Template, now int64) (evicted int, kept bool) {
	d.defined = now
	old := d.templates[spec.ID]
	if old != nil && same(&old.spec, &spec) {
		x.unlink(old)
		x.link(old)
		old.seen, old.told = now, now
		return 0, true
	}
	for x.oldest != nil && x.oldest != old && x.stale(s, x.oldest) {
		x.forget(s, x.oldest)
		s.expired.Add(1)
	}
	if old != nil {
		x.forget(s, old)
	}
	n := len(spec.Fields)
	if n > s.cfg.MaxTemplateFields {
		return 0, false
	}
	for x.oldest != nil && (x.templates >= s.cfg.MaxTemplates || x.fields+n > s.cfg.MaxTemplateFields) {
		x.forget(s, x.oldest)
		evicted++
	}
	s.evicted.Add(uint64(evicted))
	if !s.reserve(x, templateCost(&spec)) {
		return evicted, false
	}
	t := compile(spec, d.key.protocol)
	t.domain, t.seen, t.told = d, now, now
	d.templates[spec.ID] = t
	x.templates++
	x.fields += n
	x.link(t)
	return evicted, true
}

// stale reports whether a template has been neither used nor defined again for
// Config.TemplateLifetime although its exporter has defined templates since. An
// exporter that defines none for so long refreshes slowly, as those do that count
// packets and have few to send: what it has told still holds. On streams templates
// hold until they are withdrawn (RFC 7011 section 8.1).
func (x *exporter) stale(s *Store, t *template) bool {
	lifetime := int64(s.cfg.TemplateLifetime)
	return t.domain.defined-t.seen > lifetime && lifetime > 0 && x.key.session == 0
}

// skipped is how many fields of a template are not decoded, as it has too many.
func (d *domain) skipped(id uint16) int {
	if t := d.templates[id]; t != nil {
		return t.skipped
	}
	return 0
}

func same(a, b *ipfix.Template) bool {
	if a.Options != b.Options || a.Scopes != b.Scopes || len(a.Fields) != len(b.Fields) {
		return false
	}
	for i := range a.Fields {
		if a.Fields[i] != b.Fields[i] {
			return false
		}
	}
	return true
}

func (x *exporter) link(t *template) {
	t.older, t.newer = x.newest, nil
	if x.newest != nil {
		x.newest.newer = t
	}
	x.newest = t
	if x.oldest == nil {
		x.oldest = t
	}
}

func (x *exporter) unlink(t *template) {
	if t.newer != nil {
		t.newer.older = t.older
	} else {
		x.newest = t.older
	}
	if t.older != nil {
		t.older.newer = t.newer
	} else {
		x.oldest = t.newer
	}
	t.older, t.newer = nil, nil
}

// forget removes a template.
func (x *exporter) forget(s *Store, t *template) {
	x.unlink(t)
	delete(t.domain.templates, t.spec.ID)
	x.templates--
	x.fields -= len(t.spec.Fields)
	s.reserve(x, -templateCost(&t.spec))
}

func (x *exporter) withdraw(s *Store, d *domain, id uint16) {
	if t := d.templates[id]; t != nil {
		x.forget(s, t)
	}
}

// withdrawAll removes the templates of a domain, or its options templates.
func (x *exporter) withdrawAll(s *Store, d *domain, options bool) {
	for _, t := range d.templates {
		if t.spec.Options == options {
			x.forget(s, t)
		}
	}
}

// samplingRate looks up what options data told in the flow's domain, else in
// domain 0, where many exporters put what holds for the whole device.
func (x *exporter) samplingRate(d *domain, k samplerKeys) uint64 {
	if d == nil {
		return 0
	}
	if rate := d.samplers.of(k); rate != 0 {
		return rate
	}
	if d.key.id != 0 {
		if whole := x.domains[domainKey{d.key.protocol, 0}]; whole != nil {
			return whole.samplers.of(k)
		}
	}
	return 0
}
