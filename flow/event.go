package flow

// The bits of event.type, which take the names that ECS allows in the category
// network.
const (
	TypeConnection uint8 = 1 << iota
	TypeStart
	TypeEnd
	TypeAllowed
	TypeDenied
	TypeInfo
)

// eventTypeNames are the bits' names, lowest first.
var eventTypeNames = [...]string{"connection", "start", "end", "allowed", "denied", "info"}

// Values of event.outcome.
const (
	OutcomeSuccess = "success"
	OutcomeFailure = "failure"
)

// Action is the record's event.action in documents: what happened, for traffic
// that a device reports events of, else what the record is.
func (r *Record) Action() string {
	if (r.Kind == KindFlow || r.Kind == KindExporter) && r.Has(FieldEventAction) {
		return r.EventAction
	}
	return r.Kind.String()
}

// EventTypes is the record's event.type in documents, as bits: those that are
// set, else connection for traffic and info for the rest.
func (r *Record) EventTypes() uint8 {
	switch {
	case r.Has(FieldEventType):
		return r.EventType & (1<<len(eventTypeNames) - 1)
	case r.Kind == KindFlow:
		return TypeConnection
	}
	return TypeInfo
}

// appendEventType appends event.type's names as a list.
func appendEventType(dst []byte, bits uint8) []byte {
	dst = append(dst, '[')
	for i, name := range eventTypeNames {
		if bits&(1<<i) != 0 {
			dst = append(append(append(dst, '"'), name...), '"', ',')
		}
	}
	return closeList(dst)
}
