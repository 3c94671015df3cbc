package elastic

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// identity is a certificate with its key and the chain up to its authority.
type identity struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	chain       [][]byte
}

// newIdentity makes a certificate for names and addresses: an authority without
// any, signed by itself without an issuer.
func newIdentity(t *testing.T, issuer *identity, names ...string) *identity {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: strings.Join(append(names, "test"), " ")},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, BasicConstraintsValid: true, IsCA: len(names) == 0,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			c.IPAddresses = append(c.IPAddresses, ip)
		} else {
			c.DNSNames = append(c.DNSNames, name)
		}
	}
	parent, signer := c, key
	if issuer != nil {
		parent, signer = issuer.certificate, issuer.key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	made, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	i := &identity{certificate: made, key: key, chain: [][]byte{der}}
	if issuer != nil {
		i.chain = append(i.chain, issuer.chain...)
	}
	return i
}

func (i *identity) tls() tls.Certificate {
	return tls.Certificate{Certificate: i.chain, PrivateKey: i.key}
}

func (i *identity) fingerprint() string {
	sum := sha256.Sum256(i.certificate.Raw)
	return hex.EncodeToString(sum[:])
}

func (i *identity) pem() string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: i.certificate.Raw}))
}

func (i *identity) keyPEM(t *testing.T) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(i.key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

// put writes a file and gives its path.
func put(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func serveTLS(t *testing.T, settings *tls.Config, handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(handler)
	s.TLS = settings
	s.Config.ErrorLog = quietLog
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

// get asks url as the settings say, and gives the answer's body.
func get(t *testing.T, c Config, url string) (string, error) {
	t.Helper()
	n, err := newNetwork(c.access(), 1)
	if err != nil {
		return "", err
	}
	defer n.CloseIdleConnections()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := n.RoundTrip(request)
	if err != nil {
		return "", err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	return string(text), err
}

func TestTrust(t *testing.T) {
	authority, stranger := newIdentity(t, nil), newIdentity(t, nil)
	signed, alone := newIdentity(t, authority, "127.0.0.1", "es.example.net"), newIdentity(t, nil, "127.0.0.1")
	elsewhere := newIdentity(t, authority, "other.example.net")
	dir := t.TempDir()
	ca := put(t, filepath.Join(dir, "ca.pem"), authority.pem())
	other := put(t, filepath.Join(dir, "other.pem"), stranger.pem())
	colons := strings.ToUpper(authority.fingerprint())
	for i := len(colons) - 2; i > 0; i -= 2 {
		colons = colons[:i] + ":" + colons[i:]
	}
	for name, c := range map[string]struct {
		server *identity
		change func(*Config)
		want   string // in the error; empty for none
	}{
		"the system's":                         {signed, func(*Config) {}, "certificate"},
		"CA file":                              {signed, func(c *Config) { c.CAFile = ca }, ""},
		"another CA file":                      {signed, func(c *Config) { c.CAFile = other }, "unknown authority"},
		"CA file, another host":                {elsewhere, func(c *Config) { c.CAFile = ca }, "127.0.0.1"},
		"CA file, name overridden":             {elsewhere, func(c *Config) { c.CAFile, c.TLSServerName = ca, "other.example.net" }, ""},
		"CA file, wrong name":                  {signed, func(c *Config) { c.CAFile, c.TLSServerName = ca, "wrong.example.net" }, "wrong.example.net"},
		"authority's fingerprint":              {signed, func(c *Config) { c.CAFingerprint = authority.fingerprint() }, ""},
		"with colons":                          {signed, func(c *Config) { c.CAFingerprint = colons }, ""},
		"server's fingerprint":                 {signed, func(c *Config) { c.CAFingerprint = signed.fingerprint() }, ""},
		"self-signed server's fingerprint":     {alone, func(c *Config) { c.CAFingerprint = alone.fingerprint() }, ""},
		"another fingerprint":                  {signed, func(c *Config) { c.CAFingerprint = stranger.fingerprint() }, "no certificate that the server showed"},
		"fingerprint, another host":            {elsewhere, func(c *Config) { c.CAFingerprint = authority.fingerprint() }, "127.0.0.1"},
		"another fingerprint, but the CA file": {signed, func(c *Config) { c.CAFingerprint, c.CAFile = stranger.fingerprint(), ca }, ""},
		"fingerprint of another, wrong CA":     {signed, func(c *Config) { c.CAFingerprint, c.CAFile = alone.fingerprint(), other }, "unknown authority"},
		"insecure":                             {elsewhere, func(c *Config) { c.Insecure = true }, ""},
		"TLS 1.3 wanted":                       {signed, func(c *Config) { c.CAFile, c.TLSMinVersion = ca, "1.3" }, "protocol version"},
	} {
		t.Run(name, func(t *testing.T) {
			settings := &tls.Config{Certificates: []tls.Certificate{c.server.tls()}, MinVersion: tls.VersionTLS12}
			if name == "TLS 1.3 wanted" {
				settings.MaxVersion = tls.VersionTLS12
			}
			s := serveTLS(t, settings, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "well") })
			config := DefaultConfig(s.URL)
			c.change(&config)
			if err := config.Validate(); err != nil {
				t.Fatal(err)
			}
			text, err := get(t, config, s.URL)
			switch {
			case c.want == "" && (err != nil || text != "well"):
				t.Errorf("answer %q, error %v", text, err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("error %v, want %s in it", err, c.want)
			}
			if err != nil && c.want != "protocol version" && !neverSent(err) {
				t.Error("a request that was not sent for want of trust counts as perhaps sent")
			}
		})
	}
}

// A server that wants certificates sees ours, and a new one once the files have
// changed; what is wrong with new files costs nothing while the old one is known.
func TestClientCertificate(t *testing.T) {
	authority := newIdentity(t, nil)
	server, first, second := newIdentity(t, authority, "127.0.0.1"), newIdentity(t, authority, "first"), newIdentity(t, authority, "second")
	pool := x509.NewCertPool()
	pool.AddCert(authority.certificate)
	s := serveTLS(t, &tls.Config{Certificates: []tls.Certificate{server.tls()}, ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert},
		func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, r.TLS.PeerCertificates[0].DNSNames[0])
		})
	dir := t.TempDir()
	c := DefaultConfig(s.URL)
	c.CAFile = put(t, filepath.Join(dir, "ca.pem"), authority.pem())
	if text, err := get(t, c, s.URL); err == nil {
		t.Errorf("without a certificate the answer is %q", text)
	}
	c.CertFile = put(t, filepath.Join(dir, "cert.pem"), first.pem())
	c.KeyFile = put(t, filepath.Join(dir, "key.pem"), first.keyPEM(t))
	n, err := newNetwork(c.access(), 1)
	if err != nil {
		t.Fatal(err)
	}
	ask := func(want string) {
		t.Helper()
		n.CloseIdleConnections()
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := n.RoundTrip(request)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = response.Body.Close() }()
		if text, err := io.ReadAll(response.Body); err != nil || string(text) != want {
			t.Errorf("the server knows us as %q (%v), want %s", text, err, want)
		}
	}
	defer n.CloseIdleConnections()
	ask("first")
	put(t, c.CertFile, second.pem()+"\n") // the key is still the old one's
	ask("first")
	put(t, c.KeyFile, second.keyPEM(t)+"\n")
	ask("second")
	// An authority that has changed counts at once, too.
	put(t, c.CAFile, newIdentity(t, nil).pem()+"\n")
	n.CloseIdleConnections()
	if text, err := get(t, c, s.URL); err == nil {
		t.Errorf("with another authority the answer is %q", text)
	}
	put(t, c.KeyFile, string(pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: []byte("x")})))
	if err := c.Check(); err == nil || !strings.Contains(err.Error(), "index.elasticsearch.key_file") || !strings.Contains(err.Error(), "is encrypted") {
		t.Errorf("an encrypted key gives %v", err)
	}
}
