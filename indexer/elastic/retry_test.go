package elastic

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weirflow/weir/flow"
)

// pass lets the bubble's clock run on. It takes the server's lock so that what
// the test and the server's answers share needs no other.
func (f *fakeServer) pass(d time.Duration) {
	f.change(func() {})
	<-time.After(d)
	synctest.Wait()
	f.change(func() {})
}

func TestDocumentsArrive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		s := f.start(nil)
		b := flow.NewBatch(4)
		b.Next().SetSourcePort(1)
		b.Next().Kind = flow.KindCounters
		b.Next().Kind = flow.KindOptions
		b.Next().SetSourcePort(4)
		write(t, s, b)
		synctest.Wait()
		if f.bulkCount() != 0 {
			t.Error("a body was sent before it was full or old")
		}
		f.pass(1100 * time.Millisecond) // and no new input
		if f.bulkCount() != 1 {
			t.Fatalf("%d requests after the flush interval, want 1", f.bulkCount())
		}
		got := f.bulks[0]
		if got.path != "/weir-flows-default/_bulk" || got.query != "filter_path=errors%2Citems.%2A.status%2Citems.%2A.error.type%2Citems.%2A.error.reason&require_data_stream=true" {
			t.Errorf("request to %s?%s", got.path, got.query)
		}
		if ct := got.header.Get("Content-Type"); ct != "application/x-ndjson" {
			t.Errorf("content type %q", ct)
		}
		if got.header.Get("X-Elastic-Product") != "" || got.header.Get("X-Elastic-Client-Meta") != "" {
			t.Errorf("headers that pretend to be another client: %v", got.header)
		}
		want := []string{`{"create":{}}`, `{"create":{"_index":"weir-counters-default"}}`, `{"create":{}}`}
		if !slices.Equal(got.actions, want) {
			t.Errorf("actions %q, want %q", got.actions, want)
		}
		if len(f.templates) != 18 {
			t.Errorf("%d templates installed before the first document, want 18", len(f.templates))
		}
		stop(t, s)
		f.documents(map[string]float64{"indexed": 3, "skipped/options_record": 1})
	})
}

func TestFlushBySize(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		s := f.start(func(c *Config) { c.FlushDocuments = 10; c.FlushInterval = time.Hour })
		write(t, s, flows(0, 25))
		synctest.Wait()
		if f.bulkCount() != 2 {
			t.Errorf("%d requests for 25 documents in tens, want 2", f.bulkCount())
		}
		stop(t, s)
		if f.bulkCount() != 3 || len(f.stored) != 25 {
			t.Errorf("%d requests, %d documents after Close; want 3 and 25", f.bulkCount(), len(f.stored))
		}
		f2 := newFake(t)
		s = f2.start(func(c *Config) { c.FlushBytes = 1024; c.FlushInterval = time.Hour })
		write(t, s, flows(0, 100))
		synctest.Wait()
		for _, b := range f2.bulks {
			if n := len(strings.Join(append(b.docs, b.actions...), "\n")); n < 1000 || n > 1400 {
				t.Errorf("a body of %d bytes with flush_bytes 1024", n)
			}
		}
		stop(t, s)
		f2.documents(map[string]float64{"indexed": 100})
	})
}

func TestItemClasses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		var times []time.Time
		f.respond = func(n int, b bulk) (int, http.Header, string) {
			times = append(times, time.Now())
			switch n {
			case 1:
				return 200, nil, answers("201", "409", "429:es_rejected_execution_exception:queue full",
					"400:document_parsing_exception:failed to parse [network.bytes]", "503", "201")
			case 2: // the report about the rejected one
				if b.actions[0] != `{"create":{"_index":"weir-rejected-default"}}` ||
					!strings.Contains(b.docs[0], "failed to parse [network.bytes]") || !strings.Contains(b.docs[0], `\"port\":3`) {
					t.Errorf("the report is %s %s", b.actions[0], b.docs[0])
				}
				return 200, nil, all(1, 201)
			}
			if len(b.docs) != 2 || !strings.Contains(b.docs[0], `"port":2}`) || !strings.Contains(b.docs[1], `"port":4}`) {
				t.Errorf("sent again: %q, want the documents with ports 2 and 4", b.docs)
			}
			if n == 3 {
				return 200, nil, answers("429", "201")
			}
			return 200, nil, all(len(b.docs), 201)
		}
		s := f.start(func(c *Config) { c.FlushDocuments = 6 })
		write(t, s, flows(0, 6))
		f.pass(1100 * time.Millisecond)
		if len(times) != 3 || times[2].Sub(times[0]) < 500*time.Millisecond {
			t.Fatalf("requests at %v, want the third after a back-off of 0.5 to 1 s", times)
		}
		f.documents(map[string]float64{"indexed": 3, "duplicate": 1, "rejected/document_parsing_exception": 1})
		f.change(func() {
			f.respond = func(n int, b bulk) (int, http.Header, string) {
				if len(b.docs) != 1 || !strings.Contains(b.docs[0], `"port":2}`) {
					t.Errorf("sent again: %q, want the document with port 2", b.docs)
				}
				return 200, nil, all(len(b.docs), 201)
			}
		})
		stop(t, s)
		f.documents(map[string]float64{"indexed": 4, "duplicate": 1, "rejected/document_parsing_exception": 1})
		if n := metric(s.metrics.retried.WithLabelValues("overloaded")); n != 3 {
			t.Errorf("%v documents retried, want 3", n)
		}
		if n := metric(s.metrics.reports.WithLabelValues("stored")); n != 1 {
			t.Errorf("%v reports stored, want 1", n)
		}
		if n := metric(s.metrics.uncertain); n != 0 {
			t.Errorf("%v documents uncertain, want 0", n)
		}
	})
}

