package doctor

import (
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
)

// healthy gives an exporter that no rule has anything to say about.
func healthy() Exporter {
	return Exporter{
		Address: netip.MustParseAddr("192.0.2.1"), Protocols: []string{"netflow9"}, Transports: []string{"udp"},
		Messages: 100, Records: Records{Flows: 1000, Options: 10}, Ports: 1,
		Domains: []Domain{{Protocol: "netflow9", ID: 1, Messages: 100, Records: Records{Flows: 1000, Options: 10}, LostUnit: "messages", Definitions: 10,
			Templates: []Template{{ID: 256, Sets: 100, Fields: []Field{{ID: 8, Length: 4, Name: "sourceIPv4Address"}}}}, BootTime: true, Ports: 1, FlowPorts: 1, Boots: 1}},
		Sampling:     []Sampling{{1, "options", 1000}},
		ClockSkew:    &ClockSkew{-0.5, 0.5},
		Interfaces:   Names{Seen: 2, Named: 2},
		Applications: Names{Seen: 1, Named: 1},
		Flow:         Flows{Times: map[string]uint64{"uptime": 1000}, Longest: 60},
		Conversation: Conversations{Seen: 100, Both: 90},
		Problems:     map[string]uint64{},
	}
}

// healthyReport gives a report that no rule has anything to say about.
func healthyReport() Report {
	return Report{Source: "listen", Seconds: 60, Datagrams: 100, Listeners: []Listener{{Endpoint: "udp://:2055", Address: "[::]:2055", Transport: "udp", BufferAsked: 1 << 24, BufferGiven: 1 << 24}}}
}

