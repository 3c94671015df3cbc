// Package present shows the answers of queries: as tables with bars for people,
// as JSON and CSV for programs. It asks no store anything, and what comes from
// the network never reaches a terminal as a control sequence.
package present

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/weirflow/weir/indexer/query"
)

// Style is how tables look. The zero Style is for a file: as wide as needed,
// without colours.
type Style struct {
	// Width is the width of the terminal in columns; 0 is no limit.
	Width int
	// Color has headings and remarks stand out by ANSI sequences.
	Color bool
	// Zone is the time zone of times. Default: UTC.
	Zone *time.Location
	// Order is the metric that groups are ordered by; shares, bars and charts are
	// of it. Default: the first.
	Order int
}

const (
	bold  = "\x1b[1m"
	dim   = "\x1b[2m"
	plain = "\x1b[0m"
	blue  = "\x1b[34m"
)

func (s Style) paint(code, text string) string {
	if !s.Color || code == "" || text == "" {
		return text
	}
	return code + text + plain
}

func (s Style) zone() *time.Location {
	if s.Zone == nil {
		return time.UTC
	}
	return s.Zone
}

// Answer writes an answer as a table, with a last line about how it came about.
func Answer(out io.Writer, s Style, a *query.Answer) error {
	if err := Table(out, s, a); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "\n%s\n", s.paint(dim, Stats(a)))
	return err
}

// Table writes an answer as a table.
func Table(out io.Writer, s Style, a *query.Answer) error {
	switch {
	case a.Groups != nil:
		return Groups(out, s, a.Groups)
	case a.Histogram != nil:
		return Histogram(out, s, a.Histogram)
	case a.Newest != nil:
		return Newest(out, s, a.Newest)
	}
	return nil
}

// Stats says in a line how an answer came about.
func Stats(a *query.Answer) string {
	var b strings.Builder
	st := a.Stats
	if a.Newest == nil {
		fmt.Fprintf(&b, "%s of ", Grouped(st.Matched))
	}
	fmt.Fprintf(&b, "%s, %s looked at, %s", Quantity(st.Rows, "flow"), Grouped(st.Scanned), duration(st.Took))
	if st.Failed > 0 {
		fmt.Fprintf(&b, "; %s could not be read", Quantity(int64(st.Failed), "block"))
	}
	return b.String()
}

// Title writes a heading with a blank line before it.
func Title(out io.Writer, s Style, text string) error {
	_, err := fmt.Fprintf(out, "\n%s\n", s.paint(bold, Clean(text)))
	return err
}
