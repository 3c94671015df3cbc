package collector

import (
	"errors"
	"net"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// maxLate is how much a connection may still read once the time of a stop is over,
// in bytes: more than the kernel keeps of a connection as Linux comes (tcp_rmem).
const maxLate = 8 << 20

// lateConn reads what the kernel has already taken from a peer, and told it so, also
// when the time of a stop is over: a busy collector must not lose it.
type lateConn struct {
	net.Conn
	stopping func() bool
	left     int // of maxLate
}

// Read reads as the connection does, and then what is left.
func (l *lateConn) Read(p []byte) (int, error) {
	n, err := l.Conn.Read(p)
	if n > 0 || l.left <= 0 || !errors.Is(err, os.ErrDeadlineExceeded) || !l.stopping() {
		return n, err
	}
	if late := received(l.Conn, p); late > 0 {
		l.left -= late
		return late, nil
	}
	return n, err
}

// received reads without waiting and whatever the deadline; 0 when nothing is there.
func received(conn net.Conn, p []byte) (n int) {
	file, ok := conn.(syscall.Conn)
	if !ok {
		return 0
	}
	raw, err := file.SyscallConn()
	if err != nil {
		return 0
	}
	err = raw.Control(func(fd uintptr) {
		var readErr error
		if n, _, readErr = unix.Recvfrom(int(fd), p, unix.MSG_DONTWAIT); readErr != nil {
			n = 0
		}
	})
	if err != nil {
		return 0
	}
	return n
}
