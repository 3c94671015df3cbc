package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"
)

// document is what the demo reads of a document.
type document struct {
	Time   string `json:"@timestamp"`
	Source struct {
		IP   string
		Port int
		Geo  geo
	}
	Destination struct {
		IP   string
		Port int
		Geo  geo
	}
	Network struct {
		Bytes, Packets       uint64
		Transport, Direction string
	}
	Observer struct{ Name string }
	Flow     struct {
		Category string
		Server   struct{ IP string }
		Exporter struct{ Protocol string }
	}
}

type geo struct {
	Country string `json:"country_iso_code"`
	Name    string `json:"country_name"`
}

// view shows the first documents as they come and adds all of them up.
type view struct {
	out            io.Writer
	flows          uint64
	bytes, packets uint64
	by             map[string]map[string]uint64 // chart → key → bytes
}

// charts are the summary's tables, in order.
var charts = []string{"protocols (flows)", "exporters", "top talkers", "categories", "countries", "directions"}

// shown is how many documents are printed.
const shown = 12

func newView(out io.Writer) *view {
	v := &view{out: out, by: map[string]map[string]uint64{}}
	for _, chart := range charts {
		v.by[chart] = map[string]uint64{}
	}
	return v
}

// read reads documents until the stream ends.
func (v *view) read(documents io.Reader) error {
	lines := bufio.NewScanner(documents)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var d document
		if err := json.Unmarshal(lines.Bytes(), &d); err != nil {
			return fmt.Errorf("the collector wrote what is no document: %q: %w", lines.Text(), err)
		}
		v.add(&d)
	}
	return lines.Err()
}

func (v *view) add(d *document) {
	if v.flows == 0 {
		fmt.Fprintf(v.out, "\n%-12s %-9s %-42s %-42s %-6s %10s  %s\n", "time", "exporter", "source", "destination", "proto", "bytes", "category")
	}
	v.flows++
	if v.flows <= shown {
		fmt.Fprintf(v.out, "%-12s %-9s %-42s %-42s %-6s %10d  %s\n", clock(d.Time), d.Flow.Exporter.Protocol, end(d.Source.IP, d.Source.Port), end(d.Destination.IP, d.Destination.Port), d.Network.Transport, d.Network.Bytes, d.Flow.Category)
	}
	if v.flows == shown+1 {
		fmt.Fprintln(v.out, "…")
	}
	v.bytes += d.Network.Bytes
	v.packets += d.Network.Packets
	count := func(chart, key string, n uint64) { v.by[chart][cmp.Or(key, "(unknown)")] += n }
	count("protocols (flows)", d.Flow.Exporter.Protocol, 1)
	count("exporters", d.Observer.Name, d.Network.Bytes)
	count("top talkers", d.Source.IP, d.Network.Bytes)
	count("categories", d.Flow.Category, d.Network.Bytes)
	count("directions", d.Network.Direction, d.Network.Bytes)
	for _, g := range []geo{d.Source.Geo, d.Destination.Geo} {
		if g.Country != "" {
			count("countries", strings.TrimSpace(g.Country+" "+g.Name), d.Network.Bytes)
		}
	}
}

// clock gives the time of day in a document's time, to the millisecond.
func clock(text string) string {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return text
	}
	return t.Format("15:04:05.000")
}

func end(ip string, port int) string {
	if port == 0 {
		return ip
	}
	return net.JoinHostPort(ip, strconv.Itoa(port))
}

// summary prints the totals and the charts.
func (v *view) summary() error {
	if v.flows == 0 {
		return errors.New("no document arrived")
	}
	fmt.Fprintf(v.out, "\n%d flows, %s in %d packets\n", v.flows, size(v.bytes), v.packets)
	for _, chart := range charts {
		format := size
		if chart == "protocols (flows)" {
			format = func(n uint64) string { return strconv.FormatUint(n, 10) }
		}
		v.chart(chart, format)
	}
	return nil
}

// chart prints the ten largest of a table with bars.
func (v *view) chart(name string, format func(uint64) string) {
	type row struct {
		key string
		n   uint64
	}
	var rows []row
	for key, n := range v.by[name] {
		rows = append(rows, row{key, n})
	}
	slices.SortFunc(rows, func(a, b row) int { return cmp.Or(cmp.Compare(b.n, a.n), cmp.Compare(a.key, b.key)) })
	fmt.Fprintf(v.out, "\n%s\n", name)
	for _, r := range rows[:min(len(rows), 10)] {
		bar := strings.Repeat("█", int(max(1, 30*r.n/max(1, rows[0].n))))
		fmt.Fprintf(v.out, "  %-40s %12s  %s\n", r.key, format(r.n), bar)
	}
	if len(rows) > 10 {
		fmt.Fprintf(v.out, "  and %d more\n", len(rows)-10)
	}
}

// size is a number of bytes for people.
func size(n uint64) string {
	f := float64(n)
	for _, unit := range []string{"KiB", "MiB", "GiB"} {
		if f /= 1024; f < 1024 {
			return fmt.Sprintf("%.1f %s", f, unit)
		}
	}
	return fmt.Sprintf("%.1f TiB", f/1024)
}
