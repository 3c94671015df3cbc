package collector

import (
	"errors"
	"fmt"
	"net/netip"

	"github.com/weirflow/weir/collector/message"
)

// endpointList is one of the configuration's lists.
type endpointList struct {
	protocol message.Protocol
	port     uint16
	urls     []string
}

// protocolSet is a set of protocols, a bit each.
type protocolSet uint8

const allProtocols protocolSet = 1<<message.NumProtocols - 1

// streamProtocols are those whose messages a stream can be cut into.
const streamProtocols = allProtocols &^ (1 << message.SFlow5)

func (s protocolSet) has(p message.Protocol) bool { return s&(1<<p) != 0 }

// listener is one endpoint to open.
type listener struct {
	Endpoint
	// key is where the configuration names it first.
	key string
	// allowed is what may be received there.
	allowed protocolSet
}

// label names the listener in metrics and logs.
func (l *listener) label() string {
	e := l.Endpoint
	e.Only = nil
	return e.String()
}

// protocols is what the listener is narrowed to, for logs.
func (l *listener) protocols() string {
	if l.allowed == allProtocols || l.allowed == streamProtocols && l.Scheme != schemeUDP {
		return "all"
	}
	text := ""
	for p := message.ProtocolUnknown + 1; p < message.NumProtocols; p++ {
		if l.allowed.has(p) {
			if text != "" {
				text += ","
			}
			text += listName(p)
		}
	}
	return text
}

// network is the name that package net knows the listener's addresses by. Under
// "udp" and "tcp" an IPv4 wildcard would be opened for IPv6 too.
func (l *listener) network(transport string) string {
	if addr, err := netip.ParseAddr(l.Host); err == nil && addr.Is4() {
		return transport + "4"
	}
	return transport
}

// plan turns the lists into the listeners to open.
func (c Config) plan() ([]*listener, error) {
	var (
		listeners []*listener
		errs      []error
	)
	for _, list := range c.lists() {
		for i, url := range list.urls {
			l, err := c.planOne(list, url)
			key := fmt.Sprintf("collectors.%s[%d]", listName(list.protocol), i)
			if err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", key, err))
				continue
			}
			l.key = key
			merged, err := merge(listeners, l)
			if err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", key, err))
			} else if !merged {
				listeners = append(listeners, l)
			}
		}
	}
	if len(listeners) == 0 && len(errs) == 0 {
		errs = append(errs, errors.New("collectors: no endpoint is configured; name one, such as netflow5: [udp://:2055]"))
	}
	return listeners, errors.Join(errs...)
}

func (c Config) planOne(list endpointList, url string) (*listener, error) {
	e, err := ParseEndpoint(url)
	if err != nil {
		return nil, err
	}
	l := &listener{Endpoint: e}
	if !e.HasPort {
		l.Port, l.HasPort = list.port, true
		if e.Scheme == schemeTLS && list.protocol == message.IPFIX {
			l.Port = 4740
		}
	}
	switch {
	case e.Scheme == schemeUDP:
		l.allowed = allProtocols
	case list.protocol == message.SFlow5:
		return nil, fmt.Errorf("endpoint %q: %s over %s is not available in this version; allowed: udp", url, listName(list.protocol), e.Scheme)
	default:
		l.allowed = streamProtocols
	}
	if e.Scheme == schemeTLS && !c.hasCertificate() {
		return nil, fmt.Errorf("endpoint %q needs a certificate; set collectors.tls.cert and collectors.tls.key", url)
	}
	if len(e.Only) > 0 {
		l.allowed = 0
		for _, p := range e.Only {
			l.allowed |= 1 << p
		}
	}
	return l, nil
}

// merge adds l to the listener of the same endpoint when there is one, and
// refuses endpoints that cannot be open together. Ports that the system chooses
// are always apart.
func merge(listeners []*listener, l *listener) (bool, error) {
	for _, other := range listeners {
		sameTransport := (other.Scheme == schemeUDP) == (l.Scheme == schemeUDP)
		if l.Port == 0 || other.Port != l.Port || !sameTransport {
			continue
		}
		switch {
		case other.Scheme == l.Scheme && sameHost(other.Host, l.Host):
			other.allowed |= l.allowed
			return true, nil
		case overlap(other.Host, l.Host):
			return false, fmt.Errorf("endpoint %q overlaps %q of %s: both would be the same port; use one of them", l.Endpoint, other.Endpoint, other.key)
		}
	}
	return false, nil
}

// sameHost compares hosts; no host and the IPv6 wildcard are both dual-stack.
func sameHost(a, b string) bool {
	x, errX := netip.ParseAddr(a)
	y, errY := netip.ParseAddr(b)
	if errX == nil && errY == nil {
		return x == y
	}
	return a == b || (isDualStack(a) && isDualStack(b))
}

// overlap reports whether two hosts cannot be listened on at the same port. Names
// that resolve to the same address are found by the kernel.
func overlap(a, b string) bool {
	return sameHost(a, b) || covers(a, b) || covers(b, a)
}

func covers(wildcard, host string) bool {
	if isDualStack(wildcard) {
		return true
	}
	w, err := netip.ParseAddr(wildcard)
	if err != nil || !w.IsUnspecified() {
		return false
	}
	h, err := netip.ParseAddr(host)
	return err != nil || h.Is4()
}

func isDualStack(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "" || (err == nil && addr == netip.IPv6Unspecified())
}
