// Package ndjson writes one JSON document per line, to a file or to standard
// output, for pipes and other shippers. It knows nothing of who reads them.
package ndjson

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/weirflow/weir/flow"
)

// Config sets a sink.
type Config struct {
	// Path is the file to append to; "-" is standard output. No default.
	Path string `mapstructure:"path"`
	// BufferBytes is how much is gathered before it is written. Default 256 KiB.
	BufferBytes int `mapstructure:"buffer_bytes"`
	// FlushInterval is how long a document waits at most. Default 1s.
	FlushInterval time.Duration `mapstructure:"flush_interval"`
	// Options has options records written, too. Default false.
	Options bool `mapstructure:"options"`
}

// DefaultConfig gives the defaults, for a path.
func DefaultConfig(path string) Config {
	return Config{Path: path, BufferBytes: 256 << 10, FlushInterval: time.Second}
}

// Dependencies are what New needs.
type Dependencies struct {
	Registerer prometheus.Registerer
	// Stdout is what "-" stands for; nil means os.Stdout.
	Stdout io.Writer
}

// Sink writes documents. Its methods may be called from several goroutines.
type Sink struct {
	cfg     Config
	stdout  io.Writer
	metrics *metrics

	mu      sync.Mutex
	file    *os.File // nil for standard output
	out     *bufio.Writer
	encoder *flow.Encoder
	line    []byte
	waiting int // documents in the buffer
	broken  error
	stop    chan struct{}
	done    chan struct{}
}

// New makes a sink; Start opens its file.
func New(cfg Config, d Dependencies) (*Sink, error) {
	if cfg.Path == "" {
		return nil, errors.New("index.ndjson.path is empty: name a file, or - for standard output")
	}
	if cfg.BufferBytes < 1 || cfg.FlushInterval <= 0 {
		return nil, fmt.Errorf("index.ndjson: buffer_bytes is %d and flush_interval %s, both must be above 0", cfg.BufferBytes, cfg.FlushInterval)
	}
	m, err := newMetrics(d.Registerer, cfg.Path)
	if err != nil {
		return nil, err
	}
	s := &Sink{cfg: cfg, stdout: d.Stdout, metrics: m, encoder: flow.NewEncoder(), stop: make(chan struct{}), done: make(chan struct{})}
	if s.stdout == nil {
		s.stdout = os.Stdout
	}
	return s, nil
}

// Name is ndjson and the path.
func (s *Sink) Name() string { return "ndjson:" + s.cfg.Path }

// Start opens the file and begins to write what waits at intervals.
func (s *Sink) Start(context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.open(); err != nil {
		close(s.done)
		return err
	}
	go s.tick()
	return nil
}

func (s *Sink) open() error {
	if s.cfg.Path == "-" {
		s.out = bufio.NewWriterSize(s.stdout, s.cfg.BufferBytes)
		return nil
	}
	f, err := os.OpenFile(s.cfg.Path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("open the file for documents: %w", err)
	}
	s.file, s.out = f, bufio.NewWriterSize(f, s.cfg.BufferBytes)
	return nil
}

// tick writes the buffer at intervals, also when nothing new arrives.
func (s *Sink) tick() {
	defer close(s.done)
	t := time.NewTicker(s.cfg.FlushInterval)
	defer t.Stop()
	for {
		select {
		case <-s.stop:
			return
		case <-t.C:
			s.mu.Lock()
			_ = s.flush() // counted, and told by Ready and the next Write
			s.mu.Unlock()
		}
	}
}

// Write appends the records of a batch. After a failed write, such as on a full
// disk, what was in the buffer is lost and counted, and the next batch is tried
// again.
func (s *Sink) Write(_ context.Context, b *flow.Batch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.out == nil {
		return errors.New("the sink is closed")
	}
	for i := range b.Records() {
		r := b.At(i)
		if r.Kind == flow.KindOptions && !s.cfg.Options {
			continue
		}
		s.line = append(s.encoder.AppendJSON(s.line[:0], r), '\n')
		// A document is written whole or not at all: the buffer is emptied first
		// when it does not fit.
		if s.out.Available() < len(s.line) && s.out.Buffered() > 0 {
			if err := s.flush(); err != nil {
				s.metrics.lost.Add(float64(b.Len() - i))
				return err
			}
		}
		if _, err := s.out.Write(s.line); err != nil {
			s.fail(err, 1)
			s.metrics.lost.Add(float64(b.Len() - i - 1))
			return err
		}
		s.waiting++
	}
	return nil
}

// flush writes the buffer; s.mu is held.
func (s *Sink) flush() error {
	if s.out == nil || s.out.Buffered() == 0 {
		return s.broken
	}
	if err := s.out.Flush(); err != nil {
		s.fail(err, 0)
		return err
	}
	s.metrics.documents.Add(float64(s.waiting))
	s.waiting, s.broken = 0, nil
	return nil
}

// fail drops the buffer, whose writer does not work any more after an error.
func (s *Sink) fail(err error, more int) {
	s.metrics.lost.Add(float64(s.waiting + more))
	s.waiting, s.broken = 0, err
	if s.file != nil {
		s.out.Reset(s.file)
	} else {
		s.out.Reset(s.stdout)
	}
}

// Reopen writes the buffer and opens the file anew, for log rotation. When that
// fails the old file stays in use.
func (s *Sink) Reopen() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file == nil {
		return nil
	}
	_ = s.flush()
	old := s.file
	if err := s.open(); err != nil {
		return err
	}
	return old.Close()
}

// Close writes what is left and closes the file.
func (s *Sink) Close(context.Context) error {
	s.mu.Lock()
	if s.out == nil {
		s.mu.Unlock()
		return nil
	}
	err := s.flush()
	if s.file != nil {
		err = errors.Join(err, s.file.Close())
	}
	s.out = nil
	s.mu.Unlock()
	close(s.stop)
	<-s.done
	return err
}

// Ready reports the last write's error until one succeeds.
func (s *Sink) Ready() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.broken
}
