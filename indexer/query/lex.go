package query

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// FilterError says where a filter cannot be read and what is expected there.
type FilterError struct {
	// Filter is the text.
	Filter string
	// Column counts characters from 1; one past the end when the text ends too
	// early.
	Column int
	// Reason says what is wrong or expected.
	Reason string
}

func (e *FilterError) Error() string {
	return fmt.Sprintf("filter, column %d: %s", e.Column, e.Reason)
}

// Point shows the filter with a mark below the column, in two lines.
func (e *FilterError) Point() string {
	line := strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || r == '\r' {
			return ' '
		}
		return r
	}, e.Filter)
	return line + "\n" + strings.Repeat(" ", e.Column-1) + "^"
}

// specials end a word unless a backslash stands before them; * is a wildcard.
const specials = `\():<>"*{}`

const nbsp = '\u00a0'

var keywords = []string{"and", "or", "not"}

// keywordAt gives the keyword that s begins with, whatever follows it.
func keywordAt(s string) string {
	for _, word := range keywords {
		if len(s) >= len(word) && strings.EqualFold(s[:len(word)], word) {
			return word
		}
	}
	return ""
}

// word is a piece of text and its place.
type word struct {
	// parts are the text, cut at its wildcards; one part without any.
	parts  []string
	at     int
	quoted bool
}

// text is the word with its wildcards.
func (w word) text() string { return strings.Join(w.parts, "*") }

type parser struct {
	text  string
	at    int
	depth int
	now   time.Time
}

// fail gives the error for the place at.
func (p *parser) fail(at int, format string, args ...any) error {
	return &FilterError{Filter: p.text, Column: utf8.RuneCountInString(p.text[:at]) + 1, Reason: fmt.Sprintf(format, args...)}
}

func isSpace(r rune) bool {
	return r == ' ' || r == '\t' || r == '\n' || r == '\r' || r == nbsp
}

func (p *parser) spaces() {
	for p.at < len(p.text) {
		r, size := utf8.DecodeRuneInString(p.text[p.at:])
		if !isSpace(r) {
			return
		}
		p.at += size
	}
}

// next is the byte at the place, 0 at the end.
func (p *parser) next() byte {
	if p.at < len(p.text) {
		return p.text[p.at]
	}
	return 0
}

// rest shows what stands at the place, for errors.
func (p *parser) rest() string {
	if p.at >= len(p.text) {
		return "the end"
	}
	rest := p.text[p.at:]
	if end := strings.IndexFunc(rest, isSpace); end > 0 {
		rest = rest[:end]
	}
	if runes := []rune(rest); len(runes) > 20 {
		rest = string(runes[:20]) + "…"
	}
	return strconv.Quote(rest)
}

// keyword gives the keyword that stands at the place as a word of its own, and ""
// when none does.
func (p *parser) keyword() string {
	rest := p.text[p.at:]
	found := keywordAt(rest)
	if found == "" {
		return ""
	}
	r, _ := utf8.DecodeRuneInString(rest[len(found):])
	if len(rest) == len(found) || isSpace(r) || strings.ContainsRune(`()"`, r) {
		return found
	}
	return ""
}

// takeKeyword goes past the keyword and the spaces behind it, if it is there.
func (p *parser) takeKeyword(want string) bool {
	p.spaces()
	if p.keyword() != want {
		return false
	}
	p.at += len(want)
	p.spaces()
	return true
}

// quoted reads a text in quotes; the place is at the first quote.
func (p *parser) quoted() (word, error) {
	w := word{at: p.at, quoted: true}
	var out []byte
	for p.at++; p.at < len(p.text); {
		switch c := p.text[p.at]; c {
		case '"':
			p.at++
			w.parts = []string{string(out)}
			return w, nil
		case '\\':
			var err error
			if out, err = p.escape(out); err != nil {
				return w, err
			}
		default:
			out = append(out, c)
			p.at++
		}
	}
	return w, p.fail(w.at, "this quote is not closed")
}

// unquoted reads one word up to a space or a special character. With colons
// those belong to the word, as in 2001:db8::1.
func (p *parser) unquoted(colons bool) (word, error) {
	w := word{at: p.at}
	var out []byte
	for p.at < len(p.text) {
		r, size := utf8.DecodeRuneInString(p.text[p.at:])
		switch {
		case r == '\\':
			var err error
			if out, err = p.escape(out); err != nil {
				return w, err
			}
			continue
		case r == '*':
			w.parts = append(w.parts, string(out))
			out = out[:0]
			p.at++
			continue
		case r == '{' || r == '}':
			return w, p.fail(p.at, "%q is for nested fields, which flows do not have; put the text in quotes", string(r))
		case isSpace(r) || strings.ContainsRune(specials, r) && (r != ':' || !colons):
			w.parts = append(w.parts, string(out))
			return w, nil
		}
		out = append(out, p.text[p.at:p.at+size]...)
		p.at += size
	}
	w.parts = append(w.parts, string(out))
	return w, nil
}

// escape reads a backslash and what it protects.
func (p *parser) escape(out []byte) ([]byte, error) {
	start, rest := p.at, p.text[p.at+1:]
	if found := keywordAt(rest); found != "" {
		p.at += 1 + len(found)
		return append(out, rest[:len(found)]...), nil
	}
	if rest == "" {
		return out, p.fail(start, `expected a character after \`)
	}
	p.at += 2
	switch c := rest[0]; {
	case c == 't':
		return append(out, '\t'), nil
	case c == 'n':
		return append(out, '\n'), nil
	case c == 'r':
		return append(out, '\r'), nil
	case c == 'u':
		if len(rest) >= 5 {
			if v, err := strconv.ParseUint(rest[1:5], 16, 16); err == nil && utf8.ValidRune(rune(v)) {
				p.at += 4
				return utf8.AppendRune(out, rune(v)), nil
			}
		}
		return out, p.fail(start, `expected four hexadecimal digits of a character after \u`)
	case c == ' ' || strings.IndexByte(specials, c) >= 0:
		return append(out, c), nil
	}
	return out, p.fail(start, `\ does not protect what follows; write \\ for a backslash`)
}
