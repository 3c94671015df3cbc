package stack

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"time"
)

// validity is how long the certificates hold. They serve one node that talks to
// itself, so that nobody would notice in time that they run out.
const validity = 10 * 365 * 24 * time.Hour

// certificates makes an authority whose key is thrown away, and a certificate
// that it has signed: ca.pem, node.pem and node-key.pem (PKCS #8, which the
// plugin wants). Its name is name, and it serves both ends of a connection. Those
// that are there stay.
func (m maker) certificates(name string, uid int) error {
	if _, err := os.Stat(filepath.Join(m.dir, name, "node-key.pem")); err == nil {
		return nil
	}
	now := time.Now()
	template := func(name string, serial int64) *x509.Certificate {
		return &x509.Certificate{
			SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name},
			NotBefore: now.Add(-time.Hour), NotAfter: now.Add(validity), BasicConstraintsValid: true,
		}
	}
	authority, node := template("Weir's compose stack", 1), template(name, 2)
	authority.IsCA, authority.KeyUsage = true, x509.KeyUsageCertSign
	node.KeyUsage = x509.KeyUsageDigitalSignature
	node.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	node.DNSNames = []string{name, "localhost"}
	authorityKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	nodeKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	authorityBytes, err := x509.CreateCertificate(rand.Reader, authority, authority, &authorityKey.PublicKey, authorityKey)
	if err != nil {
		return err
	}
	nodeBytes, err := x509.CreateCertificate(rand.Reader, node, authority, &nodeKey.PublicKey, authorityKey)
	if err != nil {
		return err
	}
	keyBytes, err := x509.MarshalPKCS8PrivateKey(nodeKey)
	if err != nil {
		return err
	}
	text := func(kind string, content []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: content}))
	}
	return m.all( // the key last, as it says that all are there
		file{name, "ca.pem", uid, text("CERTIFICATE", authorityBytes)},
		file{name, "node.pem", uid, text("CERTIFICATE", nodeBytes)},
		file{name, "node-key.pem", uid, text("PRIVATE KEY", keyBytes)},
	)
}
