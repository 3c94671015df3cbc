package collector

import (
	"bufio"
	"context"
	"encoding/binary"
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
	// streamBuffer holds the longest IPFIX message.
	streamBuffer = 64 << 10
	// leastMessage is the length of an IPFIX message header, in bytes (RFC 7011
	// section 3.1), and so the least a message may have.
	leastMessage = 16
	// ipfixPrefix is as much of it as framing needs: version and length.
	ipfixPrefix = 4
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

// arm gives the peer until the idle time-out to complete its next message.
func (c *streamConn) arm() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.stopping {
		_ = c.raw.SetReadDeadline(time.Now().Add(c.idleTimeout)) // fails only on a closed connection
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
	if text := closeAdvice(reason); text != "" {
		attributes = append(attributes, slog.String("advice", text))
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
		c.arm()
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
	p.process(c.origin, payload, allProtocols)
	_, err = c.reader.Discard(size)
	return err
}

// buffered is the length of the next message when it is complete in the buffer
// and well framed; else 0.
func (c *streamConn) buffered() int {
	have := c.reader.Buffered()
	if have < ipfixPrefix {
		return 0
	}
	prefix, _ := c.reader.Peek(ipfixPrefix) // it is there
	size, reason, _ := frame(prefix)
	if reason != "" || have < size {
		return 0
	}
	return size
}

// next waits until the next message is complete in the buffer, and gives its
// length; or the reason why there will be none.
func (c *streamConn) next() (size int, reason string, err error) {
	prefix, err := c.reader.Peek(ipfixPrefix)
	if err != nil {
		return 0, c.ended(err, len(prefix)), c.detail(err, len(prefix), ipfixPrefix)
	}
	size, reason, err = frame(prefix)
	if reason != "" {
		c.countFraming(reason, prefix)
		return 0, reason, err
	}
	payload, err := c.reader.Peek(size)
	if err != nil {
		return 0, c.ended(err, len(payload)), c.detail(err, len(payload), size)
	}
	return size, "", nil
}

// frame reads the version and length that an IPFIX message begins with.
func frame(prefix []byte) (size int, reason string, err error) {
	version, length := binary.BigEndian.Uint16(prefix), binary.BigEndian.Uint16(prefix[2:])
	switch {
	case version == 5 || version == 9:
		return 0, closedNotAllowed, fmt.Errorf("NetFlow v%d over a stream is not available in this version", version)
	case version == 0x1603:
		return 0, closedBadVersion, errors.New("the peer speaks TLS to a clear-text endpoint")
	case version != 10:
		return 0, closedBadVersion, fmt.Errorf("the bytes % x are not the beginning of an IPFIX message (version 10)", prefix)
	case length < leastMessage:
		return 0, closedBadLength, fmt.Errorf("a message claims %d bytes, fewer than its header's %d", length, leastMessage)
	}
	return int(length), "", nil
}

// countFraming counts a message that could not be framed among the problems.
func (c *streamConn) countFraming(reason string, prefix []byte) {
	problem := map[string]message.Reason{closedNotAllowed: message.ReasonProtocolNotAllowed,
		closedBadVersion: message.ReasonUnknownVersion, closedBadLength: message.ReasonBadLength}[reason]
	c.m.messages.problems[Recognise(prefix)][problem].Inc()
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
		return "send IPFIX to this endpoint; TLS goes to a tls:// endpoint"
	case closedNotAllowed:
		return "send NetFlow v5 and v9 over UDP, or let the exporter speak IPFIX"
	case closedBadLength, closedTruncated:
		return "report the fault to the exporter's vendor; it will reconnect"
	case closedIdle:
		return "raise collectors.idle_timeout if this exporter is silent for longer"
	}
	return ""
}
