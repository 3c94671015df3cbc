// Package demo makes up the records of a small company and of a service provider,
// so that every board of dashboards/kibana has something to show.
//
// The records are what collectors and enrichers would have made of real exports:
// traffic with its daily curve, events of a firewall and of a translator, names
// that a probe saw, scans, counters, sums, and the state of exporters and
// collector. The same Config gives the same records. Addresses are private or set
// aside for documentation and benchmarks (RFC 5737, RFC 3849, RFC 2544, RFC 6598),
// systems have numbers for documentation (RFC 5398); people and companies are
// invented. The package imports flow only and does no I/O.
package demo

import (
	"math/rand/v2"
	"time"

	"github.com/weirflow/weir/flow"
)

// Config says how much to make up.
type Config struct {
	// Seed chooses one of many equally likely days. Default: 1.
	Seed uint64
	// End is the time that the records lead up to. There is no default.
	End time.Time
	// Span is how long before End flows begin. Default: 24 h.
	Span time.Duration
	// Conversations is how many there are within Span; most are two flows. Default:
	// 15,000.
	Conversations int
	// StateInterval is the time between documents about the state of an exporter.
	// Default: 1 min.
	StateInterval time.Duration
	// Minutes is how long before End sums by the minute begin. Default: 6 h.
	Minutes time.Duration
	// Hours is how long before End sums by the hour begin. Default: 35 days.
	Hours time.Duration
	// Refused is how many flows have counters that no server takes, so that there
	// are rejected documents. Default: 12.
	Refused int
}

// DefaultConfig gives the defaults, for records that lead up to end.
func DefaultConfig(end time.Time) Config {
	return Config{
		Seed: 1, End: end, Span: 24 * time.Hour, Conversations: 15_000, StateInterval: time.Minute, Minutes: 6 * time.Hour, Hours: 35 * 24 * time.Hour, Refused: 12,
	}
}

// Fill makes up all records and hands them to w, in no order of time. It flushes w
// at the end.
func Fill(c Config, w *flow.Writer) {
	m := newMaker(c, w)
	for range c.Conversations {
		m.ordinary()
	}
	for _, s := range scenes {
		for range max(1, int(float64(c.Conversations)*s.share)) {
			s.play(m)
		}
	}
	for range c.Refused {
		m.refused()
	}
	m.samples()
	m.states()
	m.rollups()
	w.Flush()
}

// scene is something that happens beside ordinary traffic.
type scene struct {
	// share is how many times it happens per conversation.
	share float64
	play  func(*maker)
}

// maker makes records up; one goroutine uses it.
type maker struct {
	c     Config
	rnd   *rand.Rand
	w     *flow.Writer
	start time.Time
	id    []byte // of communityid, reused

	sums       map[dimension]*sum
	dimensions []dimension // of sums, in order of their first flow
}

func newMaker(c Config, w *flow.Writer) *maker {
	return &maker{c: c, w: w, rnd: rand.New(rand.NewPCG(c.Seed, 0x77656972)), start: c.End.Add(-c.Span), sums: map[dimension]*sum{}}
}

// curve is how likely something is in each hour of the day, UTC, 0 to 1.
type curve [24]float64

// The curves: an office, homes, what runs at night, and what does not care.
var (
	office  = curve{.06, .05, .05, .05, .06, .1, .25, .55, .85, .95, 1, .9, .7, .9, .95, .9, .75, .5, .3, .2, .15, .12, .1, .08}
	evening = curve{.35, .22, .15, .12, .1, .12, .2, .3, .35, .4, .42, .45, .5, .5, .5, .55, .62, .72, .85, .95, 1, .98, .8, .55}
	night   = curve{1, 1, .9, .6, .2, .05, .02, .02, .02, .02, .02, .02, .02, .02, .02, .02, .02, .02, .02, .05, .1, .2, .5, .8}
	always  = curve{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}
)

// at gives the curve's value at a time, between the hours' values.
func (c *curve) at(t time.Time) float64 {
	h, part := t.UTC().Hour(), float64(t.UTC().Minute())/60
	return c[h]*(1-part) + c[(h+1)%24]*part
}

// when chooses a time within the span.
func (m *maker) when(c *curve) time.Time {
	for {
		t := m.start.Add(time.Duration(m.rnd.Int64N(int64(m.c.Span))))
		if m.rnd.Float64() < c.at(t) {
			return t
		}
	}
}

// around gives a number that is mean on average, and now and then much more.
func (m *maker) around(mean float64) uint64 {
	return uint64(mean*m.rnd.ExpFloat64()*0.9+mean*0.1) + 1
}

// between gives a number from low to high, both inclusive.
func (m *maker) between(low, high int) int { return low + m.rnd.IntN(high-low+1) }

// chance is true with that probability.
func (m *maker) chance(p float64) bool { return m.rnd.Float64() < p }

// pick gives one of a list, all of them being equally likely.
func pick[T any](m *maker, list []T) T { return list[m.rnd.IntN(len(list))] }

// pickBy gives one of a list, by the weight of each.
func pickBy[T any](m *maker, list []T, weight func(*T) float64) *T {
	total := 0.0
	for i := range list {
		total += weight(&list[i])
	}
	at := m.rnd.Float64() * total
	for i := range list {
		if at -= weight(&list[i]); at < 0 {
			return &list[i]
		}
	}
	return &list[len(list)-1]
}
