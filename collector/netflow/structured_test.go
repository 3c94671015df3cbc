package netflow

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"math"
	"path/filepath"
	"testing"

	"github.com/weirflow/weir/collector/message"
	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/ipfix"
)

// TestValues reads every data type, of its own length and of others (RFC 7011
// sections 6.1 and 6.2).
func TestValues(t *testing.T) {
	be64 := func(v uint64) []byte { return join(u32(uint32(v>>32), uint32(v))) }
	ntp := func(seconds, fraction uint32) []byte { return u32(seconds, fraction) }
	encoder := flow.NewEncoder()
	for _, c := range []struct {
		typ  ipfix.DataType
		v    []byte
		want string
	}{
		{ipfix.Unsigned8, []byte{200}, `200`}, {ipfix.Unsigned16, []byte{7}, `7`}, {ipfix.Unsigned32, []byte{1, 0, 0}, `65536`},
		{ipfix.Unsigned64, be64(math.MaxUint64), `18446744073709551615`}, {ipfix.Unsigned64, []byte{1, 2, 3, 4, 5}, `4328719365`},
		{ipfix.Unsigned32, be64(1 << 40), `1099511627776`}, {ipfix.Unsigned64, nil, `0`},
		{ipfix.Unsigned64, bytes.Repeat([]byte{1}, 9), `"010101010101010101"`}, {ipfix.Unsigned256, bytes.Repeat([]byte{0xab}, 32), `"` + string(bytes.Repeat([]byte("ab"), 32)) + `"`},
		{ipfix.Signed8, []byte{0xff}, `-1`}, {ipfix.Signed32, []byte{0xff, 0xfe}, `-2`}, {ipfix.Signed64, []byte{0x7f, 0xff, 0xff}, `8388607`}, {ipfix.Signed16, nil, `""`},
		{ipfix.Float32, u32(math.Float32bits(0.5)), `0.5`}, {ipfix.Float64, be64(math.Float64bits(-1e300)), `-1e+300`}, {ipfix.Float64, u32(math.Float32bits(2)), `2`},
		{ipfix.Float64, be64(math.Float64bits(math.NaN())), `null`}, {ipfix.Float64, be64(math.Float64bits(math.Inf(1))), `null`}, {ipfix.Float64, []byte{1, 2}, `"0102"`},
		{ipfix.Boolean, []byte{1}, `true`}, {ipfix.Boolean, []byte{2}, `false`}, {ipfix.Boolean, []byte{0}, `"00"`}, {ipfix.Boolean, []byte{0, 1}, `"0001"`},
		{ipfix.String, []byte("ether1\x00\x00rest"), `"ether1"`}, {ipfix.String, []byte("padded   "), `"padded"`}, {ipfix.String, []byte("\xff\xfea\xc3\xa9\""), `"��aé\""`}, {ipfix.String, nil, `""`},
		{ipfix.MACAddress, []byte{2, 0, 0xab, 0xcd, 0xef, 1}, `"02-00-AB-CD-EF-01"`}, {ipfix.MACAddress, []byte{2, 0}, `"0200"`},
		{ipfix.IPv4Address, []byte{192, 0, 2, 1}, `"192.0.2.1"`}, {ipfix.IPv6Address, append([]byte{0x20, 1, 0xd, 0xb8}, make([]byte, 12)...), `"2001:db8::"`}, {ipfix.IPv4Address, []byte{1}, `"01"`},
		{ipfix.OctetArray, []byte{0xca, 0xfe}, `"cafe"`}, {ipfix.TypeUnknown, []byte{1}, `"01"`},
		{ipfix.DateTimeSeconds, u32(exported), `"2026-09-21T14:13:20.000Z"`}, {ipfix.DateTimeMilliseconds, be64(uint64(exported)*1000 + 5), `"2026-09-21T14:13:20.005Z"`},
		// A half and a quarter of a second; NTP's seconds begin in 1900.
		{ipfix.DateTimeMicroseconds, ntp(exported+ntpEpoch, 1<<31), `"2026-09-21T14:13:20.500Z"`}, {ipfix.DateTimeNanoseconds, ntp(exported+ntpEpoch, 1<<30), `"2026-09-21T14:13:20.250Z"`},
		{ipfix.DateTimeMicroseconds, ntp(exported+ntpEpoch, 4295), `"2026-09-21T14:13:20.000001Z"`}, {ipfix.DateTimeNanoseconds, ntp(exported+ntpEpoch, 4295), `"2026-09-21T14:13:20.000001Z"`},
		{ipfix.DateTimeSeconds, be64(math.MaxUint64), `"ffffffffffffffff"`}, {ipfix.DateTimeMilliseconds, be64(0), `"0000000000000000"`},
	} {
		x := value(c.typ, c.v)
		if got := string(encoder.AppendElement(nil, &x)); got != c.want {
			t.Errorf("type %d, % x: %s, want %s", c.typ, c.v, got, c.want)
		}
	}
}

