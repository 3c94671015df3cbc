package boards

import (
	s "github.com/weirflow/weir/dashboards/kibana/savedobject"
)

// status is a field of the documents about exporters and the collector.
func status(name string) string { return "flow.status." + name }

// The two kinds of such documents.
const (
	ofExporter  = "event.action: exporter_status"
	ofCollector = "event.action: collector_status"
)

func health() s.Board {
	trend := func(query string, lines ...s.Line) s.Vis { return s.Trend(pattern(exporters), query, lines...) }
	each := func(name, kind, format, template string) s.Vis {
		return trend(ofExporter, s.Line{Field: status(name), Kind: kind, By: "observer.name", Top: 12, Thin: true, Format: format, Template: template}).Narrow()
	}
	loss := s.Line{Field: status("lost_ratio"), Kind: "avg", By: "observer.name", Top: 12, Thin: true, Format: "0.[00]", Template: "{{value}} %", Script: "100 * params.v"}
	b := s.Board{
		ID: "weir-health", Title: prefix + "Collector Health", From: "now-24h", RefreshSeconds: 60,
		Description: "Whether what the other boards show is whole: what got lost between exporters and collector, in the kernel, in the queue and at the server.",
	}
	b.Rows = append(head(b.ID, choose(exporters, s.Control{Field: "observer.name", Label: "Exporter or collector"}, s.Control{Field: "flow.exporter.protocol", Label: "Protocol"})),
		s.Row{Height: 6, Panels: []s.Panel{
			{Name: "exporter-totals", Title: "Exporters, totals", Question: "How much came, and how much did not?", Width: 24, Bare: true,
				Vis: s.Numbers(exporters, ofExporter, s.Cardinality("observer.ip", "Exporters"), s.Sum(status("records"), "Records"), s.Sum(status("lost"), "Lost"), s.Sum(status("errors"), "Errors"))},
			{Name: "collector-totals", Title: "Collector, totals", Question: "Did the collector lose anything?", Width: 24, Bare: true,
				Vis: s.Numbers(exporters, ofCollector, s.Sum(status("indexed"), "Indexed"), s.Sum(status("kernel_drops"), "Kernel drops"), s.Sum(status("dropped"), "Dropped"), s.Sum(status("rejected"), "Rejected"))},
		}},
		s.Row{Height: tall, Panels: []s.Panel{
			panel("loss", "Lost on the way, by exporter", "Which exporter's records get lost, by the gaps in its sequence numbers?", 24, trend(ofExporter, loss)),
			panel("records", "Records by exporter", "How much does each exporter send, and does one stop?", 24,
				trend(ofExporter, s.Line{Field: status("records"), Rate: s.PerSecond, By: "observer.name", Top: 12})),
		}},
		s.Row{Height: tall, Panels: []s.Panel{
			panel("drops", "Lost in the collector", "Does the kernel, the queue or the server drop what came?", 24,
				trend(ofCollector,
					s.Line{Label: "kernel drops (datagrams)", Field: status("kernel_drops"), Colour: 3},
					s.Line{Label: "dropped (records)", Field: status("dropped"), Colour: 1},
					s.Line{Label: "rejected (documents)", Field: status("rejected"), Colour: 4})),
			panel("queue", "Waiting to be indexed", "Does the server keep up?", 24,
				trend(ofCollector, s.Line{Field: status("queue_bytes"), Kind: "max", By: "observer.name", Top: 5, Format: "0.[0] b"})),
		}},
		s.Row{Height: 18, Panels: []s.Panel{
			panel("exporter-loss", "What exporters send, and what is lost", "What does each exporter send, and what of it is lost or cannot be read?", 24,
				s.Table(exporters, ofExporter, []s.Agg{s.Sum(status("records"), "Records"), s.Sum(status("lost"), "Lost"), s.Maximum(status("lost_ratio"), "Worst loss"),
					s.Sum(status("errors"), "Errors"), s.Maximum(status("silent_seconds"), "Silence")}, s.Terms("observer.name", "Exporter", 100))),
			panel("exporter-state", "Sampling, templates and clocks", "Is the sampling rate known, are templates there, and is the clock right?", 24,
				s.Table(exporters, ofExporter, []s.Agg{s.Maximum(status("sampling_rate"), "1 of"), s.Maximum(status("templates"), "Templates"), s.Sum(status("missing_templates"), "Lacking"),
					s.Average(status("clock_skew_ms"), "Skew, ms")}, s.Terms("observer.name", "Exporter", 100), s.Terms("flow.exporter.protocol", "Protocol", 3), s.Terms(status("sampling_source"), "Rate from", 1))),
		}},
		s.Row{Height: tall, Panels: []s.Panel{
			panel("skew", "Clock skew", "Whose clock is wrong?", 16, each("clock_skew_ms", "avg", "0,0.[0]", "{{value}} ms")),
			panel("templates", "Age of the oldest template", "Which exporter does not send its templates again?", 16, each("template_age_seconds", "max", "0,0", "{{value}} s")),
			panel("silence", "Silence", "Which exporter has stopped?", 16, each("silent_seconds", "max", "0,0", "{{value}} s")),
		}},
		s.Row{Height: tall, Panels: []s.Panel{
			panel("sampling", "Where sampling rates come from", "Is the rate known, or assumed?", 12, s.Donut(exporters, ofExporter, s.Sum(status("records"), "Records"), s.Terms(status("sampling_source"), "Source", 5))),
			panel("times", "Where times come from", "Do exporters' times hold, or was the time of receipt taken?", 12, s.Donut(flows, "", s.Documents("Flows"), s.Terms("flow.time_source", "Source", 5))),
			panel("protocols", "Protocols", "What do exporters speak?", 12, s.Donut(exporters, ofExporter, s.Sum(status("records"), "Records"), s.Terms("flow.exporter.protocol", "Protocol", 8))),
			panel("transports", "Transports", "How does it arrive?", 12, s.Donut(exporters, ofExporter, s.Sum(status("records"), "Records"), s.Terms("flow.exporter.transport", "Transport", 5))),
		}},
		s.Row{Height: tall, Panels: []s.Panel{
			panel("held", "Data that waits for its template", "Which exporter's data cannot be read yet?", 16,
				trend(ofExporter, s.Line{Field: status("missing_templates"), By: "observer.name", Top: 10}).Narrow()),
			panel("cpu", "The collector's processors", "How much processor time does the collector take? 100 % is one core.", 16,
				trend(ofCollector, s.Line{Field: status("cpu_seconds"), By: "observer.name", Top: 5, Thin: true, Script: "params.v * 100000 / params._interval", Format: "0.[0]", Template: "{{value}} %"})),
			panel("memory", "The collector's memory", "How much memory does it take?", 16,
				trend(ofCollector, s.Line{Field: status("memory_bytes"), Kind: "max", By: "observer.name", Top: 5, Thin: true, Format: "0.[0] b"})),
		}},
		s.Row{Height: tall, Panels: []s.Panel{
			panel("rejected-trend", "Rejected documents", "When did the server refuse documents?", 24, s.Trend(pattern(rejected), "", s.Line{By: "error.type", Top: 6})),
			panel("rejected-table", "Why documents were rejected", "For which reasons?", 24,
				s.Table(rejected, "", []s.Agg{s.Documents("Documents")}, s.Terms("error.type", "Reason", 20), s.Terms("error.code", "Status", 3))),
		}},
		details("rejected", "Which documents were refused?"),
	)
	return b
}

