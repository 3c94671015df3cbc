package query

import (
	"math"
	"net"
	"net/netip"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/flow/catalogue"
)

// The bounds of a filter: what is beyond is refused before it costs anything.
const (
	maxFilter = 32 << 10
	maxDepth  = 100
)

// Parse reads a filter; docs/reference/filter.md describes the language. An empty
// one gives nil, which selects everything. Errors are *FilterError.
func Parse(filter string) (Node, error) { return ParseAt(filter, time.Now()) }

// ParseAt is Parse with the time that "now" means.
func ParseAt(filter string, now time.Time) (Node, error) {
	p := &parser{text: filter, now: now}
	if len(filter) > maxFilter {
		return nil, &FilterError{Filter: filter[:80], Column: 1, Reason: "a filter can have up to 32768 bytes"}
	}
	if !utf8.ValidString(filter) {
		return nil, &FilterError{Filter: strings.ToValidUTF8(filter, "\uFFFD"), Column: 1, Reason: "the filter is not valid UTF-8"}
	}
	if p.spaces(); p.at == len(p.text) {
		return nil, nil
	}
	n, err := p.query(p.condition)
	if err != nil {
		return nil, err
	}
	if p.at < len(p.text) {
		if p.next() == ')' {
			return nil, p.fail(p.at, "this bracket closes nothing")
		}
		return nil, p.fail(p.at, `expected "and", "or" or the end, not %s`, p.rest())
	}
	return n, nil
}

// query reads operands with and, or and not between them; "or" binds least.
func (p *parser) query(operand func() (Node, error)) (Node, error) {
	var alternatives []Node
	for {
		var all []Node
		for {
			n, err := p.not(operand)
			if err != nil {
				return nil, err
			}
			if inner, ok := n.(And); ok {
				all = append(all, inner.Nodes...)
			} else {
				all = append(all, n)
			}
			if !p.takeKeyword("and") {
				break
			}
		}
		n := all[0]
		if len(all) > 1 {
			n = And{all}
		}
		if inner, ok := n.(Or); ok {
			alternatives = append(alternatives, inner.Nodes...)
		} else {
			alternatives = append(alternatives, n)
		}
		if !p.takeKeyword("or") {
			break
		}
	}
	if len(alternatives) == 1 {
		return alternatives[0], nil
	}
	return Or{alternatives}, nil
}

func (p *parser) not(operand func() (Node, error)) (Node, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, p.fail(p.at, "brackets and nots can be nested %d deep", maxDepth)
	}
	defer func() { p.depth-- }()
	if p.takeKeyword("not") {
		n, err := p.not(operand)
		if err != nil {
			return nil, err
		}
		return Not{n}, nil
	}
	if p.next() == '(' {
		return p.brackets(operand)
	}
	return operand()
}

func (p *parser) brackets(operand func() (Node, error)) (Node, error) {
	open := p.at
	p.at++
	n, err := p.query(operand)
	if err != nil {
		return nil, err
	}
	if p.next() != ')' {
		if p.at == len(p.text) {
			return nil, p.fail(open, "this bracket is not closed")
		}
		return nil, p.fail(p.at, `expected "and", "or" or ")", not %s`, p.rest())
	}
	p.at++
	p.spaces()
	return n, nil
}

const wantCondition = `expected a condition such as source.ip:10.0.0.0/8`

// condition reads a field, what to do and a value.
func (p *parser) condition() (Node, error) {
	start := p.at
	switch {
	case p.at == len(p.text) || p.next() == ')' || p.next() == ':' || p.next() == '<' || p.next() == '>':
		return nil, p.fail(p.at, "%s, not %s", wantCondition, p.rest())
	case p.next() == '"' || p.next() == '*':
		return nil, p.fail(p.at, "%s, not a text without a field", wantCondition)
	case p.keyword() != "":
		return nil, p.fail(p.at, "%s, not the word %q", wantCondition, p.keyword())
	}
	name, err := p.unquoted(false)
	if err != nil {
		return nil, err
	}
	if len(name.parts) > 1 {
		return nil, p.fail(start, "a field's name cannot have wildcards")
	}
	f, unknown := LookupField(name.text())
	p.spaces()
	switch op := p.next(); {
	case unknown != nil && op != ':' && op != '<' && op != '>':
		return nil, p.fail(start, "%s, not %q alone", wantCondition, name.text())
	case unknown != nil:
		return nil, p.fail(start, "%s", unknown)
	case op == ':':
		p.at++
		p.spaces()
		value := func() (Node, error) { return p.value(f) }
		if p.next() == '(' {
			return p.brackets(value)
		}
		return value()
	case op == '<' || op == '>':
		return p.comparison(f)
	}
	return nil, p.fail(p.at, "expected :, <, <=, > or >= after %s, not %s", f.Name, p.rest())
}

// literal reads the text of a value; the spaces behind it are passed.
func (p *parser) literal(f Field) (word, error) {
	if p.next() == '"' {
		w, err := p.quoted()
		p.spaces()
		return w, err
	}
	if p.at == len(p.text) || p.keyword() != "" || strings.IndexByte(`():<>{}`, p.next()) >= 0 && p.next() != ':' {
		return word{}, p.fail(p.at, "expected a value of %s, not %s", f.Name, p.rest())
	}
	w, err := p.unquoted(true)
	for err == nil {
		end := p.at
		if p.spaces(); p.at == end || p.at == len(p.text) || f.Class != Text && f.Class != Elements ||
			p.keyword() != "" || strings.IndexByte(`():<>"`, p.next()) >= 0 {
			break
		}
		// A value of several words, unless the next one begins a condition.
		start := p.at
		var more word
		if more, err = p.unquoted(false); err != nil {
			break
		}
		after := p.at
		if p.spaces(); p.at < len(p.text) && strings.IndexByte(":<>", p.next()) >= 0 {
			return w, p.fail(start, `expected "and" or "or" before the next condition`)
		}
		p.at = after
		last := len(w.parts) - 1
		w.parts[last] += p.text[end:start] + more.parts[0]
		w.parts = append(w.parts, more.parts[1:]...)
	}
	return w, err
}