// TestListsAreNotTooLong: names of elements make much text of few bytes.
func TestListsAreNotTooLong(t *testing.T) {
	b := newTestbed(t, DefaultConfig())
	// Booleans with a long name, a byte each: dataRecordsReliability, 276.
	b.decode(ipfixMessage(exported, 0, 1, set2(2, u16(300, 4, 276, 1, 276, 1, 276, 1, 276, 1)), set2(2, u16(301, 3, 292, 65535, 293, 65535, 8, 4))))
	b.clean()
	long := bytes.Repeat([]byte{1}, 20_000)
	records := join([]byte{255}, u16(uint16(3+len(long))), []byte{255}, u16(300), long, []byte{255}, u16(uint16(5+len(long))), []byte{255}, u16(300, uint16(4+len(long))), long, []byte{10, 0, 0, 1})
	list := b.decode(ipfixMessage(exported, 0, 1, set2(301, join(records))))
	b.problem(message.ReasonListLimit, 2)
	if len(list) != 1 || !list[0].Has(flow.FieldSourceIP) {
		t.Fatalf("%d records", len(list))
	}
	doc := flow.NewEncoder().AppendJSON(nil, &list[0])
	if !json.Valid(doc) || len(doc) > maxListText+4096 || len(doc) < maxListText/4 {
		t.Errorf("%d bytes, valid: %v", len(doc), json.Valid(doc))
	}
	if st := b.d.lists; cap(st.elements) > 4096 {
		t.Errorf("room for %d elements is kept", cap(st.elements))
	}
}

// TestCaptureLists: YAF puts the flags and numbers of every TCP flow into a list,
// and nothing else.
func TestCaptureLists(t *testing.T) {
	dir, _ := captures(t)
	lists, flows := 0, 0
	for _, files := range [][]string{
		{"logstash-codec-netflow/yaf-ipfix-bench-tpl.dat", "logstash-codec-netflow/yaf-ipfix-bench-data.dat"},
		{"telegraf/yaf-ipfix-example-0.bin", "telegraf/yaf-ipfix-example-1.bin", "telegraf/yaf-ipfix-example-2.bin", "telegraf/yaf-ipfix-example-3.bin",
			"telegraf/yaf-ipfix-example-4.bin", "telegraf/yaf-ipfix-example-5.bin", "telegraf/yaf-ipfix-example-6.bin"},
	} {
		b := newTestbed(t, DefaultConfig())
		for _, file := range files {
			for _, p := range datagrams(t, filepath.Join(dir, file), "raw-datagram") {
				for _, r := range b.decode(p) {
					flows++
					e, there := extra(&r, "subTemplateMultiList")
					if there != (r.NetworkIANANumber == 6) {
						t.Errorf("%s: protocol %d, a list: %v", file, r.NetworkIANANumber, there)
					}
					if !there {
						continue
					}
					var l struct {
						Semantic string
						Records  []struct {
							TCPSequenceNumber *uint32
							InitialTCPFlags   *uint8
							UnionTCPFlags     *uint8
							// Of the way back, where there was one.
							ReverseInitialTCPFlags, ReverseUnionTCPFlags uint8
						}
					}
					if err := json.Unmarshal(e.Bytes, &l); err != nil || e.Kind != flow.ElementJSON || len(l.Records) != 1 || l.Semantic != "allOf" {
						t.Errorf("%s: %s, %v", file, e.Bytes, err)
					} else if x := l.Records[0]; x.TCPSequenceNumber == nil || x.InitialTCPFlags == nil || x.UnionTCPFlags == nil {
						t.Errorf("%s: %s", file, e.Bytes)
					} else if want := uint16(*x.InitialTCPFlags | *x.UnionTCPFlags | x.ReverseInitialTCPFlags | x.ReverseUnionTCPFlags); r.FlowTCPFlags != want || !r.Has(flow.FieldFlowTCPFlags) {
						t.Errorf("%s: flags %#x, want %#x", file, r.FlowTCPFlags, want)
					} else {
						lists++
					}
				}
				b.clean()
			}
		}
	}
	if flows != 54 || lists < 20 {
		t.Errorf("%d lists in %d flows, want 54 flows", lists, flows)
	}
}

