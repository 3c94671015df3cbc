package savedobject

import (
	"fmt"
	"strconv"
)

// GridWidth is how many columns a dashboard has.
const GridWidth = 48

// Panel is a visualization or a saved search on a board.
type Panel struct {
	// Name is the panel's part of its object's id: unique on its board.
	Name string
	// Title stands over the panel, Question is what the panel answers.
	Title, Question string
	// Width is in columns of the grid.
	Width int
	// Last is a time range of the panel's own, such as 6h, which ends now.
	Last string
	// Bare panels have no title over them.
	Bare bool
	// Vis is what is shown, unless Search is set.
	Vis Vis
	// Search is the id of a saved search that is shown; such a panel has no
	// object of its own.
	Search string
}

// Row is a number of panels beside each other.
type Row struct {
	// Height is in rows of the grid, some 20 pixels each.
	Height int
	Panels []Panel
}

// Board is a dashboard.
type Board struct {
	// ID is the object's id; those of its panels begin with it.
	ID, Title, Description string
	// Query narrows the whole board, in KQL.
	Query string
	// From is the start of the time range, such as now-24h, which ends now. A board
	// without one keeps the range that is set, so that people who go from board to
	// board look at one time.
	From string
	// RefreshSeconds is the interval of asking anew, 0 for never; it holds only
	// with a time range.
	RefreshSeconds int
	Rows           []Row
}

// PanelID is the id of the object that a panel shows.
func (b *Board) PanelID(p *Panel) string {
	if p.Search != "" {
		return p.Search
	}
	return b.ID + "-" + p.Name
}

// Objects gives the board and the visualizations on it, the board last. A row
// that is wider than the grid is a mistake in a definition, and panics.
func (b *Board) Objects() []Object {
	var objects []Object
	var references []Reference
	panels := []object{}
	y := 0
	for _, row := range b.Rows {
		x := 0
		for i := range row.Panels {
			p := &row.Panels[i]
			name, kind := "panel_"+strconv.Itoa(len(panels)), typeSearch
			if p.Search == "" {
				kind = typeVisualization
				description := p.Question
				if p.Bare {
					description = "" // it would stand there as an icon, and take a line
				}
				vis := p.Vis
				if vis.kind == "table" {
					vis = vis.with("perPage", rowsIn(row.Height))
				}
				objects = append(objects, vis.object(b.PanelID(p), b.Title+": "+p.Title, description))
			}
			panels = append(panels, place(p, name, x, y, row.Height))
			references = append(references, Reference{ID: b.PanelID(p), Name: name, Type: kind})
			x += p.Width
		}
		if x != GridWidth {
			panic(fmt.Sprintf("%s: the row at %d is %d columns wide, not %d", b.ID, y, x, GridWidth))
		}
		y += row.Height
	}
	source, _ := searchSource("", b.Query, nil)
	attributes := object{
		"title": b.Title, "description": b.Description, "hits": 0, "version": 1,
		"panelsJSON": text(panels), "optionsJSON": text(object{"useMargins": true, "hidePanelTitles": false}),
		"timeRestore": b.From != "", "kibanaSavedObjectMeta": source,
	}
	if b.From != "" {
		attributes["timeFrom"], attributes["timeTo"] = b.From, "now"
		attributes["refreshInterval"] = object{"pause": b.RefreshSeconds == 0, "value": b.RefreshSeconds * 1000}
	}
	return append(objects, newObject(typeDashboard, b.ID, attributes, references))
}

// rowsIn is how many rows of a table fit: a grid row has 27 pixels, a table's 33,
// and its title, tools, head and page numbers take 143 in OpenSearch Dashboards.
func rowsIn(height int) int { return max(3, (height*27-143)/33) }

// place gives a panel its place on the grid.
func place(p *Panel, name string, x, y, height int) object {
	settings := object{}
	if p.Bare {
		settings["hidePanelTitles"] = true
	}
	if p.Last != "" {
		settings["timeRange"] = object{"from": "now-" + p.Last, "to": "now"}
	}
	index := name[len("panel_"):]
	return object{
		"version": "7.10.0", "panelIndex": index, "panelRefName": name, "title": p.Title, "embeddableConfig": settings,
		"gridData": object{"x": x, "y": y, "w": p.Width, "h": height, "i": index},
	}
}
