// Package category sorts flows by kind of traffic and sets sites, tenants and
// tags by rule. It knows the shipped categories, which are compiled in, and the
// user's rules, which come first. It looks at one record at a time, reads no
// clock and no network, and keeps no state beyond its matchers' caches.
package category

import (
	_ "embed" // the shipped categories
	"fmt"
	"strconv"
	"strings"

	"github.com/weirflow/weir/enrich/service"
)

//go:embed categories.tsv
var shippedTSV string

// Other is the category of flows that no rule matches.
const Other = "Other"

// nameResolution is the category whose flows carry other flows' host names.
const nameResolution = "Name Resolution"

// Names are the shipped categories, in order. Users' rules may add others.
var names = [...]string{
	"AAA", "Apple", "Chat", "Crypto Currency", "Databases", "Email", "File Transfer", "Games", "Google", "IPv6", "Malicious", "MikroTik",
	"Monitoring", nameResolution, "Novell", "P2P", "Printing", "Remote Administration", "Routing", "SIP", "Storage", "Streaming Media", "Time",
	"UPnP", "VPN", "Web", Other,
}

// Names lists the shipped categories, in order.
func Names() []string { return append([]string(nil), names[:]...) }

// Decision is a category and the rule that chose it.
type Decision struct {
	// Category is one of Names, or a name of the user's.
	Category string
	// Rule is readable: "port tcp/443", "application netflix", "host
	// *.example.com", "protocol esp", "user cameras", "none".
	Rule string
}

var other = Decision{Other, "none"}

// Shipped is the compiled form of the shipped categories. It is immutable and
// safe for concurrent use.
type Shipped struct {
	decisions []Decision
	// Indexes into decisions by server port; 0 is none.
	tcp, udp     [1 << 16]uint16
	sctp         map[uint16]uint16
	protocols    [256]uint16
	applications map[string]uint16
	hosts        map[string]uint16
}

// NewShipped compiles the shipped categories; an error means that the program
// was built from a damaged file.
func NewShipped(services *service.Table) (*Shipped, error) {
	return compileShipped(shippedTSV, services)
}

func compileShipped(text string, services *service.Table) (*Shipped, error) {
	s := &Shipped{decisions: make([]Decision, 1), sctp: map[uint16]uint16{}, applications: map[string]uint16{}, hosts: map[string]uint16{}}
	known := map[string]bool{}
	for _, name := range names {
		known[name] = true
	}
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimSuffix(line, "\n")
		if line == "" || line[0] == '#' {
			continue
		}
		f := strings.Split(line, "\t")
		if len(f) != 3 || !known[f[0]] {
			return nil, fmt.Errorf("categories.tsv:%d: want category, kind, values; got %q", number, line)
		}
		for value := range strings.SplitSeq(f[2], " ") {
			if err := s.add(f[0], f[1], value, services); err != nil {
				return nil, fmt.Errorf("categories.tsv:%d: %w", number, err)
			}
		}
	}
	if len(s.decisions) > 1<<16-1 {
		return nil, fmt.Errorf("categories.tsv: %d values, want at most 65535", len(s.decisions))
	}
	return s, nil
}

// add gives one value to a category. The values are too few to overflow the
// 16-bit indexes; compileShipped checks.
func (s *Shipped) add(name, kind, value string, services *service.Table) error {
	next := uint16(len(s.decisions))
	switch kind {
	case "port":
		p, err := parsePort(value, services)
		if err != nil {
			return err
		}
		for port := int(p.first); port <= int(p.last); port++ {
			if err := s.claimPort(name, p.protocol, uint16(port), services); err != nil {
				return err
			}
		}
		return nil
	case "protocol":
		n, ok := services.Number(value)
		if !ok {
			return fmt.Errorf("protocol %q is not a keyword of IANA's registry", value)
		}
		if s.protocols[n] != 0 {
			return twice(value)
		}
		s.protocols[n] = next
		s.decisions = append(s.decisions, Decision{name, "protocol " + value})
	case "application":
		if s.applications[value] != 0 {
			return twice(value)
		}
		s.applications[value] = next
		s.decisions = append(s.decisions, Decision{name, "application " + value})
	case "host":
		if s.hosts[value] != 0 {
			return twice(value)
		}
		s.hosts[value] = next
		s.decisions = append(s.decisions, Decision{name, "host *." + value})
	default:
		return fmt.Errorf("%q: want port, protocol, application or host", kind)
	}
	return nil
}

func (s *Shipped) claimPort(name string, protocol uint8, port uint16, services *service.Table) error {
	label := services.Protocol(protocol) + "/" + strconv.Itoa(int(port))
	if s.port(protocol, port) != 0 {
		return twice(label)
	}
	at := uint16(len(s.decisions))
	s.decisions = append(s.decisions, Decision{name, "port " + label})
	switch protocol {
	case service.TCP:
		s.tcp[port] = at
	case service.UDP:
		s.udp[port] = at
	case service.SCTP:
		s.sctp[port] = at
	default:
		return fmt.Errorf("port %s: want tcp, udp or sctp", label)
	}
	return nil
}

func twice(value string) error { return fmt.Errorf("%s stands twice", value) }

func (s *Shipped) port(protocol uint8, port uint16) uint16 {
	switch protocol {
	case service.TCP:
		return s.tcp[port]
	case service.UDP, service.UDPLite:
		return s.udp[port]
	case service.SCTP:
		return s.sctp[port]
	}
	return 0
}

// KnowsPort reports whether a category claims the port, so that it is likely a
// server's.
func (s *Shipped) KnowsPort(protocol uint8, port uint16) bool { return s.port(protocol, port) != 0 }

// application is the decision for an exporter's application name in normal
// form, or 0. nDPI joins protocols by dots, the most telling one last; a name
// may continue a known one after a hyphen.
func (s *Shipped) application(name string) uint16 {
	for rest := name; ; {
		if at := s.applications[rest]; at != 0 {
			return at
		}
		last := rest
		if dot := strings.LastIndexByte(rest, '.'); dot >= 0 {
			last = rest[dot+1:]
			if at := s.applications[last]; at != 0 {
				return at
			}
		}
		for stem := last; ; {
			hyphen := strings.LastIndexByte(stem, '-')
			if hyphen <= 0 {
				break
			}
			stem = stem[:hyphen]
			if at := s.applications[stem+"-*"]; at != 0 {
				return at
			}
		}
		if len(last) == len(rest) {
			return 0
		}
		rest = rest[:len(rest)-len(last)-1]
	}
}

// host is the decision for a host name in lower case, or 0: the longest domain
// that is listed.
func (s *Shipped) host(name []byte) uint16 {
	for {
		if at := s.hosts[string(name)]; at != 0 {
			return at
		}
		dot := indexDot(name)
		if dot < 0 {
			return 0
		}
		name = name[dot+1:]
	}
}

func indexDot(name []byte) int {
	for i, c := range name {
		if c == '.' {
			return i
		}
	}
	return -1
}
