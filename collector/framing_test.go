package collector

import (
	"bytes"
	"encoding/binary"
	"errors"
	"maps"
	"slices"
	"testing"

	"github.com/weirflow/weir/collector/message"
)

// framed builds messages of every protocol for the framing tests.
func framed() map[message.Protocol][]byte {
	be := binary.BigEndian
	v5 := make([]byte, 24+2*48)
	be.PutUint16(v5, 5)
	be.PutUint16(v5[2:], 2)

	v1, v7 := make([]byte, 16+3*48), make([]byte, 24+52)
	be.PutUint16(v1, 1)
	be.PutUint16(v1[2:], 3)
	be.PutUint16(v7, 7)
	be.PutUint16(v7[2:], 1)

	v9 := make([]byte, 20)
	be.PutUint16(v9, 9)
	be.PutUint16(v9[2:], 99) // a count that is wrong
	v9 = append(v9, 0, 0, 0, 12, 1, 0, 0, 1, 0, 1, 0, 4)
	v9 = append(v9, 1, 0, 0, 8, 0, 0, 0, 9)

	ipfix := make([]byte, 16)
	be.PutUint16(ipfix, 10)
	ipfix = append(ipfix, 1, 0, 0, 8, 0, 9, 0, 10)
	be.PutUint16(ipfix[2:], uint16(len(ipfix)))

	sflow := []byte{0, 0, 0, 5, 0, 0, 0, 1, 192, 0, 2, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2}
	sflow = append(sflow, 0, 0, 0, 1, 0, 0, 0, 4, 1, 2, 3, 4)
	sflow = append(sflow, 0, 0, 0, 2, 0, 0, 0, 8, 1, 2, 3, 4, 0, 0, 0, 5)
	return map[message.Protocol][]byte{message.NetFlow1: v1, message.NetFlow5: v5, message.NetFlow7: v7, message.NetFlow9: v9, message.IPFIX: ipfix, message.SFlow5: sflow}
}

// TestMessageLength puts every protocol in front of every other one. NetFlow v1
// behind v9 looks like a FlowSet of options templates.
func TestMessageLength(t *testing.T) {
	all := framed()
	for p, first := range all {
		for q, second := range all {
			if p == message.NetFlow9 && q == message.NetFlow1 {
				continue
			}
			n, got, err := MessageLength(slices.Concat(first, second))
			if n != len(first) || got != p || err != nil {
				t.Errorf("%v before %v: %d bytes of %v, %v; want %d", p, q, n, got, err, len(first))
			}
		}
		if n, _, err := MessageLength(first); n != len(first) || err != nil {
			t.Errorf("%v alone: %d bytes, %v; want %d", p, n, err, len(first))
		}
	}
}

func TestMessageLengthOfLies(t *testing.T) {
	all := framed()
	change := func(p message.Protocol, at int, bytes ...byte) []byte {
		b := slices.Clone(all[p])
		copy(b[at:], bytes)
		return b
	}
	sflow6 := slices.Concat([]byte{0, 0, 0, 5, 0, 0, 0, 2}, make([]byte, 16), all[message.SFlow5][12:])
	for name, c := range map[string]struct {
		b    []byte
		want int
	}{
		"v5 that counts more records than there are":    {change(message.NetFlow5, 2, 0xff, 0xff), 120},
		"v5 of half a header":                           {all[message.NetFlow5][:12], 12},
		"v1 of a version word":                          {all[message.NetFlow1][:2], 2},
		"v7 that counts more records than there are":    {change(message.NetFlow7, 2, 0xff, 0xff), 76},
		"v9 with a FlowSet past the end":                {change(message.NetFlow9, 34, 0xff, 0xff), 40},
		"v9 with a FlowSet of length 3":                 {change(message.NetFlow9, 34, 0, 3), 40},
		"v9 with a FlowSet of a reserved number":        {change(message.NetFlow9, 32, 0, 77), 40},
		"v9 of half a header":                           {all[message.NetFlow9][:12], 12},
		"v9 with padding of less than a FlowSet":        {append(slices.Clone(all[message.NetFlow9]), 0, 0), 42},
		"v9 with templates said to be 5 bytes long":     {change(message.NetFlow9, 20, 0, 0, 0, 5, 9, 9, 9, 9), 40},
		"IPFIX that is longer than what is there":       {change(message.IPFIX, 2, 0xff, 0xff), 24},
		"IPFIX that is shorter than its header":         {change(message.IPFIX, 2, 0, 15), 24},
		"IPFIX of half a header":                        {all[message.IPFIX][:9], 9},
		"sFlow that counts more samples than there are": {slices.Concat(change(message.SFlow5, 24, 0xff), all[message.SFlow5]), len(all[message.SFlow5])},
		"sFlow with a sample past the end":              {change(message.SFlow5, 32, 0xff, 0xff, 0xff, 0xff), len(all[message.SFlow5])},
		"sFlow from an IPv6 agent":                      {slices.Concat(sflow6, all[message.IPFIX]), len(sflow6)},
		"sFlow of an unknown kind of agent":             {change(message.SFlow5, 4, 0, 0, 0, 9), len(all[message.SFlow5])},
		"sFlow of half a header":                        {all[message.SFlow5][:20], 20},
	} {
		if n, _, err := MessageLength(c.b); n != c.want || err != nil {
			t.Errorf("%s: %d bytes, %v; want %d", name, n, err, c.want)
		}
	}
	for _, b := range [][]byte{nil, {0}, {0, 2, 0, 1}, {0, 0, 0, 4}, []byte("\x1f\x8b")} {
		if n, p, err := MessageLength(b); n != 0 || p != message.ProtocolUnknown || !errors.Is(err, ErrNotAMessage) {
			t.Errorf("% x: %d, %v, %v; want 0, unknown, ErrNotAMessage", b, n, p, err)
		}
	}
}

func FuzzMessageLength(f *testing.F) {
	seeds := slices.Concat(slices.Collect(maps.Values(framed())), quirks(f), captured(f))
	for _, b := range seeds {
		f.Add(b)
		f.Add(bytes.Repeat(b, 3))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var n int
		var p message.Protocol
		var err error
		bounded(t, func() { n, p, err = MessageLength(b) })
		if err != nil {
			if n != 0 || Recognise(b) != message.ProtocolUnknown {
				t.Fatalf("%d bytes of %v, but %v", n, p, err)
			}
			return
		}
		if n < 1 || n > len(b) || p != Recognise(b) {
			t.Fatalf("%d of %d bytes, %v", n, len(b), p)
		}
		// A message alone is as long as it was in front of others.
		if again, _, _ := MessageLength(b[:n]); again != n {
			t.Fatalf("%d bytes, alone %d", n, again)
		}
	})
}
