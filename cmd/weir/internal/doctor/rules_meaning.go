package doctor

import (
	"fmt"
	"strings"
)

// samplerUnknown: flows name a sampler whose rate nobody tells.
func samplerUnknown(e *Exporter, _ *Report) *Finding {
	if e.Flow.NoSampler == 0 {
		return nil
	}
	return found(Warning, "Their traffic counts once where it may stand for a thousand times as much. Make the exporter send its sampler table, or name the rate in decode.sampling_rates.",
		"the sampler of %s is not known, so that a rate of 1 was assumed", plural(e.Flow.NoSampler, "flow")).with(e, topicSampler)
}

// samplingUnknown: nobody says whether packets are sampled.
func samplingUnknown(e *Exporter, _ *Report) *Finding {
	if e.Flows == 0 || e.Flow.NoSampler > 0 || len(e.Sampling) == 0 {
		return nil
	}
	for _, s := range e.Sampling {
		if s.Source != "assumed" {
			return nil
		}
	}
	return found(Hint, "If it samples, name the rate in decode.sampling_rates; if it does not, nothing is to be done.", "no sampling rate is told, so that 1 is assumed").with(e, topicSampler)
}

// samplingByteOrder: RouterOS's rates.
func samplingByteOrder(e *Exporter, _ *Report) *Finding {
	if e.Flow.LittleEndian == 0 {
		return nil
	}
	return found(Hint, "Nothing is to be done: Weir turns them round. Other collectors take 100 for 1,677,721,600.", "sampling values come with the low byte first, as RouterOS sends them")
}

// emptyFlows: records that count nothing.
func emptyFlows(e *Exporter, _ *Report) *Finding {
	if e.Flow.Empty*2 < e.Flows || e.Flows == 0 || e.Flow.Empty == 0 {
		return nil
	}
	return found(Warning, "The record lacks a byte or packet counter: add one to what the exporter collects (collect counter bytes long, collect counter packets long).",
		"%s have neither bytes nor packets (%s)", plural(e.Flow.Empty, "flow"), percent(e.Flow.Empty, e.Flows))
}

// ipv4Mapped: IPv4 addresses written as IPv6.
func ipv4Mapped(e *Exporter, _ *Report) *Finding {
	if e.Flow.Mapped == 0 {
		return nil
	}
	return found(Warning, "Searches for the IPv4 address do not find these flows. Give IPv4 a record of its own (match ipv4 ...), or let the application listen on IPv4.",
		"%s have IPv4-mapped addresses (::ffff:192.0.2.1)", plural(e.Flow.Mapped, "flow"))
}

// interfaceNames: interfaces are numbers.
func interfaceNames(e *Exporter, _ *Report) *Finding {
	n := e.Interfaces
	if n.Seen == n.Named {
		return nil
	}
	advice := "Name them in enrich.interfaces."
	if e.templated() {
		advice = "Make the exporter send its interface table, or name them in enrich.interfaces."
	}
	return found(Hint, advice, "%s", n.without("interface")).with(e, topicInterfaces)
}

// applicationNames: applications are numbers.
func applicationNames(e *Exporter, _ *Report) *Finding {
	n := e.Applications
	if n.Seen == n.Named {
		return nil
	}
	return found(Warning, "Make the exporter send its application table. Tables come every few minutes only: look for longer before that.",
		"%s", n.without("application")).with(e, topicApps)
}

// without says which things have no name.
func (n *Names) without(what string) string {
	const most = 5
	without := n.Seen - n.Named
	s := fmt.Sprintf("of %s %d lack a name: %s", plural(n.Seen, what), without, strings.Join(n.Unnamed[:min(most, len(n.Unnamed))], ", "))
	if without > most {
		s += ", …"
	}
	return s
}

// asZero: there is a place for AS numbers, and nothing in it.
func asZero(e *Exporter, _ *Report) *Finding {
	if !e.Flow.ASCarried || e.Flow.AS > 0 || e.Flows < 20 {
		return nil
	}
	advice := "Weir looks them up by address instead, once a database is there (weir.yml: enrich.geo). To have the exporter's own, it needs BGP's table, and to be told so (origin-as or peer-as)."
	if e.Vendor == VendorMikroTik {
		advice = "RouterOS fills no AS numbers in. Weir looks them up by address, once a database is there (weir.yml: enrich.geo)."
	}
	return found(Hint, advice, "AS numbers are exported, and all of them are 0")
}

