package boards

import (
	_ "embed"
	"encoding/json"
	"strings"

	s "github.com/weirflow/weir/dashboards/kibana/savedobject"
)

// The drawings, in Vega's language; @NAMES@ are filled in here. They ask for
// data of the store only: nothing is fetched from elsewhere. Texts are of a grey
// that can be read on light and dark ground.
var (
	//go:embed vega/sankey.json
	sankeyDrawing string
	//go:embed vega/map.json
	mapDrawing string
	//go:embed vega/links.json
	linksDrawing string
	//go:embed vega/world.json
	worldOutline []byte
)

// fill puts values in the places of names.
func fill(drawing string, pairs ...string) string {
	return strings.NewReplacer(pairs...).Replace(drawing)
}

// sankey draws the largest pairs of two fields' values as bands between them.
func sankey(from, to, left, right string) string {
	colours, _ := json.Marshal(s.Colours)
	return fill(sankeyDrawing, "@FROM@", from, "@TO@", to, "@LEFT@", left, "@RIGHT@", right, "@COLOURS@", string(colours))
}

// world draws bubbles on the countries that a field names.
func world(field, colour string) string {
	var outline struct{ Land, Countries json.RawMessage }
	if err := json.Unmarshal(worldOutline, &outline); err != nil {
		panic("vega/world.json: " + err.Error())
	}
	return fill(mapDrawing, "@FIELD@", field, "@COLOUR@", colour, "@LAND@", string(outline.Land), "@COUNTRIES@", string(outline.Countries))
}

// utilisation draws, for each link and time, how full it is in the direction that
// is fuller, in per cent of its speed.
func utilisation() string {
	return fill(linksDrawing, "@A@", counter("if_in_octets"), "@B@", counter("if_out_octets"),
		"@VALUE@", "datum.speed > 0 ? max(datum.a, datum.b) * 800 / datum.speed : null", "@DOMAIN@", "[0, 50, 90]",
		"@SAY@", "format(datum.value, '.1f') + ' % of ' + format(datum.speed, '.3s') + 'bit/s'")
}

// interfaceErrors draws how many packets each link discards or finds damaged on
// receipt, per second.
func interfaceErrors() string {
	return fill(linksDrawing, "@A@", counter("if_in_errors"), "@B@", counter("if_in_discards"),
		"@VALUE@", "datum.a + datum.b", "@DOMAIN@", "[0, 0.1, 10]",
		"@SAY@", "format(datum.a, '.3~f') + ' errors/s, ' + format(datum.b, '.3~f') + ' discards/s'")
}
