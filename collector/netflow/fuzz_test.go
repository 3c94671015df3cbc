package netflow

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/weirflow/weir/collector/message"
	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/ipfix"
)

// testdata gives the datagrams of one protocol under testdata: every quirk, and
// the first few of each recorded export.
func testdata(f *testing.F, name string) (list [][]byte) {
	f.Helper()
	const fromEach = 4
	for _, pattern := range []string{"quirks/" + name + "-*.bin", "quirks/" + name + "-*.pcap", "exports/*-" + name + ".pcap", "exports/*-" + name + "-demo.pcap"} {
		paths, err := filepath.Glob("../../testdata/" + pattern)
		if err != nil || len(paths) == 0 && filepath.Ext(pattern) == ".bin" {
			f.Fatalf("no files %s, error %v", pattern, err)
		}
		for _, path := range paths {
			payloads := datagrams(f, path, filepath.Ext(path)[1:])
			list = append(list, payloads[:min(len(payloads), fromEach)]...)
		}
	}
	return list
}

// What is taken of each real exporter's capture, so that a fuzz test starts quickly.
const (
	seedFile   = 64 << 10 // bytes that are read of a file
	seedLength = 4 << 10  // bytes of a seed
)

// captured gives seeds from the captures of real exporters, where they are: of each
// file the first datagrams of a version, and one with the sets of many of them, so
// that data comes with its templates.
func captured(f *testing.F, version uint16) (list [][]byte) {
	f.Helper()
	dir, index, err := readCaptures(f)
	if err != nil {
		f.Logf("no seeds from captures of real exporters: %v", err)
	}
	for _, c := range index {
		var whole []byte
		taken := 0
		for _, p := range firstDatagrams(f, filepath.Join(dir, c.path), c.format) {
			if len(p) < ipfix.HeaderLen || binary.BigEndian.Uint16(p) != version {
				continue
			}
			if taken < 2 {
				list = append(list, p[:min(len(p), seedLength)])
			}
			taken++
			head := ipfix.HeaderLen
			if version == ipfix.Version9 {
				head = ipfix.Header9Len
			}
			switch {
			case whole == nil:
				whole = bytes.Clone(p)
			case version >= ipfix.Version9 && len(p) > head && len(whole)+len(p) <= seedLength:
				whole = append(whole, p[head:]...)
			}
		}
		if taken > 1 && len(whole) <= seedLength {
			if version == ipfix.Version {
				binary.BigEndian.PutUint16(whole[2:], uint16(len(whole)))
			}
			list = append(list, whole)
		}
	}
	return list
}

// firstDatagrams gives the datagrams at the beginning of a file.
func firstDatagrams(f *testing.F, path, format string) (list [][]byte) {
	f.Helper()
	file, err := os.Open(path)
	if err != nil {
		f.Fatal(err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, seedFile))
	if err != nil {
		f.Fatal(err)
	}
	if format != "concatenated" || len(data) < 4 || binary.BigEndian.Uint16(data) != ipfix.Version {
		return payloads(f, data, format)
	}
	for len(data) >= ipfix.HeaderLen {
		n := int(binary.BigEndian.Uint16(data[2:]))
		if n < ipfix.HeaderLen || n > len(data) {
			break
		}
		list, data = append(list, data[:n]), data[n:]
	}
	return list
}

// fuzz feeds arbitrary bytes twice, so that data meets the templates before it,
// and uses what comes out. name is the protocol's in the names of testdata.
func fuzz(f *testing.F, version byte, name string, seeds ...[]byte) {
	for _, s := range slices.Concat(seeds, testdata(f, name), captured(f, uint16(version))) {
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
			bounded(t, func() {
				d.Decode(testOrigin, p, w, &res)
				w.Flush()
			})
			if n := res.Flows + res.Options; n > len(p) {
				t.Fatalf("%d records out of %d bytes", n, len(p))
			}
		}
		checkAccounts(t, d.store)
		var saved bytes.Buffer
		if err := d.store.Save(&saved); err != nil {
			t.Fatal(err)
		}
		if err := NewStore(DefaultConfig()).Load(&saved, 1); err != nil {
			t.Fatalf("what was saved does not load: %v", err)
		}
	})
}

func FuzzNetFlow1(f *testing.F) {
	fuzz(f, 1, "v1", append([]byte{0, 1, 0, 24}, make([]byte, 12+24*48)...))
}

