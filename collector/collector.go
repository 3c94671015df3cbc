package collector

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/weirflow/weir/flow"
)

const (
	// poolBatches and poolRecords size the pool that the collector makes when
	// it is given none: batches for each pipeline, and records for each batch.
	poolBatches = 4
	poolRecords = 512
	// abortGrace is how long Close waits for goroutines that were told to drop
	// everything.
	abortGrace = time.Second
)

// Dependencies is what the collector works with.
type Dependencies struct {
	// Logger takes log lines. Default: none are written.
	Logger *slog.Logger
	// Registerer takes the metrics. Default: they are kept nowhere.
	Registerer prometheus.Registerer
	// NewDecoder gives a decoder of its own to each pipeline. Required.
	NewDecoder func() MessageDecoder
	// Output takes over a filled batch with its reference. It may block, which
	// holds up the worker that calls; several call at the same time. It must
	// return soon once ctx ends, and must release the batch in any case.
	// Required.
	Output func(ctx context.Context, b *flow.Batch)
	// Pool gives batches. It must have more of them than Pipelines says, or
	// workers wait for each other. Default: a pool of its own.
	Pool *flow.Pool
	// Enrich gives a function of its own to each pipeline, which completes the
	// records of a batch in place before Output takes it. May be nil, and so
	// may what it returns.
	Enrich func() func(*flow.Batch)
	// SessionClosed is told when a stream connection has ended and all of it is
	// decoded, so that its templates can go. May be nil.
	SessionClosed func(session uint64)
}

// Listening is an open endpoint.
type Listening struct {
	// Endpoint is the endpoint as configured, its port filled in.
	Endpoint Endpoint
	// Addr is the local address, with the port that the system chose if the
	// configured one is 0.
	Addr netip.AddrPort
}

// Collector listens, decodes and hands over. Make one with New; start and close
// it once.
type Collector struct {
	config    Config
	deps      Dependencies
	listeners []*listener
	log       *slog.Logger

	metrics *metrics
	ctx     context.Context // ends when the time for a graceful stop is over
	abort   context.CancelFunc
	opened  []Listening
	workers []*udpWorker
	streams *streams
	accepts []*streamListener
	running sync.WaitGroup
	closed  sync.Once
}

// New checks the configuration and gives a collector that does nothing yet.
func New(config Config, d Dependencies) (*Collector, error) {
	listeners, err := config.plan()
	if err = errors.Join(err, config.validateLimits()); err != nil {
		return nil, err
	}
	if d.NewDecoder == nil || d.Output == nil {
		return nil, errors.New("collector: NewDecoder and Output are required")
	}
	if d.Logger == nil {
		d.Logger = slog.New(slog.DiscardHandler)
	}
	c := &Collector{config: config, deps: d, listeners: listeners, log: d.Logger}
	if d.Pool == nil {
		c.deps.Pool = flow.NewPool(poolBatches*c.Pipelines(), poolRecords)
	}
	if c.metrics, err = newMetrics(d.Registerer, d.Logger, time.Now, config.MaxExporters); err != nil {
		return nil, fmt.Errorf("collector: %w", err)
	}
	c.ctx, c.abort = context.WithCancel(context.Background())
	return c, nil
}

// Pipelines is how many batches may be in the making at the same time.
func (c *Collector) Pipelines() int {
	n, streams := 0, 0
	for _, l := range c.listeners {
		if l.Scheme == schemeUDP {
			n += c.config.Workers
		} else {
			streams = c.config.Workers
		}
	}
	return n + streams
}

// Start opens every endpoint and then begins to receive. When anything fails,
// nothing is left open, and the error names every endpoint that could not be
// opened, and why. ctx bounds the start only; Close ends what it began.
func (c *Collector) Start(ctx context.Context) error {
	c.streams = &streams{
		ctx: c.ctx, deps: &c.deps, m: c.metrics,
		idleTimeout: c.config.IdleTimeout, handshakeTimeout: c.config.HandshakeTimeout,
		slots:     make(chan struct{}, c.config.MaxConnections),
		pipelines: make(chan *pipeline, c.config.Workers),
		open:      map[*streamConn]struct{}{},
	}
	var (
		errs        []error
		certificate *certificateFiles
	)
	if slices.ContainsFunc(c.listeners, func(l *listener) bool { return l.Scheme == schemeTLS }) {
		var err error
		certificate, err = newCertificate(c.config.TLS, c.metrics, c.log)
		errs = append(errs, err)
	}
	for _, l := range c.listeners {
		if err := c.open(ctx, l, certificate); err != nil {
			errs = append(errs, explainBind(l, err))
		}
	}
	if err := errors.Join(errs...); err != nil {
		for _, w := range c.workers {
			_ = w.socket.conn.Close() // the first errors are the ones to report
		}
		for _, a := range c.accepts {
			_ = a.socket.Close() // likewise
		}
		c.metrics.close()
		c.workers, c.accepts, c.opened = nil, nil, nil
		return err
	}
	for _, w := range c.workers {
		c.running.Go(w.receive)
		c.running.Go(w.decode)
	}
	if len(c.accepts) > 0 {
		for range c.config.Workers {
			c.streams.pipelines <- newPipeline(c.ctx, &c.deps, c.metrics, true)
		}
	}
	for _, a := range c.accepts {
		c.streams.running.Go(a.accept)
	}
	return nil
}

