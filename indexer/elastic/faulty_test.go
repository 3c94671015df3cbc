package elastic

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/weirflow/weir/indexer/elastic/elastictest"
)

// faulty stands before a real server and spoils requests and answers, which
// nothing else can make happen at the moment that a test wants.
type faulty struct {
	*httptest.Server
	t      *testing.T
	server elastictest.Server
	client *http.Client

	mu sync.Mutex
	// before sees every request before its body is read, the n-th of all from 1,
	// and reports whether it has dealt with it.
	before func(n int, w http.ResponseWriter, r *http.Request) bool
	// bulk does the same for bulk requests, with the body.
	bulk func(n int, x *exchange) bool
	// refused is closed when the server itself has refused a document for now.
	refused         chan struct{}
	requests, bulks int
}

// exchange is a bulk request on its way.
type exchange struct {
	*faulty
	w    http.ResponseWriter
	r    *http.Request
	body []byte // as it came
}

func newFaulty(t *testing.T, s elastictest.Server) *faulty {
	f := &faulty{t: t, server: s, client: &http.Client{Transport: &http.Transport{}}, refused: make(chan struct{})}
	f.Server = httptest.NewUnstartedServer(http.HandlerFunc(f.serve))
	f.Config.ErrorLog = quietLog
	f.Start()
	t.Cleanup(func() {
		f.Close()
		f.client.CloseIdleConnections()
	})
	return f
}

func (f *faulty) serve(w http.ResponseWriter, r *http.Request) {
	isBulk := strings.HasSuffix(r.URL.Path, "/_bulk")
	f.mu.Lock()
	f.requests++
	n, before, bulk := f.requests, f.before, f.bulk
	if isBulk {
		f.bulks++
	}
	bulks := f.bulks
	f.mu.Unlock()
	if before != nil && before(n, w, r) {
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler) // the client has gone away
	}
	x := &exchange{f, w, r, body}
	if isBulk && bulk != nil && bulk(bulks, x) {
		return
	}
	status, text := x.forward(body, r.Header.Get("Content-Encoding"))
	x.answer(status, text)
}

// forward sends the request on with a body, and gives the answer.
func (x *exchange) forward(body []byte, encoding string) (status int, text []byte) {
	request, err := http.NewRequestWithContext(x.t.Context(), x.r.Method, x.server.URL+x.r.URL.RequestURI(), bytes.NewReader(body))
	if err != nil {
		x.t.Error(err)
		panic(http.ErrAbortHandler)
	}
	if kind := x.r.Header.Get("Content-Type"); kind != "" {
		request.Header.Set("Content-Type", kind)
	}
	if encoding != "" {
		request.Header.Set("Content-Encoding", encoding)
	}
	response, err := x.client.Do(request)
	if err != nil {
		panic(http.ErrAbortHandler) // the client has gone away
	}
	defer func() { _ = response.Body.Close() }()
	if text, err = io.ReadAll(response.Body); err != nil {
		x.t.Error(err)
	}
	x.w.Header().Set("Content-Type", response.Header.Get("Content-Type"))
	if product := response.Header.Get("X-Elastic-Product"); product != "" {
		x.w.Header().Set("X-Elastic-Product", product)
	}
	if bytes.Contains(text, []byte(`"status":403`)) || bytes.Contains(text, []byte(`"status":429`)) || bytes.Contains(text, []byte(`"status":404`)) {
		x.mu.Lock()
		select {
		case <-x.refused:
		default:
			close(x.refused)
		}
		x.mu.Unlock()
	}
	return response.StatusCode, text
}

// pass has the server take the request as it is.
func (x *exchange) pass() []byte {
	_, text := x.forward(x.body, x.r.Header.Get("Content-Encoding"))
	return text
}

func (x *exchange) answer(status int, text []byte) {
	x.w.WriteHeader(status)
	_, _ = x.w.Write(text) // the client may be gone
}

// cut answers with the first part of a text and closes the connection.
func (x *exchange) cut(text []byte) {
	x.w.Header().Set("Content-Length", fmt.Sprint(len(text)))
	x.w.WriteHeader(http.StatusOK)
	_, _ = x.w.Write(text[:len(text)/2])
	panic(http.ErrAbortHandler)
}

// lines gives the body's actions and documents, a pair each.
func (x *exchange) lines() [][2]string {
	var source io.Reader = bytes.NewReader(x.body)
	if x.r.Header.Get("Content-Encoding") == "gzip" {
		zip, err := gzip.NewReader(source)
		if err != nil {
			x.t.Error(err)
			return nil
		}
		source = zip
	}
	text, err := io.ReadAll(source)
	if err != nil {
		x.t.Error(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	var list [][2]string
	for i := 0; i+1 < len(lines); i += 2 {
		list = append(list, [2]string{lines[i], lines[i+1]})
	}
	return list
}

// some has the server take the documents for which keep holds, and answers for
// the others with an item of the test's own.
func (x *exchange) some(keep func(i int) bool, item string) {
	var body strings.Builder
	lines := x.lines()
	for i, pair := range lines {
		if keep(i) {
			body.WriteString(pair[0] + "\n" + pair[1] + "\n")
		}
	}
	var real []json.RawMessage
	if body.Len() > 0 {
		_, text := x.forward([]byte(body.String()), "")
		var answer struct{ Items []json.RawMessage }
		if err := json.Unmarshal(text, &answer); err != nil {
			x.t.Errorf("%v: %s", err, text)
		}
		real = answer.Items
	}
	var all []string
	for i := range lines {
		if !keep(i) {
			all = append(all, item)
			continue
		}
		all = append(all, string(real[0]))
		real = real[1:]
	}
	x.answer(http.StatusOK, []byte(`{"errors":true,"items":[`+strings.Join(all, ",")+`]}`))
}

// set changes what the proxy does from now on.
func (f *faulty) set(before func(int, http.ResponseWriter, *http.Request) bool, bulk func(int, *exchange) bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.before, f.bulk = before, bulk
}

// open gives a running sink that writes through the proxy, and its log.
func (f *faulty) open(namespace string, id func([]byte) string, change func(*Config)) (*Sink, *lockedBuffer) {
	f.t.Helper()
	c := DefaultConfig(f.URL)
	c.Namespace, c.Concurrency = namespace, 2
	c.Retry.Initial, c.Retry.Max = c.Retry.Initial/50, c.Retry.Max/300 // tests need not wait
	if change != nil {
		change(&c)
	}
	log := &lockedBuffer{}
	s, err := New(c, Dependencies{Logger: slog.New(slog.NewTextHandler(log, nil)), Registerer: prometheus.NewRegistry(), ID: id})
	if err != nil {
		f.t.Fatal(err)
	}
	if err := s.Start(f.t.Context()); err != nil {
		f.t.Fatal(err)
	}
	return s, log
}

// lockedBuffer is a log that may be read while it is written.
type lockedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
