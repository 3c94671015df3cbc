package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"maps"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/weirflow/weir/cmd/weir/internal/capture"
)

const testdata = "../../testdata"

func readJSON(t *testing.T, path string, into any) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// totals are packets and bytes by 5-tuple.
type totals map[string][2]uint64

func (t totals) add(source, destination string, sourcePort, destinationPort uint16, protocol string, packets, bytes uint64) {
	if protocol == "1" || protocol == "58" {
		sourcePort, destinationPort = 0, 0 // exporters put ICMP's type and code in either
	}
	key := fmt.Sprintf("%s:%d > %s:%d protocol %s", source, sourcePort, destination, destinationPort, protocol)
	t[key] = [2]uint64{t[key][0] + packets, t[key][1] + bytes}
}

// knownTotals is testdata/flows.json.
func knownTotals(t *testing.T, ipv6 bool) totals {
	var table struct {
		Flows []struct {
			Src, Dst       string
			SrcPort        uint16 `json:"src_port"`
			DstPort        uint16 `json:"dst_port"`
			Protocol       int
			Packets, Bytes uint64
		}
	}
	readJSON(t, filepath.Join(testdata, "flows.json"), &table)
	sums := totals{}
	for _, f := range table.Flows {
		if ipv6 || !strings.Contains(f.Src, ":") {
			sums.add(f.Src, f.Dst, f.SrcPort, f.DstPort, fmt.Sprint(f.Protocol), f.Packets, f.Bytes)
		}
	}
	return sums
}

// TestProgramExports sends what real exporters made of a known flow table to the
// real program, stops it, and finds the table in the documents.
func TestProgramExports(t *testing.T) {
	var expected []struct {
		File, Protocol, Table string
		Excludes              []string
		Sampling              int
		Records               int
	}
	readJSON(t, filepath.Join(testdata, "exports", "expected.json"), &expected)
	compared := map[string]bool{}
	for _, e := range expected {
		if e.Table != "flows.json" || e.Sampling != 1 {
			continue
		}
		t.Run(e.File, func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "documents")
			p := start(t, t.TempDir(), "--collector-port", "udp://127.0.0.1:0", "--http-listen", "none", "--output", "ndjson:"+out)
			p.replayTo(filepath.Join(testdata, "exports", e.File))
			p.stop()
			list := readDocuments(t, out)
			got := totals{}
			for _, d := range list {
				got.add(d.Source.IP, d.Destination.IP, d.Source.Port, d.Destination.Port, d.Network.Number, d.Network.Packets, d.Network.Bytes)
				if d.Flow.Exporter.Protocol != e.Protocol || d.Flow.Exporter.Transport != "udp" {
					t.Fatalf("exporter %+v, want %s over udp", d.Flow.Exporter, e.Protocol)
				}
			}
			if len(list) != e.Records {
				t.Errorf("%d documents, want %d", len(list), e.Records)
			}
			if want := knownTotals(t, !slices.Contains(e.Excludes, "ipv6")); !maps.Equal(got, want) {
				for key, sums := range want {
					if got[key] != sums {
						t.Errorf("%s: %v packets and bytes, want %v", key, got[key], sums)
					}
				}
				t.Errorf("%d flows, want %d", len(got), len(want))
			}
			compared[e.Protocol] = true
		})
	}
	if len(compared) != 4 {
		t.Errorf("compared %v, want all four protocols", compared)
	}
}

