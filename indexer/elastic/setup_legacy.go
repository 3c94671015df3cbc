package elastic

import (
	"slices"
	"strings"
)

// legacyVersion is the last version of the templates without a hash in their
// mark. Of earlier ones nothing can be told about changes; they are replaced, as
// they always were.
const legacyVersion = 3

// legacyHashes are those of the index templates of legacyVersion, made by
// TestLegacyHashes from testdata/version3.
var legacyHashes = map[string]bool{}

// legacyHash is the hash of a template without what the configuration decided.
func legacyHash(k *kind, body object) string {
	lines := slices.DeleteFunc(k.canonical(body), func(line string) bool {
		path, _, _ := strings.Cut(line, "=")
		return path == "index_patterns" || path == "priority" || path == "template.settings.index.number_of_shards"
	})
	return digest(lines)
}
