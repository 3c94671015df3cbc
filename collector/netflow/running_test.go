package netflow

import (
	"testing"

	"github.com/weirflow/weir/flow"
)

// totalsTemplate is a flow with totals: source, ports, when it began (uptime), why
// it ended, and octetTotalCount.
var totalsTemplate = set2(2, u16(300, 5, 8, 4, 7, 2, 22, 4, 136, 1, 85, 8))

func totalsRecord(port uint16, began uint32, reason byte, octets uint64) []byte {
	return join([]byte{10, 0, 0, 1}, u16(port), u32(began), []byte{reason}, u32(uint32(octets>>32), uint32(octets)))
}

// TestTotalsCountOnce: octetTotalCount is what has come since the flow began (RFC
// 5102 section 5.10.3), so that a flow reported three times has the last value.
func TestTotalsCountOnce(t *testing.T) {
	for name, c := range map[string]struct {
		records [][]byte
		want    []uint64
		left    int // flows that are not over
	}{
		"one flow goes on":      {[][]byte{totalsRecord(1, 5, 2, 100), totalsRecord(1, 5, 2, 250), totalsRecord(1, 5, 2, 250)}, []uint64{100, 150, 0}, 1},
		"its end":               {[][]byte{totalsRecord(1, 5, 2, 100), totalsRecord(1, 5, 3, 250)}, []uint64{100, 150}, 0},
		"short flows":           {[][]byte{totalsRecord(1, 5, 1, 100), totalsRecord(1, 5, 3, 100)}, []uint64{100, 100}, 0},
		"another port":          {[][]byte{totalsRecord(1, 5, 2, 100), totalsRecord(2, 5, 2, 250)}, []uint64{100, 250}, 2},
		"it began anew":         {[][]byte{totalsRecord(1, 5, 2, 100), totalsRecord(1, 9, 2, 250)}, []uint64{100, 250}, 2},
		"counted from 0 again":  {[][]byte{totalsRecord(1, 5, 2, 100), totalsRecord(1, 5, 2, 30), totalsRecord(1, 5, 2, 50)}, []uint64{100, 30, 20}, 1},
		"no reason is told":     {[][]byte{totalsRecord(1, 5, 0, 100), totalsRecord(1, 5, 0, 110)}, []uint64{100, 10}, 1},
		"more than 2^32 octets": {[][]byte{totalsRecord(1, 5, 2, 1<<40), totalsRecord(1, 5, 2, 1<<40+7)}, []uint64{1 << 40, 7}, 1},
	} {
		b := newTestbed(t, DefaultConfig())
		list := b.decode(ipfixMessage(exported, 0, 1, totalsTemplate, set2(300, join(c.records...))))
		b.clean()
		if len(list) != len(c.want) {
			t.Fatalf("%s: %d records", name, len(list))
		}
		for i, want := range c.want {
			r := &list[i]
			if r.NetworkBytes != want || r.SourceBytes != want {
				t.Errorf("%s: record %d counts %d octets, want %d", name, i, r.NetworkBytes, want)
			}
			total, kept := extra(r, "octetTotalCount")
			if reported := c.records[i][len(c.records[i])-1]; kept && byte(total.Num) != reported {
				t.Errorf("%s: record %d keeps a total of %d, sent was %d", name, i, total.Num, reported)
			}
		}
		for _, x := range b.d.store.list() {
			for _, d := range x.domains {
				if len(d.running) != c.left {
					t.Errorf("%s: %d flows are kept, want %d", name, len(d.running), c.left)
				}
			}
		}
		checkAccounts(t, b.d.store)
	}
}

