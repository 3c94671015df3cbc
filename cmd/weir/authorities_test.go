package main

import (
	"crypto/x509"
	"os"
	"os/exec"
	"testing"
)

// TestAuthorities runs itself where the system has no certificates of
// authorities, as in the container image: those that are compiled in are there.
func TestAuthorities(t *testing.T) {
	const inside = "WEIR_CONFIG_TEST_AUTHORITIES"
	if os.Getenv(inside) == "" {
		self, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		nothing := t.TempDir()
		command := exec.Command(self, "-test.run", "^TestAuthorities$", "-test.count", "1")
		command.Env = append(os.Environ(), inside+"=1", "SSL_CERT_DIR="+nothing, "SSL_CERT_FILE="+nothing+"/none")
		if text, err := command.CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, text)
		}
		return
	}
	pool, err := x509.SystemCertPool()
	if err != nil || pool.Equal(x509.NewCertPool()) {
		t.Errorf("no authority is known: %v", err)
	}
}