// mikrotikOffload: what RouterOS does not count.
func mikrotikOffload(e *Exporter, _ *Report) *Finding {
	if e.Vendor != VendorMikroTik || e.Flows == 0 {
		return nil
	}
	f := found(Hint, "Traffic that the switch chip forwards (bridges with hw=yes, L3 hardware offload) never reaches Traffic Flow. If it is missing here, switch the offload off for those ports, or sample it with sFlow elsewhere.",
		"RouterOS counts only what its CPU handles")
	f.Commands = []string{"/interface bridge port print where hw=yes", "/interface ethernet switch print"}
	return f
}

// damaged gives a finding for each reason that messages were not understood, its
// id the reason's name in metrics.
func damaged(e *Exporter) (list []Finding) {
	for _, d := range damages {
		n := e.Problems[d.reason]
		if n == 0 {
			continue
		}
		f := found(d.severity, d.advice, "%s: %s", strings.ReplaceAll(d.text, "%n", plural(n, "time")), "no example")
		for _, x := range e.Examples {
			if x.Reason == d.reason {
				f = found(d.severity, d.advice, "%s: %s; the message begins with %s", strings.ReplaceAll(d.text, "%n", plural(n, "time")), x.Text, x.Hex)
			}
		}
		f.ID = d.reason
		list = append(list, *f)
	}
	return list
}

const (
	adviceCut    = "Something cuts datagrams or drops their fragments: lower the exporter's message size below the path MTU (1,400 bytes), and see that a capture has whole packets (tcpdump -s 0)."
	adviceReport = "Capture this exporter's messages (tcpdump -s 0 -w exports.pcap) and report the fault to its vendor."
	adviceLimit  = "If the exporter is genuine, raise the limits below decode; else restrict who may send."
)

// damage is what to say of a message.Reason.
type damage struct {
	reason   string
	severity Severity
	text     string // %n is how often
	advice   string
}

// damages are the reasons that no rule above tells of.
var damages = []damage{
	{"bad_length", Warning, "a length that cannot be right, %n", adviceCut},
	{"truncated_set", Warning, "a set ends early, %n", adviceCut},
	{"truncated_record", Warning, "a record ends early, %n", adviceCut},
	{"truncated_sample", Warning, "a sample ends early, %n", adviceCut},
	{"bad_template", Warning, "a template that cannot be right, %n", adviceReport},
	{"zero_size_template", Warning, "a template without any bytes, %n", adviceReport},
	{"bad_sample", Warning, "a sample that contradicts itself, %n", adviceReport},
	{"trailing_bytes", Warning, "bytes that belong to nothing, %n", adviceReport},
	{"reserved_set", Warning, "a set whose number is reserved, %n", adviceReport},
	{"unknown_sample", Hint, "a sample of a format that is not known, %n", "Nothing is to be done: these samples are left out."},
	{"bad_list", Warning, "lists inside records that contradict themselves, %n", adviceReport},
	{"list_template", Hint, "lists inside records whose templates are not known, %n", "Let the exporter send its templates more often."},
	{"list_limit", Hint, "lists inside records that are longer or deeper than is decoded, %n", "Nothing is to be done: their beginning was used."},
	{"count_mismatch", Hint, "the header counts wrongly, %n", "Nothing is to be done: what is there was used."},
	{"template_limit", Warning, "more templates, fields or domains than are kept, %n", adviceLimit},
	{"template_evicted", Warning, "templates made room for others, %n", adviceLimit},
	{"exporter_limit", Warning, "more exporters than are kept, %n", adviceLimit},
	{"options_limit", Warning, "more samplers, interfaces or applications than are kept, %n", adviceLimit},
	{"protocol_not_allowed", Warning, "the protocol is not allowed at this port, %n", "Send it to another port, or widen only= of the endpoint."},
}
