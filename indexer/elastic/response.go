package elastic

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
)

// item is the answer about one document.
type item struct {
	status int
	kind   string // error type, empty without error
	reason string
}

// maxDepth bounds the nesting of values that the parser skips.
const maxDepth = 64

var errAnswer = errors.New("not the answer of a bulk request")

// parseBulk reads the answer to a bulk request of want documents into items,
// whose room it reuses. It reads items only, ignores keys that it does not know,
// and gives an error unless there is exactly one item with a status for each
// document: answers go by position, so that anything else cannot be trusted.
func parseBulk(answer []byte, want int, items []item) ([]item, error) {
	items = items[:0]
	p := parser{text: answer}
	found := false
	err := p.object(func(key []byte) error {
		if string(key) != "items" || found {
			return p.skip(0)
		}
		found = true
		return p.array(func() error {
			if len(items) == want {
				return fmt.Errorf("%w: more than the %d items sent", errAnswer, want)
			}
			it, err := p.item()
			items = append(items, it)
			return err
		})
	})
	if err == nil && p.peek() != 0 {
		err = p.fail("end of text")
	}
	switch {
	case err != nil:
		return items[:0], err
	case len(items) != want:
		return items[:0], fmt.Errorf("%w: %d items, %d were sent", errAnswer, len(items), want)
	}
	return items, nil
}

// parser walks JSON without building it.
type parser struct {
	text []byte
	at   int
}

// item reads {"create":{"status":201,…}}.
func (p *parser) item() (it item, err error) {
	err = p.object(func([]byte) error {
		return p.object(func(key []byte) error {
			switch string(key) {
			case "status":
				n, err := p.integer()
				it.status = n
				return err
			case "error":
				return p.failure(&it)
			}
			return p.skip(0)
		})
	})
	if err == nil && (it.status < 200 || it.status >= 300 && it.status < 400 || it.status > 599) {
		err = fmt.Errorf("%w: an item with status %d", errAnswer, it.status)
	}
	return it, err
}

// failure reads an item's error: an object with type and reason, or a text.
func (p *parser) failure(it *item) error {
	if p.peek() != '{' {
		if p.peek() != '"' {
			return p.skip(0)
		}
		text, err := p.decoded()
		it.kind, it.reason = "error", text
		return err
	}
	return p.object(func(key []byte) (err error) {
		switch {
		case string(key) == "type" && p.peek() == '"':
			it.kind, err = p.decoded()
		case string(key) == "reason" && p.peek() == '"':
			it.reason, err = p.decoded()
		default:
			err = p.skip(0)
		}
		return err
	})
}

// peek gives the next byte that is no white space, 0 at the end.
func (p *parser) peek() byte {
	for ; p.at < len(p.text); p.at++ {
		switch c := p.text[p.at]; c {
		case ' ', '\t', '\r', '\n':
		default:
			return c
		}
	}
	return 0
}

func (p *parser) fail(want string) error {
	return fmt.Errorf("%w: no %s at byte %d", errAnswer, want, p.at)
}

func (p *parser) expect(c byte) error {
	if p.peek() != c {
		return p.fail(string(c))
	}
	p.at++
	return nil
}

// object calls member for each key, with the parser at the value.
func (p *parser) object(member func(key []byte) error) error {
	return p.list('{', '}', func() error {
		key, err := p.quoted()
		if err != nil {
			return err
		}
		if err := p.expect(':'); err != nil {
			return err
		}
		return member(key[1 : len(key)-1])
	})
}

// array calls element for each, with the parser at it.
func (p *parser) array(element func() error) error { return p.list('[', ']', element) }

func (p *parser) list(first, last byte, each func() error) error {
	if err := p.expect(first); err != nil {
		return err
	}
	if p.peek() == last {
		p.at++
		return nil
	}
	for {
		if err := each(); err != nil {
			return err
		}
		if p.peek() == last {
			p.at++
			return nil
		}
		if err := p.expect(','); err != nil {
			return err
		}
	}
}

// quoted gives a string as it stands, quotes and escapes included.
func (p *parser) quoted() ([]byte, error) {
	if err := p.expect('"'); err != nil {
		return nil, err
	}
	start := p.at - 1
	for ; p.at < len(p.text); p.at++ {
		switch p.text[p.at] {
		case '\\':
			p.at++
		case '"':
			p.at++
			return p.text[start:p.at], nil
		}
	}
	p.at = len(p.text)
	return nil, p.fail("end of string")
}

// decoded gives a string's value.
func (p *parser) decoded() (text string, err error) {
	raw, err := p.quoted()
	if err != nil {
		return "", err
	}
	if err := json.Unmarshal(raw, &text); err != nil {
		return "", fmt.Errorf("%w: a bad string before byte %d", errAnswer, p.at)
	}
	return text, nil
}

// literal gives a number, true, false or null as it stands.
func (p *parser) literal() []byte {
	p.peek()
	start := p.at
	for ; p.at < len(p.text); p.at++ {
		c := p.text[p.at]
		if !(c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c == '-' || c == '+' || c == '.' || c == 'E') {
			break
		}
	}
	return p.text[start:p.at]
}

func (p *parser) integer() (int, error) {
	n, err := strconv.Atoi(string(p.literal()))
	if err != nil {
		return 0, p.fail("integer before here")
	}
	return n, nil
}

// skip passes over one value of any kind.
func (p *parser) skip(depth int) error {
	if depth == maxDepth {
		return fmt.Errorf("%w: nested too deeply at byte %d", errAnswer, p.at)
	}
	switch p.peek() {
	case '{':
		return p.object(func([]byte) error { return p.skip(depth + 1) })
	case '[':
		return p.array(func() error { return p.skip(depth + 1) })
	case '"':
		_, err := p.quoted()
		return err
	}
	if len(p.literal()) == 0 {
		return p.fail("value")
	}
	return nil
}
