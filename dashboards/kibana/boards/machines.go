package boards

import (
	s "github.com/weirflow/weir/dashboards/kibana/savedobject"
)

// counter is a counter's field.
func counter(name string) string { return "flow.counters." + name }

// ofHost is a line of a host's counter, or one per host.
func hostLine(name string) s.Line {
	return s.Line{Field: counter(name), By: counter("host_name"), Top: 10, Thin: true}
}

func hosts() s.Board {
	const hasHost = "flow.counters.host_name: *"
	trend := func(lines ...s.Line) s.Vis { return s.Trend(pattern(counters), hasHost, lines...).Narrow() }
	load := hostLine("cpu_load_one")
	load.Kind, load.Format = "avg", "0.00"
	busy := hostLine("cpu_idle")
	busy.Rate, busy.Format, busy.Template = s.Growth, "0.[0]", "{{value}} %"
	busy.With, busy.Script = []s.Term{{Name: "n", Field: counter("cpu_num"), Kind: "max"}}, "100 - params.v / 10 / params.n"
	memory := hostLine("mem_total")
	memory.Kind, memory.Format, memory.Template = "avg", "0.[0]", "{{value}} %"
	memory.With = []s.Term{{Name: "f", Field: counter("mem_free"), Kind: "avg"}, {Name: "c", Field: counter("mem_cached"), Kind: "avg"}, {Name: "b", Field: counter("mem_buffers"), Kind: "avg"}}
	memory.Script = "100 * (params.v - params.f - params.c - params.b) / params.v"
	disk := hostLine("disk_total")
	disk.Kind, disk.Format, disk.Template = "avg", "0.[0]", "{{value}} %"
	disk.With, disk.Script = []s.Term{{Name: "f", Field: counter("disk_free"), Kind: "avg"}}, "100 * (params.v - params.f) / params.v"
	growth := func(name string, rate s.Rate, format, template string) s.Vis {
		line := hostLine(name)
		line.Rate, line.Format, line.Template = rate, format, template
		return trend(line)
	}
	b := s.Board{
		ID: "weir-hosts", Title: prefix + "Hosts",
		Description: "Servers and switches that send sFlow counters: processors, memory, disks, interfaces and their errors.",
	}
	b.Rows = append(head(b.ID, choose(counters, s.Control{Field: counter("host_name"), Label: "Host"}, s.Control{Field: "observer.name", Label: "Exporter"},
		s.Control{Field: "flow.site", Label: "Site"})),
		s.Row{Height: tall, Panels: []s.Panel{
			panel("load", "Load", "How many processes want to run?", 16, trend(load)),
			panel("busy", "Processors busy", "How busy are the processors?", 16, trend(busy)),
			panel("memory", "Memory in use", "How much memory is in use, caches left out?", 16, trend(memory)),
		}},
		s.Row{Height: tall, Panels: []s.Panel{
			panel("net-in", "Received", "How much do hosts receive?", 16, growth("net_bytes_in", s.GrowthBits, "", "")),
			panel("net-out", "Sent", "How much do hosts send?", 16, growth("net_bytes_out", s.GrowthBits, "", "")),
			panel("net-drops", "Packets dropped on receipt", "Do hosts drop packets?", 16, growth("net_drops_in", s.Growth, "", "")),
		}},
		s.Row{Height: tall, Panels: []s.Panel{
			panel("disk", "Disks in use", "How full are the disks?", 16, trend(disk)),
			panel("disk-read", "Read from disks", "How much is read?", 16, growth("disk_bytes_read", s.Growth, "0.[0] b", "{{value}}/s")),
			panel("disk-write", "Written to disks", "How much is written?", 16, growth("disk_bytes_written", s.Growth, "0.[0] b", "{{value}}/s")),
		}},
		s.Row{Height: tall, Panels: []s.Panel{
			panel("hosts", "Hosts", "Which hosts send counters, and what are they?", 48,
				s.Table(counters, hasHost, []s.Agg{s.Average(counter("cpu_load_one"), "Load"), s.Maximum(counter("cpu_num"), "Processors"), s.Maximum(counter("mem_total"), "Memory"),
					s.Minimum(counter("mem_free"), "Least free memory"), s.Maximum(counter("disk_total"), "Disks"), s.Minimum(counter("disk_free"), "Least free disk"),
					s.Maximum(counter("cpu_uptime"), "Uptime")},
					s.Terms(counter("host_name"), "Host", 50), s.Terms(counter("host_os_release"), "System", 1))),
		}},
		s.Row{Height: 18, Panels: []s.Panel{
			panel("utilisation", "How full the links are", "Which links are near what they can carry?", 24, s.Drawn(utilisation())),
			panel("errors", "Errors and discards", "Which interfaces lose packets?", 24, s.Drawn(interfaceErrors())),
		}},
		s.Row{Height: tall, Panels: []s.Panel{
			panel("interfaces", "Interfaces", "Which interfaces send counters, how fast are they, and what have they lost since they came up?", 48,
				s.Table(counters, "flow.counters.if_index: *", []s.Agg{s.Maximum(counter("if_speed"), "Speed, bit/s"), s.Maximum(counter("if_in_octets"), "In, total"),
					s.Maximum(counter("if_out_octets"), "Out, total"), s.Maximum(counter("if_in_errors"), "Errors in"), s.Maximum(counter("if_out_errors"), "Errors out"),
					s.Maximum(counter("if_in_discards"), "Discards in"), s.Maximum(counter("if_out_discards"), "Discards out")},
					s.Terms("observer.name", "Exporter", 20), s.Terms(counter("if_index"), "ifIndex", 50))),
		}},
		details("counters", "Which samples make this up?"),
	)
	return b
}
