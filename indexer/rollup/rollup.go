// Package rollup sums up flows for long retention: a sink in front of another
// one, which hands records on to it and writes, for each minute and each hour,
// the sums of their bytes, packets and flows by exporter, interface, AS, country,
// application, category and host.
//
// Memory is bounded by the number of keys. What has no place of its own is summed
// up in a document of the others, so that the documents of an interval always
// add up to its flows. An interval may be written more than once, as flows come
// late: the documents add up. The package knows nothing of servers; the sink
// behind it decides where records of flow.KindRollup go.
package rollup

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/indexer"
)

// Dependencies are what New needs.
type Dependencies struct {
	// Logger takes what an operator should know.
	Logger *slog.Logger
	// Registerer takes the metrics weir_rollup_*, which get a label "sink".
	Registerer prometheus.Registerer
	// Sink is where records and roll-ups go. It is started and closed by the one in
	// front of it.
	Sink indexer.Sink
}

// Sink sums up and hands on. One goroutine calls Write; the other methods may be
// called by any.
type Sink struct {
	cfg       Config
	log       *slog.Logger
	next      indexer.Sink
	intervals []interval // shortest first
	metrics   *metrics
	// turn is held by who calls next.Write, as one may at a time.
	turn chan struct{}

	mu           sync.Mutex
	combinations *combinations
	windows      map[int64]*window // of the shortest interval, by start
	long         map[int64]*window // of the longer one, fed by those
	last         *window           // of the flow before
	pending      int               // flows that are summed and not counted yet
	// written is the starts of windows written last, for the count of those that
	// come again.
	written []int64

	stop chan struct{}
	done chan struct{} // closed when the writing goroutine has ended; nil without one
	// ends is cancelled when the time for a graceful stop is over.
	ends  context.Context
	abort context.CancelFunc
}

const (
	// lookEvery is how often it is looked for windows that are due.
	lookEvery = time.Second
	// rememberWritten is how many written windows are remembered.
	rememberWritten = 256
	// sumsPerKey times Config.MaxKeys is how many sums all open windows hold.
	sumsPerKey = 32
	// maxWindows is how many windows are open, which a few exporters with wrong
	// clocks do not reach.
	maxWindows = 512
	// documentsAtOnce is how many documents are handed on at once.
	documentsAtOnce = 256
)

// New puts a sink in front of another one. It does no I/O.
func New(c Config, d Dependencies) (*Sink, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if d.Sink == nil {
		return nil, errors.New("index.rollup: there is no sink to write to")
	}
	s := &Sink{cfg: c, next: d.Sink, turn: make(chan struct{}, 1), combinations: newCombinations(),
		windows: map[int64]*window{}, long: map[int64]*window{}, stop: make(chan struct{})}
	s.log = d.Logger.With("sink", s.Name())
	s.ends, s.abort = context.WithCancel(context.Background())
	for _, i := range intervals {
		if slices.Contains(c.Intervals, i.name) {
			s.intervals = append(s.intervals, i)
		}
	}
	var err error
	s.metrics, err = newMetrics(d.Registerer, s)
	return s, err
}

// Name is the name of the sink behind.
func (s *Sink) Name() string { return s.next.Name() }

// Ready is what the sink behind says.
func (s *Sink) Ready() error { return s.next.Ready() }

// Start starts the sink behind, and begins to write intervals that are over.
func (s *Sink) Start(ctx context.Context) error {
	if err := s.next.Start(ctx); err != nil {
		return err
	}
	s.done = make(chan struct{})
	go s.run()
	return nil
}

// run writes what is due. While the sink behind is not ready windows stay open:
// sums keep for long what would be lost as flows.
func (s *Sink) run() {
	defer close(s.done)
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-s.stop:
			return
		case now := <-tick.C:
			if s.next.Ready() == nil {
				s.write(s.ends, s.due(now))
			}
		}
	}
}

// Write sums up the flows of b and hands b on. It waits while roll-ups are being
// handed on.
func (s *Sink) Write(ctx context.Context, b *flow.Batch) error {
	now := time.Now()
	s.mu.Lock()
	flows := 0
	for i := range b.Records() {
		if r := b.At(i); r.Kind == flow.KindFlow {
			flows++
			s.sum(r, now)
		}
	}
	s.metrics.summed.Add(float64(s.pending))
	s.pending = 0
	early := s.tooMany(now)
	s.mu.Unlock()
	s.write(ctx, early)
	if !s.cfg.Raw && flows > 0 {
		s.metrics.withheld.Add(float64(flows))
		if b = withoutFlows(b, flows); b == nil {
			return nil
		}
	}
	return s.hand(ctx, b)
}

// withoutFlows copies what is no flow, nil when there is nothing.
func withoutFlows(b *flow.Batch, flows int) *flow.Batch {
	if flows == b.Len() {
		return nil
	}
	rest := flow.NewBatch(b.Len()) // AppendSome wants room for all
	rest.Waits = b.Waits
	rest.AppendSome(b, func(r *flow.Record) bool { return r.Kind != flow.KindFlow })
	return rest
}

// hand gives a batch to the sink behind.
func (s *Sink) hand(ctx context.Context, b *flow.Batch) error {
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		s.metrics.dropped.Add(float64(b.Len()))
		return ctx.Err()
	}
	defer func() { <-s.turn }()
	return s.next.Write(ctx, b)
}

// Close writes every open interval and closes the sink behind. Another Weir that
// starts within the same interval writes further documents for it.
func (s *Sink) Close(ctx context.Context) error {
	unbind := context.AfterFunc(ctx, s.abort)
	defer unbind()
	defer s.abort()
	if s.done != nil {
		close(s.stop)
		<-s.done
		s.done = nil
		s.write(ctx, s.all())
	}
	return s.next.Close(ctx)
}

// write hands on the documents of windows.
func (s *Sink) write(ctx context.Context, list []*window) {
	if len(list) == 0 {
		return
	}
	b := flow.NewBatch(documentsAtOnce)
	// What a server cannot take soon must not stop the flows behind it; where one is
	// merely slow, sums are worth the wait.
	hand := func() {
		b.Waits = s.next.Ready() == nil
		if err := s.hand(ctx, b); err != nil {
			s.log.Warn("roll-ups were not taken", "documents", b.Len(), "error", err)
		}
		b.Reset()
	}
	for _, w := range list {
		name, n := s.nameOf(w), 0
		w.documents(name, s.cfg.TopHosts, func() *flow.Record {
			r := b.Next()
			if r == nil {
				hand()
				r = b.Next()
			}
			n++
			return r
		})
		s.metrics.documents[name].Add(float64(n))
		for k := range numBy {
			s.metrics.other[k].Add(float64(w.crowded[k]))
		}
		s.metrics.other[byHost].Add(float64(w.hosts.moved))
	}
	if b.Len() > 0 {
		hand()
	}
}

func (s *Sink) nameOf(w *window) string {
	for _, i := range s.intervals {
		if i.length == w.length {
			return i.name
		}
	}
	return s.intervals[0].name
}