// open binds one endpoint.
func (c *Collector) open(ctx context.Context, l *listener, certificate *certificateFiles) error {
	if l.Scheme == schemeUDP {
		return c.openUDP(ctx, l)
	}
	socket, err := openStream(ctx, l)
	if err != nil {
		return err
	}
	c.note(l, socket.Addr())
	a := &streamListener{streams: c.streams, listener: l, socket: socket, stopped: make(chan struct{}), count: c.metrics.streamAt(l.label())}
	if l.Scheme == schemeTLS && certificate != nil {
		a.tls = certificate.config()
	}
	c.accepts = append(c.accepts, a)
	c.log.Info("listening", "endpoint", l.label(), "address", socket.Addr().String(), "protocols", l.protocols())
	return nil
}

func (c *Collector) openUDP(ctx context.Context, l *listener) error {
	sockets, err := openUDP(ctx, l, c.config.Workers, c.config.ReceiveBuffer)
	if err != nil {
		return err
	}
	local := sockets[0].conn.LocalAddr()
	c.note(l, local)
	counters := c.metrics.datagramsAt(l.label())
	var workers []*udpWorker
	for _, s := range sockets {
		workers = append(workers, &udpWorker{socket: s, listener: l, m: c.metrics, counters: counters, queue: newQueue(c.config.Queue),
			pipeline: newPipeline(c.ctx, &c.deps, c.metrics, false), log: c.log, stopped: make(chan struct{})})
	}
	c.workers = append(c.workers, workers...)
	granted := sockets[0].granted
	c.log.Info("listening", "endpoint", l.label(), "address", local.String(), "protocols", l.protocols(),
		"sockets", len(sockets), "receive_buffer_bytes", granted)
	if granted < c.config.ReceiveBuffer {
		c.log.Warn("the kernel capped the receive buffer, so that bursts may be dropped", "endpoint", l.label(),
			"asked_bytes", c.config.ReceiveBuffer, "granted_bytes", granted,
			"advice", fmt.Sprintf("sysctl -w net.core.rmem_max=%d, or grant CAP_NET_ADMIN, or lower collectors.receive_buffer", c.config.ReceiveBuffer))
	}
	return c.metrics.watch(l.label(), workers)
}

// note remembers where an endpoint is open, and the port that the system chose.
func (c *Collector) note(l *listener, a net.Addr) {
	addr := localAddr(a)
	l.Port, l.HasPort = addr.Port(), true
	c.opened = append(c.opened, Listening{Endpoint: l.Endpoint, Addr: addr})
}

// Addrs lists the open endpoints, in the order of the configuration: netflow5,
// netflow9, ipfix, sflow. It is empty before Start.
func (c *Collector) Addrs() []Listening { return slices.Clone(c.opened) }

// Close stops receiving, decodes what was received, including what waits in the
// kernel's UDP buffers, hands it over, and closes every connection. Connections
// may deliver what is on its way for a quarter of a second. When ctx ends before
// that is done, the rest is dropped and counted, and the error says how much.
func (c *Collector) Close(ctx context.Context) error {
	var err error
	c.closed.Do(func() { err = c.close(ctx) })
	return err
}

func (c *Collector) close(ctx context.Context) error {
	defer c.metrics.close()
	defer c.abort()
	now := time.Now()
	var errs []error
	for _, w := range c.workers {
		w.stop(now)
	}
	for _, a := range c.accepts {
		close(a.stopped)
		errs = append(errs, a.socket.Close())
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.running.Wait()
		if c.streams != nil {
			c.streams.running.Wait()
		}
	}()
	if c.streams != nil {
		c.streams.stop(now)
	}
	select {
	case <-done:
		return errors.Join(errs...)
	case <-ctx.Done():
	}
	c.abort()
	for _, w := range c.workers {
		w.queue.abort()
	}
	if c.streams != nil {
		c.streams.cut()
	}
	select {
	case <-done:
	case <-time.After(abortGrace):
		errs = append(errs, errors.New("collector: an output did not return when it was told to"))
	}
	left := &c.metrics.abandoned
	return errors.Join(append(errs, fmt.Errorf("collector: the time for a graceful stop ran out: %d datagrams and %d decoded records were dropped: %w",
		left.datagrams.Load(), left.records.Load(), context.Cause(ctx)))...)
}

// CheckPorts opens every endpoint and closes it again at once, and reports those
// that cannot be opened. The certificate is read too.
func (c Config) CheckPorts(ctx context.Context) error {
	checked, err := New(c, Dependencies{
		NewDecoder: func() MessageDecoder { return nil },
		Output:     func(_ context.Context, b *flow.Batch) { b.Release() },
	})
	if err != nil {
		return err
	}
	if err := checked.Start(ctx); err != nil {
		return err
	}
	return checked.Close(ctx)
}
