package doctor

import (
	"encoding/hex"
	"net/netip"
	"slices"

	"github.com/weirflow/weir/collector/message"
	"github.com/weirflow/weir/collector/sflow"
)

// exporter is the facts of one exporter in the making. Doctor.mu guards it.
type exporter struct {
	Exporter
	domains  map[domainKey]*domain
	sessions map[uint64]netip.Addr // streams that are open
	agents   map[netip.Addr]bool
	ports    map[uint16]bool
	rates    map[rate]uint64
	// interfaces and applications tell whether the name is known.
	interfaces   map[uint32]bool
	applications map[string]bool
	// conversations has a bit for each direction, by a hash of the ends.
	conversations map[uint64]uint8
	seen          [message.NumProtocols]bool
	first, last   int64 // Unix nanoseconds
}

type domainKey struct {
	protocol message.Protocol
	id       uint32
}

type rate struct {
	rate   uint64
	source string
}

// domain is the facts of one observation domain in the making.
type domain struct {
	Domain
	key   domainKey
	sets  map[uint16]*setCount
	ports returns[uint16]
	// flowPorts are those that flows came from.
	flowPorts returns[uint16]
	boots     boots
}

// setCount counts sets of data that need one template.
type setCount struct{ sets, bytes uint64 }

func newExporter(o *message.Origin) *exporter {
	e := &exporter{domains: map[domainKey]*domain{}, sessions: map[uint64]netip.Addr{}, agents: map[netip.Addr]bool{}, ports: map[uint16]bool{},
		rates: map[rate]uint64{}, interfaces: map[uint32]bool{}, applications: map[string]bool{}, conversations: map[uint64]uint8{}}
	e.Address, e.Name = o.Addr, o.Name
	e.Flow.Times, e.Problems = map[string]uint64{}, map[string]uint64{}
	return e
}

// message takes in what the decoders say of a message.
func (d *Doctor) message(o *message.Origin, payload []byte, res *message.Result) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.datagrams++
	d.bytes += uint64(len(payload))
	if o.Received != 0 {
		if d.first == 0 {
			d.first = o.Received
		}
		d.first, d.last = min(d.first, o.Received), max(d.last, o.Received)
	}
	e := d.exporter(o)
	if e == nil {
		d.untold++
		return
	}
	e.message(o, payload, res)
	d.origin(e, o)
	if res.Protocol == message.ProtocolUnknown {
		return
	}
	e.seen[res.Protocol] = true
	key := domainKey{res.Protocol, res.Domain}
	x := e.domains[key]
	if x == nil {
		if !d.room(len(e.domains), maxDomains) {
			e.MoreDomains++
			return
		}
		x = &domain{key: key, sets: map[uint16]*setCount{}}
		x.Protocol, x.ID, x.LostUnit = key.protocol.String(), key.id, "records"
		if key.protocol == message.NetFlow9 || key.protocol == message.SFlow5 {
			x.LostUnit = "messages"
		}
		e.domains[key] = x
	}
	x.message(o, payload, res)
	x.look(payload, func(n int) bool { return d.room(n, maxSets) })
}

// message counts for the whole exporter.
func (e *exporter) message(o *message.Origin, payload []byte, res *message.Result) {
	e.Messages++
	e.Bytes += uint64(len(payload))
	e.Flows += uint64(res.Flows)
	e.Options += uint64(res.Options)
	e.Counters += uint64(res.Counters)
	if !slices.Contains(e.Transports, o.Transport) {
		e.Transports = append(e.Transports, o.Transport)
	}
	if o.Received != 0 {
		if e.first == 0 {
			e.first = o.Received
		}
		e.last = o.Received
		if res.Protocol != message.SFlow5 && res.Protocol != message.ProtocolUnknown && res.Problems[message.ReasonTruncatedHeader] == 0 {
			e.skew(res.ClockSkew.Seconds())
		}
	}
	e.Flow.NoSampler += uint64(res.Problems[message.ReasonNoSampler])
	for reason, n := range res.Problems {
		if n > 0 {
			e.problem(message.Reason(reason), uint64(n), payload, res)
		}
	}
}

