package elastic

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/elastic/go-elasticsearch/v8/esapi"
	"github.com/klauspost/compress/gzip"
)

const (
	// maxUnreadable is how often documents are sent again when the server says it
	// did well in a way that cannot be read: each time may write them once more.
	maxUnreadable = 3
	// maxMalformed is the same for requests that the server does not understand.
	maxMalformed = 3
	// answerBase and answerPerDocument bound the answer that is read, in bytes.
	answerBase, answerPerDocument = 1 << 20, 4 << 10
)

// sender sends bodies, one after the other. Its buffers are its own.
type sender struct {
	*Sink
	zip     *gzip.Writer // nil without compression
	wires   sync.Pool
	answer  bytes.Buffer
	items   []item
	again   []int // positions of documents to send again
	headers http.Header
	yes     bool
}

func newSender(s *Sink) (*sender, error) {
	w := &sender{Sink: s, yes: true, headers: http.Header{"Content-Type": {"application/x-ndjson"}}}
	if s.config.Compression > 0 {
		zip, err := gzip.NewWriterLevel(nil, s.config.Compression)
		if err != nil {
			return nil, err
		}
		w.zip = zip
		w.headers.Set("Content-Encoding", "gzip")
	}
	return w, nil
}

func (w *sender) run(ctx context.Context) {
	for {
		b := w.queue.take(ctx)
		if b == nil {
			return
		}
		// Of b or its documents, what must be sent again is pushed anew; only then
		// b itself is done with.
		size, docs := len(b.raw), b.len()
		if round, p, ok := w.link.await(ctx); ok {
			w.deliver(ctx, b, round, p)
		} else {
			w.metrics.dropBody(b, reasonShutdown)
		}
		w.queue.done(size, docs)
	}
}

// deliver sends a body and does what the answer asks for.
func (w *sender) deliver(ctx context.Context, b *body, round uint64, p product) {
	a, err := w.post(ctx, b, p)
	switch {
	case ctx.Err() != nil && err != nil:
		w.metrics.uncertain.Add(float64(b.len()))
		w.metrics.dropBody(b, reasonShutdown)
		return
	case errors.Is(err, errCompression):
		w.complain("a bulk body is lost", b, err)
		w.metrics.dropBody(b, reasonCompression)
		return
	case err != nil:
		w.metrics.status(0)
		if !neverSent(err) {
			w.metrics.uncertain.Add(float64(b.len()))
		}
		w.link.fail(round, troubleServer, err, 0)
		w.retry(b, "network", time.Time{}) // the link's pause is enough
		return
	}
	w.metrics.status(a.status)
	wish := retryAfter(a.header, time.Now())
	switch classify(a.status, false) {
	case classDone:
		w.settle(b, a, round, wish)
	case classOverloaded:
		kind := troubleServer
		if a.status == http.StatusTooManyRequests {
			kind = troubleOverload
		} else if uncertain(a.status) {
			w.metrics.uncertain.Add(float64(b.len()))
		}
		w.link.fail(round, kind, a.failure(), wish)
		w.retry(b, "overloaded", time.Time{})
	case classTooLarge:
		w.split(b, a)
	case classMalformed:
		if b.unreadable++; b.unreadable >= maxMalformed {
			w.complain("the server does not understand a bulk body, which is lost", b, a.failure())
			w.metrics.dropBody(b, reasonMalformed)
			return
		}
		w.retry(b, "malformed_request", w.backoff(b, wish))
	case classForbidden:
		w.link.fail(round, troubleSetup, a.failure(), wish)
		w.retry(b, "forbidden", time.Time{})
	default:
		w.link.fail(round, troubleSetup, a.failure(), wish)
		w.retry(b, "unexpected_status", time.Time{})
	}
}

var errCompression = errors.New("the body could not be compressed")

// post sends the body and reads the answer.
func (w *sender) post(ctx context.Context, b *body, p product) (answer, error) {
	wire, err := newWire(&w.wires, w.zip, b.raw)
	if err != nil {
		return answer{}, fmt.Errorf("%w: %w", errCompression, err)
	}
	defer wire.release()
	w.metrics.rawBytes.Add(float64(len(b.raw)))
	w.metrics.wireBytes.Add(float64(len(wire.data)))
	reader, err := wire.reader()
	if err != nil {
		return answer{}, err
	}
	request := esapi.BulkRequest{
		Index: streamFlows + w.config.Namespace, Body: reader, Header: w.headers.Clone(),
		FilterPath: []string{"errors", "items.*.status", "items.*.error.type", "items.*.error.reason"},
	}
	if p.name == elasticsearch {
		request.RequireDataStream = &w.yes // OpenSearch does not know it
	}
	ctx, cancel := context.WithTimeout(ctx, w.config.Timeout)
	defer cancel()
	began := time.Now()
	a, err := w.client.do(ctx, request, &w.answer, answerBase+answerPerDocument*int64(b.len()))
	if err == nil {
		w.metrics.seconds.Observe(time.Since(began).Seconds())
	}
	if w.answer.Cap() > answerBase {
		w.answer = bytes.Buffer{} // a is valid all the same
	}
	return a, err
}