// TestRules: each rule finds its fault and nothing else does, with the severity,
// and with what to do in its advice or commands.
func TestRules(t *testing.T) {
	covered := map[string]bool{}
	for _, c := range []struct {
		id       string
		severity Severity
		says     string // in text, advice or commands
		change   func(e *Exporter, r *Report)
	}{
		{"", "", "", func(*Exporter, *Report) {}},
		{"not_understood", Warning, "looks like syslog; the first bytes are 3c3133", func(e *Exporter, _ *Report) {
			e.Problems["unknown_version"] = 3
			e.Examples = []Example{{"unknown_version", "no version", "3c3133", "syslog"}}
		}},
		{"not_understood", Warning, "name the collector's ports with --port", func(e *Exporter, r *Report) {
			e.Problems["truncated_header"], r.Source = 1, "files"
			e.Examples = []Example{{"truncated_header", "0 bytes", "", ""}}
		}},
		{"unspecified_address", Warning, "/ip traffic-flow target set [find] src-address=192.0.2.1", func(e *Exporter, _ *Report) {
			e.Address, e.Vendor = netip.IPv4Unspecified(), VendorMikroTik
		}},
		{"unspecified_address", Warning, "the sFlow agent's address is 0.0.0.0", func(e *Exporter, _ *Report) { e.Agents = []netip.Addr{netip.IPv4Unspecified()} }},
		{"shared_domain", Error, "2 boot times and 2 source ports take turns", func(e *Exporter, _ *Report) {
			d := &e.Domains[0]
			d.FlowPorts, d.PortReturns, d.Boots, d.BootReturns = 2, 40, 2, 40
		}},
		{"shared_domain", Error, "sequence numbers jump", func(e *Exporter, _ *Report) {
			d := &e.Domains[0]
			d.FlowPorts, d.PortReturns, d.Lost = 2, 40, 1000
		}},
		{"gateway_address", Warning, "172.17.0.1 is Docker's bridge; one exporter seems to be behind it", func(e *Exporter, _ *Report) { e.Address = netip.MustParseAddr("172.17.0.1") }},
		{"gateway_address", Warning, "3 exporters seem to be behind it", func(e *Exporter, _ *Report) {
			e.Address = netip.MustParseAddr("172.19.0.1")
			e.Agents = []netip.Addr{{}, {}, {}}
		}},
		{"gateway_address", Warning, "docker run --network host", func(e *Exporter, r *Report) {
			e.Address, r.Container, r.Gateway = netip.MustParseAddr("10.9.8.1"), true, netip.MustParseAddr("10.9.8.1")
		}},
		{"no_templates", Error, "template data timeout 60", func(e *Exporter, _ *Report) {
			e.Vendor, e.Flows = VendorCisco, 0
			e.Domains[0].Templates, e.Domains[0].Missing = nil, []Missing{{256, 12, 1000}}
		}},
		{"no_templates", Error, "name the file with the templates first", func(e *Exporter, r *Report) {
			r.Source = "files"
			e.Domains[0].Templates, e.Domains[0].Missing = nil, []Missing{{256, 1, 100}}
		}},
		{"missing_template", Warning, "257 of netflow9 domain 1 (3 sets)", func(e *Exporter, _ *Report) { e.Domains[0].Missing = []Missing{{257, 3, 300}} }},
		{"missing_template", Warning, "too short", func(e *Exporter, r *Report) {
			r.Source, e.Domains[0].Missing = "files", []Missing{{257, 3, 300}}
		}},
		{"late_template", Hint, "2 sets of data came before their template; 1 of them", func(e *Exporter, _ *Report) { e.Domains[0].Late, e.Domains[0].Released = 2, 1 }},
		{"no_flows", Hint, "longer than the exporter's active timeout", func(e *Exporter, _ *Report) { e.Flows = 0 }},
		{"no_flows", Warning, "Switch flow sampling on", func(e *Exporter, _ *Report) { e.Flows, e.Counters, e.Protocols = 0, 5, []string{"sflow5"} }},
		{"sequence_loss", Warning, "1 message of 101 (1.0 %)", func(e *Exporter, _ *Report) { e.Domains[0].Lost = 1 }},
		{"sequence_loss", Error, "IPFIX over TCP", func(e *Exporter, _ *Report) { e.Domains[0].Lost = 100 }},
		{"reordered", Warning, "10 messages came after later ones (10.0 %)", func(e *Exporter, _ *Report) { e.Domains[0].Reordered = 10 }},
		{"clock_skew", Warning, "the exporter's clock is 20 s slow", func(e *Exporter, _ *Report) { e.ClockSkew = &ClockSkew{-50, -20} }},
		{"clock_skew", Warning, "takes its local time for UTC", func(e *Exporter, _ *Report) { e.ClockSkew = &ClockSkew{7190, 7200} }},
		{"clock_skew", Warning, "never set since", func(e *Exporter, _ *Report) { e.ClockSkew = &ClockSkew{-1.7e9, -1.7e9} }},
		{"clock_skew", Warning, "/system ntp client set enabled=yes", func(e *Exporter, _ *Report) {
			e.Vendor, e.ClockSkew = VendorMikroTik, &ClockSkew{60, 61}
		}},
		{"times_rejected", Error, "the times of 600 flows (60.0 %) are more than an hour off", func(e *Exporter, _ *Report) { e.Flow.Times["received"] = 600 }},
		{"times_rejected", Warning, "the times of 1 flow", func(e *Exporter, _ *Report) { e.Flow.Times["received"] = 1 }},
		{"no_boot_time", Warning, "element 160", func(e *Exporter, _ *Report) {
			d := &e.Domains[0]
			d.Protocol, d.BootTime, d.Templates[0].Fields = "ipfix", false, []Field{{ID: 22}, {ID: 21}}
		}},
		{"active_timeout", Warning, "cache timeout active 60", func(e *Exporter, _ *Report) {
			e.Vendor, e.Flow.Long, e.Flow.Longest = VendorCisco, 7, 1800
		}},
		{"active_timeout", Warning, "7 flows took over 5 minutes, the longest 30 minutes", func(e *Exporter, _ *Report) { e.Flow.Long, e.Flow.Longest = 7, 1800 }},
		{"sampler_unknown", Warning, "sampler-table", func(e *Exporter, _ *Report) { e.Vendor, e.Flow.NoSampler = VendorCisco, 9 }},
		{"sampling_unknown", Hint, "decode.sampling_rates", func(e *Exporter, _ *Report) { e.Sampling[0].Source = "assumed" }},
		{"sampling_byte_order", Hint, "low byte first", func(e *Exporter, _ *Report) { e.Flow.LittleEndian = 1 }},
		{"one_direction", Warning, "100 of 100 TCP connections", func(e *Exporter, _ *Report) { e.Conversation.Both = 0 }},
		{"empty_flows", Warning, "collect counter bytes", func(e *Exporter, _ *Report) { e.Flow.Empty = 1000 }},
		{"ipv4_mapped", Warning, "2 flows have IPv4-mapped addresses", func(e *Exporter, _ *Report) { e.Flow.Mapped = 2 }},
		{"interface_names", Hint, "of 2 interfaces 1 lack a name: 7", func(e *Exporter, _ *Report) { e.Interfaces = Names{2, 1, []string{"7"}} }},
		{"interface_names", Hint, "option interface-table", func(e *Exporter, _ *Report) { e.Vendor, e.Interfaces = VendorCisco, Names{2, 1, []string{"7"}} }},
		{"application_names", Warning, "option application-table", func(e *Exporter, _ *Report) {
			e.Vendor, e.Applications = VendorCisco, Names{Seen: 9, Unnamed: []string{"13:1", "13:2", "13:3", "13:4", "13:5", "13:6"}}
		}},
		{"as_zero", Hint, "all of them are 0", func(e *Exporter, _ *Report) { e.Flow.ASCarried = true }},
		{"mikrotik_offload", Hint, "hw=yes", func(e *Exporter, _ *Report) { e.Vendor = VendorMikroTik }},
		{"nothing_received", Error, "tcpdump -ni any 'port 2055'", func(_ *Exporter, r *Report) { r.Datagrams = 0 }},
		{"nothing_received", Error, "the files hold no datagram", func(_ *Exporter, r *Report) { r.Datagrams, r.Source = 0, "files" }},
		{"kernel_drops", Error, "the kernel dropped 5 datagrams", func(_ *Exporter, r *Report) { r.Listeners[0].KernelDrops = 5 }},
		{"kernel_drops", Error, "sysctl -w net.core.rmem_max=16777216", func(_ *Exporter, r *Report) {
			r.Listeners[0].KernelDrops, r.Listeners[0].BufferGiven = 5, 212992
		}},
		{"receive_buffer", Hint, "212992 of the 16777216 bytes", func(_ *Exporter, r *Report) { r.Listeners[0].BufferGiven = 212992 }},
		{"connections", Warning, "3 connections on tls://:4740, the last from 192.0.2.7 (tls_handshake_failed: not_tls: first record)", func(_ *Exporter, r *Report) {
			r.Listeners = append(r.Listeners, Listener{Endpoint: "tls://:4740", Transport: "tls", Troubles: []Trouble{{"tls_handshake_failed: not_tls", 3, "192.0.2.7", "first record", "the exporter sends clear text"}}})
		}},
		{"connections", Warning, "Look at the exporter's own log", func(_ *Exporter, r *Report) {
			r.Listeners[0].Troubles = []Trouble{{"reset_by_peer", 1, "192.0.2.7", "", ""}}
		}},
		{"too_many_exporters", Warning, "forged addresses", func(_ *Exporter, r *Report) { r.Untold = 1 }},
		{"damaged_file", Warning, "a.pcap: cut off", func(_ *Exporter, r *Report) { r.Files = []File{{Path: "a.pcap", Error: "cut off"}} }},
	} {
		e, r := healthy(), healthyReport()
		c.change(&e, &r)
		r.Exporters = []Exporter{e}
		r.judge()
		found := slices.Concat(r.Findings, r.Exporters[0].Findings)
		covered[c.id] = true
		if c.id == "" {
			if len(found) > 0 || r.Problems != 0 || r.Hints != 0 {
				t.Errorf("a healthy exporter: %+v", found)
			}
			continue
		}
		at := slices.IndexFunc(found, func(f Finding) bool { return f.ID == c.id })
		if at < 0 {
			t.Errorf("%s is not found: %+v", c.id, found)
			continue
		}
		for _, f := range found {
			if f.ID != c.id && f.ID != "mikrotik_offload" {
				t.Errorf("%s, and %s too: %s", c.id, f.ID, f.Text)
			}
		}
		f := found[at]
		if f.Severity != c.severity {
			t.Errorf("%s: %s, want %s", c.id, f.Severity, c.severity)
		}
		if all := f.Text + "\n" + f.Advice + "\n" + strings.Join(f.Commands, "\n"); !strings.Contains(all, c.says) || f.Advice == "" {
			t.Errorf("%s does not say %q:\n%s", c.id, c.says, all)
		}
		if (r.Problems > 0) != (c.severity != Hint) {
			t.Errorf("%s: %d problems and %d hints", c.id, r.Problems, r.Hints)
		}
	}
	for _, rule := range exporterRules {
		if !covered[rule.id] {
			t.Errorf("no case for %s", rule.id)
		}
	}
	for _, rule := range reportRules {
		if !covered[rule.id] {
			t.Errorf("no case for %s", rule.id)
		}
	}
}

