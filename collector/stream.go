package collector

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/weirflow/weir/collector/message"
)

const (
	// streamGrace is how long a connection may still deliver what is on its way
	// once the collector stops.
	streamGrace = 250 * time.Millisecond
	// maxAcceptPause bounds the wait after a failed accept.
	maxAcceptPause = time.Second
	// refusedLimit is the reason for refusing a connection over the limit.
	refusedLimit = "connection_limit"
	limitAdvice  = "raise collectors.max_connections if these exporters are genuine"
)

// streams is what all stream listeners share.
type streams struct {
	ctx  context.Context // ends when the time for a graceful stop is over
	deps *Dependencies
	m    *metrics

	idleTimeout, handshakeTimeout time.Duration

	// slots holds a token for each open connection.
	slots chan struct{}
	// pipelines circulate: a connection takes one while it has complete
	// messages, and never while it waits for the network. So silent and slow
	// connections hold no batch.
	pipelines chan *pipeline

	mu       sync.Mutex
	open     map[*streamConn]struct{}
	session  uint64
	stopping bool
	running  sync.WaitGroup
}

// streamListener is one TCP or TLS endpoint.
type streamListener struct {
	*streams
	listener *listener
	socket   net.Listener
	tls      *tls.Config // nil for clear text
	stopped  chan struct{}
	count    streamCounters
	troubles map[string]*Trouble // by reason; guarded by mu
}

// streamCounters are the metrics of one stream listener.
type streamCounters struct {
	bytes, accepted, refused, acceptErrors prometheus.Counter
	open                                   prometheus.Gauge
	closed, failures                       map[string]prometheus.Counter
}

func (m *metrics) streamAt(listener string) streamCounters {
	c := streamCounters{
		bytes:        m.bytes.WithLabelValues(listener),
		accepted:     m.accepted.WithLabelValues(listener),
		refused:      m.refused.WithLabelValues(listener, refusedLimit),
		acceptErrors: m.acceptErrors.WithLabelValues(listener),
		open:         m.connections.WithLabelValues(listener),
		closed:       map[string]prometheus.Counter{},
		failures:     map[string]prometheus.Counter{},
	}
	for _, reason := range closeReasons {
		c.closed[reason] = m.closed.WithLabelValues(listener, reason)
	}
	for _, reason := range handshakeReasons {
		c.failures[reason] = m.failures.WithLabelValues(listener, reason)
	}
	return c
}

// openStream binds a stream endpoint.
func openStream(ctx context.Context, l *listener) (net.Listener, error) {
	var config net.ListenConfig
	config.SetMultipathTCP(false) // exporters do not speak it
	port := strconv.Itoa(int(l.Port))
	socket, err := config.Listen(ctx, l.network("tcp"), net.JoinHostPort(l.Host, port))
	if isDualStack(l.Host) && noIPv6(err) {
		socket, err = config.Listen(ctx, "tcp4", net.JoinHostPort("", port))
	}
	return socket, err
}

// accept is the goroutine of a stream listener: it accepts connections until the
// socket is closed.
func (s *streamListener) accept() {
	pause := 5 * time.Millisecond
	for {
		conn, err := s.socket.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			s.count.acceptErrors.Inc()
			s.m.report.write(slog.LevelError, s.m.report.accept, "accepting a connection failed; trying again",
				slog.String("listener", s.listener.label()), slog.Any("error", err),
				slog.String("advice", "when files run out, raise LimitNOFILE or lower collectors.max_connections"))
			select {
			case <-time.After(pause):
			case <-s.stopped:
			}
			pause = min(2*pause, maxAcceptPause)
			continue
		}
		pause = 5 * time.Millisecond
		s.start(conn)
	}
}

// start runs a connection in its own goroutine, or refuses it.
func (s *streamListener) start(conn net.Conn) {
	peer := peerAddr(conn.RemoteAddr())
	select {
	case s.slots <- struct{}{}:
	default:
		s.count.refused.Inc()
		s.m.report.write(slog.LevelWarn, s.m.report.connections[refusedLimit], "connection refused",
			slog.String("reason", refusedLimit), slog.String("listener", s.listener.label()), slog.String("exporter", peer.String()),
			slog.Int("open", cap(s.slots)), slog.String("advice", limitAdvice))
		s.trouble(refusedLimit, peer, nil, limitAdvice)
		_ = conn.Close() // nothing was read or written
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopping {
		<-s.slots
		_ = conn.Close() // nothing was read or written
		return
	}
	s.session++
	c := &streamConn{streamListener: s, origin: message.Origin{Addr: peer, Transport: s.listener.Scheme, Session: s.session}}
	c.raw = &lateConn{Conn: conn, stopping: c.isStopping, left: maxLate}
	c.conn = c.raw
	s.open[c] = struct{}{}
	s.count.accepted.Inc()
	s.count.open.Inc()
	s.running.Go(c.run)
}

// forget ends a connection's place.
func (s *streamListener) forget(c *streamConn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, c)
	s.count.open.Dec()
	<-s.slots
}

// stop lets the connections read for a moment what is on its way, and end.
func (s *streams) stop(now time.Time) {
	s.mu.Lock()
	s.stopping = true
	open := make([]*streamConn, 0, len(s.open))
	for c := range s.open {
		open = append(open, c)
	}
	s.mu.Unlock()
	for _, c := range open {
		c.stop(now.Add(streamGrace))
	}
}

// cut closes all connections at once.
func (s *streams) cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.open {
		_ = c.raw.Close() // its goroutine reports
	}
}
