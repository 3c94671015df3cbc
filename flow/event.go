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

// action is event.action: what happened, else what the record is.
func (r *Record) action() string {
	if r.Has(FieldEventAction) {
		return r.EventAction
	}
	return r.Kind.String()
}

// appendEventType appends event.type's names: those that are set, else
// connection for traffic and info for the rest.
func appendEventType(dst []byte, r *Record) []byte {
	bits := TypeInfo
	switch {
	case r.Has(FieldEventType):
		bits = r.EventType
	case r.Kind == KindFlow:
		bits = TypeConnection
	}
	dst = append(dst, '[')
	for i, name := range eventTypeNames {
		if bits&(1<<i) != 0 {
			dst = append(append(append(dst, '"'), name...), '"', ',')
		}
	}
	return closeList(dst)
}