// TestRulesStaySilent: what looks like a fault and is none.
func TestRulesStaySilent(t *testing.T) {
	for name, change := range map[string]func(e *Exporter, r *Report){
		"a restart changes port and boot time once": func(e *Exporter, _ *Report) {
			d := &e.Domains[0]
			d.FlowPorts, d.PortReturns, d.Boots, d.BootReturns = 2, 1, 2, 0
		},
		"several ports without other signs":          func(e *Exporter, _ *Report) { e.Domains[0].FlowPorts, e.Domains[0].PortReturns = 4, 100 },
		"boot times of engines":                      func(e *Exporter, _ *Report) { e.Domains[0].Boots, e.Domains[0].BootReturns = 2, 50 },
		"options with sequence numbers of their own": func(e *Exporter, _ *Report) { e.Domains[0].Split, e.Domains[0].Lost = true, 400 },
		"a home router at .1":                        func(e *Exporter, _ *Report) { e.Address = netip.MustParseAddr("192.168.1.1") },
		"the gateway outside a container": func(e *Exporter, r *Report) {
			e.Address, r.Gateway = netip.MustParseAddr("10.9.8.1"), netip.MustParseAddr("10.9.8.1")
		},
		"a clock that was right in between": func(e *Exporter, _ *Report) { e.ClockSkew = &ClockSkew{-60, 1} },
		"sFlow has no times": func(e *Exporter, _ *Report) {
			e.Domains[0].Protocol, e.Flow.Times = "sflow5", map[string]uint64{"received": 1000}
		},
		"sampled traffic shows few connections twice": func(e *Exporter, _ *Report) { e.Sampling[0].Rate, e.Conversation.Both = 1000, 0 },
		"IPFIX with absolute times needs no boot time": func(e *Exporter, _ *Report) {
			d := &e.Domains[0]
			d.Protocol, d.BootTime, d.Templates[0].Fields = "ipfix", false, []Field{{ID: 22}, {ID: 152}}
		},
		"few flows without AS numbers": func(e *Exporter, _ *Report) { e.Flow.ASCarried, e.Flows, e.Domains[0].Flows = true, 10, 10 },
		"sub-agents of several sFlow agents take turns": func(e *Exporter, _ *Report) {
			d := &e.Domains[0]
			d.Protocol, d.FlowPorts, d.PortReturns, d.Reordered = "sflow5", 2, 9, 2
			e.Agents = []netip.Addr{{}, {}}
		},
		"a message that came late": func(e *Exporter, _ *Report) { e.Domains[0].Reordered = 1 },
		"numbers of a domain without records to be count": func(e *Exporter, _ *Report) {
			e.Domains = append(e.Domains, Domain{Protocol: "ipfix", Lost: 11, LostUnit: "records", Templates: []Template{{}}})
		},
	} {
		e, r := healthy(), healthyReport()
		change(&e, &r)
		r.Exporters = []Exporter{e}
		r.judge()
		if found := slices.Concat(r.Findings, r.Exporters[0].Findings); len(found) > 0 {
			t.Errorf("%s: %+v", name, found)
		}
	}
}

