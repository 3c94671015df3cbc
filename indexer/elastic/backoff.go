package elastic

import (
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"
)

// maxRetryAfter bounds what a server may ask for.
const maxRetryAfter = 10 * time.Minute

// delay gives how long to wait after the n-th failure in a row, n ≥ 1: the
// initial delay doubled n-1 times, at most Max, less a random part of up to a
// half, so that clients that failed together do not come back together. The
// server's wish prolongs it.
func (c RetryConfig) delay(n int, wish time.Duration) time.Duration {
	d := c.Max
	if n < 32 && c.Initial<<(n-1)>>(n-1) == c.Initial { // else it would overflow
		d = min(c.Max, c.Initial<<(n-1))
	}
	d -= rand.N(d/2 + 1)
	return max(d, min(wish, maxRetryAfter))
}

// retryAfter reads the header Retry-After, seconds or a date (RFC 9110, section
// 10.2.3). It gives 0 when there is none that makes sense.
func retryAfter(h http.Header, now time.Time) time.Duration {
	text := h.Get("Retry-After")
	if seconds, err := strconv.ParseInt(text, 10, 32); err == nil {
		return max(0, time.Duration(seconds)*time.Second)
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}
