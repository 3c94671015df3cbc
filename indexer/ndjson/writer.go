package ndjson

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"time"
)

// writer is the goroutine that writes, with what it alone touches.
type writer struct {
	sink *Sink
	to   io.Writer
	file *os.File // the same as to, nil for standard output
	// torn is set while the last line is incomplete, after a write that failed in
	// the middle of it.
	torn bool
}

func (w *writer) open() error {
	f, err := os.OpenFile(w.sink.cfg.Path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("open the file for documents: %w", err)
	}
	w.file, w.to, w.torn = f, f, false
	return nil
}

// run writes the buffer when it is full, and at intervals also when nothing new
// arrives.
func (w *writer) run() {
	s := w.sink
	defer close(s.done)
	t := time.NewTicker(s.cfg.FlushInterval)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			w.flush()
		case <-s.full:
			w.flush()
		case answer := <-s.reopens:
			answer <- w.reopen()
		case <-s.stop:
			w.flush()
			if w.file != nil {
				if err := w.file.Close(); err != nil {
					w.note(err)
				}
			}
			return
		}
	}
}

func (w *writer) reopen() error {
	w.flush()
	old := w.file
	if err := w.open(); err != nil {
		return err
	}
	return old.Close()
}

// flush writes what has been gathered. Of a write that fails, the lines that got
// there whole count as written. The first write after such a one ends the line
// that it has torn, so that readers lose no more than that.
func (w *writer) flush() {
	p, n := w.sink.take()
	defer w.sink.written(p)
	if len(p) == 0 {
		return
	}
	if w.torn {
		if _, err := w.to.Write([]byte{'\n'}); err != nil {
			w.note(err)
			w.sink.metrics.lost.Add(float64(n))
			return
		}
		w.torn = false
	}
	did, err := w.to.Write(p)
	if err == nil && did < len(p) {
		err = io.ErrShortWrite
	}
	whole := bytes.Count(p[:did], []byte{'\n'})
	w.torn = did > 0 && p[did-1] != '\n'
	w.note(err)
	w.sink.metrics.documents.Add(float64(whole))
	w.sink.metrics.lost.Add(float64(n - whole))
}

// note keeps the outcome of a write for Ready and the next Write.
func (w *writer) note(err error) {
	if err == nil {
		w.sink.broken.Store(nil)
		return
	}
	w.sink.broken.Store(&err)
	w.sink.unsaid.Store(&err)
}
