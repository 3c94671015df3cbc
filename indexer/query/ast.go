package query

import (
	"fmt"
	"math"
	"net/netip"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Node is a filter, as a tree: And, Or and Not over the leaves Exists, Equal,
// Like, Between and Within. A Querier of another store translates it. Nodes must
// not be changed once they are in use.
//
// A row without a value in a leaf's field does not match the leaf. Where a field
// holds a list, one value that matches is enough.
type Node interface {
	// String writes the filter so that Parse reads the same tree.
	String() string
	appendTo(dst []byte, inside precedence) []byte
}

// And selects what all of its nodes select; it has two or more, none an And.
type And struct{ Nodes []Node }

// Or selects what any of its nodes selects; it has two or more, none an Or.
type Or struct{ Nodes []Node }

// Not selects what its node does not select.
type Not struct{ Node Node }

// Exists selects the rows that have a value in the field.
type Exists struct{ Field Field }

// Equal selects by one value of a Text field, or of any element when the field is
// flow.ie itself.
type Equal struct {
	Field Field
	Value string
}

// Like selects by a pattern over a Text field or flow.ie: the parts in this order,
// with anything in between. There are two parts or more; an empty first or last
// one leaves that end open.
type Like struct {
	Field Field
	Parts []string
}

// Between selects Min ≤ value ≤ Max of a Number or Time field; times are Unix
// nanoseconds, and the bounds are those of whole milliseconds.
type Between struct {
	Field    Field
	Min, Max int64
}

// Within selects First ≤ value ≤ Last of an Address field. Addresses compare as
// 16 bytes, IPv4 ones in their IPv4-mapped form, which is how First and Last are
// held.
type Within struct {
	Field       Field
	First, Last netip.Addr
}

// Match reports whether the pattern fits s. Letters' case counts.
func (l Like) Match(s string) bool {
	first, last := l.Parts[0], l.Parts[len(l.Parts)-1]
	if len(s) < len(first)+len(last) || !strings.HasPrefix(s, first) || !strings.HasSuffix(s, last) {
		return false
	}
	s = s[len(first) : len(s)-len(last)]
	for _, part := range l.Parts[1 : len(l.Parts)-1] {
		at := strings.Index(s, part)
		if at < 0 {
			return false
		}
		s = s[at+len(part):]
	}
	return true
}

// precedence is how tightly what stands around a node binds.
type precedence uint8

const (
	inNothing precedence = iota
	inOr
	inAnd
	inNot
)

func text(n Node) string { return string(n.appendTo(nil, inNothing)) }

func (n And) String() string     { return text(n) }
func (n Or) String() string      { return text(n) }
func (n Not) String() string     { return text(n) }
func (n Exists) String() string  { return text(n) }
func (n Equal) String() string   { return text(n) }
func (n Like) String() string    { return text(n) }
func (n Between) String() string { return text(n) }
func (n Within) String() string  { return text(n) }

func (n And) appendTo(dst []byte, inside precedence) []byte {
	return appendList(dst, n.Nodes, " and ", inAnd, inside >= inAnd)
}

func (n Or) appendTo(dst []byte, inside precedence) []byte {
	return appendList(dst, n.Nodes, " or ", inOr, inside >= inOr)
}

func appendList(dst []byte, nodes []Node, word string, own precedence, brackets bool) []byte {
	if brackets {
		dst = append(dst, '(')
	}
	for i, n := range nodes {
		if i > 0 {
			dst = append(dst, word...)
		}
		dst = n.appendTo(dst, own)
	}
	if brackets {
		dst = append(dst, ')')
	}
	return dst
}

func (n Not) appendTo(dst []byte, _ precedence) []byte {
	return n.Node.appendTo(append(dst, "not "...), inNot)
}

func (n Exists) appendTo(dst []byte, _ precedence) []byte {
	return append(appendName(dst, n.Field), ":*"...)
}

func (n Equal) appendTo(dst []byte, _ precedence) []byte {
	return appendQuoted(append(appendName(dst, n.Field), ':'), n.Value)
}

func (n Like) appendTo(dst []byte, _ precedence) []byte {
	dst = append(appendName(dst, n.Field), ':')
	for i, part := range n.Parts {
		if i > 0 {
			dst = append(dst, '*')
		}
		dst = appendEscaped(dst, part)
	}
	return dst
}

func (n Between) appendTo(dst []byte, _ precedence) []byte {
	dst = appendName(dst, n.Field)
	value := func(dst []byte, v int64) []byte {
		if n.Field.Class == Time {
			return appendQuoted(dst, formatMillis(v))
		}
		return strconv.AppendInt(dst, v, 10)
	}
	switch {
	case n.Field.Class == Time && n.Min != math.MinInt64 && n.Max != math.MaxInt64:
		return appendQuoted(append(dst, ':'), formatSpan(n.Min, n.Max))
	case n.Min == n.Max:
		return value(append(dst, ':'), n.Min)
	case n.Max == math.MaxInt64:
		return value(append(dst, " >= "...), n.Min)
	}
	return value(append(dst, " <= "...), n.Max)
}

func (n Within) appendTo(dst []byte, _ precedence) []byte {
	dst = appendName(dst, n.Field)
	if p, ok := span(n.First, n.Last); ok {
		return appendQuoted(append(dst, ':'), p)
	}
	if n.Last == lastAddr {
		return appendQuoted(append(dst, " >= "...), n.First.Unmap().String())
	}
	return appendQuoted(append(dst, " <= "...), n.Last.Unmap().String())
}

// appendName writes a field's name. Elements' names come from users and may hold
// anything.
func appendName(dst []byte, f Field) []byte { return appendEscaped(dst, f.Name) }

// appendQuoted writes s in quotes.
func appendQuoted(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for i := range len(s) {
		if s[i] == '"' || s[i] == '\\' {
			dst = append(dst, '\\')
		}
		dst = append(dst, s[i])
	}
	return append(dst, '"')
}

// appendEscaped writes s without quotes: whatever could end a word, be a wildcard
// or begin one of and, or, not gets a backslash.
func appendEscaped(dst []byte, s string) []byte {
	for i, r := range s {
		switch {
		case r == '\t' || r == '\n' || r == '\r' || r == nbsp:
			dst = fmt.Appendf(dst, `\u%04x`, r)
			continue
		case r == ' ' || strings.ContainsRune(specials, r) || i == 0 && keywordAt(s) != "":
			dst = append(dst, '\\')
		}
		dst = utf8.AppendRune(dst, r)
	}
	return dst
}
