package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// output is what a command writes, and may be read meanwhile.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// TestSecretsAreNeverShown has the collector meet servers and proxies that are
// away, refuse it, or show it what it sent, with a secret in every place that can
// have one, and looks for it in all that the program says.
func TestSecretsAreNeverShown(t *testing.T) {
	const canary = "canary-7f3a"
	mirror := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = fmt.Fprintf(w, "you sent %v", r.Header)
	}))
	defer mirror.Close()
	away, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := away.Close(); err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	t.Setenv("WEIR_KEYSTORE_PASSWORD", "canary-7f3a-of-the-keystore")
	var added output
	if status := run(t.Context(), []string{"keystore", "add", "PW", "--data-dir", folder}, strings.NewReader(canary+"\n"), &added, &added); status != exitOK {
		t.Fatal(added.String())
	}
	secretFile := filepath.Join(folder, "secret")
	if err := os.WriteFile(secretFile, []byte(canary+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	flowsAlone(t) // no last report that a stop would wait for
	server, dead := strings.TrimPrefix(mirror.URL, "http://"), away.Addr().String()
	for name, section := range map[string]string{
		"in URLs":       fmt.Sprintf("urls: ['http://weir:${PW}@%s', 'http://weir:%s@%s']", server, canary, dead),
		"password":      fmt.Sprintf("urls: ['http://%s']\n    username: weir\n    password: ${PW}", server),
		"password file": fmt.Sprintf("urls: ['http://%s']\n    username: weir\n    password_file: %s", server, secretFile),
		"API key":       fmt.Sprintf("urls: ['http://%s']\n    api_key: %s", server, canary),
		"bearer token":  fmt.Sprintf("urls: ['http://%s']\n    bearer_token: ${PW}", server),
		"headers":       fmt.Sprintf("urls: ['http://%s']\n    headers: { x-key: '%s', x-other: '${PW}' }", server, canary),
		"a proxy":       fmt.Sprintf("urls: ['http://es.example.net']\n    proxy_url: 'http://weir:${PW}@%s'", dead),
		"socks":         fmt.Sprintf("urls: ['https://es.example.net']\n    proxy_url: 'socks5://weir:%s@%s'", canary, dead),
		"cloud auth":    fmt.Sprintf("urls: ['http://%s']\n    cloud_auth: 'elastic:%s'", server, canary),
		"a bad URL":     fmt.Sprintf("urls: ['http://weir:%s@%s:port']", canary, server),
		"a bad proxy":   fmt.Sprintf("urls: ['http://%s']\n    proxy_url: 'ftp://weir:${PW}@h'", server),
		"a wrong key":   fmt.Sprintf("urls: ['http://%s']\n    concurrency: ${PW}\n    namespace: ${PW}", server),
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			file := filepath.Join(dir, "weir.yml")
			text := fmt.Sprintf("data_dir: %s\ncollectors: { netflow5: [], netflow9: [], ipfix: ['udp://127.0.0.1:0'], sflow: [] }\nhttp: { listen: 127.0.0.1:0 }\nlog: { level: debug }\n"+
				"index:\n  elasticsearch:\n    retry: { initial: 10ms, max: 50ms }\n    %s\n", folder, section)
			if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			var all output
			run(t.Context(), []string{"config", "show", "--config", file}, nil, &all, &all)
			good := run(t.Context(), []string{"config", "check", "--config", file}, nil, &all, &all) == exitOK
			if good != !strings.Contains(name, "bad") && good != !strings.Contains(name, "wrong") {
				t.Errorf("config check says %v: %s", good, all.String())
			}
			ctx, stop := context.WithCancel(t.Context())
			ended := make(chan int, 1)
			go func() { ended <- run(ctx, []string{"run", "--config", file}, nil, &all, &all) }()
			if good {
				limit := time.After(patience)
				tick := time.NewTicker(10 * time.Millisecond)
				defer tick.Stop()
				for !strings.Contains(all.String(), "cannot write to the server") || !httpAddress.MatchString(all.String()) {
					select {
					case <-tick.C:
					case <-limit:
						t.Fatalf("no server was asked: %s", all.String())
					}
				}
				address := httpAddress.FindStringSubmatch(all.String())[1]
				for _, path := range []string{"/metrics", "/readyz"} {
					response, err := http.Get("http://" + address + path)
					if err != nil {
						t.Fatal(err)
					}
					if _, err := io.Copy(&all, response.Body); err != nil {
						t.Error(err)
					}
					_ = response.Body.Close()
				}
			}
			stop()
			if status := <-ended; good && status != exitOK || !good && status == exitOK {
				t.Errorf("exit status %d: %s", status, all.String())
			}
			for _, secret := range []string{"7f3a", "Y2FuYXJ5", "d2VpcjpjYW5hcn"} { // as it is, and in base64 with what may stand before it
				if i := strings.Index(all.String(), secret); i >= 0 {
					t.Errorf("a secret is shown: %s", all.String()[max(0, i-300):min(len(all.String()), i+50)])
				}
			}
			if strings.Contains(name, "file") && !strings.Contains(all.String(), "chmod 640 "+secretFile) {
				t.Errorf("a file that all may read is not told: %s", all.String())
			}
		})
	}
}

