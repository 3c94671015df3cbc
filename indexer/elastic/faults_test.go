package elastic

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/indexer/elastic/elastictest"
)

// faultPatience bounds the wait for what must happen on a busy machine.
const faultPatience = 3 * time.Minute

// fault is a row of the table: what goes wrong, and how it ends.
type fault struct {
	change func(*Config)
	before func(n int, w http.ResponseWriter, r *http.Request) bool
	bulk   func(n int, x *exchange) bool
	// batch gives the records; nil for faultRecords flows.
	batch func() *flow.Batch
	// ids gives documents ids of their own, as weir import does.
	ids bool
	// rejected and dropped are how many documents end so.
	rejected, dropped int
	// retried is the reason for which documents were sent once more, if any.
	retried string
	// uncertain says that documents may be there twice, and are counted.
	uncertain bool
	// says is in the log.
	says string
}

const faultRecords = 200

// firstly spoils the first n bulk requests.
func firstly(n int, spoil func(x *exchange)) func(int, *exchange) bool {
	return func(i int, x *exchange) bool {
		if i > n {
			return false
		}
		spoil(x)
		return true
	}
}

// refuse answers with a status instead of the server.
func refuse(status int, text string) func(x *exchange) {
	return func(x *exchange) {
		x.w.Header().Set("Retry-After", "0")
		x.answer(status, []byte(text))
	}
}

const busy = `{"create":{"status":429,"error":{"type":"es_rejected_execution_exception","reason":"queue full"}}}`

