package decode

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The tests of expected values compare our documents with what other programs'
// tests expect of the same captures. A table for each program maps its names to
// ours; a name that is in no table fails the test, and so does a difference that
// no table explains, and an explanation that nothing needs any more.

// doc is a document with its members by dotted name.
type doc map[string]any

// docsOf decodes files in order with one exporter state and gives the documents
// of the last ones, counters and options included.
func docsOf(t *testing.T, dir string, exporter string, context_, files []string) []doc {
	t.Helper()
	var out bytes.Buffer
	cfg := Config{Options: true, Counters: true, Now: func() time.Time { return time.Unix(1, 0) }}
	if exporter != "" {
		cfg.Exporter = netip.MustParseAddr(exporter)
	}
	d := New(cfg, &out)
	for i, file := range slices.Concat(context_, files) {
		if i == len(context_) {
			out.Reset()
		}
		if err := d.File(context.Background(), filepath.Join(dir, file)); err != nil {
			t.Fatal(err)
		}
	}
	var list []doc
	for line := range bytes.Lines(out.Bytes()) {
		in := json.NewDecoder(bytes.NewReader(line))
		in.UseNumber()
		var v map[string]any
		if err := in.Decode(&v); err != nil {
			t.Fatal(err)
		}
		flat := doc{}
		flat.add("", v)
		list = append(list, flat)
	}
	return list
}

func (d doc) add(prefix string, v map[string]any) {
	for name, value := range v {
		if inner, ok := value.(map[string]any); ok {
			d.add(prefix+name+".", inner)
		} else {
			d[prefix+name] = value
		}
	}
}

// traffic gives the documents that are no options and no counters.
func traffic(list []doc) []doc {
	return slices.DeleteFunc(slices.Clone(list), func(d doc) bool {
		return d["event.action"] == "options_record" || d["event.action"] == "counters_sample"
	})
}

// rule compares an expected value with a document.
type rule func(d doc, want any) (got string, equal bool)

// is compares with the first of our fields that is there.
func is(names ...string) rule {
	return func(d doc, want any) (string, bool) {
		for _, name := range names {
			if v, ok := d[name]; ok {
				return canonical(v), canonical(v) == canonical(want)
			}
		}
		return "absent", false
	}
}

// zero is is, for fields that we leave out when they say nothing.
func zero(names ...string) rule {
	return func(d doc, want any) (string, bool) {
		got, equal := is(names...)(d, want)
		switch canonical(want) {
		case "", "0", "0.0.0.0", "::", "00-00-00-00-00-00", "[]":
			return got, equal || got == "absent"
		}
		return got, equal
	}
}

// with converts what we have before it is compared.
func with(convert func(any) any, next func(...string) rule, name string) rule {
	return func(d doc, want any) (string, bool) {
		v, ok := d[name]
		if !ok {
			return next(name)(doc{}, want)
		}
		return next(name)(doc{name: convert(v)}, want)
	}
}

// nowhere is for names that have no place in our record: headers' counters, and
// what the program made up.
func nowhere(doc, any) (string, bool) { return "", true }

// canonical writes a value so that spellings of the same are equal.
func canonical(v any) string {
	switch v := v.(type) {
	case json.Number:
		return strings.TrimSuffix(v.String(), ".0")
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case string:
		if a, err := netip.ParseAddr(v); err == nil {
			return a.Unmap().String()
		}
		if len(v) == 17 && (v[2] == ':' || v[2] == '-') {
			return strings.ToUpper(strings.ReplaceAll(v, ":", "-"))
		}
		return v
	case []any:
		parts := make([]string, len(v))
		for i := range v {
			parts[i] = canonical(v[i])
		}
		return "[" + strings.Join(parts, " ") + "]"
	}
	return fmt.Sprint(v)
}

// TCP flags, highest first as some programs write them.
const flagLetters = "CEUAPRSF"

var flagNames = map[string]int{"FIN": 1, "SYN": 2, "RST": 4, "PSH": 8, "ACK": 16, "URG": 32, "ECE": 64, "CWR": 128, "AE": 256}

// flagBits turns flow.tcp_flags into a number.
func flagBits(v any) any {
	bits := 0
	for _, name := range v.([]any) {
		bits |= flagNames[name.(string)]
	}
	return json.Number(strconv.Itoa(bits))
}

// direction turns flow.direction into a number.
func direction(v any) any {
	return json.Number(strconv.Itoa(slices.Index([]string{"ingress", "egress"}, v.(string))))
}

// forwarding turns flow.forwarding_status into a number.
func forwarding(v any) any {
	name, code, ok := strings.Cut(strings.TrimSuffix(v.(string), ")"), " (")
	if ok {
		return json.Number(code)
	}
	return json.Number(strconv.Itoa(64 * slices.Index([]string{"unknown", "forwarded", "dropped", "consumed"}, name)))
}

