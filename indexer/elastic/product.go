package elastic

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// The values of product.name.
const (
	elasticsearch = "elasticsearch"
	opensearch    = "opensearch"
)

// product is what answers at the URLs.
type product struct {
	name    string
	version string
	zstd    bool // every node has OpenSearch's plugin with that codec
	exact   bool // documents must come back as they were sent
}

// atLeast reports whether the server is of a product and of a version or later.
func (p product) atLeast(name string, major, minor int) bool {
	a, b, ok := parseVersion(p.version)
	return ok && p.name == name && (a > major || a == major && b >= minor)
}

// logsdb reports whether the server has the index mode for logs, free of charge:
// better codecs of columns. Where its licence allows it rebuilds documents from
// them, too, and then takes half the room.
func (p product) logsdb() bool { return !p.exact && p.atLeast(elasticsearch, 8, 17) }

// seqNoColumns reports whether sequence numbers need no index.
func (p product) seqNoColumns() bool { return p.atLeast(elasticsearch, 9, 2) }

// derivedSource reports whether the server can rebuild documents from columns
// and so store them once. OpenSearch 3.3 is the first that was tried.
func (p product) derivedSource() bool { return !p.exact && p.atLeast(opensearch, 3, 3) }

// codec is the best compression of stored fields that the server has.
func (p product) codec() string {
	if p.zstd {
		return "zstd"
	}
	return "best_compression" // Elasticsearch's zstd, OpenSearch's deflate
}

// oldest is the first version of each product that knows what we need:
// require_data_stream and ignore_dynamic_beyond_limit (Elasticsearch 8.14),
// the field type flat_object (OpenSearch 2.7).
var oldest = map[string][2]int{elasticsearch: {8, 14}, opensearch: {2, 7}}

// detectProduct reads the answer to GET /.
func detectProduct(root answer) (product, error) {
	var text struct {
		Tagline string `json:"tagline"`
		Version struct {
			Number       string `json:"number"`
			Distribution string `json:"distribution"`
		} `json:"version"`
	}
	if err := json.Unmarshal(root.body, &text); err != nil {
		return product{}, fmt.Errorf("the answer to GET / is no JSON (%w); the URL must lead to Elasticsearch or OpenSearch", err)
	}
	p := product{version: clip(text.Version.Number, 40)}
	switch {
	case text.Version.Distribution == opensearch:
		p.name = opensearch
	case text.Version.Distribution == "" && (root.header.Get("X-Elastic-Product") == "Elasticsearch" || text.Tagline == "You Know, for Search"):
		p.name = elasticsearch
	default:
		return product{}, fmt.Errorf("the answer to GET / is neither Elasticsearch's nor OpenSearch's (distribution %q, tag line %q)",
			clip(text.Version.Distribution, 40), clip(text.Tagline, 80))
	}
	major, minor, ok := parseVersion(p.version)
	if !ok {
		return product{}, fmt.Errorf("%s gives its version as %q, which is none", p.name, p.version)
	}
	least := oldest[p.name]
	if major < least[0] || major == least[0] && minor < least[1] {
		return product{}, fmt.Errorf("%s %s is too old: %d.%d or later is needed", p.name, p.version, least[0], least[1])
	}
	return p, nil
}

func parseVersion(text string) (major, minor int, ok bool) {
	first, rest, _ := strings.Cut(text, ".")
	second, _, _ := strings.Cut(rest, ".")
	second, _, _ = strings.Cut(second, "-")
	major, err1 := strconv.Atoi(first)
	minor, err2 := strconv.Atoi(second)
	return major, minor, err1 == nil && err2 == nil
}
