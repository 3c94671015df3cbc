package flow

import (
	"encoding/json"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/weirflow/weir/flow/catalogue"
)

// every gives a record with every field set.
func every(kind Kind) *Record {
	r := &Record{Kind: kind}
	for id := range FieldID(NumFields) {
		switch {
		case r.SetUint(id, uint64(id)+1), r.SetString(id, "x"), r.SetMAC(id, MAC{1}), r.SetAddr(id, netip.AddrFrom4([4]byte{10, 0, 0, byte(id)})):
		}
	}
	r.AddTags("a")
	r.AddFlowMPLSLabels(16)
	r.SetSourceGeoLocation(Point{1, 2})
	r.SetDestinationGeoLocation(Point{1, 2})
	r.Extra = append(r.Extra, Element{Name: "number", Num: 1}, Element{Name: "structure", Kind: ElementJSON, Bytes: []byte(`[{"a":"b"}]`)})
	return r
}

// members gives the dotted names of a document's fields.
func members(t *testing.T, text []byte) map[string]any {
	t.Helper()
	var document map[string]any
	if err := json.Unmarshal(text, &document); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	all := make(map[string]any)
	var walk func(prefix string, o map[string]any)
	walk = func(prefix string, o map[string]any) {
		for key, v := range o {
			name := prefix + key
			if inner, ok := v.(map[string]any); ok && name != "flow.ie" && name != "flow.counters" && !strings.HasSuffix(name, ".location") {
				walk(name+".", inner)
				continue
			}
			all[name] = v
		}
	}
	walk("", document)
	return all
}

// A document has exactly the fields of its profile that the record has.
func TestProfilesOfDocuments(t *testing.T) {
	for _, p := range []catalogue.Profile{catalogue.Full, catalogue.Lean, catalogue.Min} {
		for _, kind := range []Kind{KindFlow, KindOptions, KindCounters} {
			of := p
			if kind != KindFlow {
				of = catalogue.Full
			}
			got := members(t, NewProfileEncoder(p).AppendJSON(nil, every(kind)))
			for i := range catalogue.Fields {
				f := &catalogue.Fields[i]
				name := f.Name
				if f.Type == catalogue.Elements && kind == KindCounters {
					name = "flow.counters"
				}
				if _, has := got[name]; has != f.In(of) {
					t.Errorf("%s, kind %d: %s is there: %t", p, kind, name, has)
				}
				delete(got, name)
			}
			if len(got) > 0 {
				t.Errorf("%s: no fields, but there: %v", p, got)
			}
			var names []string
			for name := range members(t, NewProfileEncoder(p).AppendJSON(nil, &Record{Kind: kind})) {
				names = append(names, name)
			}
			slices.Sort(names)
			want := "event.action"
			if of == catalogue.Full {
				want = "event.action event.category event.kind event.type"
			}
			if got := strings.Join(names, " "); got != want {
				t.Errorf("%s, kind %d: an empty record has %s, want %s", p, kind, got, want)
			}
		}
	}
}

// Values of one element are of one kind in what columns hold.
func TestLeanElementsArePlain(t *testing.T) {
	for p, want := range map[catalogue.Profile]string{
		catalogue.Full: `{"ie":{"number":1,"structure":[{"a":"b"}]}}`,
		catalogue.Lean: `{"ie":{"number":1,"structure":"[{\"a\":\"b\"}]"}}`,
	} {
		r := &Record{}
		r.Extra = every(KindFlow).Extra
		if text := string(NewProfileEncoder(p).AppendJSON(nil, r)); !strings.Contains(text, `"flow":`+want) {
			t.Errorf("%s: %s, want %s", p, text, want)
		}
	}
}

func TestProfilesDoNotAllocate(t *testing.T) {
	r := every(KindFlow)
	for _, p := range []catalogue.Profile{catalogue.Full, catalogue.Lean, catalogue.Min} {
		e, room := NewProfileEncoder(p), make([]byte, 0, 1<<16)
		e.AppendJSON(room, r)
		if n := testing.AllocsPerRun(100, func() { e.AppendJSON(room, r) }); n != 0 {
			t.Errorf("%s: %v allocations", p, n)
		}
	}
}