// millis turns a time into milliseconds since 1970.
func millis(v any) any {
	at, err := time.Parse(time.RFC3339Nano, v.(string))
	if err != nil {
		return v
	}
	return json.Number(strconv.FormatInt(at.UnixMilli(), 10))
}

// port compares a port; of ICMP, which has none, it is type and code.
func port(name string) rule {
	return func(d doc, want any) (string, bool) {
		if d["network.iana_number"] == "1" || d["network.iana_number"] == "58" {
			if strings.HasPrefix(name, "source") {
				got, ok := d[name]
				return fmt.Sprint(got), !ok
			}
			number := func(name string) int64 {
				n, _ := d[name].(json.Number)
				x, _ := n.Int64()
				return x
			}
			got := strconv.FormatInt(number("flow.icmp.type")<<8|number("flow.icmp.code"), 10)
			return got, got == canonical(want)
		}
		return is(name)(d, want)
	}
}

// raw gives the counter before it was scaled.
func raw(counter string) rule {
	return is("flow.sampling."+counter, "network."+counter)
}

// judge compares records and keeps count.
type judge struct {
	t        *testing.T
	rules    map[string]rule
	known    explanations
	met      map[string]bool
	compared int
	differ   int
}

// explanations tell of differences, by place (or * for any) and name: why, and
// how what we have stands to what is expected, where that can be told.
type explanations map[string]explanation

type explanation struct {
	why   string
	holds func(got, want string) bool // nil: any difference
}

func newJudge(t *testing.T, rules map[string]rule, known explanations) *judge {
	return &judge{t: t, rules: rules, known: known, met: map[string]bool{}}
}

// score counts the expected values that a document has.
func (j *judge) score(d doc, want map[string]any) (equal int) {
	for name, v := range want {
		if r := j.rules[name]; r != nil {
			if _, ok := r(d, v); ok {
				equal++
			}
		}
	}
	return equal
}

// best takes the document that fits best out of a list.
func (j *judge) best(list []doc, want map[string]any) (doc, []doc) {
	at, most := -1, -1
	for i, d := range list {
		if n := j.score(d, want); n > most {
			at, most = i, n
		}
	}
	if at < 0 {
		return doc{}, list
	}
	return list[at], slices.Delete(slices.Clone(list), at, at+1)
}

// compare compares one document with what is expected of it at a place.
func (j *judge) compare(place string, d doc, want map[string]any) {
	j.t.Helper()
	for _, name := range slices.Sorted(maps.Keys(want)) {
		r, ok := j.rules[name]
		if !ok {
			j.t.Errorf("%s: %s is in no table", place, name)
			continue
		}
		got, equal := r(d, want[name])
		if got == "" && equal {
			continue // nowhere
		}
		j.compared++
		if equal {
			continue
		}
		j.differ++
		if key := j.explained(place, name, got, canonical(want[name])); key != "" {
			j.met[key] = true
			continue
		}
		j.t.Errorf("%s: %s is %s, expected %s", place, name, got, canonical(want[name]))
	}
}

// explained finds the explanation of a difference: of the place and the name, or of
// the name wherever it is.
func (j *judge) explained(place, name, got, want string) string {
	for key, e := range j.known {
		where, what, _ := strings.Cut(key, " ")
		if what == name && (where == "*" || strings.HasPrefix(place, where)) && (e.holds == nil || e.holds(got, want)) {
			return key
		}
	}
	return ""
}

// done fails for explanations that nothing needed or that the documentation lacks,
// and logs the numbers.
func (j *judge) done(name string) {
	j.t.Helper()
	text, err := os.ReadFile("../../../../docs/captures.md")
	if err != nil {
		j.t.Fatal(err)
	}
	for _, key := range slices.Sorted(maps.Keys(j.known)) {
		if !j.met[key] {
			j.t.Errorf("the explanation of %q is not needed any more", key)
		}
		place, what, _ := strings.Cut(key, " ")
		if !documented(string(text), strings.TrimPrefix(place, "logstash-codec-netflow/"), what) {
			j.t.Errorf("docs/captures.md has no line with %s and `%s`", place, what)
		}
	}
	j.t.Logf("%s: %d values compared, %d differ, each explained", name, j.compared, j.differ)
	if j.compared == 0 {
		j.t.Errorf("%s: nothing was compared", name)
	}
}

// documented reports whether a line of the documentation has a place (or any) and a
// name.
func documented(text, place, what string) bool {
	for line := range strings.Lines(text) {
		if (place == "*" || strings.Contains(line, "`"+place)) && strings.Contains(line, "`"+what+"`") {
			return true
		}
	}
	return false
}

// TestCountsAreDocumented: each capture whose counts are not the index's stands in
// the documentation with its reason.
func TestCountsAreDocumented(t *testing.T) {
	text, err := os.ReadFile("../../../../docs/captures.md")
	if err != nil {
		t.Fatal(err)
	}
	for path := range different {
		if !strings.Contains(string(text), "`"+path+"`") {
			t.Errorf("docs/captures.md does not name %s", path)
		}
	}
}
