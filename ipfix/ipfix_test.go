package ipfix

import (
	"encoding/binary"
	"errors"
	"reflect"
	"testing"
)

func TestLookup(t *testing.T) {
	for _, c := range []struct {
		pen  uint32
		id   uint16
		name string
		typ  DataType
	}{
		{0, 1, "octetDeltaCount", Unsigned64}, {0, 8, "sourceIPv4Address", IPv4Address}, {0, 152, "flowStartMilliseconds", DateTimeMilliseconds},
		{35632, 188, "TLS_SERVER_NAME", String}, {ReversePEN, 1, "reverseOctetDeltaCount", Unsigned64}, {9, 12235, "appHTTPHost", String},
	} {
		if e, ok := Lookup(c.pen, c.id); !ok || e.Name != c.name || e.Type != c.typ {
			t.Errorf("%d/%d is %+v, want %s", c.pen, c.id, e, c.name)
		}
	}
	if e, ok := Lookup(4711, 1); ok || e.PEN != 4711 || e.ID != 1 || e.Name != "" {
		t.Errorf("an unregistered element is %+v, %v", e, ok)
	}
	for id, name := range map[uint16]string{8: "sourceIPv4Address", 57472 + 188: "TLS_SERVER_NAME", 0x8000 | 12235: "appHTTPHost"} {
		if e, _ := Lookup9(id); e.Name != name {
			t.Errorf("NetFlow v9 type %d is %q, want %s", id, e.Name, name)
		}
	}
	if e, ok := ByName("flowEndReason"); !ok || e.ID != 136 {
		t.Errorf("flowEndReason is %+v", e)
	}
}

func TestRegistryIsSorted(t *testing.T) {
	for i := 1; i < len(elements); i++ {
		a, b := elements[i-1], elements[i]
		if a.PEN > b.PEN || a.PEN == b.PEN && a.ID >= b.ID {
			t.Fatalf("row %d (%+v) is not after %+v", i, b, a)
		}
	}
	if len(elements) < 1800 {
		t.Errorf("only %d elements", len(elements))
	}
}

func words(v ...uint16) (b []byte) {
	for _, x := range v {
		b = binary.BigEndian.AppendUint16(b, x)
	}
	return b
}

func TestParseHeader(t *testing.T) {
	ten := words(10, 100, 0, 1, 0, 2, 0, 3)
	if h, n, err := ParseHeader(ten); err != nil || n != 16 || h != (Header{Version: 10, Length: 100, ExportTime: 1, Sequence: 2, Domain: 3}) {
		t.Errorf("%+v, %d, %v", h, n, err)
	}
	nine := words(9, 7, 0, 5, 0, 1, 0, 2, 0, 3)
	if h, n, err := ParseHeader(nine); err != nil || n != 20 || h != (Header{Version: 9, Count: 7, SysUptime: 5, ExportTime: 1, Sequence: 2, Domain: 3}) {
		t.Errorf("%+v, %d, %v", h, n, err)
	}
	for n := range nine {
		if _, _, err := ParseHeader(nine[:n]); !errors.Is(err, ErrTruncated) {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
	if _, _, err := ParseHeader(words(7, 0, 0, 0, 0, 0, 0, 0)); err == nil || errors.Is(err, ErrTruncated) {
		t.Errorf("version 7: %v", err)
	}
}

func TestParseTemplates(t *testing.T) {
	enterprise := append(words(256, 2, 8, 4, 0x8001, 65535), 0, 0, 0x71, 0x99)
	got, n, err := ParseTemplate(append(enterprise, 1, 2, 3), false)
	want := Template{ID: 256, Fields: []FieldSpec{{ID: 8, Length: 4}, {PEN: 29081, ID: 1, Length: Variable}}}
	if err != nil || n != len(enterprise) || !reflect.DeepEqual(got, want) || got.MinRecordLen() != 5 {
		t.Errorf("%+v, %d, %v", got, n, err)
	}
	got, n, err = ParseTemplate(words(257, 2, 1, 149, 4, 34, 4), true)
	want = Template{ID: 257, Scopes: 1, Options: true, Fields: []FieldSpec{{ID: 149, Length: 4}, {ID: 34, Length: 4}}}
	if err != nil || n != 14 || !reflect.DeepEqual(got, want) {
		t.Errorf("options: %+v, %d, %v", got, n, err)
	}
	got, n, err = ParseOptionsTemplate9(words(258, 4, 8, 1, 4, 34, 4, 35, 1))
	want = Template{ID: 258, Scopes: 1, Options: true, Fields: []FieldSpec{{ID: 1, Length: 4}, {ID: 34, Length: 4}, {ID: 35, Length: 1}}}
	if err != nil || n != 18 || !reflect.DeepEqual(got, want) {
		t.Errorf("v9 options: %+v, %d, %v", got, n, err)
	}
	if got, n, err := ParseTemplate(words(256, 0), true); err != nil || n != 4 || !got.Withdrawal() {
		t.Errorf("withdrawal: %+v, %d, %v", got, n, err)
	}
	for what, err := range map[string]error{
		"more fields than bytes":  second(ParseTemplate(words(256, 3, 8, 4), false)),
		"enterprise cut off":      second(ParseTemplate(words(256, 1, 0x8001, 4, 0), false)),
		"scopes above fields":     second(ParseTemplate(words(256, 1, 2, 8, 4), true)),
		"v9 fields cut off":       second(ParseTemplate9(words(256, 2, 8, 4, 7))),
		"v9 odd option length":    second(ParseOptionsTemplate9(words(256, 4, 3, 1, 4, 34, 4))),
		"v9 options cut off":      second(ParseOptionsTemplate9(words(256, 4, 8, 1, 4, 34, 4))),
		"no room for the options": second(ParseTemplate(words(256, 1), true)),
	} {
		if err == nil {
			t.Errorf("%s: no error", what)
		}
	}
}

func second(_ Template, _ int, err error) error { return err }

func FuzzParseTemplate(f *testing.F) {
	f.Add(words(256, 2, 8, 4, 0x8001, 65535, 0, 9))
	for _, b := range templateSets(f) {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, parse := range []func([]byte) (Template, int, error){
			func(b []byte) (Template, int, error) { return ParseTemplate(b, false) },
			func(b []byte) (Template, int, error) { return ParseTemplate(b, true) }, ParseTemplate9, ParseOptionsTemplate9,
		} {
			var got Template
			var n int
			var err error
			bounded(t, func() { got, n, err = parse(b) })
			if err != nil {
				if n != 0 || got.Fields != nil {
					t.Fatalf("an error came with %d bytes and %d fields", n, len(got.Fields))
				}
				continue
			}
			if n > len(b) || got.Scopes > len(got.Fields) || 4*len(got.Fields) > n {
				t.Fatalf("%+v out of %d bytes, of which %d were taken", got, len(b), n)
			}
		}
	})
}
