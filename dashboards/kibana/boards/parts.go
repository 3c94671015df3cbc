package boards

import (
	"strings"

	s "github.com/weirflow/weir/dashboards/kibana/savedobject"
)

// The columns that tables of traffic have, in this order.
func traffic() []s.Agg {
	return []s.Agg{s.Sum("network.bytes", "Bytes"), s.Sum("network.packets", "Packets"), s.Documents("Flows")}
}

// briefly leaves packets out, where names and addresses need the room: OpenSearch
// Dashboards gives all columns one width, and cuts what is longer.
func briefly() []s.Agg { return []s.Agg{octets, s.Documents("Flows")} }

var octets = s.Sum("network.bytes", "Bytes")

// rows of a page of a table, in the heights that boards use.
const (
	tall = 15 // 10 lines of a table, a trend
	low  = 10 // donuts
)

// panel gives a panel.
func panel(name, title, question string, width int, vis s.Vis) s.Panel {
	return s.Panel{Name: name, Title: title, Question: question, Width: width, Vis: vis}
}

// table is a table of flows.
func table(query string, metrics []s.Agg, buckets ...s.Agg) s.Vis {
	return s.Table(flows, query, metrics, buckets...)
}

// bits is the trend of octets in bits per second, split by a field's values.
func bits(query, by string, top int) s.Vis {
	return s.Trend(pattern(flows), query, s.Line{Field: "network.bytes", Rate: s.Bits, By: by, Top: top})
}

// directions is the trend of octets by the side that is ours, what comes in above
// the axis and what goes out below it.
func directions(query string) s.Vis {
	line := func(direction string, colour int, below bool) s.Line {
		return s.Line{Label: direction, Query: "network.direction: " + direction, Field: "network.bytes", Rate: s.Bits, Colour: colour, Below: below}
	}
	return s.Trend(pattern(flows), query, line("inbound", 0, false), line("internal", 2, false), line("external", 8, false), line("outbound", 1, true))
}

// head gives the rows that every board begins with: where the other boards are,
// and what to filter by.
func head(id string, controls ...s.Panel) []s.Row {
	row := s.Row{Height: 5, Panels: []s.Panel{{
		Name: "navigation", Title: "Boards", Question: "Where are the other boards?", Width: 48, Bare: true,
		Vis: s.Markdown(navigation(id)),
	}}}
	rows := []s.Row{row}
	if len(controls) > 0 {
		height := 5
		if strings.HasSuffix(id, "-interfaces") {
			height = 8 // more than five lists stand in two lines
		}
		rows = append(rows, s.Row{Height: height, Panels: controls})
	}
	return rows
}

// filters are the lists to choose from on boards of flows; more are added before.
func filters(more ...s.Control) s.Panel {
	controls := append(more, s.Control{Field: "observer.name", Label: "Exporter"}, s.Control{Field: "flow.site", Label: "Site"},
		s.Control{Field: "flow.category", Label: "Category"}, s.Control{Field: "flow.locality", Label: "Locality"})
	return choose(flows, controls...)
}

func choose(view string, controls ...s.Control) s.Panel {
	return s.Panel{Name: "filters", Title: "Filters", Question: "What should the board show?", Width: 48, Bare: true,
		Vis: s.Controls(view, controls...)}
}

// navigation is the text with links to the boards, and to Discover. The links are
// relative: they hold in every space, tenant and base path.
func navigation(here string) string {
	var out strings.Builder
	for i, b := range index {
		if i > 0 {
			out.WriteString(" · ")
		}
		switch {
		case b.id == here:
			out.WriteString("**" + b.title + "**")
		case here == longRange:
			out.WriteString("[" + b.title + "](#/view/" + b.id + lastDay + ")")
		default:
			out.WriteString("[" + b.title + "](#/view/" + b.id + ")")
		}
	}
	out.WriteString("\n\nFlow by flow in Discover: ")
	for i, search := range []string{"flows", "events", "web-of-exporter", "dns", "icmp", "names", "rejected"} {
		if i > 0 {
			out.WriteString(" · ")
		}
		found := searchOf(search)
		out.WriteString("[" + found.Title[len(prefix):] + "](discover#/view/" + found.ID + lastDay + ")")
	}
	return out.String()
}

// longRange is the board that has months where the others have a day: single flows
// of months are too many to look through by accident.
const longRange = "weir-trends"

// lastDay is the time range in a link, in the products' notation (RISON). Links
// without it keep the range that is set, but those to Discover, another page, which
// would begin with its last 15 minutes.
const lastDay = "?_g=%28time%3A%28from%3Anow-24h%2Cto%3Anow%29%29"

// details is the row that ends a board: the newest flows, narrowed by what the
// board is narrowed by.
func details(search, question string) s.Row {
	found := searchOf(search)
	return s.Row{Height: 18, Panels: []s.Panel{{
		Name: "details", Title: found.Title[len(prefix):], Question: question, Width: 48, Search: found.ID,
	}}}
}

// prefix begins the titles of saved searches and boards, which stand among other
// people's in lists.
const prefix = "Weir: "
