package elastic

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/goleak"

	"github.com/weirflow/weir/flow"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bulk is a bulk request as the fake server got it.
type bulk struct {
	path, query string
	header      http.Header
	docs        []string // without the actions
	actions     []string
}

// fakeServer answers without a network, so that the bubble's clock runs. It
// stands in for servers that refuse, are overloaded or lie, which real ones
// cannot be told to do.
type fakeServer struct {
	t       *testing.T
	version string
	// respond answers bulk requests; nil takes every document.
	respond func(n int, b bulk) (int, http.Header, string)
	// down, when it gives an error, is the network's.
	down func(host string) error
	// cut is the same by path.
	cut func(path string) error
	// there are the data streams that exist, without weir- and the namespace.
	there []string

	mu        sync.Mutex
	bulks     []bulk
	stored    []string
	templates fakeObjects
	auths     []string
	log       bytes.Buffer
	registry  *prometheus.Registry
}

func newFake(t *testing.T) *fakeServer {
	return &fakeServer{t: t, version: `{"number":"8.19.0"}`, templates: make(fakeObjects)}
}

func reply(status int, header http.Header, body string) *http.Response {
	if header == nil {
		header = http.Header{}
	}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(body))}
}

func (f *fakeServer) RoundTrip(r *http.Request) (*http.Response, error) {
	body := f.read(r)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.down != nil {
		if err := f.down(r.URL.Host); err != nil {
			return nil, err
		}
	}
	if f.cut != nil {
		if err := f.cut(r.URL.Path); err != nil {
			return nil, err
		}
	}
	f.auths = append(f.auths, r.Header.Get("Authorization"))
	switch {
	case r.URL.Path == "/" || r.URL.Path == "":
		return reply(200, nil, `{"version":`+f.version+`,"tagline":"You Know, for Search"}`), nil
	case r.URL.Path == "/_nodes/plugins":
		return reply(200, nil, `{"nodes":{"a":{"plugins":[{"name":"opensearch-custom-codecs"}]}}}`), nil
	case strings.HasSuffix(r.URL.Path, "/_bulk"):
		return f.bulk(r, body), nil
	}
	if strings.HasPrefix(r.URL.Path, "/_resolve/") {
		var list []string
		for _, name := range f.there {
			list = append(list, `{"name":"weir-`+name+`-default","backing_indices":[".ds-weir-`+name+`-default-000001"]}`)
		}
		return reply(200, nil, `{"data_streams":[`+strings.Join(list, ",")+`]}`), nil
	}
	if status, text, ok := f.templates.answer(r, body); ok {
		return reply(status, nil, text), nil
	}
	f.t.Errorf("unexpected request %s %s", r.Method, r.URL)
	return reply(400, nil, ""), nil
}

func (f *fakeServer) read(r *http.Request) string {
	if r.Body == nil {
		return ""
	}
	defer r.Body.Close()
	var source io.Reader = r.Body
	if r.Header.Get("Content-Encoding") == "gzip" {
		zip, err := gzip.NewReader(source)
		if err != nil {
			f.t.Error(err)
			return ""
		}
		source = zip
	}
	text, err := io.ReadAll(source)
	if err != nil {
		f.t.Error(err)
	}
	return string(text)
}

func (f *fakeServer) bulk(r *http.Request, body string) *http.Response {
	b := bulk{path: r.URL.Path, query: r.URL.Query().Encode(), header: r.Header.Clone()}
	if !strings.HasSuffix(body, "\n") {
		f.t.Error("a bulk body must end with a newline")
	}
	lines := strings.Split(strings.TrimSuffix(body, "\n"), "\n")
	for i := 0; i+1 < len(lines); i += 2 {
		b.actions, b.docs = append(b.actions, lines[i]), append(b.docs, lines[i+1])
	}
	f.bulks = append(f.bulks, b)
	if f.respond == nil {
		f.stored = append(f.stored, b.docs...)
		return reply(200, nil, all(len(b.docs), 201))
	}
	status, header, text := f.respond(len(f.bulks), b)
	return reply(status, header, text)
}

