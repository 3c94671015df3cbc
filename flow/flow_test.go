package flow

import (
	"context"
	"encoding/json"
	"math"
	"net/netip"
	"reflect"
	"strings"
	"testing"

	"github.com/weirflow/weir/flow/catalogue"
)

// filled gives a record with every field set through the generic setters, as
// a decoder would.
func filled(t testing.TB) *Record {
	r := NewBatch(1).Next()
	id := FieldID(0)
	for _, f := range catalogue.Fields {
		if f.Derived() {
			continue
		}
		if id.String() != f.Name {
			t.Fatalf("field %d is %s, the catalogue has %s", id, id, f.Name)
		}
		switch f.Type {
		case catalogue.IP:
			r.SetAddr(id, netip.AddrFrom4([4]byte{192, 0, 2, byte(id)}))
		case catalogue.MAC:
			r.SetMAC(id, MAC{2, 0, 0, 0, 0, byte(id)})
		case catalogue.Keyword:
			r.SetString(id, "text "+f.Name)
		case catalogue.Keywords:
			r.AddTags("a", "b")
		case catalogue.Labels:
			r.AddFlowMPLSLabels(16)
			r.AddFlowMPLSLabels(17)
		case catalogue.GeoPoint:
			if strings.HasPrefix(f.Name, "source") {
				r.SetSourceGeoLocation(Point{52.5, 13.4})
			} else {
				r.SetDestinationGeoLocation(Point{-33.9, 18.4})
			}
		default:
			r.SetUint(id, uint64(id)+1)
		}
		if !r.Has(id) {
			t.Fatalf("%s is not present after it was set", f.Name)
		}
		id++
	}
	if id != NumFields {
		t.Fatalf("%d fields, the catalogue stores %d", NumFields, id)
	}
	return r
}

func document(t testing.TB, r *Record) map[string]any {
	t.Helper()
	doc := NewEncoder().AppendJSON(nil, r)
	var m map[string]any
	if err := json.Unmarshal(doc, &m); err != nil {
		t.Fatalf("%v in %s", err, doc)
	}
	return m
}

func lookup(m map[string]any, name string) any {
	var v any = m
	for _, part := range strings.Split(name, ".") {
		o, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = o[part]
	}
	return v
}

func TestEveryFieldIsEncoded(t *testing.T) {
	r := filled(t)
	r.Extra = append(r.Extra, Element{Name: "x", Num: 1})
	m := document(t, r)
	for _, f := range catalogue.Fields {
		v := lookup(m, f.Name)
		if v == nil {
			t.Errorf("%s is missing", f.Name)
			continue
		}
		kind := reflect.TypeOf(v).Kind()
		want := map[string][]reflect.Kind{"ip": {reflect.String, reflect.Slice}, "keyword": {reflect.String, reflect.Slice}, "date": {reflect.String},
			"long": {reflect.Float64, reflect.Slice}, "geo_point": {reflect.Map}, "flattened": {reflect.Map}}[f.StoreType()]
		found := false
		for _, k := range want {
			found = found || k == kind
		}
		if !found {
			t.Errorf("%s is written as %s, its store type is %s", f.Name, kind, f.StoreType())
		}
	}
}

