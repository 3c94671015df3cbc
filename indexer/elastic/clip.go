package elastic

import (
	"slices"

	"github.com/weirflow/weir/flow"
)

const (
	// longestTerm is how long a value can be that OpenSearch's flat_object takes,
	// in bytes: Lucene's limit, less room for the value's name. That field type
	// has no ignore_above, and one longer value costs the whole document.
	longestTerm = 32766 - 256
	// longestElement is how many bytes of an information element are sent in such
	// a case. As text each may become three, as hexadecimal digits two.
	longestElement = longestTerm / 3
)

// clipElements gives a copy of r whose information elements are no longer than
// the server takes. What r itself holds belongs to other sinks, too.
func clipElements(r *flow.Record) *flow.Record {
	c := *r
	c.Extra = slices.Clone(r.Extra)
	for i := range c.Extra {
		if x := &c.Extra[i]; len(x.Bytes) > longestElement {
			x.Bytes = x.Bytes[:longestElement]
		}
	}
	return &c
}