func FuzzNetFlow7(f *testing.F) {
	fuzz(f, 7, "v7", append([]byte{0, 7, 0, 27}, make([]byte, 20+27*52)...))
}

func FuzzNetFlow5(f *testing.F) {
	fuzz(f, 5, "v5", v5Packet(2, 2, 600_000, exported, 100, 500_000, 590_000), v5Packet(30, 1, 0, exported, 0, 0, 0))
}

func FuzzNetFlow9(f *testing.F) {
	fuzz(f, 9, "v9", v9Packet(2, 0, exported, 0, 1, set2(0, smallTemplate), set2(300, smallRecord)), v9Packet(4, 0, exported, 0, 1, nameOptions()...),
		v9Packet(2, 0, exported, 0, 1, set2(0, u16(300, 4, 96, 65535, 22, 4, 21, 4, 34, 4)), set2(300, join([]byte{1, 'a'}, u32(5, 6, 7)))))
}

func FuzzIPFIX(f *testing.F) {
	template, data := benchmarkMessages()
	fuzz(f, 10, "ipfix", template, append(template[:16:16], append(template[16:], data[16:]...)...),
		ipfixMessage(exported, 0, 1, set2(2, u16(300, 2, 460, 65535, 461, 65535)), set2(300, []byte{1, 'a', 255, 0, 1, 'b'})),
		ipfixMessage(exported, 0, 1, append(samplerOptions(302, 7, 305, 1, 306, 9), set2(2, u16(300, 0)))...))
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte(`{"version":1,"exporters":[{"address":"10.0.0.1","domains":[{"protocol":"ipfix","domain":1,"templates":[{"id":300,"fields":[{"id":8,"length":4},{"id":1,"length":4}]}],"samplers":{"1":5}}],"interfaces":{"1":{"name":"a"}},"applications":[{"id":1,"length":4,"name":"x"}]}]}`))
	// What a store saves that has seen every quirk.
	d := NewDecoder(NewStore(DefaultConfig()))
	_, w := sink(64)
	var res message.Result
	for _, p := range append(testdata(f, "v9"), testdata(f, "ipfix")...) {
		d.Decode(testOrigin, p, w, &res)
		w.Flush()
	}
	save := func(s *Store) {
		var saved bytes.Buffer
		if err := s.Save(&saved); err != nil {
			f.Fatal(err)
		}
		f.Add(saved.Bytes())
	}
	save(d.store)
	// And what it saves of each seed from real exporters.
	for _, p := range slices.Concat(captured(f, ipfix.Version9), captured(f, ipfix.Version)) {
		s := NewStore(DefaultConfig())
		NewDecoder(s).Decode(testOrigin, p, w, &res)
		w.Flush()
		if res.Templates+res.OptionsTemplates+res.Options > 0 {
			save(s)
		}
	}
	f.Fuzz(func(t *testing.T, p []byte) {
		s := NewStore(DefaultConfig())
		bounded(t, func() { _ = s.Load(bytes.NewReader(p), 1) }) // errors are fine, panics are not
		checkAccounts(t, s)
		before := s.Stats()
		var out bytes.Buffer
		if err := s.Save(&out); err != nil {
			t.Fatal(err)
		}
		again := NewStore(DefaultConfig())
		if err := again.Load(&out, 1); err != nil {
			t.Fatalf("what was saved does not load: %v", err)
		}
		checkAccounts(t, again)
		if after := again.Stats(); after.Exporters != before.Exporters || after.Templates != before.Templates || after.Fields != before.Fields {
			t.Fatalf("saved %+v, loaded %+v", before, after)
		}
		// Every template that was taken can be used.
		d := NewDecoder(s)
		_, w := sink(64)
		var res message.Result
		for _, x := range s.list() {
			for key, domain := range x.domains {
				for id := range domain.templates {
					set := set2(id, bytes.Repeat([]byte{3}, 300))
					o := message.Origin{Addr: x.key.addr, Transport: "udp"}
					packet := ipfixMessage(exported, 0, key.id, set)
					if key.protocol == message.NetFlow9 {
						packet = v9Packet(1, 0, exported, 0, key.id, set)
					}
					bounded(t, func() { d.Decode(o, packet, w, &res) })
					if n := res.Flows + res.Options; n > 300 {
						t.Fatalf("%d records out of 300 bytes", n)
					}
					w.Flush()
				}
			}
		}
	})
}
