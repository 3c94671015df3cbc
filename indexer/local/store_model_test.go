package local

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/indexer/local/column"
	"github.com/weirflow/weir/indexer/local/engine"
	"github.com/weirflow/weir/indexer/query"
)

// queryModel is what a store should hold: its records, in memory.
type queryModel struct {
	rng     *rand.Rand
	batches [][]flow.Record
	next    int64     // number of the next record, in event.created
	clock   time.Time // of the flows
}

// TestQueriesOfStore holds random queries against the same records in memory,
// while batches come, logs become segments, segments merge, old ones go, and the
// store is closed and opened, or read from beside.
func TestQueriesOfStore(t *testing.T) {
	seeds := uint64(4)
	if testing.Short() {
		seeds = 1
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			m := &queryModel{rng: rand.New(rand.NewPCG(seed, 11)), clock: time.Now().Add(-20 * time.Hour).Truncate(time.Millisecond)}
			dir := quickDir(t)
			config := func(c *Config) { c.RotateRows, c.MergeRows, c.Keep = 1024+m.rng.IntN(3000), 131072, 10000*time.Hour }
			s := start(t, dir, config)
			for range 80 {
				switch m.rng.IntN(14) {
				case 0:
					stop(t, s)
					s = start(t, dir, config)
				case 1:
					s.mu.Lock()
					s.seal()
					s.mu.Unlock()
				case 2:
					settle(t, s)
					s.keeping.Lock()
					for s.mergeSome() {
					}
					s.keeping.Unlock()
				case 3:
					m.retain(t, s)
				case 4, 5, 6:
					x, err := s.Snapshot()
					if err != nil {
						t.Fatal(err)
					}
					m.compare(t, x.Blocks())
					x.Release()
				case 7:
					m.beside(t, dir)
				default:
					m.append(t, s)
				}
			}
		})
	}
}

// append stores some batches; the later ones have later times.
func (m *queryModel) append(t *testing.T, s *Store) {
	for range 1 + m.rng.IntN(6) {
		n := 1 + m.rng.IntN(400)
		m.clock = m.clock.Add(time.Duration(m.rng.IntN(240)) * time.Second)
		b := flow.NewBatch(n)
		for range n {
			m.fill(b.Next())
		}
		p, err := s.Append(t.Context(), b.Records())
		if err == nil {
			err = p.Wait(t.Context())
		}
		if err != nil {
			t.Fatal(err)
		}
		m.batches = append(m.batches, b.Records())
	}
}

func (m *queryModel) fill(r *flow.Record) {
	r.SetEventCreated(m.next)
	m.next++
	r.SetTimestamp(m.clock.Add(-time.Duration(m.rng.IntN(60)) * time.Second).UnixNano())
	r.SetSourceIP(netip.AddrFrom4([4]byte{10, 0, byte(m.rng.IntN(3)), byte(m.rng.IntN(20))}))
	r.SetDestinationIP(netip.AddrFrom4([4]byte{192, 0, 2, byte(m.rng.IntN(200))}))
	r.SetSourcePort(uint16(m.rng.IntN(1 << 16)))
	r.SetDestinationPort([]uint16{53, 80, 443, 8080}[m.rng.IntN(4)])
	r.SetNetworkIANANumber([]uint8{6, 17}[m.rng.IntN(2)])
	r.SetNetworkBytes(uint64(m.rng.IntN(100_000)))
	r.SetNetworkPackets(uint64(1 + m.rng.IntN(100)))
	if m.rng.IntN(4) > 0 {
		r.SetFlowCategory([]string{"Web", "Name Resolution", "Email", "Other"}[m.rng.IntN(4)])
		r.SetFlowTCPFlags(uint16(m.rng.IntN(32)))
	}
	if m.rng.IntN(10) == 0 {
		r.AddTags("guest", fmt.Sprint("site ", m.rng.IntN(4)))
		r.Extra = append(r.Extra, flow.Element{Name: "ipTTL", Num: uint64(m.rng.IntN(5))})
	}
}

