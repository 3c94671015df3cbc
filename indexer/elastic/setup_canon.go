package elastic

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// canonical gives an object in a form that is the same for what was sent and for
// what the server makes of it: a line per value, sorted, with numbers and truth
// values as texts, without what is empty and without the server's additions. So
// two forms differ only when somebody has changed something.
func (k *kind) canonical(o object) []string {
	var lines []string
	flatten("", any(o), func(path, value string) {
		if rest, ok := strings.CutPrefix(path, "template.settings."); ok && !strings.HasPrefix(rest, "index.") {
			path = "template.settings.index." + rest
		}
		if line := path + "=" + value; k.foreign == nil || !k.foreign.MatchString(line) {
			lines = append(lines, line)
		}
	})
	// Whether these are there at all counts, also when they say nothing.
	if o["data_stream"] != nil {
		lines = append(lines, "data_stream=yes")
	}
	if inner(o, "template")["lifecycle"] != nil {
		lines = append(lines, "template.lifecycle=yes")
	}
	slices.Sort(lines)
	return lines
}

// flatten visits every value of a JSON text; a list of values is one value.
func flatten(path string, v any, visit func(path, value string)) {
	switch v := v.(type) {
	case nil:
	case object:
		for name, value := range v {
			if path != "" {
				name = path + "." + name
			}
			flatten(name, value, visit)
		}
	case []any:
		var scalars []string
		for i, item := range v {
			switch item.(type) {
			case object, []any:
				flatten(fmt.Sprintf("%s[%d]", path, i), item, visit)
			default:
				scalars = append(scalars, fmt.Sprint(item))
			}
		}
		if len(scalars) > 0 {
			visit(path, strings.Join(scalars, ","))
		}
	default:
		visit(path, fmt.Sprint(v))
	}
}

// digest is a short hash of lines.
func digest(lines []string) string {
	sum := sha256.Sum256([]byte(strings.Join(lines, "\n")))
	return hex.EncodeToString(sum[:8])
}

// hash is the digest of an object's canonical form.
func (k *kind) hash(o object) string { return digest(k.canonical(o)) }

// plainJSON gives an object as it looks after a way through JSON.
func plainJSON(o object) (object, error) {
	text, err := encode(o)
	if err != nil {
		return nil, err
	}
	var plain object
	err = readJSON(text, &plain)
	return plain, err
}
