package transfer

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strconv"
	"time"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/indexer/query"
)

// Sink is where an import writes; elastic.Sink is one.
type Sink interface {
	Write(ctx context.Context, b *flow.Batch) error
	Flush(ctx context.Context) error
}

// Counts is what became of the documents that a sink has got so far.
type Counts struct{ Indexed, Duplicate, Rejected, Dropped int64 }

// IDs gives documents ids by their content, so that one that is sent once more
// has the id that it had. Equal documents are told apart by counting: they have
// the same time, and an import sends those of a millisecond in the same window.
// One goroutine uses it.
type IDs struct{ seen map[[idBytes]byte]int }

// idBytes is how many bytes of a SHA-256 sum an id has.
const idBytes = 15

// Next begins a window.
func (x *IDs) Next() { x.seen = make(map[[idBytes]byte]int) }

// ID gives the id of a document.
func (x *IDs) ID(document []byte) string {
	sum := sha256.Sum256(document)
	key := [idBytes]byte(sum[:])
	id := base64.RawURLEncoding.EncodeToString(key[:])
	n := x.seen[key]
	x.seen[key] = n + 1
	if n > 0 {
		id += "-" + strconv.Itoa(n)
	}
	return id
}

// Import is what is needed for one.
type Import struct {
	Source Source
	Sink   Sink
	// IDs are those that Sink uses.
	IDs *IDs
	// Counts tells what has become of documents.
	Counts func() (Counts, error)
	// Filter selects flows, nil all.
	Filter query.Node
	// Query asks the source.
	Query func(context.Context, query.Request) (*query.Answer, error)
	// Path is the file of the state.
	Path string
	// Progress is called with the rows that are done and all there are.
	Progress func(done, all int64)
}

// windowRows is how many rows are sent between two marks, about.
const windowRows = 50_000

// Run sends the flows of a state that are not done yet, in windows of time. After
// each the sink is flushed and the state saved: what an interruption leaves is
// one window, whose documents get the same ids when they are sent again.
func (m *Import) Run(ctx context.Context, s *State) (warnings []string, err error) {
	all, err := m.count(ctx, s.Next, s.To)
	if err != nil {
		return nil, err
	}
	all += s.Rows
	known := map[string]bool{}
	p := plan{query: m.Query, filter: m.Filter, next: s.Next, end: s.To}
	if err := s.save(m.Path); err != nil { // before anything is sent
		return nil, err
	}
	for {
		to, err := p.window(ctx)
		if err != nil || to.IsZero() {
			return warnings, err
		}
		before, err := m.Counts()
		if err != nil {
			return warnings, err
		}
		m.IDs.Next()
		rows := int64(0)
		result, err := m.Source.records(ctx, query.Request{From: s.Next, To: to, Filter: m.Filter}, func(b *flow.Batch) error {
			b.Waits = true // for room in the sink
			if err := m.Sink.Write(ctx, b); err != nil {
				return err
			}
			rows += int64(b.Len())
			m.Progress(s.Rows+rows, all)
			return nil
		})
		if err == nil {
			err = m.Sink.Flush(ctx)
		}
		if err != nil {
			return warnings, err
		}
		after, err := m.Counts()
		if err != nil {
			return warnings, err
		}
		if lost := after.Dropped - before.Dropped; lost > 0 {
			return warnings, fmt.Errorf("%d documents were lost on their way; run the import again, it goes on before them", lost)
		}
		for _, w := range result.Warnings {
			if !known[w] {
				known[w] = true
				warnings = append(warnings, w)
			}
		}
		s.Incomplete += result.Stats.Failed
		s.Rows += rows
		s.Indexed += after.Indexed - before.Indexed
		s.Duplicate += after.Duplicate - before.Duplicate
		s.Rejected += after.Rejected - before.Rejected
		s.Next = to
		s.Finished = !to.Before(s.To)
		if err := s.save(m.Path); err != nil {
			return warnings, err
		}
	}
}

// count gives the number of rows in a range.
func (m *Import) count(ctx context.Context, from, to time.Time) (int64, error) {
	if !from.Before(to) {
		return 0, nil
	}
	a, err := m.Query(ctx, query.Request{From: from, To: to, Filter: m.Filter, Groups: &query.Groups{}})
	if err != nil {
		return 0, err
	}
	return a.Stats.Matched, nil
}

// plan cuts a range of time into windows of about windowRows rows each.
type plan struct {
	query     func(context.Context, query.Request) (*query.Answer, error)
	filter    query.Node
	next, end time.Time
	ends      []time.Time // of the next windows
}

// window gives the end of the next window, zero when there is none. It begins
// where the last one ended.
func (p *plan) window(ctx context.Context) (time.Time, error) {
	if len(p.ends) == 0 && p.next.Before(p.end) {
		if err := p.cut(ctx, p.next, p.end); err != nil {
			return time.Time{}, err
		}
	}
	if len(p.ends) == 0 {
		return time.Time{}, nil
	}
	p.next, p.ends = p.ends[0], p.ends[1:]
	return p.next, nil
}

// cutBuckets is how many counts a range is cut by.
const cutBuckets = 1000

// cut appends the ends of windows in a range. A part that has too many rows is
// cut again, down to a millisecond.
func (p *plan) cut(ctx context.Context, from, to time.Time) error {
	interval := max(query.MinInterval, (to.Sub(from) / cutBuckets).Round(query.MinInterval))
	a, err := p.query(ctx, query.Request{From: from, To: to, Filter: p.filter, Histogram: &query.Histogram{Interval: interval}})
	if err != nil {
		return err
	}
	rows, start := int64(0), from
	end := func(at time.Time) {
		if at.After(start) {
			p.ends = append(p.ends, at)
			rows, start = 0, at
		}
	}
	for i, at := range a.Histogram.Buckets {
		n, _ := a.Histogram.Total.Values[i][0].(int64)
		next := at.Add(interval)
		if next.After(to) {
			next = to
		}
		if rows > 0 && rows+n > windowRows {
			end(at)
		}
		if n > 2*windowRows && interval > query.MinInterval {
			end(at)
			begin := at
			if begin.Before(from) {
				begin = from
			}
			if err := p.cut(ctx, begin, next); err != nil {
				return err
			}
			rows, start = 0, next
			continue
		}
		rows += n
	}
	end(to)
	return nil
}
