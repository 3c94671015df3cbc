package collector

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/weirflow/weir/collector/message"
)

// writeCertificate writes a self-signed certificate for 127.0.0.1 with a serial
// number, and gives the pool that trusts it. Each is dated age before now, so
// that rewritten files differ whatever the clock's resolution.
func writeCertificate(t testing.TB, files TLSConfig, serial int64, age time.Duration) *x509.CertPool {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "weir test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	writeAged(t, files.Cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), age)
	writeAged(t, files.Key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}), age)
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	return pool
}

func writeAged(t testing.TB, path string, content []byte, age time.Duration) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	when := time.Now().Add(-age)
	if err := os.Chtimes(path, when, when); err != nil {
		t.Fatal(err)
	}
}

func tlsConfig(t testing.TB) (Config, *x509.CertPool) {
	c := testConfig()
	dir := t.TempDir()
	c.TLS = TLSConfig{Cert: filepath.Join(dir, "cert.pem"), Key: filepath.Join(dir, "key.pem")}
	c.IPFIX = []string{"tls://127.0.0.1:0"}
	return c, writeCertificate(t, c.TLS, 1, time.Hour)
}

func TestTLSVersions(t *testing.T) {
	c, pool := tlsConfig(t)
	r := startRig(t, c, nil)
	for i, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		conn, err := tls.Dial("tcp", r.addr(), &tls.Config{RootCAs: pool, MinVersion: version, MaxVersion: version})
		if err != nil {
			t.Fatalf("%s: %v", tls.VersionName(version), err)
		}
		write(t, conn, newMessage(10, uint32(version), 16), newMessage(10, 1, 65535))
		records := r.sink.take(t, 2*(i+1))
		if want := (got{uint64(version), 16, netip.MustParseAddr("127.0.0.1"), "tls", true}); records[2*i] != want {
			t.Errorf("got %+v, want %+v", records[2*i], want)
		}
		conn.Close()
		r.ended(t, i+1)
	}
	for _, version := range []uint16{tls.VersionTLS10, tls.VersionTLS11} {
		_, err := tls.Dial("tcp", r.addr(), &tls.Config{RootCAs: pool, MinVersion: version, MaxVersion: version})
		if err == nil || !strings.Contains(err.Error(), "protocol version") {
			t.Errorf("%s: %v, want a refusal of the version", tls.VersionName(version), err)
		}
	}
	r.ended(t, 4)
	if n := r.metric(t, "weir_collector_tls_handshake_failures_total", "reason="+handshakeVersion); n != 2 {
		t.Errorf("%v handshakes failed for their version; log:\n%s", n, r.log)
	}
}

func TestTLSHandshakeFailures(t *testing.T) {
	clear := func(b []byte) func(*testing.T, string) {
		return func(t *testing.T, to string) {
			conn := dial(t, to)
			write(t, conn, b)
			conn.CloseWrite()
			wantClosed(t, conn)
		}
	}
	tests := []struct {
		reason string
		client func(t *testing.T, to string)
	}{
		{handshakeNotTLS, clear(newMessage(10, 1, 16))},
		{handshakeClosed, clear(nil)},
		{handshakeTimeout, func(t *testing.T, to string) { wantEOF(t, dial(t, to)) }},
		{handshakeAlert, func(t *testing.T, to string) {
			_, err := tls.Dial("tcp", to, &tls.Config{RootCAs: x509.NewCertPool()})
			if unknown := (x509.UnknownAuthorityError{}); !errors.As(err, &unknown) {
				t.Errorf("the client trusts an unknown certificate: %v", err)
			}
		}},
		{handshakeCipher, func(t *testing.T, to string) {
			_, err := tls.Dial("tcp", to, &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12,
				CipherSuites: []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256}}) // the certificate's key is ECDSA
			if err == nil {
				t.Error("the handshake succeeded without a common cipher")
			}
		}},
	}
	for _, test := range tests {
		t.Run(test.reason, func(t *testing.T) {
			c, _ := tlsConfig(t)
			if test.reason == handshakeTimeout {
				c.HandshakeTimeout = 100 * time.Millisecond
			}
			r := startRig(t, c, nil)
			test.client(t, r.addr())
			r.ended(t, 1)
			if n := r.metric(t, "weir_collector_tls_handshake_failures_total", "reason="+test.reason); n != 1 {
				t.Errorf("%v handshakes failed for %s", n, test.reason)
			}
			if log := r.log.String(); !strings.Contains(log, "TLS handshake failed") || !strings.Contains(log, "reason="+test.reason) {
				t.Errorf("log:\n%s", log)
			}
			if n := r.closedFor(t, 1, closedNoHandshake); n != 1 {
				t.Errorf("%v connections closed without handshake", n)
			}
			if list := r.Troubles(); len(list) != 1 || list[0].Reason != closedNoHandshake+": "+test.reason || list[0].Count != 1 || list[0].Endpoint.Scheme != schemeTLS ||
				list[0].Peer != netip.MustParseAddr("127.0.0.1") || list[0].Detail == "" || list[0].Advice == "" {
				t.Errorf("the troubles are %+v", list)
			}
		})
	}
}

