package boards

import (
	s "github.com/weirflow/weir/dashboards/kibana/savedobject"
)

// index lists the boards, in the order of the navigation.
var index = []struct{ id, title string }{
	{"weir-overview", "Overview"},
	{"weir-talkers", "Top Talkers"},
	{"weir-conversations", "Conversations"},
	{"weir-applications", "Applications"},
	{"weir-geography", "Geography"},
	{"weir-systems", "Autonomous Systems"},
	{"weir-interfaces", "Exporters & Interfaces"},
	{"weir-details", "Traffic Details"},
	{"weir-events", "Firewall & NAT"},
	{"weir-names", "DNS, TLS & HTTP"},
	{"weir-threats", "Threat hunting"},
	{"weir-hosts", "Hosts"},
	{"weir-trends", "Trends"},
	{"weir-health", "Collector Health"},
}

// Boards gives the boards, in the same order.
func Boards() []s.Board {
	return []s.Board{
		overview(), talkers(), conversations(), applications(), geography(), systems(), interfaces(), attributes(),
		events(), names(), threats(), hosts(), trends(), health(),
	}
}

// flowBoard begins a board of flows. Only the one that people open first has a
// time range of its own.
func flowBoard(id, title, description string) s.Board {
	return s.Board{ID: id, Title: prefix + title, Description: description, Rows: head(id, filters())}
}
