package elastic

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/time/rate"

	"github.com/weirflow/weir/flow"
)

// leastFlushBytes is how far a server that finds requests too large can bring
// the size of bodies down, in bytes.
const leastFlushBytes = 64 << 10

// Dependencies are what New needs.
type Dependencies struct {
	// Logger takes what an operator should know.
	Logger *slog.Logger
	// Registerer takes the metrics weir_elastic_*, which get a label "sink".
	Registerer prometheus.Registerer
	// Transport stands in for the network. Default: a transport of the sink's own.
	Transport http.RoundTripper
	// ID gives each document an id: the same for the same, so that a document
	// that is sent twice is there once, and another one for another. It is called
	// with the encoded document, by one goroutine at a time. An id must need no
	// escaping in JSON. Default: none; the server's own ids cost it less.
	ID func(document []byte) string
}

// Sink writes records with bulk requests. One goroutine calls Write; the other
// methods may be called by any.
type Sink struct {
	config    Config
	name      string
	endpoints []endpoint
	log       *slog.Logger
	metrics   *metrics
	client    *client
	transport http.RoundTripper
	id        func([]byte) string // nil: the server's ids
	link      *link
	queue     *queue
	pool      *pool
	actions   actions       // the line before a document
	report    []byte        // the same for rejected documents
	limit     atomic.Int64  // bytes of a body, less than FlushBytes once the server found that too large
	quiet     *rate.Limiter // of log lines about single answers

	mu      sync.Mutex
	current *body       // in the making, nil when there is none
	timer   *time.Timer // flushes it by age
	encoder *flow.Encoder
	closed  bool

	cancel context.CancelFunc
	done   sync.WaitGroup
}

// New makes a sink; Start connects it. An error names the wrong values.
func New(c Config, d Dependencies) (*Sink, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	endpoints, err := parseEndpoints(c)
	if err != nil {
		return nil, err
	}
	s := &Sink{
		config: c, name: Name(c), endpoints: endpoints, transport: d.Transport, id: d.ID,
		queue: newQueue(), encoder: flow.NewEncoder(), quiet: rate.NewLimiter(rate.Every(10*time.Second), 3),
		pool: newPool(c.Concurrency+1, c.FlushBytes+min(c.FlushBytes/4, 64<<10), c.FlushDocuments),
	}
	s.log = d.Logger.With("sink", s.name)
	s.link = newLink(c.Retry, len(endpoints), s.log, s.setup)
	s.limit.Store(int64(c.FlushBytes))
	s.actions = newActions(c.Namespace)
	s.report = createIn(streamRejected + c.Namespace)
	s.metrics, err = newMetrics(d.Registerer, s)
	return s, err
}

// Name is elasticsearch and the first server's host, port and path.
func (s *Sink) Name() string { return s.name }

// Name gives the name that a sink with this configuration would have.
func Name(c Config) string {
	endpoints, err := parseEndpoints(c)
	if err != nil {
		return "elasticsearch"
	}
	return "elasticsearch:" + endpoints[0].url.Host + endpoints[0].url.Path
}

// Start begins to connect. It returns an error only for files that cannot be
// read; a server that does not answer is waited for in the background.
func (s *Sink) Start(ctx context.Context) error {
	k, err := newClient(s.config, s.endpoints, s.transport)
	if err != nil {
		return err
	}
	s.client = k
	ctx, s.cancel = context.WithCancel(context.WithoutCancel(ctx))
	s.done.Go(func() { s.link.run(ctx) })
	for range s.config.Concurrency {
		sender, err := newSender(s)
		if err != nil { // a level that Validate lets through is one that gzip knows
			s.cancel()
			s.done.Wait()
			s.client.close()
			return err
		}
		s.done.Go(func() { sender.run(ctx) })
	}
	return nil
}

// Ready gives nil while documents reach the server, else why they do not.
func (s *Sink) Ready() error { return s.link.ready() }

