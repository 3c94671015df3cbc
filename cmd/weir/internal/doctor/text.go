package doctor

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/weirflow/weir/cmd/weir/internal/present"
)

// Style is how the report looks. The zero Style is for a file.
type Style struct {
	// Width is where lines are broken, in columns; 0 is 100.
	Width int
	// Color has headings and severities stand out by ANSI sequences.
	Color bool
	// Templates lists every template with all its fields.
	Templates bool
}

const (
	bold   = "\x1b[1m"
	dim    = "\x1b[2m"
	red    = "\x1b[31m"
	yellow = "\x1b[33m"
	cyan   = "\x1b[36m"
	plain  = "\x1b[0m"
)

// printer writes the report for people.
type printer struct {
	out   strings.Builder
	style Style
}

// WriteText prints the report for people.
func (r *Report) WriteText(out io.Writer, s Style) error {
	if s.Width <= 0 {
		s.Width = 100
	}
	s.Width = max(40, s.Width)
	p := printer{style: s}
	p.head(r)
	for i := range r.Exporters {
		p.exporter(&r.Exporters[i], r)
	}
	p.end(r)
	_, err := io.WriteString(out, p.out.String())
	return err
}

func (p *printer) paint(code, text string) string {
	if !p.style.Color {
		return text
	}
	return code + text + plain
}

func (p *printer) head(r *Report) {
	var where []string
	for _, l := range r.Listeners {
		where = append(where, l.Endpoint)
	}
	for _, f := range r.Files {
		where = append(where, f.Path)
	}
	verb := "read"
	if r.Source == "listen" {
		verb = "listened for " + text(seconds(r.Seconds)) + " on"
	}
	p.wrap("", "  ", verb+" "+present.Clean(list(where, func(s string) string { return s })))
	p.wrap("", "  ", fmt.Sprintf("%s, %s, from %s", quantity(r.Datagrams, "datagram"), present.Bytes(float64(r.Bytes)), plural(len(r.Exporters), "exporter")))
	if r.Source == "files" && !r.Began.IsZero() {
		p.wrap("", "  ", fmt.Sprintf("captured in %s, from %s UTC on", text(seconds(r.Seconds)), r.Began.Format("2006-01-02 15:04:05")))
	}
	p.findings(r.Findings)
}

func (p *printer) end(r *Report) {
	summary := plural(r.Problems, "problem") + ", " + plural(r.Hints, "hint")
	if r.Problems == 0 {
		summary = "no problem, " + plural(r.Hints, "hint")
	}
	fmt.Fprintf(&p.out, "\n%s\n", p.paint(bold, summary))
}

// line prints a fact with its name.
func (p *printer) line(name, value string) {
	if value != "" {
		p.wrap(fmt.Sprintf("  %-13s", name), strings.Repeat(" ", 15), value)
	}
}

func (p *printer) exporter(e *Exporter, r *Report) {
	title := e.Address.String()
	if e.Name != "" {
		title = present.Clean(e.Name) + " (" + title + ")"
	}
	about := strings.Join(e.Protocols, ", ")
	if len(e.Protocols) == 0 {
		about = "no flow protocol"
	}
	about += " over " + strings.Join(e.Transports, ", ")
	if e.Vendor != VendorUnknown {
		about += "; looks like " + string(e.Vendor)
	}
	fmt.Fprintf(&p.out, "\n%s  %s\n", p.paint(bold, title), about)
	p.traffic(e, r)
	if len(e.Protocols) > 0 {
		p.line("domains", list(e.Domains, func(d Domain) string { return strconv.FormatUint(uint64(d.ID), 10) + " (" + d.Protocol + ")" }))
		p.line("agents", list(e.Agents, netip.Addr.String))
		p.templates(e)
		p.facts(e)
	}
	p.findings(e.Findings)
}

func (p *printer) traffic(e *Exporter, r *Report) {
	kinds := []string{quantity(e.Messages, "message"), quantity(e.Flows, "flow")}
	if e.Options > 0 {
		kinds = append(kinds, quantity(e.Options, "options record"))
	}
	if e.Counters > 0 {
		kinds = append(kinds, quantity(e.Counters, "counter record"))
	}
	all := strings.Join(append(kinds, present.Bytes(float64(e.Bytes))), ", ")
	if e.BytesPerSecond > 0 {
		all += fmt.Sprintf("; %s records/s, %s/s", decimal(e.RecordsPerSecond), present.Bytes(e.BytesPerSecond))
	}
	p.line("traffic", all)
}

func (p *printer) facts(e *Exporter) {
	var parts []string
	for _, s := range e.Sampling {
		rate := "1 in " + grouped(s.Rate)
		switch {
		case s.Source == "assumed":
			rate = "not told"
		case s.Rate == 1:
			rate = "every packet"
		}
		parts = append(parts, fmt.Sprintf("%s (%s, %s)", rate, s.Source, quantity(s.Flows, "flow")))
	}
	p.line("sampling", list(parts, func(s string) string { return s }))
	p.line("sequence", sequenceText(e))
	if c := e.ClockSkew; c != nil {
		span := signed(c.Min)
		if most := signed(c.Max); most != span {
			span += " to " + most
		}
		p.line("clock", span+" against the time of receipt")
	}
	if e.Flows == 0 {
		return
	}
	var times []string
	for _, source := range slices.Sorted(maps.Keys(e.Flow.Times)) {
		times = append(times, source+" "+percent(e.Flow.Times[source], e.Flows))
	}
	p.line("flow times", strings.Join(times, ", ")+"; the longest flow took "+text(seconds(e.Flow.Longest)))
	p.line("interfaces", namesText(&e.Interfaces))
	p.line("applications", namesText(&e.Applications))
	if e.Flow.ASCarried || e.Flow.AS > 0 {
		p.line("AS numbers", "in "+percent(e.Flow.AS, e.Flows)+" of flows")
	}
	if e.Flow.NAT > 0 {
		p.line("translation", quantity(e.Flow.NAT, "flow")+" with addresses after it")
	}
	if c := e.Conversation; c.Seen > 0 {
		p.line("directions", fmt.Sprintf("both seen of %d of %s", c.Both, plural(c.Seen, "TCP connection")))
	}
}

