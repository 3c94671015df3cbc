package catalogue

import (
	"slices"
	"strings"
	"testing"
)

// Each smaller profile is part of the larger ones, and the tables name fields
// that exist.
func TestProfiles(t *testing.T) {
	counts := map[Profile]int{}
	for i := range Fields {
		f := &Fields[i]
		if f.In(Min) && !f.In(Lean) || !f.In(Full) {
			t.Errorf("%s is in a profile, but not in a larger one", f.Name)
		}
		for _, p := range []Profile{Full, Lean, Min} {
			if f.In(p) {
				counts[p]++
			}
			if f.Implied(p) && !f.In(p) {
				t.Errorf("%s: implied where it is not", f.Name)
			}
		}
	}
	if counts[Min] >= counts[Lean] || counts[Lean] >= counts[Full] || counts[Full] != len(Fields) {
		t.Errorf("fields by profile: %v of %d", counts, len(Fields))
	}
	for name := range repeated {
		if !Has(name) {
			t.Errorf("%s is no field", name)
		}
	}
	for name := range minimal {
		if !Has(name) {
			t.Errorf("%s is no field", name)
		}
	}
}

// Boards are made of lean documents: all of these must be there.
func TestLeanHasWhatBoardsShow(t *testing.T) {
	for i := range Fields {
		f := &Fields[i]
		want := strings.HasPrefix(f.Name, "flow.") || strings.HasPrefix(f.Name, "observer.") || strings.HasPrefix(f.Name, "source.") ||
			strings.HasPrefix(f.Name, "destination.") || slices.Contains([]string{"@timestamp", "event.action", "event.outcome", "event.reason",
			"network.bytes", "network.packets", "network.type", "network.transport", "network.direction", "network.application", "network.vlan.id",
			"tags", "user.name", "url.domain", "tls.client.server_name", "dns.question.name"}, f.Name)
		if want && !f.In(Lean) {
			t.Errorf("%s is not in lean documents", f.Name)
		}
	}
}

func TestParseProfile(t *testing.T) {
	for _, p := range []Profile{Full, Lean, Min} {
		text, err := p.MarshalText()
		var got Profile
		if err != nil || got.UnmarshalText(text) != nil || got != p {
			t.Errorf("%v reads as %v (%v)", p, got, err)
		}
	}
	if _, err := ParseProfile("slim"); err == nil || !strings.Contains(err.Error(), `"slim" is no profile; allowed: full, lean, min`) {
		t.Errorf("got %v", err)
	}
	if s := Profile(9).String(); s != "unknown profile" {
		t.Errorf("got %q", s)
	}
}
