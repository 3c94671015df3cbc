package collector

import (
	"net/netip"
	"sync"
)

const (
	// chunkBytes is how much of datagrams a chunk holds.
	chunkBytes = 256 << 10
	// chunkDatagrams is how many, so that tiny and empty ones are bounded too.
	chunkDatagrams = 1024
	// minChunks is one to fill while another is decoded.
	minChunks = 2
)

// datagram is one received datagram. In the reader's hands payload points into
// its receive buffers, in the decoder's into a chunk.
type datagram struct {
	payload  []byte
	addr     netip.Addr
	port     uint16
	received int64
}

// chunk holds the copies of datagrams, in the order they came in.
type chunk struct {
	data      []byte
	datagrams []datagram
}

func newChunk() *chunk {
	return &chunk{data: make([]byte, 0, chunkBytes), datagrams: make([]datagram, 0, chunkDatagrams)}
}

// add copies d, and reports false when there is no room.
func (c *chunk) add(d *datagram) bool {
	at := len(c.data)
	if cap(c.data)-at < len(d.payload) || len(c.datagrams) == cap(c.datagrams) {
		return false
	}
	c.data = append(c.data, d.payload...)
	c.datagrams = append(c.datagrams, datagram{c.data[at:len(c.data):len(c.data)], d.addr, d.port, d.received})
	return true
}

func (c *chunk) reset() { c.data, c.datagrams = c.data[:0], c.datagrams[:0] }

// queue stands between one reader and one decoder. A bounded number of chunks
// circulates: the reader fills one, and the decoder takes full ones in order, or
// the one being filled when there is no full one. So chunks are well filled when
// the decoder is busy, and nothing waits when it is not.
type queue struct {
	mu sync.Mutex
	// ready wakes the decoder, room the reader.
	ready, room sync.Cond
	limit, made int
	free        []*chunk
	full        []*chunk // oldest first
	filling     *chunk
	closed      bool
	aborted     bool
	// datagrams and bytes are what waits or is being decoded.
	datagrams, bytes int
}

// newQueue gives a queue of up to limit bytes, and of two chunks at least.
func newQueue(limit int) *queue {
	q := &queue{limit: max(minChunks, limit/chunkBytes)}
	q.ready.L, q.room.L = &q.mu, &q.mu
	return q
}

// put copies datagrams in and waits for room. It returns how many it took: all,
// unless the queue was aborted.
func (q *queue) put(list []datagram) int {
	q.mu.Lock()
	defer q.mu.Unlock()
	for i := range list {
		for {
			if q.aborted {
				return i
			}
			if q.filling != nil {
				if q.filling.add(&list[i]) {
					break
				}
				q.full = append(q.full, q.filling)
				q.filling = nil
				q.ready.Signal()
			}
			if q.filling = q.empty(); q.filling == nil {
				q.room.Wait()
			}
		}
		q.datagrams++
		q.bytes += len(list[i].payload)
	}
	q.ready.Signal()
	return len(list)
}

// empty gives a chunk to fill, or nil when all are in use.
func (q *queue) empty() *chunk {
	if n := len(q.free); n > 0 {
		c := q.free[n-1]
		q.free = q.free[:n-1]
		return c
	}
	if q.made < q.limit {
		q.made++
		return newChunk()
	}
	return nil
}

// take gives the oldest chunk, and waits for one. It gives nil when there is
// nothing left and nothing will come. The chunk goes back with giveBack.
func (q *queue) take() *chunk {
	q.mu.Lock()
	defer q.mu.Unlock()
	for {
		switch {
		case q.aborted:
			return nil
		case len(q.full) > 0:
			c := q.full[0]
			q.full = append(q.full[:0], q.full[1:]...)
			return c
		case q.filling != nil && len(q.filling.datagrams) > 0:
			c := q.filling
			q.filling = nil
			return c
		case q.closed:
			return nil
		}
		q.ready.Wait()
	}
}

// giveBack returns a decoded chunk, and reports whether more is waiting.
func (q *queue) giveBack(c *chunk) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.datagrams -= len(c.datagrams)
	q.bytes -= len(c.data)
	c.reset()
	q.free = append(q.free, c)
	q.room.Signal()
	return q.datagrams > 0
}

// close tells that nothing more will be put.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.ready.Signal()
}

// abort ends all waiting at once; what is in the queue stays there uncounted.
func (q *queue) abort() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.aborted = true
	q.ready.Signal()
	q.room.Signal()
}

// depth is what waits or is being decoded.
func (q *queue) depth() (datagrams, bytes int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.datagrams, q.bytes
}
