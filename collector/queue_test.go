package collector

import (
	"encoding/binary"
	"sync"
	"testing"
	"testing/synctest"

	"golang.org/x/sys/unix"
)

func TestQueueKeepsOrderAndBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(minChunks * chunkBytes)
		const count, size = 5000, 1000
		var put sync.WaitGroup
		put.Go(func() {
			defer q.close()
			payload := make([]byte, size)
			for i := range count {
				binary.BigEndian.PutUint32(payload, uint32(i))
				if q.put([]datagram{{payload: payload}}) != 1 {
					t.Error("a datagram was refused")
				}
			}
		})
		synctest.Wait() // the reader waits for room now
		if n, bytes := q.depth(); n != minChunks*(chunkBytes/size) || bytes != n*size {
			t.Errorf("%d datagrams and %d bytes wait in a queue of %d bytes", n, bytes, minChunks*chunkBytes)
		}
		next := uint32(0)
		for c := q.take(); c != nil; c = q.take() {
			for _, d := range c.datagrams {
				if got := binary.BigEndian.Uint32(d.payload); got != next {
					t.Fatalf("datagram %d came in place of %d", got, next)
				}
				next++
			}
			q.giveBack(c)
		}
		put.Wait()
		if n, bytes := q.depth(); next != count || n != 0 || bytes != 0 {
			t.Errorf("took %d of %d; %d datagrams, %d bytes left", next, count, n, bytes)
		}
	})
}

// Empty datagrams have no bytes, and must be bounded all the same.
func TestQueueBoundsEmptyDatagrams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(minChunks * chunkBytes)
		var put sync.WaitGroup
		put.Go(func() {
			if taken := q.put(make([]datagram, 10*chunkDatagrams)); taken != minChunks*chunkDatagrams {
				t.Errorf("took %d datagrams", taken)
			}
		})
		synctest.Wait()
		q.abort()
		put.Wait()
		if c := q.take(); c != nil {
			t.Error("an aborted queue gave a chunk")
		}
	})
}

func TestDropCounter(t *testing.T) {
	var d dropCounter
	for _, step := range []struct {
		count uint32
		total uint64
	}{{5, 5}, {5, 5}, {3, 5} /* read earlier */, {0x7fff_ffff, 0x7fff_ffff}, {0xffff_fffe, 0xffff_fffe}, {1, 0x1_0000_0001}} {
		d.observe(step.count)
		if d.value() != step.total {
			t.Errorf("after %#x: %#x, want %#x", step.count, d.value(), step.total)
		}
	}
}

// control appends a control message as the kernel lays it out.
func control(b []byte, level, kind int32, data []byte) []byte {
	head := make([]byte, unix.SizeofCmsghdr)
	binary.NativeEndian.PutUint32(head, uint32(len(head)+len(data))) // the low half on little-endian machines
	binary.NativeEndian.PutUint32(head[len(head)-8:], uint32(level))
	binary.NativeEndian.PutUint32(head[len(head)-4:], uint32(kind))
	b = append(append(b, head...), data...)
	return append(b, make([]byte, unix.CmsgSpace(len(data))-len(head)-len(data))...)
}

func TestParseAncillary(t *testing.T) {
	drops := binary.NativeEndian.AppendUint32(nil, 77)
	when := binary.NativeEndian.AppendUint64(binary.NativeEndian.AppendUint64(nil, 1_700_000_000), 42)
	both := control(control(nil, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS_NEW, when), unix.SOL_SOCKET, unix.SO_RXQ_OVFL, drops)
	tests := []struct {
		name string
		b    []byte
		want ancillary
	}{
		{"nothing", nil, ancillary{}},
		{"both", both, ancillary{received: 1_700_000_000_000_000_042, drops: 77, hasDrops: true}},
		{"another level", control(nil, unix.IPPROTO_IP, unix.SO_RXQ_OVFL, drops), ancillary{}},
		{"short data", control(nil, unix.SOL_SOCKET, unix.SO_RXQ_OVFL, drops[:2]), ancillary{}},
		{"cut", both[:len(both)-6], ancillary{received: 1_700_000_000_000_000_042}},
		{"cut header", both[:3], ancillary{}},
		{"length too small", make([]byte, 64), ancillary{}},
	}
	for _, test := range tests {
		if got := parseAncillary(test.b); got != test.want {
			t.Errorf("%s: got %+v, want %+v", test.name, got, test.want)
		}
	}
}
