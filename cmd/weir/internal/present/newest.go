package present

import (
	"io"
	"net"
	"strconv"
	"time"

	"github.com/weirflow/weir/indexer/query"
)

// BriefFields are the fields that Newest shows in a table of eight columns.
var BriefFields = []string{"@timestamp", "observer.name", "flow.exporter.protocol", "source.ip", "source.port", "destination.ip", "destination.port",
	"network.transport", "network.bytes", "network.packets", "flow.category"}

// Newest writes rows as a table. A port stands behind its address.
func Newest(out io.Writer, s Style, n *query.NewestAnswer) error {
	t, layout, day := table{}, "01-02 15:04:05.000", ""
	if day = sameDay(n, s); day != "" {
		layout = "15:04:05.000"
	}
	var from []int // the answer's column of each of the table's
	for i, c := range n.Columns {
		if portOf(n.Columns, i) {
			continue
		}
		from = append(from, i)
		name := Clean(c.Name)
		if i+1 < len(n.Columns) && portOf(n.Columns, i+1) {
			name = name[:len(name)-len(".ip")]
		}
		if short, ok := shortNames[name]; ok && isBrief(n.Columns) {
			name = short
			if day != "" && i == 0 {
				name = day
			}
		}
		_, number := numberUnit(c, n.Rows, i)
		spare := 0
		if isBrief(n.Columns) {
			spare = spareColumns[c.Name]
		}
		t.columns = append(t.columns, column{heading: name, right: number, fixed: c.Name == "@timestamp", spare: spare,
			keep: isAddress(c.Name), loose: isBrief(n.Columns) && i > 0 && !isAddress(c.Name)})
	}
	for _, values := range n.Rows {
		r := row{}
		for _, i := range from {
			text := cell(values[i], n.Columns[i], s)
			if at, ok := values[i].(time.Time); ok && n.Columns[i].Name == "@timestamp" && isBrief(n.Columns) {
				text = at.In(s.zone()).Format(layout)
			}
			if i+1 < len(n.Columns) && portOf(n.Columns, i+1) {
				if port, ok := values[i+1].(int64); ok && port != 0 && values[i] != nil {
					text = net.JoinHostPort(text, strconv.FormatInt(port, 10))
				}
			}
			r.cells = append(r.cells, text)
		}
		t.rows = append(t.rows, r)
	}
	return t.write(out, s)
}

// sameDay gives the day of all rows, empty when they are of several.
func sameDay(n *query.NewestAnswer, s Style) (day string) {
	if !isBrief(n.Columns) {
		return ""
	}
	for _, r := range n.Rows {
		at, ok := r[0].(time.Time)
		if !ok || day != "" && at.In(s.zone()).Format(time.DateOnly) != day {
			return ""
		}
		day = at.In(s.zone()).Format(time.DateOnly)
	}
	return day
}

// shortNames are the headings of the brief table.
var shortNames = map[string]string{"@timestamp": "time", "observer.name": "exporter", "flow.exporter.protocol": "sent as", "network.transport": "proto",
	"network.bytes": "bytes", "network.packets": "packets", "flow.category": "category"}

// spareColumns are left out of the brief table where it is too wide, so that
// addresses are whole.
var spareColumns = map[string]int{"flow.exporter.protocol": 3, "observer.name": 2, "network.packets": 1}

func isBrief(columns []query.Column) bool {
	if len(columns) != len(BriefFields) {
		return false
	}
	for i := range columns {
		if columns[i].Name != BriefFields[i] {
			return false
		}
	}
	return true
}

// portOf reports whether column i is the port of the address before it.
func portOf(columns []query.Column, i int) bool {
	if i == 0 || i >= len(columns) {
		return false
	}
	for _, end := range []string{"source", "destination", "source.nat", "destination.nat"} {
		if columns[i-1].Name == end+".ip" && columns[i].Name == end+".port" {
			return true
		}
	}
	return false
}

// numberUnit reports whether a column holds numbers.
func numberUnit(c query.Column, rows [][]any, i int) (unit string, number bool) {
	for _, r := range rows {
		switch r[i].(type) {
		case nil:
			continue
		case int64, float64:
			return c.Unit, true
		}
		return c.Unit, false
	}
	return c.Unit, false
}
