package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// TestProgramDoctor listens, is sent a capture, and is interrupted: what came until
// then is told, with the exit status of a doctor that has found something.
func TestProgramDoctor(t *testing.T) {
	path, err := buildOnce()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(path, "doctor", "--json", "--for", "10m", "--collector-port", "udp://127.0.0.1:0", "--collector-port", "tcp://127.0.0.1:0")
	c.Dir = t.TempDir() // no configuration file there
	var out bytes.Buffer
	c.Stdout = &out
	said, err := c.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Process.Kill() }) // no more than a rest of a failed test
	to, stream := "", ""
	lines := bufio.NewScanner(said)
	for lines.Scan() && !strings.Contains(lines.Text(), "ends it early") {
		if rest, ok := strings.CutPrefix(lines.Text(), "listening on udp://"); ok {
			to, _, _ = strings.Cut(rest, " ")
		}
		if rest, ok := strings.CutPrefix(lines.Text(), "listening on tcp://"); ok {
			stream, _, _ = strings.Cut(rest, " ")
		}
	}
	if text, err := exec.Command(path, "replay", "--to", "udp://"+to, "../../testdata/exports/softflowd-v9.pcap").CombinedOutput(); err != nil {
		t.Fatalf("replay to %q: %v: %s", to, err, text)
	}
	conn, err := net.Dial("tcp", stream)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, conn) // until the doctor has closed it, with a reset or without
	// What the kernel has received by now is looked at before the end.
	if err := c.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := c.Wait(); !errors.As(err, &exit) || exit.ExitCode() != exitProblems {
		t.Fatalf("%v, want exit status %d; %s", err, exitProblems, out.String())
	}
	var report struct {
		Source    string
		Seconds   float64
		Listeners []struct {
			Transport string
			Buffer    int `json:"receive_buffer_bytes"`
			Troubles  []struct {
				Reason, Peer string
				Connections  int
			}
		}
		Findings  []struct{ ID string }
		Exporters []struct {
			Address   string
			Protocols []string
			Flows     int
			PerSecond float64 `json:"records_per_second"`
			Ports     int     `json:"source_ports"`
			Findings  []struct{ ID string }
		}
	}
	if err := json.Unmarshal(out.Bytes(), &report); err != nil {
		t.Fatal(err)
	}
	if report.Source != "listen" || report.Seconds <= 0 || len(report.Listeners) != 2 || report.Listeners[0].Buffer <= 0 || len(report.Exporters) != 1 {
		t.Fatalf("%s", out.String())
	}
	if list := report.Listeners[1].Troubles; len(list) != 1 || list[0].Reason != "unknown_version" || list[0].Connections != 1 || list[0].Peer != "127.0.0.1" ||
		!slices.ContainsFunc(report.Findings, func(f struct{ ID string }) bool { return f.ID == "connections" }) {
		t.Errorf("the connection that brought nothing: %s", out.String())
	}
	e := report.Exporters[0]
	if e.Address != "127.0.0.1" || e.Flows != 340 || e.Ports != 1 || len(e.Findings) < 2 || strings.Join(e.Protocols, ",") != "netflow9" {
		t.Errorf("%+v", e)
	}
}