// settle looks at the answer about each document.
func (w *sender) settle(b *body, a answer, round uint64, wish time.Duration) {
	items, err := parseBulk(a.body, b.len(), w.items)
	w.items = items
	if err != nil {
		w.metrics.uncertain.Add(float64(b.len()))
		if b.unreadable++; b.unreadable >= maxUnreadable {
			w.complain("the answers to a bulk request make no sense; its documents are given up", b, err)
			w.metrics.dropBody(b, reasonUnreadable)
			return
		}
		w.link.fail(round, troubleServer, err, 0)
		w.retry(b, "unreadable_answer", w.backoff(b, wish))
		return
	}
	again, report := w.again[:0], (*body)(nil)
	done, worst, reasons := 0, classDone, item{}
	for i := range items {
		switch c := classify(items[i].status, true); c {
		case classDone:
			done++
		case classDuplicate:
			w.duplicate(b)
		case classRejected:
			report = w.reject(b, i, &items[i], report)
		default:
			again = append(again, i)
			if worst == classDone || c != classOverloaded {
				worst, reasons = c, items[i]
			}
		}
	}
	w.again = again
	if b.report {
		w.metrics.reports.WithLabelValues("stored").Add(float64(done))
	} else {
		w.metrics.indexed.Add(float64(done))
	}
	if len(again) < len(items) {
		w.link.worked()
		w.metrics.lastWorked.SetToCurrentTime()
	}
	if report != nil {
		w.file(report)
	}
	if len(again) > 0 {
		w.sendAgain(b, again, worst, reasons, round, wish)
	}
	clear(w.items) // lets go of the texts
	if len(again) == 0 {
		w.pool.put(b)
	}
}

func (w *sender) duplicate(b *body) {
	if b.report {
		w.metrics.reports.WithLabelValues("stored").Inc()
		return
	}
	w.metrics.documents.WithLabelValues(resultDuplicate, "").Inc()
}

// sendAgain keeps the documents that could not be written now. When not one
// could, or something must be mended, all requests pause.
func (w *sender) sendAgain(b *body, again []int, worst class, it item, round uint64, wish time.Duration) {
	cause := &statusError{status: it.status, kind: clip(it.kind, 100), reason: clip(it.reason, 500)}
	part, reason := b.pick(again), "overloaded"
	switch {
	case worst == classForbidden:
		reason = "forbidden"
		if !part.beside() {
			w.link.fail(round, troubleSetup, cause, wish)
			break
		}
		// Flows get there all the same, so they must not wait for what is beside
		// them, which waits as long as it would with the link down.
		if w.quiet.Allow() {
			w.log.Warn("the server does not let a data stream be written to, other than that of flows; its documents wait in memory", "documents", part.len(), "error", cause)
		}
		w.pool.put(b)
		w.retry(part, reason, time.Now().Add(w.config.Retry.delay(part.attempts+5, wish)))
		return
	case worst == classMissing:
		reason = "missing_stream"
		w.link.fail(round, troubleServer, cause, wish)
	case len(again) == b.len():
		w.link.fail(round, troubleOverload, cause, wish)
	}
	w.pool.put(b)
	w.retry(part, reason, w.backoff(part, wish))
}

// split sends a body that is too large again in two halves. A single document
// that is too large is rejected.
func (w *sender) split(b *body, a answer) {
	if b.len() == 1 {
		f := a.failure()
		it := item{status: a.status, kind: "request_too_large", reason: f.reason}
		if report := w.reject(b, 0, &it, nil); report != nil {
			w.file(report)
		}
		return
	}
	smaller := max(leastFlushBytes, int64(len(b.raw))/2)
	for limit := w.limit.Load(); smaller < limit && !w.limit.CompareAndSwap(limit, smaller); limit = w.limit.Load() {
	}
	if w.quiet.Allow() {
		w.log.Warn("the server finds the request too large; bodies become smaller", "bytes", len(b.raw), "limit", w.limit.Load())
	}
	w.metrics.retried.WithLabelValues("too_large").Add(float64(b.len()))
	first, second := b.halves()
	w.queue.push(first)
	w.queue.push(second)
	w.pool.put(b)
}

// retry queues a body again, due at the given time or, when that is zero, at
// once. It gives the body up when it has been tried too often or too long.
func (w *sender) retry(b *body, reason string, due time.Time) {
	b.attempts++
	limits := w.config.Retry
	switch {
	case limits.MaxAttempts > 0 && b.attempts >= limits.MaxAttempts:
		w.metrics.dropBody(b, reasonAttempts)
		return
	case limits.MaxAge > 0 && time.Since(b.born) >= limits.MaxAge:
		w.metrics.dropBody(b, reasonAge)
		return
	}
	b.due = due
	w.metrics.retried.WithLabelValues(reason).Add(float64(b.len()))
	w.queue.push(b)
}

// backoff gives when a body that fails once more is due.
func (w *sender) backoff(b *body, wish time.Duration) time.Time {
	return time.Now().Add(w.config.Retry.delay(b.attempts+1, wish))
}

func (w *sender) complain(what string, b *body, err error) {
	if w.quiet.Allow() {
		w.log.Error(what, "documents", b.len(), "error", err)
	}
}
