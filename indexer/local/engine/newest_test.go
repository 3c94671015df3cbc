package engine

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/weirflow/weir/indexer/local/column"
	"github.com/weirflow/weir/indexer/query"
)

// rowText gives a row as text, without what is absent.
func rowText(columns []query.Column, row []any) string {
	m := map[string]any{}
	for i, v := range row {
		if t, ok := v.(time.Time); ok {
			v = query.FormatTime(t.UnixNano())
		}
		if raw, ok := v.(json.RawMessage); ok { // in the order of its names
			d := json.NewDecoder(strings.NewReader(string(raw)))
			d.UseNumber()
			if err := d.Decode(&v); err != nil {
				panic(err)
			}
		}
		if v != nil {
			m[columns[i].Name] = v
		}
	}
	text, err := json.Marshal(m)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// pages gives all rows, page by page: each page's times must not rise, and rows
// of one time are sorted so that they compare.
func pages(t *testing.T, blocks []column.Block, r query.Request) (rows []string) {
	t.Helper()
	last := ""
	for page := 0; ; page++ {
		a, err := Run(t.Context(), blocks, r)
		mustNot(t, err)
		if len(a.Newest.Rows) > r.Newest.Count || page > 0 && len(a.Newest.Rows) == 0 {
			t.Fatalf("page %d has %d rows", page, len(a.Newest.Rows))
		}
		for _, row := range a.Newest.Rows {
			text := rowText(a.Newest.Columns, row)
			rows = append(rows, text)
			var at struct {
				T string `json:"@timestamp"`
			}
			mustNot(t, json.Unmarshal([]byte(text), &at))
			if last != "" && timeOf(at.T) > timeOf(last) {
				t.Fatalf("%s comes after %s", at.T, last)
			}
			last = at.T
		}
		if a.Newest.Next == "" {
			break
		}
		next := *r.Newest
		next.After = a.Newest.Next
		r.Newest = &next
	}
	slices.Sort(rows)
	return rows
}

func timeOf(s string) int64 {
	at, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		panic(err)
	}
	return at.UnixNano()
}

func modelNewest(docs []document, r query.Request) (rows []string) {
	for _, d := range docs {
		m := map[string]any{}
		for _, f := range query.Fields() {
			if v, ok := d[f.Name]; ok && (len(r.Newest.Fields) == 0 || slices.Contains(r.Newest.Fields, f.Name)) {
				m[f.Name] = v
			}
		}
		text, err := json.Marshal(m)
		if err != nil {
			panic(err)
		}
		rows = append(rows, string(text))
	}
	slices.Sort(rows)
	return rows
}