func sequenceText(e *Exporter) string {
	var lost []Domain
	unclear := ""
	for _, d := range e.Domains {
		switch {
		case d.Protocol == "netflow1": // it has none
		case d.Split || d.several():
			unclear = "not to be told where several processes number their messages"
		case d.Lost > 0:
			lost = append(lost, d)
		}
	}
	if len(lost) == 0 {
		return cmp.Or(unclear, "nothing is missing")
	}
	return list(lost, func(d Domain) string {
		return fmt.Sprintf("%s of %s missing in %s", quantity(d.Lost, strings.TrimSuffix(d.LostUnit, "s")), percentOf(d), domainName(d))
	})
}

func namesText(n *Names) string {
	switch {
	case n.Seen == 0:
		return "none in flows"
	case n.Named == n.Seen:
		return fmt.Sprintf("%d, all with names", n.Seen)
	}
	return fmt.Sprintf("%d, %d with names", n.Seen, n.Named)
}

// mostTemplates is how many templates of a domain are shown unless all are asked
// for.
const mostTemplates = 6

func (p *printer) templates(e *Exporter) {
	for i := range e.Domains {
		d := &e.Domains[i]
		for j := range d.Templates {
			if j == mostTemplates && !p.style.Templates {
				p.line("", fmt.Sprintf("… and %d more of domain %d; --templates shows them", len(d.Templates)-j, d.ID))
				break
			}
			p.template(&d.Templates[j], j == 0 && i == 0, d, len(e.Domains) > 1)
		}
		for _, m := range d.Missing {
			p.line("missing", fmt.Sprintf("template %d of domain %d: %s, %s", m.ID, d.ID, quantity(m.Sets, "set"), present.Bytes(float64(m.Bytes))))
		}
	}
}

func (p *printer) template(t *Template, first bool, d *Domain, several bool) {
	name := ""
	if first {
		name = "templates"
	}
	title := strconv.Itoa(int(t.ID))
	if several {
		title += " of domain " + strconv.FormatUint(uint64(d.ID), 10)
	}
	if t.Options {
		title += ", options"
	}
	if t.Sets == 0 {
		title += ", not used"
	}
	fields := make([]string, len(t.Fields))
	for i, f := range t.Fields {
		fields[i] = present.Clean(f.Name)
		if p.style.Templates {
			length := strconv.Itoa(int(f.Length))
			if f.Length == 65535 {
				length = "variable"
			}
			fields[i] += " " + length
		}
	}
	line := title + ": " + strings.Join(fields, ", ")
	if !p.style.Templates {
		if room := p.style.Width - 15; utf8.RuneCountInString(line) > room {
			count := fmt.Sprintf(" … %s", plural(len(fields), "field"))
			line = string([]rune(line)[:max(0, room-utf8.RuneCountInString(count))])
			if i := strings.LastIndex(line, ", "); i > 0 {
				line = line[:i]
			}
			line += count
		}
	}
	p.line(name, line)
}

func (p *printer) findings(list []Finding) {
	for _, f := range list {
		code := map[Severity]string{Error: red, Warning: yellow, Hint: cyan}[f.Severity]
		first := fmt.Sprintf("  %-7s  ", f.Severity)
		p.wrap(p.paint(code, first), strings.Repeat(" ", 11), f.ID+": "+present.Clean(f.Text))
		p.wrap(strings.Repeat(" ", 11), strings.Repeat(" ", 11), present.Clean(f.Advice))
		for _, c := range f.Commands {
			fmt.Fprintf(&p.out, "%s%s\n", strings.Repeat(" ", 15), p.paint(dim, c))
		}
	}
}

// wrap prints a text after a prefix, broken at spaces; further lines are indented.
func (p *printer) wrap(prefix, indent, text string) {
	at := utf8.RuneCountInString(indent)
	p.out.WriteString(prefix)
	column, begin := at, true
	if prefix == "" {
		column = 0
	}
	for word := range strings.FieldsSeq(text) {
		n := utf8.RuneCountInString(word)
		if !begin && column+1+n > p.style.Width {
			p.out.WriteString("\n" + indent)
			column, begin = at, true
		}
		if !begin {
			p.out.WriteByte(' ')
			column++
		}
		p.out.WriteString(word)
		column += n
		begin = false
	}
	p.out.WriteByte('\n')
}

// text is a span of time for people.
func text(d time.Duration) string {
	switch d = d.Abs(); {
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < 2*time.Minute:
		return decimal(d.Seconds()) + " s"
	case d < 2*time.Hour:
		return decimal(d.Minutes()) + " minutes"
	case d < 48*time.Hour:
		return decimal(d.Hours()) + " hours"
	}
	return decimal(d.Hours()/24) + " days"
}

func signed(s float64) string {
	sign := "+"
	if s <= -0.0005 {
		sign = "-"
	}
	return sign + text(seconds(s))
}
