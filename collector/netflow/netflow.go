// Package netflow decodes NetFlow v1, v5, v7 and v9, and IPFIX: bytes and a
// template store in, records and typed problems out.
//
// It walks messages and sets itself, as header counts are claims and not
// bounds, and compiles each template once into a list of steps that a record's
// bytes run through. It does no I/O but for saving and loading the store, logs
// nothing and counts nothing; collector does. goflow2's decoders are the oracle
// of its tests, see docs/internals.md for why they are not on the hot path.
package netflow

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/weirflow/weir/collector/message"
	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/ipfix"
)

// Config bounds the store and sets what is taken from exporters.
type Config struct {
	// MaxExporters is how many exporters (and stream sessions) are kept.
	// Default 4096.
	MaxExporters int `mapstructure:"max_exporters"`
	// MaxTemplates is how many templates are kept of one exporter; the one that
	// was not defined again for longest goes first. Default 2048.
	MaxTemplates int `mapstructure:"max_templates"`
	// MaxTemplateFields is how many fields all templates of one exporter have
	// together. Default 65536.
	MaxTemplateFields int `mapstructure:"max_template_fields"`
	// MaxBytes is how much memory templates, names and rates of all exporters
	// take together, in bytes; it is reckoned, not measured. Default 256 MiB.
	MaxBytes int `mapstructure:"max_bytes"`
	// MaxNames is how many interfaces, applications, VRFs or samplers are kept
	// of one exporter, each. Default 16384.
	MaxNames int `mapstructure:"max_names"`
	// IdleExporter is after which silence an exporter may give its place to a
	// new one. Default 10 minutes.
	IdleExporter time.Duration `mapstructure:"idle_exporter"`
	// TemplateLifetime is after which time a template of a datagram exporter is
	// given up that was neither used nor defined again, while the exporter did
	// define others. 0: never. Default 30 minutes (RFC 6728).
	TemplateLifetime time.Duration `mapstructure:"template_lifetime"`
	// HoldFor is for how long data that comes before its template is kept for it.
	// 0: such data is dropped. Default 30 minutes, after which most exporters send
	// their templates again.
	HoldFor time.Duration `mapstructure:"hold_for"`
	// MaxHeldBytes is how much of such data is kept of one exporter, in bytes; newer
	// data pushes out older. Default 1 MiB.
	MaxHeldBytes int `mapstructure:"max_held_bytes"`
	// MaxHeldSets is how many data sets of it are kept of one exporter. Default 4096.
	MaxHeldSets int `mapstructure:"max_held_sets"`
	// MaxHeldTotal is how much of it is kept of all exporters together, in bytes.
	// Default 64 MiB.
	MaxHeldTotal int `mapstructure:"max_held_total"`
	// MaxClockSkew is how far a flow's end may be from the receive time before
	// it is stamped with the receive time instead. Default 1 hour.
	MaxClockSkew time.Duration `mapstructure:"max_clock_skew"`
	// SamplingRates are rates for exporters that do not say theirs, by network;
	// the longest prefix wins.
	SamplingRates map[netip.Prefix]uint64 `mapstructure:"sampling_rates"`
	// EmitOptions makes options data records come out as records of
	// flow.KindOptions; they are counted and used either way. Default false.
	EmitOptions bool `mapstructure:"-"`
}

// DefaultConfig gives the defaults.
func DefaultConfig() Config {
	return Config{MaxExporters: 4096, MaxTemplates: 2048, MaxTemplateFields: 65536, MaxBytes: 256 << 20, MaxNames: 16384,
		IdleExporter: 10 * time.Minute, MaxClockSkew: time.Hour, TemplateLifetime: 30 * time.Minute,
		HoldFor: 30 * time.Minute, MaxHeldBytes: 1 << 20, MaxHeldSets: 4096, MaxHeldTotal: 64 << 20}
}

// Validate reports every fault of the configuration, each with its key.
func (c Config) Validate() error {
	var errs []error
	for _, x := range []struct {
		key   string
		value int
	}{{"max_exporters", c.MaxExporters}, {"max_templates", c.MaxTemplates}, {"max_template_fields", c.MaxTemplateFields}, {"max_bytes", c.MaxBytes}, {"max_names", c.MaxNames},
		{"max_held_bytes", c.MaxHeldBytes}, {"max_held_sets", c.MaxHeldSets}, {"max_held_total", c.MaxHeldTotal}} {
		if x.value < 1 || x.value > 1<<30 {
			errs = append(errs, fmt.Errorf("decode.%s: %d is out of range; allowed: 1 to %d", x.key, x.value, 1<<30))
		}
	}
	for _, x := range []struct {
		key   string
		value time.Duration
	}{{"idle_exporter", c.IdleExporter}, {"max_clock_skew", c.MaxClockSkew}, {"template_lifetime", c.TemplateLifetime}, {"hold_for", c.HoldFor}} {
		if x.value < 0 {
			errs = append(errs, fmt.Errorf("decode.%s: %s must not be negative", x.key, x.value))
		}
	}
	for prefix, rate := range c.SamplingRates {
		if rate < 1 || rate > 1<<32 {
			errs = append(errs, fmt.Errorf("decode.sampling_rates: %d for %s is out of range; allowed: 1 to %d", rate, prefix, int64(1)<<32))
		}
	}
	return errors.Join(errs...)
}