// wantClosed reads what the collector sends until it closes the connection.
func wantClosed(t *testing.T, conn net.Conn) {
	t.Helper()
	if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, conn); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error("the collector keeps the connection open")
	}
}

// cutConn lets through only so many bytes once it is armed.
type cutConn struct {
	*net.TCPConn
	armed bool
	left  int
}

func (c *cutConn) Write(p []byte) (int, error) {
	if !c.armed {
		return c.TCPConn.Write(p)
	}
	n := min(c.left, len(p))
	c.left -= n
	if _, err := c.TCPConn.Write(p[:n]); err != nil {
		return 0, err
	}
	return len(p), nil
}

// A TLS connection that ends inside a record was cut, whatever TLS makes of it.
func TestCutInsideTLSRecord(t *testing.T) {
	c, pool := tlsConfig(t)
	r := startRig(t, c, nil)
	raw := &cutConn{TCPConn: dial(t, r.addr())}
	conn := tls.Client(raw, &tls.Config{RootCAs: pool, ServerName: "127.0.0.1"})
	write(t, conn, newMessage(10, 1, 16))
	r.sink.take(t, 1)
	raw.armed, raw.left = true, 20
	write(t, conn, newMessage(10, 2, 16))
	raw.CloseWrite()
	wantClosed(t, raw)
	if n := r.closedFor(t, 1, closedTruncated); n != 1 {
		t.Errorf("%v connections were cut", n)
	}
}

// A client in the middle of its handshake does not hold up a stop.
func TestCloseDuringHandshake(t *testing.T) {
	c, _ := tlsConfig(t)
	r := startRig(t, c, nil)
	conn := dial(t, r.addr())
	open := r.accepts[0].count.accepted
	for testCounter(open) == 0 { // the connection was made; it is about to be accepted
		if _, err := r.registry.Gather(); err != nil {
			t.Fatal(err)
		}
	}
	r.stop(t)
	wantClosed(t, conn)
	if n := testCounter(r.accepts[0].count.failures[handshakeShutdown]); n != 1 {
		t.Errorf("%v handshakes ended by the stop", n)
	}
}

