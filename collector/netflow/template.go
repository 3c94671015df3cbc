package netflow

import (
	"fmt"

	"github.com/weirflow/weir/collector/message"
	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/flow/catalogue"
	"github.com/weirflow/weir/ipfix"
)

// template is a template compiled into the steps that a record's bytes run
// through, field by field.
type template struct {
	spec  ipfix.Template
	steps []step
	min   int // bytes of the shortest record
	// skipped is how many fields are beyond maxFields.
	skipped int
	// older and newer link the exporter's templates by time of definition.
	older, newer *template
	domain       *domain
	// told is when it was last defined, Unix nanoseconds.
	told int64
	// seen is when it was last defined or used, Unix nanoseconds.
	seen int64
}

// action is what a step does with a field's bytes.
type action uint8

const (
	actSkip       action = iota
	actExtra             // keep under the element's name
	actUint              // number into a record field
	actAddr              // address into a record field, unless one is there
	actMAC               // hardware address into a record field
	actString            // text into a record field
	actCounter           // add to a counter of the scratch
	actTime              // point in time or duration into the scratch
	actSampling          // sampling parameter into the scratch
	actText              // interface or VRF name into the scratch, kept as well
	actLabel             // MPLS label stack entry
	actICMP              // type and code in one number
	actAppID             // application id (RFC 6759)
	actInterface         // NetFlow v9's scope type 2
	actCard              // line card, NetFlow v9's scope type 3
	actPortRange         // first port of a block
	actOther             // number into a record field that another element feeds as well
	actEvent             // number that tells of an event
	actACL               // three hashes of an access list
	actStack             // whole MPLS label stack
	actRD                // route distinguisher
	actSegment           // layer2SegmentId
	actFlowID            // the exporter's number of the flow
	actPhysical          // physical interface, for those without a logical one
	actClientPort        // port of the end that asked
	actBiflow            // biflowDirection
	actSubAppID          // Cisco's number of a sub-application
	actSubApp            // Cisco's value of a sub-application
	actList              // structured data
	actFlags             // TCP flags of some packets of the flow
)

// step decodes one field.
type step struct {
	do     action
	index  uint8 // which counter, time, parameter or text
	typ    ipfix.DataType
	length uint16
	field  flow.FieldID
	// zeroAbsent tells that an all-zero value says nothing.
	zeroAbsent bool
	name       string
}

// claim says which record field an element feeds, and its rank among the
// elements that feed the same one.
type claim struct {
	field flow.FieldID
	typ   catalogue.Type
	rank  int
}

type elementKey struct {
	pen uint32
	id  uint16
}

// claims derives from the field catalogue; it is never written after.
var claims = readClaims()

func readClaims() map[elementKey]claim {
	m := map[elementKey]claim{}
	id := flow.FieldID(0)
	for i := range catalogue.Fields {
		f := &catalogue.Fields[i]
		if f.Derived() {
			continue
		}
		for rank, name := range f.Elements {
			m[elementOf(name)] = claim{id, f.Type, rank}
		}
		id++
	}
	return m
}

// elementOf resolves a name of the catalogue: IANA's, or enterprise/id.
// TestClaims checks that every name of the catalogue resolves.
func elementOf(name string) elementKey {
	var k elementKey
	if n, _ := fmt.Sscanf(name, "%d/%d", &k.pen, &k.id); n == 2 {
		return k
	}
	e, _ := ipfix.ByName(name)
	return elementKey{0, e.ID}
}

// zeroMeaningful are fields whose zero says something; in the others exporters
// fill what they do not know with zeros.
var zeroMeaningful = map[flow.FieldID]bool{
	flow.FieldNetworkIANANumber: true, flow.FieldSourcePort: true, flow.FieldDestinationPort: true, flow.FieldFlowToS: true,
	flow.FieldFlowTCPFlags: true, flow.FieldFlowDirection: true, flow.FieldFlowICMPType: true, flow.FieldFlowICMPCode: true,
	flow.FieldIngressInterfaceID: true, flow.FieldEgressInterfaceID: true, flow.FieldSourcePrefixLength: true,
	flow.FieldDestinationPrefixLength: true, flow.FieldFlowSamplingID: true, flow.FieldFlowExporterEngineID: true,
	flow.FieldFlowExporterEngineType: true, flow.FieldFlowVRFIngressID: true, flow.FieldFlowVRFEgressID: true,
}

// scopeNames are NetFlow v9's scope types (RFC 3954 section 6.1).
var scopeNames = [...]string{1: "scopeSystem", 2: "scopeInterface", 3: "scopeLineCard", 4: "scopeCache", 5: "scopeTemplate"}

// maxFields is how many fields of a template are decoded, those of no bytes not
// counted; what stands behind them in a record is skipped. A record must not
// become a document that no store takes.
const maxFields = 512

