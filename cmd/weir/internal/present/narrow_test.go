package present

import (
	"strings"
	"testing"
	"time"

	"github.com/weirflow/weir/indexer/query"
)

const (
	longSource = "2001:db8:1111:2222:3333:4444:5555:6666"
	longTarget = "2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff"
)

// TestNarrowAddresses: on a terminal of 80 columns bars, shares and packets make
// room for whole addresses, ports and headings.
func TestNarrowAddresses(t *testing.T) {
	packets := query.Column{Name: "sum(network.packets)", Field: "network.packets", Func: query.Sum}
	target := query.Column{Name: "destination.ip", Field: "destination.ip"}
	g := &query.Answer{Groups: &query.GroupsAnswer{
		Keys: []query.Column{address, target, {Name: "flow.category", Field: "flow.category"}}, Metrics: []query.Column{bytesOf, packets, count},
		Rows: []query.Group{
			{Keys: []any{"198.51.100.201", "198.51.100.202", "Remote Administration"}, Values: []any{int64(3 << 20), int64(9), int64(4)}},
		},
		Total: query.Group{Values: []any{int64(3 << 20), int64(9), int64(4)}},
	}}
	text := shown(t, Style{Width: 80}, g)
	for _, want := range []string{"source.ip", "destination.ip", "flow.category", "198.51.100.201", "198.51.100.202", "Remote Administration", "bytes", "3.0 MiB"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
	if strings.Contains(text, "█") || strings.Contains(text, "share") {
		t.Errorf("bars and shares are less than addresses:\n%s", text)
	}
	g.Groups.Keys = g.Groups.Keys[:2]
	g.Groups.Rows[0].Keys = []any{longSource, "2001:db8::1"}
	if text := shown(t, Style{Width: 80}, g); !strings.Contains(text, longSource) || !strings.Contains(text, "3.0 MiB") {
		t.Errorf("long addresses:\n%s", text)
	}

	n := newest()
	n.Newest.Rows[0][3], n.Newest.Rows[0][5], n.Newest.Rows[0][6] = longSource[:25], longTarget[:25], int64(40000)
	if text := shown(t, Style{Width: 80}, n); !strings.Contains(text, "["+longSource[:25]+"]:443") || !strings.Contains(text, "["+longTarget[:25]+"]:40000") {
		t.Errorf("newest:\n%s", text)
	}
}

// TestAxis: a chart has its times, whatever they are, as long as there is a chart.
func TestAxis(t *testing.T) {
	for _, step := range []time.Duration{100 * time.Millisecond, time.Second, time.Minute, 10 * time.Hour, 24 * time.Hour} {
		var list []time.Time
		for i := range 5 {
			list = append(list, began.Truncate(step).Add(time.Duration(i)*step))
		}
		for room := leastChart; room < 70; room++ {
			text := axis(list, time.UTC, room)
			from, to, both := strings.Cut(text, " – ")
			if !both || from == "" || to == "" || width(text) > room {
				t.Errorf("buckets of %s in %d columns: %q", step, room, text)
			}
		}
	}
	h := histogram(address)
	h.Histogram.Series[0].Keys[0] = longSource
	if text := shown(t, Style{Width: 80}, h); !strings.Contains(text, "13:00 – 13:03") {
		t.Errorf("no axis:\n%s", text)
	}
}

// TestRest: flows that are in no group are told, so that shares add up.
func TestRest(t *testing.T) {
	g := groups()
	if rest := Rest(g.Groups); rest != nil {
		t.Errorf("nothing is missing, but %v", rest)
	}
	g.Groups.Total.Values = []any{int64(4<<20 + 2058 + 1024), int64(1245), int64(70001)}
	text := shown(t, Style{}, g)
	if !strings.Contains(text, "(none)                      1.0 KiB      2                                  0.0 %\n") {
		t.Errorf("the table:\n%s", text)
	}
	var b strings.Builder
	if err := JSON(&b, g); err != nil || !strings.Contains(b.String(), `"none":{"sum(network.bytes)":1024,"count":2,"distinct(network.application)":null}`) {
		t.Errorf("%v: %s", err, b.String())
	}
	g.Groups.Keys[1] = query.Column{Name: "tags", Field: "tags"} // a flow has several
	if rest := Rest(g.Groups); rest != nil {
		t.Errorf("of lists: %v", rest)
	}
}
