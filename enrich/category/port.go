package category

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/weirflow/weir/enrich/service"
)

// portRange is ports of one transport, or of any when protocol is 0.
type portRange struct {
	protocol    uint8
	first, last uint16
}

const portForm = "want a port (443), a range (8000-8100), or either after a transport (tcp/443, udp/5000-5100, sctp/3868)"

// parsePort reads a port, a range, or either after a transport and a slash.
func parsePort(text string, services *service.Table) (portRange, error) {
	p := portRange{}
	numbers := text
	if transport, rest, ok := strings.Cut(text, "/"); ok {
		n, known := services.Number(transport)
		if !known || !service.HasPorts(n) {
			return p, fmt.Errorf("%q: %s", text, portForm)
		}
		p.protocol, numbers = n, rest
	}
	first, last, isRange := strings.Cut(numbers, "-")
	if !isRange {
		last = first
	}
	a, err := strconv.ParseUint(first, 10, 16)
	b, err2 := strconv.ParseUint(last, 10, 16)
	if err != nil || err2 != nil || a > b {
		return p, fmt.Errorf("%q: %s", text, portForm)
	}
	p.first, p.last = uint16(a), uint16(b)
	return p, nil
}
