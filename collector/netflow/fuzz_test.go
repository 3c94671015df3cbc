package netflow

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/weirflow/weir/collector/message"
	"github.com/weirflow/weir/flow"
)

// fuzz feeds arbitrary bytes after a valid template, and uses what comes out.
func fuzz(f *testing.F, version byte, seeds ...[]byte) {
	for _, s := range seeds {
		f.Add(s)
	}
	encoder := flow.NewEncoder()
	f.Fuzz(func(t *testing.T, p []byte) {
		if len(p) >= 2 {
			p = bytes.Clone(p)
			p[0], p[1] = 0, version
		}
		cfg := DefaultConfig()
		cfg.EmitOptions = true
		d := NewDecoder(NewStore(cfg))
		b := flow.NewBatch(64)
		w := flow.NewWriter(func() *flow.Batch { b.Reset(); return b }, func(b *flow.Batch) {
			if doc := encoder.AppendJSON(nil, b.At(0)); !json.Valid(doc) {
				t.Fatalf("not JSON: %s", doc)
			}
		})
		var res message.Result
		for range 2 { // the second time with the templates that the first left
			d.Decode(testOrigin, p, w, &res)
			if n := res.Flows + res.Options; n > len(p) {
				t.Fatalf("%d records out of %d bytes", n, len(p))
			}
			w.Flush()
		}
		var saved bytes.Buffer
		if err := d.store.Save(&saved); err != nil {
			t.Fatal(err)
		}
		if err := NewStore(DefaultConfig()).Load(&saved, 1); err != nil {
			t.Fatalf("what was saved does not load: %v", err)
		}
	})
}

func FuzzNetFlow5(f *testing.F) {
	fuzz(f, 5, v5Packet(2, 2, 600_000, exported, 100, 500_000, 590_000), v5Packet(30, 1, 0, exported, 0, 0, 0))
}

func FuzzNetFlow9(f *testing.F) {
	fuzz(f, 9, v9Packet(2, 0, exported, 0, 1, set2(0, smallTemplate), set2(300, smallRecord)), v9Packet(4, 0, exported, 0, 1, nameOptions()...),
		v9Packet(2, 0, exported, 0, 1, set2(0, u16(300, 4, 96, 65535, 22, 4, 21, 4, 34, 4)), set2(300, join([]byte{1, 'a'}, u32(5, 6, 7)))))
}

func FuzzIPFIX(f *testing.F) {
	template, data := benchmarkMessages()
	fuzz(f, 10, template, append(template[:16:16], append(template[16:], data[16:]...)...),
		ipfixMessage(exported, 0, 1, set2(2, u16(300, 2, 460, 65535, 461, 65535)), set2(300, []byte{1, 'a', 255, 0, 1, 'b'})),
		ipfixMessage(exported, 0, 1, append(samplerOptions(302, 7, 305, 1, 306, 9), set2(2, u16(300, 0)))...))
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte(`{"version":1,"exporters":[{"address":"10.0.0.1","domains":[{"protocol":"ipfix","domain":1,"templates":[{"id":300,"fields":[{"id":8,"length":4},{"id":1,"length":4}]}],"samplers":{"1":5}}],"interfaces":{"1":{"name":"a"}},"applications":[{"id":1,"length":4,"name":"x"}]}]}`))
	f.Fuzz(func(t *testing.T, p []byte) {
		s := NewStore(DefaultConfig())
		_ = s.Load(bytes.NewReader(p), 1) // errors are fine, panics are not
		d := NewDecoder(s)
		_, w := sink(64)
		var res message.Result
		d.Decode(testOrigin, ipfixMessage(exported, 0, 1, set2(300, smallRecord)), w, &res)
		var out bytes.Buffer
		if err := s.Save(&out); err != nil {
			t.Fatal(err)
		}
	})
}
