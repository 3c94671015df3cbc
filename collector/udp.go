package collector

import (
	"errors"
	"log/slog"
	"net"
	"os"
	"sync/atomic"
	"time"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
	"golang.org/x/sys/unix"

	"github.com/weirflow/weir/collector/message"
)

const (
	// readBatch is how many datagrams one system call may bring.
	readBatch = 64
	// maxDatagram holds any UDP payload (at most 65,527 bytes over IPv6).
	maxDatagram = 65535
	// datagramCost is what a datagram takes of the kernel's receive buffer beside
	// its payload, in bytes, at least.
	datagramCost = 256
	// maxReadPause bounds the wait after a receive error.
	maxReadPause = time.Second
)

// udpWorker is one socket with its reader, its queue and its decoder.
type udpWorker struct {
	socket   *udpSocket
	listener *listener
	m        *metrics
	counters *datagramCounters
	queue    *queue
	pipeline *pipeline
	log      *slog.Logger
	// stopAt is when the reader was told to stop, in Unix nanoseconds; 0 before.
	stopAt atomic.Int64
	// stopped is closed when the reader has been told, and its deadline is set.
	stopped chan struct{}
}

// stop lets the reader take what the kernel has received until now, and end.
func (w *udpWorker) stop(now time.Time) {
	w.stopAt.Store(now.UnixNano())
	_ = w.socket.conn.SetReadDeadline(now) // fails only when the reader has closed the socket
	close(w.stopped)
}

// batchReader is what ipv4.PacketConn and ipv6.PacketConn share: recvmmsg.
type batchReader interface {
	ReadBatch(ms []ipv4.Message, flags int) (int, error)
}

// udpReader is the state of receive.
type udpReader struct {
	*udpWorker
	batch    batchReader
	messages []ipv4.Message
	list     []datagram
}

// receive is the reader goroutine: it receives until the worker is stopped, then
// what is still in the kernel's buffer, and closes socket and queue.
func (w *udpWorker) receive() {
	defer w.queue.close()
	defer w.close()
	r := udpReader{udpWorker: w, messages: newMessages(readBatch), list: make([]datagram, 0, readBatch)}
	if localAddr(w.socket.conn.LocalAddr()).Addr().Is4() {
		r.batch = ipv4.NewPacketConn(w.socket.conn)
	} else {
		r.batch = ipv6.NewPacketConn(w.socket.conn)
	}
	pause := time.Millisecond
	for {
		_, err := r.read(0)
		switch {
		case err == nil:
			pause = time.Millisecond
			if w.stopAt.Load() == 0 {
				continue
			}
			fallthrough
		case errors.Is(err, os.ErrDeadlineExceeded):
			r.drain()
			return
		case errors.Is(err, net.ErrClosed):
			return
		}
		w.counters.readErrors.Inc()
		w.log.Error("receiving failed; trying again", "listener", w.listener.label(), "error", err, "pause", pause)
		select {
		case <-time.After(pause):
		case <-w.stopped:
		}
		pause = min(2*pause, maxReadPause)
	}
}

// drain receives what the kernel had received when the worker was stopped.
func (r *udpReader) drain() {
	// The reader may know of the stop before its deadline is set, which would end
	// this in the middle.
	<-r.stopped
	_ = r.socket.conn.SetReadDeadline(time.Time{}) // a socket that is gone fails in read
	// More than the buffer holds is not waited for: all of it came after the stop.
	// The times of receipt alone do not tell: a datagram that the kernel took while
	// it had no clock running for the socket has the time at which it is read.
	for room := 2 * r.socket.granted; ; {
		last, err := r.read(unix.MSG_DONTWAIT)
		for i := range r.list {
			room -= len(r.list[i].payload) + datagramCost
		}
		if err != nil || room < 0 && last >= r.stopAt.Load() {
			return
		}
	}
}

// read receives one batch into the queue. It returns when the last datagram of
// it was received, in Unix nanoseconds.
func (r *udpReader) read(flags int) (int64, error) {
	r.list = r.list[:0]
	n, err := r.batch.ReadBatch(r.messages, flags)
	if err != nil {
		return 0, err
	}
	now, bytes := time.Now().UnixNano(), 0
	last := now
	for i := range r.messages[:n] {
		m := &r.messages[i]
		beside := parseAncillary(m.OOB[:m.NN])
		if beside.hasDrops {
			r.socket.drops.observe(beside.drops)
		}
		last = now
		if beside.received != 0 {
			last = beside.received
		}
		if m.Flags&unix.MSG_TRUNC != 0 {
			r.counters.oversized.Inc()
			continue
		}
		bytes += m.N
		r.list = append(r.list, datagram{m.Buffers[0][:m.N], peerAddr(m.Addr), peerPort(m.Addr), last})
	}
	r.counters.datagrams.Add(float64(n))
	r.counters.bytes.Add(float64(bytes))
	r.m.abandonDatagrams(r.counters, len(r.list)-r.queue.put(r.list))
	return last, nil
}

// close counts the last drops and closes the socket.
func (w *udpWorker) close() {
	w.socket.pollDrops()
	if err := w.socket.conn.Close(); err != nil {
		w.log.Error("closing a socket failed", "listener", w.listener.label(), "error", err)
	}
}

// decode is the decoder goroutine: it empties the queue until that is closed.
func (w *udpWorker) decode() {
	origin := message.Origin{Transport: schemeUDP}
	for {
		c := w.queue.take()
		if c == nil {
			break
		}
		for i := range c.datagrams {
			d := &c.datagrams[i]
			origin.Addr, origin.Port, origin.Received = d.addr, d.port, d.received
			w.pipeline.process(origin, d.payload, w.listener.allowed)
		}
		if !w.queue.giveBack(c) {
			w.pipeline.flush()
		}
	}
	w.pipeline.flush()
	left, _ := w.queue.depth()
	w.m.abandonDatagrams(w.counters, left)
}

func newMessages(n int) []ipv4.Message {
	// One allocation: pages that no datagram reaches are never touched.
	buffers := make([]byte, n*maxDatagram)
	besides := make([]byte, n*ancillaryBytes)
	ms := make([]ipv4.Message, n)
	for i := range ms {
		ms[i].Buffers = [][]byte{buffers[i*maxDatagram : (i+1)*maxDatagram]}
		ms[i].OOB = besides[i*ancillaryBytes : (i+1)*ancillaryBytes]
	}
	return ms
}
