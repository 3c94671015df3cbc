package present

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/weirflow/weir/indexer/query"
)

var (
	began   = time.Date(2026, 11, 25, 13, 0, 0, 0, time.UTC)
	bytesOf = query.Column{Name: "sum(network.bytes)", Field: "network.bytes", Func: query.Sum, Unit: "bytes"}
	count   = query.Column{Name: "count", Func: query.Count}
	address = query.Column{Name: "source.ip", Field: "source.ip"}
	apps    = query.Column{Name: "distinct(network.application)", Field: "network.application", Func: query.Distinct, Estimate: true}
)

func groups() *query.Answer {
	return &query.Answer{
		Groups: &query.GroupsAnswer{
			Keys: []query.Column{address, {Name: "flow.category", Field: "flow.category"}}, Metrics: []query.Column{bytesOf, count, apps},
			Rows: []query.Group{
				{Keys: []any{"192.0.2.1", "Web"}, Values: []any{int64(3 << 20), int64(1234), int64(70000)}},
				{Keys: []any{"2001:db8::1", "\x1b[31mred\u202e"}, Values: []any{int64(1 << 20), int64(1), int64(2)}},
				{Keys: []any{"192.0.2.3", nil}, Values: []any{int64(10), int64(1), int64(0)}},
			},
			Other: &query.Group{Values: []any{int64(2048), int64(7), int64(3)}}, OtherGroups: 12,
			Total: query.Group{Values: []any{int64(4<<20 + 2058), int64(1243), int64(70001)}},
		},
		Stats:    query.Stats{Matched: 1243, Rows: 5000, Scanned: 2000, Blocks: 4, Skipped: 2, Took: 1500 * time.Microsecond},
		Warnings: []string{"one"},
	}
}

func histogram(keys ...query.Column) *query.Answer {
	h := &query.HistogramAnswer{Keys: keys, Metrics: []query.Column{bytesOf}, Total: query.Series{Total: []any{int64(10 << 10)}}}
	for i := range 4 {
		h.Buckets = append(h.Buckets, began.Add(time.Duration(i)*time.Minute))
		h.Total.Values = append(h.Total.Values, []any{int64(i) << 10})
	}
	if len(keys) > 0 {
		h.Series = []query.Series{{Keys: []any{"192.0.2.1"}, Values: h.Total.Values, Total: []any{int64(6 << 10)}}}
		h.Other = &query.Series{Values: [][]any{{int64(0)}, {int64(9)}, {int64(1)}, {int64(0)}}, Total: []any{int64(10)}}
	}
	return &query.Answer{Histogram: h, Stats: query.Stats{Matched: 1, Rows: 1, Scanned: 1}}
}

func newest() *query.Answer {
	n := &query.NewestAnswer{Next: "cursor"}
	for _, name := range BriefFields {
		c := query.Column{Name: name, Field: name}
		if name == "network.bytes" {
			c.Unit = "bytes"
		}
		n.Columns = append(n.Columns, c)
	}
	n.Rows = [][]any{
		{began.Add(time.Millisecond), "router", "netflow9", "2001:db8::1", int64(443), "192.0.2.1", nil, "tcp", int64(1500), int64(2), "Web"},
		{began, nil, "sflow", "192.0.2.7", int64(53), "192.0.2.1", int64(40000), "udp", int64(60), int64(1), nil},
	}
	return &query.Answer{Newest: n, Stats: query.Stats{Rows: 3, Scanned: 3}}
}

