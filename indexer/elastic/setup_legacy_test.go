package elastic

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// version3 gives an index template of version 3 as it was installed, by its file.
func version3(t *testing.T, product, stream string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata/version3", product+"-"+strings.TrimSuffix(stream, "-")+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// The table has the hashes of the templates of version 3, and no others. When it
// fails, the test says what it should be.
func TestLegacyHashes(t *testing.T) {
	made := make(map[string]bool)
	for _, product := range []string{elasticsearch, opensearch} {
		for _, stream := range []string{streamFlows, streamCounters, streamRejected} {
			var o object
			if err := json.Unmarshal([]byte(version3(t, product, stream)), &o); err != nil {
				t.Fatal(err)
			}
			hash := legacyHash(kindTemplate, o)
			made[hash] = true
			if !legacyHashes[hash] {
				t.Errorf("%s %s has the hash %q, which legacyHashes lacks", product, stream, hash)
			}
			// What the configuration decides does not count, what a person does.
			o["priority"] = 777
			if legacyHash(kindTemplate, o) != hash {
				t.Error("another priority changes the hash")
			}
			inner(o, "template", "settings", "index")["refresh_interval"] = "60s"
			if legacyHash(kindTemplate, o) == hash {
				t.Error("another refresh interval does not change the hash")
			}
		}
	}
	for hash := range legacyHashes {
		if !made[hash] {
			t.Errorf("legacyHashes has %q, which is no template's", hash)
		}
	}
}

// Two forms of one object are the same, and a change shows.
func TestCanonical(t *testing.T) {
	parse := func(text string) object {
		var o object
		if err := readJSON([]byte(text), &o); err != nil {
			t.Fatal(err)
		}
		return o
	}
	sent := parse(`{"index_patterns":["a"],"data_stream":{},"priority":501,"version":4,"composed_of":["b"],"_meta":{"x":1},
		"template":{"settings":{"index":{"number_of_shards":1,"sort":{"field":["f"]}}},"mappings":{"dynamic":false,"properties":{}},"lifecycle":{"data_retention":"30d"}}}`)
	same := parse(`{"index_patterns":["a"],"data_stream":{"hidden":false,"timestamp_field":{"name":"@timestamp"}},"priority":501,"composed_of":["b"],"created_date_millis":5,
		"template":{"settings":{"number_of_shards":"1","index.sort.field":"f"},"mappings":{"dynamic":"false","_meta":{"layout":"x"}},"aliases":{},"lifecycle":{"enabled":true,"data_retention":"30d"}}}`)
	if a, b := kindTemplate.canonical(sent), kindTemplate.canonical(same); !slices.Equal(a, b) {
		t.Errorf("two forms of one template differ:\n%s\n%s", strings.Join(a, "\n"), strings.Join(b, "\n"))
	}
	for _, other := range []string{`"priority":501`, `"data_stream":{}`, `"data_retention":"30d"`, `"dynamic":false,`, `["b"]`} {
		text, err := encode(sent)
		if err != nil {
			t.Fatal(err)
		}
		changed := strings.Replace(string(text), other, map[string]string{`"priority":501`: `"priority":502`, `"dynamic":false,`: `"dynamic":true,`, `["b"]`: `["b","mine"]`}[other], 1)
		changed = strings.NewReplacer(",,", ",", "{,", "{", ",}", "}").Replace(changed)
		if changed == string(text) || kindTemplate.hash(parse(changed)) == kindTemplate.hash(sent) {
			t.Errorf("a change of %s does not show in %s", other, changed)
		}
	}
}

// A server that adds what this version does not know must not look like a person.
func TestUnknownAdditions(t *testing.T) {
	f := newFullServer(t, elasticsearch, "10.1.0")
	c := DefaultConfig("http://h:9200")
	runSetup(t, f, c, SetupOptions{})
	for name, text := range f.templates {
		if strings.HasPrefix(name, kindTemplate.path) {
			f.templates[name] = strings.Replace(text, `"priority"`, `"novelty":true,"priority"`, 1)
		}
	}
	if r := runSetup(t, f, c, SetupOptions{}); r.Count(Unchanged) == len(r.Results) {
		t.Fatal("the additions do not show at all")
	}
	f2 := &adding{f}
	f.templates = fakeObjects{}
	runSetup(t, f2, c, SetupOptions{})
	if r := runSetup(t, f2, c, SetupOptions{}); r.Count(Kept) > 0 || len(r.Requests) > 0 {
		t.Errorf("with additions of the server's: %+v", r.Results)
	}
	c.TemplatePriority = 600
	if r := runSetup(t, f2, c, SetupOptions{}); r.Count(Kept) > 0 || r.Count(Updated) != 6 {
		t.Errorf("with additions of the server's and another priority: %+v", r.Results)
	}
}
