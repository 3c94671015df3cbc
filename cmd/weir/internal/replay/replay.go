// Package replay sends the export datagrams of captures again over UDP, in
// order and at an even pace.
package replay

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/weirflow/weir/cmd/weir/internal/capture"
	"github.com/weirflow/weir/collector"
	"github.com/weirflow/weir/collector/message"
)

// Config says what to send where.
type Config struct {
	// Files are the captures, in order; "-" is standard input.
	Files []string
	// To lists targets: udp://host:port for everything, or
	// PROTOCOL=udp://host:port for netflow1, netflow5, netflow7, netflow9, ipfix
	// or sflow.
	To []string
	// Rate is datagrams per second, 0 for as fast as possible. Default 1000.
	Rate float64
	// Loop is how often the files are sent. Default 1.
	Loop int
	// Realtime keeps the pauses of the capture instead of Rate.
	Realtime bool
	// Progress is told the datagrams and bytes so far, from time to time; nil
	// for nobody.
	Progress func(Summary)
}

// DefaultConfig gives the defaults.
func DefaultConfig() Config { return Config{Rate: 1000, Loop: 1} }

// Summary is what was sent.
type Summary struct {
	Datagrams   uint64  `json:"datagrams"`
	Bytes       uint64  `json:"bytes"`
	Seconds     float64 `json:"seconds"`
	SendErrors  uint64  `json:"send_errors"`
	Untargeted  uint64  `json:"without_target"`
	Exporters   int     `json:"exporters"`
	firstFailed error
}

// FirstError is why the first datagram that could not be sent was not.
func (s Summary) FirstError() error { return s.firstFailed }

// maxExporters bounds the sockets: one for each source address of the capture.
const maxExporters = 200

// Replayer sends captures.
type Replayer struct {
	cfg     Config
	targets map[message.Protocol]netip.AddrPort // ProtocolUnknown: everything else
	sockets map[socketKey]*net.UDPConn
	order   map[netip.Addr]int // exporters by first appearance
	sum     Summary
	begin   time.Time
}

type socketKey struct {
	source netip.Addr
	target netip.AddrPort
}

// New reads the targets. It opens nothing.
func New(cfg Config) (*Replayer, error) {
	r := &Replayer{cfg: cfg, targets: map[message.Protocol]netip.AddrPort{}, sockets: map[socketKey]*net.UDPConn{}, order: map[netip.Addr]int{}}
	if len(cfg.Files) == 0 {
		return nil, errors.New("no capture is named")
	}
	if len(cfg.To) == 0 {
		return nil, errors.New("no target is named: --to udp://host:port")
	}
	if cfg.Rate < 0 || cfg.Rate > 10e6 || cfg.Loop < 1 || cfg.Loop > 1e9 {
		return nil, fmt.Errorf("rate %v must be 0 to 10,000,000, and loop %d 1 or more", cfg.Rate, cfg.Loop)
	}
	for _, s := range cfg.To {
		protocol, target, err := parseTarget(s)
		if err != nil {
			return nil, err
		}
		if _, twice := r.targets[protocol]; twice {
			return nil, fmt.Errorf("target %q: there is one for the same datagrams already", s)
		}
		r.targets[protocol] = target
	}
	return r, nil
}

func parseTarget(s string) (message.Protocol, netip.AddrPort, error) {
	fail := func(why string) (message.Protocol, netip.AddrPort, error) {
		return 0, netip.AddrPort{}, fmt.Errorf("target %q: %s; write udp://host:port or PROTOCOL=udp://host:port with netflow1, netflow5, netflow7, netflow9, ipfix or sflow", s, why)
	}
	name, address, mapped := strings.Cut(s, "=")
	if !mapped {
		name, address = "", s
	}
	protocol := message.ProtocolUnknown
	switch name {
	case "":
	case "netflow1":
		protocol = message.NetFlow1
	case "netflow5":
		protocol = message.NetFlow5
	case "netflow7":
		protocol = message.NetFlow7
	case "netflow9":
		protocol = message.NetFlow9
	case "ipfix":
		protocol = message.IPFIX
	case "sflow":
		protocol = message.SFlow5
	default:
		return fail("protocol " + name + " is not known")
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "udp" || u.Port() == "" || u.Path != "" {
		return fail("not a UDP address")
	}
	target, err := net.ResolveUDPAddr("udp", u.Host)
	if err != nil {
		return fail(err.Error())
	}
	a := target.AddrPort()
	if !a.Addr().IsValid() || a.Addr().IsUnspecified() {
		a = netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), a.Port())
	}
	return protocol, netip.AddrPortFrom(a.Addr().Unmap(), a.Port()), nil
}