// TestTotalsBesideDeltas: firewalls send both. A record whose delta is 0 has no
// traffic, as its total has been counted by the deltas before it; and a delta beside
// a total of another quantity is no total.
func TestTotalsBesideDeltas(t *testing.T) {
	for name, c := range map[string]struct {
		template []byte
		records  [][]uint32
		want     [][2]uint64 // octets and packets
	}{
		"both of both": {u16(300, 5, 8, 4, 1, 4, 85, 4, 2, 4, 86, 4), [][]uint32{{1, 100, 100, 2, 2}, {1, 0, 100, 0, 2}, {1, 50, 150, 1, 3}, {1, 0, 150, 0, 3}},
			[][2]uint64{{100, 2}, {0, 0}, {50, 1}, {0, 0}}},
		"the deltas are never filled": {u16(300, 5, 8, 4, 1, 4, 85, 4, 2, 4, 86, 4), [][]uint32{{1, 0, 100, 0, 2}, {1, 0, 150, 0, 3}}, [][2]uint64{{100, 2}, {50, 1}}},
		"octets in all, packets since": {u16(300, 3, 8, 4, 85, 4, 2, 4), [][]uint32{{1, 100, 5}, {1, 300, 7}, {1, 300, 0}},
			[][2]uint64{{100, 5}, {200, 7}, {0, 0}}},
	} {
		b := newTestbed(t, DefaultConfig())
		var data []byte
		for _, r := range c.records {
			data = append(data, u32(r...)...)
		}
		list := b.decode(ipfixMessage(exported, 0, 1, set2(2, c.template), set2(300, data)))
		b.clean()
		for i, want := range c.want {
			if r := &list[i]; r.NetworkBytes != want[0] || r.NetworkPackets != want[1] {
				t.Errorf("%s: record %d counts %d octets and %d packets, want %v", name, i, r.NetworkBytes, r.NetworkPackets, want)
			}
		}
		checkAccounts(t, b.d.store)
	}
}

// TestRunningIsBounded: flows that never end do not fill the memory.
func TestRunningIsBounded(t *testing.T) {
	cfg := DefaultConfig()
	cfg.MaxBytes = 100 * costRunning
	b := newTestbed(t, cfg)
	b.decode(ipfixMessage(exported, 0, 1, totalsTemplate))
	for port := range 1000 {
		list := b.decode(ipfixMessage(exported, 1, 1, set2(300, totalsRecord(uint16(port), 5, 2, 100))))
		if len(list) != 1 || list[0].NetworkBytes != 100 {
			t.Fatalf("flow %d: %d records", port, len(list))
		}
	}
	checkAccounts(t, b.d.store)
}

// nselTemplate is the part of Cisco ASA's template for updates and ends that
// counters depend on: connection, event, octets of both directions.
var nselTemplate = set2(0, u16(300, 6, 148, 4, 8, 4, 12, 4, 233, 1, 231, 4, 232, 4))

func nselRecord(connection uint32, event byte, octets, back uint32) []byte {
	return join(u32(connection), []byte{10, 0, 0, 1, 192, 0, 2, 1, event}, u32(octets, back))
}

// TestConnectionCountsOnce has the numbers of a connection that an ASA 5508 sent
// (phaag/nfdump#116 and the ASA NetFlow Implementation Guide, Templates for Flow
// Update Events): two updates with increments, and an end with the totals.
func TestConnectionCountsOnce(t *testing.T) {
	b := newTestbed(t, DefaultConfig())
	list := b.decode(v9Packet(9, 0, exported, 0, 1, nselTemplate, set2(300, join(
		nselRecord(7, 5, 2557, 1117), nselRecord(8, 5, 1, 1), nselRecord(7, 5, 31, 0), nselRecord(7, 2, 2588, 1117), nselRecord(9, 2, 40, 60)))))
	b.clean()
	sum := uint64(0)
	for _, i := range []int{0, 2, 3} {
		sum += list[i].NetworkBytes
	}
	if want := uint64(2588 + 1117); sum != want {
		t.Errorf("the connection counts %d octets, want %d", sum, want)
	}
	if r := &list[3]; !r.Has(flow.FieldSourceBytes) || r.SourceBytes != 0 || r.DestinationBytes != 0 {
		t.Errorf("the end counts %d and %d octets again", r.SourceBytes, r.DestinationBytes)
	}
	if r := &list[4]; r.SourceBytes != 40 || r.DestinationBytes != 60 {
		t.Errorf("an end without updates counts %d and %d octets, want 40 and 60", r.SourceBytes, r.DestinationBytes)
	}
	if got := list[0].FlowServerIP.String(); got != "192.0.2.1" {
		t.Errorf("the server is %s", got)
	}
	checkAccounts(t, b.d.store)
}
