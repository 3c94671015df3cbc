package elastic

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/weirflow/weir/flow"
)

const (
	// longestTerm is how long a value can be that OpenSearch's flat_object takes,
	// in bytes: Lucene's limit, less room for the value's name. That field type
	// has no ignore_above, nor have keywords that documents are rebuilt from, and
	// one longer value costs the whole document.
	longestTerm = 32766 - 256
	// longestValue is how many bytes of an element or a text are sent in such a
	// case. As text each may become three, as hexadecimal digits two.
	longestValue = longestTerm / 3
)

// clipValues gives a copy of r whose information elements and texts are no longer
// than the server takes. What r itself holds belongs to other sinks, too.
func clipValues(r *flow.Record) *flow.Record {
	c := *r
	c.Extra = slices.Clone(r.Extra)
	for i := range c.Extra {
		x := &c.Extra[i]
		if len(x.Bytes) <= longestValue {
			continue
		}
		if x.Kind == flow.ElementJSON { // a part of it is a text, and no JSON
			x.Kind = flow.ElementString
		}
		x.Bytes = x.Bytes[:longestValue]
	}
	c.Tags = slices.Clone(r.Tags)
	for i, tag := range c.Tags {
		c.Tags[i] = clipText(tag)
	}
	for id := range flow.FieldID(flow.NumFields) {
		if text := c.Text(id); len(text) > longestValue {
			c.SetString(id, clipText(text))
		}
	}
	return &c
}

// clipText shortens a text, at the end of a character.
func clipText(text string) string {
	if len(text) <= longestValue {
		return text
	}
	end := longestValue
	for end > longestValue-utf8.UTFMax && !utf8.RuneStart(text[end]) {
		end--
	}
	return strings.Clone(text[:end])
}
