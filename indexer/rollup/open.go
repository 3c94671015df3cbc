package rollup

import (
	"cmp"
	"slices"
	"time"

	"github.com/weirflow/weir/flow"
)

// sum adds a flow that has come now; s.mu is held.
func (s *Sink) sum(r *flow.Record, now time.Time) {
	if !r.Has(flow.FieldTimestamp) {
		s.metrics.noTime.Inc()
		return
	}
	s.pending++
	w := s.last
	if w == nil || r.Timestamp < w.start || r.Timestamp-w.start >= int64(w.length) {
		w = s.window(startOf(r.Timestamp, s.intervals[0].length), now)
		s.last = w
	}
	sum := sumsOf(r)
	var key combinationKey
	if key.make(r, w.start) != 0 { // a text that has no place of the usual kind
		x := causeOf(r)
		exporter := w.exporter(x.origin)
		w.addCause(exporter, &x, &sum)
		w.hosts.add(r, exporter, &sum)
		return
	}
	e, at := s.combinations.find(&key)
	if e == nil {
		if s.combinations.full() {
			s.combinations.spill()
			_, at = s.combinations.find(&key)
		}
		x := causeOf(r)
		e = s.combinations.add(at, &key, w, &x)
	}
	e.sum.add(&sum)
	w.hosts.add(r, e.exporter, &sum)
}

// startOf gives the start of the interval that a time is in, Unix nanoseconds.
func startOf(t int64, length time.Duration) int64 {
	offset := t % int64(length)
	if offset < 0 {
		offset += int64(length)
	}
	return t - offset
}

// window finds or opens the window of an interval.
func (s *Sink) window(start int64, now time.Time) *window {
	w := s.windows[start]
	if w == nil {
		w = s.open(s.windows, s.intervals[0], start, now)
	}
	return w
}

func (s *Sink) open(in map[int64]*window, i interval, start int64, now time.Time) *window {
	w := newWindow(start, i.length, now.Add(i.length+s.cfg.Grace), s.cfg.MaxKeys)
	in[start] = w
	if i == s.intervals[0] && slices.Contains(s.written, start) {
		s.metrics.repeated.Inc()
	}
	return w
}

// size is how many sums are open; s.mu is held.
func (s *Sink) size() (n int) {
	for _, w := range s.windows {
		n += w.size()
	}
	for _, w := range s.long {
		n += w.size()
	}
	return n
}

// take takes windows that are to be written off the open ones, oldest first, and
// adds them to those of the longer interval; s.mu is held.
func (s *Sink) take(now time.Time, which func(*window) bool) (list []*window) {
	due := byDue(s.windows, which)
	if len(due) > 0 {
		s.combinations.spill() // their entries point to windows
		s.last = nil
	}
	for _, w := range due {
		delete(s.windows, w.start)
		if s.written = append(s.written, w.start); len(s.written) > rememberWritten {
			s.written = slices.Delete(s.written, 0, 1)
		}
		if len(s.intervals) > 1 {
			i := s.intervals[1]
			start := startOf(w.start, i.length)
			long := s.long[start]
			if long == nil {
				long = s.open(s.long, i, start, now)
			}
			long.merge(w)
		}
	}
	list = due
	for _, w := range byDue(s.long, which) {
		delete(s.long, w.start)
		list = append(list, w)
	}
	return list
}

// byDue gives the windows that are meant, in order of when they are due.
func byDue(in map[int64]*window, which func(*window) bool) []*window {
	var list []*window
	for _, w := range in {
		if which(w) {
			list = append(list, w)
		}
	}
	slices.SortFunc(list, func(a, b *window) int { return cmp.Or(a.due.Compare(b.due), cmp.Compare(a.start, b.start)) })
	return list
}

// due takes what is to be written now.
func (s *Sink) due(now time.Time) []*window {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.take(now, func(w *window) bool { return !now.Before(w.due) })
}

// all takes everything.
func (s *Sink) all() []*window {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.take(time.Now(), func(*window) bool { return true })
}

// tooMany takes windows before their time when all together hold too many sums:
// first those that are due first, until half of the room is free. s.mu is held.
func (s *Sink) tooMany(now time.Time) []*window {
	limit := sumsPerKey * s.cfg.MaxKeys
	if len(s.windows)+len(s.long) <= maxWindows && s.size() <= limit {
		return nil
	}
	s.combinations.spill()
	early := map[*window]bool{}
	left, windows := s.size(), len(s.windows)+len(s.long)
	for _, w := range slices.Concat(byDue(s.windows, always), byDue(s.long, always)) {
		if left <= limit/2 && windows <= maxWindows/2 {
			break
		}
		early[w] = true
		left -= w.size()
		windows--
	}
	s.metrics.early.Add(float64(len(early)))
	return s.take(now, func(w *window) bool { return early[w] })
}

func always(*window) bool { return true }
