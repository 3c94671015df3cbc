package boards

import (
	"strings"

	s "github.com/weirflow/weir/dashboards/kibana/savedobject"
)

// The columns that tables of traffic have, in this order.
func traffic() []s.Agg {
	return []s.Agg{s.Sum("network.bytes", "Bytes"), s.Sum("network.packets", "Packets"), s.Documents("Flows")}
}

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
	return s.Table(flows, query, 10, metrics, buckets...)
}

// bits is the trend of octets in bits per second, split by a field's values.
func bits(query, by string, top int) s.Vis {
	return s.Trend(pattern(flows), query, s.Line{Field: "network.bytes", Rate: s.Bits, By: by, Top: top})
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
		rows = append(rows, s.Row{Height: 6, Panels: controls})
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
		case b.id == longRange || here == longRange:
			out.WriteString("[" + b.title + "](#/view/" + b.id + ")")
		default:
			out.WriteString("[" + b.title + "](#/view/" + b.id + keepTime + ")")
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

// longRange is the board that has months where the others have a day: its links
// lead to the other boards' own time ranges, and theirs to its own.
const longRange = "weir-trends"

// A part of the shared state in a link, in the products' notation (RISON):
// keepTime sets what all boards have in common, so that time range and pinned
// filters stay as they are instead of becoming the board's own; lastDay is for
// Discover, another page, which would begin with its last 15 minutes.
const (
	keepTime = "?_g=%28refreshInterval%3A%28pause%3A!f%2Cvalue%3A60000%29%29"
	lastDay  = "?_g=%28time%3A%28from%3Anow-24h%2Cto%3Anow%29%29"
)

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
