package collector

import (
	"bytes"
	"encoding/binary"
	"errors"
	"net"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weirflow/weir/collector/message"
	"github.com/weirflow/weir/flow"
)

// streamed is what streams carry: everything but sFlow.
func streamed() [][]byte {
	all := framed()
	return [][]byte{all[message.NetFlow9], all[message.IPFIX], all[message.NetFlow9], all[message.NetFlow9], all[message.NetFlow5], all[message.NetFlow7],
		all[message.NetFlow1], all[message.NetFlow9], all[message.NetFlow5]}
}

// TestStreamMessage walks a stream of all protocols, with every number of bytes at
// hand: a message is never cut short.
func TestStreamMessage(t *testing.T) {
	rest := slices.Concat(streamed()...)
	for i, want := range streamed() {
		for n := range len(rest) {
			size, need, err := StreamMessage(rest[:n])
			if err != nil || need == 0 && size != len(want) || need != 0 && (need <= n || size != 0 && size != n) {
				t.Fatalf("message %d, %d bytes: size %d, need %d, %v; the message has %d", i, n, size, need, err, len(want))
			}
			if need == 0 && n < len(want) || need != 0 && n >= len(want)+setHeader {
				t.Fatalf("message %d of %d bytes, %d are there: need %d", i, len(want), n, need)
			}
		}
		rest = rest[len(want):]
	}
}

func TestStreamMessageRefuses(t *testing.T) {
	v9 := framed()[message.NetFlow9]
	head := v9[:netflow9Header:netflow9Header]
	endless := append([]byte(nil), head...)
	for range 2 {
		endless = append(append(endless, 1, 0, 0xff, 0xf0), make([]byte, 0xffec)...)
	}
	for name, c := range map[string]struct {
		b    []byte
		want error
	}{
		"sFlow":                               {framed()[message.SFlow5], errStreamProtocol},
		"TLS":                                 {[]byte{0x16, 3, 1, 2}, errStreamBytes},
		"HTTP":                                {[]byte("GET /"), errStreamBytes},
		"IPFIX shorter than its header":       {[]byte{0, 10, 0, 15}, errStreamLength},
		"NetFlow v5 of 2000 records":          {[]byte{0, 5, 7, 208}, errStreamLength},
		"a FlowSet shorter than its header":   {append(head, 1, 0, 0, 3), errStreamLength},
		"a FlowSet of a number that is none":  {append(head, 0, 77, 0, 4), errStreamBytes},
		"NetFlow v9 longer than any datagram": {endless, errStreamLength},
	} {
		if size, need, err := StreamMessage(c.b); !errors.Is(err, c.want) || size != 0 || need != 0 {
			t.Errorf("%s: %d, %d, %v; want %v", name, size, need, err, c.want)
		}
	}
}

// TestStreamsOfNetFlow sends all protocols in pieces: they are decoded one by one.
func TestStreamsOfNetFlow(t *testing.T) {
	stream := slices.Concat(streamed()...)
	var want []int
	for _, m := range streamed() {
		want = append(want, len(m))
	}
	for at := range stream {
		d := &lengthsDecoder{}
		if reason, err := pipeRig(t, d).serve(stream[:at], stream[at:]); reason != closedByPeer || !slices.Equal(d.lengths, want) {
			t.Fatalf("cut at byte %d: %s, %v, messages of %v bytes, want %v", at, reason, err, d.lengths, want)
		}
	}
}

// TestNetFlow9EndsAfterAPause: the last message of NetFlow v9 has nothing behind
// it; it is decoded while the connection stays open.
func TestNetFlow9EndsAfterAPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &lengthsDecoder{}
		r := pipeRig(t, d)
		ours, theirs := net.Pipe()
		var peer sync.WaitGroup
		defer peer.Wait()
		v9 := framed()[message.NetFlow9]
		peer.Go(func() {
			defer theirs.Close()
			for range 2 {
				write(t, theirs, v9[:30])
				<-time.After(messagePause * 3) // of the bubble's clock: in the middle of a FlowSet is no end
				write(t, theirs, v9[30:])
				<-time.After(messagePause + time.Millisecond)
				synctest.Wait()
			}
			if !slices.Equal(d.lengths, []int{len(v9), len(v9)}) {
				t.Errorf("before the end of the stream messages of %v bytes, want two of %d", d.lengths, len(v9))
			}
			write(t, theirs, v9, v9[:2]) // a message cut off
		})
		reason, err := r.pipeConn(ours).serve()
		ours.Close()
		if reason != closedTruncated || len(d.lengths) != 3 {
			t.Errorf("%s, %v; messages of %v bytes", reason, err, d.lengths)
		}
	})
}

// lengthsDecoder notes the lengths of messages.
type lengthsDecoder struct{ lengths []int }

func (d *lengthsDecoder) Decode(o message.Origin, payload []byte, w *flow.Writer, res *message.Result) {
	d.lengths = append(d.lengths, len(payload))
	res.Reset()
}

func FuzzStreamMessage(f *testing.F) {
	f.Add(slices.Concat(streamed()...))
	for _, m := range slices.Concat(streamed(), quirks(f), captured(f)) {
		f.Add(m)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var size, need int
		var err error
		bounded(t, func() { size, need, err = StreamMessage(b) })
		switch {
		case err != nil:
			if size != 0 || need != 0 {
				t.Fatalf("%d, %d, %v", size, need, err)
			}
		case need == 0:
			if size < netflow1Header || size > len(b) {
				t.Fatalf("a message of %d of %d bytes", size, len(b))
			}
			// More bytes change nothing.
			if again, need, err := StreamMessage(append(bytes.Clone(b), 9)); again != size || need != 0 || err != nil {
				t.Fatalf("%d bytes, with one more %d, %d, %v", size, again, need, err)
			}
		case need <= len(b) || need > streamBuffer || size != 0 && size != len(b):
			t.Fatalf("of %d bytes: size %d, need %d", len(b), size, need)
		}
		if len(b) >= 4 && err == nil && need == 0 && binary.BigEndian.Uint16(b) == 10 && size != int(binary.BigEndian.Uint16(b[2:])) {
			t.Fatalf("IPFIX of %d bytes", size)
		}
	})
}