func TestRetryAfterPausesEverything(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		var times []time.Duration
		began := time.Now()
		f.respond = func(n int, b bulk) (int, http.Header, string) {
			times = append(times, time.Since(began))
			if n == 1 {
				return 429, http.Header{"Retry-After": {"20"}}, `{"error":{"type":"circuit_breaking_exception","reason":"too much"}}`
			}
			return 200, nil, all(len(b.docs), 201)
		}
		s := f.start(func(c *Config) { c.FlushDocuments = 5 })
		write(t, s, flows(0, 10))
		synctest.Wait()
		if err := s.Ready(); err != nil {
			t.Errorf("not ready while the server asks for a pause: %v", err)
		}
		f.pass(19 * time.Second)
		if len(times) != 1 {
			t.Errorf("%d requests within the pause, want 1", len(times))
		}
		f.pass(2 * time.Second)
		if len(times) != 3 {
			t.Errorf("requests at %v, want 3", times)
		}
		stop(t, s)
		f.documents(map[string]float64{"indexed": 10})
	})
}

func TestTooLargeIsHalved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.respond = func(_ int, b bulk) (int, http.Header, string) {
			if len(b.docs) > 3 || strings.Contains(strings.Join(b.docs, ""), `"port":7}`) {
				return 413, nil, ""
			}
			f.stored = append(f.stored, b.docs...)
			return 200, nil, all(len(b.docs), 201)
		}
		s := f.start(nil)
		write(t, s, flows(0, 16))
		f.pass(2 * time.Second)
		stop(t, s)
		f.documents(map[string]float64{"indexed": 15, "rejected/request_too_large": 1})
		if n := metric(s.metrics.reports.WithLabelValues("stored")); n != 1 {
			t.Errorf("%v reports stored, want 1", n)
		}
	})
}

func TestForbidden(t *testing.T) {
	for name, refusal := range map[string]func(b bulk) (int, string){
		"request": func(bulk) (int, string) {
			return 403, `{"error":{"type":"security_exception","reason":"no rights"}}`
		},
		"items": func(b bulk) (int, string) {
			return 200, answers(slices.Repeat([]string{"403:security_exception:no rights"}, len(b.docs))...)
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(t)
				var count int
				f.respond = func(n int, b bulk) (int, http.Header, string) {
					count = n
					if n < 4 {
						status, text := refusal(b)
						return status, nil, text
					}
					f.stored = append(f.stored, b.docs...)
					return 200, nil, all(len(b.docs), 201)
				}
				s := f.start(nil)
				write(t, s, flows(0, 3))
				f.pass(1100 * time.Millisecond)
				err := s.Ready()
				if err == nil || !strings.Contains(err.Error(), "security_exception: no rights") || !strings.Contains(err.Error(), "check the credentials") {
					t.Errorf("Ready gives %v, want the server's reason and what to do", err)
				}
				f.pass(7 * time.Second)
				if count != 1 {
					t.Errorf("%d requests in 8 s, want a long back-off", count)
				}
				f.pass(3 * time.Minute)
				if err := s.Ready(); err != nil {
					t.Errorf("still not ready: %v", err)
				}
				stop(t, s)
				f.documents(map[string]float64{"indexed": 3})
			})
		})
	}
}

func TestServerDownAtStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		down := true
		f.down = func(string) error {
			if down {
				return refused()
			}
			return nil
		}
		s := f.start(func(c *Config) { c.FlushBytes, c.QueueBytes = 4096, 3*4096; c.FlushInterval = time.Hour })
		total := 0
		for range 20 {
			write(t, s, flows(total, 10))
			total += 10
		}
		f.pass(time.Minute)
		if err := s.Ready(); err == nil || !strings.Contains(err.Error(), "connection refused") {
			t.Errorf("Ready gives %v", err)
		}
		lost := metric(s.metrics.documents.WithLabelValues(resultDropped, reasonServerDown))
		if lost == 0 || lost == float64(total) {
			t.Errorf("%v of %d documents dropped, want those beyond the queue", lost, total)
		}
		if bytes, _, _, _ := s.queue.load(); bytes > 3*4096 || bytes < 2*4096 {
			t.Errorf("%d bytes wait, want about what queue_bytes allows", bytes)
		}
		f.change(func() { down = false })
		f.pass(2 * time.Minute)
		stop(t, s)
		f.documents(map[string]float64{"indexed": float64(total) - lost, "dropped/server_down": lost})
		if len(f.stored) != total-int(lost) || !strings.Contains(f.stored[0], `"port":0}`) {
			t.Errorf("%d documents stored, the first is %s; want the oldest %v", len(f.stored), f.stored[0], float64(total)-lost)
		}
		if n := metric(s.metrics.uncertain); n != 0 {
			t.Errorf("%v documents uncertain although none was sent", n)
		}
		if n := strings.Count(f.logged(), "cannot write to the server"); n < 1 || n > 8 {
			t.Errorf("%d log lines about the server in 3 minutes, want a few", n)
		}
	})
}

func TestStreamsWaitForRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		release := make(chan struct{})
		f.down = func(string) error { <-release; return nil }
		s := f.start(func(c *Config) { c.FlushBytes, c.QueueBytes = 4096, 3*4096 })
		written := make(chan struct{})
		go func() {
			defer close(written)
			for i := range 20 {
				b := flows(i*10, 10)
				b.Waits = true
				write(t, s, b)
			}
		}()
		synctest.Wait()
		select {
		case <-written:
			t.Error("everything was taken at once")
		default:
		}
		close(release)
		<-written
		stop(t, s)
		f.documents(map[string]float64{"indexed": 200})

		// A wait ends with its context.
		f = newFake(t)
		stuck := make(chan struct{})
		f.down = func(string) error { <-stuck; return refused() }
		s = f.start(func(c *Config) { c.FlushBytes, c.QueueBytes = 4096, 3*4096 })
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		b := flows(0, 200)
		b.Waits = true
		if err := s.Write(ctx, b); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Write gives %v", err)
		}
		close(stuck)
		err := s.Close(ctx)
		if err == nil || !strings.Contains(err.Error(), "not written") {
			t.Errorf("Close gives %v, want how many documents are lost", err)
		}
		f.documents(map[string]float64{"dropped/shutdown": 200})
	})
}

func TestUnreadableAnswers(t *testing.T) {
	for name, text := range map[string]string{
		"no JSON": "<html>Welcome</html>", "fewer items": all(2, 201), "more items": all(4, 201),
		"no status": `{"items":[{"create":{}},{"create":{}},{"create":{}}]}`, "empty": "",
		"redirects": answers("302", "302", "302"), "cut": all(3, 201)[:50],
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(t)
				f.respond = func(int, bulk) (int, http.Header, string) { return 200, nil, text }
				s := f.start(nil)
				write(t, s, flows(0, 3))
				f.pass(5 * time.Minute)
				if f.bulkCount() != maxUnreadable {
					t.Errorf("sent %d times, want %d", f.bulkCount(), maxUnreadable)
				}
				if n := metric(s.metrics.uncertain); n != 3*maxUnreadable {
					t.Errorf("%v documents uncertain, want %d", n, 3*maxUnreadable)
				}
				stop(t, s)
				f.documents(map[string]float64{"dropped/unreadable_answer": 3})
			})
		})
	}
}

func TestMalformedRequestIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.respond = func(int, bulk) (int, http.Header, string) {
			return 400, nil, `{"error":{"type":"illegal_argument_exception","reason":"Malformed action"}}`
		}
		s := f.start(nil)
		write(t, s, flows(0, 3))
		f.pass(5 * time.Minute)
		stop(t, s)
		f.documents(map[string]float64{"dropped/malformed_request": 3})
		if !strings.Contains(f.logged(), "Malformed action") {
			t.Errorf("the log does not say why: %s", f.logged())
		}
	})
}
