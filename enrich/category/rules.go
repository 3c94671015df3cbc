package category

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/weirflow/weir/enrich/service"
)

// maxFile bounds a rules file, in bytes.
const maxFile = 4 << 20

var (
	ruleKeys  = []string{"name", "match", "category", "tags", "site", "tenant"}
	matchKeys = []string{"source", "destination", "network", "port", "protocol", "application", "host", "interface", "exporter", "site"}
)

// ReadRules reads a rules file: a YAML document with the single key rules.
func ReadRules(path string, services *service.Table) ([]Rule, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, err
	}
	return ParseRules(path, text, services)
}

// ParseRules reads the text of a rules file and checks every rule. Errors are
// *RuleError with the line, or YAML's own.
func ParseRules(file string, text []byte, services *service.Table) ([]Rule, error) {
	fail := func(n *yaml.Node, number int, key, format string, args ...any) error {
		return &RuleError{File: file, Line: n.Line, Number: number, Key: key, Err: fmt.Errorf(format, args...)}
	}
	if len(text) > maxFile {
		return nil, &RuleError{File: file, Err: fmt.Errorf("is larger than %d bytes", maxFile)}
	}
	var document yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	if err := decoder.Decode(&document); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		return nil, &RuleError{File: file, Err: err}
	}
	if len(document.Content) != 1 {
		return nil, nil
	}
	top := document.Content[0]
	if top.Kind == yaml.ScalarNode && top.Tag == "!!null" {
		return nil, nil
	}
	if top.Kind != yaml.MappingNode {
		return nil, fail(top, 0, "", "want the key rules with a list")
	}
	var list *yaml.Node
	for i := 0; i+1 < len(top.Content); i += 2 {
		if k := top.Content[i]; k.Value != "rules" || list != nil {
			return nil, fail(k, 0, k.Value, "unknown key or key given twice: want rules, once")
		}
		list = top.Content[i+1]
	}
	if list == nil || list.Kind == yaml.ScalarNode && list.Tag == "!!null" {
		return nil, nil
	}
	if list.Kind != yaml.SequenceNode {
		return nil, fail(list, 0, "rules", "want a list of rules")
	}
	if len(list.Content) > maxRules {
		return nil, fail(list, 0, "rules", "%d rules: want at most %d", len(list.Content), maxRules)
	}
	var rules []Rule
	seen := map[string]int{}
	for i, n := range list.Content {
		if err := checkKeys(n, "", ruleKeys); err != nil {
			return nil, within(err, file, i+1, n)
		}
		if m := find(n, "match"); m != nil {
			if err := checkKeys(m, "match.", matchKeys); err != nil {
				return nil, within(err, file, i+1, n)
			}
		}
		var rule Rule
		if err := n.Decode(&rule); err != nil {
			var typed *yaml.TypeError
			if errors.As(err, &typed) && len(typed.Errors) > 0 {
				err = errors.New(strings.Join(typed.Errors, "; "))
			}
			return nil, fail(n, i+1, "", "%w", err)
		}
		if _, err := compile(rule, services); err != nil {
			err.Name = rule.Name
			return nil, within(err, file, i+1, n)
		}
		if first := seen[rule.Name]; first != 0 {
			return nil, within(sameName(first), file, i+1, n)
		}
		seen[rule.Name] = i + 1
		rules = append(rules, rule)
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, &RuleError{File: file, Err: errors.New("holds more than one YAML document: want one")}
	}
	return rules, nil
}

// checkKeys refuses what is no mapping, unknown keys and keys given twice.
func checkKeys(n *yaml.Node, prefix string, allowed []string) *RuleError {
	if n.Kind != yaml.MappingNode {
		return &RuleError{Line: n.Line, Key: strings.TrimSuffix(prefix, "."), Err: fmt.Errorf("want a mapping with the keys %s", strings.Join(allowed, ", "))}
	}
	var seen []string
	for i := 0; i < len(n.Content); i += 2 {
		k := n.Content[i]
		if !slices.Contains(allowed, k.Value) || slices.Contains(seen, k.Value) {
			return &RuleError{Line: k.Line, Key: prefix + k.Value, Err: fmt.Errorf("unknown key or key given twice: want %s", strings.Join(allowed, ", "))}
		}
		seen = append(seen, k.Value)
	}
	return nil
}

// within completes an error with its place.
func within(err *RuleError, file string, number int, rule *yaml.Node) error {
	err.File, err.Number = file, number
	if name := find(rule, "name"); err.Name == "" && name != nil && name.Kind == yaml.ScalarNode && len(name.Value) <= maxText {
		err.Name = name.Value
	}
	if err.Line > 0 {
		return err
	}
	n := rule
	for key := range strings.SplitSeq(err.Key, ".") {
		if next := find(n, key); next != nil {
			n = next
		}
	}
	if n.Kind == yaml.SequenceNode && err.item > 0 && err.item <= len(n.Content) {
		n = n.Content[err.item-1]
	}
	err.Line = n.Line
	return err
}

func find(n *yaml.Node, key string) *yaml.Node {
	if n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

func sameName(first int) *RuleError {
	return &RuleError{Key: "name", Err: fmt.Errorf("rule %d has the same one: want a unique name", first)}
}

// Rules is the user's rules in compiled form. It is immutable and safe for
// concurrent use.
type Rules struct {
	list    []*compiled
	hosts   bool // some rule looks at host names
	shipped *Shipped
}

// Compile checks the rules and prepares them to be matched before the shipped
// ones. Errors are *RuleError.
func Compile(rules []Rule, shipped *Shipped, services *service.Table) (*Rules, error) {
	if len(rules) > maxRules {
		return nil, &RuleError{Err: fmt.Errorf("%d rules: want at most %d", len(rules), maxRules)}
	}
	r := &Rules{shipped: shipped}
	seen := map[string]int{}
	for i, rule := range rules {
		c, err := compile(rule, services)
		if err != nil {
			err.Number, err.Name = i+1, rule.Name
			return nil, err
		}
		if first := seen[rule.Name]; first != 0 {
			err := sameName(first)
			err.Number, err.Name = i+1, rule.Name
			return nil, err
		}
		seen[rule.Name] = i + 1
		r.list = append(r.list, c)
		r.hosts = r.hosts || c.hosts != nil || c.domains != nil
	}
	return r, nil
}
