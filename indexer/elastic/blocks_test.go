package elastic

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/indexer/elastic/elastictest"
)

// Blocks that an operator or a full disk puts on an index: documents wait for
// their end and are all there then.
func TestRealBlocks(t *testing.T) {
	elastictest.Each(t, func(t *testing.T, s elastictest.Server) {
		for _, block := range []string{"write", "read_only", "read_only_allow_delete"} {
			t.Run(block, func(t *testing.T) {
				namespace := s.Namespace(t)
				p := newFaulty(t, s)
				sink, log := p.open(namespace, nil, nil)
				ctx, cancel := context.WithTimeout(t.Context(), faultPatience)
				defer cancel()
				write(t, sink, flows(0, 100))
				if err := sink.Flush(ctx); err != nil {
					t.Fatal(err)
				}
				set := func(value string) {
					s.Call(t, http.MethodPut, "/"+streamFlows+namespace+"/_settings", fmt.Sprintf(`{"index.blocks.%s":%s}`, block, value), nil)
				}
				set("true")
				write(t, sink, flows(100, 100))
				select {
				case <-p.refused:
				case <-ctx.Done():
					t.Fatalf("the server has refused nothing; the log:\n%s", log)
				}
				set("null")
				finish(t, sink, log)
				check(t, s, sink, log, namespace, 200, fault{})
			})
		}
	})
}

// Credentials that expire, in each form that a file can hold them: nothing is
// lost until the file has the new ones, which need no restart.
func TestRealExpiredCredentials(t *testing.T) {
	elastictest.Each(t, func(t *testing.T, s elastictest.Server) {
		for name, c := range map[string]struct {
			change func(*Config, string)
			header func(secret string) string
			status int
		}{
			"password, 401": {func(c *Config, file string) { c.Username, c.PasswordFile = "weir", file }, func(s string) string { return basicAuth("weir", s) }, http.StatusUnauthorized},
			"API key, 401":  {func(c *Config, file string) { c.APIKeyFile = file }, func(s string) string { return "ApiKey " + s }, http.StatusUnauthorized},
			"token, 403":    {func(c *Config, file string) { c.BearerTokenFile = file }, func(s string) string { return "Bearer " + s }, http.StatusForbidden},
		} {
			t.Run(name, func(t *testing.T) {
				file := put(t, filepath.Join(t.TempDir(), "secret"), "hush-1\n")
				namespace := s.Namespace(t)
				p := newFaulty(t, s)
				valid, refused := "hush-1", make(chan struct{}, 1000)
				p.set(func(_ int, w http.ResponseWriter, r *http.Request) bool {
					p.mu.Lock()
					defer p.mu.Unlock()
					if r.Header.Get("Authorization") == c.header(valid) {
						return false
					}
					w.WriteHeader(c.status)
					refused <- struct{}{}
					return true
				}, nil)
				sink, log := p.open(namespace, nil, func(config *Config) { c.change(config, file) })
				ctx, cancel := context.WithTimeout(t.Context(), faultPatience)
				defer cancel()
				write(t, sink, flows(0, 50))
				if err := sink.Flush(ctx); err != nil {
					t.Fatal(err)
				}
				p.mu.Lock()
				valid = "hush-22"
				p.mu.Unlock()
				write(t, sink, flows(50, 50))
				for range 3 {
					select {
					case <-refused:
					case <-ctx.Done():
						t.Fatalf("the server was not asked again; the log:\n%s", log)
					}
				}
				if err := sink.Ready(); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("status %d", c.status)) {
					t.Errorf("Ready gives %v", err)
				}
				put(t, file, "hush-22\n")
				finish(t, sink, log)
				check(t, s, sink, log, namespace, 100, fault{says: "check the credentials"})
			})
		}
	})
}

// counters gives n counter samples.
func counters(n int) *flow.Batch {
	b := flow.NewBatch(n)
	for i := range n {
		r := b.Next()
		r.Kind = flow.KindCounters
		r.SetTimestamp(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC).UnixNano())
		r.Extra = append(r.Extra, flow.Element{Name: "if_in_octets", Num: uint64(i)})
	}
	return b
}