func TestCertificateIsReadAgain(t *testing.T) {
	c, pool := tlsConfig(t)
	r := startRig(t, c, nil)
	serial := func(pool *x509.CertPool) int64 {
		t.Helper()
		conn, err := tls.Dial("tcp", r.addr(), &tls.Config{RootCAs: pool})
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		return conn.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
	}
	if n := serial(pool); n != 1 {
		t.Errorf("the first certificate has serial number %d", n)
	}
	pool = writeCertificate(t, c.TLS, 2, 50*time.Minute)
	if n := serial(pool); n != 2 {
		t.Errorf("after the change, serial number %d", n)
	}
	// Half of a change, and a broken one: the pair before stays in use.
	other := TLSConfig{Cert: filepath.Join(t.TempDir(), "cert.pem"), Key: filepath.Join(t.TempDir(), "key.pem")}
	next := writeCertificate(t, other, 3, 40*time.Minute)
	cert, err := os.ReadFile(other.Cert)
	if err != nil {
		t.Fatal(err)
	}
	writeAged(t, c.TLS.Cert, cert, 40*time.Minute)
	if a, b := serial(pool), serial(pool); a != 2 || b != 2 {
		t.Errorf("with half of a new pair, serial numbers %d and %d", a, b)
	}
	if failed := r.metric(t, "weir_collector_certificate_reloads_total", "result=failure"); failed != 1 {
		t.Errorf("%v failed readings were counted for one change", failed)
	}
	key, err := os.ReadFile(other.Key)
	if err != nil {
		t.Fatal(err)
	}
	writeAged(t, c.TLS.Key, key, 40*time.Minute)
	if n := serial(next); n != 3 {
		t.Errorf("with both halves, serial number %d", n)
	}
	if ok := r.metric(t, "weir_collector_certificate_reloads_total", "result=success"); ok != 2 {
		t.Errorf("%v readings succeeded, want 2", ok)
	}
	if left := time.Until(time.Unix(int64(r.metric(t, "weir_collector_certificate_expiry_timestamp_seconds")), 0)); left <= 0 || left > time.Hour {
		t.Errorf("the certificate expires in %v", left)
	}
}

func TestBadCertificateFailsTheStart(t *testing.T) {
	c, _ := tlsConfig(t)
	for _, content := range []string{"", "no PEM"} {
		if err := os.WriteFile(c.TLS.Cert, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := c.CheckPorts(t.Context()); err == nil || !strings.Contains(err.Error(), "collectors.tls.cert "+`"`+c.TLS.Cert) {
			t.Errorf("certificate file %q: %v", content, err)
		}
	}
	if err := os.Remove(c.TLS.Key); err != nil {
		t.Fatal(err)
	}
	if err := c.CheckPorts(t.Context()); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), c.TLS.Key) {
		t.Errorf("no key file: %v", err)
	}
}

// The real client of another implementation gets 1.2 and 1.3, and nothing older.
func TestOpenSSL(t *testing.T) {
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		lacking(t, "the openssl command", err)
	}
	c, _ := tlsConfig(t)
	r := startRig(t, c, nil)
	run := func(flags ...string) (string, error) {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		args := append([]string{"s_client", "-connect", r.addr(), "-CAfile", c.TLS.Cert, "-verify_return_error", "-no_ign_eof"}, flags...)
		command := exec.CommandContext(ctx, openssl, args...)
		// The pipe stays open until the record is there: s_client ends with it.
		in, err := command.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		command.Stdout, command.Stderr = &out, &out
		if err := command.Start(); err != nil {
			t.Fatal(err)
		}
		if slices.Contains(flags, "-quiet") {
			before := len(r.sink.take(t, 0))
			_, _ = in.Write(newMessage(10, 7, 4000)) // fails only with the handshake
			r.sink.take(t, before+1)
		}
		in.Close()
		err = command.Wait()
		return out.String(), err
	}
	for i, flag := range []string{"-tls1_2", "-tls1_3"} {
		out, err := run(flag, "-quiet", "-no_ign_eof")
		if err != nil {
			t.Errorf("openssl %s: %v\n%s", flag, err, out)
		}
		records := r.sink.take(t, i+1)
		if records[i].length != 4000 || records[i].transport != "tls" {
			t.Errorf("openssl %s: got %+v", flag, records[i])
		}
	}
	for _, flag := range []string{"-tls1", "-tls1_1"} {
		// At this level the client still offers its old versions.
		out, err := run(flag, "-cipher", "ALL:@SECLEVEL=0")
		if err == nil || !strings.Contains(out, "alert protocol version") {
			t.Errorf("openssl %s: %v\n%s", flag, err, out)
		}
	}
	if n := r.metric(t, "weir_collector_records_total", "protocol="+message.IPFIX.String(), "kind=flow"); n != 2 {
		t.Errorf("%v records", n)
	}
}
