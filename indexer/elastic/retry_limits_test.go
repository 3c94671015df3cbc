package elastic

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

func TestRetryLimits(t *testing.T) {
	for reason, limit := range map[string]RetryConfig{
		reasonAttempts: {Initial: time.Second, Max: time.Second, MaxAttempts: 4},
		reasonAge:      {Initial: time.Second, Max: time.Second, MaxAge: 10 * time.Second},
	} {
		t.Run(reason, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(t)
				s := f.start(func(c *Config) { c.Retry = limit })
				f.respond = func(n int, b bulk) (int, http.Header, string) {
					if n == 1 {
						return 200, nil, answers("201", "429")
					}
					return 200, nil, answers("429")
				}
				write(t, s, flows(0, 2))
				f.pass(time.Minute)
				if n := f.bulkCount(); reason == reasonAttempts && n != 4 || n < 4 || n > 25 {
					t.Errorf("sent %d times", n)
				}
				stop(t, s)
				f.documents(map[string]float64{"indexed": 1, "dropped/" + reason: 1})
			})
		})
	}
}
