package elastic

import (
	"net/url"
	"sync"
	"time"

	"github.com/elastic/elastic-transport-go/v8/elastictransport"
)

// restAfterFailure is how long a server that failed is left alone while others
// work.
const restAfterFailure = 30 * time.Second

// servers chooses the server for each request: in turn those that work, and when
// none does the one that failed longest ago. The library's own choice would stay
// with the one that failed last. It is an elastictransport.ConnectionPool, safe
// for concurrent use.
type servers struct {
	mu     sync.Mutex
	list   []*elastictransport.Connection
	failed []time.Time // zero for those that work
	turn   int
}

func newServers(list []*elastictransport.Connection) *servers {
	return &servers{list: list, failed: make([]time.Time, len(list))}
}

// ConcurrentSafe tells the library that it need not lock.
func (*servers) ConcurrentSafe() {}

// Next gives the server for the next request.
func (s *servers) Next() (*elastictransport.Connection, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now, oldest := time.Now(), s.turn
	for i := range s.list {
		at := (s.turn + i) % len(s.list)
		if s.failed[at].IsZero() || now.Sub(s.failed[at]) > restAfterFailure {
			oldest = at
			break
		}
		if s.failed[at].Before(s.failed[oldest]) {
			oldest = at
		}
	}
	s.turn = (oldest + 1) % len(s.list)
	return s.list[oldest], nil
}

// OnSuccess notes that the server gave an answer, whichever.
func (s *servers) OnSuccess(c *elastictransport.Connection) error { return s.note(c, time.Time{}) }

// OnFailure notes that the server gave none.
func (s *servers) OnFailure(c *elastictransport.Connection) error { return s.note(c, time.Now()) }

func (s *servers) note(c *elastictransport.Connection, at time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.list {
		if s.list[i] == c {
			s.failed[i] = at
		}
	}
	return nil
}

// URLs gives all servers.
func (s *servers) URLs() []*url.URL {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []*url.URL
	for _, c := range s.list {
		list = append(list, c.URL)
	}
	return list
}

func (s *servers) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.list)
}

// update replaces the servers. What is known about those that stay is kept.
func (s *servers) update(urls []*url.URL) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list, failed := make([]*elastictransport.Connection, len(urls)), make([]time.Time, len(urls))
	for i, u := range urls {
		list[i] = &elastictransport.Connection{URL: u}
		for j, c := range s.list {
			if c.URL.String() == u.String() {
				list[i], failed[i] = c, s.failed[j]
			}
		}
	}
	s.list, s.failed, s.turn = list, failed, 0
}
