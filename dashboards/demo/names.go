package demo

import (
	"strconv"

	"github.com/weirflow/weir/flow"
)

// What the probe reads of HTTP.
var (
	agents = []string{"Mozilla/5.0 (X11; Linux x86_64) Example/128.0", "Mozilla/5.0 (Windows NT 10.0; Win64) Sample/131.0",
		"Mozilla/5.0 (Macintosh; Intel) Example/18.1", "example-updater/2.4", "curl/8.5.0", "sample-backup/11"}
	paths    = []string{"/", "/index.html", "/news/today", "/images/logo.png", "/update/stable/manifest.json", "/api/v1/status", "/login", "/search?q=weir"}
	statuses = []uint16{200, 200, 200, 200, 200, 304, 301, 404, 403, 500, 503}
	methods  = []string{"GET", "GET", "GET", "GET", "POST", "HEAD", "PUT"}
)

// namesSeen gives what sets the names in a conversation's records that the probe
// sees; with other exporters it does nothing.
func (m *maker) namesSeen(t *talk, server string) func(*flow.Record) {
	if t.exporter != &probe {
		return func(*flow.Record) {}
	}
	switch {
	case t.server.port == 443 && server != "":
		protocol := "tls"
		if t.protocol == udp {
			protocol = "quic"
		}
		return func(r *flow.Record) {
			r.SetNetworkProtocol(protocol)
			r.SetTLSServerName(server)
			r.SetTLSServerSubject("*." + t.server.net.domain)
		}
	case t.server.port == 80 && server != "":
		path, agent, status, method := pick(m, paths), pick(m, agents), pick(m, statuses), pick(m, methods)
		return func(r *flow.Record) {
			r.SetNetworkProtocol("http")
			r.SetURLDomain(server)
			r.SetURLPath(path)
			r.SetHTTPMethod(method)
			r.SetHTTPStatus(status)
			r.SetUserAgent(agent)
			r.SetHTTPReferrer("http://www.search.example/")
		}
	case t.server.port == 53:
		n := m.anywhere()
		question := n.host(m.between(0, 6))
		if m.chance(.05) {
			question = "nothing" + strconv.Itoa(m.between(1, 40)) + ".typo.example"
		}
		return func(r *flow.Record) {
			r.SetNetworkProtocol("dns")
			r.SetDNSQuestion(question)
		}
	}
	return func(*flow.Record) {}
}
