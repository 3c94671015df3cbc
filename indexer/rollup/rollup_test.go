package rollup

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/weirflow/weir/flow"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

func pick(x *rand.Rand, list ...string) string { return list[x.IntN(len(list))] }

// random fills a record with a flow that lacks fields now and then. keys is about
// how many different values there are of a kind.
func random(x *rand.Rand, r *flow.Record, span time.Duration, keys int) {
	maybe := func(f func()) {
		if x.IntN(8) > 0 {
			f()
		}
	}
	r.SetTimestamp(noon.Add(time.Duration(x.Int64N(int64(span)))).UnixNano())
	exporter := x.IntN(3) + 1
	r.SetObserverIP(netip.AddrFrom4([4]byte{192, 0, 2, byte(exporter)}))
	r.SetObserverName(fmt.Sprint("router ", exporter)) // a text of its own each time
	n := func() int { return x.IntN(keys) }
	address := func() netip.Addr {
		if i := n(); i%3 > 0 {
			return netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
		} else {
			return netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, 14: byte(i >> 8), 15: byte(i)})
		}
	}
	maybe(func() { r.SetSourceIP(address()) })
	maybe(func() { r.SetDestinationIP(address()) })
	maybe(func() {
		r.SetIngressInterfaceID(uint32(n()))
		r.SetIngressInterfaceName(fmt.Sprint("in ", r.IngressInterfaceID))
	})
	maybe(func() { r.SetEgressInterfaceID(uint32(n())) })
	maybe(func() {
		r.SetSourceASNumber(uint32(n()))
		r.SetSourceASOrganization(fmt.Sprint("as ", r.SourceASNumber))
	})
	maybe(func() { r.SetDestinationASNumber(uint32(n())) })
	maybe(func() { r.SetSourceGeoCountryCode(pick(x, "DE", "FR", "US")) })
	maybe(func() { r.SetDestinationGeoCountryCode(pick(x, "DE", "FR", "US")) })
	maybe(func() { r.SetNetworkApplication(fmt.Sprint("app ", n())) })
	maybe(func() { r.SetFlowService(pick(x, "https", "domain", "ssh")) })
	maybe(func() { r.SetNetworkTransport(pick(x, "tcp", "udp")) })
	maybe(func() { r.SetFlowCategory(pick(x, "Web", "Time", "Other")) })
	maybe(func() { r.SetNetworkDirection(pick(x, "inbound", "outbound")) })
	maybe(func() { r.SetFlowLocality("external") })
	maybe(func() { r.SetFlowSite(pick(x, "a", "b")) })
	maybe(func() {
		sent, received := uint64(x.Int64N(1e6)), uint64(0)
		r.SetSourceBytes(sent)
		if x.IntN(3) == 0 {
			received = uint64(x.Int64N(1e9))
			r.SetDestinationBytes(received)
		}
		r.SetNetworkBytes(sent + received)
		r.SetNetworkPackets(sent / 100)
	})
	if x.IntN(20) == 0 {
		r.SetFlowCount(uint64(x.IntN(30)))
	}
}

// total is what all flows of an interval add up to.
type total struct{ bytes, packets, sent, received, flows uint64 }

func (s *total) plus(o total) {
	s.bytes, s.packets, s.sent, s.received, s.flows = s.bytes+o.bytes, s.packets+o.packets, s.sent+o.sent, s.received+o.received, s.flows+o.flows
}

func totalOf(r *flow.Record) total {
	flows := uint64(1)
	if r.Has(flow.FieldFlowCount) {
		flows = r.FlowCount
	}
	return total{r.NetworkBytes, r.NetworkPackets, r.SourceBytes, r.DestinationBytes, flows}
}

// by what, which side of it, and when.
type share struct {
	interval, by, side string
	start              int64
}

// shareOf gives what a roll-up is part of.
func shareOf(r *flow.Record) share {
	side := r.FlowRollupSide
	if r.Has(flow.FieldFlowDirection) {
		side = fmt.Sprint(r.FlowDirection)
	}
	return share{r.FlowRollupInterval, r.FlowRollupBy, side, r.Timestamp}
}

