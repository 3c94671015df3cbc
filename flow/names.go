package flow

import (
	"strconv"
	"strings"

	"github.com/weirflow/weir/flow/catalogue"
)

// Names gives the texts that documents show for a number of a field of that form:
// none or several for a list, one for the others. A form that shows the number
// itself gives its digits.
func Names(form catalogue.Form, v uint64) []string {
	var shown []byte
	switch form {
	case catalogue.FormTCPFlags:
		shown = appendTCPFlags(nil, uint16(v))
	case catalogue.FormEndReason:
		shown = appendName(nil, endReasonNames[:], uint8(v))
	case catalogue.FormDirection:
		shown = appendName(nil, directionNames[:], uint8(v))
	case catalogue.FormEventType:
		shown = appendEventType(nil, uint8(v))
	case catalogue.FormForwarding:
		shown = appendForwarding(nil, uint8(v))
	default:
		return []string{strconv.FormatUint(v, 10)}
	}
	var names []string
	for i, part := range strings.Split(string(shown), `"`) { // no name has a quote or an escape
		if i%2 == 1 {
			names = append(names, part)
		}
	}
	return names
}
