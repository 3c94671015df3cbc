// Package status is the collector's HTTP port: metrics for Prometheus, and
// whether the process lives and is ready. It serves no data and changes nothing.
package status

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Config sets the port.
type Config struct {
	// Listen is the address, host:port; port 0 lets the system choose. No
	// default.
	Listen string
}

// Check is something that has to be well for the collector to be ready.
type Check struct {
	// Name is what the check is about.
	Name string
	// Ready gives nil, or why it is not well. Requests call it at the same time.
	Ready func() error
}

// Dependencies is what the server works with; all are required.
type Dependencies struct {
	Logger   *slog.Logger
	Gatherer prometheus.Gatherer
	// Checks are looked at for each request of /readyz.
	Checks []Check
}

// Limits on requests, which are all small and quickly answered.
const (
	requestTimeout  = 10 * time.Second
	idleTimeout     = 2 * time.Minute
	maxHeaderBytes  = 16 << 10
	metricsInFlight = 4
)

// Server is the port. Start and Close are called once each.
type Server struct {
	cfg    Config
	log    *slog.Logger
	server *http.Server
	socket net.Listener
	done   chan struct{}
}

// New makes a server that does nothing yet.
func New(cfg Config, d Dependencies) *Server {
	s := &Server{cfg: cfg, log: d.Logger, done: make(chan struct{})}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(d.Gatherer, promhttp.HandlerOpts{
		ErrorLog: slog.NewLogLogger(d.Logger.Handler(), slog.LevelError), MaxRequestsInFlight: metricsInFlight,
	}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, "ok\n") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) { ready(w, d.Checks) })
	s.server = &http.Server{
		Handler: mux, MaxHeaderBytes: maxHeaderBytes, IdleTimeout: idleTimeout,
		ReadHeaderTimeout: requestTimeout, ReadTimeout: requestTimeout, WriteTimeout: 6 * requestTimeout,
		ErrorLog: slog.NewLogLogger(d.Logger.Handler(), slog.LevelDebug),
	}
	return s
}

// ready answers 200 when every check is well, else 503 and a line for each that
// is not.
func ready(w http.ResponseWriter, checks []Check) {
	text := ""
	for _, c := range checks {
		if err := c.Ready(); err != nil {
			text += fmt.Sprintf("%s: %v\n", c.Name, err)
		}
	}
	if text != "" {
		answer(w, http.StatusServiceUnavailable, text)
		return
	}
	answer(w, http.StatusOK, "ready\n")
}

func answer(w http.ResponseWriter, code int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(code)
	_, _ = w.Write([]byte(text)) // who asked has gone; nothing to do
}

// Start opens the port and serves until Close.
func (s *Server) Start(ctx context.Context) error {
	var config net.ListenConfig
	socket, err := config.Listen(ctx, "tcp", s.cfg.Listen)
	if err != nil {
		return fmt.Errorf("http.listen: %w; name another address, or leave it empty for no port", err)
	}
	s.socket = socket
	s.log.Info("listening", "endpoint", "http", "address", socket.Addr().String())
	go func() {
		defer close(s.done)
		if err := s.server.Serve(socket); !errors.Is(err, http.ErrServerClosed) {
			s.log.Error("the HTTP port has failed", "error", err)
		}
	}()
	return nil
}

// Addr is the address that is served; valid after Start.
func (s *Server) Addr() net.Addr { return s.socket.Addr() }

// Close waits for requests to end, until ctx ends.
func (s *Server) Close(ctx context.Context) error {
	if s.socket == nil {
		return nil
	}
	err := s.server.Shutdown(ctx)
	if err != nil {
		err = errors.Join(err, s.server.Close())
	}
	<-s.done
	return err
}
