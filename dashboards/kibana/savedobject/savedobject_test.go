package savedobject

import (
	"encoding/json"
	"strings"
	"testing"
)

// visState decodes what a visualization shows.
func visState(t *testing.T, v Vis) (state struct {
	Params map[string]any
	Aggs   []map[string]any
}) {
	t.Helper()
	o := v.object("weir-x", "X", "")
	if err := json.Unmarshal([]byte(o.Attributes["visState"].(string)), &state); err != nil {
		t.Fatal(err)
	}
	return state
}

// TestRates wants a rate to be reckoned from the last step before it, and only
// names that no other metric's name begins with: the products look a variable's
// metric up by its beginning.
func TestRates(t *testing.T) {
	for name, c := range map[string]struct {
		line   Line
		script string
		types  string
	}{
		"sum":    {Line{Field: "a.b"}, "", "sum"},
		"count":  {Line{}, "", "count"},
		"bits":   {Line{Field: "a.b", Rate: Bits}, "params.v * 8000 / params._interval", "sum math"},
		"below":  {Line{Field: "a.b", Below: true}, "params.v * -1", "sum math"},
		"growth": {Line{Field: "a.b", Rate: Growth}, "", "max derivative positive_only"}, // nothing is left to reckon
		"ratio":  {Line{Field: "a.b", With: []Term{{"p", "c.d", "sum"}}, Script: "params.v / params.p"}, "params.v / params.p", "sum sum math"},
	} {
		series := visState(t, Trend("weir-flows-*", "", c.line)).Params["series"].([]any)[0].(map[string]any)
		var types, ids []string
		script := ""
		for _, m := range series["metrics"].([]any) {
			one := m.(map[string]any)
			types, ids = append(types, one["type"].(string)), append(ids, one["id"].(string))
			if one["script"] != nil {
				script = one["script"].(string)
			}
		}
		if script != c.script || strings.Join(types, " ") != c.types {
			t.Errorf("%s: %q by %v, want %q by %q", name, script, types, c.script, c.types)
		}
		for i, a := range ids {
			for j, b := range ids {
				if i != j && strings.HasPrefix(a, b) {
					t.Errorf("%s: the name %s begins like %s", name, a, b)
				}
			}
		}
	}
}

// TestTrendPanel wants the attributes of a trend to be those that the
// products' servers know: they refuse others.
func TestTrendPanel(t *testing.T) {
	known := map[string]bool{}
	for _, name := range strings.Fields(`id type series filter time_field index_pattern interval axis_position axis_formatter axis_scale show_legend
		show_grid legend_position tooltip_mode drop_last_bucket default_index_pattern default_timefield isModelInvalid`) {
		known[name] = true
	}
	for name := range visState(t, Trend("weir-flows-*", "", Line{Field: "a.b", Rate: Bits, By: "c.d", Top: 8}).Every("1h").Narrow()).Params {
		if !known[name] {
			t.Errorf("no trend has a %s", name)
		}
	}
}

func TestRangesAreQuestions(t *testing.T) {
	aggs := visState(t, Bars("weir-flows", "", Documents("Flows"), Ranges("network.bytes", "Size", Span{To: 100, Label: "small"}, Span{From: 100, Label: "large"}))).Aggs
	got, _ := json.Marshal(aggs[1]["params"].(map[string]any)["filters"])
	const want = `[{"input":{"language":"kuery","query":"network.bytes >= 0 and network.bytes < 100"},"label":"small"},` +
		`{"input":{"language":"kuery","query":"network.bytes >= 100"},"label":"large"}]`
	var a, b any
	if json.Unmarshal(got, &a) != nil || json.Unmarshal([]byte(want), &b) != nil || text(a) != text(b) {
		t.Errorf("the ranges are %s", got)
	}
}

// TestAxisTitle wants axes to have the bucket's label, and those of questions an id
// by which the products do not put their own name there.
func TestAxisTitle(t *testing.T) {
	for name, c := range map[string]struct {
		bars   Agg
		common bool
	}{
		"values":    {Terms("flow.category", "Category", 5), true},
		"questions": {Questions("Verdict", Question{"event.type: denied", "denied"}), false},
	} {
		axis := visState(t, Bars("weir-flows", "", Documents("Flows"), c.bars)).Params["categoryAxes"].([]any)[0].(map[string]any)
		if got := axis["title"].(map[string]any)["text"]; got != c.bars.params["customLabel"] {
			t.Errorf("%s: the axis is called %v", name, got)
		}
		if (axis["id"] == "CategoryAxis-1") != c.common {
			t.Errorf("%s: the axis has the id %v", name, axis["id"])
		}
	}
}

// TestChangedCopies wants With-like methods to leave the value that they start
// from as it was: definitions share aggregations.
func TestChangedCopies(t *testing.T) {
	a := Terms("flow.category", "Category", 5)
	a.WithOther().By(2).Rarest().OrNone()
	if a.params["otherBucket"] != false || a.params["orderBy"] != "1" || a.params["order"] != "desc" || a.params["missingBucket"] != false {
		t.Errorf("the aggregation changed: %v", a.params)
	}
	v := Trend("weir-flows-*", "", Line{})
	v.Every("1h")
	if v.params["interval"] != ">=1m" {
		t.Errorf("the trend changed: %v", v.params["interval"])
	}
}

func TestRowsMustFillTheGrid(t *testing.T) {
	b := Board{ID: "weir-x", Rows: []Row{{Height: 5, Panels: []Panel{{Name: "a", Width: 20, Vis: Markdown("a")}}}}}
	defer func() {
		if said, _ := recover().(string); !strings.Contains(said, "20 columns wide, not 48") {
			t.Errorf("the panic says %q", said)
		}
	}()
	b.Objects()
}

// TestTimeRange wants boards without a range to leave the one that is set alone.
func TestTimeRange(t *testing.T) {
	for from, want := range map[string]bool{"": false, "now-24h": true} {
		b := Board{ID: "weir-x", From: from, RefreshSeconds: 60}
		o := b.Objects()[0]
		_, has := o.Attributes["timeFrom"]
		_, refresh := o.Attributes["refreshInterval"]
		if o.Attributes["timeRestore"] != want || has != want || refresh != want {
			t.Errorf("from %q: %v", from, o.Attributes)
		}
	}
}
