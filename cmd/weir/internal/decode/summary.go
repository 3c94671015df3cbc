package decode

import (
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/weirflow/weir/cmd/weir/internal/capture"
	"github.com/weirflow/weir/collector/message"
)

// Summary is what was in the files. Its JSON keys do not change.
type Summary struct {
	Files     int    `json:"files"`
	Packets   uint64 `json:"packets"`   // captured ones of any kind
	Datagrams uint64 `json:"datagrams"` // UDP payloads and stream messages given to the decoders
	Bytes     uint64 `json:"bytes"`     // of the datagrams
	Messages  uint64 `json:"messages"`  // datagrams of a known protocol
	// Protocols is messages by protocol.
	Protocols map[string]uint64 `json:"messages_by_protocol"`
	Records   uint64            `json:"records"` // flow records
	Options   uint64            `json:"options"` // options records
	Counters  uint64            `json:"counters"`
	// Templates and OptionsTemplates count definitions, repeated ones too.
	Templates        uint64 `json:"templates"`
	OptionsTemplates uint64 `json:"options_templates"`
	// SetsWithoutTemplate is data sets whose template did not come. LateSets is
	// those whose template came after them; their records are counted.
	SetsWithoutTemplate uint64 `json:"sets_without_template"`
	LateSets            uint64 `json:"late_sets"`
	// Lost is what the exporters' sequence numbers say is missing.
	Lost uint64 `json:"lost"`
	// IgnoredPackets are packets that hold no exports.
	IgnoredPackets uint64 `json:"ignored_packets"`
	// Errors is what was not understood, by reason.
	Errors map[string]uint64 `json:"errors"`
	// Warnings is what was wrong but cost nothing, by reason.
	Warnings map[string]uint64 `json:"warnings"`
	// Details describes the first problems, one for each datagram at most.
	Details []string `json:"details"`
	// MoreDetails is how many problems are not described.
	MoreDetails uint64 `json:"more_details"`
}

// maxDetails bounds the list of problems.
const maxDetails = 20

func newSummary() Summary {
	return Summary{Protocols: map[string]uint64{}, Errors: map[string]uint64{}, Warnings: map[string]uint64{}, Details: []string{}}
}

// Clean reports whether every byte was understood.
func (s *Summary) Clean() bool { return len(s.Errors) == 0 }

func (s *Summary) add(r *message.Result, size int) {
	s.Datagrams++
	s.Bytes += uint64(size)
	if r.Protocol != message.ProtocolUnknown {
		s.Messages++
		s.Protocols[r.Protocol.String()]++
	}
	s.Records += uint64(r.Flows)
	s.Options += uint64(r.Options)
	s.Counters += uint64(r.Counters)
	s.Templates += uint64(r.Templates)
	s.OptionsTemplates += uint64(r.OptionsTemplates)
	s.SetsWithoutTemplate += uint64(r.SetsWithoutTemplate)
	s.Lost += r.Lost
	if r.First != nil {
		s.problems(r)
	}
	if late := uint64(r.Released); late > 0 { // they were counted when they came
		s.SetsWithoutTemplate -= late
		s.LateSets += late
		if s.Errors[noTemplate] -= late; s.Errors[noTemplate] == 0 {
			delete(s.Errors, noTemplate)
		}
	}
}

var noTemplate = message.ReasonNoTemplate.String()

func (s *Summary) problems(r *message.Result) {
	for reason, n := range r.Problems {
		switch reason := message.Reason(reason); {
		case n == 0:
		case reason.Harmless():
			s.Warnings[reason.String()] += uint64(n)
		default:
			s.Errors[reason.String()] += uint64(n)
		}
	}
}

func (s *Summary) addCapture(c capture.Stats) {
	s.Packets += c.Packets
	s.IgnoredPackets += c.Ignored
	for reason, n := range c.Problems {
		s.Errors[string(reason)] += n
	}
}

func (s *Summary) detail(format string, arguments ...any) {
	if len(s.Details) == maxDetails {
		s.MoreDetails++
		return
	}
	s.Details = append(s.Details, fmt.Sprintf(format, arguments...))
}

// WriteText prints the summary for people.
func (s *Summary) WriteText(out io.Writer) error {
	var b []byte
	line := func(name string, n uint64) { b = fmt.Appendf(b, "%-22s %d\n", name, n) }
	for _, detail := range s.Details {
		b = fmt.Appendf(b, "%s\n", detail)
	}
	if s.MoreDetails > 0 {
		b = fmt.Appendf(b, "… and %d more\n", s.MoreDetails)
	}
	line("files", uint64(s.Files))
	line("datagrams", s.Datagrams)
	line("messages", s.Messages)
	for _, name := range slices.Sorted(maps.Keys(s.Protocols)) {
		line("  "+name, s.Protocols[name])
	}
	line("records", s.Records)
	line("options", s.Options)
	line("counters", s.Counters)
	line("templates", s.Templates)
	line("options templates", s.OptionsTemplates)
	line("sets without template", s.SetsWithoutTemplate)
	if s.LateSets > 0 {
		line("late sets, decoded", s.LateSets)
	}
	if s.Lost > 0 {
		line("lost (by sequence)", s.Lost)
	}
	if s.IgnoredPackets > 0 {
		line("other packets", s.IgnoredPackets)
	}
	list := func(title string, problems map[string]uint64) {
		if len(problems) > 0 {
			b = fmt.Appendf(b, "%s\n", title)
		}
		for _, name := range slices.Sorted(maps.Keys(problems)) {
			line("  "+name, problems[name])
		}
	}
	list("errors", s.Errors)
	list("warnings", s.Warnings)
	_, err := out.Write(b)
	return err
}