// A block on another data stream than that of flows holds up only that one.
func TestRealBlockBesideFlows(t *testing.T) {
	elastictest.Each(t, func(t *testing.T, s elastictest.Server) {
		namespace := s.Namespace(t)
		p := newFaulty(t, s)
		sink, log := p.open(namespace, nil, nil)
		ctx, cancel := context.WithTimeout(t.Context(), faultPatience)
		defer cancel()
		write(t, sink, counters(10))
		if err := sink.Flush(ctx); err != nil {
			t.Fatal(err)
		}
		set := func(value string) {
			s.Call(t, http.MethodPut, "/"+streamCounters+namespace+"/_settings", `{"index.blocks.write":`+value+`}`, nil)
		}
		set("true")
		write(t, sink, counters(10))
		select {
		case <-p.refused:
		case <-ctx.Done():
			t.Fatalf("the server has refused nothing; the log:\n%s", log)
		}
		sink.link.mu.Lock()
		before := sink.link.round
		sink.link.mu.Unlock()
		for i := range 3 {
			write(t, sink, flows(100*i, 100))
			for metric(sink.metrics.indexed) < float64(10+100*(i+1)) {
				_, _, _, change := sink.queue.load()
				if !sleep(ctx, 10*time.Millisecond, change) {
					t.Fatalf("flows wait for counters; the log:\n%s", log)
				}
			}
		}
		sink.link.mu.Lock()
		after := sink.link.round
		sink.link.mu.Unlock()
		if after != before || sink.Ready() != nil {
			t.Errorf("the connection was given up %d times; Ready gives %v", after-before, sink.Ready())
		}
		set("null")
		finish(t, sink, log)
		if n, _ := s.Totals(t, streamCounters+namespace, "flow.counters.if_in_octets"); n != 20 {
			t.Errorf("%d counter samples are there, want 20; the log:\n%s", n, log)
		}
		if !strings.Contains(log.String(), "other than that of flows") {
			t.Errorf("the log does not say it:\n%s", log)
		}
	})
}

// A template that somebody deletes before the first document: Elasticsearch
// refuses documents without one, and the sink puts it back. OpenSearch knows no
// such demand and makes an index of its own; nothing is lost there either.
func TestRealMissingTemplate(t *testing.T) {
	elastictest.Each(t, func(t *testing.T, s elastictest.Server) {
		namespace := s.Namespace(t)
		p := newFaulty(t, s)
		sink, log := p.open(namespace, nil, nil)
		ctx, cancel := context.WithTimeout(t.Context(), faultPatience)
		defer cancel()
		if _, _, ok := sink.link.await(ctx); !ok {
			t.Fatalf("not connected: %v", sink.Ready())
		}
		if s.Product == opensearch { // where the set-up has made the stream, which keeps its template
			s.Call(t, http.MethodDelete, "/_data_stream/"+streamFlows+namespace, "", nil)
		}
		s.Call(t, http.MethodDelete, "/_index_template/"+streamFlows+namespace, "", nil)
		write(t, sink, flows(0, 100))
		finish(t, sink, log)
		there, _ := s.Totals(t, streamFlows+namespace, "network.bytes")
		if there != 100 || metric(sink.metrics.indexed) != 100 {
			t.Errorf("%d documents are there, %v counted, want 100; the log:\n%s", there, metric(sink.metrics.indexed), log)
		}
		if s.Product == elasticsearch {
			if metric(sink.metrics.retried.WithLabelValues("missing_stream")) != 100 {
				t.Errorf("%v documents were sent again, want 100", metric(sink.metrics.retried.WithLabelValues("missing_stream")))
			}
			s.Call(t, http.MethodGet, "/_index_template/"+streamFlows+namespace, "", nil)
			list := search(t, s, streamFlows+namespace, `{"match_all":{}}`)
			if !strings.HasPrefix(list[0].Index, ".ds-") {
				t.Errorf("the documents are in %s, which is no data stream", list[0].Index)
			}
		}
	})
}
