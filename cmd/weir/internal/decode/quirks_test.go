package decode

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

const quirksDir = "../../../../testdata/quirks"

// quirk is an entry of testdata/quirks/quirks.json, whose README says what the
// numbers mean.
type quirk struct {
	File     string `json:"file"`
	Proves   string `json:"proves"`
	Expected struct {
		Flows            uint64         `json:"flows"`
		Options          uint64         `json:"options"`
		Counters         uint64         `json:"counters"`
		Templates        uint64         `json:"templates"`
		OptionsTemplates uint64         `json:"options_templates"`
		Problems         []string       `json:"problems"`
		Fields           map[string]any `json:"fields"`
	} `json:"expected"`
}

// TestQuirks decodes every file of testdata/quirks by itself and compares what
// comes out with what its generator expects. Some quirks prove no more than
// that nothing else is spoilt; for those the counts are the whole proof.
func TestQuirks(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(quirksDir, "quirks.json"))
	if err != nil {
		t.Fatal(err)
	}
	var quirks []quirk
	if err := json.Unmarshal(text, &quirks); err != nil {
		t.Fatal(err)
	}
	if len(quirks) < 90 {
		t.Errorf("only %d quirks are listed", len(quirks))
	}
	for _, q := range quirks {
		t.Run(q.File, func(t *testing.T) { q.test(t) })
	}
}

func (q quirk) test(t *testing.T) {
	var out bytes.Buffer
	d := New(Config{Options: true, Counters: true, Exporter: netip.MustParseAddr("192.0.2.1")}, &out)
	if err := d.File(context.Background(), filepath.Join(quirksDir, q.File)); err != nil {
		t.Fatal(err)
	}
	s, want := d.Summary(), q.Expected
	for _, c := range []struct {
		name      string
		got, want uint64
	}{
		{"flows", s.Records, want.Flows}, {"options", s.Options, want.Options}, {"counters", s.Counters, want.Counters},
		{"templates", s.Templates, want.Templates}, {"options templates", s.OptionsTemplates, want.OptionsTemplates},
		{"documents", uint64(bytes.Count(out.Bytes(), []byte("\n"))), want.Flows + want.Options + want.Counters},
	} {
		if c.got != c.want {
			t.Errorf("%d %s, want %d (%s)", c.got, c.name, c.want, q.Proves)
		}
	}
	reasons := slices.Sorted(maps.Keys(s.Errors))
	reasons = append(reasons, slices.Collect(maps.Keys(s.Warnings))...)
	slices.Sort(reasons)
	slices.Sort(want.Problems)
	if !slices.Equal(reasons, want.Problems) {
		t.Errorf("problems %v, want %v (%s); %q", reasons, want.Problems, q.Proves, s.Details)
	}
	flow := lastFlow(t, out.String())
	for name, value := range want.Fields {
		if got := dotted(flow, name); !reflect.DeepEqual(got, value) {
			t.Errorf("%s is %v, want %v (%s)", name, got, value, q.Proves)
		}
	}
}

// lastFlow is the last document of a flow record, else the last one of counters,
// nil when there is neither.
func lastFlow(t *testing.T, documents string) map[string]any {
	t.Helper()
	lines := strings.Split(strings.TrimRight(documents, "\n"), "\n")
	var counters map[string]any
	for _, line := range slices.Backward(lines) {
		if line == "" {
			continue
		}
		var document map[string]any
		if err := json.Unmarshal([]byte(line), &document); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		switch action := dotted(document, "event.action"); {
		case action == "counters_sample" && counters == nil:
			counters = document
		case action != "options_record" && action != "counters_sample":
			return document
		}
	}
	return counters
}

// dotted gives the value under a dotted name, nil when it is absent.
func dotted(document map[string]any, name string) any {
	var value any = document
	for part := range strings.SplitSeq(name, ".") {
		object, _ := value.(map[string]any)
		value = object[part]
	}
	return value
}

// TestCountersAreAskedFor: counter samples are counted either way, and printed
// only when they are wanted.
func TestCountersAreAskedFor(t *testing.T) {
	for _, wanted := range []bool{false, true} {
		var out bytes.Buffer
		d := New(Config{Counters: wanted}, &out)
		for _, file := range []string{"sflow-counters.bin", "sflow-flow.bin"} {
			if err := d.File(context.Background(), filepath.Join(quirksDir, file)); err != nil {
				t.Fatal(err)
			}
		}
		var actions []string
		for line := range strings.Lines(out.String()) {
			var document struct{ Event struct{ Action string } }
			if err := json.Unmarshal([]byte(line), &document); err != nil {
				t.Fatal(err)
			}
			actions = append(actions, document.Event.Action)
		}
		want := []string{"network_flow"}
		if wanted {
			want = []string{"counters_sample", "network_flow"}
		}
		if s := d.Summary(); !slices.Equal(actions, want) || s.Counters != 1 || s.Records != 1 || !s.Clean() {
			t.Errorf("counters %v: %v, want %v; %+v", wanted, actions, want, s)
		}
	}
}
