package collector

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"sync"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// udpSocket is one socket of a UDP endpoint.
type udpSocket struct {
	conn *net.UDPConn
	raw  syscall.RawConn
	// granted is the receive buffer, in bytes, in the units of the request.
	granted int
	drops   dropCounter
}

// openUDP opens count sockets for one endpoint, each asking for a receive buffer
// of buffer bytes. All share the port, by SO_REUSEPORT when there are several.
func openUDP(ctx context.Context, l *listener, count, buffer int) ([]*udpSocket, error) {
	port := int(l.Port)
	if count > 1 && port != 0 {
		// Sockets with SO_REUSEPORT would share the port with another process
		// of the same user that sets it too, and each would see a part of the
		// traffic. One without it finds any other owner.
		probe, err := listenUDP(ctx, l, port, nil)
		if err != nil {
			return nil, err
		}
		_ = probe.Close() // it only had to be bound
	}
	var sockets []*udpSocket
	for range count {
		s, err := openOne(ctx, l, port, buffer, count > 1)
		if err != nil {
			for _, open := range sockets {
				_ = open.conn.Close() // the first error is the one to report
			}
			return nil, err
		}
		sockets = append(sockets, s)
		port = int(localAddr(s.conn.LocalAddr()).Port())
	}
	return sockets, nil
}

func openOne(ctx context.Context, l *listener, port, buffer int, share bool) (*udpSocket, error) {
	conn, err := listenUDP(ctx, l, port, func(fd int) error { return setUDPOptions(fd, buffer, share) })
	if err != nil {
		return nil, err
	}
	s := &udpSocket{conn: conn}
	if s.raw, err = conn.SyscallConn(); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	if s.granted, err = s.receiveBuffer(); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return s, nil
}

// listenUDP opens a socket and gives it to set, unless nil, before binding it.
func listenUDP(ctx context.Context, l *listener, port int, set func(fd int) error) (*net.UDPConn, error) {
	var config net.ListenConfig
	if set != nil {
		config.Control = func(_, _ string, raw syscall.RawConn) error {
			var setErr error
			err := raw.Control(func(fd uintptr) { setErr = set(int(fd)) })
			return errors.Join(err, setErr)
		}
	}
	address := net.JoinHostPort(l.Host, strconv.Itoa(port))
	conn, err := config.ListenPacket(ctx, l.network("udp"), address)
	if isDualStack(l.Host) && noIPv6(err) {
		conn, err = config.ListenPacket(ctx, "udp4", net.JoinHostPort("", strconv.Itoa(port)))
	}
	if err != nil {
		return nil, err
	}
	udp, ok := conn.(*net.UDPConn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("a UDP socket came as %T", conn), conn.Close())
	}
	return udp, nil
}

// noIPv6 tells that the machine has no IPv6 at all.
func noIPv6(err error) bool {
	return errors.Is(err, unix.EAFNOSUPPORT) || errors.Is(err, unix.EADDRNOTAVAIL)
}

// setUDPOptions prepares a socket that is not yet bound.
func setUDPOptions(fd, buffer int, share bool) error {
	if share {
		if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEPORT, 1); err != nil {
			return os.NewSyscallError("setsockopt SO_REUSEPORT", err)
		}
	}
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RXQ_OVFL, 1); err != nil {
		return os.NewSyscallError("setsockopt SO_RXQ_OVFL", err)
	}
	// Kernels before 5.1 lack it; the time of the read is used then.
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS_NEW, 1)
	return setReceiveBuffer(fd, buffer, true)
}

// setReceiveBuffer asks for a receive buffer. With force it first asks to pass
// over net.core.rmem_max, which needs CAP_NET_ADMIN.
func setReceiveBuffer(fd, bytes int, force bool) error {
	if force && unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, bytes) == nil {
		return nil
	}
	return os.NewSyscallError("setsockopt SO_RCVBUF", unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, bytes))
}

// receiveBuffer is the receive buffer that the kernel granted, in bytes. The
// kernel doubles what is asked for, to make room for its own bookkeeping, and
// reports the double (socket(7)); this is the half, which compares with the
// request.
func (s *udpSocket) receiveBuffer() (int, error) {
	var (
		value  int
		optErr error
	)
	err := s.raw.Control(func(fd uintptr) {
		value, optErr = unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF)
	})
	return value / 2, errors.Join(err, os.NewSyscallError("getsockopt SO_RCVBUF", optErr))
}

// pollDrops reads the kernel's drop count now, so that drops show even when no
// datagram follows them. Does nothing once the socket is closed.
func (s *udpSocket) pollDrops() {
	_ = s.raw.Control(func(fd uintptr) {
		var info [unix.SK_MEMINFO_VARS]uint32
		size := uint32(unsafe.Sizeof(info))
		_, _, errno := unix.Syscall6(unix.SYS_GETSOCKOPT, fd, unix.SOL_SOCKET, unix.SO_MEMINFO,
			uintptr(unsafe.Pointer(&info)), uintptr(unsafe.Pointer(&size)), 0)
		if errno == 0 && uintptr(size) == unsafe.Sizeof(info) {
			s.drops.observe(info[unix.SK_MEMINFO_DROPS])
		}
	})
}

// dropCounter adds up the datagrams that the kernel dropped at one socket. Safe
// for concurrent use.
type dropCounter struct {
	mu    sync.Mutex
	last  uint32
	total uint64
}

// observe takes the kernel's count, which wraps at 2³². A count that lies behind
// the last one was read earlier and says nothing new.
func (d *dropCounter) observe(count uint32) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if step := count - d.last; step < 1<<31 {
		d.total += uint64(step)
		d.last = count
	}
}

func (d *dropCounter) value() uint64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.total
}

// localAddr is the address of a UDP or TCP socket.
func localAddr(a net.Addr) netip.AddrPort {
	switch a := a.(type) {
	case *net.UDPAddr:
		return a.AddrPort()
	case *net.TCPAddr:
		return a.AddrPort()
	}
	return netip.AddrPort{}
}

// peerAddr is a peer's address as message.Origin wants it: without the port, not
// IPv4-mapped, and without a zone, which is no part of the address.
func peerAddr(a net.Addr) netip.Addr {
	var addr netip.Addr
	switch a := a.(type) {
	case *net.UDPAddr:
		addr, _ = netip.AddrFromSlice(a.IP)
	case *net.TCPAddr:
		addr, _ = netip.AddrFromSlice(a.IP)
	}
	return addr.Unmap()
}

// peerPort is a peer's UDP port, 0 for other transports.
func peerPort(a net.Addr) uint16 {
	if a, ok := a.(*net.UDPAddr); ok {
		return uint16(a.Port)
	}
	return 0
}
