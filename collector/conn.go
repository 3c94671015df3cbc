package collector

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/weirflow/weir/collector/message"
)

const (
	// streamBuffer holds the longest message.
	streamBuffer = 64 << 10
	// messagePause is for how long nothing may come before a message of NetFlow v9
	// that may be over is over.
	messagePause = 500 * time.Millisecond
)

// Why connections end, as metrics and logs say it.
const (
	closedByPeer        = "closed_by_peer"
	closedReset         = "reset_by_peer"
	closedIdle          = "idle_timeout"
	closedShutdown      = "shutdown"
	closedTruncated     = "truncated_message"
	closedBadLength     = "bad_length"
	closedBadVersion    = "unknown_version"
	closedNotAllowed    = "protocol_not_allowed"
	closedNoHandshake   = "tls_handshake_failed"
	closedReceiveFailed = "receive_failed"
)

var closeReasons = []string{closedByPeer, closedReset, closedIdle, closedShutdown, closedTruncated,
	closedBadLength, closedBadVersion, closedNotAllowed, closedNoHandshake, closedReceiveFailed}

// streamConn is one connection. Its goroutine reads and decodes; stop may be
// called by another.
type streamConn struct {
	*streamListener
	// raw is the TCP connection. Its deadline and its closing are for anyone.
	raw net.Conn
	// conn is raw, or TLS over it. The goroutine's own, as all down to mu.
	conn   net.Conn
	reader *bufio.Reader
	origin message.Origin

	mu       sync.Mutex // guards stopping, and the read deadline with it
	stopping bool
}

// stop lets the connection read until deadline.
func (c *streamConn) stop(deadline time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stopping = true
	_ = c.raw.SetReadDeadline(deadline) // fails only on a closed connection
}

// arm gives the peer that long to go on.
func (c *streamConn) arm(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.stopping {
		_ = c.raw.SetReadDeadline(time.Now().Add(d)) // fails only on a closed connection
	}
}

func (c *streamConn) isStopping() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stopping
}

// run is the connection's goroutine.
func (c *streamConn) run() {
	defer c.forget(c)
	reason, err := c.serve()
	if c.deps.SessionClosed != nil {
		c.deps.SessionClosed(c.origin.Session)
	}
	_ = c.conn.Close() // the reason is known by now
	c.count.closed[reason].Inc()
	if reason == closedNoHandshake {
		return // already reported in detail
	}
	level := slog.LevelWarn
	if reason == closedByPeer || reason == closedShutdown {
		level = slog.LevelDebug
	}
	attributes := []slog.Attr{slog.String("reason", reason), slog.String("listener", c.listener.label()),
		slog.String("exporter", exporterName(&c.origin)), slog.Uint64("session", c.origin.Session)}
	if err != nil {
		attributes = append(attributes, slog.Any("error", err))
	}
	text := closeAdvice(reason)
	if text != "" {
		attributes = append(attributes, slog.String("advice", text))
	}
	switch reason {
	case closedByPeer, closedShutdown, closedIdle:
	default:
		c.trouble(reason, c.origin.Addr, err, text)
	}
	c.m.report.write(level, c.m.report.connections[reason], "connection closed", attributes...)
}

// serve reads messages until the connection ends, and says why it did.
func (c *streamConn) serve() (reason string, err error) {
	if c.tls != nil {
		if err := c.handshake(); err != nil {
			return closedNoHandshake, err
		}
	}
	c.reader = bufio.NewReaderSize(countedReader{c}, streamBuffer)
	for {
		c.arm(c.idleTimeout)
		// Blocks until a message is complete, and holds no pipeline meanwhile.
		size, reason, err := c.next()
		if reason != "" {
			return reason, err
		}
		var p *pipeline
		select {
		case p = <-c.pipelines:
		case <-c.ctx.Done():
			return closedShutdown, fmt.Errorf("a message of %d bytes was left undecoded: %w", size, context.Cause(c.ctx))
		}
		c.origin.Received = time.Now().UnixNano()
		for size > 0 {
			err = c.decode(p, size)
			if err != nil {
				break
			}
			size = c.buffered()
		}
		p.flush()
		c.pipelines <- p
		if err != nil {
			return closedReceiveFailed, err
		}
	}
}

