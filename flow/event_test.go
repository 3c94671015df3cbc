package flow

import (
	"encoding/json"
	"slices"
	"testing"
)

// TestEvent: every document says what it is, and an event what happened.
func TestEvent(t *testing.T) {
	denied := Record{}
	denied.SetEventAction("flow_denied")
	denied.SetEventType(TypeConnection | TypeDenied)
	denied.SetEventOutcome(OutcomeFailure)
	denied.SetEventReason("access list")
	for name, c := range map[string]struct {
		r       Record
		action  string
		types   []string
		outcome string
	}{
		"traffic":  {Record{}, "network_flow", []string{"connection"}, ""},
		"options":  {Record{Kind: KindOptions}, "options_record", []string{"info"}, ""},
		"counters": {Record{Kind: KindCounters}, "counters_sample", []string{"info"}, ""},
		"denied":   {denied, "flow_denied", []string{"connection", "denied"}, "failure"},
	} {
		var doc struct {
			Event struct {
				Action, Outcome string
				Type            []string
			}
		}
		if err := json.Unmarshal(NewEncoder().AppendJSON(nil, &c.r), &doc); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if e := doc.Event; e.Action != c.action || !slices.Equal(e.Type, c.types) || e.Outcome != c.outcome {
			t.Errorf("%s: %+v", name, e)
		}
	}
}
