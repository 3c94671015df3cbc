package collector

import (
	"testing"
)

// TestTroubles: what came to nothing is told by reason, and what ended well is not.
func TestTroubles(t *testing.T) {
	c := tcpConfig()
	c.MaxConnections = 1
	r := startRig(t, c, nil)
	good := dial(t, r.addr())
	write(t, good, newMessage(10, 1, 16))
	r.sink.take(t, 1)
	wantClosed(t, dial(t, r.addr())) // there is one already
	good.Close()
	r.ended(t, 1)
	for range 2 {
		bad := dial(t, r.addr())
		write(t, bad, []byte("GET / HTTP/1.1\r\n\r\n"))
		wantClosed(t, bad)
	}
	r.ended(t, 3)
	r.stop(t)
	list := r.Troubles()
	if len(list) != 2 || list[0].Reason != refusedLimit || list[0].Count != 1 || list[0].Advice == "" ||
		list[1].Reason != closedBadVersion || list[1].Count != 2 || list[1].Detail == "" || list[1].Advice == "" {
		t.Errorf("the troubles are %+v", list)
	}
}
