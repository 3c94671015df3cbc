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
	// Product is elasticsearch or opensearch.
	Product string
	// URL is where it answers, without a slash at its end.
	URL string
}

// known are the servers; the addresses are those of indexer/servers. The
// variables name others.
var known = []struct{ product, variable, address string }{
	{"elasticsearch", "WEIR_ELASTICSEARCH", "http://127.0.0.1:9210"},
	{"opensearch", "WEIR_OPENSEARCH", "http://127.0.0.1:9220"},
}

// Each runs a test for each product. Where a server does not answer the test is
// skipped, or fails when WEIR_REQUIRE=1.
func Each(t *testing.T, test func(t *testing.T, s Server)) {
	for _, k := range known {
		t.Run(k.product, func(t *testing.T) { test(t, find(t, k.product)) })
	}
}

// Both gives both servers, and skips or fails as Each does when one is missing.
func Both(t *testing.T) []Server {
	t.Helper()
	var list []Server
	for _, k := range known {
		list = append(list, find(t, k.product))
	}
	return list
}

func find(t *testing.T, product string) Server {
	t.Helper()
	for _, k := range known {
		if k.product != product {
			continue
		}
		s := Server{product, strings.TrimRight(cmp.Or(os.Getenv(k.variable), k.address), "/")}
		ctx, cancel := context.WithTimeout(t.Context(), timeout)
		defer cancel()
		if _, _, err := s.do(ctx, http.MethodGet, "/", ""); err != nil {
			missing := fmt.Sprintf("no %s answers: %v; start one with `make servers`, or name another in %s", product, err, k.variable)
			if os.Getenv("WEIR_REQUIRE") == "1" {
				t.Fatal(missing)
			}
			t.Skip("SKIPPED: " + missing)
		}
		return s
	}
	t.Fatalf("no product is called %s", product)
	return Server{}
}

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
		for _, stream := range []string{"weir-flows-", "weir-counters-", "weir-exporters-", "weir-rejected-", "weir-rollup-1m-", "weir-rollup-1h-"} {
			for _, path := range []string{"/_data_stream/", "/_index_template/"} {
				status, text, err := s.do(ctx, http.MethodDelete, path+stream+namespace, "")
				if status == http.StatusMethodNotAllowed {
					break // and so is the template, as long as the stream uses it
				}
				if err != nil || status != http.StatusOK && status != http.StatusNotFound {
					t.Errorf("deleting %s%s%s: status %d, %v: %s", path, stream, namespace, status, err, text)
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
