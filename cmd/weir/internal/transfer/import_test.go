package transfer

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/indexer/local/column"
	"github.com/weirflow/weir/indexer/local/engine"
	"github.com/weirflow/weir/indexer/query"
)

var noon = time.Date(2026, 9, 21, 12, 0, 0, 0, time.UTC)

// made makes a source of blocks of the given flows; at gives the time of each in
// milliseconds after noon. Every third flow equals the one before but for its
// time.
func made(t *testing.T, n, perBlock int, at func(i int) int64) (s Source) {
	t.Helper()
	table, b := column.NewTable(), flow.NewBatch(1)
	for i := range n {
		b.Reset()
		r := b.Next()
		r.SetTimestamp(noon.Add(time.Duration(at(i)) * time.Millisecond).UnixNano())
		r.SetSourceIP(netip.AddrFrom4([4]byte{10, 0, byte(i / 3 >> 8), byte(i / 3)}))
		r.SetNetworkBytes(uint64(i / 3 * 3))
		table.Append(b.Records())
		if table.Rows() == perBlock || i == n-1 {
			s = append(s, table.View(table.Rows()))
			table = column.NewTable()
		}
	}
	return s
}

func (s Source) run(ctx context.Context, r query.Request) (*query.Answer, error) {
	return engine.Run(ctx, s, r)
}

// TestPlan: windows follow each other without gaps, and have about as many rows
// as they should, whatever the flows' times are.
func TestPlan(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for name, at := range map[string]func(i int) int64{
		"even":          func(i int) int64 { return int64(i) },
		"a burst":       func(i int) int64 { return 1_000_000 + random.Int64N(2000)*int64(i%10/9)*1000 },
		"one moment":    func(i int) int64 { return 5 },
		"far apart":     func(i int) int64 { return int64(i) % 2 * 100_000_000_000 },
		"all over":      func(i int) int64 { return random.Int64N(1 << 30) },
		"ends together": func(i int) int64 { return 86_400_000 - random.Int64N(1+int64(i)/100) },
	} {
		t.Run(name, func(t *testing.T) {
			s := made(t, 400_000, 1<<17, at)
			ends, err := s.run(t.Context(), query.Request{Groups: &query.Groups{Metrics: []query.Metric{{Func: query.Min, Field: "@timestamp"}, {Func: query.Max, Field: "@timestamp"}}}})
			if err != nil {
				t.Fatal(err)
			}
			from, to := ends.Groups.Total.Values[0].(time.Time), ends.Groups.Total.Values[1].(time.Time).Add(time.Millisecond)
			p := plan{query: s.run, next: from, end: to}
			total, windows := int64(0), 0
			for at := from; ; windows++ {
				next, err := p.window(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if next.IsZero() {
					if !at.Equal(to) {
						t.Errorf("the last window ends at %s, want %s", at, to)
					}
					break
				}
				a, err := s.run(t.Context(), query.Request{From: at, To: next, Groups: &query.Groups{By: []string{"@timestamp"}, Top: 1}})
				if err != nil {
					t.Fatal(err)
				}
				moment := int64(0) // the most rows of a millisecond, which cannot be cut
				if len(a.Groups.Rows) > 0 {
					moment = a.Groups.Rows[0].Values[0].(int64)
				}
				if n := a.Stats.Matched; n-moment > 2*windowRows {
					t.Errorf("%d rows from %s to %s", n, at, next)
				}
				total += a.Stats.Matched
				at = next
			}
			if total != 400_000 || windows > 100 {
				t.Errorf("%d windows with %d rows", windows, total)
			}
		})
	}
}

// server is a sink that keeps documents by id, as a server does.
type server struct {
	ids       *IDs
	encoder   *flow.Encoder
	documents map[string]string
	counts    Counts
	// failAfter has Write fail after so many documents, 0 for never.
	failAfter int
	// lose has Flush report lost documents.
	lose int64
}

var errStop = errors.New("stop")

func (s *server) Write(_ context.Context, b *flow.Batch) error {
	if !b.Waits {
		return errors.New("the batch does not wait")
	}
	for i := range b.Records() {
		if s.failAfter > 0 {
			if s.failAfter--; s.failAfter == 0 {
				return errStop
			}
		}
		document := string(s.encoder.AppendJSON(nil, b.At(i)))
		id := s.ids.ID([]byte(document))
		if old, ok := s.documents[id]; ok {
			if old != document {
				return fmt.Errorf("%s and %s have the id %s", old, document, id)
			}
			s.counts.Duplicate++
			continue
		}
		s.documents[id] = document
		s.counts.Indexed++
	}
	return nil
}

func (s *server) Flush(context.Context) error {
	s.counts.Dropped += s.lose
	s.lose = 0
	return nil
}

// TestImport interrupts an import at random moments until it is through: nothing
// is missing, and nothing is there twice, also flows that are equal.
func TestImport(t *testing.T) {
	const n = 300_000
	random := rand.New(rand.NewPCG(3, 4))
	source := made(t, n, 1<<16, func(i int) int64 { return int64(i) / 6 * 6 }) // so that equal flows are there
	to := &server{ids: &IDs{}, encoder: flow.NewEncoder(), documents: map[string]string{}}
	path := filepath.Join(t.TempDir(), "state.json")
	s := &State{Target: "server", From: noon, Next: noon, To: noon.Add(n * time.Millisecond)}
	progress := int64(0)
	m := Import{Source: source, Sink: to, IDs: to.ids, Counts: func() (Counts, error) { return to.counts, nil }, Query: source.run, Path: path,
		Progress: func(done, all int64) {
			if done < progress && progress-done > 2*windowRows || all != n {
				t.Errorf("progress %d after %d, of %d", done, progress, all)
			}
			progress = done
		}}
	to.lose = 1
	if _, err := m.Run(t.Context(), s); err == nil || !strings.Contains(err.Error(), "1 documents were lost") {
		t.Fatalf("a lost document gives %v", err)
	}
	interruptions := 0
	for {
		loaded, ok, err := LoadState(path)
		if err != nil || !ok {
			t.Fatal(ok, err)
		}
		to.failAfter = 1 + random.IntN(windowRows*2)
		_, err = m.Run(t.Context(), &loaded)
		if err == nil {
			break
		}
		if !errors.Is(err, errStop) {
			t.Fatal(err)
		}
		interruptions++
	}
	end, _, err := LoadState(path)
	if err != nil || !end.Finished || end.Rows != n || interruptions < 2 {
		t.Errorf("%+v, %v after %d interruptions", end, err, interruptions)
	}
	if len(to.documents) != n {
		t.Errorf("%d documents, want %d", len(to.documents), n)
	}
	equal := 0
	for id := range to.documents {
		if strings.HasSuffix(id, "-1") {
			equal++
		}
	}
	if equal < n/4 {
		t.Errorf("only %d documents have an equal one, which shows nothing", equal)
	}
}
