package decode

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/tabwriter"
	"time"
)

// indexRow is a row of ../shared/captures/INDEX.tsv.
type indexRow struct {
	path, protocol  string
	needs           []string
	records         uint64
	accepted        []uint64
	options         uint64
	templates       uint64
	optionTemplates uint64
}

// index reads the list of captures of real exporters; without it the test is
// skipped.
func index(t *testing.T) (dir string, rows []indexRow) {
	shared := os.Getenv("WEIR_SHARED")
	if shared == "" {
		shared = "../../../../../shared" // beside the repository
	}
	dir = filepath.Join(shared, "captures")
	text, err := os.ReadFile(filepath.Join(dir, "INDEX.tsv"))
	if err != nil {
		if os.Getenv("WEIR_REQUIRE") == "1" {
			t.Fatalf("the captures are required: %v", err)
		}
		t.Skipf("no captures of real exporters here: %v", err)
	}
	lines := strings.Split(strings.TrimRight(string(text), "\n"), "\n")
	names := strings.Split(lines[0], "\t")
	for _, line := range lines[1:] {
		cells := strings.Split(line, "\t")
		cell := func(name string) string { return strings.TrimSpace(cells[slices.Index(names, name)]) }
		number := func(name string) uint64 {
			n, err := strconv.ParseUint(cell(name), 10, 64)
			if err != nil {
				t.Fatalf("%s: %s: %v", cell("path"), name, err)
			}
			return n
		}
		row := indexRow{path: cell("path"), protocol: cell("protocol"), records: number("data records"), options: number("option records"),
			templates: number("templates"), optionTemplates: number("options templates")}
		row.needs = strings.FieldsFunc(cell("needs_template_from"), func(r rune) bool { return r == ';' || r == ',' })
		for _, text := range strings.Split(cell("accepted records"), "|") {
			if n, err := strconv.ParseUint(text, 10, 64); err == nil {
				row.accepted = append(row.accepted, n)
			}
		}
		rows = append(rows, row)
	}
	return dir, rows
}

// count decodes a capture after the files that it needs, and counts what came
// out of the capture alone.
func count(dir string, row indexRow) (Summary, error) {
	// A hang would show here, not as the test's own time-out.
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	out := &lines{}
	cfg := Config{Options: true, Counters: true}
	if len(row.needs) > 0 {
		// The files of one exporter come with different addresses or none.
		cfg.Exporter = netip.MustParseAddr("127.0.0.1")
	}
	d := New(cfg, out)
	for _, need := range row.needs {
		if err := d.File(ctx, filepath.Join(dir, need)); err != nil {
			return Summary{}, err
		}
	}
	before, linesBefore := d.Summary(), out.n
	if err := d.File(ctx, filepath.Join(dir, row.path)); err != nil {
		return Summary{}, err
	}
	s := d.Summary()
	s.Records -= before.Records
	s.Options -= before.Options
	s.Counters -= before.Counters
	s.Templates -= before.Templates
	s.OptionsTemplates -= before.OptionsTemplates
	if printed := out.n - linesBefore; uint64(printed) != s.Records+s.Options+s.Counters {
		return s, fmt.Errorf("%d documents for %d records, %d options and %d counters", printed, s.Records, s.Options, s.Counters)
	}
	return s, nil
}

// different are the captures whose counts are not the index's, and why.
var different = map[string]string{
	"cistern-sflow/sflow-flow-samples-2.bin": "two datagrams behind each other; the index takes the second, of one sample, for trailing bytes",
}

// late are the captures that have data before its template, with the records that
// they have when such data is held. TestSecondReading tells these numbers in another
// way; the index counts without them.
var late = map[string]uint64{
	"traffic-reproducer/swisscom-ipfix-multi-sources.pcap": 7544,
	"traffic-reproducer/swisscom-ipfix-bmp.pcap":           47,
	"graylog-plugin-netflow/nprobe-nfv9-4.pcap":            15,
	"graylog2-server/fortinet-fgt300d-nfv9.pcap":           146,
	"graylog2-server/ixia-ipfix-data-before-template.pcap": 4,
}

// lines counts lines.
type lines struct{ n int }

func (l *lines) Write(b []byte) (int, error) {
	l.n += strings.Count(string(b), "\n")
	return len(b), nil
}

// TestCaptures decodes every capture of a real exporter and compares the counts
// with those of an independent parser. Those that differ are listed by name, so
// that none is lost unseen.
func TestCaptures(t *testing.T) {
	dir, rows := index(t)
	if len(rows) < 248 {
		t.Errorf("the index lists %d captures, want 248", len(rows))
	}
	var table strings.Builder
	columns := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	fmt.Fprintln(columns, "capture\trecords\toptions\ttemplates\toptions templates\tproblems\twhy")
	equal, exact := 0, 0
	for _, row := range rows {
		s, err := count(dir, row)
		if err != nil {
			if errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s: not decoded in a minute", row.path)
			} else {
				t.Errorf("%s: %v", row.path, err)
			}
			continue
		}
		records := s.Records
		if row.protocol == "sflow5" {
			records += s.Counters // the index counts samples
		}
		if n, ok := late[row.path]; ok {
			row.records, row.accepted = n, nil
		}
		right := records == row.records || slices.Contains(row.accepted, records)
		if right {
			equal++
		}
		why, known := different[row.path]
		agrees := right && s.Options == row.options && s.Templates == row.templates && s.OptionsTemplates == row.optionTemplates
		if agrees {
			exact++
		}
		switch {
		case agrees && known:
			t.Errorf("%s agrees with the index now; take it off the list of those that differ", row.path)
		case !agrees && !known:
			t.Errorf("%s differs from the index", row.path)
		}
		if agrees {
			continue
		}
		pair := func(got, want uint64) string {
			if got == want {
				return strconv.FormatUint(got, 10)
			}
			return fmt.Sprintf("%d, not %d", got, want)
		}
		fmt.Fprintf(columns, "%s\t%s\t%s\t%s\t%s\t%v\t%s\n", row.path, pair(records, row.records), pair(s.Options, row.options),
			pair(s.Templates, row.templates), pair(s.OptionsTemplates, row.optionTemplates), s.Errors, why)
	}
	_ = columns.Flush()
	t.Logf("of %d captures %d have the right number of records, %d agree in everything; the others:\n%s", len(rows), equal, exact, table.String())
}

// TestSecondReading reads captures twice: the second time every template is known
// from the start, so that there is as much as with holding the first time.
func TestSecondReading(t *testing.T) {
	dir, rows := index(t)
	read := 0
	for _, row := range rows {
		if late[row.path] == 0 {
			continue
		}
		read++
		d := New(Config{}, &lines{})
		var before Summary
		for range 2 {
			before = d.Summary()
			if err := d.File(context.Background(), filepath.Join(dir, row.path)); err != nil {
				t.Fatal(err)
			}
		}
		s := d.Summary()
		if n := s.Records - before.Records; n != before.Records || n != late[row.path] || before.LateSets == 0 || s.LateSets != before.LateSets || s.SetsWithoutTemplate != 0 {
			t.Errorf("%s: %d records, the second time %d, want %d; %d late sets, %d without template", row.path, before.Records, n, late[row.path], before.LateSets, s.SetsWithoutTemplate)
		}
	}
	if read != len(late) {
		t.Errorf("%d of %d captures are in the index", read, len(late))
	}
}
