package status

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"
)

func TestServer(t *testing.T) {
	defer goleak.VerifyNone(t)
	registry := prometheus.NewRegistry()
	counter := prometheus.NewCounter(prometheus.CounterOpts{Name: "weir_test_total", Help: "A counter."})
	registry.MustRegister(counter)
	counter.Add(3)
	var broken atomic.Bool
	s := New(Config{Listen: "127.0.0.1:0"}, Dependencies{
		Logger: slog.New(slog.DiscardHandler), Gatherer: registry,
		Checks: []Check{
			{"one", func() error { return nil }},
			{"two", func() error {
				if broken.Load() {
					return errors.New("it is down")
				}
				return nil
			}},
		},
	})
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := s.Start(ctx); err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	get := func(method, path string) (int, string) {
		t.Helper()
		request, err := http.NewRequestWithContext(ctx, method, "http://"+s.Addr().String()+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = answer.Body.Close() }()
		body, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return answer.StatusCode, string(body)
	}
	if code, body := get("GET", "/metrics"); code != 200 || !strings.Contains(body, "\nweir_test_total 3\n") {
		t.Errorf("/metrics: %d %q", code, body)
	}
	if code, body := get("GET", "/healthz"); code != 200 || body != "ok\n" {
		t.Errorf("/healthz: %d %q", code, body)
	}
	if code, body := get("GET", "/readyz"); code != 200 || body != "ready\n" {
		t.Errorf("/readyz: %d %q", code, body)
	}
	broken.Store(true)
	if code, body := get("GET", "/readyz"); code != 503 || body != "two: it is down\n" {
		t.Errorf("/readyz when something is down: %d %q", code, body)
	}
	if code, _ := get("GET", "/debug/pprof/"); code != 404 {
		t.Errorf("/debug/pprof/: %d, want 404", code)
	}
	if code, _ := get("POST", "/healthz"); code != 405 {
		t.Errorf("POST /healthz: %d, want 405", code)
	}
	again := New(Config{Listen: s.Addr().String()}, Dependencies{Logger: slog.New(slog.DiscardHandler), Gatherer: registry})
	if err := again.Start(ctx); err == nil || !strings.Contains(err.Error(), "http.listen") {
		t.Errorf("a port that is in use: %v", err)
	}
	if err := s.Close(ctx); err != nil {
		t.Error(err)
	}
}
