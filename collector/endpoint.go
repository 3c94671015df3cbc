package collector

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"github.com/weirflow/weir/collector/message"
)

// The transports of an endpoint, as they are written in its URL.
const (
	schemeUDP = "udp"
	schemeTCP = "tcp"
	schemeTLS = "tls"
)

// protocolList is what only= takes.
const protocolList = "netflow1,netflow5,netflow7,netflow9,ipfix,sflow"

const endpointForm = "an endpoint is written udp://[host]:port, tcp://[host]:port or tls://[host]:port, " +
	"IPv6 addresses in brackets, and may end in ?only=" + protocolList

// Endpoint is where to listen.
type Endpoint struct {
	// Scheme is udp, tcp or tls.
	Scheme string
	// Host is an address without brackets, or a name; empty means every
	// address of the machine, IPv6 and IPv4.
	Host string
	// Port is the port, meaningful when HasPort is true; 0 lets the kernel
	// choose.
	Port uint16
	// HasPort tells whether the URL named a port. If not, the list that the
	// endpoint is in decides (see Config).
	HasPort bool
	// Only lists the protocols to accept; empty means all that the transport
	// can carry.
	Only []message.Protocol
}

// String is the endpoint as a URL.
func (e Endpoint) String() string {
	var b strings.Builder
	b.WriteString(e.Scheme + "://")
	switch {
	case !e.HasPort && e.Host == "":
	case !e.HasPort && strings.Contains(e.Host, ":"):
		b.WriteString("[" + e.Host + "]")
	case !e.HasPort:
		b.WriteString(e.Host)
	default:
		b.WriteString(net.JoinHostPort(e.Host, strconv.Itoa(int(e.Port))))
	}
	for i, p := range e.Only {
		if i == 0 {
			b.WriteString("?only=")
		} else {
			b.WriteByte(',')
		}
		b.WriteString(listName(p))
	}
	return b.String()
}

// ParseEndpoint reads an endpoint URL. The host may be left out (udp://:2055),
// and so may the colon (udp://2055) or the scheme before a bare port (2055, which
// means UDP). An error names the value and what is allowed.
func ParseEndpoint(s string) (Endpoint, error) {
	e, err := parseEndpoint(s)
	if err != nil {
		return Endpoint{}, fmt.Errorf("endpoint %q: %w", s, err)
	}
	return e, nil
}

func parseEndpoint(s string) (Endpoint, error) {
	var e Endpoint
	scheme, rest, found := strings.Cut(s, "://")
	switch {
	case !found && isDigits(s):
		scheme, rest = schemeUDP, s
	case !found:
		return e, errors.New("no transport; " + endpointForm)
	}
	switch e.Scheme = strings.ToLower(scheme); e.Scheme {
	case schemeUDP, schemeTCP, schemeTLS:
	case "dtls", "sctp":
		return e, fmt.Errorf("%s is not available in this version; allowed: udp, tcp, tls", e.Scheme)
	default:
		return e, fmt.Errorf("unknown transport %q; allowed: udp, tcp, tls", scheme)
	}
	rest, query, _ := strings.Cut(rest, "?")
	rest = strings.TrimSuffix(rest, "/")
	if err := e.parseAddress(rest); err != nil {
		return e, err
	}
	return e, e.parseQuery(query)
}

// parseAddress reads [host][:port].
func (e *Endpoint) parseAddress(s string) error {
	host, port := s, ""
	switch {
	case s == "":
		return nil
	case isDigits(s):
		host, port = "", s
	case strings.HasPrefix(s, "[") && strings.HasSuffix(s, "]"):
		host = s[1 : len(s)-1]
	case strings.Count(s, ":") > 1 && !strings.HasPrefix(s, "["):
		return fmt.Errorf("address %q has several colons; write an IPv6 address in brackets, as in [2001:db8::1]:2055", s)
	case strings.Contains(s, ":"):
		var err error
		if host, port, err = net.SplitHostPort(s); err != nil {
			return fmt.Errorf("address %q: %w; %s", s, err, endpointForm)
		}
		if port == "" {
			return fmt.Errorf("address %q ends in a colon; name a port from 0 to 65535, or leave the colon out", s)
		}
	}
	if strings.HasPrefix(s, "[") {
		if addr, err := netip.ParseAddr(host); err != nil || !addr.Is6() {
			return fmt.Errorf("%q in brackets is not an IPv6 address", host)
		}
	} else if !validHost(host) {
		return fmt.Errorf("host %q is neither an IP address nor a host name; %s", host, endpointForm)
	}
	e.Host = host
	if port == "" {
		return nil
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return fmt.Errorf("port %q: want a number from 0 to 65535 (0: the system chooses)", port)
	}
	e.Port, e.HasPort = uint16(n), true
	return nil
}

// parseQuery reads only=protocol,protocol.
func (e *Endpoint) parseQuery(s string) error {
	if s == "" {
		return nil
	}
	for part := range strings.SplitSeq(s, "&") {
		key, value, _ := strings.Cut(part, "=")
		if key != "only" {
			return fmt.Errorf("unknown option %q; allowed: only=%s", key, protocolList)
		}
		for name := range strings.SplitSeq(value, ",") {
			p, ok := protocolNamed(name)
			if !ok {
				return fmt.Errorf("only=%s: unknown protocol %q; allowed: %s", value, name, protocolList)
			}
			if e.Scheme != schemeUDP && p == message.SFlow5 {
				return fmt.Errorf("only=%s: %s over %s is not available in this version; allowed: netflow1,netflow5,netflow7,netflow9,ipfix", value, name, e.Scheme)
			}
			e.Only = append(e.Only, p)
		}
	}
	return nil
}

// protocolNamed gives the protocol that configuration calls name.
func protocolNamed(name string) (message.Protocol, bool) {
	for p := message.ProtocolUnknown + 1; p < message.NumProtocols; p++ {
		if name == listName(p) || name == p.String() {
			return p, true
		}
	}
	return message.ProtocolUnknown, false
}

// listName is what configuration calls a protocol: sflow is not versioned there.
func listName(p message.Protocol) string {
	if p == message.SFlow5 {
		return "sflow"
	}
	return p.String()
}

func isDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// validHost accepts what can be a host name or an IPv4 address, and nothing.
func validHost(s string) bool {
	const allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_"
	return strings.Trim(s, allowed) == ""
}
