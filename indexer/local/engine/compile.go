package engine

import (
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/flow/catalogue"
	"github.com/weirflow/weir/indexer/local/column"
	"github.com/weirflow/weir/indexer/query"
)

// compile turns a range of time and a filter into a predicate; nil when every row
// matches. from is included, to is not.
func compile(from, to int64, filter query.Node) predicate {
	var parts conjunction
	if from != math.MinInt64 || to != math.MaxInt64 {
		parts = append(parts, between{column.Timestamp, from, to - 1})
	}
	if filter != nil {
		p := compileNode(filter)
		if inner, ok := p.(conjunction); ok {
			parts = append(parts, inner...)
		} else {
			parts = append(parts, p)
		}
	}
	switch len(parts) {
	case 0:
		return nil
	case 1:
		return parts[0]
	}
	return parts
}

func compileNode(n query.Node) predicate {
	switch n := n.(type) {
	case query.And:
		list := make(conjunction, len(n.Nodes))
		for i, part := range n.Nodes {
			list[i] = compileNode(part)
		}
		// What costs least comes first, so that the rest has fewer rows to do.
		slices.SortStableFunc(list, func(a, b predicate) int { return cost(a) - cost(b) })
		return list
	case query.Or:
		list := make(disjunction, len(n.Nodes))
		for i, part := range n.Nodes {
			list[i] = compileNode(part)
		}
		return list
	case query.Not:
		return negation{compileNode(n.Node)}
	case query.Exists:
		return compileExists(n.Field)
	case query.Equal:
		return compileTexts(n.Field, n.Value, func(s string) bool { return s == n.Value })
	case query.Like:
		return compileTexts(n.Field, "", n.Match)
	case query.Between:
		return compileBetween(n)
	case query.Within:
		return compileWithin(n)
	}
	return constant(false)
}

// cost orders predicates by what a row costs, roughly.
func cost(p predicate) int {
	switch p := p.(type) {
	case constant, presence:
		return 0
	case between:
		return 1
	case matching:
		if p.column == column.Elements || p.column == column.CommunityID {
			return 4
		}
		return 2
	}
	return 3
}

func compileExists(f query.Field) predicate {
	r := newReader(f)
	switch {
	case r.constant != "":
		return constant(true)
	case f.Catalogue.Form == catalogue.FormTCPFlags, f.Catalogue.Form == catalogue.FormEventType: // no bits are an empty list
		return between{r.columns[0], 1, math.MaxInt64}
	case f.Catalogue.Type == catalogue.Elements:
		return matching{column: r.columns[0], text: func(s string) bool { return len(r.ownCopy().textsOfText(s)) > 0 }}
	}
	return anyOf(r.columns, func(col int) predicate { return presence(col) })
}

func anyOf(columns []int, make func(col int) predicate) predicate {
	if len(columns) == 1 {
		return make(columns[0])
	}
	list := disjunction{}
	for _, col := range columns {
		list = append(list, make(col))
	}
	return list
}

// compileTexts matches fields of texts; equal is the text to be equal to, if that
// is the question.
func compileTexts(f query.Field, equal string, match func(string) bool) predicate {
	r := newReader(f)
	if r.constant != "" {
		return constant(match(r.constant))
	}
	col := r.columns[0]
	if column.Columns[col].Kind == column.Int {
		if v, err := strconv.ParseInt(equal, 10, 64); err == nil && f.Catalogue.Form == catalogue.FormText {
			if strconv.FormatInt(v, 10) != equal {
				return constant(false)
			}
			return between{col, v, v}
		}
		return matching{column: col, number: func(v int64) bool {
			return slices.ContainsFunc(flow.Names(f.Catalogue.Form, uint64(v)), match)
		}}
	}
	switch f.Catalogue.Type {
	case catalogue.Elements:
		quoted := `"` + f.Element + `"`
		return matching{column: col, text: func(s string) bool {
			// Most objects lack the element; looking for its name is cheap. One with
			// escapes may have the name in another spelling.
			if f.Element != "" && !strings.Contains(s, quoted) && !strings.Contains(s, `\`) {
				return false
			}
			return slices.ContainsFunc(r.ownCopy().textsOfText(s), match)
		}}
	case catalogue.Keywords:
		return matching{column: col, text: func(s string) bool {
			return slices.ContainsFunc(r.ownCopy().textsOfText(s), match)
		}}
	}
	return matching{column: col, text: match}
}

// ownCopy gives a reader for one call, as predicates are shared by workers.
func (r reader) ownCopy() *reader {
	r.texts, r.nums = nil, nil
	return &r
}

func compileBetween(n query.Between) predicate {
	r := newReader(n.Field)
	if n.Field.Catalogue.Type == catalogue.Labels {
		return matching{column: r.columns[0], text: func(s string) bool {
			return slices.ContainsFunc(r.ownCopy().numsOfText(s), func(v int64) bool { return n.Min <= v && v <= n.Max })
		}}
	}
	return between{r.columns[0], n.Min, n.Max}
}

func compileWithin(n query.Within) predicate {
	first, last := n.First.Unmap(), n.Last.Unmap()
	match := func(s string) bool {
		a, ok := addressOf(s)
		switch {
		case !ok:
			return false
		case a.Is4() && first.Is4() && last.Is4():
			return first.Compare(a) <= 0 && a.Compare(last) <= 0
		}
		a = netip.AddrFrom16(a.As16())
		return n.First.Compare(a) <= 0 && a.Compare(n.Last) <= 0
	}
	return anyOf(newReader(n.Field).columns, func(col int) predicate { return matching{column: col, text: match} })
}
