package kibana_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/weirflow/weir/dashboards/kibana/boards"
	"github.com/weirflow/weir/dashboards/kibana/savedobject"
	"github.com/weirflow/weir/flow/catalogue"
)

// viewOf gives the data view that an object asks: by reference, or by the name of
// the data streams in a trend or a drawing.
func viewOf(t *testing.T, o *savedobject.Object) string {
	t.Helper()
	found := map[string]bool{}
	for _, r := range o.References {
		if r.Type == "index-pattern" {
			found[r.ID] = true
		}
	}
	walk(o.Attributes, func(key string, value any) {
		if name, ok := value.(string); ok && (key == "index_pattern" || key == "index") {
			found[strings.TrimSuffix(name, "-*")] = true
		}
	})
	if len(found) > 1 {
		t.Errorf("%s asks several data views: %v", o.ID, found)
	}
	for id := range found {
		return id
	}
	return ""
}

// TestFields wants every field that a panel or a search uses in its data view,
// and everything that all documents have in the catalogue.
func TestFields(t *testing.T) {
	fields := map[string]map[string]bool{}
	for _, v := range boards.Views() {
		fields[v.ID] = map[string]bool{}
		for _, f := range v.Fields {
			if fields[v.ID][f.Name] {
				t.Errorf("%s has the field %s twice", v.ID, f.Name)
			}
			fields[v.ID][f.Name] = true
		}
	}
	known := map[string]bool{}
	for i := range catalogue.Fields {
		known[catalogue.Fields[i].Name] = true
	}
	checked := 0
	for _, o := range load(t) {
		used := boards.FieldsOf(&o)
		if len(used) == 0 {
			continue
		}
		view := viewOf(t, &o)
		if view == "" {
			t.Errorf("%s uses fields of no data view: %v", o.ID, used)
			continue
		}
		for _, name := range used {
			checked++
			if !fields[view][name] {
				t.Errorf("%s uses %s, which %s lacks", o.ID, name, view)
			}
			if view == "weir-flows" && !known[name] {
				t.Errorf("%s uses %s, which is not in the catalogue", o.ID, name)
			}
		}
	}
	if checked < 500 {
		t.Errorf("only %d uses of fields were found", checked)
	}
}

// TestCounterNames wants the counters that the data view lists among those that
// the decoder of sFlow writes.
func TestCounterNames(t *testing.T) {
	written := map[string]bool{"source_id_class": true, "source_id_index": true}
	files, err := filepath.Glob("../../collector/sflow/structures*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("the decoder's structures are not there: %v", err)
	}
	name := regexp.MustCompile(`name: "([a-z0-9_]+)"`)
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range name.FindAllStringSubmatch(string(source), -1) {
			written[m[1]] = true
		}
	}
	for _, v := range boards.Views() {
		for _, f := range v.Fields {
			if counter, ok := strings.CutPrefix(f.Name, "flow.counters."); ok && !written[counter] {
				t.Errorf("no counter of sFlow is called %s", counter)
			}
		}
	}
}

// TestTranslatorEvents wants every event that the decoder of NetFlow and IPFIX
// gives a name of address translation in the search and the panels about events.
func TestTranslatorEvents(t *testing.T) {
	source, err := os.ReadFile("../../collector/netflow/events.go")
	if err != nil {
		t.Fatal(err)
	}
	names := regexp.MustCompile(`"(nat[0-9a-z_]+)"`).FindAllStringSubmatch(string(source), -1)
	if len(names) < 10 {
		t.Fatalf("only %d events were found", len(names))
	}
	asked := map[string]string{}
	for _, o := range load(t) {
		switch o.ID {
		case "weir-search-events":
			asked[o.ID] = o.Attributes["kibanaSavedObjectMeta"].(map[string]any)["searchSourceJSON"].(string)
		case "weir-events-trend", "weir-events-nat-trend":
			asked[o.ID] = o.Attributes["visState"].(string)
		}
	}
	if len(asked) != 3 {
		t.Fatalf("only %d objects about events were found", len(asked))
	}
	beginning := regexp.MustCompile(`\b(nat[0-9a-z_]*)\*`)
	for id, question := range asked {
		for _, name := range names {
			if !slices.ContainsFunc(beginning.FindAllStringSubmatch(question, -1), func(b []string) bool { return strings.HasPrefix(name[1], b[1]) }) {
				t.Errorf("%s does not ask for %s", id, name[1])
			}
		}
	}
}

// TestGrid wants panels beside each other and not on each other, within the
// grid's width, and each board's first panel to be the way to the others.
func TestGrid(t *testing.T) {
	type panel struct {
		GridData struct {
			X, Y, W, H int
			I          string
		}
		PanelIndex, PanelRefName, Title string
	}
	for _, o := range load(t) {
		if o.Type != "dashboard" {
			continue
		}
		var panels []panel
		if err := json.Unmarshal([]byte(o.Attributes["panelsJSON"].(string)), &panels); err != nil {
			t.Fatalf("%s: %v", o.ID, err)
		}
		if len(panels) != len(o.References) || len(panels) < 5 {
			t.Errorf("%s has %d panels and %d references", o.ID, len(panels), len(o.References))
		}
		for i, a := range panels {
			g := a.GridData
			if g.X < 0 || g.Y < 0 || g.W < 8 || g.H < 4 || g.X+g.W > savedobject.GridWidth || g.I != a.PanelIndex {
				t.Errorf("%s: the panel %q is out of place: %+v", o.ID, a.Title, g)
			}
			for _, b := range panels[:i] {
				h := b.GridData
				if g.X < h.X+h.W && h.X < g.X+g.W && g.Y < h.Y+h.H && h.Y < g.Y+g.H {
					t.Errorf("%s: the panels %q and %q overlap", o.ID, a.Title, b.Title)
				}
			}
		}
		if first := o.References[0].ID; first != o.ID+"-navigation" {
			t.Errorf("%s begins with %s", o.ID, first)
		}
	}
}

