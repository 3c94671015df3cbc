package boards

import (
	"slices"
	"testing"

	"github.com/weirflow/weir/dashboards/kibana/savedobject"
)

// TestFieldsOf wants the fields of every part of an object, and no names of
// other aggregations.
func TestFieldsOf(t *testing.T) {
	find := func(id string) *savedobject.Object {
		objects := Objects()
		for i := range objects {
			if objects[i].ID == id {
				return &objects[i]
			}
		}
		t.Fatalf("there is no %s", id)
		return nil
	}
	for id, want := range map[string][]string{
		"weir-overview-by-category":   {"@timestamp", "flow.category", "network.bytes"},
		"weir-overview-filters":       {"flow.category", "flow.locality", "flow.site", "observer.name"},
		"weir-conversations-sankey":   {"flow.client.ip", "flow.server.ip", "network.bytes"},
		"weir-search-dns-clients":     {"destination.ip", "destination.port", "flow.category", "network.bytes", "network.packets", "network.transport", "observer.name", "source.ip", "source.port"},
		"weir-details-sizes":          {"network.bytes"},
		"weir-hosts-memory":           {"@timestamp", "flow.counters.host_name", "flow.counters.mem_buffers", "flow.counters.mem_cached", "flow.counters.mem_free", "flow.counters.mem_total"},
		"weir-trends-interfaces-in":   {"@timestamp", "flow.direction", "flow.rollup.by", "network.bytes", "observer.ingress.interface.name"},
		"weir-overview-navigation":    nil,
		"weir-flows":                  nil,
		"weir-interfaces-utilisation": {"@timestamp", "flow.counters.if_in_octets", "flow.counters.if_index", "flow.counters.if_out_octets", "flow.counters.if_speed", "observer.name"},
		"weir-search-rejected":        {"error.code", "error.message", "error.type", "event.original"},
		"weir-details-tcp-open":       {"flow.tcp_flags", "network.transport"},
		"weir-health-rejected-trend":  {"@timestamp", "error.type"},
	} {
		if got := FieldsOf(find(id)); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", id, got, want)
		}
	}
}