func shown(t *testing.T, s Style, a *query.Answer) string {
	t.Helper()
	var b strings.Builder
	if err := Answer(&b, s, a); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestTables(t *testing.T) {
	totals := &query.Answer{Groups: &query.GroupsAnswer{Metrics: []query.Column{count, bytesOf}, Total: query.Group{Values: []any{int64(1234567), int64(10)}}}}
	for _, c := range []struct {
		name   string
		style  Style
		answer *query.Answer
		want   string
	}{
		{"groups", Style{}, groups(), `
source.ip    flow.category    bytes  flows  distinct network.application    share
192.0.2.1    Web            3.0 MiB  1,234                       ≈70,000   75.0 %  ████████████████████████
2001:db8::1  �[31mred�      1.0 MiB      1                            ≈2   25.0 %  ████████
192.0.2.3    –                 10 B      1                            ≈0    0.0 %  ▏
12 others                   2.0 KiB      7                            ≈3    0.0 %
total                       4.0 MiB  1,243                       ≈70,001  100.0 %

1,243 of 5,000 flows, 2,000 looked at, 1.5 ms
`},
		{"totals", Style{}, totals, `
flows  1,234,567
bytes       10 B

0 of 0 flows, 0 looked at, 0 ns
`},
		{"histogram", Style{Width: 60, Zone: time.FixedZone("", 3600)}, histogram(), `
time                 bytes
2026-11-25 14:00       0 B
2026-11-25 14:01   1.0 KiB  ██████████▋
2026-11-25 14:02   2.0 KiB  █████████████████████▍
2026-11-25 14:03   3.0 KiB  ████████████████████████████████
total             10.0 KiB

1 of 1 flow, 1 looked at, 0 ns
`},
		{"series", Style{}, histogram(address), `
source.ip     bytes     peak
192.0.2.1   6.0 KiB  3.0 KiB                 ▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆███████████████
others         10 B      9 B                 ███████████████▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂               
total      10.0 KiB  3.0 KiB                 ▃▃▃▃▃▃▃▃▃▃▃▃▃▃▃▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆███████████████
                              2026-11-25 13:00 – 13:03

1 of 1 flow, 1 looked at, 0 ns
`},
		{"newest", Style{}, newest(), `
2026-11-25    exporter  sent as   source             destination      proto    bytes  packets  category
13:00:00.001  router    netflow9  [2001:db8::1]:443  192.0.2.1        tcp    1.5 KiB        2  Web
13:00:00.000  –         sflow     192.0.2.7:53       192.0.2.1:40000  udp       60 B        1  –

3 flows, 3 looked at, 0 ns
`},
		{"newest on a narrow terminal", Style{Width: 80}, newest(), `
2026-11-25    source             destination      proto    bytes  category
13:00:00.001  [2001:db8::1]:443  192.0.2.1        tcp    1.5 KiB  Web
13:00:00.000  192.0.2.7:53       192.0.2.1:40000  udp       60 B  –

3 flows, 3 looked at, 0 ns
`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := "\n" + shown(t, c.style, c.answer); got != c.want {
				t.Errorf("got%swant%s", got, c.want)
			}
		})
	}
}

// TestWidth: no line is wider than the terminal, down to very narrow ones, and
// colours do not count.
func TestWidth(t *testing.T) {
	color := strings.NewReplacer(bold, "", dim, "", plain, "", blue, "")
	for _, a := range []*query.Answer{groups(), histogram(), histogram(address), newest()} {
		for w := 30; w < 160; w++ {
			text := shown(t, Style{Width: w, Color: true}, a)
			if color.Replace(text) == text {
				t.Fatal("no colours")
			}
			table, _, _ := strings.Cut(color.Replace(text), "\n\n")
			for line := range strings.Lines(table) {
				if got := width(strings.TrimSuffix(line, "\n")); got > w {
					t.Fatalf("%d columns of %d: %q", got, w, line)
				}
			}
		}
	}
}