func TestValues(t *testing.T) {
	r := NewBatch(1).Next()
	r.SetTimestamp(1_790_000_000_123_000_000)
	r.SetEventStart(1_790_000_000_123_456_000)
	r.SetEventEnd(1_790_000_000_000_000_001)
	r.SetEventCreated(-1)
	r.SetSourceIP(netip.MustParseAddr("2001:db8::1"))
	r.SetDestinationIP(netip.MustParseAddr("192.0.2.1"))
	r.SetDestinationNATIP(netip.MustParseAddr("192.0.2.1"))
	r.SetSourceMAC(MAC{0, 0x1b, 0x21, 0xab, 0xcd, 0xef})
	r.SetNetworkIANANumber(6)
	r.SetFlowTCPFlags(0x1b | 0x400)
	r.SetFlowEndReason(3)
	r.SetFlowDirection(1)
	r.SetFlowForwardingStatus(0x80 | 5)
	r.SetIngressInterfaceID(7)
	r.SetNetworkBytes(math.MaxInt64)
	r.SetUserName("a\"b\\c\n\x01\xff é")
	r.Extra = append(r.Extra, Element{Name: "n", Num: 1}, Element{Name: "s", Kind: ElementString, Bytes: []byte("t")}, Element{Name: "n", Num: 2},
		Element{Name: "i", Kind: ElementInt, Num: math.MaxUint64}, Element{Name: "f", Kind: ElementFloat, Num: math.Float64bits(1.5)},
		Element{Name: "nan", Kind: ElementFloat, Num: math.Float64bits(math.NaN())}, Element{Name: "b", Kind: ElementBool, Num: 1},
		Element{Name: "a", Kind: ElementAddr, Bytes: []byte{1, 2, 3, 4}}, Element{Name: "m", Kind: ElementMAC, Bytes: []byte{1, 2, 3, 4, 5, 6}},
		Element{Name: "h", Kind: ElementHex, Bytes: []byte{0xab}}, Element{Name: "t", Kind: ElementTime, Num: 0})
	m := document(t, r)
	for name, want := range map[string]any{
		"@timestamp": "2026-09-21T14:13:20.123Z", "event.start": "2026-09-21T14:13:20.123456Z", "event.end": "2026-09-21T14:13:20.000000001Z",
		"event.created": "1969-12-31T23:59:59.999999999Z", "event.kind": "event", "event.action": "network_flow", "event.category": []any{"network"},
		"source.ip": "2001:db8::1", "source.mac": "00-1B-21-AB-CD-EF", "network.iana_number": "6", "related.ip": []any{"2001:db8::1", "192.0.2.1"},
		"flow.tcp_flags": []any{"FIN", "SYN", "PSH", "ACK", "0x400"}, "flow.end_reason": "end of flow detected", "flow.direction": "egress",
		"flow.forwarding_status": "dropped (133)", "observer.ingress.interface.id": "7", "user.name": "a\"b\\c\n\x01\uFFFD é",
		"flow.ie.n": []any{1.0, 2.0}, "flow.ie.s": "t", "flow.ie.i": -1.0, "flow.ie.f": 1.5, "flow.ie.nan": nil, "flow.ie.b": true,
		"flow.ie.a": "1.2.3.4", "flow.ie.m": "01-02-03-04-05-06", "flow.ie.h": "ab", "flow.ie.t": "1970-01-01T00:00:00.000Z",
	} {
		if got := lookup(m, name); !reflect.DeepEqual(got, want) {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	if doc := string(NewEncoder().AppendJSON(nil, r)); !strings.Contains(doc, `"bytes":9223372036854775807`) {
		t.Errorf("large counters lose digits: %s", doc)
	}
}

func TestKindsAndAbsence(t *testing.T) {
	r := NewBatch(1).Next()
	if m := document(t, r); len(m) != 1 || m["event"] == nil {
		t.Errorf("an empty record is %v, want the event alone", m)
	}
	r.Kind = KindCounters
	r.Extra = append(r.Extra, Element{Name: "if_index", Num: 1})
	m := document(t, r)
	if lookup(m, "flow.counters.if_index") != 1.0 || lookup(m, "event.action") != "counters_sample" {
		t.Errorf("a counter sample is %v", m)
	}
	r.SetSourcePort(0)
	if m := document(t, r); lookup(m, "source.port") != 0.0 {
		t.Error("port 0 is set but absent")
	}
	r.Clear(FieldSourcePort)
	if m := document(t, r); lookup(m, "source") != nil {
		t.Error("a cleared field is present")
	}
}

func TestSettersRefuseOtherTypes(t *testing.T) {
	r := NewBatch(1).Next()
	if r.SetUint(FieldSourceIP, 1) || r.SetAddr(FieldSourcePort, netip.Addr{}) || r.SetString(FieldSourcePort, "") || r.SetMAC(FieldTags, MAC{}) {
		t.Error("a setter took a field of another type")
	}
	if r.set != (presence{}) {
		t.Error("a refused value is marked as present")
	}
}

func TestBatch(t *testing.T) {
	b := NewBatch(2)
	r := b.Next()
	r.SetSourcePort(1)
	r.AddTags("old")
	p := b.Copy([]byte("abc"))
	b.Copy(make([]byte, 2*arenaSize)) // forces a new arena
	if string(p) != "abc" {
		t.Errorf("a copy changed to %q", p)
	}
	b.Next()
	if b.Next() != nil || b.Len() != 2 {
		t.Error("a full batch gave another record")
	}
	b.Drop()
	b.Reset()
	if r := b.Next(); r.Has(FieldSourcePort) || r.Has(FieldTags) || len(r.Tags) != 0 {
		t.Error("a reused record remembers")
	}
}

func TestPoolAndWriter(t *testing.T) {
	pool := NewPool(2, 3)
	ctx, cancel := context.WithCancel(t.Context())
	var full []*Batch
	w := NewWriter(func() *Batch { return pool.Get(ctx) }, func(b *Batch) { full = append(full, b) })
	for i := range 5 {
		w.Next().SetSourcePort(uint16(i))
	}
	if len(full) != 1 || full[0].Len() != 3 || w.Pending() != 2 {
		t.Fatalf("%d batches handed over, %d records pending", len(full), w.Pending())
	}
	w.Flush()
	w.Flush()
	if len(full) != 2 || full[1].At(1).SourcePort != 4 {
		t.Fatalf("%d batches after the flush", len(full))
	}
	if pool.TryGet() != nil {
		t.Error("the pool gave more batches than it has")
	}
	full[0].Retain()
	full[0].Release()
	if pool.TryGet() != nil {
		t.Error("a batch came back while it was referred to")
	}
	full[0].Release()
	b := pool.TryGet()
	if b == nil || b.Len() != 0 {
		t.Fatal("a released batch did not come back empty")
	}
	cancel()
	if pool.Get(ctx) != nil {
		t.Error("Get gave a batch after its context ended")
	}
}

func TestEncodingAllocates(t *testing.T) {
	r, e := filled(t), NewEncoder()
	buf := make([]byte, 0, 8192)
	r.SetEventStart(r.Timestamp)
	r.SetEventEnd(r.Timestamp)
	r.SetEventCreated(r.Timestamp)
	e.AppendJSON(buf, r)
	if n := testing.AllocsPerRun(100, func() { e.AppendJSON(buf, r) }); n != 0 {
		t.Errorf("%v allocations per document, want 0", n)
	}
}

func BenchmarkAppendJSON(b *testing.B) {
	batch := NewBatch(1)
	r := batch.Next()
	r.SetTimestamp(1_790_000_000_123_000_000)
	r.SetEventStart(1_790_000_000_000_000_000)
	r.SetEventEnd(1_790_000_000_123_000_000)
	r.SetSourceIP(netip.MustParseAddr("192.168.88.10"))
	r.SetDestinationIP(netip.MustParseAddr("93.184.216.34"))
	for id, v := range map[FieldID]uint64{FieldSourcePort: 50123, FieldDestinationPort: 443, FieldNetworkBytes: 123456, FieldNetworkPackets: 99,
		FieldSourceBytes: 123456, FieldSourcePackets: 99, FieldNetworkIANANumber: 6, FieldDestinationASNumber: 15133, FieldFlowTCPFlags: 0x1b,
		FieldIngressInterfaceID: 2, FieldEgressInterfaceID: 3, FieldFlowSamplingRate: 1, FieldEventDuration: 123_000_000} {
		r.SetUint(id, v)
	}
	for id, v := range map[FieldID]string{FieldNetworkType: "ipv4", FieldNetworkTransport: "tcp", FieldNetworkDirection: "outbound",
		FieldNetworkCommunityID: "1:LQU9qZlK+B5F3KDmev6m5PMibrg=", FieldDestinationASOrganization: "Edgecast Inc.", FieldDestinationGeoCountryCode: "US",
		FieldDestinationGeoCountryName: "United States", FieldFlowCategory: "Web", FieldFlowCategoryRule: "port tcp/443", FieldFlowService: "https",
		FieldObserverName: "192.168.88.1", FieldFlowExporterProtocol: "netflow9", FieldFlowSamplingSource: "assumed"} {
		r.SetString(id, v)
	}
	e := NewEncoder()
	buf := e.AppendJSON(nil, r)
	b.SetBytes(int64(len(buf)))
	b.ReportAllocs()
	for b.Loop() {
		buf = e.AppendJSON(buf[:0], r)
	}
}

func FuzzAppendString(f *testing.F) {
	f.Add([]byte("a\"\\\x00\xff\xe2\x82"))
	f.Fuzz(func(t *testing.T, p []byte) {
		got := appendString(nil, p)
		want, err := json.Marshal(string(p))
		var a, b string
		if err != nil || json.Unmarshal(got, &a) != nil || json.Unmarshal(want, &b) != nil || a != b {
			t.Fatalf("%q is written as %s, encoding/json writes %s", p, got, want)
		}
	})
}
