package main

import (
	"strings"
	"testing"
)

// TestConfigCheckWhileRunning: the ports that a running weir has are no faults of
// the configuration that it runs with.
func TestConfigCheckWhileRunning(t *testing.T) {
	data := t.TempDir()
	p := start(t, data, "--collector-port", "udp://127.0.0.1:0", "--http-listen", "127.0.0.1:0")
	arguments := []string{"config", "check", "--data-dir", data, "--collector-port", "udp://" + p.listening["udp"], "--http-listen", p.listening["http"]}
	out, errOut, status := weir(t, arguments...)
	if status != exitOK || !strings.HasPrefix(out, "the configuration is good ") || strings.Count(errOut, "\n") != 1 || !strings.HasPrefix(errOut, "weir: note: weir runs as process ") {
		t.Errorf("exit status %d: %s%s", status, out, errOut)
	}
	p.stop()
	if out, errOut, status := weir(t, arguments...); status != exitOK || errOut != "" {
		t.Errorf("after it has stopped: exit status %d: %s%s", status, out, errOut)
	}
}
