package present

import (
	"encoding/csv"
	"encoding/json"
	"io"
	"strconv"

	"github.com/weirflow/weir/indexer/query"
)

// CSV writes the rows of an answer, with a line of column names first: those of
// JSON's rows. What is absent is empty, lists are JSON.
func CSV(out io.Writer, a *query.Answer) error {
	w := csv.NewWriter(out)
	names := func(columns ...[]query.Column) error {
		var list []string
		for _, part := range columns {
			for _, c := range part {
				list = append(list, c.Name)
			}
		}
		return w.Write(list)
	}
	var err error
	line := func(parts ...[]any) {
		var list []string
		for _, part := range parts {
			for _, v := range part {
				list = append(list, Field(v))
			}
		}
		if err == nil {
			err = w.Write(list)
		}
	}
	switch {
	case a.Groups != nil:
		err = names(a.Groups.Keys, a.Groups.Metrics)
		for _, r := range a.Groups.Rows {
			line(r.Keys, r.Values)
		}
		if len(a.Groups.Keys) == 0 {
			line(a.Groups.Total.Values)
		}
	case a.Histogram != nil:
		h := a.Histogram
		err = names([]query.Column{bucketColumn}, h.Keys, h.Metrics)
		list := h.Series
		if len(h.Keys) == 0 {
			list = []query.Series{h.Total}
		}
		for _, s := range list {
			for i, at := range h.Buckets {
				line([]any{at}, s.Keys, s.Values[i])
			}
		}
	case a.Newest != nil:
		err = names(a.Newest.Columns)
		for _, r := range a.Newest.Rows {
			line(r)
		}
	}
	if err != nil {
		return err
	}
	w.Flush()
	return w.Error()
}

// Field is a value as a field of CSV.
func Field(v any) string {
	switch v := precise(v).(type) {
	case nil:
		return ""
	case string:
		return v
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	default:
		b, err := json.Marshal(v)
		if err != nil {
			return ""
		}
		return string(b)
	}
}
