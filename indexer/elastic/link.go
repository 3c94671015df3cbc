package elastic

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// trouble is why the link is down.
type trouble uint8

const (
	troubleServer   trouble = iota // no answer, or 5xx: back-off, another server first
	troubleOverload                // the server asks for a pause; it is well otherwise
	troubleSetup                   // somebody must mend something: long back-off
)

// link knows whether bulk requests make sense. It is down at first and after
// each failure; then run waits and does the set-up again, until that works. So
// many senders that fail at the same time cause one wait and one attempt.
type link struct {
	retry   RetryConfig
	servers func() int
	setup   func(context.Context) (product, error)
	log     *slog.Logger
	quiet   *rate.Limiter

	mu       sync.Mutex
	up       bool
	round    uint64 // counts the times it came up
	failures int    // in a row, without a bulk request that worked in between
	kind     trouble
	cause    error
	due      time.Time // when to try again
	product  product
	change   chan struct{} // closed and replaced at every change
}

var errConnecting = errors.New("not connected yet")

func newLink(retry RetryConfig, servers func() int, log *slog.Logger, setup func(context.Context) (product, error)) *link {
	return &link{
		retry: retry, servers: servers, setup: setup, log: log, cause: errConnecting,
		quiet: rate.NewLimiter(rate.Every(30*time.Second), 3), change: make(chan struct{}),
	}
}

// await waits until the link is up. It gives the round, which fail wants, and
// false when ctx ends first.
func (l *link) await(ctx context.Context) (round uint64, p product, ok bool) {
	for {
		l.mu.Lock()
		up, change := l.up, l.change
		round, p = l.round, l.product
		l.mu.Unlock()
		if ctx.Err() != nil {
			return 0, p, false
		}
		if up {
			return round, p, true
		}
		if !sleep(ctx, -1, change) {
			return 0, p, false
		}
	}
}

// fail takes the link down, unless that has happened since the round. wish is the
// server's Retry-After, or 0.
func (l *link) fail(round uint64, kind trouble, cause error, wish time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.up && l.round == round {
		l.down(kind, cause, wish)
	}
}

// down notes a failure; l.mu is held.
func (l *link) down(kind trouble, cause error, wish time.Duration) {
	l.failures++
	var d time.Duration
	switch {
	case kind == troubleSetup:
		d = l.retry.delay(l.failures+4, wish)
	case kind == troubleServer && l.failures < l.servers():
		// The transport takes another server for the next request.
	default:
		d = l.retry.delay(l.failures, wish)
	}
	if l.quiet.Allow() {
		l.log.Warn("cannot write to the server; documents wait in memory", "error", cause, "retry_in", d.Round(time.Millisecond))
	}
	l.up, l.kind, l.cause, l.due = false, kind, cause, time.Now().Add(d)
	l.changed()
}

// worked notes a bulk request that the server took.
func (l *link) worked() {
	l.mu.Lock()
	l.failures = 0
	l.mu.Unlock()
}

// run brings the link up whenever it is down, until ctx ends.
func (l *link) run(ctx context.Context) {
	for {
		l.mu.Lock()
		up, change, wait := l.up, l.change, time.Until(l.due)
		l.mu.Unlock()
		switch {
		case up:
			if !sleep(ctx, -1, change) {
				return
			}
			continue
		case wait > 0:
			if !sleep(ctx, wait, nil) {
				return
			}
		}
		p, err := l.setup(ctx)
		if ctx.Err() != nil {
			return
		}
		l.mu.Lock()
		if err != nil {
			l.down(troubleOf(err), err, 0)
		} else {
			l.rise(p)
		}
		l.mu.Unlock()
	}
}

// rise notes that the set-up worked; l.mu is held.
func (l *link) rise(p product) {
	if l.kind != troubleOverload || l.round == 0 {
		l.log.Info("connected", "product", p.name, "version", p.version)
	}
	l.up, l.cause, l.product = true, nil, p
	l.round++
	l.changed()
}

func (l *link) changed() {
	close(l.change)
	l.change = make(chan struct{})
}

// troubleOf tells an error of the set-up that time may heal from one that needs
// somebody.
func troubleOf(err error) trouble {
	var network *networkError
	var status *statusError
	if errors.As(err, &network) || errors.As(err, &status) && classify(status.status, false) == classOverloaded {
		return troubleServer
	}
	return troubleSetup
}

// ready gives nil while documents reach the server, or will after a pause that
// it asked for.
func (l *link) ready() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.up || l.kind == troubleOverload && l.round > 0 {
		return nil
	}
	return l.cause
}
