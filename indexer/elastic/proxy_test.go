package elastic

import (
	"crypto/tls"
	"encoding/base64"
	"encoding/binary"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// quietLog takes what servers say about clients that go away.
var quietLog = log.New(io.Discard, "", 0)

// carry copies both ways until one side ends.
func carry(a, b net.Conn) {
	done := make(chan struct{}, 2)
	one := func(to, from net.Conn) {
		_, _ = io.Copy(to, from) // either side may go away at any time
		done <- struct{}{}
	}
	go one(a, b)
	go one(b, a)
	<-done
	_, _ = a.Close(), b.Close()
	<-done
}

// webProxy carries requests to wherever they are for, and counts them. It takes
// those of user:password only, unless that is empty.
func webProxy(t *testing.T, login string, used *atomic.Int32) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if login != "" && r.Header.Get("Proxy-Authorization") != "Basic "+base64.StdEncoding.EncodeToString([]byte(login)) {
			w.WriteHeader(http.StatusProxyAuthRequired)
			return
		}
		used.Add(1)
		r.Header.Del("Proxy-Authorization")
		if r.Method != http.MethodConnect {
			response, err := directly.RoundTrip(r)
			if err != nil {
				w.WriteHeader(http.StatusBadGateway)
				return
			}
			defer func() { _ = response.Body.Close() }()
			w.WriteHeader(response.StatusCode)
			_, _ = io.Copy(w, response.Body)
			return
		}
		server, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", r.Host)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		client, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = io.WriteString(client, "HTTP/1.1 200 well\r\n\r\n")
		carry(client, server)
	}
}

var directly = &http.Transport{DisableKeepAlives: true}

// socks serves SOCKS 5 (RFC 1928 with the passwords of RFC 1929).
func socks(t *testing.T, login string, used *atomic.Int32) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				if server := negotiate(c, login); server != nil {
					used.Add(1)
					carry(c, server)
				}
				_ = c.Close()
			}()
		}
	}()
	return l.Addr().String()
}

func negotiate(c net.Conn, login string) net.Conn {
	read := func(n int) []byte {
		b := make([]byte, n)
		if _, err := io.ReadFull(c, b); err != nil {
			return make([]byte, n)
		}
		return b
	}
	method := byte(0)
	if login != "" {
		method = 2
	}
	read(int(read(2)[1]))
	_, _ = c.Write([]byte{5, method})
	if login != "" {
		user := read(int(read(2)[1]))
		password := read(int(read(1)[0]))
		if string(user)+":"+string(password) != login {
			_, _ = c.Write([]byte{1, 1})
			return nil
		}
		_, _ = c.Write([]byte{1, 0})
	}
	head := read(4)
	var host string
	if head[3] == 1 {
		host = net.IP(read(4)).String()
	} else {
		host = string(read(int(read(1)[0])))
	}
	port := binary.BigEndian.Uint16(read(2))
	server, err := (&net.Dialer{}).Dial("tcp", (&net.TCPAddr{IP: net.ParseIP(host), Port: int(port)}).String())
	if err != nil {
		_, _ = c.Write([]byte{5, 5, 0, 1, 0, 0, 0, 0, 0, 0})
		return nil
	}
	_, _ = c.Write([]byte{5, 0, 0, 1, 0, 0, 0, 0, 0, 0})
	return server
}

func TestProxies(t *testing.T) {
	authority := newIdentity(t, nil)
	dir := t.TempDir()
	ca := put(t, filepath.Join(dir, "ca.pem"), authority.pem())
	local := newIdentity(t, authority, "127.0.0.1")
	settings := func() *tls.Config { return &tls.Config{Certificates: []tls.Certificate{local.tls()}} }
	well := func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "well") }
	plain := httptest.NewServer(http.HandlerFunc(well))
	defer plain.Close()
	// Its certificate is for another name, which must not be asked of the proxy.
	secured := serveTLS(t, &tls.Config{Certificates: []tls.Certificate{newIdentity(t, authority, "es.example.net").tls()}}, well)
	const login = "weir:hush%20hush"
	for name, proxy := range map[string]func(used *atomic.Int32) string{
		"http": func(used *atomic.Int32) string {
			s := httptest.NewServer(webProxy(t, "weir:hush hush", used))
			t.Cleanup(s.Close)
			return strings.Replace(s.URL, "://", "://"+login+"@", 1)
		},
		"https": func(used *atomic.Int32) string {
			return strings.Replace(serveTLS(t, settings(), webProxy(t, "weir:hush hush", used)).URL, "://", "://"+login+"@", 1)
		},
		"socks5":           func(used *atomic.Int32) string { return "socks5://" + login + "@" + socks(t, "weir:hush hush", used) },
		"socks5, no login": func(used *atomic.Int32) string { return "socks5://" + socks(t, "", used) },
	} {
		for _, server := range []string{plain.URL, secured.URL} {
			t.Run(name+" to "+server[:5], func(t *testing.T) {
				var used atomic.Int32
				c := DefaultConfig(server)
				c.CAFile, c.TLSServerName, c.ProxyURL = ca, "es.example.net", proxy(&used)
				if err := c.Validate(); err != nil {
					t.Fatal(err)
				}
				if text, err := get(t, c, server); err != nil || text != "well" || used.Load() != 1 {
					t.Errorf("answer %q, error %v, %d connections through the proxy", text, err, used.Load())
				}
				if !strings.Contains(c.ProxyURL, login) {
					return
				}
				c.ProxyURL = strings.Replace(c.ProxyURL, "hush%20hush", "hushhush", 1)
				text, err := get(t, c, server)
				if text == "well" || err != nil && strings.Contains(err.Error(), "hush") {
					t.Errorf("with a wrong password, answer %q, error %v", text, err)
				}
			})
		}
	}
}

// The environment's proxies are for servers elsewhere, as everywhere in Go.
func TestProxyOfTheEnvironment(t *testing.T) {
	for _, name := range []string{"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy"} {
		t.Setenv(name, "")
	}
	t.Setenv("HTTPS_PROXY", "http://proxy.example.net:3128")
	t.Setenv("NO_PROXY", "inside.example.net")
	for server, want := range map[string]string{
		"https://es.example.net": "http://proxy.example.net:3128", "https://inside.example.net": "", "https://127.0.0.1:9200": "", "http://es.example.net": "",
	} {
		for _, disable := range []bool{false, true} {
			c := DefaultConfig(server)
			c.ProxyDisable = disable
			choose, err := c.access().proxy()
			if err != nil {
				t.Fatal(err)
			}
			u, err := url.Parse(server)
			if err != nil {
				t.Fatal(err)
			}
			got, err := choose(u)
			if disable && got != nil || !disable && (err != nil || (got == nil) != (want == "") || got != nil && got.String() != want) {
				t.Errorf("%s with proxy_disable %v goes through %v (%v)", server, disable, got, err)
			}
		}
	}
}

// A proxy that is away is told so, without its password.
func TestProxyAway(t *testing.T) {
	for _, scheme := range []string{"http", "https", "socks5"} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		c := DefaultConfig("https://es.example.net")
		c.ProxyURL = scheme + "://weir:hush@" + l.Addr().String()
		_, err = get(t, c, "https://es.example.net")
		if err == nil || !strings.Contains(err.Error(), "refused") || strings.Contains(err.Error(), "hush") || !neverSent(err) {
			t.Errorf("%s: the error is %v", scheme, err)
		}
	}
}
