// Package elastictest gives tests the real Elasticsearch and OpenSearch that
// `make servers` starts, and what they need to look into them. It serves tests
// only, and asserts nothing about Weir itself.
package elastictest

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"
)

// timeout bounds one request to a server.
const timeout = time.Minute

// client leaves no connection behind, which tests would find as a leak.
var client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

// Server is a real server.
type Server struct {
	// Name tells the servers apart: elasticsearch, elasticsearch9, opensearch or
	// opensearch3.
	Name string
	// Product is elasticsearch or opensearch.
	Product string
	// URL is where it answers, without a slash at its end.
	URL string
}

// known are the servers, each product's older version first; the addresses are
// those of indexer/servers. The variables name others.
var known = []struct{ name, product, variable, address string }{
	{"elasticsearch", "elasticsearch", "WEIR_ELASTICSEARCH", "http://127.0.0.1:9210"},
	{"elasticsearch9", "elasticsearch", "WEIR_ELASTICSEARCH9", "http://127.0.0.1:9211"},
	{"opensearch", "opensearch", "WEIR_OPENSEARCH", "http://127.0.0.1:9220"},
	{"opensearch3", "opensearch", "WEIR_OPENSEARCH3", "http://127.0.0.1:9221"},
}

// Each runs a test for each server. Where a server does not answer the test is
// skipped, or fails when WEIR_REQUIRE=1.
func Each(t *testing.T, test func(t *testing.T, s Server)) {
	for i := range known {
		t.Run(known[i].name, func(t *testing.T) { test(t, find(t, i)) })
	}
}

// Pairs runs a test for the two older servers and for the two newer ones, one of
// each product. It skips or fails as Each does when one is missing.
func Pairs(t *testing.T, test func(t *testing.T, pair []Server)) {
	for _, pair := range [][2]int{{0, 2}, {1, 3}} {
		t.Run(known[pair[0]].name+"+"+known[pair[1]].name, func(t *testing.T) {
			test(t, []Server{find(t, pair[0]), find(t, pair[1])})
		})
	}
}

// All gives all servers, and skips or fails as Each does when one is missing.
func All(t *testing.T) []Server {
	t.Helper()
	var list []Server
	for i := range known {
		list = append(list, find(t, i))
	}
	return list
}

func find(t *testing.T, i int) Server {
	t.Helper()
	k := known[i]
	s := Server{k.name, k.product, strings.TrimRight(cmp.Or(os.Getenv(k.variable), k.address), "/")}
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	if _, _, err := s.do(ctx, http.MethodGet, "/", ""); err != nil {
		missing := fmt.Sprintf("no %s answers: %v; start one with `make servers`, or name another in %s", k.name, err, k.variable)
		if os.Getenv("WEIR_REQUIRE") == "1" {
			t.Fatal(missing)
		}
		t.Skip("SKIPPED: " + missing)
	}
	return s
}

// streams are the data streams' names without the namespace.
var streams = []string{"weir-flows-", "weir-counters-", "weir-exporters-", "weir-rejected-", "weir-rollup-1m-", "weir-rollup-1h-"}

// Namespace gives a namespace that nobody has used, and has the data streams and
// templates that end in it deleted when the test is over.
func (s Server) Namespace(t *testing.T) string {
	namespace := "test_" + strings.ToLower(rand.Text()[:12])
	s.Forget(t, namespace)
	return namespace
}

// Forget has what belongs to a namespace deleted when the test is over. The
// Elasticsearch of `make servers` lacks the endpoint that deletes data streams;
// there they stay until its next start, which begins with empty data.
func (s Server) Forget(t *testing.T, namespace string) {
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), timeout)
		defer cancel()
		for _, stream := range streams {
			name := stream + namespace
			for _, path := range []string{"/_data_stream/" + name, "/_index_template/" + name,
				"/_component_template/" + name + "-mappings", "/_component_template/" + name + "-settings"} {
				status, text, err := s.do(ctx, http.MethodDelete, path, "")
				if status == http.StatusMethodNotAllowed || bytes.Contains(text, []byte("no handler found")) {
					break // and so are the templates, as long as the stream uses them
				}
				if err != nil || status != http.StatusOK && status != http.StatusNotFound {
					t.Errorf("deleting %s: status %d, %v: %s", path, status, err, text)
				}
			}
		}
	})
}

// Call sends a request and reads the answer, which must be good, into result
// unless that is nil. body is JSON, or empty.
func (s Server) Call(t *testing.T, method, path, body string, result any) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	status, text, err := s.do(ctx, method, path, body)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("status %d", status)
	}
	if err == nil && result != nil {
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.UseNumber()
		err = decoder.Decode(result)
	}
	if err != nil {
		t.Fatalf("%s %s %s: %v: %s", method, path, body, err, text)
	}
}

// Totals refreshes a data stream and gives the number of its documents and the
// sum of a field. A stream that is not there has none.
func (s Server) Totals(t *testing.T, stream, field string) (documents, sum uint64) {
	t.Helper()
	s.Call(t, http.MethodPost, "/"+stream+"/_refresh?ignore_unavailable=true", "", nil)
	var answer struct {
		Hits         struct{ Total struct{ Value uint64 } }
		Aggregations struct{ Sum struct{ Value float64 } }
	}
	s.Call(t, http.MethodPost, "/"+stream+"/_search?ignore_unavailable=true",
		fmt.Sprintf(`{"size":0,"track_total_hits":true,"aggs":{"sum":{"sum":{"field":%q}}}}`, field), &answer)
	return answer.Hits.Total.Value, uint64(answer.Aggregations.Sum.Value)
}

func (s Server) do(ctx context.Context, method, path, body string) (int, []byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, s.URL+path, strings.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	answer, err := client.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	return answer.StatusCode, text, err
}
