package sflow

import (
	"encoding/binary"
	"net/netip"

	"github.com/weirflow/weir/flow"
)

// transaction is what an application did, as its agent says: no packet was
// sampled then, and the record counts transactions.
type transaction struct {
	known bool
	// request and response are octets of the bodies.
	request, response uint64
}

// Names of HTTP's methods by sFlow's number (http_method); 0 is another one.
var httpMethods = [...]string{1: "OPTIONS", 2: "GET", 3: "HEAD", 4: "POST", 5: "PUT", 6: "DELETE", 7: "TRACE", 8: "CONNECT"}

// application reads the record of an application's work, or of its connection.
func (m *run) application(r *flow.Record, slot uint8, p []byte) bool {
	switch slot {
	case slotSocket4:
		return m.socket(r, p, &socket4)
	case slotSocket6:
		return m.socket(r, p, &socket6)
	case slotHTTP:
		return m.httpRequest(r, p, true)
	case slotHTTPOld:
		return m.httpRequest(r, p, false)
	case slotHTTPTransaction:
		return m.httpTransaction(r, p)
	case slotTransaction:
		return m.transaction(r, p)
	case slotAppOperation:
		return m.appOperation(r, p)
	}
	return m.memcache(r, p)
}

// Sockets by the size of their addresses.
var (
	socket4 = socketLayout{4, socket("socket_", inet4).fields}
	socket6 = socketLayout{16, socket("socket_", inet6).fields}
)

type socketLayout struct {
	address int // octets
	fields  []field
}

// socket reads extended_socket_ipv4 or _ipv6. When no packet was sampled its ends
// are the record's: the remote one asked, as it is servers that report. Beside a
// packet it tells which end is the host's own, and goes to elements.
func (m *run) socket(r *flow.Record, p []byte, s *socketLayout) bool {
	if len(p) < 12+2*s.address {
		return false
	}
	if r.Has(flow.FieldSourceIP) || r.Has(flow.FieldDestinationIP) {
		ok := true
		for i := range s.fields {
			if p, ok = m.value(r, &s.fields[i], p); !ok {
				break
			}
		}
		return ok
	}
	local, remote := p[4:4+s.address], p[4+s.address:4+2*s.address]
	r.SetNetworkType(typeIPv6)
	if s.address == 4 {
		r.SetNetworkType(typeIPv4)
	}
	if a, ok := netip.AddrFromSlice(remote); ok {
		r.SetSourceIP(a)
	}
	if a, ok := netip.AddrFromSlice(local); ok {
		r.SetDestinationIP(a)
	}
	if proto := binary.BigEndian.Uint32(p); proto <= 255 {
		r.SetNetworkIANANumber(uint8(proto))
	}
	ports := p[4+2*s.address:]
	if src, dst := binary.BigEndian.Uint32(ports[4:]), binary.BigEndian.Uint32(ports); src <= 0xffff && dst <= 0xffff {
		r.SetSourcePort(uint16(src))
		r.SetDestinationPort(uint16(dst))
	}
	return true
}

// reader reads values of XDR one after the other; bad is set by the first that
// is not there, and those after it are empty.
type reader struct {
	p   []byte
	bad bool
}

func (x *reader) text() []byte {
	s, next, ok := text(x.p, 0)
	if !ok || x.bad {
		x.bad = true
		return nil
	}
	x.p = x.p[next:]
	return s
}

func (x *reader) uint32() uint32 {
	if len(x.p) < 4 || x.bad {
		x.bad = true
		return 0
	}
	v := binary.BigEndian.Uint32(x.p)
	x.p = x.p[4:]
	return v
}

func (x *reader) uint64() uint64 {
	high := x.uint32()
	return uint64(high)<<32 | uint64(x.uint32())
}

// word adds an element of text, number one of a number; both leave out what says
// nothing, and what there is no room for.
func (m *run) word(r *flow.Record, name string, s []byte) {
	if len(s) > 0 && len(r.Extra) < maxExtra {
		r.Extra = append(r.Extra, flow.Element{Name: name, Kind: flow.ElementString, Bytes: m.w.Copy(s[:min(len(s), nameMax)])})
	}
}

func count(r *flow.Record, name string, v uint64) {
	if len(r.Extra) < maxExtra {
		r.Extra = append(r.Extra, flow.Element{Name: name, Num: v})
	}
}