// compile makes the steps of a template. Fields of no bytes get none, so that a
// record never takes more steps than it has bytes: thousands of them in front of
// one byte would make a datagram's worth of records take seconds.
func compile(spec ipfix.Template, protocol message.Protocol) *template {
	t := &template{spec: spec, min: spec.MinRecordLen(), steps: make([]step, 0, len(spec.Fields))}
	owner := map[flow.FieldID]feeder{} // who feeds a field
	for i, f := range spec.Fields {
		if f.Length == 0 {
			continue
		}
		s := step{do: actSkip}
		if len(t.steps) < maxFields {
			s = plan(f, protocol, i < spec.Scopes)
		} else {
			t.skipped++
		}
		s.length = f.Length
		if s.do == actUint || s.do == actMAC || s.do == actString {
			this := feeder{len(t.steps), rank(f, protocol), elementKey{f.PEN, f.ID}}
			if other, taken := owner[s.field]; !taken {
				owner[s.field] = this
			} else if before := &t.steps[other.step]; share(before, &s, other, this) {
				owner[s.field] = this
			}
		}
		t.steps = append(t.steps, s)
	}
	return t
}

// feeder is who feeds a field.
type feeder struct {
	step, rank int
	element    elementKey
}

// innerFields are where an element goes that a template has for the second time:
// it is of the header inside a tunnel (RFC 7011 section 8).
var innerFields = map[flow.FieldID]flow.FieldID{flow.FieldSourcePort: flow.FieldInnerSourcePort,
	flow.FieldDestinationPort: flow.FieldInnerDestinationPort, flow.FieldNetworkIANANumber: flow.FieldInnerIANANumber}

// share settles who feeds a field when a second step wants to, and reports whether
// the second one does. Numbers of different elements both may, as exporters fill
// the one that does not apply with zeros; of others the catalogue's first element
// feeds the field.
func share(before, s *step, other, this feeder) bool {
	inner, known := innerFields[s.field]
	switch {
	case this.element == other.element && known && s.do == actUint:
		s.field, s.zeroAbsent = inner, true
	case this.element != other.element && s.do == actUint && before.do != actMAC:
		s.do, before.do = actOther, actOther
	case this.rank < other.rank:
		before.do = actExtra
		return true
	default:
		s.do = actExtra
	}
	return false
}

func element(f ipfix.FieldSpec, protocol message.Protocol) (ipfix.Element, bool) {
	if protocol == message.NetFlow9 {
		return ipfix.Lookup9(f.ID)
	}
	return ipfix.Lookup(f.PEN, f.ID)
}

func rank(f ipfix.FieldSpec, protocol message.Protocol) int {
	e, _ := element(f, protocol)
	return claims[elementKey{e.PEN, e.ID}].rank
}

// plan decides what to do with one field.
func plan(f ipfix.FieldSpec, protocol message.Protocol, scope bool) step {
	if scope && protocol == message.NetFlow9 {
		s := step{do: actExtra, typ: ipfix.Unsigned32, name: fmt.Sprintf("scope%d", f.ID)}
		if int(f.ID) < len(scopeNames) && scopeNames[f.ID] != "" {
			s.name = scopeNames[f.ID]
		}
		switch {
		case f.ID == 2:
			s.do = actInterface
		case f.ID == 3 && f.Length <= 8:
			s.do = actCard
		}
		return s
	}
	e, known := element(f, protocol)
	s := step{do: actExtra, typ: e.Type, name: e.Name}
	if !known {
		s.name = fmt.Sprintf("%d_%d", e.PEN, e.ID)
	}
	switch {
	case e.PEN == 0 && e.ID == paddingOctets:
		s.do = actSkip
		return s
	case e.Type == ipfix.BasicList, e.Type == ipfix.SubTemplateList, e.Type == ipfix.SubTemplateMultiList:
		s.do = actList
		return s
	}
	if special, ok := specials[elementKey{e.PEN, e.ID}]; ok && fits(special.do, f.Length) {
		s.do, s.index, s.field, s.zeroAbsent = special.do, special.index, special.field, special.do == actLabel
		return s
	}
	c, ok := claims[elementKey{e.PEN, e.ID}]
	if !ok {
		return s
	}
	s.field, s.zeroAbsent = c.field, !zeroMeaningful[c.field]
	switch c.typ {
	case catalogue.IP:
		if f.Length == 4 || f.Length == 16 {
			s.do, s.zeroAbsent = actAddr, true
		}
	case catalogue.MAC:
		if f.Length == 6 {
			s.do = actMAC
		}
	case catalogue.Keyword:
		s.do = actString
	case catalogue.U8, catalogue.U16, catalogue.U32, catalogue.U64, catalogue.I64:
		if f.Length <= 8 {
			s.do = actUint
		}
	}
	return s
}

// fits reports whether an action can take a field of that length; others are
// kept as they are.
func fits(do action, length uint16) bool {
	switch do {
	case actCounter, actTime, actSampling, actICMP, actEvent, actFlowID, actSegment, actUint, actClientPort, actFlags, actCard:
		return length <= 8
	case actLabel:
		return length == 3
	case actAddr:
		return length == 4 || length == 16
	}
	return true
}
