package present

import (
	"io"
	"slices"
	"strings"
	"unicode"
)

// table is rows of cells below headings. Columns of numbers stand right.
type table struct {
	columns []column
	rows    []row
	// bars has one drawn behind each row, as long as its share, where no chart is.
	bars bool
	// charts is how many columns are kept for the charts of rows.
	charts int
}

type column struct {
	heading string
	right   bool
	// fixed columns keep their width when the terminal is too narrow; those that
	// are spare above 0 are left out then, the greatest first.
	fixed bool
	spare int
	// keep marks addresses, which are cut last: half of one is another one. Before
	// that columns that are loose are left out, the last first.
	keep, loose bool
}

type row struct {
	cells []string
	// share is the length of the bar, 0 to 1.
	share float64
	// chart is text that is drawn instead of a bar.
	chart string
	// aside marks a row that is none of the list: the rest and the total.
	aside bool
}

const (
	gap       = 2  // between columns
	leastText = 8  // what a column of text is cut to at most
	mostBar   = 40 // the longest bar
	leastBar  = 6  // the shortest one that is worth the place
	fileBar   = 24 // where there is no terminal
)

// widths gives the width of every column so that the table fits into most, and
// what is left for bars.
func (t *table) widths(most, least int) (list []int, left int) {
	list = make([]int, len(t.columns))
	total := gap * (len(list) - 1)
	for i, c := range t.columns {
		list[i] = width(c.heading)
		for _, r := range t.rows {
			list[i] = max(list[i], width(r.cells[i]))
		}
		total += list[i]
	}
	if most <= 0 {
		return list, 0
	}
	if least > 0 {
		total += gap
	}
	for total+least > most {
		widest := -1
		for i, c := range t.columns {
			if c.soft(list[i]) && (widest < 0 || t.columns[widest].keep && !c.keep || t.columns[widest].keep == c.keep && list[i] > list[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			break
		}
		list[widest]--
		total--
	}
	return list, max(0, most-total)
}

// soft reports whether a column that is n wide may be cut.
func (c column) soft(n int) bool { return !c.fixed && !c.right && n > leastText }

// leaveOut takes spare columns out until the rest fits into most.
func (t *table) leaveOut(most int) {
	for most > 0 {
		list, _ := t.widths(0, 0)
		total, cut, out := gap*(len(list)-1), 0, -1
		for i, w := range list {
			total += w
			c := t.columns[i]
			if c.soft(w) && !c.keep {
				cut += w - leastText
			}
			if c.spare > 0 && (out < 0 || c.spare > t.columns[out].spare) {
				out = i
			}
		}
		addresses := slices.ContainsFunc(t.columns, func(c column) bool { return c.keep })
		for i := range t.columns {
			if out < 0 || t.columns[out].spare == 0 {
				if t.columns[i].loose && addresses && total-cut > most {
					out = i
				}
			}
		}
		if total <= most || out < 0 {
			return
		}
		t.columns = slices.Delete(t.columns, out, out+1)
		for i := range t.rows {
			t.rows[i].cells = slices.Delete(t.rows[i].cells, out, out+1)
		}
	}
}

// write writes the table.
func (t *table) write(out io.Writer, s Style) error {
	t.leaveOut(s.Width)
	bar := 0
	widths, left := t.widths(s.Width, t.charts)
	switch {
	case !t.bars:
	case s.Width <= 0:
		bar = fileBar
	case left >= gap+leastBar: // a bar is worth no cut
		bar = min(left-gap, mostBar)
	}
	var b strings.Builder
	headings := make([]string, len(t.columns))
	for i, c := range t.columns {
		headings[i] = c.heading
	}
	t.line(&b, s, widths, headings, bold, "")
	for _, r := range t.rows {
		code, drawing := "", r.chart
		if r.aside {
			code = dim
		} else if drawing == "" && bar > 0 {
			drawing = Bar(r.share, bar)
		}
		t.line(&b, s, widths, r.cells, code, drawing)
	}
	_, err := io.WriteString(out, b.String())
	return err
}

func (t *table) line(b *strings.Builder, s Style, widths []int, cells []string, code, drawing string) {
	var line strings.Builder
	for i, text := range cells {
		if i > 0 {
			line.WriteString(strings.Repeat(" ", gap))
		}
		text = cut(text, widths[i])
		space := strings.Repeat(" ", widths[i]-width(text))
		if t.columns[i].right {
			line.WriteString(space + text)
		} else {
			line.WriteString(text + space)
		}
	}
	text := line.String()
	if drawing == "" {
		text = strings.TrimRight(text, " ")
	}
	if s.Width > 0 {
		text = cut(text, s.Width)
	}
	b.WriteString(s.paint(code, text))
	if drawing != "" {
		b.WriteString(strings.Repeat(" ", gap) + s.paint(blue, drawing))
	}
	b.WriteByte('\n')
}

// cut shortens a text to n columns.
func cut(text string, n int) string {
	if width(text) <= n {
		return text
	}
	w := 0
	for i, r := range text {
		if w += runeWidth(r); w > n-1 {
			return text[:i] + "…"
		}
	}
	return text
}

// width is how many columns of a terminal a text takes.
func width(text string) (n int) {
	for _, r := range text {
		n += runeWidth(r)
	}
	return n
}

// wide are the letters that take two columns, those of East Asia and emoji.
var wide = &unicode.RangeTable{
	R16: []unicode.Range16{{Lo: 0x1100, Hi: 0x115f, Stride: 1}, {Lo: 0x2e80, Hi: 0x303e, Stride: 1}, {Lo: 0x3041, Hi: 0xa4cf, Stride: 1},
		{Lo: 0xac00, Hi: 0xd7a3, Stride: 1}, {Lo: 0xf900, Hi: 0xfaff, Stride: 1}, {Lo: 0xfe30, Hi: 0xfe6f, Stride: 1}, {Lo: 0xff00, Hi: 0xff60, Stride: 1}, {Lo: 0xffe0, Hi: 0xffe6, Stride: 1}},
	R32: []unicode.Range32{{Lo: 0x1f300, Hi: 0x1f64f, Stride: 1}, {Lo: 0x1f900, Hi: 0x1f9ff, Stride: 1}, {Lo: 0x20000, Hi: 0x3fffd, Stride: 1}},
}

func runeWidth(r rune) int {
	switch {
	case r < 0x300:
		return 1
	case unicode.In(r, unicode.Mn, unicode.Me):
		return 0
	case unicode.Is(wide, r):
		return 2
	}
	return 1
}
