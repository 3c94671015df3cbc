package collector

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Why TLS handshakes fail, as metrics and logs say it.
const (
	handshakeTimeout  = "timeout"
	handshakeVersion  = "version"
	handshakeCipher   = "cipher"
	handshakeNotTLS   = "not_tls"
	handshakeClosed   = "closed_by_peer"
	handshakeAlert    = "refused_by_peer"
	handshakeShutdown = "shutdown"
	handshakeOther    = "other"
)

var handshakeReasons = []string{handshakeTimeout, handshakeVersion, handshakeCipher, handshakeNotTLS,
	handshakeClosed, handshakeAlert, handshakeShutdown, handshakeOther}

// certificateFiles is the collector's certificate, read again when its files
// change. Safe for concurrent use.
type certificateFiles struct {
	cert, key string
	m         *metrics
	log       *slog.Logger

	mu      sync.Mutex
	stamp   [2]fileStamp
	current *tls.Certificate
}

// fileStamp tells one state of a file from another.
type fileStamp struct {
	modified time.Time
	size     int64
}

// newCertificate reads the files. The error names them.
func newCertificate(c TLSConfig, m *metrics, log *slog.Logger) (*certificateFiles, error) {
	f := &certificateFiles{cert: c.Cert, key: c.Key, m: m, log: log}
	var err error
	if f.stamp, err = f.stat(); err == nil {
		err = f.read()
	}
	if err != nil {
		return nil, f.explain(err)
	}
	return f, nil
}

func (f *certificateFiles) explain(err error) error {
	return fmt.Errorf("collectors.tls.cert %q and collectors.tls.key %q: %w; allowed: PEM files with a certificate and its private key", f.cert, f.key, err)
}

func (f *certificateFiles) stat() (stamp [2]fileStamp, err error) {
	for i, path := range []string{f.cert, f.key} {
		info, err := os.Stat(path)
		if err != nil {
			return stamp, err
		}
		stamp[i] = fileStamp{info.ModTime(), info.Size()}
	}
	return stamp, nil
}

// read loads the pair of files. f.mu is held, or f is not shared yet.
func (f *certificateFiles) read() error {
	pair, err := tls.LoadX509KeyPair(f.cert, f.key)
	if err != nil {
		return err
	}
	f.current = &pair
	f.m.expiry.Set(float64(pair.Leaf.NotAfter.Unix()))
	return nil
}

// get gives the certificate for a handshake. A changed pair that cannot be read
// is reported once, and the one before stays in use.
func (f *certificateFiles) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	stamp, err := f.stat()
	if err == nil && stamp == f.stamp {
		return f.current, nil
	}
	if err == nil {
		err = f.read()
	}
	if err == nil {
		f.m.reloads.WithLabelValues("success").Inc()
		f.log.Info("certificate read again", "cert", f.cert, "expires", f.current.Leaf.NotAfter)
	} else if stamp != f.stamp {
		f.m.reloads.WithLabelValues("failure").Inc()
		f.log.Error("the certificate's files changed and cannot be used; the certificate before stays in use", "error", f.explain(err))
	}
	f.stamp = stamp
	return f.current, nil
}

// config is the TLS configuration of the collector's side.
func (f *certificateFiles) config() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: f.get}
}

// handshake makes the connection a TLS one, within the time for it.
func (c *streamConn) handshake() error {
	ctx, cancel := context.WithTimeout(c.ctx, c.handshakeTimeout)
	defer cancel()
	secured := tls.Server(c.raw, c.tls)
	err := secured.HandshakeContext(ctx)
	if err == nil {
		c.conn = secured
		return nil
	}
	reason := c.handshakeReason(err)
	c.count.failures[reason].Inc()
	if reason != handshakeShutdown {
		c.trouble(closedNoHandshake+": "+reason, c.origin.Addr, err, handshakeAdvice(reason))
	}
	c.m.report.write(slog.LevelWarn, c.m.report.handshakes[reason], "TLS handshake failed",
		slog.String("reason", reason), slog.String("listener", c.listener.label()), slog.String("exporter", exporterName(&c.origin)),
		slog.Any("error", err), slog.String("advice", handshakeAdvice(reason)))
	return err
}

// handshakeReason sorts the errors of a server's handshake.
func (c *streamConn) handshakeReason(err error) string {
	var (
		notTLS tls.RecordHeaderError
		alert  tls.AlertError
		remote *net.OpError
	)
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, os.ErrDeadlineExceeded) && c.isStopping():
		return handshakeShutdown
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return handshakeTimeout
	case errors.As(err, &notTLS):
		return handshakeNotTLS
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, unix.ECONNRESET):
		return handshakeClosed
	case errors.As(err, &alert), errors.As(err, &remote) && remote.Op == "remote error":
		return handshakeAlert
	// The library has no types for these two; a test holds the texts.
	case strings.Contains(err.Error(), "unsupported versions"), strings.Contains(err.Error(), "protocol version"):
		return handshakeVersion
	case strings.Contains(err.Error(), "cipher suite"):
		return handshakeCipher
	}
	return handshakeOther
}

func handshakeAdvice(reason string) string {
	switch reason {
	case handshakeVersion:
		return "let the exporter use TLS 1.2 or 1.3"
	case handshakeNotTLS:
		return "the exporter sends clear text; use a tcp:// endpoint or turn TLS on there"
	case handshakeAlert:
		return "the exporter does not trust this certificate; check its name and who signed it"
	case handshakeTimeout:
		return "look for packet loss, or for a client that connects and stays silent"
	case handshakeCipher:
		return "let the exporter offer the usual ciphers of TLS 1.2 or 1.3"
	}
	return "look at the exporter's own log"
}
