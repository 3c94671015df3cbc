package elastic

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/url"
	"os"
	"sync"
	"time"

	"golang.org/x/net/http/httpproxy"
)

// network carries requests: over TLS, through a proxy, as access says. Each
// server has a transport of its own, whose TLS settings name it. It is an
// http.RoundTripper, safe for concurrent use.
type network struct {
	access      access
	connections int // idle ones to keep, per server
	proxy       func(*url.URL) (*url.URL, error)
	certificate *watched[*tls.Certificate] // nil: none
	authorities *watched[*x509.CertPool]   // nil: the system's
	pin         []byte                     // SHA-256, nil: none

	mu      sync.Mutex
	servers map[string]*http.Transport // by scheme and host:port
}

// newNetwork reads the files that a names.
func newNetwork(a access, connections int) (*network, error) {
	n := &network{access: a, connections: connections, pin: parseFingerprint(a.caFingerprint), servers: map[string]*http.Transport{}}
	var err error
	if n.proxy, err = a.proxy(); err != nil {
		return nil, err
	}
	if a.caFile != "" {
		n.authorities = &watched[*x509.CertPool]{paths: []string{a.caFile}, make: a.readAuthorities}
		if err := n.authorities.refresh(); err != nil {
			return nil, err
		}
	}
	if a.certFile != "" {
		n.certificate = &watched[*tls.Certificate]{paths: []string{a.certFile, a.keyFile}, make: a.readCertificate}
		if err := n.certificate.refresh(); err != nil {
			return nil, err
		}
	}
	return n, nil
}

// proxySchemes are those that net/http knows.
var proxySchemes = map[string]bool{"http": true, "https": true, "socks5": true, "socks5h": true}

// proxy gives the choice of the proxy: the configured one for every server, else
// what the environment says (HTTPS_PROXY, HTTP_PROXY, NO_PROXY), which never
// names one for this machine.
func (a access) proxy() (func(*url.URL) (*url.URL, error), error) {
	switch {
	case a.proxyDisable && a.proxyURL != "":
		return nil, a.fault("proxy_disable", "give this or proxy_url, not both")
	case a.proxyDisable:
		return func(*url.URL) (*url.URL, error) { return nil, nil }, nil
	case a.proxyURL == "":
		return httpproxy.FromEnvironment().ProxyFunc(), nil
	}
	u, err := url.Parse(a.proxyURL)
	if err != nil || !proxySchemes[u.Scheme] || u.Hostname() == "" || !portable(u.Port()) || u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "" {
		return nil, a.fault("proxy_url", "%q is no proxy's URL; allowed: http://, https:// or socks5://, optionally user:password@, a host and optionally a port", maskURL(a.proxyURL))
	}
	return func(*url.URL) (*url.URL, error) { return u, nil }, nil
}

// RoundTrip sends a request. It follows no redirect.
func (n *network) RoundTrip(r *http.Request) (*http.Response, error) {
	t, err := n.transport(r.URL)
	if err != nil {
		return nil, err
	}
	return t.RoundTrip(r)
}

func serverKey(u *url.URL) string { return u.Scheme + "://" + u.Host }

func (n *network) transport(u *url.URL) (*http.Transport, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if t := n.servers[serverKey(u)]; t != nil {
		return t, nil
	}
	proxy, err := n.proxy(u)
	if err != nil {
		return nil, err
	}
	dial := (&net.Dialer{Timeout: n.access.connectTimeout, KeepAlive: 30 * time.Second}).DialContext
	t := &http.Transport{
		Proxy:                 http.ProxyURL(proxy),
		DialContext:           dial,
		TLSClientConfig:       n.tlsFor(u.Hostname()),
		TLSHandshakeTimeout:   n.access.connectTimeout,
		MaxIdleConnsPerHost:   n.connections,
		IdleConnTimeout:       time.Minute,
		ExpectContinueTimeout: time.Second,
		ForceAttemptHTTP2:     true,
	}
	if proxy != nil && proxy.Scheme == "https" {
		// The transport would ask the proxy for the server's name and certificate.
		settings, err := n.proxyTLS(proxy.Hostname())
		if err != nil {
			return nil, err
		}
		t.DialTLSContext = func(ctx context.Context, kind, address string) (net.Conn, error) {
			ctx, cancel := context.WithTimeout(ctx, n.access.connectTimeout)
			defer cancel()
			raw, err := dial(ctx, kind, address)
			if err != nil {
				return nil, err
			}
			secured := tls.Client(raw, settings)
			if err := secured.HandshakeContext(ctx); err != nil {
				_ = raw.Close() // the handshake's error says more
				return nil, &net.OpError{Op: "proxyconnect", Net: kind, Addr: raw.RemoteAddr(), Err: err}
			}
			return secured, nil
		}
	}
	n.servers[serverKey(u)] = t
	return t, nil
}

// proxyTLS trusts the system's authorities and those of ca_file.
func (n *network) proxyTLS(host string) (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: host, InsecureSkipVerify: n.access.insecure}
	if n.access.caFile == "" {
		return c, nil
	}
	own, err := os.ReadFile(n.access.caFile)
	if err != nil {
		return nil, err
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	pool.AppendCertsFromPEM(own)
	c.RootCAs = pool
	return c, nil
}

// retain forgets servers that are not in the list.
func (n *network) retain(list []*url.URL) {
	keep := map[string]bool{}
	for _, u := range list {
		keep[serverKey(u)] = true
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	for key, t := range n.servers {
		if !keep[key] {
			t.CloseIdleConnections()
			delete(n.servers, key)
		}
	}
}

// CloseIdleConnections leaves no connection behind that no request uses.
func (n *network) CloseIdleConnections() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, t := range n.servers {
		t.CloseIdleConnections()
	}
}
