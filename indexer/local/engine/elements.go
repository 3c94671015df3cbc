package engine

import (
	"encoding/json"
	"strings"
)

// eachElement calls visit for each value in a JSON object of elements: numbers
// and truth values as they are written, nothing for null, every value of a list.
// It reads what flow.Encoder writes; what is not of that kind ends it.
func eachElement(object string, visit func(name, value string)) {
	s := scanner{object}
	if !s.take('{') {
		return
	}
	for {
		name, ok := s.text()
		if !ok || !s.take(':') {
			return
		}
		if s.take('[') {
			for ok = true; ok && !s.take(']'); ok = s.take(',') || s.peek() == ']' {
				if !s.value(name, visit) {
					return
				}
			}
		} else if !s.value(name, visit) {
			return
		}
		if !s.take(',') {
			return
		}
	}
}

// scanner reads JSON without spaces between its tokens.
type scanner struct{ rest string }

func (s *scanner) peek() byte {
	if s.rest == "" {
		return 0
	}
	return s.rest[0]
}

func (s *scanner) take(c byte) bool {
	if s.peek() != c {
		return false
	}
	s.rest = s.rest[1:]
	return true
}

// text reads a string.
func (s *scanner) text() (string, bool) {
	if s.peek() != '"' {
		return "", false
	}
	plain := true
	for i := 1; i < len(s.rest); i++ {
		switch s.rest[i] {
		case '\\':
			plain = false
			i++
		case '"':
			token := s.rest[:i+1]
			s.rest = s.rest[i+1:]
			if plain {
				return token[1:i], true
			}
			var out string
			err := json.Unmarshal([]byte(token), &out)
			return out, err == nil
		}
	}
	return "", false
}

// value reads one value that is not a list.
func (s *scanner) value(name string, visit func(name, value string)) bool {
	if s.peek() == '"' {
		text, ok := s.text()
		if ok {
			visit(name, text)
		}
		return ok
	}
	end := strings.IndexAny(s.rest, ",]}")
	if end <= 0 {
		return false
	}
	if s.rest[:end] != "null" {
		visit(name, s.rest[:end])
	}
	s.rest = s.rest[end:]
	return true
}
