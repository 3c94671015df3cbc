package replay

import (
	"context"
	"time"
)

// pacer spreads datagrams evenly: each has its time, counted from the start, so
// that a late one does not delay those after it. Waits shorter than a
// millisecond are added up, as timers are no finer.
type pacer struct {
	rate     float64
	realtime bool
	sent     uint64
	begin    time.Time
	first    time.Time // of the capture
}

const finest = time.Millisecond

// wait waits for the time of the next datagram, which was captured at the given
// time.
func (p *pacer) wait(ctx context.Context, captured time.Time) error {
	due := p.begin
	switch {
	case p.realtime:
		if p.first.IsZero() {
			p.first, p.begin = captured, time.Now()
		}
		due = p.begin.Add(captured.Sub(p.first))
	case p.rate > 0:
		due = p.begin.Add(time.Duration(float64(p.sent) / p.rate * float64(time.Second)))
	}
	p.sent++
	left := time.Until(due)
	if left < finest {
		return ctx.Err()
	}
	timer := time.NewTimer(left)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
