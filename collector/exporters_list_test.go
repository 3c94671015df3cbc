package collector

import (
	"net/netip"
	"testing"
	"time"

	"github.com/weirflow/weir/collector/message"
)

// TestExporterList: the list has what the messages said, of the newest one what
// changes, and nothing of a known exporter in what is nobody's.
func TestExporterList(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	table := newExporterTable(1, func() time.Time { return now })
	c := newExporterCache(table)
	addr := netip.MustParseAddr("192.0.2.1")
	o := message.Origin{Addr: addr, Transport: "udp", Received: now.UnixNano()}
	r := message.Result{Protocol: message.NetFlow9, Domain: 4, Flows: 2, Options: 1, Lost: 5, Reordered: true, SetsWithoutTemplate: 2, Released: 1,
		ClockSkew: time.Second, SamplingRate: 10, SamplingSource: "options"}
	r.Add(message.ReasonNoTemplate, 0, 0, nil)
	r.Add(message.ReasonNoSampler, 0, 0, nil) // harmless
	r.Add(message.ReasonBadLength, 0, 0, nil)
	r.Add(message.ReasonBadLength, 0, 0, nil)
	c.add(&o, &r, 100)
	o.Received += int64(time.Minute)
	c.add(&o, &message.Result{Protocol: message.NetFlow9, Domain: 5, Flows: 1}, 50)
	c.add(&message.Origin{Addr: netip.MustParseAddr("192.0.2.2")}, &message.Result{Protocol: message.SFlow5, Flows: 1}, 7)
	c.add(&message.Origin{Addr: addr}, &message.Result{}, 3)
	list := table.list()
	if len(list) != 3 {
		t.Fatalf("%+v", list)
	}
	for _, s := range list {
		s.LastSeen = s.LastSeen.UTC()
		var want ExporterStats
		switch s.Protocol {
		case message.NetFlow9:
			want = ExporterStats{Addr: addr, Protocol: message.NetFlow9, Messages: 2, Records: 4, Bytes: 150, Lost: 5, Reordered: 1, Errors: 2, NoTemplate: 2, Released: 1,
				LastSeen: now.Add(time.Minute).UTC(), Domain: 5, Transport: "udp", SamplingRate: 10, SamplingSource: "options"}
		case message.SFlow5:
			want = ExporterStats{Protocol: message.SFlow5, Messages: 1, Records: 1, Bytes: 7, LastSeen: time.Unix(0, 0).UTC()}
		default:
			want = ExporterStats{Messages: 1, Bytes: 3, LastSeen: time.Unix(0, 0).UTC()}
		}
		if s != want || s.Other() != (s.Protocol != message.NetFlow9) {
			t.Errorf("%+v, want %+v", s, want)
		}
	}
}

// TestExporterAccounting: counting a message costs no memory.
func TestExporterAccounting(t *testing.T) {
	c := newExporterCache(newExporterTable(10, time.Now))
	o := message.Origin{Addr: netip.MustParseAddr("192.0.2.1"), Transport: "udp"}
	r := message.Result{Protocol: message.IPFIX, Flows: 1, SamplingRate: 1, SamplingSource: "assumed"}
	if n := testing.AllocsPerRun(100, func() { c.add(&o, &r, 10) }); n != 0 {
		t.Errorf("%v allocations by message", n)
	}
}
