package elastic

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// With setup: manual a collector writes nothing about itself. OpenSearch would
// make up an index for a stream without a template, so that it waits there.
func TestManualSetup(t *testing.T) {
	for version, waits := range map[string]bool{`{"number":"9.2.0"}`: false, `{"number":"3.3.0","distribution":"opensearch"}`: true} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t)
			f.version = version
			s := f.start(func(c *Config) { c.Setup = setupManual })
			write(t, s, flows(0, 2))
			f.pass(3 * time.Second)
			if err := s.Ready(); waits != (err != nil && strings.Contains(err.Error(), "run `weir setup`")) {
				t.Errorf("%s: Ready gives %v", version, err)
			}
			if len(f.templates) > 0 {
				t.Errorf("%s: templates were written", version)
			}
			f.change(func() { f.there = []string{"flows", "counters", "exporters", "rejected", "rollup-1m", "rollup-1h"} })
			f.pass(2 * time.Minute)
			stop(t, s)
			f.documents(map[string]float64{"indexed": 2})
		})
	}
}

// A collector keeps what a person has changed, says so, and writes all the same.
func TestKeptTemplate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		for name, text := range map[string]string{
			"weir-flows-default":    `{"index_patterns":["weir-flows-default"],"data_stream":{},"priority":9}`,
			"weir-counters-default": `{"_meta":{"managed_by":"weir","version":99}}`,
			"weir-rejected-default": `{"_meta":{"managed_by":"weir","version":2}}`,
		} {
			f.templates[kindTemplate.path+name] = text
		}
		s := f.start(nil)
		write(t, s, flows(0, 2))
		f.pass(3 * time.Second)
		stop(t, s)
		f.documents(map[string]float64{"indexed": 2})
		if !strings.Contains(f.templates[kindTemplate.path+"weir-flows-default"], `"priority":9`) || !strings.Contains(f.templates[kindTemplate.path+"weir-counters-default"], "99") {
			t.Error("somebody's template or a newer Weir's was replaced")
		}
		if strings.Contains(f.templates[kindTemplate.path+"weir-rejected-default"], `"version":2`) {
			t.Error("an older Weir's template was not replaced")
		}
		for _, want := range []string{"it is not Weir's; --overwrite replaces it", "a newer Weir made it (version 99"} {
			if !strings.Contains(f.logged(), want) {
				t.Errorf("the log lacks %q:\n%s", want, f.logged())
			}
		}
	})
}
