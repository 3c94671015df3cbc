package panels

import (
	"fmt"
	"strings"
)

// object is a JSON object.
type object = map[string]any

// kql turns a question of Kibana's query language into a query of the server's,
// as Kibana does it, and gives the fields that it names. It knows what boards use:
// field: value with lists, quotes, stars and ranges, and, or, not and brackets.
func kql(question string) (query object, fields []string, err error) {
	if strings.TrimSpace(question) == "" {
		return object{"match_all": object{}}, nil, nil
	}
	tokens, err := lex(question)
	if err != nil {
		return nil, nil, err
	}
	p := &kqlParser{tokens: tokens}
	query, err = p.or()
	if err == nil && len(p.tokens) > 0 {
		err = fmt.Errorf("%q follows", p.tokens[0].text)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("KQL %q: %w", question, err)
	}
	return query, p.fields, nil
}

// token is a word, a quoted text, or one of ( ) : < > <= >=.
type token struct {
	text   string
	quoted bool
}

func lex(question string) ([]token, error) {
	var list []token
	for i := 0; i < len(question); {
		c := question[i]
		switch {
		case c == ' ' || c == '\n':
			i++
		case c == '"':
			end := strings.IndexByte(question[i+1:], '"')
			if end < 0 {
				return nil, fmt.Errorf("KQL %q: a quotation mark is missing", question)
			}
			list = append(list, token{question[i+1 : i+1+end], true})
			i += end + 2
		case strings.HasPrefix(question[i:], "<=") || strings.HasPrefix(question[i:], ">="):
			list = append(list, token{text: question[i : i+2]})
			i += 2
		case strings.IndexByte("():<>", c) >= 0:
			list = append(list, token{text: string(c)})
			i++
		default:
			end := strings.IndexAny(question[i:], " \n\"():<>")
			if end < 0 {
				end = len(question) - i
			}
			list = append(list, token{text: question[i : i+end]})
			i += end
		}
	}
	return list, nil
}

type kqlParser struct {
	tokens []token
	fields []string
}

// take takes the next token when it is that word, which is not quoted.
func (p *kqlParser) take(word string) bool {
	if len(p.tokens) > 0 && !p.tokens[0].quoted && strings.EqualFold(p.tokens[0].text, word) {
		p.tokens = p.tokens[1:]
		return true
	}
	return false
}

func (p *kqlParser) next() (token, error) {
	if len(p.tokens) == 0 {
		return token{}, fmt.Errorf("it ends too early")
	}
	t := p.tokens[0]
	p.tokens = p.tokens[1:]
	return t, nil
}

// chain reads parts with a word between them.
func chain(word, clause string, p *kqlParser, part func() (object, error)) (object, error) {
	first, err := part()
	if err != nil {
		return nil, err
	}
	list := []object{first}
	for p.take(word) {
		one, err := part()
		if err != nil {
			return nil, err
		}
		list = append(list, one)
	}
	if len(list) == 1 {
		return first, nil
	}
	if clause == "should" {
		return anyOf(list), nil
	}
	return object{"bool": object{clause: list}}, nil
}

func anyOf(list []object) object {
	return object{"bool": object{"should": list, "minimum_should_match": 1}}
}

func none(query object) object { return object{"bool": object{"must_not": []object{query}}} }

func (p *kqlParser) or() (object, error) {
	return chain("or", "should", p, func() (object, error) { return chain("and", "filter", p, p.not) })
}

func (p *kqlParser) not() (object, error) {
	if p.take("not") {
		query, err := p.not()
		return none(query), err
	}
	if p.take("(") {
		query, err := p.or()
		if err == nil && !p.take(")") {
			err = fmt.Errorf("a bracket is not closed")
		}
		return query, err
	}
	return p.comparison()
}

func (p *kqlParser) comparison() (object, error) {
	field, err := p.next()
	if err != nil {
		return nil, err
	}
	p.fields = append(p.fields, field.text)
	for sign, name := range map[string]string{"<": "lt", ">": "gt", "<=": "lte", ">=": "gte"} {
		if p.take(sign) {
			value, err := p.next()
			return object{"range": object{field.text: object{name: value.text}}}, err
		}
	}
	if !p.take(":") {
		return nil, fmt.Errorf("there is no field in front of %q", field.text)
	}
	if !p.take("(") {
		return p.value(field.text)
	}
	part := func() (object, error) {
		if p.take("not") {
			query, err := p.value(field.text)
			return none(query), err
		}
		return p.value(field.text)
	}
	query, err := chain("or", "should", p, func() (object, error) { return chain("and", "filter", p, part) })
	if err == nil && !p.take(")") {
		err = fmt.Errorf("the list of values of %s is not closed", field.text)
	}
	return query, err
}

// value reads one value, which blanks end.
func (p *kqlParser) value(field string) (object, error) {
	t, err := p.next()
	switch {
	case err != nil:
		return nil, err
	case t.quoted:
		return object{"match_phrase": object{field: t.text}}, nil
	case strings.IndexByte("():<>", t.text[0]) >= 0:
		return nil, fmt.Errorf("%q is no value of %s", t.text, field)
	case t.text == "*":
		return object{"exists": object{"field": field}}, nil
	case strings.Contains(t.text, "*"):
		return object{"query_string": object{"fields": []string{field}, "query": t.text}}, nil
	}
	return object{"match": object{field: t.text}}, nil
}
