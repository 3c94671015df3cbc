package collector

import (
	"net/netip"
	"time"

	"github.com/weirflow/weir/collector/message"
)

// ExporterStats is what one exporter has sent by one protocol since the start.
type ExporterStats struct {
	// Addr is the exporter's address; the zero Addr for one that is known by its
	// verified name, and for those that there was no place for.
	Addr netip.Addr
	// Name is the verified name, or empty.
	Name string
	// Protocol is unknown for messages of no protocol, of whoever they come from.
	Protocol message.Protocol
	// Messages, Records and Bytes are what was received and decoded.
	Messages, Records, Bytes uint64
	// Lost is what is missing by sequence number: records or messages, see
	// message.Result.
	Lost uint64
	// Reordered counts messages that came after a later one.
	Reordered uint64
	// Errors counts faults that cost data, without those of missing templates.
	Errors uint64
	// NoTemplate counts data sets whose template was not known when they came,
	// Released those of them that were decoded later.
	NoTemplate, Released uint64
	// LastSeen is when the newest message was received.
	LastSeen time.Time
	// ClockSkew is export time minus receive time of the newest message.
	ClockSkew time.Duration
	// Domain, Transport, SamplingRate and SamplingSource are those of the newest
	// message that tells them; 0 and empty before the first.
	Domain         uint32
	Transport      string
	SamplingRate   uint64
	SamplingSource string
}

// Other reports whether s stands for all that have no place of their own, or for
// messages of no protocol.
func (s *ExporterStats) Other() bool { return !s.Addr.IsValid() && s.Name == "" }

// Exporters gives what each exporter has sent, in no order: at most
// Config.MaxExporters, and for each protocol one for all others. It may be called
// at any time, also after Close.
func (c *Collector) Exporters() []ExporterStats { return c.metrics.exporters.list() }

func (t *exporterTable) list() []ExporterStats {
	t.mu.RLock()
	defer t.mu.RUnlock()
	list := make([]ExporterStats, 0, len(t.entries))
	for key, s := range t.entries {
		list = append(list, s.read(key))
	}
	for p := range t.other {
		if s := &t.other[p]; s.messages.Load() > 0 {
			list = append(list, s.read(exporterKey{protocol: message.Protocol(p)}))
		}
	}
	return list
}

func (s *exporterStats) read(key exporterKey) ExporterStats {
	text := func(p *string) string {
		if p == nil {
			return ""
		}
		return *p
	}
	return ExporterStats{Addr: key.addr, Name: key.name, Protocol: key.protocol,
		Messages: s.messages.Load(), Records: s.records.Load(), Bytes: s.bytes.Load(), Lost: s.lost.Load(), Reordered: s.reordered.Load(),
		Errors: s.errors.Load(), NoTemplate: s.noTemplate.Load(), Released: s.released.Load(),
		LastSeen: time.Unix(0, s.lastSeen.Load()), ClockSkew: time.Duration(s.clockSkew.Load()),
		Domain: s.domain.Load(), Transport: text(s.transport.Load()), SamplingRate: s.samplingRate.Load(), SamplingSource: text(s.samplingSource.Load())}
}
