package elastic

import (
	"slices"
	"strings"
)

// legacyVersion is the last version of the templates without a hash in their
// mark. Of earlier ones nothing can be told about changes; they are replaced, as
// they always were.
const legacyVersion = 3

// legacyHashes are those of the index templates of legacyVersion, which
// TestLegacyHashes makes from testdata/version3: for flows, counters and rejected
// documents on Elasticsearch, the same on OpenSearch.
var legacyHashes = map[string]bool{
	"0f9da204c8178a0e": true, "4e10c5885fa7a254": true, "fa2f58ca4573a30f": true,
	"97b8a4a185b6058a": true, "7bd3290668cbf620": true,
}

// legacyHash is the hash of a template without what the configuration decided.
func legacyHash(k *kind, body object) string {
	lines := slices.DeleteFunc(k.canonical(body), func(line string) bool {
		path, _, _ := strings.Cut(line, "=")
		return path == "index_patterns" || path == "priority" || path == "template.settings.index.number_of_shards"
	})
	return digest(lines)
}