// decode decodes the next size bytes, which are in the buffer.
func (c *streamConn) decode(p *pipeline, size int) error {
	payload, err := c.reader.Peek(size)
	if err != nil {
		return err
	}
	p.process(c.origin, payload, c.listener.allowed)
	_, err = c.reader.Discard(size)
	return err
}

// buffered is the length of the next message when it is complete in the buffer
// and well framed; else 0.
func (c *streamConn) buffered() int {
	all, _ := c.reader.Peek(c.reader.Buffered()) // it is there
	if size, need, err := StreamMessage(all); err == nil && need == 0 {
		return size
	}
	return 0
}

// next waits until the next message is complete in the buffer, and gives its
// length; or the reason why there will be none.
func (c *streamConn) next() (size int, reason string, err error) {
	for {
		all, _ := c.reader.Peek(c.reader.Buffered())
		size, need, err := StreamMessage(all)
		switch {
		case err != nil:
			return 0, c.countFraming(err, all), err
		case need == 0:
			return size, "", nil
		}
		if size > 0 {
			c.arm(messagePause)
		}
		_, err = c.reader.Peek(need)
		if size > 0 {
			if have := c.reader.Buffered(); err != nil && have == size {
				return size, "", nil // if it is the stream's end, the next call finds it
			}
			c.arm(c.idleTimeout)
		}
		if have := c.reader.Buffered(); err != nil && (size == 0 || !errors.Is(err, os.ErrDeadlineExceeded)) {
			return 0, c.ended(err, have), c.detail(err, have, need)
		}
	}
}

// countFraming counts a stream that could not be framed among the problems, and
// gives the reason for closing it.
func (c *streamConn) countFraming(err error, b []byte) (reason string) {
	reason, problem := closedBadVersion, message.ReasonUnknownVersion
	switch {
	case errors.Is(err, errStreamProtocol):
		reason, problem = closedNotAllowed, message.ReasonProtocolNotAllowed
	case errors.Is(err, errStreamLength):
		reason, problem = closedBadLength, message.ReasonBadLength
	}
	c.m.messages.problems[Recognise(b)][problem].Inc()
	return reason
}

// ended tells why reading ended, with part bytes of a message in hand.
func (c *streamConn) ended(err error, part int) string {
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded) && c.isStopping(), errors.Is(err, net.ErrClosed):
		return closedShutdown
	case errors.Is(err, os.ErrDeadlineExceeded):
		return closedIdle
	case errors.Is(err, unix.ECONNRESET):
		return closedReset
	// TLS says ErrUnexpectedEOF for an end inside a record.
	case part > 0 && errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return closedTruncated
	case errors.Is(err, io.EOF):
		return closedByPeer
	}
	return closedReceiveFailed
}

// detail describes an end in the middle of a message.
func (c *streamConn) detail(err error, part, size int) error {
	if part > 0 {
		return fmt.Errorf("%d of %d bytes of a message were received: %w", part, size, err)
	}
	return err
}

// countedReader counts what is read from a connection.
type countedReader struct{ *streamConn }

func (r countedReader) Read(p []byte) (int, error) {
	n, err := r.conn.Read(p)
	r.count.bytes.Add(float64(n))
	return n, err
}

func closeAdvice(reason string) string {
	switch reason {
	case closedBadVersion:
		return "send IPFIX or NetFlow to this endpoint; TLS goes to a tls:// endpoint"
	case closedNotAllowed:
		return "send sFlow over UDP"
	case closedBadLength, closedTruncated:
		return "report the fault to the exporter's vendor; it will reconnect"
	case closedIdle:
		return "raise collectors.idle_timeout if this exporter is silent for longer"
	}
	return ""
}
