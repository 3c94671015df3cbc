package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"
)

// yaml reads the text of the file, keeping the line of each key.
func (r *reader) yaml(path string, text []byte) error {
	var doc, second yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	if err := decoder.Decode(&doc); err != nil && !errors.Is(err, io.EOF) {
		return notYAML(path, err)
	}
	if err := decoder.Decode(&second); err == nil {
		r.fault("%s:%d: a second document (after ---) is not allowed; allowed: one", path, second.Line)
	} else if !errors.Is(err, io.EOF) {
		return notYAML(path, err)
	}
	if len(doc.Content) > 0 {
		r.section(path, "", doc.Content[0])
	}
	return nil
}

// notYAML is the parser's error, with its line where ours have it.
func notYAML(path string, err error) error {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	if line, ok := strings.CutPrefix(text, "line "); ok {
		if number, rest, ok := strings.Cut(line, ": "); ok {
			path, text = path+":"+number, rest
		}
	}
	if strings.Contains(text, "cannot start any token") {
		text += " (a tab? YAML indents with spaces)"
	}
	return fmt.Errorf("%s: not YAML: %s", path, text)
}

// section reads one mapping of the file.
func (r *reader) section(path, prefix string, n *yaml.Node) {
	if n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
		return
	}
	where, allowed := "at the top", strings.Join(r.schema.sections[prefix], ", ")
	if prefix != "" {
		where = "below " + prefix
	}
	if n.Kind != yaml.MappingNode {
		what := fmt.Sprintf("%q", n.Value)
		if n.Kind == yaml.SequenceNode {
			what = "a list"
		}
		if prefix != "" {
			what = prefix + ": " + what
		}
		r.fault("%s:%d: %s is no section; allowed %s: %s", path, n.Line, what, where, allowed)
		return
	}
	lines := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, value := n.Content[i], n.Content[i+1]
		key, place := join(prefix, name.Value), fmt.Sprintf("%s:%d", path, name.Line)
		if before := lines[key]; before != 0 { // YAML forbids it; its parsers let one of them win
			r.fault("%s: %s: is there twice, first in line %d; allowed: once", place, key, before)
			continue
		}
		lines[key] = name.Line
		if _, ok := r.schema.leaves[key]; ok {
			var v any
			if err := value.Decode(&v); err != nil {
				r.fault("%s: %s: %v", place, key, err)
				continue
			}
			r.set(key, place, texts(v))
			continue
		}
		if _, ok := r.schema.sections[key]; ok {
			r.store = r.store || key == storeSection // also when nothing is in it
			if value.Kind == yaml.AliasNode {
				value = value.Alias
			}
			r.section(path, key, value)
			continue
		}
		r.fault("%s: %s: unknown key; allowed %s: %s", place, key, where, allowed)
	}
}

// texts makes the keys of tables texts, as numbers may be keys in YAML.
func texts(v any) any {
	switch v := v.(type) {
	case map[any]any:
		m := map[string]any{}
		for key, value := range v {
			m[fmt.Sprint(key)] = texts(value)
		}
		return m
	case map[string]any:
		for key, value := range v {
			v[key] = texts(value)
		}
	case []any:
		for i := range v {
			v[i] = texts(v[i])
		}
	}
	return v
}
