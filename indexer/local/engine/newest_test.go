package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/weirflow/weir/flow"
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

// TestUnreadableFields shows the rows of a block with damaged columns, without
// these: a column that only is shown, and one that also orders rows of one time.
func TestUnreadableFields(t *testing.T) {
	for field, damaged := range map[string]int{"flow.category": int(flow.FieldFlowCategory), "network.bytes": int(flow.FieldNetworkBytes)} {
		blocks := made(4, 100, func(i int, r *flow.Record) {
			r.SetNetworkBytes(1)
			r.SetFlowCategory("Web")
			r.SetSourceIP(host(i))
			r.SetUserName("somebody")
		})
		blocks[2] = &faulty{blocks[2], func(_ context.Context, columns []int) error {
			if columns[0] == damaged {
				return fmt.Errorf("flows-3.parquet: %w", column.ErrDamaged)
			}
			return nil
		}}
		a := ask(t, blocks, query.Request{Newest: &query.Newest{Count: 350, Fields: []string{"flow.category", "network.bytes", "source.ip", "user.name"}}})
		shown := make([]int, 4)
		for _, row := range a.Newest.Rows {
			for i, v := range row {
				if v != nil {
					shown[i]++
				}
			}
		}
		for i, c := range a.Newest.Columns {
			if full := shown[i] == 350; full == (c.Name == field) || len(a.Newest.Rows) != 350 {
				t.Errorf("%s is damaged: %d of %d rows have %s", field, shown[i], len(a.Newest.Rows), c.Name)
			}
		}
		if a.Stats.Failed != 1 || len(a.Warnings) != 1 || !strings.Contains(a.Warnings[0], "rows show no "+field) || strings.Contains(a.Warnings[0], "left out") {
			t.Errorf("%s: %+v, %q", field, a.Stats, a.Warnings)
		}
	}
}
