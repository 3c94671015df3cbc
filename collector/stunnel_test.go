package collector

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// stunnel starts the real stunnel, which carries clear-text connections into TLS
// and verifies the collector's certificate, and gives the address to connect to.
func stunnel(t *testing.T, to, ca string) string {
	t.Helper()
	program, err := exec.LookPath("stunnel4")
	if err != nil {
		if program, err = exec.LookPath("stunnel"); err != nil {
			lacking(t, "the stunnel command", err)
		}
	}
	// stunnel cannot tell the port that the system chose for it.
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	from := free.Addr().String()
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(t.TempDir(), "stunnel.conf")
	text := fmt.Sprintf("foreground = yes\npid =\ndebug = notice\n[weir]\nclient = yes\naccept = %s\nconnect = %s\nverifyChain = yes\nCAfile = %s\ncheckIP = 127.0.0.1\n", from, to, ca)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	command := exec.Command(program, config)
	output, err := command.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	ready, done := make(chan struct{}), make(chan struct{})
	var log strings.Builder
	go func() {
		defer close(done)
		open := false
		for lines := bufio.NewScanner(output); lines.Scan(); {
			log.WriteString(lines.Text() + "\n")
			if !open && strings.Contains(lines.Text(), "Configuration successful") {
				open = true
				close(ready)
			}
		}
	}()
	t.Cleanup(func() {
		_ = command.Process.Kill()
		<-done
		_ = command.Wait()
		if t.Failed() {
			t.Logf("stunnel's log:\n%s", &log)
		}
	})
	select {
	case <-ready:
	case <-done:
		t.Fatalf("stunnel ended:\n%s", &log)
	}
	return from
}
