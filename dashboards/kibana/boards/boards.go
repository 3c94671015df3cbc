package boards

import (
	s "github.com/weirflow/weir/dashboards/kibana/savedobject"
)

// index lists the boards, in the order of the navigation.
var index = []struct{ id, title string }{
	{"weir-overview", "Overview"},
}

// Boards gives the boards.
func Boards() []s.Board {
	return []s.Board{overview()}
}

// flowBoard begins a board of flows.
func flowBoard(id, title, description string) s.Board {
	return s.Board{
		ID: id, Title: prefix + title, Description: description, From: "now-24h", RefreshSeconds: 60,
		Rows: head(id, filters()),
	}
}