// Decoder decodes messages. It is used by one goroutine; several decoders may
// share a store.
type Decoder struct {
	store   *Store
	strings interner
	scratch scratch
	lists   lists
	detail  message.Error // of Result.First, where it must not be allocated
}

// NewDecoder gives a decoder over a store.
func NewDecoder(store *Store) *Decoder {
	return &Decoder{store: store, strings: interner{}, lists: lists{encoder: flow.NewEncoder()}}
}

// Decode decodes one datagram or message into w and reports in res, which it
// resets. What can be read is read, whatever else is wrong. payload is not kept.
func (d *Decoder) Decode(o message.Origin, payload []byte, w *flow.Writer, res *message.Result) {
	res.Reset()
	if len(payload) < 2 {
		res.Add(message.ReasonTruncatedHeader, 0, 0, fmt.Errorf("%d bytes are too few for a version word", len(payload)))
		return
	}
	version := binary.BigEndian.Uint16(payload)
	if res.Protocol = Version(version); res.Protocol == message.ProtocolUnknown {
		res.Add(message.ReasonUnknownVersion, 0, 0, fmt.Errorf("version word %d is not 1, 5, 7, 9 or 10", version))
		return
	}
	x := d.store.locked(o)
	if x == nil {
		res.Add(message.ReasonExporterLimit, 0, 0, fmt.Errorf("no room for another exporter: %d are kept, none of them idle for %s", d.store.cfg.MaxExporters, d.store.cfg.IdleExporter))
		return
	}
	defer x.mu.Unlock()
	m := run{Decoder: d, origin: o, x: x, w: w, res: res}
	if f := &layouts[res.Protocol]; f.record != 0 {
		m.fixed(f, payload)
		return
	}
	m.templated(payload)
}

// Version gives the protocol of a version word, ProtocolUnknown when this package
// decodes none of that version.
func Version(word uint16) message.Protocol {
	switch word {
	case 1:
		return message.NetFlow1
	case 5:
		return message.NetFlow5
	case 7:
		return message.NetFlow7
	case ipfix.Version9:
		return message.NetFlow9
	case ipfix.Version:
		return message.IPFIX
	}
	return message.ProtocolUnknown
}

// run is the state of decoding one message.
type run struct {
	*Decoder
	origin message.Origin
	x      *exporter
	w      *flow.Writer
	res    *message.Result
	header ipfix.Header
	domain *domain
	// exported is the message's own time.
	exported unixNanos
	// boot is when the exporter booted; valid if hasBoot.
	boot    unixNanos
	hasBoot bool
	// late is records of data that was held for this message's templates.
	late int
}

// problem counts a problem; only the first one's text is made, so that a message
// full of them costs little.
func (m *run) problem(reason message.Reason, set uint16, offset int, text string, args ...any) {
	if m.res.First != nil {
		m.res.Add(reason, set, offset, nil)
		return
	}
	m.res.Add(reason, set, offset, fmt.Errorf(text, args...))
}

// begin gives the next record with what every record of the message shares.
func (m *run) begin(kind flow.Kind) *flow.Record {
	r := m.w.Next()
	r.Kind = kind
	r.SetObserverIP(m.origin.Addr)
	r.SetObserverName(m.x.name)
	r.SetFlowExporterProtocol(m.res.Protocol.String())
	r.SetFlowExporterTransport(m.origin.Transport)
	r.SetFlowExporterDomain(m.res.Domain)
	if m.origin.Received != 0 {
		r.SetEventCreated(m.origin.Received)
		r.SetFlowClockSkew(m.exported.sub(unixNanos(m.origin.Received)).Milliseconds())
	}
	return r
}

// skew notes how far the message's time is from the time of its receipt.
func (m *run) skew() {
	if m.origin.Received != 0 {
		m.res.ClockSkew = m.exported.sub(unixNanos(m.origin.Received))
	}
}

// interner gives one string for equal bytes, so that names which occur in every
// record are allocated once. It is emptied when it is full.
type interner map[string]string

const (
	internMax    = 8192
	internLength = 128
)

func (i interner) of(b []byte) string {
	if s, ok := i[string(b)]; ok {
		return s
	}
	s := string(b)
	if len(b) > internLength {
		return s
	}
	if len(i) >= internMax {
		clear(i)
	}
	i[s] = s
	return s
}