// all is an answer with one status for n documents.
func all(n, status int) string {
	return answers(strings.Split(strings.TrimSuffix(strings.Repeat(fmt.Sprintf("%d,", status), n), ","), ",")...)
}

// answers gives a bulk answer; an item is a status, or status:type:reason.
func answers(items ...string) string {
	var list []string
	for _, it := range items {
		part := strings.SplitN(it, ":", 3)
		if len(part) == 1 {
			list = append(list, `{"create":{"status":`+it+`}}`)
			continue
		}
		list = append(list, fmt.Sprintf(`{"create":{"status":%s,"error":{"type":%q,"reason":%q}}}`, part[0], part[1], part[2]))
	}
	return `{"errors":true,"items":[` + strings.Join(list, ",") + `]}`
}

// change has f behave differently from now on.
func (f *fakeServer) change(what func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	what()
}

func (f *fakeServer) bulkCount() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.bulks)
}

// refused is the error of a port where nobody listens.
func refused() error {
	return &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
}

// start gives a running sink that talks to f, with one sender. After jitter,
// the first back-off is 0.5 to 1 s, the second 1 to 2 s.
func (f *fakeServer) start(change func(*Config)) *Sink {
	f.t.Helper()
	c := DefaultConfig("http://one:9200")
	c.Concurrency = 1
	if change != nil {
		change(&c)
	}
	f.registry = prometheus.NewRegistry()
	s, err := New(c, Dependencies{
		Logger:     slog.New(slog.NewTextHandler(&lockedWriter{f: f}, nil)),
		Registerer: f.registry, Transport: f,
	})
	if err != nil {
		f.t.Fatal(err)
	}
	if err := s.Start(f.t.Context()); err != nil {
		f.t.Fatal(err)
	}
	return s
}

type lockedWriter struct{ f *fakeServer }

var logMutex sync.Mutex

func (w *lockedWriter) Write(p []byte) (int, error) {
	logMutex.Lock()
	defer logMutex.Unlock()
	return w.f.log.Write(p)
}

func (f *fakeServer) logged() string {
	logMutex.Lock()
	defer logMutex.Unlock()
	return f.log.String()
}

// flows gives a batch of n flows with source ports from first on.
func flows(first, n int) *flow.Batch {
	b := flow.NewBatch(n)
	for i := range n {
		r := b.Next()
		r.SetTimestamp(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC).UnixNano())
		r.SetSourcePort(uint16(first + i))
		r.SetNetworkBytes(uint64(100 + i))
	}
	return b
}

func write(t *testing.T, s *Sink, b *flow.Batch) {
	t.Helper()
	if err := s.Write(t.Context(), b); err != nil {
		t.Fatal(err)
	}
}

func stop(t *testing.T, s *Sink) {
	t.Helper()
	if err := s.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// documents checks weir_elastic_documents_total, as result/reason → count.
func (f *fakeServer) documents(want map[string]float64) {
	f.t.Helper()
	families, err := f.registry.Gather()
	if err != nil {
		f.t.Fatal(err)
	}
	got := make(map[string]float64)
	for _, family := range families {
		if family.GetName() != "weir_elastic_documents_total" {
			continue
		}
		for _, m := range family.GetMetric() {
			var result, reason string
			for _, label := range m.GetLabel() {
				switch label.GetName() {
				case "result":
					result = label.GetValue()
				case "reason":
					reason = label.GetValue()
				}
			}
			if value := m.GetCounter().GetValue(); value != 0 {
				got[strings.TrimSuffix(result+"/"+reason, "/")] = value
			}
		}
	}
	if !maps.Equal(got, want) {
		f.t.Errorf("documents %v, want %v", got, want)
	}
}

func metric(c prometheus.Collector) float64 { return testutil.ToFloat64(c) }
