package doctor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"

	"github.com/weirflow/weir/cmd/weir/internal/capture"
	"github.com/weirflow/weir/collector"
	"github.com/weirflow/weir/collector/message"
)

// Reading says how to read captures.
type Reading struct {
	// Exporter replaces every source address when it is valid.
	Exporter netip.Addr
	// Ports limits packets to these destination ports. Empty: all.
	Ports []uint16
}

// Files shows captures to a doctor, in their order.
type Files struct {
	how      Reading
	decoder  collector.MessageDecoder
	sessions capture.Sessions
	result   message.Result
	files    []File
}

// NewFiles gives a reader of captures for a doctor. One goroutine uses it.
func NewFiles(d *Doctor, how Reading) *Files {
	return &Files{how: how, decoder: d.Decoder()}
}

// List is the files that were read so far.
func (f *Files) List() []File { return f.files }

// Read reads a capture; "-" is the standard input. The error is one of reading,
// or that ctx ended: what is wrong with the content is in the list.
func (f *Files) Read(ctx context.Context, path string) error {
	r, err := capture.Open(path, &f.sessions)
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }()
	file := File{Path: path}
	defer func() {
		stats := r.Stats()
		file.Ignored += stats.Ignored
		for reason, n := range stats.Problems {
			if file.Problems == nil {
				file.Problems = map[string]uint64{}
			}
			file.Problems[string(reason)] = n
			if file.Error == "" {
				file.Error = string(reason)
			}
		}
		f.files = append(f.files, file)
	}()
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		datagram, err := r.Next()
		var damaged *capture.Error
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.As(err, &damaged):
			file.Error = damaged.Error()
			return nil
		case err != nil:
			return fmt.Errorf("%s: %w", path, err)
		}
		if datagram.Destination.IsValid() && len(f.how.Ports) > 0 && !slices.Contains(f.how.Ports, datagram.Destination.Port()) {
			file.Ignored++
			continue
		}
		file.Datagrams++
		f.decoder.Decode(f.origin(&datagram), datagram.Payload, nil, &f.result)
	}
}

func (f *Files) origin(d *capture.Datagram) message.Origin {
	o := message.Origin{Addr: d.Source.Addr().Unmap(), Transport: d.Transport, Session: d.Session}
	if d.Transport == capture.TransportUDP {
		o.Port = d.Source.Port()
	}
	if f.how.Exporter.IsValid() {
		o.Addr = f.how.Exporter.Unmap()
	}
	if !d.Time.IsZero() {
		o.Received = d.Time.UnixNano()
	}
	return o
}
