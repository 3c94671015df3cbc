package ndjson

import (
	"bytes"
	"strings"
	"testing"

	"github.com/weirflow/weir/flow"
)

// TestKinds has what exporters did not send written only where it is asked for.
func TestKinds(t *testing.T) {
	all := flow.NewBatch(int(flow.NumKinds))
	for k := range flow.NumKinds {
		all.Next().Kind = k
	}
	for _, c := range []struct {
		change func(*Config)
		want   []string
	}{
		{func(*Config) {}, []string{"network_flow", "counters_sample"}},
		{func(c *Config) { c.Options = true }, []string{"network_flow", "options_record", "counters_sample"}},
		{func(c *Config) { c.Exporters = true }, []string{"network_flow", "counters_sample", "exporter_status"}},
	} {
		var out bytes.Buffer
		cfg := DefaultConfig("-")
		c.change(&cfg)
		s := start(t, cfg, Dependencies{Stdout: &out})
		if err := s.Write(t.Context(), all); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		if len(lines) != len(c.want) {
			t.Errorf("%d lines, want %v: %s", len(lines), c.want, lines)
			continue
		}
		for i, action := range c.want {
			if !strings.Contains(lines[i], `"action":"`+action+`"`) {
				t.Errorf("line %s, want a %s", lines[i], action)
			}
		}
	}
}
