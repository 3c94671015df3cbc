// Package capture reads export datagrams from files: pcap, pcapng, and files of
// one payload or of several behind each other, each of them also gzipped.
//
// It knows packets, fragments and streams, and where a message ends; what the
// messages say is not its business. The files may come from anywhere: what is
// kept at a time is bounded, and no content makes it panic.
package capture

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"time"
)

// The transports of a datagram.
const (
	TransportUDP  = "udp"
	TransportTCP  = "tcp"
	TransportFile = "file"
)

// Datagram is one UDP payload, or one message of IPFIX or NetFlow out of a TCP
// stream.
type Datagram struct {
	// Source is the exporter; 127.0.0.1 with port 0 when the file has no
	// addresses.
	Source netip.AddrPort
	// Destination is the collector that it was sent to, invalid when the file
	// has no addresses.
	Destination netip.AddrPort
	// Time is when the packet that completed it was captured; zero when the
	// file has no times.
	Time time.Time
	// Transport is udp, tcp or file.
	Transport string
	// Session numbers the TCP streams of the process from 1; 0 otherwise.
	Session uint64
	// Payload is valid until the next call of Next.
	Payload []byte
}

// Reason says what was wrong with a file. It is the key of the summary.
type Reason string

// The reasons.
const (
	// ReasonTruncatedFile: the file ends inside a packet or a compressed part.
	ReasonTruncatedFile Reason = "truncated_capture"
	// ReasonBadFile: the file contradicts its format.
	ReasonBadFile Reason = "unreadable_capture"
	// ReasonLinkType: packets of a link type that is not known.
	ReasonLinkType Reason = "unknown_link_type"
	// ReasonSnapped: packets that the capture cut short. What there is was read.
	ReasonSnapped Reason = "truncated_packet"
	// ReasonFragments: datagrams of which fragments are missing.
	ReasonFragments Reason = "missing_fragments"
	// ReasonStream: bytes missing inside a TCP stream of IPFIX or NetFlow, or at its
	// end.
	ReasonStream Reason = "missing_segments"
	// ReasonUnknownBytes: bytes at the end of a file of payloads that begin no
	// message.
	ReasonUnknownBytes Reason = "unknown_bytes"
)

// Error is what ended a file early.
type Error struct {
	Reason Reason
	Err    error
}

// Error says what was wrong.
func (e *Error) Error() string { return e.Err.Error() }

// Unwrap gives the underlying error.
func (e *Error) Unwrap() error { return e.Err }

// Stats counts what was in a file.
type Stats struct {
	// Packets is packets of any kind, 0 for files without packets.
	Packets uint64
	// Ignored is packets that cannot hold flow exports: neither UDP nor a TCP
	// stream of IPFIX.
	Ignored uint64
	// Problems counts by reason what was lost.
	Problems map[Reason]uint64
}

// source is a kind of file.
type source interface {
	// next gives the next datagram, io.EOF at the end, or another error that
	// ends the file.
	next(*Stats) (Datagram, error)
}

// Reader reads one file. One goroutine uses it.
type Reader struct {
	source  source
	closers []io.Closer
	stats   Stats
	ended   bool
}

// Open opens a file; "-" is the standard input. The caller closes the reader.
func Open(path string, sessions *Sessions) (*Reader, error) {
	if path == "-" {
		return New(os.Stdin, sessions)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	r, err := New(f, sessions)
	if err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	r.closers = append(r.closers, f)
	return r, nil
}

// bufferSize holds a message of the largest size and the beginning of another.
const bufferSize = 128 << 10

// New reads what in gives, recognising its kind. An error is one of reading:
// content that is damaged comes from Next.
func New(in io.Reader, sessions *Sessions) (*Reader, error) {
	r := &Reader{stats: Stats{Problems: map[Reason]uint64{}}}
	buffered := bufio.NewReaderSize(in, bufferSize)
	head, err := peek(buffered, 4)
	if err != nil {
		return nil, err
	}
	if len(head) >= 2 && head[0] == 0x1f && head[1] == 0x8b {
		unzipped, err := gzip.NewReader(buffered)
		if err != nil {
			r.source = failed{fileError(err)}
			return r, nil
		}
		r.closers = append(r.closers, unzipped)
		buffered = bufio.NewReaderSize(unzipped, bufferSize)
		if head, err = peek(buffered, 4); err != nil {
			r.source = failed{fileError(err)}
			return r, nil
		}
	}
	switch kindOf(head) {
	case kindPcap, kindPcapng:
		r.source, err = newPackets(buffered, kindOf(head), sessions)
		if err != nil {
			r.source = failed{fileError(err)}
		}
	default:
		r.source = &payloads{in: buffered}
	}
	return r, nil
}

// peek gives up to n bytes without an error at the end of a short file.
func peek(in *bufio.Reader, n int) ([]byte, error) {
	head, err := in.Peek(n)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return head, err
}

// Next gives the next datagram. io.EOF says that the file was read to its end;
// an *Error that the rest of it cannot be read, any other error that reading
// failed. After any of them it gives io.EOF.
func (r *Reader) Next() (Datagram, error) {
	if r.ended {
		return Datagram{}, io.EOF
	}
	d, err := r.source.next(&r.stats)
	if err != nil {
		r.ended = true
		var e *Error
		if errors.As(err, &e) {
			r.stats.Problems[e.Reason]++
		}
	}
	return d, err
}

// Stats gives what was counted so far.
func (r *Reader) Stats() Stats { return r.stats }

// Close closes what Open opened.
func (r *Reader) Close() error {
	var err error
	for _, c := range r.closers {
		err = errors.Join(err, c.Close())
	}
	return err
}

type kind int

const (
	kindPayloads kind = iota
	kindPcap
	kindPcapng
)

// kindOf recognises the formats by their magic numbers: pcap in either byte
// order with micro- or nanoseconds, and pcapng's section header.
func kindOf(head []byte) kind {
	if len(head) < 4 {
		return kindPayloads
	}
	switch [4]byte(head) {
	case [4]byte{0xa1, 0xb2, 0xc3, 0xd4}, [4]byte{0xd4, 0xc3, 0xb2, 0xa1},
		[4]byte{0xa1, 0xb2, 0x3c, 0x4d}, [4]byte{0x4d, 0x3c, 0xb2, 0xa1}:
		return kindPcap
	case [4]byte{0x0a, 0x0d, 0x0d, 0x0a}:
		return kindPcapng
	}
	return kindPayloads
}

// failed is a file that cannot be read from its beginning on.
type failed struct{ err error }

func (f failed) next(*Stats) (Datagram, error) { return Datagram{}, f.err }

// fileError sorts an error of reading a file's format. Errors of the system,
// such as a disk that fails, stay what they are.
func fileError(err error) error {
	var e *Error
	var system *os.PathError
	switch {
	case errors.As(err, &e), errors.As(err, &system):
		return err
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return &Error{ReasonTruncatedFile, errors.New("the file ends early: it was cut off, or is still being written")}
	}
	return &Error{ReasonBadFile, fmt.Errorf("the file is damaged: %w", err)}
}
