package doctor

import (
	"fmt"
	"net/netip"
)

// notUnderstood: datagrams of no flow protocol.
func notUnderstood(e *Exporter, r *Report) *Finding {
	n := e.Problems["unknown_version"] + e.Problems["truncated_header"]
	if n == 0 {
		return nil
	}
	for _, x := range e.Examples {
		if x.Reason != "unknown_version" && x.Reason != "truncated_header" {
			continue
		}
		what := "no flow protocol"
		if x.Looks != "" {
			what = "no flow protocol, but looks like " + x.Looks
		}
		advice := "Find out what sends that (ss -unp there), and send it elsewhere. Weir takes NetFlow, IPFIX and sFlow version 5."
		if r.Source == "files" {
			advice += " If the capture holds other traffic as well, name the collector's ports with --port."
		}
		hex := x.Hex
		if hex == "" {
			hex = "no bytes at all"
		}
		return found(Warning, advice, "%s not understood: %s; the first bytes are %s (%s)", plural(n, "datagram"), what, hex, x.Text)
	}
	return nil
}

// unspecifiedAddress: 0.0.0.0 as the sender, or as sFlow's agent.
func unspecifiedAddress(e *Exporter, _ *Report) *Finding {
	where := ""
	if e.Address.IsUnspecified() {
		where = "the packets' source address"
	}
	for _, a := range e.Agents {
		if a.IsUnspecified() {
			where = "the sFlow agent's address"
		}
	}
	if where == "" {
		return nil
	}
	return found(Warning, "Set the address that the exporter sends from. RouterOS sends from 0.0.0.0 when the target's src-address is that.", "%s is %s", where, netip.IPv4Unspecified()).with(e, topicSource)
}

// noTemplates: a domain sends data, and has never sent a template.
func noTemplates(e *Exporter, r *Report) *Finding {
	var sets uint64
	var domains []Domain
	for _, d := range e.Domains {
		if len(d.Missing) == 0 || len(d.Templates) > 0 {
			continue
		}
		domains = append(domains, d)
		for _, m := range d.Missing {
			sets += m.Sets
		}
	}
	if len(domains) == 0 {
		return nil
	}
	advice := "Until a template comes, its flows cannot be read. "
	if r.Source == "files" {
		advice += "Captures may begin behind it: capture for longer, or name the file with the templates first (and give both files one exporter: --exporter)."
	} else {
		advice += "Exporters repeat templates every 1 to 30 minutes: look for longer (--for 30m). If none comes then, make the exporter send them each minute, or set its target anew."
	}
	return found(Error, advice, "%s for which no template came (%s)", plural(sets, "set")+" of data", list(domains, domainName)).with(e, topicRefresh)
}

func domainName(d Domain) string { return fmt.Sprintf("%s domain %d", d.Protocol, d.ID) }

// missingTemplate: some templates came, others did not.
func missingTemplate(e *Exporter, r *Report) *Finding {
	var missing []string
	for _, d := range e.Domains {
		if len(d.Templates) == 0 {
			continue
		}
		for _, m := range d.Missing {
			missing = append(missing, fmt.Sprintf("%d of %s (%s)", m.ID, domainName(d), plural(m.Sets, "set")))
		}
	}
	if len(missing) == 0 {
		return nil
	}
	advice := "Data of these templates cannot be read. They may come later: look for longer (--for 30m), and make the exporter send templates each minute."
	if r.Source == "files" {
		advice = "Data of these templates cannot be read. The capture may be too short, or the templates were refused (see below): make the exporter send templates each minute."
	}
	return found(Warning, advice, "templates that never came: %s", list(missing, func(s string) string { return s })).with(e, topicRefresh)
}

// lateTemplate: data came before its template, which then came.
func lateTemplate(e *Exporter, _ *Report) *Finding {
	var late, released uint64
	for _, d := range e.Domains {
		late += d.Late
		released += min(d.Released, d.Late)
	}
	if late == 0 {
		return nil
	}
	return found(Hint, "That is the usual start of a look over UDP. A collector that keeps running remembers templates over restarts.",
		"%s came before their template; %d of them were held, and decoded when it came", plural(late, "set")+" of data", released).with(e, topicRefresh)
}

// noFlows: templates or counters, but no flow.
func noFlows(e *Exporter, _ *Report) *Finding {
	if e.Flows > 0 || len(e.Protocols) == 0 {
		return nil
	}
	for _, d := range e.Domains {
		if len(d.Missing) > 0 {
			return nil // there may be flows in it
		}
	}
	switch {
	case e.Counters > 0:
		return found(Warning, "Switch flow sampling on at the interfaces (sFlow calls it flow sampling, beside counter polling).", "counters come, but no flow samples")
	case e.templated() && e.all() > 0 || e.definitions() > 0:
		return found(Hint, "If there is traffic, look for longer than the exporter's active timeout, and see whether flow export is on at its interfaces.", "templates come, but no flows").with(e, topicActive)
	}
	return nil
}

func (e *Exporter) definitions() (n uint64) {
	for _, d := range e.Domains {
		n += d.Definitions
	}
	return n
}