// retain deletes by age: rows that are gone must be too old, and others there.
func (m *queryModel) retain(t *testing.T, s *Store) {
	settle(t, s)
	limit := m.clock.Add(-time.Duration(m.rng.IntN(3600*4)) * time.Second)
	s.keeping.Lock()
	s.retain(limit.Add(s.cfg.Keep))
	s.keeping.Unlock()
	x, err := s.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	defer x.Release()
	left := map[int64]bool{}
	var created column.Vector
	for _, b := range x.Blocks() {
		if err := b.Load(t.Context(), []int{int(flow.FieldEventCreated)}, []*column.Vector{&created}); err != nil {
			t.Fatal(err)
		}
		for row := range b.Rows() {
			left[created.Int(row)] = true
		}
	}
	for i, batch := range m.batches {
		m.batches[i] = slices.DeleteFunc(slices.Clone(batch), func(r flow.Record) bool {
			gone := !left[r.EventCreated]
			if gone && r.Timestamp >= limit.UnixNano() {
				t.Errorf("record %d is gone, %s before the limit", r.EventCreated, limit.Sub(time.Unix(0, r.Timestamp)))
			}
			return gone
		})
	}
}

// beside asks through a reader of the folder, as another process would.
func (m *queryModel) beside(t *testing.T, dir string) {
	r, err := OpenReader(dir)
	if err != nil {
		if m.next == 0 {
			return // there is nothing yet
		}
		t.Fatal(err)
	}
	x, err := r.Snapshot(t.Context())
	if err != nil || x.Problems != nil {
		t.Fatal(err, x.Problems)
	}
	defer x.Release()
	m.compare(t, x.Blocks())
}

// compare asks some random questions of the store and of the model.
func (m *queryModel) compare(t *testing.T, blocks []column.Block) {
	t.Helper()
	table, rows := column.NewTable(), 0
	for _, batch := range m.batches {
		table.Append(batch)
		rows += len(batch)
	}
	var plain []column.Block
	if rows > 0 {
		plain = append(plain, table.View(rows))
	}
	for range 4 {
		r := m.request(t)
		got, want := answer(t, blocks, r), answer(t, plain, r)
		if got != want {
			t.Fatalf("%+v %+v %+v with filter %v from %v to %v:\n%s\nwant\n%s", r.Groups, r.Histogram, r.Newest, r.Filter, r.From, r.To, got, want)
		}
	}
}

// answer gives an answer without how it came about.
func answer(t *testing.T, blocks []column.Block, r query.Request) string {
	t.Helper()
	a, err := engine.Run(t.Context(), blocks, r)
	if err != nil {
		t.Fatal(err)
	}
	if a.Newest == nil {
		a.Stats = query.Stats{Rows: a.Stats.Rows, Matched: a.Stats.Matched}
	} else {
		a.Stats = query.Stats{Rows: a.Stats.Rows}
		a.Newest.Next = "" // it is the same, or there is none
	}
	text, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func (m *queryModel) request(t *testing.T) (r query.Request) {
	pick := func(list ...string) string { return list[m.rng.IntN(len(list))] }
	filter := pick("", "source.ip:10.0.1.0/24", "flow.category:(Web or Email)", "not flow.category:*", "destination.port >= 443 and flow.tcp_flags:SYN",
		"tags:guest", "flow.ie.ipTTL:(1 or 3)", "source.ip:10.0.0.7 or destination.ip:192.0.2.9", "network.bytes < 5000 and network.iana_number:17", "flow.category:Na*")
	var err error
	if r.Filter, err = query.Parse(filter); err != nil {
		t.Fatal(err)
	}
	if m.rng.IntN(2) == 0 {
		r.From = m.clock.Add(-time.Duration(1+m.rng.IntN(7200)) * time.Second)
	}
	if m.rng.IntN(2) == 0 {
		r.To = m.clock.Add(-time.Duration(m.rng.IntN(3600))*time.Second + 2*time.Hour)
	}
	metrics := []query.Metric{{Func: query.Sum, Field: "network.bytes"}, {Func: query.Count}, {Func: query.Distinct, Field: pick("source.ip", "source.port", "tags")}, {Func: query.Avg, Field: "network.packets"}, {Func: query.Max, Field: "@timestamp"}}
	by := [][]string{nil, {"flow.category"}, {"source.ip", "destination.ip"}, {"tags"}, {"destination.port", "network.iana_number", "flow.tcp_flags"}, {"network.community_id"}}[m.rng.IntN(6)]
	switch m.rng.IntN(3) {
	case 0:
		r.Groups = &query.Groups{By: by, Metrics: metrics, Order: m.rng.IntN(3), Top: 1 + m.rng.IntN(20), Missing: m.rng.IntN(2) == 0}
	case 1:
		r.Histogram = &query.Histogram{Interval: 17 * time.Minute, By: by, Metrics: metrics, Order: m.rng.IntN(3), Top: 1 + m.rng.IntN(5), Missing: m.rng.IntN(2) == 0}
	default:
		r.Newest = &query.Newest{Count: 1 + m.rng.IntN(100)}
	}
	return r
}