// model adds flows up in the plainest way.
func model(flows []flow.Record, interval string, length time.Duration) map[share]total {
	sums := map[share]total{}
	for i := range flows {
		r := &flows[i]
		at := time.Unix(0, r.Timestamp).Truncate(length).UnixNano()
		add := func(by, side string, t total) {
			k := share{interval, by, side, at}
			s := sums[k]
			s.plus(t)
			sums[k] = s
		}
		t := totalOf(r)
		for _, k := range []struct{ by, side string }{{"exporter", ""}, {"application", ""}, {"category", ""}, {"interface", "0"}, {"interface", "1"},
			{"as", "source"}, {"as", "destination"}, {"country", "source"}, {"country", "destination"}} {
			add(k.by, k.side, t)
		}
		add("host", "", total{2 * t.bytes, 2 * t.packets, t.bytes, t.bytes, 2 * t.flows})
	}
	return sums
}

// TestSumsAreExact has random flows add up to the same by everything, in minutes
// and hours, with room for every key and with hardly any.
func TestSumsAreExact(t *testing.T) {
	for _, keys := range []int{4, 300, 3000} {
		for _, limit := range []int{16, 200, 5000} {
			t.Run(fmt.Sprintf("%d keys, room for %d", keys, limit), func(t *testing.T) {
				x := rand.New(rand.NewPCG(uint64(keys), uint64(limit)))
				k := &kept{}
				s := start(t, k, func(c *Config) { c.MaxKeys, c.TopHosts = limit, 3 })
				for range 8 {
					b := flow.NewBatch(250)
					for range b.Cap() {
						random(x, b.Next(), 100*time.Minute, keys)
					}
					if err := s.Write(t.Context(), b); err != nil {
						t.Fatal(err)
					}
				}
				closeSink(t, s)
				if !k.closed {
					t.Error("the sink behind is open")
				}
				var flows []flow.Record
				got := map[share]total{}
				for i := range k.records {
					r := &k.records[i]
					if r.Kind != flow.KindRollup {
						flows = append(flows, *r)
						continue
					}
					s := got[shareOf(r)]
					s.plus(totalOf(r))
					got[shareOf(r)] = s
				}
				if len(flows) != 2000 {
					t.Fatalf("%d flows were handed on, want all 2000", len(flows))
				}
				for _, i := range intervals {
					for k, want := range model(flows, i.name, i.length) {
						if got[k] != want {
							t.Errorf("%+v is %+v, want %+v", k, got[k], want)
						}
						delete(got, k)
					}
				}
				for k := range got {
					t.Errorf("%+v is summed, and no flow is in it", k)
				}
			})
		}
	}
}

