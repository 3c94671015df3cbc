package engine

import (
	"encoding/json"
	"strings"
)

// maxNesting bounds the structured data that is looked into, as deep as
// Elasticsearch's flattened field does.
const maxNesting = 20

// eachElement calls visit for each value in a JSON object of elements: numbers
// and truth values as they are written, nothing for null, every value of a list,
// and the members of an inner object under name.member, as the flattened field
// does. It reads what flow.Encoder writes; what is not of that kind ends it.
func eachElement(object string, visit func(name, value string)) {
	s := scanner{object}
	s.object("", maxNesting, visit)
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

// object reads an object whose members' names begin with prefix. It reports false
// at what it does not understand.
func (s *scanner) object(prefix string, deeper int, visit func(name, value string)) bool {
	if deeper == 0 || !s.take('{') {
		return false
	}
	for !s.take('}') {
		name, ok := s.text()
		if !ok || !s.take(':') || !s.value(prefix+name, deeper, visit) {
			return false
		}
		if !s.take(',') && s.peek() != '}' {
			return false
		}
	}
	return true
}

// value reads one value, or all of a list or an object.
func (s *scanner) value(name string, deeper int, visit func(name, value string)) bool {
	switch s.peek() {
	case '"':
		text, ok := s.text()
		if ok {
			visit(name, text)
		}
		return ok
	case '{':
		return s.object(name+".", deeper-1, visit)
	case '[':
		if deeper == 0 {
			return false
		}
		for s.take('['); !s.take(']'); {
			if !s.value(name, deeper-1, visit) || !s.take(',') && s.peek() != ']' {
				return false
			}
		}
		return true
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