// faults is the table. Each row runs against each product.
var faults = map[string]fault{
	"nothing": {},
	"mapping conflict": {
		batch: func() *flow.Batch {
			b := flows(0, faultRecords)
			for i := range 5 {
				b.At(i * 7).SetNetworkBytes(math.MaxUint64) // no long
			}
			return b
		},
		rejected: 5, says: "the server rejects documents",
	},
	"429 storm":          {bulk: firstly(6, refuse(http.StatusTooManyRequests, `{"error":{"type":"es_rejected_execution_exception","reason":"busy"},"status":429}`)), retried: "overloaded"},
	"429 of every item":  {bulk: firstly(4, func(x *exchange) { x.some(func(int) bool { return false }, busy) }), retried: "overloaded"},
	"429 of single ones": {bulk: firstly(5, func(x *exchange) { x.some(func(i int) bool { return i%3 == 0 }, busy) }), retried: "overloaded"},
	"503":                {bulk: firstly(4, refuse(http.StatusServiceUnavailable, "no server is available")), retried: "overloaded", says: "no server is available"},
	"502 after all":      {bulk: firstly(2, func(x *exchange) { x.pass(); x.answer(http.StatusBadGateway, nil) }), retried: "overloaded", uncertain: true},
	"413": {
		bulk: func(_ int, x *exchange) bool {
			if len(x.lines()) <= 30 {
				return false
			}
			refuse(http.StatusRequestEntityTooLarge, "")(x)
			return true
		},
		retried: "too_large", says: "bodies become smaller",
	},
	"413 of one document": {
		batch: func() *flow.Batch {
			b := flows(0, faultRecords)
			b.At(50).SetUserName(strings.Repeat("long", 5000))
			return b
		},
		bulk: func(_ int, x *exchange) bool {
			size, flows := 0, false
			for _, pair := range x.lines() {
				size += len(pair[1])
				flows = flows || !strings.Contains(pair[0], "weir-rejected-")
			}
			if size < 20_000 || !flows {
				return false
			}
			refuse(http.StatusRequestEntityTooLarge, "")(x)
			return true
		},
		retried: "too_large", rejected: 1,
	},
	"400 of a proxy": {bulk: firstly(2, refuse(http.StatusBadRequest, "what?")), retried: "malformed_request"},
	"request cut in its middle": {
		before: func() func(int, http.ResponseWriter, *http.Request) bool {
			var bulks sync.Map // by proxy
			return func(_ int, _ http.ResponseWriter, r *http.Request) bool {
				if !strings.HasSuffix(r.URL.Path, "/_bulk") {
					return false
				}
				n, _ := bulks.LoadOrStore(r.Host, new(atomic.Int32))
				if n.(*atomic.Int32).Add(1) > 2 {
					return false
				}
				_, _ = r.Body.Read(make([]byte, 100))
				panic(http.ErrAbortHandler)
			}
		}(),
		retried: "network", uncertain: true,
	},
	"answer cut in its middle":    {bulk: firstly(2, func(x *exchange) { x.cut(x.pass()) }), retried: "network", uncertain: true},
	"no answer at all":            {bulk: firstly(2, func(x *exchange) { x.pass(); panic(http.ErrAbortHandler) }), retried: "network", uncertain: true},
	"no answer, documents by id":  {bulk: firstly(3, func(x *exchange) { x.pass(); panic(http.ErrAbortHandler) }), retried: "network", ids: true},
	"answer shortened":            {bulk: firstly(2, func(x *exchange) { text := x.pass(); x.answer(200, text[:len(text)/2]) }), retried: "unreadable_answer", uncertain: true},
	"answer garbled":              {bulk: firstly(2, func(x *exchange) { x.pass(); x.answer(200, []byte("<html>Welcome</html>")) }), retried: "unreadable_answer", uncertain: true},
	"answer about too few":        {bulk: firstly(2, func(x *exchange) { x.pass(); x.answer(200, []byte(all(3, 201))) }), retried: "unreadable_answer", uncertain: true},
	"answers garbled without end": {bulk: firstly(math.MaxInt, func(x *exchange) { x.pass(); x.answer(200, []byte("{}")) }), retried: "unreadable_answer", uncertain: true, dropped: faultRecords, says: "its documents are given up"},
	"slow answer": {
		change: func(c *Config) { c.Timeout = 5 * time.Second },
		bulk:   firstly(1, func(x *exchange) { x.pass(); <-x.r.Context().Done() }), retried: "network", uncertain: true,
	},
	"slow, and not taken": {
		change: func(c *Config) { c.Timeout = 5 * time.Second },
		bulk:   firstly(1, func(x *exchange) { <-x.r.Context().Done() }), retried: "network", uncertain: true,
	},
	"403 of the request": {bulk: firstly(3, refuse(http.StatusForbidden, `{"error":{"type":"security_exception","reason":"action is unauthorized"},"status":403}`)), retried: "forbidden", says: "check the credentials"},
	"redirect": {
		before: func(n int, w http.ResponseWriter, r *http.Request) bool {
			if n > 4 {
				return false
			}
			http.Redirect(w, r, "https://u:hush@elsewhere.example.net/login", http.StatusFound)
			return true
		},
		says: "https://***@elsewhere.example.net/login, which is not followed",
	},
	"redirect of bulk requests": {bulk: firstly(3, func(x *exchange) { http.Redirect(x.w, x.r, "/login", http.StatusTemporaryRedirect) }), retried: "unexpected_status", says: "/login, which is not followed"},
	"another product": {
		before: func(n int, w http.ResponseWriter, _ *http.Request) bool {
			if n > 4 {
				return false
			}
			_, _ = w.Write([]byte(`{"version":{"number":"3.0","distribution":"couch"},"tagline":"Relax"}`))
			return true
		},
		says: "neither Elasticsearch's nor OpenSearch's",
	},
	"a gateway that shows the request": {
		change: func(c *Config) {
			c.Username, c.Password, c.Headers = "weir", "hush-hush", map[string]string{"x-key": "hushed"}
		},
		before: func(n int, w http.ResponseWriter, r *http.Request) bool {
			if n > 3 {
				return false
			}
			w.WriteHeader(http.StatusBadGateway)
			auth := r.Header.Get("Authorization")
			_, _ = fmt.Fprintf(w, "x-key %s, %s, see http://weir:hush@gateway/", r.Header.Get("X-Key"), auth[len(auth)-8:])
			_, _ = fmt.Fprintf(w, "; authorization %s", auth)
			return true
		},
		says: "x-key ***",
	},
	"a web page": {
		before: func(n int, w http.ResponseWriter, _ *http.Request) bool {
			if n > 4 {
				return false
			}
			_, _ = w.Write([]byte("<html>Welcome</html>"))
			return true
		},
		says: "the URL must lead to Elasticsearch or OpenSearch",
	},
}

