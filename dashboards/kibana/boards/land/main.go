// Command land writes what the world map is drawn from: which squares of three
// degrees are land, and where each country's name is put. Both are reckoned from
// Natural Earth's country boundaries (naturalearthdata.com, public domain), in the
// TopoJSON file countries-50m.json of the npm package world-atlas, which is its
// only argument; the boundaries themselves are not kept.
//
//	npm pack world-atlas@2.0.2 && tar xzf world-atlas-2.0.2.tgz
//	go run ./dashboards/kibana/boards/land package/countries-50m.json >dashboards/kibana/boards/vega/world.json
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"math"
	"os"
	"slices"
	"strings"

	"golang.org/x/text/language"
)

// step is the width of a square in degrees.
const step = 3

type point [2]float64

// topology is as much of TopoJSON as the file uses.
type topology struct {
	Objects struct {
		Countries struct {
			Geometries []struct {
				Type string
				ID   string
				Arcs json.RawMessage
			}
		}
	}
	Arcs      [][]point
	Transform struct{ Scale, Translate point }
}

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: land countries-50m.json")
	}
	file, err := os.ReadFile(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	var t topology
	if err := json.Unmarshal(file, &t); err != nil {
		log.Fatal(err)
	}
	t.decode()
	countries, all, err := t.countries()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("{\n\"land\": [\n%s\n],\n\"countries\": [\n%s\n]\n}\n", land(all), countries)
}

// decode turns the arcs' differences into degrees.
func (t *topology) decode() {
	for _, arc := range t.Arcs {
		x, y := 0.0, 0.0
		for i := range arc {
			x, y = x+arc[i][0], y+arc[i][1]
			arc[i] = point{x*t.Transform.Scale[0] + t.Transform.Translate[0], y*t.Transform.Scale[1] + t.Transform.Translate[1]}
		}
	}
}

// ring joins arcs; the ones below 0 run backwards. Outlines that cross 180° go on
// beyond it, so that neighbouring points are always near.
func (t *topology) ring(arcs []int) (ring []point) {
	for _, i := range arcs {
		if i >= 0 {
			ring = append(ring, t.Arcs[i]...)
			continue
		}
		back := slices.Clone(t.Arcs[^i])
		slices.Reverse(back)
		ring = append(ring, back...)
	}
	for i := 1; i < len(ring); i++ {
		ring[i][0] -= 360 * math.Round((ring[i][0]-ring[i-1][0])/360)
	}
	return ring
}

// countries gives the middle of each country's largest part, and all outlines.
func (t *topology) countries() (list string, all [][]point, err error) {
	var lines []string
	for _, g := range t.Objects.Countries.Geometries {
		var parts [][][]int
		if g.Type == "Polygon" {
			parts = make([][][]int, 1)
			err = json.Unmarshal(g.Arcs, &parts[0])
		} else {
			err = json.Unmarshal(g.Arcs, &parts)
		}
		if err != nil {
			return "", nil, err
		}
		largest, x, y := 0.0, 0.0, 0.0
		for _, part := range parts {
			for _, arcs := range part {
				all = append(all, t.ring(arcs))
			}
			if area, cx, cy := middle(t.ring(part[0])); area > largest {
				largest, x, y = area, cx, cy
			}
		}
		region, err := language.ParseRegion(g.ID) // the UN's number
		if err != nil || !region.IsCountry() {
			continue // disputed areas have none
		}
		x -= 360 * math.Round(x/360)
		lines = append(lines, fmt.Sprintf(`{"code":"%s","lon":%.1f,"lat":%.1f}`, region, x, y))
	}
	slices.Sort(lines)
	return strings.Join(slices.Compact(lines), ",\n"), all, nil
}

// middle gives a ring's area and centre of mass, on the plane of degrees.
func middle(ring []point) (area, x, y float64) {
	for i := range ring {
		a, b := ring[i], ring[(i+1)%len(ring)]
		cross := a[0]*b[1] - b[0]*a[1]
		area += cross / 2
		x += (a[0] + b[0]) * cross
		y += (a[1] + b[1]) * cross
	}
	if area == 0 {
		return 0, 0, 0
	}
	return math.Abs(area), x / (6 * area), y / (6 * area)
}

// land gives, for each latitude, the runs of squares whose middle is land:
// the first one's longitude and how many there are.
func land(all [][]point) string {
	var lines []string
	for lat := 90.0 - step/2.0; lat > -60; lat -= step { // without Antarctica
		var runs [][2]float64
		for lon := -180 + step/2.0; lon < 180; lon += step {
			if !inside(all, lon, lat) && !inside(all, lon-360, lat) && !inside(all, lon+360, lat) {
				continue
			}
			if n := len(runs); n > 0 && runs[n-1][0]+runs[n-1][1]*step == lon {
				runs[n-1][1]++
			} else {
				runs = append(runs, [2]float64{lon, 1})
			}
		}
		if len(runs) > 0 {
			text, _ := json.Marshal(runs)
			lines = append(lines, fmt.Sprintf(`{"lat":%g,"runs":%s}`, lat, text))
		}
	}
	return strings.Join(lines, ",\n")
}

// inside counts how many outlines a line to the east crosses.
func inside(all [][]point, x, y float64) bool {
	odd := false
	for _, ring := range all {
		for i := range ring {
			a, b := ring[i], ring[(i+1)%len(ring)]
			if (a[1] > y) != (b[1] > y) && x < a[0]+(y-a[1])/(b[1]-a[1])*(b[0]-a[0]) {
				odd = !odd
			}
		}
	}
	return odd
}