// httpRequest reads http_request: the one of sflow.org/sflow_http.txt, which has
// the protocol's version, or the one before it, which has not.
func (m *run) httpRequest(r *flow.Record, p []byte, versioned bool) bool {
	x := reader{p: p}
	method := x.uint32()
	if versioned {
		count(r, "http_protocol", uint64(x.uint32())) // 1001 is HTTP/1.1
	}
	r.SetNetworkProtocol("http")
	if method < uint32(len(httpMethods)) && httpMethods[method] != "" {
		r.SetHTTPMethod(httpMethods[method])
	}
	uri, host := x.text(), x.text()
	m.url(r, uri, host)
	m.httpAgent(r, x.text(), x.text())
	m.word(r, "http_xff", x.text())
	if user := x.text(); len(user) > 0 {
		r.SetUserName(m.string(user))
	}
	m.word(r, "http_mime_type", x.text())
	request, response := x.uint64(), x.uint64()
	duration, status := x.uint32(), x.uint32()
	if x.bad {
		return false
	}
	m.records.work = transaction{true, request, response}
	count(r, "http_duration_us", uint64(duration))
	httpStatus(r, status)
	return true
}

func (m *run) httpAgent(r *flow.Record, referrer, agent []byte) {
	if len(referrer) > 0 {
		r.SetHTTPReferrer(m.string(referrer))
	}
	if len(agent) > 0 {
		r.SetUserAgent(m.string(agent))
	}
}

func httpStatus(r *flow.Record, status uint32) {
	if status >= 100 && status <= 999 {
		r.SetHTTPStatus(uint16(status))
	}
}

// httpTransaction reads extended_http_transaction, which goes with a transaction.
func (m *run) httpTransaction(r *flow.Record, p []byte) bool {
	x := reader{p: p}
	r.SetNetworkProtocol("http")
	uri, host := x.text(), x.text()
	m.url(r, uri, host)
	m.httpAgent(r, x.text(), x.text())
	if user := x.text(); len(user) > 0 {
		r.SetUserName(m.string(user))
	}
	status := x.uint32()
	httpStatus(r, status)
	return !x.bad
}

// transaction reads the record that begins a sample of an application's
// transaction. What the server received is the request.
func (m *run) transaction(r *flow.Record, p []byte) bool {
	const byClient = 1
	x := reader{p: p}
	direction, wait, duration, status := x.uint32(), x.uint32(), x.uint32(), x.uint32()
	received, sent := x.uint64(), x.uint64()
	if x.bad {
		return false
	}
	m.records.work = transaction{true, received, sent}
	if direction == byClient {
		m.records.work = transaction{true, sent, received}
	}
	count(r, "transaction_wait_us", uint64(wait))
	count(r, "transaction_duration_us", uint64(duration))
	count(r, "transaction_status", uint64(status))
	return true
}

// appOperation reads app_operation (sflow.org/sflow_application.txt).
func (m *run) appOperation(r *flow.Record, p []byte) bool {
	x := reader{p: p}
	if app := x.text(); len(app) > 0 {
		r.SetNetworkApplication(m.string(app))
	}
	m.word(r, "app_operation", x.text())
	m.word(r, "app_attributes", x.text())
	m.word(r, "app_status_descr", x.text())
	request, response := x.uint64(), x.uint64()
	duration, status := x.uint32(), x.uint32()
	if x.bad {
		return false
	}
	m.records.work = transaction{true, request, response}
	count(r, "app_duration_us", uint64(duration))
	count(r, "app_status", uint64(status))
	return true
}

// memcache reads memcache_operation (sflow.org/sflow_memcache.txt). It does not
// say in which direction the value went.
func (m *run) memcache(r *flow.Record, p []byte) bool {
	x := reader{p: p}
	r.SetNetworkProtocol("memcache")
	count(r, "memcache_protocol", uint64(x.uint32()))
	count(r, "memcache_cmd", uint64(x.uint32()))
	m.word(r, "memcache_key", x.text())
	count(r, "memcache_nkeys", uint64(x.uint32()))
	count(r, "memcache_value_bytes", uint64(x.uint32()))
	count(r, "memcache_duration_us", uint64(x.uint32()))
	count(r, "memcache_status", uint64(x.uint32()))
	if x.bad {
		return false
	}
	m.records.work = transaction{known: true}
	return true
}