// TestProgramRestart stops the collector after it has learnt templates: after a
// start they are known.
func TestProgramRestart(t *testing.T) {
	data, dir := t.TempDir(), t.TempDir()
	export := filepath.Join(testdata, "exports", "softflowd-v9.pcap")
	r, err := capture.Open(export, &capture.Sessions{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	var rest []byte
	for i := 0; ; i++ {
		d, err := r.Next()
		if err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if i > 0 { // the templates are in the first one
			rest = append(rest, d.Payload...)
		}
	}
	path := filepath.Join(dir, "without-templates")
	if err := os.WriteFile(path, rest, 0o600); err != nil {
		t.Fatal(err)
	}
	records := func(data, name, send string) int {
		out := filepath.Join(dir, name)
		p := start(t, data, "--collector-port", "udp://127.0.0.1:0", "--http-listen", "none", "--output", "ndjson:"+out)
		p.replayTo(send)
		p.stop()
		return len(readDocuments(t, out))
	}
	if n := records(t.TempDir(), "nothing", path); n != 0 {
		t.Fatalf("%d documents without templates, so the test shows nothing", n)
	}
	whole := records(data, "whole", export)
	if n := records(data, "restarted", path); n == 0 || n >= whole {
		t.Errorf("%d documents after a restart, want some and fewer than %d", n, whole)
	}
}

// TestProgramStatus asks the HTTP port, and has the output opened anew.
func TestProgramStatus(t *testing.T) {
	out := filepath.Join(t.TempDir(), "documents")
	p := start(t, t.TempDir(), "--collector-port", "udp://127.0.0.1:0", "--http-listen", "127.0.0.1:0", "--output", "ndjson:"+out)
	if text := p.get("/readyz"); text != "ready\n" {
		t.Errorf("/readyz: %q", text)
	}
	if text := p.get("/healthz"); text != "ok\n" {
		t.Errorf("/healthz: %q", text)
	}
	if text := p.get("/metrics"); !strings.Contains(text, "\nweir_build_info{") || !strings.Contains(text, "\nweir_netflow_templates 0\n") {
		t.Errorf("/metrics lacks the build or the templates:\n%s", text)
	}
	if err := os.Rename(out, out+".1"); err != nil {
		t.Fatal(err)
	}
	p.signal(syscall.SIGHUP)
	p.wait("outputs opened anew")
	p.replayTo(filepath.Join(testdata, "exports", "softflowd-v5.pcap"))
	p.stop()
	if n := len(readDocuments(t, out)); n != 320 {
		t.Errorf("%d documents in the new file, want 320", n)
	}
	if n := len(readDocuments(t, out+".1")); n != 0 {
		t.Errorf("%d documents in the old file, want none", n)
	}
}

// TestProgramSecondSignal interrupts a stop that cannot end: documents wait for a
// server that does not answer.
func TestProgramSecondSignal(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	t.Setenv("WEIR_SHUTDOWN_TIMEOUT", "1h")
	p := start(t, t.TempDir(), "--collector-port", "udp://127.0.0.1:0", "--http-listen", "none", "--output", "elasticsearch:http://"+closed.Addr().String())
	p.replayTo(filepath.Join(testdata, "exports", "softflowd-v5.pcap"))
	p.signal(syscall.SIGTERM)
	p.wait("stopping")
	p.signal(syscall.SIGTERM)
	p.drain()
	err = p.command.Wait()
	if state, ok := p.command.ProcessState.Sys().(syscall.WaitStatus); err == nil || !ok || state.Signal() != syscall.SIGTERM {
		t.Errorf("the second SIGTERM: %v", err)
	}
}

// TestProgramPortInUse starts the collector on a port that is taken.
func TestProgramPortInUse(t *testing.T) {
	taken, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	path, err := buildOnce()
	if err != nil {
		t.Fatal(err)
	}
	url := "udp://" + taken.LocalAddr().String()
	for _, arguments := range [][]string{{}, {"config", "check"}} {
		c := exec.Command(path, append(arguments, "--collector-port", url, "--data-dir", t.TempDir(), "--http-listen", "none")...)
		c.Dir = t.TempDir()
		var text bytes.Buffer
		c.Stderr = &text
		if err := c.Run(); err == nil || c.ProcessState.ExitCode() != exitError || !strings.Contains(text.String(), url) || !strings.Contains(text.String(), "in use") {
			t.Errorf("weir %v: %v: %s", arguments, err, text.String())
		}
	}
}

// TestProgramTLS runs the collector with nProbe's own flags and sends IPFIX over
// TLS.
func TestProgramTLS(t *testing.T) {
	dir := t.TempDir()
	cert, key, pool := certificate(t, dir)
	out := filepath.Join(dir, "documents")
	p := start(t, t.TempDir(), "--collector-port", "tls://127.0.0.1:0", "--tls-cert", cert, "--tls-priv-key", key, "-n", "none", "-i", "none",
		"--http-listen", "none", "--output", "ndjson:"+out)
	dialer := tls.Dialer{NetDialer: &net.Dialer{Timeout: patience}, Config: &tls.Config{RootCAs: pool, ServerName: "127.0.0.1", MinVersion: tls.VersionTLS12}}
	conn, err := dialer.DialContext(t.Context(), "tcp", p.listening["tls"])
	if err != nil {
		t.Fatal(err)
	}
	r, err := capture.Open(filepath.Join(testdata, "exports", "softflowd-ipfix.pcap"), &capture.Sessions{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	for {
		d, err := r.Next()
		if err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Write(d.Payload); err != nil {
			t.Fatal(err)
		}
	}
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	p.stop()
	list := readDocuments(t, out)
	if len(list) != 340 || list[0].Flow.Exporter.Transport != "tls" {
		t.Errorf("%d documents, want 340 over tls", len(list))
	}
}

// certificate makes a self-signed certificate for 127.0.0.1.
func certificate(t *testing.T, dir string) (cert, key string, pool *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for path, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool = x509.NewCertPool()
	pool.AddCert(parsed)
	return cert, key, pool
}