// listValues gives the bytes of each list in a message that has its templates.
func listValues(p []byte) (list [][]byte) {
	d := NewDecoder(NewStore(DefaultConfig()))
	_, w := sink(1024)
	var res message.Result
	d.Decode(testOrigin, p, w, &res)
	for at := ipfix.HeaderLen; len(p)-at >= ipfix.SetHeaderLen; {
		id, length := binary.BigEndian.Uint16(p[at:]), int(binary.BigEndian.Uint16(p[at+2:]))
		if length < ipfix.SetHeaderLen || length > len(p)-at {
			break
		}
		body := p[at+ipfix.SetHeaderLen : at+length]
		at += length
		var t *template
		for _, x := range d.store.list() {
			if domain := x.domains[domainKey{message.IPFIX, res.Domain}]; domain != nil {
				t = domain.templates[id]
			}
		}
		for t != nil && len(body) >= t.min {
			for i := range t.steps {
				v, n := fieldBytes(t.steps[i].length, body)
				if n < 0 {
					return list
				}
				if t.steps[i].do == actList && len(v) <= seedLength {
					list = append(list, v)
				}
				body = body[n:]
			}
		}
	}
	return list
}

// FuzzStructured feeds any bytes to the three kinds of list, which may name two
// templates, one of them with a list in it.
func FuzzStructured(f *testing.F) {
	f.Add([]byte{255, 1, 44, 10, 0, 0, 1, 3, 's', 's', 'h'})
	f.Add([]byte{3, 1, 44, 0, 12, 10, 0, 0, 1, 3, 's', 's', 'h', 1, 45, 0, 14, 9, 255, 1, 44, 10, 0, 0, 1, 1, 'a'})
	f.Add([]byte{4, 0, 96, 255, 255, 3, 's', 's', 'h', 0})
	f.Add([]byte{0, 0x80, 77, 0, 2, 0, 0, 0x7e, 0xd9, 1, 2})
	for _, p := range append(testdata(f, "ipfix"), captured(f, ipfix.Version)...) {
		for _, v := range listValues(p) {
			f.Add(v)
		}
	}
	f.Fuzz(func(t *testing.T, v []byte) {
		if len(v) > 60_000 {
			return
		}
		d := NewDecoder(NewStore(DefaultConfig()))
		b, w := sink(16)
		var res message.Result
		d.Decode(testOrigin, ipfixMessage(exported, 0, 1, set2(2, join(u16(300, 2, 8, 4, 96, 65535), u16(301, 1, 292, 65535))),
			set2(2, u16(302, 1, 291, 65535)), set2(2, u16(303, 1, 292, 65535)), set2(2, u16(304, 1, 293, 65535))), w, &res)
		for id := uint16(302); id <= 304; id++ {
			bounded(t, func() {
				d.Decode(testOrigin, ipfixMessage(exported, 0, 1, set2(id, join([]byte{255}, u16(uint16(len(v))), v))), w, &res)
			})
			if res.Flows != 1 || len(b.At(b.Len()-1).Extra) > 1 {
				t.Fatalf("%d flows, %+v", res.Flows, res.First)
			}
			doc := flow.NewEncoder().AppendJSON(nil, b.At(b.Len()-1))
			if !json.Valid(doc) || len(doc) > 6*maxListText+2*len(v)+4096 {
				t.Fatalf("%d bytes, valid %v: %.300s", len(doc), json.Valid(doc), doc)
			}
		}
	})
}