// Write encodes the records of b. When the queue is full it waits for room if
// b.Waits is set; otherwise it drops the rest of the batch and counts it.
// Options records are left out.
func (s *Sink) Write(ctx context.Context, b *flow.Batch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		s.metrics.drop(b.Len(), reasonShutdown)
		return errors.New("the sink is closed")
	}
	for i := range b.Records() {
		r := b.At(i)
		action := s.actions.of(r)
		if action == nil {
			s.metrics.documents.WithLabelValues(resultSkipped, reasonOptions).Inc()
			continue
		}
		if s.current == nil && !s.begin(ctx, b.Waits) {
			s.dropRest(ctx, b, i)
			return ctx.Err()
		}
		s.append(action, r)
	}
	return nil
}

// append adds one document to the current body; s.mu is held.
func (s *Sink) append(action []byte, r *flow.Record) {
	c := s.current
	before := len(c.raw)
	c.raw = append(c.raw, action...)
	start := len(c.raw)
	c.raw = append(s.encoder.AppendJSON(c.raw, r), '\n')
	if len(c.raw)-start > longestTerm { // rare: most documents are shorter as a whole
		c.raw = append(s.encoder.AppendJSON(c.raw[:start], clipElements(r)), '\n')
	}
	if s.id != nil {
		c.raw = s.identify(c.raw, before, start)
	}
	c.end()
	if int64(len(c.raw)) >= s.limit.Load() || c.len() >= s.config.FlushDocuments {
		s.flush()
	}
}

// dropRest counts the records of b from i on as lost.
func (s *Sink) dropRest(ctx context.Context, b *flow.Batch, i int) {
	reason := reasonQueueFull
	if ctx.Err() != nil {
		reason = reasonShutdown
	} else if s.link.ready() != nil {
		reason = reasonServerDown
	}
	lost := 0
	for ; i < b.Len(); i++ {
		if s.actions.of(b.At(i)) == nil {
			s.metrics.documents.WithLabelValues(resultSkipped, reasonOptions).Inc()
			continue
		}
		lost++
	}
	s.metrics.drop(lost, reason)
}

// begin makes a new current body when the queue has room for it. It may wait for
// room, without s.mu, and reports false when there is none. s.mu is held.
func (s *Sink) begin(ctx context.Context, wait bool) bool {
	for {
		bytes, _, _, change := s.queue.load()
		if bytes+s.limit.Load() <= s.config.QueueBytes {
			break
		}
		if !wait {
			return false
		}
		s.mu.Unlock()
		ok := sleep(ctx, -1, change)
		s.mu.Lock()
		if !ok || s.closed {
			return false
		}
	}
	s.current = s.pool.get()
	s.current.born = time.Now()
	if s.timer == nil {
		s.timer = time.AfterFunc(s.config.FlushInterval, s.flushByAge)
	} else {
		s.timer.Reset(s.config.FlushInterval)
	}
	return true
}

// flushByAge ends the current body when it is old enough, also when nothing new
// arrives. While no server answers it goes on filling: small bodies would not
// get there sooner.
func (s *Sink) flushByAge() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current == nil || s.closed {
		return
	}
	left := s.config.FlushInterval - time.Since(s.current.born)
	switch {
	case left > 0: // the timer was set for a body before
		s.timer.Reset(left)
	case s.link.ready() != nil:
		s.timer.Reset(s.config.FlushInterval)
	default:
		s.flush()
	}
}

// flush hands the current body to the senders; s.mu is held.
func (s *Sink) flush() {
	if s.current != nil {
		s.queue.push(s.pool.fit(s.current))
		s.current = nil
	}
}

// Close sends what is left. What cannot be sent until ctx ends is dropped and
// counted.
func (s *Sink) Close(ctx context.Context) error {
	s.mu.Lock()
	if s.closed || s.client == nil {
		s.closed = true
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	if s.timer != nil {
		s.timer.Stop()
	}
	s.flush()
	s.mu.Unlock()
	s.queue.close()

	var err error
	for {
		_, docs, sending, change := s.queue.load()
		if docs == 0 && sending == 0 {
			break
		}
		if !sleep(ctx, -1, change) {
			err = fmt.Errorf("%d documents are not written: %w", docs, context.Cause(ctx))
			break
		}
	}
	s.cancel() // ends requests and waits
	s.done.Wait()
	for _, b := range s.queue.drain() {
		s.metrics.dropBody(b, reasonShutdown)
	}
	s.client.close()
	return err
}
