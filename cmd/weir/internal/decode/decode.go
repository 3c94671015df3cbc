// Package decode turns capture files into documents: what weir decode does.
//
// It runs what a file holds through the decoders that the collector uses, in the
// order of the files, with one exporter state for all of them. It prints
// documents to the writer it is given and counts; what to say about it is the
// command's business.
package decode

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"time"

	"github.com/weirflow/weir/cmd/weir/internal/capture"
	"github.com/weirflow/weir/collector"
	"github.com/weirflow/weir/collector/message"
	"github.com/weirflow/weir/collector/netflow"
	"github.com/weirflow/weir/collector/sflow"
	"github.com/weirflow/weir/flow"
)

// Config says what to print. The zero value prints flow records as they were
// sent.
type Config struct {
	// Counters prints sFlow counter samples too.
	Counters bool
	// Options prints options records too.
	Options bool
	// Exporter replaces the source address of everything when it is valid, so
	// that templates captured elsewhere fit.
	Exporter netip.Addr
	// Ports limits packets to these destination ports, TCP and UDP. Empty: all.
	Ports []uint16
	// Enrich is what the records go through before they are printed; may be nil.
	Enrich func(*flow.Batch)
	// Now gives the time for sFlow out of files that have no times: sFlow has
	// none of its own. For the other protocols the time of receipt is then left
	// open, so that their flows keep the times that they were sent with however
	// old the file is. Default: time.Now.
	Now func() time.Time
}

// batchRecords is how many records go through enrichment at once.
const batchRecords = 512

// maxExporters is how many exporters and TCP streams are told apart. A capture may
// have more of them in ten minutes than a collector lets in.
const maxExporters = 1 << 16

// Decoder decodes files one after the other. One goroutine uses it.
type Decoder struct {
	cfg      Config
	out      io.Writer
	decoder  *collector.Decoder
	sessions capture.Sessions
	writer   *flow.Writer
	encoder  *flow.Encoder
	buffer   []byte
	written  error // the first error of out; later documents are left out
	result   message.Result
	summary  Summary
}

// New gives a decoder that prints to out, a document a line.
func New(cfg Config, out io.Writer) *Decoder {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	state := netflow.DefaultConfig()
	state.EmitOptions = cfg.Options
	state.MaxExporters = maxExporters
	state.TemplateLifetime = 0 // the files may be of different days
	d := &Decoder{
		cfg: cfg, out: out, encoder: flow.NewEncoder(),
		decoder: collector.NewDecoder(netflow.NewStore(state), sflow.DefaultConfig()),
		summary: newSummary(),
	}
	batch := flow.NewBatch(batchRecords)
	d.writer = flow.NewWriter(func() *flow.Batch { return batch }, d.print)
	return d
}

// WriteError is an error of the output, not of a file.
type WriteError struct{ Err error }

// Error says what was wrong.
func (e *WriteError) Error() string { return fmt.Sprintf("writing documents: %v", e.Err) }

// Unwrap gives the underlying error.
func (e *WriteError) Unwrap() error { return e.Err }

// File decodes one file; "-" is the standard input. An error is one of reading
// or writing, or that ctx ended: what is wrong with the content is in the
// summary. The documents of the file are written when it returns.
func (d *Decoder) File(ctx context.Context, path string) error {
	d.summary.Files++
	r, err := capture.Open(path, &d.sessions)
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }()
	err = d.read(ctx, path, r)
	d.writer.Flush()
	d.summary.addCapture(r.Stats())
	if d.written != nil {
		return &WriteError{d.written}
	}
	return err
}

func (d *Decoder) read(ctx context.Context, path string, r *capture.Reader) error {
	for number := 1; ; number++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		datagram, err := r.Next()
		var damaged *capture.Error
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.As(err, &damaged):
			d.summary.detail("%s: %v", path, damaged)
			return nil
		case err != nil:
			return fmt.Errorf("%s: %w", path, err)
		}
		if datagram.Destination.IsValid() && len(d.cfg.Ports) > 0 && !slices.Contains(d.cfg.Ports, datagram.Destination.Port()) {
			d.summary.IgnoredPackets++
			continue
		}
		d.decode(datagram)
		if d.result.First != nil {
			d.summary.detail("%s: datagram %d from %v: %v", path, number, datagram.Source.Addr(), d.result.First)
		}
		if d.written != nil {
			return nil
		}
	}
}

func (d *Decoder) decode(datagram capture.Datagram) {
	origin := message.Origin{Addr: datagram.Source.Addr().Unmap(), Transport: datagram.Transport, Session: datagram.Session}
	if d.cfg.Exporter.IsValid() {
		origin.Addr = d.cfg.Exporter.Unmap()
	}
	switch {
	case !datagram.Time.IsZero():
		origin.Received = datagram.Time.UnixNano()
	case collector.Recognise(datagram.Payload) == message.SFlow5:
		origin.Received = d.cfg.Now().UnixNano()
	}
	d.decoder.Decode(origin, datagram.Payload, d.writer, &d.result)
	d.summary.add(&d.result, len(datagram.Payload))
}

// print enriches and prints a batch, and empties it.
func (d *Decoder) print(b *flow.Batch) {
	defer b.Reset()
	if d.written != nil {
		return
	}
	if d.cfg.Enrich != nil {
		d.cfg.Enrich(b)
	}
	d.buffer = d.buffer[:0]
	for i := range b.Len() {
		r := b.At(i)
		if (r.Kind == flow.KindCounters && !d.cfg.Counters) || (r.Kind == flow.KindOptions && !d.cfg.Options) {
			continue
		}
		d.buffer = append(d.encoder.AppendJSON(d.buffer, r), '\n')
	}
	if _, err := d.out.Write(d.buffer); err != nil {
		d.written = err
	}
}

// Summary gives what was counted so far.
func (d *Decoder) Summary() Summary { return d.summary }
