package demo

import (
	"bytes"
	"net/netip"
	"testing"
	"time"

	"github.com/weirflow/weir/flow"
)

var ending = time.Date(2026, 3, 4, 15, 30, 0, 0, time.UTC)

// all gives the documents of a small day, and calls each with the records.
func all(t *testing.T, c Config, each func(*flow.Record)) []byte {
	t.Helper()
	batch, encoder, text := flow.NewBatch(500), flow.NewEncoder(), []byte(nil)
	Fill(c, flow.NewWriter(func() *flow.Batch { batch.Reset(); return batch }, func(b *flow.Batch) {
		for i := range b.Records() {
			if each != nil {
				each(b.At(i))
			}
			text = append(encoder.AppendJSON(text, b.At(i)), '\n')
		}
	}))
	return text
}

func small() Config {
	c := DefaultConfig(ending)
	c.Conversations, c.Hours = 1000, 8*24*time.Hour
	return c
}

// The same seed gives the same documents; another one gives others.
func TestSameSeedSameRecords(t *testing.T) {
	first := all(t, small(), nil)
	if !bytes.Equal(first, all(t, small(), nil)) {
		t.Error("two runs of one configuration differ")
	}
	other := small()
	other.Seed = 2
	if bytes.Equal(first, all(t, other, nil)) {
		t.Error("another seed gives the same records")
	}
	if n := bytes.Count(first, []byte{'\n'}); n < 5000 {
		t.Errorf("only %d documents", n)
	}
}

// allowed are the ranges that stand for nobody.
var allowed = []netip.Prefix{
	netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"), netip.MustParsePrefix("192.168.0.0/16"), netip.MustParsePrefix("100.64.0.0/10"),
	netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("224.0.0.0/4"), netip.MustParsePrefix("2001:db8::/32"),
}

// Addresses and systems belong to nobody, times lie within the span, and every
// flow says who sent it.
func TestRecordsAreMadeUp(t *testing.T) {
	c := small()
	addresses := map[netip.Addr]bool{}
	all(t, c, func(r *flow.Record) {
		for _, id := range []flow.FieldID{flow.FieldSourceIP, flow.FieldDestinationIP, flow.FieldSourceNATIP, flow.FieldDestinationNATIP, flow.FieldFlowNextHop,
			flow.FieldFlowBGPNextHop, flow.FieldInnerSourceIP, flow.FieldInnerDestinationIP, flow.FieldObserverIP, flow.FieldFlowClientIP, flow.FieldFlowServerIP} {
			if r.Has(id) {
				addresses[addr(r, id)] = true
			}
		}
		for _, n := range []uint32{r.SourceASNumber, r.DestinationASNumber, r.FlowBGPNextAS, r.FlowBGPPreviousAS} {
			if n != 0 && (n < 64496 || n > 64511) && (n < 65536 || n > 65551) {
				t.Errorf("AS %d is somebody's", n)
			}
		}
		if at := time.Unix(0, r.Timestamp); at.After(c.End) || at.Before(c.End.Add(-max(c.Span, c.Hours)-time.Hour)) {
			t.Errorf("a record of %s is outside of the span", at)
		}
		if !r.Has(flow.FieldObserverName) || r.Kind == flow.KindFlow && (!r.Has(flow.FieldSourceIP) || !r.Has(flow.FieldDestinationIP)) {
			t.Error("a record has no exporter, or a flow no ends")
		}
	})
	if len(addresses) < 500 {
		t.Errorf("only %d addresses", len(addresses))
	}
next:
	for a := range addresses {
		for _, p := range allowed {
			if p.Contains(a) {
				continue next
			}
		}
		t.Errorf("%s is somebody's", a)
	}
}

func addr(r *flow.Record, id flow.FieldID) netip.Addr {
	return map[flow.FieldID]netip.Addr{
		flow.FieldSourceIP: r.SourceIP, flow.FieldDestinationIP: r.DestinationIP, flow.FieldSourceNATIP: r.SourceNATIP, flow.FieldDestinationNATIP: r.DestinationNATIP,
		flow.FieldFlowNextHop: r.FlowNextHop, flow.FieldFlowBGPNextHop: r.FlowBGPNextHop, flow.FieldInnerSourceIP: r.InnerSourceIP, flow.FieldInnerDestinationIP: r.InnerDestinationIP,
		flow.FieldObserverIP: r.ObserverIP, flow.FieldFlowClientIP: r.FlowClientIP, flow.FieldFlowServerIP: r.FlowServerIP,
	}[id]
}

// Every exporter and every network has traffic, so that no board is empty for
// want of it.
func TestEverybodyTakesPart(t *testing.T) {
	seen, c := map[string]bool{}, small()
	all(t, c, func(r *flow.Record) {
		seen[r.ObserverName], seen[r.DestinationASOrganization], seen[r.SourceASOrganization], seen[r.FlowCategory] = true, true, true, true
	})
	for _, x := range exporters {
		if !seen[x.name] {
			t.Errorf("no record of %s", x.name)
		}
	}
	missing := 0
	for i := range internet {
		if !seen[internet[i].name] {
			missing++
		}
	}
	if missing > 3 {
		t.Errorf("%d networks have no traffic", missing)
	}
	for _, u := range usages {
		if u.weight >= 1 && !seen[u.category] {
			t.Errorf("no flow of the category %s", u.category)
		}
	}
}