func trends() s.Board {
	total := "flow.rollup.by: exporter"
	hour := func(query string, lines ...s.Line) s.Vis { return s.Trend(pattern(hours), query, lines...).Every("1h") }
	// Days, where the products would choose half ones for a month: day and night by
	// turns look like a saw. Longer ranges get longer bars.
	day := func(query string, lines ...s.Line) s.Vis { return s.Trend(pattern(hours), query, lines...).Every("1d") }
	by := func(dimension, field string, top int) s.Vis {
		return day("flow.rollup.by: "+dimension+" and "+field+": *", s.Line{Field: "network.bytes", Rate: s.Bits, By: field, Top: top})
	}
	sums := func(dimension string, buckets ...s.Agg) s.Vis {
		return s.Table(hours, "flow.rollup.by: "+dimension, []s.Agg{s.Sum("network.bytes", "Bytes"), s.Sum("flow.count", "Flows")}, buckets...)
	}
	b := s.Board{
		ID: "weir-trends", Title: prefix + "Trends", From: "now-30d/d", // whole days: half a first day would look like a day with little traffic
		Description: "Weeks and months, from sums by the hour that are kept when single flows are long gone; the last row has them by the minute.",
	}
	b.Rows = append(head(b.ID, choose(hours, s.Control{Field: "observer.name", Label: "Exporter"}, s.Control{Field: "flow.site", Label: "Site"}, s.Control{Field: "network.direction", Label: "Direction"})),
		s.Row{Height: 6, Panels: []s.Panel{{
			Name: "totals", Title: "Totals", Question: "How much traffic was there in all?", Width: 48, Bare: true,
			Vis: s.Numbers(hours, total, s.Sum("network.bytes", "Bytes"), s.Sum("network.packets", "Packets"), s.Sum("flow.count", "Flows"), s.Cardinality("observer.name", "Exporters")),
		}}},
		s.Row{Height: tall, Panels: []s.Panel{
			{Name: "week", Title: "This week and the last", Question: "Is there more traffic than a week ago? The last 7 days, by the hour.", Width: 24, Last: "7d",
				Vis: hour(total, s.Line{Label: "traffic", Field: "network.bytes", Rate: s.Bits, Colour: 0}, s.Line{Label: "a week before", Field: "network.bytes", Rate: s.Bits, Colour: 1, Thin: true, Before: "1w"})},
			panel("exporters", "By exporter", "How does each exporter's traffic change?", 24, by("exporter", "observer.name", 10)),
		}},
		s.Row{Height: tall, Panels: []s.Panel{
			panel("categories", "By category", "How does the use of the network change?", 24, by("category", "flow.category", 10)),
			panel("applications", "By application", "Which applications grow?", 24, by("application", "network.application", 10)),
		}},
		s.Row{Height: tall, Panels: []s.Panel{
			panel("interfaces-in", "In, by interface", "How do links fill up?", 24, by("interface and flow.direction: ingress", "observer.ingress.interface.name", 12)),
			panel("interfaces-out", "Out, by interface", "How do links fill up the other way?", 24, by("interface and flow.direction: egress", "observer.egress.interface.name", 12)),
		}},
		s.Row{Height: tall, Panels: []s.Panel{
			panel("systems", "By destination's network", "Towards which networks does traffic grow?", 24, by("as and flow.rollup.side: destination", "destination.as.organization.name", 10)),
			panel("countries", "By destination's country", "Towards which countries?", 24, by("country and flow.rollup.side: destination", "destination.geo.country_name", 10)),
		}},
		s.Row{Height: 18, Panels: []s.Panel{
			panel("host-table", "Hosts", "Which hosts had most over the whole time?", 20,
				s.Table(hours, "flow.rollup.by: host and source.ip: *", []s.Agg{s.Sum("network.bytes", "Bytes"), s.Sum("source.bytes", "Sent"), s.Sum("destination.bytes", "Received")}, s.Terms("source.ip", "Host", 50))),
			panel("category-table", "Categories", "What was the network used for?", 12, sums("category", s.Terms("flow.category", "Category", 40))),
			panel("system-table", "Networks", "Which networks had most?", 16, sums("as and flow.rollup.side: destination", s.Terms("destination.as.organization.name", "Network", 50))),
		}},
		s.Row{Height: tall, Panels: []s.Panel{
			{Name: "minutes", Title: "By the minute, last 6 hours", Question: "How do the last hours look, minute by minute?", Width: 48, Last: "6h",
				Vis: s.Trend(pattern(minutes), "flow.rollup.by: category", s.Line{Field: "network.bytes", Rate: s.Bits, By: "flow.category", Top: 10})},
		}},
	)
	return b
}