// httpAddress finds where metrics are served in the log.
var httpAddress = regexp.MustCompile(`endpoint=http address=(127\.0\.0\.1:[0-9]+)`)

// TestKeystorePrompt asks for a secret on a terminal, and does not show it there.
func TestKeystorePrompt(t *testing.T) {
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		if os.Getenv("WEIR_REQUIRE") == "1" {
			t.Fatalf("this machine gives no terminal: %v", err)
		}
		t.Skipf("SKIPPED: this machine gives no terminal: %v", err)
	}
	defer func() { _ = master.Close() }()
	number, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	terminal, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = terminal.Close() }()
	folder := t.TempDir()
	asked := &promptWriter{asked: make(chan struct{})}
	ended := make(chan int, 1)
	go func() {
		ended <- run(t.Context(), []string{"keystore", "add", "PW", "--data-dir", folder}, terminal, io.Discard, asked)
	}()
	<-asked.asked
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for limit := time.After(patience); ; { // a person types after the question, when the echo is off
		settings, err := unix.IoctlGetTermios(int(terminal.Fd()), unix.TCGETS)
		if err != nil {
			t.Fatal(err)
		}
		if settings.Lflag&unix.ECHO == 0 {
			break
		}
		select {
		case <-tick.C:
		case <-limit:
			t.Fatal("the echo stays on")
		}
	}
	if _, err := master.WriteString("canary word\n"); err != nil {
		t.Fatal(err)
	}
	if status := <-ended; status != exitOK || asked.text.String() != "Value of PW: \n" {
		t.Fatalf("exit status %d, asked %q", status, asked.text.String())
	}
	if _, err := terminal.WriteString("end"); err != nil {
		t.Fatal(err)
	}
	echo := make([]byte, 100)
	n, err := master.Read(echo)
	if err != nil || strings.Contains(string(echo[:n]), "canary") {
		t.Errorf("the terminal shows %q (%v)", echo[:n], err)
	}
	var out, errOut bytes.Buffer
	if status := run(t.Context(), []string{"keystore", "list", "--data-dir", folder}, nil, &out, &errOut); status != exitOK || out.String() != "PW\n" {
		t.Errorf("list says %q, %q", out.String(), errOut.String())
	}
}

// promptWriter tells when the question has been asked.
type promptWriter struct {
	text  output
	once  sync.Once
	asked chan struct{}
}

func (w *promptWriter) Write(p []byte) (int, error) {
	w.once.Do(func() { close(w.asked) })
	return w.text.Write(p)
}
