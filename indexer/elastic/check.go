package elastic

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Step is one thing that was tried.
type Step struct {
	Name string `json:"name"`
	// OK is false when it failed, or could not be told; then Skipped is set.
	OK      bool   `json:"ok"`
	Skipped bool   `json:"skipped,omitempty"`
	Detail  string `json:"detail,omitempty"`
	// Advice says what to do about a failure.
	Advice string `json:"advice,omitempty"`
}

// Steps collects what was tried, in order.
type Steps []Step

// Good notes a step that worked, Bad one that did not, and Skip one that could
// not be tried.
func (s *Steps) Good(name, detail string) {
	*s = append(*s, Step{Name: name, OK: true, Detail: detail})
}
func (s *Steps) Bad(name, detail, advice string) {
	*s = append(*s, Step{name, false, false, detail, advice})
}
func (s *Steps) Skip(name, detail string) {
	*s = append(*s, Step{Name: name, Skipped: true, Detail: detail})
}

// Failed reports whether a step failed.
func (s Steps) Failed() bool {
	for _, x := range s {
		if !x.OK && !x.Skipped {
			return true
		}
	}
	return false
}

// dialTimeout bounds a look-up, a connection and a handshake, each.
const dialTimeout = 10 * time.Second

const proxyAdvice = "mend proxy_url, or the environment variables HTTP_PROXY, HTTPS_PROXY and NO_PROXY"

// Reach tries to get to a URL, step by step: its name, a connection, TLS. It
// reports whether requests make sense. A proxy is tried in the server's place.
func Reach(ctx context.Context, target *url.URL, transport *http.Transport, steps *Steps) bool {
	if transport.Proxy != nil {
		proxy, err := transport.Proxy(&http.Request{URL: target})
		if err != nil {
			steps.Bad("proxy", err.Error(), proxyAdvice)
			return false
		}
		if proxy != nil {
			steps.Skip("connection", "requests go through the proxy "+proxy.Redacted())
			return true
		}
	}
	host, port := target.Hostname(), target.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[target.Scheme]
	}
	ctx, cancel := context.WithTimeout(ctx, 3*dialTimeout)
	defer cancel()
	if net.ParseIP(host) == nil {
		addresses, err := net.DefaultResolver.LookupHost(ctx, host)
		if err != nil {
			steps.Bad("DNS", err.Error(), "check the name in the URL, and this machine's name servers")
			return false
		}
		steps.Good("DNS", strings.Join(addresses, ", "))
	}
	conn, err := (&net.Dialer{Timeout: dialTimeout}).DialContext(ctx, "tcp", net.JoinHostPort(host, port))
	if err != nil {
		steps.Bad("TCP", err.Error(), "check the port, that the server runs and listens on that address, and firewalls in between")
		return false
	}
	defer func() { _ = conn.Close() }()
	steps.Good("TCP", "connected to "+conn.RemoteAddr().String())
	if target.Scheme == "http" {
		steps.Skip("TLS", "the URL says http: passwords and flows are sent in clear text")
		return true
	}
	settings := transport.TLSClientConfig.Clone()
	if settings.ServerName == "" {
		settings.ServerName = host
	}
	session := tls.Client(conn, settings)
	if err := session.HandshakeContext(ctx); err != nil {
		steps.Bad("TLS", err.Error(), tlsAdvice(err))
		return false
	}
	state := session.ConnectionState()
	detail := tls.VersionName(state.Version)
	if len(state.PeerCertificates) > 0 {
		leaf := state.PeerCertificates[0]
		detail += fmt.Sprintf(", certificate of %q by %q until %s", leaf.Subject.CommonName, leaf.Issuer.CommonName, leaf.NotAfter.UTC().Format(time.DateOnly))
	}
	if settings.InsecureSkipVerify && settings.VerifyConnection == nil && settings.VerifyPeerCertificate == nil {
		detail += "; not verified, as insecure is set"
	}
	steps.Good("TLS", detail)
	return true
}

func tlsAdvice(err error) string {
	var verify *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	switch {
	case errors.As(err, &verify):
		return "set index.elasticsearch.ca_file to the authority that signed the certificate, and use a name that the certificate has"
	case errors.As(err, &record):
		return "the server does not speak TLS there; use http:// if that is meant"
	}
	return "check that the server takes TLS 1.2 or later, and whether it wants a certificate of the client's"
}

// Check tries everything that the configuration needs, without changing
// anything: for each URL the way there, then who answers, and once what the user
// may do and what is set up.
func (s *Setup) Check(ctx context.Context) Steps {
	var steps Steps
	network, err := newNetwork(s.config.access(), 1)
	if err != nil {
		steps.Bad("files", err.Error(), "")
		return steps
	}
	defer network.CloseIdleConnections()
	var works *Setup
	for _, e := range s.endpoints {
		steps.Good("URL", e.url.String())
		transport, err := network.transport(e.url)
		if err != nil {
			steps.Bad("proxy", err.Error(), proxyAdvice)
			continue
		}
		if !Reach(ctx, e.url, transport, &steps) {
			continue
		}
		one := s.only(e)
		if one == nil {
			continue
		}
		if one.checkProduct(ctx, &steps) && works == nil {
			works = one
			continue
		}
		one.Close()
	}
	if works == nil {
		steps.Skip("privileges", "no server to ask")
		return steps
	}
	defer works.Close()
	works.checkRights(ctx, &steps)
	return steps
}

// only is the setup for one of the servers.
func (s *Setup) only(e endpoint) *Setup {
	k, err := newClient(s.config, []endpoint{e}, nil)
	if err != nil {
		return nil // the files could be read for s
	}
	return &Setup{config: s.config, endpoints: []endpoint{e}, client: k}
}

func (s *Setup) checkProduct(ctx context.Context, steps *Steps) bool {
	in := newInstaller(s.client, s.config, SetupOptions{})
	err := in.detect(ctx)
	var status *statusError
	switch {
	case errors.As(err, &status) && status.status == http.StatusUnauthorized:
		steps.Bad("credentials", err.Error(), "check username and password, or the API key, of index.elasticsearch")
		return false
	case errors.As(err, &status) && status.status == http.StatusForbidden:
		steps.Bad("credentials", err.Error(), "the user is known, but lacks the right to GET /: cluster privilege monitor, cluster:monitor/main on OpenSearch")
		return false
	case err != nil:
		steps.Bad("server", err.Error(), "check that the URL leads to Elasticsearch 8.14 or OpenSearch 2.7, or later ones")
		return false
	}
	steps.Good("server", in.product.name+" "+in.product.version)
	who := "accepted"
	if auth, err := s.config.access().authorization(); err == nil && auth == "" && s.endpoints[0].auth == "" {
		who = "none are configured, and none were asked for"
	}
	steps.Good("credentials", who)
	return true
}
