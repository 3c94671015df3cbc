package catalogue

import (
	"fmt"
	"slices"
	"strings"
)

// Profile says which fields documents carry: the setting index.fields.
type Profile uint8

// The profiles, from the largest to the smallest. Each has the fields of the
// next one, too.
const (
	// Full has every field.
	Full Profile = iota
	// Lean leaves out what repeats other fields of the same document.
	Lean
	// Min has what is needed to see who talked to whom, how much, and through
	// which exporter.
	Min
)

// ProfileNames are the profiles' names, in the order of their values.
var ProfileNames = []string{"full", "lean", "min"}

func (p Profile) String() string {
	if int(p) < len(ProfileNames) {
		return ProfileNames[p]
	}
	return "unknown profile"
}

// ParseProfile reads a profile's name.
func ParseProfile(name string) (Profile, error) {
	i := slices.Index(ProfileNames, name)
	if i < 0 {
		return 0, fmt.Errorf("%q is no profile; allowed: %s", name, strings.Join(ProfileNames, ", "))
	}
	return Profile(i), nil
}

// MarshalText and UnmarshalText are for configurations.
func (p Profile) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads a profile's name.
func (p *Profile) UnmarshalText(text []byte) (err error) {
	*p, err = ParseProfile(string(text))
	return err
}

// repeated are the fields that lean documents do without, each with why.
var repeated = map[string]string{
	"event.kind":          "it is always the same",
	"event.category":      "it is always the same",
	"event.created":       "it is some seconds after @timestamp, see flow.clock_skew",
	"event.end":           "it is @timestamp",
	"event.start":         "it is @timestamp minus event.duration",
	"network.iana_number": "network.transport names it",
	"related.ip":          "search for source.ip or destination.ip",
}

// minimal are the fields of the smallest documents.
var minimal = map[string]bool{
	"@timestamp": true, "event.type": true, "event.action": true, "event.outcome": true, "event.reason": true, "event.duration": true,
	"network.bytes": true, "network.packets": true, "network.transport": true, "network.application": true, "network.direction": true, "network.vlan.id": true,
	"tags": true, "user.name": true, "url.domain": true, "rule.name": true, "tls.client.server_name": true, "dns.question.name": true,
	"source.ip": true, "source.port": true, "source.as.number": true, "source.as.organization.name": true, "source.geo.country_iso_code": true,
	"source.nat.ip": true, "source.nat.port": true,
	"destination.ip": true, "destination.port": true, "destination.as.number": true, "destination.as.organization.name": true, "destination.geo.country_iso_code": true,
	"destination.nat.ip": true, "destination.nat.port": true, "destination.bytes": true, "destination.packets": true,
	"observer.name": true, "observer.ingress.interface.id": true, "observer.egress.interface.id": true,
	"flow.count": true, "flow.service": true, "flow.category": true, "flow.tcp_flags": true, "flow.locality": true,
	"flow.site": true, "flow.tenant": true, "flow.icmp.type": true, "flow.icmp.code": true, "flow.sampling.rate": true,
	"flow.exporter.protocol": true,
}

// In reports whether documents of the profile may carry the field.
func (f *Field) In(p Profile) bool {
	switch p {
	case Lean:
		return repeated[f.Name] == ""
	case Min:
		return minimal[f.Name]
	}
	return true
}

// Repeats says why lean documents can do without the field, or nothing when they
// have it.
func (f *Field) Repeats() string { return repeated[f.Name] }

// Implied reports whether documents of the profile carry the field although the
// record does not store it, or has not set it.
func (f *Field) Implied(p Profile) bool {
	return f.In(p) && (f.Derived() || f.Form == FormAction || f.Form == FormEventType && p == Full)
}

// Smallest is the smallest profile that has the field.
func (f *Field) Smallest() Profile {
	switch {
	case f.In(Min):
		return Min
	case f.In(Lean):
		return Lean
	}
	return Full
}
