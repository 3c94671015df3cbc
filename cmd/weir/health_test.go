package main

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// TestHealth asks servers that answer as a collector does, and as others do.
func TestHealth(t *testing.T) {
	for name, c := range map[string]struct {
		arguments []string
		status    int
		answer    string
		want      int
		says      string
	}{
		"lives":         {nil, 200, "ok\n", exitOK, "ok\n"},
		"ready":         {[]string{"--ready"}, 200, "ready\n", exitOK, "ready\n"},
		"not ready":     {[]string{"--ready"}, 503, "index: elasticsearch: no server answers\n", exitError, "not ready: index: elasticsearch: no server answers"},
		"another":       {nil, 200, "<html>", exitError, "not Weir's answer"},
		"no such page":  {[]string{"--ready"}, 404, "404 page not found\n", exitError, "not Weir's answer"},
		"wrong timeout": {[]string{"--timeout", "0s"}, 200, "ok\n", exitError, "--timeout"},
	} {
		t.Run(name, func(t *testing.T) {
			asked := ""
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked = r.URL.Path
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.answer)
			}))
			defer server.Close()
			var out bytes.Buffer
			arguments := append([]string{"health", "--http-listen", strings.TrimPrefix(server.URL, "http://")}, c.arguments...)
			if got := run(t.Context(), arguments, nil, &out, &out); got != c.want || !strings.Contains(out.String(), c.says) {
				t.Errorf("exit status %d, want %d: %q lacks %q", got, c.want, out.String(), c.says)
			}
			if path := map[bool]string{true: "/readyz", false: "/healthz"}[slices.Contains(c.arguments, "--ready")]; asked != path && name != "wrong timeout" {
				t.Errorf("%q was asked, want %q", asked, path)
			}
		})
	}
}

// TestHealthOfNobody asks where nothing listens.
func TestHealthOfNobody(t *testing.T) {
	socket, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := socket.Addr().String()
	_ = socket.Close()
	var out bytes.Buffer
	if got := run(t.Context(), []string{"health", "--http-listen", address}, nil, &out, &out); got != exitError || !strings.Contains(out.String(), "does not answer") {
		t.Errorf("exit status %d: %s", got, out.String())
	}
}

func TestHealthTargets(t *testing.T) {
	all := []string{"127.0.0.1:9470", "[::1]:9470"}
	for listen, want := range map[string][]string{
		"127.0.0.1:9470": {"127.0.0.1:9470"}, "[2001:db8::1]:80": {"[2001:db8::1]:80"}, "weir.example.net:80": {"weir.example.net:80"},
		":9470": all, "0.0.0.0:9470": all, "[::]:9470": all,
		"": nil, "9470": nil, ":0": nil, ":": nil,
	} {
		got, err := healthTargets(listen)
		if !slices.Equal(got, want) || (err == nil) != (want != nil) {
			t.Errorf("%q: %v, %v; want %v", listen, got, err, want)
		}
	}
}

// TestProgramHealth asks a real collector, before and after its stop.
func TestProgramHealth(t *testing.T) {
	p := start(t, t.TempDir(), "--collector-port", "udp://127.0.0.1:0", "--http-listen", "127.0.0.1:0")
	ask := func(arguments ...string) int {
		return run(t.Context(), append([]string{"health", "--http-listen", p.listening["http"]}, arguments...), nil, io.Discard, io.Discard)
	}
	if ask() != exitOK || ask("--ready", "--timeout", patience.String()) != exitOK {
		t.Error("a collector that runs is not well")
	}
	p.stop()
	if ask() != exitError {
		t.Error("a collector that has stopped is well")
	}
}
