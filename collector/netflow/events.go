package netflow

import (
	"strconv"

	"github.com/weirflow/weir/flow"
)

// Values of firewallEvent that counters depend on.
const (
	firewallDeleted = 2
	firewallUpdated = 5
)

// event is what a number of an event registry means.
type event struct {
	action string
	types  uint8
	// outcome is as ECS has it: a firewall that denies what it was told to deny
	// succeeds.
	outcome string
}

// firewallEvents are the values of firewallEvent (IANA; Cisco ASA NetFlow
// Implementation Guide).
var firewallEvents = [...]event{
	1:               {"flow_created", flow.TypeConnection | flow.TypeStart | flow.TypeAllowed, flow.OutcomeSuccess},
	firewallDeleted: {"flow_deleted", flow.TypeConnection | flow.TypeEnd, flow.OutcomeSuccess},
	3:               {"flow_denied", flow.TypeConnection | flow.TypeDenied, flow.OutcomeSuccess},
	4:               {"flow_alert", flow.TypeConnection | flow.TypeInfo, ""},
	firewallUpdated: {"flow_updated", flow.TypeConnection, flow.OutcomeSuccess},
}

// firewallReasons are extended events of Cisco's ASA (the same guide).
var firewallReasons = map[uint64]string{
	1001: "denied by the ingress access list",
	1002: "denied by the egress access list",
	1003: "connection to the firewall itself refused",
	1004: "first packet was no TCP SYN",
}

const (
	natStart = flow.TypeConnection | flow.TypeStart
	natEnd   = flow.TypeConnection | flow.TypeEnd
)

// natEvents are the values of natEvent (IANA, RFC 8158 section 4.3).
var natEvents = [...]event{
	1:  {"nat_translation_created", natStart, flow.OutcomeSuccess},
	2:  {"nat_translation_deleted", natEnd, flow.OutcomeSuccess},
	3:  {"nat_addresses_exhausted", flow.TypeConnection | flow.TypeInfo, flow.OutcomeFailure},
	4:  {"nat44_session_created", natStart, flow.OutcomeSuccess},
	5:  {"nat44_session_deleted", natEnd, flow.OutcomeSuccess},
	6:  {"nat64_session_created", natStart, flow.OutcomeSuccess},
	7:  {"nat64_session_deleted", natEnd, flow.OutcomeSuccess},
	8:  {"nat44_bib_created", natStart, flow.OutcomeSuccess},
	9:  {"nat44_bib_deleted", natEnd, flow.OutcomeSuccess},
	10: {"nat64_bib_created", natStart, flow.OutcomeSuccess},
	11: {"nat64_bib_deleted", natEnd, flow.OutcomeSuccess},
	12: {"nat_ports_exhausted", flow.TypeConnection | flow.TypeInfo, flow.OutcomeFailure},
	13: {"nat_quota_exceeded", flow.TypeConnection | flow.TypeInfo, flow.OutcomeFailure},
	14: {"nat_address_bound", natStart, flow.OutcomeSuccess},
	15: {"nat_address_unbound", natEnd, flow.OutcomeSuccess},
	16: {"nat_port_block_allocated", natStart, flow.OutcomeSuccess},
	17: {"nat_port_block_released", natEnd, flow.OutcomeSuccess},
	18: {"nat_threshold_reached", flow.TypeInfo, ""},
}

// natEvent gives the number of RFC 8158 for a record's natEvent. Devices that were
// made after its drafts (draft-ietf-behave-ipfix-nat-logging) number what follows
// addresses_exhausted two lower. Where what the number means does not go with the
// record's addresses and ports and what the drafts mean does, it is theirs.
func (m *run) natEvent(r *flow.Record) uint64 {
	s := &m.scratch
	event := s.events[eventNAT]
	from4, from6 := r.Has(flow.FieldSourceIP) && r.SourceIP.Is4(), r.Has(flow.FieldSourceIP) && r.SourceIP.Is6()
	drafted := false
	switch event {
	case 4, 5, 8, 9: // of NAT44; there of NAT64
		drafted = from6
	case 6, 7: // of NAT64; there of NAT44
		drafted = from4
	case 12, 13: // no ports, quota exceeded; there an address is bound
		drafted = r.Has(flow.FieldSourceIP) && r.Has(flow.FieldSourceNATIP) && s.events[eventNATQuota] == 0
	case 14, 15: // an address is bound; there a block of ports
		drafted = s.portRange
	}
	if drafted {
		return event + 2
	}
	return event
}

// natQuotas and natThresholds are the values of natQuotaExceededEvent and
// natThresholdEvent (RFC 8158 sections 4.4 and 4.5).
var (
	natQuotas = [...]string{1: "maximum session entries", 2: "maximum BIB entries", 3: "maximum entries per user",
		4: "maximum active hosts or subscribers", 5: "maximum fragments pending reassembly"}
	natThresholds = [...]string{1: "address pool high threshold", 2: "address pool low threshold", 3: "address and port mapping high threshold",
		4: "address and port mapping per user high threshold", 5: "global address mapping high threshold"}
)

// dropReasons are the values of forwardingStatus from 128 on (RFC 7270 section
// 4.12 and IANA).
var dropReasons = [...]string{1: "ACL deny", 2: "ACL drop", 3: "unroutable", 4: "adjacency", 5: "fragmentation and DF set", 6: "bad header checksum",
	7: "bad total length", 8: "bad header length", 9: "bad TTL", 10: "policer", 11: "WRED", 12: "RPF", 13: "for us", 14: "bad output interface", 15: "hardware"}

// happened turns the record's event numbers into event.action and its kin.
func (m *run) happened(r *flow.Record) {
	s := &m.scratch
	if e, ok := registered(firewallEvents[:], s.events[eventFirewall]); ok {
		happen(r, e)
	}
	if e, ok := registered(natEvents[:], m.natEvent(r)); ok {
		happen(r, e)
	}
	for _, x := range [...]struct {
		of    uint8
		names []string
	}{{eventNATQuota, natQuotas[:]}, {eventNATThreshold, natThresholds[:]}} {
		if name, ok := registered(x.names, s.events[x.of]); ok {
			r.SetEventReason(name)
		}
	}
	if code := s.events[eventFirewallReason]; code != 0 {
		var room [20]byte
		r.SetEventCode(m.strings.of(strconv.AppendUint(room[:0], code, 10)))
		if reason := firewallReasons[code]; reason != "" {
			r.SetEventReason(reason)
		}
	}
}

// registered gives the entry of a registry, if it has one that is not empty.
func registered[T comparable](registry []T, v uint64) (entry T, ok bool) {
	var none T
	if v < uint64(len(registry)) {
		entry = registry[v]
	}
	return entry, entry != none
}

func happen(r *flow.Record, e event) {
	r.SetEventAction(e.action)
	r.SetEventType(e.types)
	if e.outcome != "" {
		r.SetEventOutcome(e.outcome)
	}
}

// forwarded tells from forwardingStatus whether the packets got on their way, and
// why not.
func (m *run) forwarded(r *flow.Record) {
	status := r.FlowForwardingStatus
	if status < 4 { // the old form of two bits
		status <<= 6
	}
	switch status >> 6 {
	case 1, 3: // forwarded, consumed
		r.SetEventOutcome(flow.OutcomeSuccess)
	case 2:
		r.SetEventOutcome(flow.OutcomeFailure)
		reason := status & 0x3f
		if reason == 1 || reason == 2 {
			r.SetEventType(flow.TypeConnection | flow.TypeDenied)
		}
		if name, ok := registered(dropReasons[:], uint64(reason)); ok {
			r.SetEventReason(name)
		}
	}
}