// Run sends everything, until ctx ends. The summary counts what was sent also
// when there is an error.
func (r *Replayer) Run(ctx context.Context) (Summary, error) {
	defer r.close()
	r.begin = time.Now()
	var err error
	for range r.cfg.Loop {
		if err = r.once(ctx); err != nil {
			break
		}
	}
	r.sum.Seconds = time.Since(r.begin).Seconds()
	r.sum.Exporters = len(r.order)
	if err == nil && r.sum.Datagrams == 0 && r.sum.firstFailed != nil {
		err = fmt.Errorf("nothing could be sent: %w", r.sum.firstFailed)
	}
	return r.sum, err
}

func (r *Replayer) once(ctx context.Context) error {
	sessions := &capture.Sessions{}
	pace := pacer{rate: r.cfg.Rate, realtime: r.cfg.Realtime, sent: r.sum.Datagrams + r.sum.SendErrors, begin: r.begin}
	for _, path := range r.cfg.Files {
		if err := r.file(ctx, path, sessions, &pace); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	return nil
}

func (r *Replayer) file(ctx context.Context, path string, sessions *capture.Sessions, pace *pacer) error {
	in, err := capture.Open(path, sessions)
	if err != nil {
		return err
	}
	defer in.Close()
	for {
		d, err := in.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		target, ok := r.targets[collector.Recognise(d.Payload)]
		if !ok {
			target, ok = r.targets[message.ProtocolUnknown]
		}
		if !ok {
			r.sum.Untargeted++
			continue
		}
		if err := pace.wait(ctx, d.Time); err != nil {
			return err
		}
		r.send(d.Source.Addr(), target, d.Payload)
		if r.cfg.Progress != nil && r.sum.Datagrams%256 == 0 {
			r.sum.Seconds = time.Since(r.begin).Seconds()
			r.cfg.Progress(r.sum)
		}
	}
}

// send sends one datagram. An error is counted; the next one is tried all the
// same, as a closed port is told by the datagram after.
func (r *Replayer) send(source netip.Addr, target netip.AddrPort, payload []byte) {
	conn, err := r.socket(source, target)
	if err == nil {
		_, err = conn.Write(payload)
	}
	if err != nil {
		r.sum.SendErrors++
		if r.sum.firstFailed == nil {
			r.sum.firstFailed = err
		}
		return
	}
	r.sum.Datagrams++
	r.sum.Bytes += uint64(len(payload))
}

// socket gives the socket for an exporter. Towards a loopback address each
// exporter of the capture sends from an address of its own, 127.0.0.1 and up, so
// that the collector can tell them apart; elsewhere they share ours.
func (r *Replayer) socket(source netip.Addr, target netip.AddrPort) (*net.UDPConn, error) {
	n, known := r.order[source]
	if !known {
		n = len(r.order)
		if n < maxExporters {
			r.order[source] = n
		}
	}
	key := socketKey{target: target}
	if local := target.Addr(); local.Is4() && local.IsLoopback() {
		key.source = netip.AddrFrom4([4]byte{127, 0, 0, byte(1 + n%maxExporters)})
	}
	if conn := r.sockets[key]; conn != nil {
		return conn, nil
	}
	var local *net.UDPAddr
	if key.source.IsValid() {
		local = net.UDPAddrFromAddrPort(netip.AddrPortFrom(key.source, 0))
	}
	conn, err := net.DialUDP("udp", local, net.UDPAddrFromAddrPort(target))
	if err != nil {
		return nil, err
	}
	r.sockets[key] = conn
	return conn, nil
}

func (r *Replayer) close() {
	for _, conn := range r.sockets {
		conn.Close()
	}
}
