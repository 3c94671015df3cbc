package config

import (
	"fmt"
	"net/url"
	"reflect"
	"regexp"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// Show gives the effective configuration as YAML that can be read again, each
// value with the place that it comes from; secrets are masked.
func (l *Loaded) Show() ([]byte, error) {
	return yaml.Marshal(l.node("", reflect.ValueOf(l.Config)))
}

// Env lists the environment variables and their keys, a line each.
func Env() string {
	var b strings.Builder
	s := newSchema()
	for _, key := range s.keys() {
		fmt.Fprintf(&b, "%-55s %s\n", env(key), key)
	}
	return b.String()
}

const masked = "********"

func (l *Loaded) node(prefix string, v reflect.Value) *yaml.Node {
	out := &yaml.Node{Kind: yaml.MappingNode}
	for _, f := range fieldsOf(prefix, v.Type()) {
		content := v.FieldByIndex(f.Index)
		if f.key == storeSection && l.Index.Local.Path == "" {
			continue // to name any of its keys would make it a sink
		}
		label := &yaml.Node{Kind: yaml.ScalarNode, Value: f.name}
		if f.section {
			out.Content = append(out.Content, label, l.node(f.key, content))
			continue
		}
		value := &yaml.Node{}
		shown := plain(f.key, content.Interface())
		if l.hidden(f.key) && !secret(f.key) {
			shown = written(l.values[f.key]) // what the references stand for is not for the eye
		}
		if err := value.Encode(shown); err != nil {
			value.SetString(fmt.Sprint(content.Interface()))
		}
		if value.Kind == yaml.SequenceNode && simple(value) {
			value.Style = yaml.FlowStyle
		}
		if place := l.Place(f.key); place != "default" {
			label.HeadComment = "from " + place
		}
		out.Content = append(out.Content, label, value)
	}
	return out
}

func simple(n *yaml.Node) bool {
	for _, c := range n.Content {
		if c.Kind != yaml.ScalarNode {
			return false
		}
	}
	return true
}

// plain is a value as it is written in the file, without secrets.
func plain(key string, value any) any {
	switch v := value.(type) {
	case time.Duration:
		return FormatDuration(v)
	case string:
		if secret(key) && v != "" {
			return masked
		}
		return maskURL(v)
	case []string:
		list := make([]string, len(v))
		for i, s := range v {
			list[i] = maskURL(s)
		}
		return list
	case map[string]string:
		table := make(map[string]string, len(v))
		for name, text := range v {
			if table[name] = maskURL(text); secret(key) {
				table[name] = masked
			}
		}
		return table
	}
	return value
}

// written is a value as it is written, with references and without passwords in
// URLs.
func written(value any) any {
	switch v := value.(type) {
	case string:
		return maskURL(v)
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = written(v[i])
		}
		return list
	case map[string]any:
		table := make(map[string]any, len(v))
		for name := range v {
			table[name] = written(v[name])
		}
		return table
	}
	return value
}

// credentials finds what may be a user and a password in a text that need not be
// a URL.
var credentials = regexp.MustCompile(`://[^\s"']*@`)

// maskURL hides the password in a URL, also in an output's.
func maskURL(s string) string {
	kind, rest := "", s
	for _, prefix := range []string{"elasticsearch:", "opensearch:"} {
		if after, ok := strings.CutPrefix(s, prefix); ok {
			kind, rest = prefix, after
		}
	}
	u, err := url.Parse(rest)
	if err != nil || u.User == nil && u.Host == "" {
		return credentials.ReplaceAllString(s, "://"+masked+"@")
	}
	if u.User == nil {
		return s
	}
	if _, has := u.User.Password(); !has {
		return s
	}
	return kind + strings.Replace(u.Redacted(), "xxxxx", masked, 1)
}