// TestKeys has each key's documents add up to the flows that have it, when there
// is room for all.
func TestKeys(t *testing.T) {
	x := rand.New(rand.NewPCG(1, 2))
	k := &kept{}
	s := start(t, k, func(c *Config) { c.TopHosts = 100_000; c.Intervals = []string{"1h"} })
	b := flow.NewBatch(5000)
	for range b.Cap() {
		random(x, b.Next(), 50*time.Minute, 50)
	}
	if err := s.Write(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	closeSink(t, s)
	key := func(r *flow.Record, by string) string {
		common := fmt.Sprint(by, r.ObserverIP, r.ObserverName, "|", r.NetworkDirection, "|", r.FlowLocality, "|", r.FlowSite, "|")
		number := func(id flow.FieldID) string { return fmt.Sprint(r.Has(id), r.Uint(id)) }
		switch by {
		case "ingress":
			return common + number(flow.FieldIngressInterfaceID) + r.IngressInterfaceName
		case "egress":
			return common + number(flow.FieldEgressInterfaceID)
		case "source as":
			return common + number(flow.FieldSourceASNumber) + r.SourceASOrganization
		case "destination as":
			return common + number(flow.FieldDestinationASNumber)
		case "source country":
			return common + r.SourceGeoCountryCode
		case "destination country":
			return common + r.DestinationGeoCountryCode
		case "application":
			return common + r.NetworkApplication + "|" + r.FlowService + "|" + r.NetworkTransport
		case "category":
			return common + r.FlowCategory
		case "host":
			return fmt.Sprint("host", r.ObserverIP, r.SourceIP)
		}
		return common
	}
	want, got := map[string]total{}, map[string]total{}
	add := func(m map[string]total, k string, t total) { s := m[k]; s.plus(t); m[k] = s }
	for i := range k.records {
		r := &k.records[i]
		t := totalOf(r)
		if r.Kind == flow.KindRollup {
			by := r.FlowRollupBy
			switch {
			case by == "interface":
				by = [...]string{"ingress", "egress"}[r.FlowDirection]
			case r.Has(flow.FieldFlowRollupSide):
				by = r.FlowRollupSide + " " + by
			}
			add(got, key(r, by), t)
			continue
		}
		for _, by := range []string{"exporter", "ingress", "egress", "source as", "destination as", "source country", "destination country", "application", "category"} {
			add(want, key(r, by), t)
		}
		sent := total{t.bytes, t.packets, t.bytes - t.received, t.received, t.flows}
		add(want, key(r, "host"), sent)
		r.SourceIP = r.DestinationIP
		add(want, key(r, "host"), total{t.bytes, t.packets, sent.received, sent.sent, t.flows})
	}
	for k, w := range want {
		if got[k] != w {
			t.Errorf("%s is %+v, want %+v", k, got[k], w)
		}
	}
	if len(got) != len(want) || len(want) < 500 {
		t.Errorf("%d keys, want %d", len(got), len(want))
	}
}

// TestWhenWindowsAreWritten follows a flow and a late one through time.
func TestWhenWindowsAreWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := &kept{}
		s := start(t, k, nil)
		begin := time.Now().Truncate(time.Minute)
		write := func(at time.Time) {
			b := flow.NewBatch(1)
			r := b.Next()
			r.SetTimestamp(at.UnixNano())
			r.SetNetworkBytes(10)
			if err := s.Write(t.Context(), b); err != nil {
				t.Fatal(err)
			}
		}
		count := func(interval string) (documents int, bytes uint64) {
			for _, r := range k.rollups() {
				if r.FlowRollupInterval == interval && r.FlowRollupBy == "exporter" {
					documents++
					bytes += r.NetworkBytes
				}
			}
			return documents, bytes
		}
		expect := func(what, interval string, documents int, bytes uint64) {
			t.Helper()
			synctest.Wait()
			if d, n := count(interval); d != documents || n != bytes {
				t.Errorf("%s: %d documents of %s with %d bytes, want %d with %d", what, d, interval, n, documents, bytes)
			}
		}
		write(begin)
		pass(110 * time.Second)
		expect("before the grace is over", "1m", 0, 0)
		write(begin) // in time
		pass(12 * time.Second)
		expect("after it", "1m", 1, 20)
		write(begin) // late
		pass(122 * time.Second)
		expect("after a late flow", "1m", 2, 30)
		expect("before the hour is over", "1h", 0, 0)
		pass(time.Hour)
		expect("after the hour", "1h", 1, 30)
		if n := metricOf(t, s.metrics.repeated); n != 1 {
			t.Errorf("%v windows came again, want 1", n)
		}
		k.setReady(errors.New("the server is down"))
		write(begin.Add(2 * time.Hour))
		pass(10 * time.Minute)
		expect("while the server is down", "1m", 2, 30)
		k.setReady(nil)
		pass(2 * time.Second)
		expect("once it is back", "1m", 3, 40)
		closeSink(t, s)
		expect("at the end", "1h", 2, 40)
	})
}

// pass has the bubble's time go on.
func pass(d time.Duration) { <-time.After(d) }