// TestDamages: every reason of the decoders has its finding.
func TestDamages(t *testing.T) {
	for _, d := range damages {
		e, r := healthy(), healthyReport()
		e.Problems[d.reason] = 2
		e.Examples = []Example{{d.reason, "the details", "0009", ""}}
		r.Exporters = []Exporter{e}
		r.judge()
		list := r.Exporters[0].Findings
		if len(list) != 1 || list[0].ID != d.reason || list[0].Severity != d.severity || list[0].Advice == "" {
			t.Errorf("%s: %+v", d.reason, list)
			continue
		}
		if text := list[0].Text; !strings.Contains(text, "2 times") || !strings.Contains(text, "the details") || !strings.Contains(text, "0009") {
			t.Errorf("%s: %s", d.reason, text)
		}
	}
}

// TestPage: docs/how-to/doctor.md has every finding.
func TestPage(t *testing.T) {
	page, err := os.ReadFile("../../../../docs/how-to/doctor.md")
	if err != nil {
		t.Fatal(err)
	}
	ids := []string{}
	for _, r := range exporterRules {
		ids = append(ids, r.id)
	}
	for _, r := range reportRules {
		ids = append(ids, r.id)
	}
	for _, id := range ids {
		if !strings.Contains(string(page), "`"+id+"`") {
			t.Errorf("docs/how-to/doctor.md does not tell of %s", id)
		}
	}
}