// TestLinks wants every link of the navigation to lead to a board or a search
// that is there, and every board to be linked from every other.
func TestLinks(t *testing.T) {
	objects := load(t)
	known := map[string]bool{}
	dashboards := 0
	for _, o := range objects {
		known[o.Type+" "+o.ID] = true
		if o.Type == "dashboard" {
			dashboards++
		}
	}
	link := regexp.MustCompile(`\]\(([^)]*)\)`)
	pages := 0
	for _, o := range objects {
		if !strings.HasSuffix(o.ID, "-navigation") {
			continue
		}
		pages++
		var state struct{ Params struct{ Markdown string } }
		if err := json.Unmarshal([]byte(o.Attributes["visState"].(string)), &state); err != nil {
			t.Fatal(err)
		}
		others := 0
		for _, m := range link.FindAllStringSubmatch(state.Params.Markdown, -1) {
			target, _, _ := strings.Cut(m[1], "?")
			board, isBoard := strings.CutPrefix(target, "#/view/")
			search, isSearch := strings.CutPrefix(target, "discover#/view/")
			switch {
			case isBoard && known["dashboard "+board]:
				others++
			case isSearch && known["search "+search]:
			default:
				t.Errorf("%s: the link %s leads nowhere", o.ID, m[1])
			}
		}
		if others != dashboards-1 {
			t.Errorf("%s links %d of %d other boards", o.ID, others, dashboards-1)
		}
	}
	if pages != dashboards {
		t.Errorf("%d of %d boards have links to the others", pages, dashboards)
	}
}

// TestDrawings wants Vega specifications that parse, say which version they are
// of, fetch nothing from elsewhere, and obey the board's time and filters.
func TestDrawings(t *testing.T) {
	drawings := 0
	for _, o := range load(t) {
		if o.Type != "visualization" {
			continue
		}
		var state struct {
			Type   string
			Params struct{ Spec string }
		}
		if err := json.Unmarshal([]byte(o.Attributes["visState"].(string)), &state); err != nil {
			t.Fatal(err)
		}
		if state.Type != "vega" {
			continue
		}
		drawings++
		var spec struct {
			Schema string `json:"$schema"`
			Data   []struct {
				Name string
				URL  json.RawMessage
			}
		}
		if err := json.Unmarshal([]byte(state.Params.Spec), &spec); err != nil {
			t.Errorf("%s: %v", o.ID, err)
			continue
		}
		if spec.Schema != "https://vega.github.io/schema/vega/v5.json" {
			t.Errorf("%s is of the version %q", o.ID, spec.Schema)
		}
		asks := 0
		for _, d := range spec.Data {
			if d.URL == nil {
				continue
			}
			asks++
			var ask struct {
				Context bool   `json:"%context%"`
				Time    string `json:"%timefield%"`
				Index   string
				Body    struct{ Query any } // the board's takes its place, or both products refuse it
			}
			if err := json.Unmarshal(d.URL, &ask); err != nil || ask.Body.Query != nil || !ask.Context || ask.Time != "@timestamp" || !strings.HasPrefix(ask.Index, "weir-") {
				t.Errorf("%s: %s asks %s", o.ID, d.Name, d.URL)
			}
		}
		if asks == 0 || regexp.MustCompile(`@[A-Z]+@`).MatchString(state.Params.Spec) {
			t.Errorf("%s asks for no data, or has a gap that was not filled", o.ID)
		}
	}
	if drawings < 6 {
		t.Errorf("only %d drawings were found", drawings)
	}
}

// TestBoardsOfTheDesign wants the boards and searches that people were promised.
func TestBoardsOfTheDesign(t *testing.T) {
	var titles []string
	for _, o := range load(t) {
		if o.Type == "dashboard" || o.Type == "search" {
			titles = append(titles, o.Attributes["title"].(string))
		}
	}
	for _, want := range []string{
		"Overview", "Top Talkers", "Conversations", "Applications & Categories", "Geography", "Autonomous Systems", "Exporters & Interfaces",
		"Traffic Details", "Firewall & NAT events", "DNS, TLS & HTTP names", "Threat hunting", "Hosts", "Collector Health", "Trends",
		"DNS questions", "DNS answers", "DNS traffic", "Facebook traffic", "ICMP traffic", "Streaming traffic", "TCP traffic", "Web downloads",
		"Web traffic", "Web through one exporter",
	} {
		if !slices.Contains(titles, "Weir: "+want) {
			t.Errorf("nothing is called %q", want)
		}
	}
}
