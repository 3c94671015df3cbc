package boards

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/weirflow/weir/dashboards/kibana/savedobject"
)

// Reference gives docs/reference/dashboards.md: what is on each board, which
// question each panel answers, and from which fields.
func Reference() []byte {
	var out bytes.Buffer
	out.WriteString("# Dashboards\n\nThe boards that Weir brings for Kibana and OpenSearch Dashboards, generated from\n" +
		"`dashboards/kibana/boards` by `make generate`. How to import and use them:\n" +
		"[dashboards.md](../how-to/dashboards.md). The fields: [fields.md](../fields.md).\n\n")
	found := map[string]*savedobject.Object{}
	objects := Objects()
	for i := range objects {
		found[objects[i].ID] = &objects[i]
	}
	out.WriteString("## Boards\n\n| Board | What it shows | Time range |\n|---|---|---|\n")
	all := Boards()
	for i := range all {
		fmt.Fprintf(&out, "| [%s](#%s) | %s | %s |\n", short(all[i].Title), anchor(short(all[i].Title)), all[i].Description, span(&all[i]))
	}
	for i := range all {
		b := &all[i]
		fmt.Fprintf(&out, "\n## %s\n\nId `%s`.\n\n| Panel | Question | Fields |\n|---|---|---|\n", short(b.Title), b.ID)
		for _, row := range b.Rows {
			for k := range row.Panels {
				p := &row.Panels[k]
				if p.Name == "navigation" {
					continue
				}
				fmt.Fprintf(&out, "| %s | %s | %s |\n", p.Title, p.Question, code(FieldsOf(found[b.PanelID(p)])))
			}
		}
	}
	out.WriteString("\n## Saved searches\n\n| Search | What it shows | Question in KQL |\n|---|---|---|\n")
	for _, s := range Searches() {
		query := "everything in `" + pattern(s.View) + "`"
		if s.Query != "" {
			query = "`" + s.Query + "`"
		}
		fmt.Fprintf(&out, "| %s | %s | %s |\n", short(s.Title), s.Description, query)
	}
	out.WriteString("\n## Data views\n\n| Data view | What is in it | Fields |\n|---|---|---|\n")
	for _, v := range Views() {
		fmt.Fprintf(&out, "| `%s` (id `%s`) | %s | %d |\n", v.Pattern, v.ID, v.Meaning, len(v.Fields))
	}
	return out.Bytes()
}

func short(title string) string { return strings.TrimPrefix(title, prefix) }

// anchor is the name that a heading has in links.
func anchor(heading string) string {
	keep := func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			return r
		case r == ' ':
			return '-'
		}
		return -1
	}
	return strings.Map(keep, strings.ToLower(heading))
}

func span(b *savedobject.Board) string {
	if b.From == "" {
		return "the one that is set"
	}
	span, _, _ := strings.Cut(strings.TrimPrefix(b.From, "now-"), "/") // what it is rounded to
	text := "last " + span
	if b.RefreshSeconds > 0 {
		text += fmt.Sprintf(", anew every %d s", b.RefreshSeconds)
	}
	return text
}

// code gives names for a table, without the time that every panel has.
func code(names []string) string {
	var list []string
	for _, name := range names {
		if name != "@timestamp" {
			list = append(list, "`"+name+"`")
		}
	}
	return strings.Join(list, ", ")
}