func (e *exporter) skew(s float64) {
	if e.ClockSkew == nil {
		e.ClockSkew = &ClockSkew{s, s}
		return
	}
	e.ClockSkew.Min, e.ClockSkew.Max = min(e.ClockSkew.Min, s), max(e.ClockSkew.Max, s)
}

// exampleBytes is how much of a message an example shows.
const exampleBytes = 32

// problem counts a reason, and keeps the first message that has it.
func (e *exporter) problem(reason message.Reason, n uint64, payload []byte, res *message.Result) {
	name := reason.String()
	e.Problems[name] += n
	if res.First == nil || res.First.Reason != reason || slices.ContainsFunc(e.Examples, func(x Example) bool { return x.Reason == name }) {
		return
	}
	x := Example{Reason: name, Hex: hex.EncodeToString(payload[:min(exampleBytes, len(payload))])}
	if res.First.Err != nil {
		x.Text = res.First.Err.Error()
	}
	if res.Protocol == message.ProtocolUnknown {
		x.Looks = looksLike(payload)
	}
	e.Examples = append(e.Examples, x)
}

// origin notes where messages come from.
func (d *Doctor) origin(e *exporter, o *message.Origin) {
	if _, known := e.sessions[o.Session]; o.Session != 0 && !known && d.room(len(e.sessions), maxPorts) {
		e.sessions[o.Session] = o.Addr
	}
	if o.Port != 0 && !e.ports[o.Port] && d.room(len(e.ports), maxPorts) {
		e.ports[o.Port] = true
	}
}

// message counts for the domain.
func (x *domain) message(o *message.Origin, payload []byte, res *message.Result) {
	x.Messages++
	x.Bytes += uint64(len(payload))
	x.Flows += uint64(res.Flows)
	x.Options += uint64(res.Options)
	x.Counters += uint64(res.Counters)
	x.Definitions += uint64(res.Templates + res.OptionsTemplates)
	x.Late += uint64(res.Problems[message.ReasonNoTemplate])
	x.Held += uint64(res.Held)
	x.Released += uint64(res.Released)
	x.Lost += res.Lost
	if res.Reordered {
		x.Reordered++
	}
	if o.Port == 0 {
		return
	}
	x.ports.note(o.Port)
	if res.Flows > 0 {
		x.flowPorts.note(o.Port)
	}
}

// looksLike guesses what a message of no flow protocol is.
func looksLike(p []byte) string {
	prefix := func(s string) bool { return len(p) >= len(s) && string(p[:len(s)]) == s }
	switch {
	case len(p) < 4:
		return ""
	case sflow.Old(p):
		return "sFlow version 2 or 4"
	case p[0] == 0 && p[1] >= 1 && p[1] <= 8 && p[1] != 5:
		return "NetFlow version " + string(rune('0'+p[1]))
	case p[1] == 0 && (p[0] == 5 || p[0] == 9 || p[0] == 10):
		return "NetFlow or IPFIX with its bytes swapped"
	case p[0] == '<' && p[1] >= '0' && p[1] <= '9':
		return "syslog"
	case p[0] == 0x30:
		return "SNMP"
	case p[0] >= 0x14 && p[0] <= 0x17 && p[1] == 3:
		return "TLS; configure a tls:// endpoint"
	case p[0] >= 0x14 && p[0] <= 0x19 && p[1] == 0xfe:
		return "DTLS"
	case prefix("GET ") || prefix("POST") || prefix("HEAD") || prefix("HTTP"):
		return "HTTP"
	case p[0] == '{' || p[0] == '[':
		return "JSON"
	case p[0]&0xf0 == 0x40 && len(p) >= 20 && int(p[0]&15)*4 >= 20 && (p[9] == 6 || p[9] == 17):
		return "a bare IP packet"
	}
	return ""
}
