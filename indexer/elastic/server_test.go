package elastic

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestCloseIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.down = func(string) error { return refused() }
		s := f.start(func(c *Config) { c.FlushDocuments = 10; c.Concurrency = 3 })
		write(t, s, flows(0, 95))
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		if err := s.Close(ctx); err == nil || !strings.Contains(err.Error(), "95 documents") {
			t.Errorf("Close gives %v", err)
		}
		f.documents(map[string]float64{"dropped/shutdown": 95})
		if err := s.Close(t.Context()); err != nil {
			t.Errorf("the second Close gives %v", err)
		}
	})
}

func TestLostConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		calls := 0
		f.down = func(string) error {
			// The set-up asks who answers, then for each template, which it puts; after
			// that the first bulk request is cut off.
			if calls++; calls == 1+2*allTemplates+1 {
				return errors.New("unexpected EOF")
			}
			return nil
		}
		s := f.start(nil)
		write(t, s, flows(0, 5))
		f.pass(3 * time.Second)
		stop(t, s)
		if n := metric(s.metrics.uncertain); n != 5 {
			t.Errorf("%v documents uncertain, want the 5 of the cut request", n)
		}
		f.documents(map[string]float64{"indexed": 5})
	})
}

func TestAnotherServerTakesOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		dead := ""
		f.down = func(host string) error {
			if host == dead {
				return refused()
			}
			return nil
		}
		s := f.start(func(c *Config) { c.URLs = []string{"http://one:9200", "http://two:9200"} })
		for _, host := range []string{"one:9200", "two:9200", "one:9200"} {
			f.change(func() { dead = host })
			began := time.Now()
			write(t, s, flows(0, 4))
			f.pass(1500 * time.Millisecond)
			if bytes, _, _, _ := s.queue.load(); bytes != 0 {
				t.Errorf("with %s down, documents still wait after %v", host, time.Since(began))
			}
		}
		stop(t, s)
		f.documents(map[string]float64{"indexed": 12})
	})
}

func TestMissingStreamChecksTemplates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.respond = func(n int, b bulk) (int, http.Header, string) {
			if n == 1 {
				clear(f.templates) // somebody has deleted them
			}
			if len(f.templates) == 0 {
				return 200, nil, answers("404:index_not_found_exception:no such index", "404:index_not_found_exception:no such index")
			}
			return 200, nil, all(len(b.docs), 201)
		}
		s := f.start(nil)
		write(t, s, flows(0, 2))
		f.pass(5 * time.Second)
		stop(t, s)
		f.documents(map[string]float64{"indexed": 2})
	})
}

func TestWrongServers(t *testing.T) {
	for version, want := range map[string]string{
		`{"number":"7.17.3"}`:                            "elasticsearch 7.17.3 is too old: 8.14 or later",
		`{"number":"8.13.0"}`:                            "too old",
		`{"number":"2.6.0","distribution":"opensearch"}`: "opensearch 2.6.0 is too old: 2.7 or later",
		`{"number":"1.0.0","distribution":"quickwit"}`:   "neither Elasticsearch's nor OpenSearch's",
		`{"number":"new","distribution":"opensearch"}`:   `gives its version as "new"`,
		`"8.19.0"`: "no JSON",
		fmt.Sprintf(`{"number":%q}`, strings.Repeat("9", 1e6)): "is none",
	} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t)
			f.version = version
			s := f.start(nil)
			write(t, s, flows(0, 2))
			f.pass(4 * time.Second)
			if err := s.Ready(); err == nil || !strings.Contains(err.Error(), want) || len(err.Error()) > 1000 {
				t.Errorf("Ready gives %.300v, want %s", err, want)
			}
			if f.bulkCount() > 0 || len(f.templates) > 0 {
				t.Error("something was written to it")
			}
			f.change(func() { f.version = `{"number":"3.3.0","distribution":"opensearch"}` }) // the right one comes up
			f.pass(time.Minute)
			stop(t, s)
			f.documents(map[string]float64{"indexed": 2})
			if strings.Contains(f.bulks[0].query, "require_data_stream") {
				t.Error("OpenSearch was sent a parameter that it refuses")
			}
		})
	}
}
