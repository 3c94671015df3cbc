package elastic

import "testing"

// What a server has is told by its version; the bounds are those of the releases
// that brought it.
func TestWhatServersHave(t *testing.T) {
	for _, c := range []struct {
		name, version                 string
		logsdb, seqNoColumns, derived bool
	}{
		{elasticsearch, "8.14.0", false, false, false}, {elasticsearch, "8.16.9", false, false, false}, {elasticsearch, "8.17.0", true, false, false},
		{elasticsearch, "9.0.0", true, false, false}, {elasticsearch, "9.1.5", true, false, false}, {elasticsearch, "9.2.0-SNAPSHOT", true, true, false},
		{elasticsearch, "10.0.0", true, true, false}, {opensearch, "2.19.1", false, false, false}, {opensearch, "3.2.0", false, false, false},
		{opensearch, "3.3.0", false, false, true}, {opensearch, "4.0.0", false, false, true}, {opensearch, "9.2.0", false, false, true},
	} {
		p := product{name: c.name, version: c.version}
		if p.logsdb() != c.logsdb || p.seqNoColumns() != c.seqNoColumns || p.derivedSource() != c.derived {
			t.Errorf("%+v: logsdb %t, columns of sequence numbers %t, derived source %t", c, p.logsdb(), p.seqNoColumns(), p.derivedSource())
		}
		p.exact = true
		if p.logsdb() || p.derivedSource() || p.seqNoColumns() != c.seqNoColumns {
			t.Errorf("%+v: documents that must stay as they are would be rebuilt", c)
		}
	}
}

// zstd is used when every node has it, and only then.
func TestEveryNodeHas(t *testing.T) {
	for text, want := range map[string]bool{
		`{"nodes":{"a":{"plugins":[{"name":"x"},{"name":"opensearch-custom-codecs"}]}}}`:                                          true,
		`{"nodes":{"a":{"plugins":[{"name":"opensearch-custom-codecs"}]},"b":{"plugins":[{"name":"opensearch-custom-codecs"}]}}}`: true,
		`{"nodes":{"a":{"plugins":[{"name":"opensearch-custom-codecs"}]},"b":{"plugins":[]}}}`:                                    false,
		`{"nodes":{"a":{},"b":{"plugins":[{"name":"opensearch-custom-codecs"}]}}}`:                                                false,
		`{"nodes":{}}`: false, `{}`: false, ``: false, `[`: false,
	} {
		if got := everyNodeHas([]byte(text), zstdPlugin); got != want {
			t.Errorf("%s: %t", text, got)
		}
	}
}
