package elastic

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"os"
	"strings"
)

// minVersions are the values of tls_min_version.
var minVersions = map[string]uint16{"": tls.VersionTLS12, "1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13}

func (a access) validateTLS() error {
	switch {
	case a.certFile != "" && a.keyFile == "":
		return a.fault("key_file", "it is missing; allowed: the PEM file with the private key of cert_file")
	case a.certFile == "" && a.keyFile != "":
		return a.fault("cert_file", "it is missing; allowed: the PEM file with the certificate of key_file")
	case a.caFingerprint != "" && a.insecure:
		return a.fault("ca_fingerprint", "give this or insecure, not both")
	case minVersions[a.minVersion] == 0:
		return a.fault("tls_min_version", "%q is not allowed; allowed: 1.2 or 1.3", a.minVersion)
	}
	if a.caFingerprint != "" && parseFingerprint(a.caFingerprint) == nil {
		return a.fault("ca_fingerprint", "%q is none; allowed: the SHA-256 of a certificate, 64 hexadecimal digits with or without colons", clip(a.caFingerprint, 100))
	}
	return nil
}

// parseFingerprint reads a certificate's SHA-256, nil unless it is one.
func parseFingerprint(text string) []byte {
	sum, err := hex.DecodeString(strings.ReplaceAll(strings.TrimSpace(text), ":", ""))
	if err != nil || len(sum) != sha256.Size {
		return nil
	}
	return sum
}

// readAuthorities reads ca_file.
func (a access) readAuthorities() (*x509.CertPool, error) {
	text, err := os.ReadFile(a.caFile)
	if err != nil {
		return nil, a.fault("ca_file", "%w; allowed: a PEM file with certificates", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, a.fault("ca_file", "%q holds no certificate; allowed: a PEM file with certificates", a.caFile)
	}
	return pool, nil
}

// readCertificate reads cert_file and key_file.
func (a access) readCertificate() (*tls.Certificate, error) {
	certificate, err := os.ReadFile(a.certFile)
	if err != nil {
		return nil, a.fault("cert_file", "%w; allowed: a PEM file with our certificate", err)
	}
	key, err := os.ReadFile(a.keyFile)
	if err != nil {
		return nil, a.fault("key_file", "%w; allowed: a PEM file with the private key", err)
	}
	if block, _ := pem.Decode(key); block != nil && (strings.HasPrefix(block.Type, "ENCRYPTED") || block.Headers["DEK-Info"] != "") {
		return nil, a.fault("key_file", "%q is encrypted; allowed: a key without pass phrase (openssl pkey -in OLD -out NEW)", a.keyFile)
	}
	pair, err := tls.X509KeyPair(certificate, key)
	if err != nil {
		return nil, a.fault("cert_file", "%q and key_file %q: %w", a.certFile, a.keyFile, err)
	}
	return &pair, nil
}

// tlsFor gives the settings of connections to a host. They name the host
// themselves: the name is checked here whenever the check is ours, and a
// connection's state does not have it when it is an address.
func (n *network) tlsFor(host string) *tls.Config {
	name := cmp.Or(n.access.serverName, host)
	c := &tls.Config{MinVersion: minVersions[n.access.minVersion], ServerName: name, InsecureSkipVerify: n.access.insecure}
	if n.certificate != nil {
		c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			pair, err := n.certificate.get()
			if pair != nil {
				return pair, nil // the one before, if the files are wrong now
			}
			return nil, err
		}
	}
	if (n.authorities != nil || n.pin != nil) && !n.access.insecure {
		c.InsecureSkipVerify = true // verify does it, with authorities that may change
		c.VerifyConnection = func(s tls.ConnectionState) error { return n.verify(s.PeerCertificates, name) }
	}
	return c
}

// verify checks a server's chain as crypto/tls does, against the authorities of
// ca_file and the certificate that ca_fingerprint names. A server that is named
// directly must have a certificate for the host, too.
func (n *network) verify(chain []*x509.Certificate, name string) error {
	if len(chain) == 0 {
		return errors.New("the server showed no certificate")
	}
	o := x509.VerifyOptions{DNSName: name, Roots: x509.NewCertPool(), Intermediates: x509.NewCertPool()}
	if n.authorities != nil {
		pool, err := n.authorities.get()
		if pool == nil {
			return err
		}
		o.Roots = pool.Clone()
	}
	pinned := false
	for i, c := range chain {
		if i > 0 {
			o.Intermediates.AddCert(c)
		}
		if sum := sha256.Sum256(c.Raw); n.pin != nil && bytes.Equal(sum[:], n.pin) {
			o.Roots.AddCert(c)
			pinned = true
		}
	}
	var err error
	if n.authorities == nil && !pinned {
		err = n.access.fault("ca_fingerprint", "no certificate that the server showed has this SHA-256 (the first is of %s); either it is another server or authority, or the server does not send its authority's certificate: then use ca_file",
			clip(chain[0].Subject.String(), 200))
	} else {
		_, err = chain[0].Verify(o)
	}
	if err != nil {
		return &tls.CertificateVerificationError{UnverifiedCertificates: chain, Err: err}
	}
	return nil
}