func TestJSON(t *testing.T) {
	for name, c := range map[string]struct {
		answer *query.Answer
		want   []string
	}{
		"groups": {groups(), []string{
			`"rows":[` + "\n" + `{"source.ip":"192.0.2.1","flow.category":"Web","sum(network.bytes)":3145728,"count":1234,"distinct(network.application)":70000}`,
			`"other":{"sum(network.bytes)":2048,"count":7,"distinct(network.application)":3}`, `"other_groups":12`, `"estimate":true`, `"warnings":["one"]`,
			`"total":{"sum(network.bytes)":4196362`, `"stats":{"matched":1243,"rows":5000,"scanned":2000,"blocks":4,"skipped":2,"took":1500000}`}},
		"histogram": {histogram(), []string{`{"@timestamp":"2026-11-25T13:01:00.000Z","sum(network.bytes)":1024}`, `"total":{"sum(network.bytes)":10240}`}},
		"series": {histogram(address), []string{`{"@timestamp":"2026-11-25T13:01:00.000Z","source.ip":"192.0.2.1","sum(network.bytes)":1024}`,
			`"series":[` + "\n" + `{"source.ip":"192.0.2.1","sum(network.bytes)":6144}]`, `"other":[` + "\n" + `{"@timestamp":"2026-11-25T13:00:00.000Z","sum(network.bytes)":0}`}},
		"newest": {newest(), []string{`"@timestamp":"2026-11-25T13:00:00.001Z","observer.name":"router"`, `"destination.port":null`, `"next":"cursor"`}},
	} {
		var b strings.Builder
		if err := JSON(&b, c.answer); err != nil {
			t.Fatal(err)
		}
		if !json.Valid([]byte(b.String())) {
			t.Errorf("%s: not JSON: %s", name, b.String())
		}
		for _, want := range c.want {
			if !strings.Contains(b.String(), want) {
				t.Errorf("%s lacks %s:\n%s", name, want, b.String())
			}
		}
	}
}

func TestCSV(t *testing.T) {
	for name, c := range map[string]struct {
		answer *query.Answer
		want   string
	}{
		"groups":    {groups(), "source.ip,flow.category,sum(network.bytes),count,distinct(network.application)\n192.0.2.1,Web,3145728,1234,70000\n"},
		"histogram": {histogram(), "@timestamp,sum(network.bytes)\n2026-11-25T13:00:00.000Z,0\n"},
		"series":    {histogram(address), "@timestamp,source.ip,sum(network.bytes)\n2026-11-25T13:00:00.000Z,192.0.2.1,0\n"},
		"newest":    {newest(), strings.Join(BriefFields, ",") + "\n2026-11-25T13:00:00.001Z,router,netflow9,2001:db8::1,443,192.0.2.1,,tcp,1500,2,Web\n"},
	} {
		var b strings.Builder
		if err := CSV(&b, c.answer); err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(b.String(), c.want) {
			t.Errorf("%s:\n%swant\n%s", name, b.String(), c.want)
		}
	}
}

func TestNumbers(t *testing.T) {
	for want, got := range map[string]string{
		"0": Grouped(0), "-1,234": Grouped(-1234), "999": Grouped(999), "9,223,372,036,854,775,807": Grouped(1<<63 - 1),
		"1023 B": Bytes(1023), "1.0 KiB": Bytes(1024), "1.0 MiB": Bytes(1<<20 - 1), "-2.0 GiB": Bytes(-2 << 30), "0.5 B": Bytes(0.5), "16384.0 PiB": Bytes(1 << 64),
		"1.5": number(1.5), "-0.3": number(-0.25), "12,345.7": number(12345.67), "1,000,001": number(1000000.6), "1.84467e+19": number(1 << 64),
		"2.5 h": duration(150 * time.Minute), "12 ms": duration(12 * time.Millisecond), "10 s": duration(9960 * time.Millisecond), "5 ns": duration(5), "-1.0 s": duration(-time.Second),
	} {
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestSqueeze(t *testing.T) {
	values := []float64{1, 2, 3, 4, 5}
	if s := squeeze(values, 2, false); len(s) != 2 || s[0] != 6 || s[1] != 9 {
		t.Error(s)
	}
	if s := squeeze(values, 3, true); len(s) != 3 || s[0] != 2 || s[2] != 5 {
		t.Error(s)
	}
	if s := cut("日本語テキスト", 6); s != "日本…" || width(s) > 6 {
		t.Error(s)
	}
}