func TestRealFaults(t *testing.T) {
	elastictest.Each(t, func(t *testing.T, s elastictest.Server) {
		for name, row := range faults {
			t.Run(name, func(t *testing.T) { row.run(t, s) })
		}
	})
}

func (row fault) run(t *testing.T, s elastictest.Server) {
	namespace := s.Namespace(t)
	p := newFaulty(t, s)
	p.set(row.before, row.bulk)
	var id func([]byte) string
	if row.ids {
		id = func(document []byte) string {
			sum := sha256.Sum256(document)
			return hex.EncodeToString(sum[:8])
		}
	}
	sink, log := p.open(namespace, id, func(c *Config) {
		c.FlushDocuments = 70
		if row.change != nil {
			row.change(c)
		}
	})
	b := flows(0, faultRecords)
	if row.batch != nil {
		b = row.batch()
	}
	write(t, sink, b)
	finish(t, sink, log)
	check(t, s, sink, log, namespace, faultRecords, row)
}

// finish waits until every document has found its end, and closes the sink.
func finish(t *testing.T, sink *Sink, log *lockedBuffer) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), faultPatience)
	defer cancel()
	if err := sink.Flush(ctx); err != nil {
		t.Errorf("%v; the log:\n%s", err, log)
	}
	if err := sink.Close(ctx); err != nil {
		t.Error(err)
	}
}

// check holds what the server has and what the sink counts against what was
// written.
func check(t *testing.T, s elastictest.Server, sink *Sink, log *lockedBuffer, namespace string, written int, row fault) {
	t.Helper()
	stream := streamFlows + namespace
	there, _ := s.Totals(t, stream, "network.bytes")
	var answer struct {
		Aggregations struct{ Ports struct{ Value int } }
	}
	s.Call(t, http.MethodPost, "/"+stream+"/_search", `{"size":0,"aggs":{"ports":{"cardinality":{"field":"source.port","precision_threshold":4000}}}}`, &answer)
	distinct := answer.Aggregations.Ports.Value
	rejected, _ := s.Totals(t, streamRejected+namespace, "network.bytes")
	done := metric(sink.metrics.indexed) + metric(sink.metrics.documents.WithLabelValues(resultDuplicate, ""))
	counted, dropped := total(t, sink, resultRejected), total(t, sink, resultDropped)
	uncertain := int(metric(sink.metrics.uncertain))
	if want := written - row.rejected; distinct != want || int(done) != want-row.dropped || int(counted) != row.rejected || int(rejected) != row.rejected || int(dropped) != row.dropped {
		t.Errorf("%d different documents are there, %v counted as indexed, %v as rejected and %d kept, %v dropped; want %d, %d rejected, %d dropped; the log:\n%s",
			distinct, done, counted, rejected, dropped, want, row.rejected, row.dropped, log)
	}
	if again := int(there) - distinct; again > uncertain || row.ids && again > 0 {
		t.Errorf("%d documents are there twice, %d are uncertain", again, uncertain)
	}
	if !row.uncertain && !row.ids && uncertain > 0 || row.uncertain && uncertain == 0 {
		t.Errorf("%d documents are uncertain", uncertain)
	}
	if row.retried != "" && metric(sink.metrics.retried.WithLabelValues(row.retried)) == 0 {
		t.Errorf("no document is counted as retried for %s", row.retried)
	}
	if !strings.Contains(log.String(), row.says) || strings.Contains(log.String(), "hush") {
		t.Errorf("the log lacks %q, or shows a secret:\n%s", row.says, log)
	}
}

// total adds up weir_elastic_documents_total over the reasons of a result.
func total(t *testing.T, sink *Sink, result string) (sum float64) {
	t.Helper()
	registry := prometheus.NewRegistry()
	if err := registry.Register(sink.metrics.documents); err != nil {
		t.Fatal(err)
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range families[0].GetMetric() { // there is one
		for _, label := range m.GetLabel() {
			if label.GetName() == "result" && label.GetValue() == result {
				sum += m.GetCounter().GetValue()
			}
		}
	}
	return sum
}