// value reads one value after a colon.
func (p *parser) value(f Field) (Node, error) {
	w, err := p.literal(f)
	if err != nil {
		return nil, err
	}
	if len(w.parts) > 1 {
		return p.pattern(f, w)
	}
	switch f.Class {
	case Number:
		v, err := parseNumber(w.text())
		if err != nil {
			return nil, p.fail(w.at, "%s", err)
		}
		return Between{f, v, v}, nil
	case Time:
		first, last, err := parseTime(w.text(), p.now)
		if err != nil {
			return nil, p.fail(w.at, "%s", err)
		}
		return Between{f, first, last}, nil
	case Address:
		first, last, err := parseAddress(w.text())
		if err != nil {
			return nil, p.fail(w.at, "%s", err)
		}
		return Within{f, first, last}, nil
	case Position:
		return nil, p.fail(w.at, "a position can be asked for its presence only, as %s:*", f.Name)
	}
	text := w.text()
	if f.Catalogue.Type == catalogue.MAC && f.Element == "" {
		mac, ok := parseMAC(text)
		if !ok {
			return nil, p.fail(w.at, "expected a hardware address such as 00-1B-21-AB-CD-EF, not %q", text)
		}
		text = mac.String()
	}
	return Equal{f, text}, nil
}

// pattern makes sense of a value with wildcards.
func (p *parser) pattern(f Field, w word) (Node, error) {
	parts := w.parts[:1:1]
	for _, part := range w.parts[1 : len(w.parts)-1] {
		if part != "" {
			parts = append(parts, part)
		}
	}
	parts = append(parts, w.parts[len(w.parts)-1])
	switch {
	case len(parts) == 2 && parts[0] == "" && parts[1] == "":
		return Exists{f}, nil
	case f.Class == Address:
		return nil, p.fail(w.at, "an address cannot have wildcards; write a network such as 10.0.0.0/8")
	case f.Class != Text && f.Class != Elements:
		return nil, p.fail(w.at, "wildcards are for texts; %s is %s", f.Name, f.Class)
	}
	if f.Catalogue.Type == catalogue.MAC && f.Element == "" {
		for i, part := range parts {
			parts[i] = strings.ReplaceAll(strings.ToUpper(part), ":", "-")
		}
	}
	return Like{f, parts}, nil
}

// comparison reads <, <=, > or >= and its value.
func (p *parser) comparison(f Field) (Node, error) {
	start := p.at
	less := p.next() == '<'
	p.at++
	orEqual := p.next() == '='
	if orEqual {
		p.at++
	}
	if f.Class != Number && f.Class != Time && f.Class != Address {
		return nil, p.fail(start, "%s compares numbers, times and addresses; %s is %s", p.text[start:p.at], f.Name, f.Class)
	}
	p.spaces()
	w, err := p.literal(f)
	if err != nil {
		return nil, err
	}
	if len(w.parts) > 1 {
		return nil, p.fail(w.at, "expected %s, not a wildcard", f.Class)
	}
	if f.Class == Address {
		return p.compareAddress(f, w, less, orEqual)
	}
	var first, last int64
	if f.Class == Number {
		first, err = parseNumber(w.text())
		last = first
	} else {
		first, last, err = parseTime(w.text(), p.now)
	}
	switch {
	case err != nil:
		return nil, p.fail(w.at, "%s", err)
	case less && orEqual:
		return Between{f, math.MinInt64, last}, nil
	case less && first == math.MinInt64, !less && !orEqual && last == math.MaxInt64:
		return nil, p.fail(w.at, "no number is beyond this one")
	case less:
		return Between{f, math.MinInt64, first - 1}, nil
	case orEqual:
		return Between{f, first, math.MaxInt64}, nil
	}
	return Between{f, last + 1, math.MaxInt64}, nil
}

func (p *parser) compareAddress(f Field, w word, less, orEqual bool) (Node, error) {
	a, err := netip.ParseAddr(w.text())
	if err != nil || a.Zone() != "" {
		return nil, p.fail(w.at, "expected an address, not %q", w.text())
	}
	a = as16(a)
	switch {
	case less && orEqual:
		return Within{f, firstAddr, a}, nil
	case less && a == firstAddr, !less && !orEqual && a == lastAddr:
		return nil, p.fail(w.at, "no address is beyond this one")
	case less:
		return Within{f, firstAddr, a.Prev()}, nil
	case orEqual:
		return Within{f, a, lastAddr}, nil
	}
	return Within{f, a.Next(), lastAddr}, nil
}

// parseMAC reads a hardware address with any of the usual separators.
func parseMAC(s string) (flow.MAC, bool) {
	hw, err := net.ParseMAC(s)
	if err != nil || len(hw) != len(flow.MAC{}) {
		return flow.MAC{}, false
	}
	return flow.MAC(hw), true
}
