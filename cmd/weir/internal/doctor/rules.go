package doctor

import (
	"fmt"
	"strings"
)

// Severity says how bad a finding is.
type Severity string

// The severities. Hints are no problems.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
	Hint    Severity = "hint"
)

// Finding is something that is wrong, or worth knowing.
type Finding struct {
	// ID names the rule; IDs do not change.
	ID       string   `json:"id"`
	Severity Severity `json:"severity"`
	// Text says what was found, Advice what to do about it.
	Text   string `json:"text"`
	Advice string `json:"advice"`
	// Commands are what to type, a line each, where the vendor is known.
	Commands []string `json:"commands,omitempty"`
}

// exporterRule finds one thing in the facts of an exporter; nil when all is well.
// It changes nothing.
type exporterRule struct {
	id    string
	check func(e *Exporter, r *Report) *Finding
}

// exporterRules are in the order in which findings are shown; of what causes what
// the cause stands first. TestRules has a case for each.
var exporterRules = []exporterRule{
	{"not_understood", notUnderstood},
	{"unspecified_address", unspecifiedAddress},
	{"shared_domain", sharedDomain},
	{"gateway_address", gatewayAddress},
	{"no_templates", noTemplates},
	{"missing_template", missingTemplate},
	{"late_template", lateTemplate},
	{"no_flows", noFlows},
	{"sequence_loss", sequenceLoss},
	{"reordered", reordered},
	{"clock_skew", clockSkew},
	{"times_rejected", timesRejected},
	{"no_boot_time", noBootTime},
	{"active_timeout", activeTimeout},
	{"sampler_unknown", samplerUnknown},
	{"sampling_unknown", samplingUnknown},
	{"sampling_byte_order", samplingByteOrder},
	{"one_direction", oneDirection},
	{"empty_flows", emptyFlows},
	{"ipv4_mapped", ipv4Mapped},
	{"interface_names", interfaceNames},
	{"application_names", applicationNames},
	{"as_zero", asZero},
	{"mikrotik_offload", mikrotikOffload},
}

// reportRule finds things that concern no single exporter.
type reportRule struct {
	id    string
	check func(r *Report) *Finding
}

var reportRules = []reportRule{
	{"nothing_received", nothingReceived},
	{"kernel_drops", kernelDrops},
	{"receive_buffer", receiveBuffer},
	{"connections", connections},
	{"too_many_exporters", tooManyExporters},
	{"damaged_file", damagedFile},
}

// judge runs every rule over the facts and counts.
func (r *Report) judge() {
	r.Findings = []Finding{}
	for _, rule := range reportRules {
		if f := rule.check(r); f != nil {
			f.ID = rule.id
			r.Findings = append(r.Findings, *f)
			r.count(f)
		}
	}
	for i := range r.Exporters {
		e := &r.Exporters[i]
		e.Findings = []Finding{}
		for _, rule := range exporterRules {
			if f := rule.check(e, r); f != nil {
				f.ID = rule.id
				e.Findings = append(e.Findings, *f)
			}
		}
		e.Findings = append(e.Findings, damaged(e)...)
		for j := range e.Findings {
			r.count(&e.Findings[j])
		}
	}
}

func (r *Report) count(f *Finding) {
	if f.Severity == Hint {
		r.Hints++
	} else {
		r.Problems++
	}
}

// found makes a finding.
func found(s Severity, advice, text string, args ...any) *Finding {
	return &Finding{Severity: s, Text: fmt.Sprintf(text, args...), Advice: advice}
}

// with adds the commands of the exporter's vendor, if there are any.
func (f *Finding) with(e *Exporter, t topic) *Finding {
	f.Commands = commands[t][e.Vendor]
	return f
}

// speaks tells whether an exporter has sent messages of one of the protocols.
func (e *Exporter) speaks(protocols ...string) bool {
	for _, p := range e.Protocols {
		for _, want := range protocols {
			if p == want {
				return true
			}
		}
	}
	return false
}

// templated tells whether the exporter sends a protocol with templates.
func (e *Exporter) templated() bool { return e.speaks("netflow9", "ipfix") }

// list writes up to five things, and how many more there are.
func list[T any](things []T, text func(T) string) string {
	const most = 5
	var parts []string
	for _, t := range things[:min(most, len(things))] {
		parts = append(parts, text(t))
	}
	s := strings.Join(parts, ", ")
	if more := len(things) - most; more > 0 {
		s += fmt.Sprintf(" and %d more", more)
	}
	return s
}

// percent is a part of a whole for people.
func percent(part, whole uint64) string {
	if whole == 0 {
		return "0 %"
	}
	switch share := 100 * float64(part) / float64(whole); {
	case share > 0 && share < 0.1:
		return "under 0.1 %"
	default:
		return fmt.Sprintf("%.1f %%", share)
	}
}

// plural is a number with the thing that it counts.
func plural[N int | uint64](n N, what string) string { return quantity(uint64(n), what) }
