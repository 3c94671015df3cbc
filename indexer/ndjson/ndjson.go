// Package ndjson writes one JSON document per line, to a file or to standard
// output, for pipes and other shippers. It knows nothing of who reads them.
package ndjson

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/weirflow/weir/flow"
)

// Dependencies are what New needs.
type Dependencies struct {
	Registerer prometheus.Registerer
	// Stdout is what "-" stands for; nil means os.Stdout.
	Stdout io.Writer
}

// Sink writes documents. Write gathers them in a buffer; a goroutine takes the
// buffer when it is full or old and writes it, so that a reader that has stopped
// reading blocks that goroutine alone. One goroutine calls Write; the other
// methods may be called by any.
type Sink struct {
	cfg     Config
	stdout  io.Writer
	metrics *metrics
	broken  atomic.Pointer[error] // of the last write, nil when it worked
	unsaid  atomic.Pointer[error] // of a write that Write has not reported yet

	mu       sync.Mutex
	encoder  *flow.Encoder
	buffer   []byte
	waiting  int // documents in buffer
	underway int // documents that are being written
	spare    []byte
	closed   bool

	full    chan struct{}   // the buffer is to be written now; holds one
	room    chan struct{}   // the buffer was taken; holds one
	reopens chan chan error // Reopen's requests
	stop    chan struct{}   // closed: write what is left and end
	done    chan struct{}   // closed when the writing goroutine has ended
}

// New makes a sink; Start opens its file.
func New(cfg Config, d Dependencies) (*Sink, error) {
	if cfg.Path == "" {
		return nil, errors.New("index.ndjson.path: it is empty; allowed: a file, or - for standard output")
	}
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	m, err := newMetrics(d.Registerer, cfg.Path)
	if err != nil {
		return nil, err
	}
	s := &Sink{cfg: cfg, stdout: d.Stdout, metrics: m, encoder: flow.NewEncoder(), closed: true,
		full: make(chan struct{}, 1), room: make(chan struct{}, 1), reopens: make(chan chan error), stop: make(chan struct{}), done: make(chan struct{})}
	if s.stdout == nil {
		s.stdout = os.Stdout
	}
	return s, nil
}

// Name is ndjson and the path.
func (s *Sink) Name() string { return "ndjson:" + s.cfg.Path }

// Start opens the file and begins to write.
func (s *Sink) Start(context.Context) error {
	w := &writer{sink: s, to: s.stdout}
	if s.cfg.Path != "-" {
		if err := w.open(); err != nil {
			return err
		}
	}
	s.mu.Lock()
	s.closed = false
	s.mu.Unlock()
	go w.run()
	return nil
}

// Write appends the records of a batch to the buffer. When that is full and
// still being written, it waits until ctx ends; then the rest is lost. After a
// failed write, such as on a full disk, what was in the buffer is lost, which
// the next Write reports, and later batches are tried again.
func (s *Sink) Write(ctx context.Context, b *flow.Batch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range b.Records() {
		r := b.At(i)
		if !s.wanted(r) {
			continue
		}
		for !s.closed && len(s.buffer) >= s.cfg.BufferBytes {
			s.mu.Unlock()
			select {
			case <-s.room:
			case <-ctx.Done():
			}
			s.mu.Lock()
			if err := ctx.Err(); err != nil && len(s.buffer) >= s.cfg.BufferBytes {
				s.loseRest(b, i)
				return err
			}
		}
		if s.closed {
			s.loseRest(b, i)
			return errors.New("the sink is closed")
		}
		s.buffer = append(s.encoder.AppendJSON(s.buffer, r), '\n')
		s.waiting++
		if len(s.buffer) >= s.cfg.BufferBytes {
			signal(s.full)
		}
	}
	if err := s.unsaid.Swap(nil); err != nil {
		return fmt.Errorf("documents were lost: %w", *err)
	}
	return nil
}

// wanted reports whether a record is written: roll-ups never are, as the lines
// before them can be summed.
func (s *Sink) wanted(r *flow.Record) bool {
	switch r.Kind {
	case flow.KindOptions:
		return s.cfg.Options
	case flow.KindExporter:
		return s.cfg.Exporters
	}
	return r.Kind != flow.KindRollup
}

// loseRest counts the records of b from i on as lost.
func (s *Sink) loseRest(b *flow.Batch, i int) {
	for ; i < b.Len(); i++ {
		if s.wanted(b.At(i)) {
			s.metrics.lost.Inc()
		}
	}
}

// signal leaves a note in a channel that holds one.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// take gives the buffer and how many documents it holds, and makes room for new
// ones.
func (s *Sink) take() ([]byte, int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	taken, n := s.buffer, s.waiting
	s.buffer, s.spare, s.waiting, s.underway = s.spare[:0], nil, 0, n
	signal(s.room)
	return taken, n
}

// written ends the write of a buffer, which is used again.
func (s *Sink) written(p []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.spare, s.underway = p, 0
}

// reopenPatience is how long Reopen waits for a write that is under way.
const reopenPatience = 10 * time.Second

// Reopen writes the buffer and opens the file anew, for log rotation. When that
// fails the old file stays in use.
func (s *Sink) Reopen() error {
	if s.cfg.Path == "-" {
		return nil
	}
	answer, patience := make(chan error, 1), time.NewTimer(reopenPatience)
	defer patience.Stop()
	select {
	case s.reopens <- answer:
	case <-s.done:
		return nil
	case <-patience.C:
		return fmt.Errorf("%s: a write has been under way for %s; the file stays as it is", s.cfg.Path, reopenPatience)
	}
	return <-answer
}

// Close writes what is left and closes the file. When ctx ends before, what is
// left counts as lost, and the write that is under way is left to itself.
func (s *Sink) Close(ctx context.Context) error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	s.mu.Unlock()
	close(s.stop)
	select {
	case <-s.done:
		return s.Ready()
	case <-ctx.Done():
	}
	s.mu.Lock()
	n := s.waiting + s.underway
	s.buffer, s.waiting = nil, 0
	s.mu.Unlock()
	s.metrics.lost.Add(float64(n))
	return fmt.Errorf("%s takes no more, %d documents are lost: %w", s.cfg.Path, n, context.Cause(ctx))
}

// Ready reports the last write's error until one succeeds.
func (s *Sink) Ready() error {
	if err := s.broken.Load(); err != nil {
		return *err
	}
	return nil
}
