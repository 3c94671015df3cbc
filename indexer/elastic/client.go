package elastic

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"

	"github.com/elastic/elastic-transport-go/v8/elastictransport"
	"github.com/elastic/go-elasticsearch/v8/esapi"
)

// client sends requests to one of the servers. It uses the client library's
// transport, which works with both products, without its root client, which
// refuses OpenSearch. Safe for concurrent use.
type client struct {
	*elastictransport.Client
	config  Config
	base    http.RoundTripper
	servers *servers
	auth    *watched[string]

	mu      sync.Mutex
	perHost map[string]string // Authorization by host:port, from the URLs
}

// newClient makes a client. base replaces the network in tests; nil otherwise.
func newClient(c Config, endpoints []endpoint, base http.RoundTripper) (*client, error) {
	k := &client{config: c, base: base, perHost: make(map[string]string), auth: c.access().watch()}
	if base == nil {
		network, err := newNetwork(c.access(), c.Concurrency+1)
		if err != nil {
			return nil, err
		}
		k.base = network
	}
	if err := k.readSecrets(); err != nil {
		return nil, err
	}
	var urls []*url.URL
	for _, e := range endpoints {
		urls = append(urls, e.url)
		if e.auth != "" {
			k.perHost[e.url.Host] = e.auth
		}
	}
	var err error
	// Retries are ours: the transport's have no back-off of the kind we need, and
	// would keep a copy of every body.
	k.Client, err = elastictransport.NewClient(elastictransport.WithURLs(urls...),
		elastictransport.WithTransport(k), elastictransport.WithDisableRetry(), elastictransport.WithUserAgent("weir"),
		elastictransport.WithConnectionPoolFunc(func(list []*elastictransport.Connection, _ elastictransport.Selector) elastictransport.ConnectionPool {
			k.servers = newServers(list)
			return k.servers
		}))
	return k, err
}

// readSecrets reads the files with secrets again.
func (k *client) readSecrets() error { return k.auth.refresh() }

// RoundTrip adds what the transport library would not: credentials that may
// change, configured headers, and the length of bodies that come from a pool.
func (k *client) RoundTrip(r *http.Request) (*http.Response, error) {
	for name, value := range k.config.Headers {
		r.Header.Set(name, value)
	}
	auth, ok := k.fromURL(r.URL)
	if !ok {
		auth, _ = k.auth.get() // the one before, when the file is gone; the set-up reports that
	}
	if auth != "" {
		r.Header.Set("Authorization", auth)
	}
	if body, ok := r.Body.(*wireReader); ok {
		r.ContentLength = int64(len(body.wire.data))
		r.GetBody = body.wire.reader
	}
	return k.base.RoundTrip(r)
}

// fromURL gives the Authorization that a server's configured URL holds.
func (k *client) fromURL(u *url.URL) (string, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	auth, ok := k.perHost[u.Host]
	return auth, ok
}

func (k *client) close() {
	_ = k.Client.Close(context.Background()) // it has nothing that could fail
	if idle, ok := k.base.(interface{ CloseIdleConnections() }); ok {
		idle.CloseIdleConnections()
	}
}

// answer is a response whose body has been read.
type answer struct {
	status int
	header http.Header
	body   []byte // valid until the buffer is used again
}

// do sends a request and reads at most limit bytes of the answer into buffer.
func (k *client) do(ctx context.Context, request esapi.Request, buffer *bytes.Buffer, limit int64) (answer, error) {
	response, err := request.Do(ctx, k)
	if err != nil {
		return answer{}, &networkError{err}
	}
	defer response.Body.Close()
	buffer.Reset()
	n, err := buffer.ReadFrom(io.LimitReader(response.Body, limit+1))
	if err != nil {
		return answer{}, &networkError{fmt.Errorf("read the answer: %w", err)}
	}
	if n > limit {
		buffer.Truncate(int(limit)) // what parses it will complain
	}
	a := answer{response.StatusCode, response.Header, buffer.Bytes()}
	if a.status < 200 || a.status > 299 {
		a.body = k.hide(a.body)
	}
	return a, nil
}

// hide takes our secrets out of an answer that may be logged: some gateways show
// the request in their error pages.
func (k *client) hide(text []byte) []byte {
	auth, _ := k.auth.get()
	secrets := []string{auth, k.config.Password, k.config.APIKey, k.config.BearerToken}
	for _, value := range k.config.Headers {
		secrets = append(secrets, value)
	}
	k.mu.Lock()
	for _, value := range k.perHost {
		secrets = append(secrets, value)
	}
	k.mu.Unlock()
	for _, value := range secrets {
		if _, credentials, ok := strings.Cut(value, " "); ok {
			text = bytes.ReplaceAll(text, []byte(credentials), []byte("***"))
		}
		if value != "" {
			text = bytes.ReplaceAll(text, []byte(value), []byte("***"))
		}
	}
	return text
}

// statusError is an answer that means failure.
type statusError struct {
	status int
	kind   string // the server's error type, if it gave one
	reason string
	// location is where a redirect leads, without credentials.
	location string
}

func (e *statusError) Error() string {
	text := fmt.Sprintf("status %d", e.status)
	if e.kind != "" || e.reason != "" {
		text += fmt.Sprintf(" (%s: %s)", e.kind, e.reason)
	}
	switch classify(e.status, false) {
	case classForbidden:
		text += "; check the credentials and the rights of the user: `weir setup test` lists those that are missing, and `weir setup --export DIR` writes the roles weir_setup and weir_writer that have them"
	case classUnexpected:
		if e.location != "" {
			text += " to " + e.location + ", which is not followed; name the server itself"
		}
		text += "; check that the URL leads to Elasticsearch or OpenSearch"
	}
	return text
}

// urlCredentials finds what may be a user and a password in a text.
var urlCredentials = regexp.MustCompile(`://[^\s"'<>/@]*@`)

// failure reads an error answer, whose shape is {"error":{"type","reason"}}; the
// text may be anything, as proxies answer, too.
func (a answer) failure() *statusError {
	e := &statusError{status: a.status}
	if a.status >= 300 && a.status < 400 {
		e.location = clip(maskURL(a.header.Get("Location")), 200)
	}
	var whole struct {
		Error json.RawMessage `json:"error"`
	}
	if json.Unmarshal(a.body, &whole) == nil && len(whole.Error) > 0 {
		var detail struct {
			Type   string `json:"type"`
			Reason string `json:"reason"`
		}
		if json.Unmarshal(whole.Error, &detail) == nil {
			e.kind, e.reason = clip(detail.Type, 100), clip(detail.Reason, 500)
		}
		return e
	}
	if len(a.body) > 0 && e.location == "" {
		e.kind, e.reason = "text", clip(string(urlCredentials.ReplaceAll(a.body, []byte("://***@"))), 200)
	}
	return e
}

// clip shortens text that a server sent.
func clip(text string, most int) string {
	if len(text) > most {
		return text[:most] + "…"
	}
	return text
}

// networkError is a request without an answer.
type networkError struct{ err error }

func (e *networkError) Error() string { return e.err.Error() }
func (e *networkError) Unwrap() error { return e.err }

// neverSent reports whether the request cannot have reached the server.
func neverSent(err error) bool {
	var operation *net.OpError
	var untrusted *tls.CertificateVerificationError
	return errors.As(err, &untrusted) ||
		errors.As(err, &operation) && (operation.Op == "dial" || operation.Op == "proxyconnect" || operation.Op == "socks connect")
}
