package elastic

import (
	"bytes"
	"io"
	"sync"
	"sync/atomic"

	"github.com/klauspost/compress/gzip"
)

// wire is a request body as it is sent. The HTTP transport may go on reading it
// after the answer has come, until it closes the body; so the buffer is used
// again only when the sender and every reader have let go of it.
type wire struct {
	data []byte
	refs atomic.Int32
	pool *sync.Pool
}

// newWire compresses raw, or copies it when the level is 0. The caller holds one
// reference. zip is the caller's own.
func newWire(pool *sync.Pool, zip *gzip.Writer, raw []byte) (*wire, error) {
	w, ok := pool.Get().(*wire)
	if !ok {
		w = &wire{pool: pool}
	}
	w.data = w.data[:0]
	w.refs.Store(1)
	if zip == nil {
		w.data = append(w.data, raw...)
		return w, nil
	}
	buffer := bytes.NewBuffer(w.data)
	zip.Reset(buffer)
	_, err := zip.Write(raw)
	if err == nil {
		err = zip.Close()
	}
	w.data = buffer.Bytes()
	return w, err
}

func (w *wire) release() {
	if w.refs.Add(-1) == 0 {
		w.pool.Put(w)
	}
}

// reader gives a body that holds a reference until it is closed.
func (w *wire) reader() (io.ReadCloser, error) {
	w.refs.Add(1)
	r := &wireReader{wire: w}
	r.Reset(w.data)
	return r, nil
}

type wireReader struct {
	bytes.Reader
	wire   *wire
	closed atomic.Bool
}

func (r *wireReader) Close() error {
	if r.closed.CompareAndSwap(false, true) {
		r.wire.release()
	}
	return nil
}
