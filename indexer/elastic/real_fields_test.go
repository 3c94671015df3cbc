package elastic

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/flow/catalogue"
	"github.com/weirflow/weir/indexer/elastic/elastictest"
)

// fill sets every field of the catalogue, as decoders and enrichers would.
func fill(t *testing.T, r *flow.Record) {
	t.Helper()
	moment := time.Date(2026, 1, 2, 3, 4, 5, 678_901_234, time.UTC).UnixNano()
	id := flow.FieldID(0)
	for _, f := range catalogue.Fields {
		if f.Derived() {
			continue
		}
		switch f.Type {
		case catalogue.IP:
			r.SetAddr(id, netip.AddrFrom4([4]byte{192, 0, 2, byte(id)}))
		case catalogue.MAC:
			r.SetMAC(id, flow.MAC{2, 0, 0, 0, 0, byte(id)})
		case catalogue.Keyword:
			r.SetString(id, "text of "+f.Name+` "é"`)
		case catalogue.Keywords:
			r.AddTags("a", "b")
		case catalogue.Labels:
			r.AddFlowMPLSLabels(16)
			r.AddFlowMPLSLabels(17)
		case catalogue.GeoPoint:
			if strings.HasPrefix(f.Name, "source") {
				r.SetSourceGeoLocation(flow.Point{Lat: 52.5, Lon: 13.4})
			} else {
				r.SetDestinationGeoLocation(flow.Point{Lat: -33.9, Lon: 18.4})
			}
		case catalogue.Time:
			r.SetUint(id, uint64(moment)+uint64(id)*1e9)
		default:
			r.SetUint(id, uint64(id)+1)
		}
		if !r.Has(id) {
			t.Fatalf("%s could not be set", f.Name)
		}
		id++
	}
	r.Extra = append(r.Extra, flow.Element{Name: "ipTTL", Num: 64}, flow.Element{Name: "sysName", Kind: flow.ElementString, Bytes: []byte("core")})
}

// TestRealFields has one record with every field come back as it was sent, be
// found by each of its fields, and be counted by each in aggregations; a second
// record without fields must not be.
func TestRealFields(t *testing.T) {
	elastictest.Each(t, func(t *testing.T, s elastictest.Server) {
		namespace := s.Namespace(t)
		b := flow.NewBatch(2)
		fill(t, b.Next())
		b.Next().SetTimestamp(1)
		sink, log := store(t, s, namespace, b)
		if n := metric(sink.metrics.indexed); n != 2 {
			t.Fatalf("%v indexed, want 2; the log:\n%s", n, log)
		}
		stream := streamFlows + namespace
		text := flow.NewEncoder().AppendJSON(nil, b.At(0))
		list := search(t, s, stream, `{"range":{"@timestamp":{"gte":"2026-01-01"}}}`)
		if len(list) != 1 || !bytes.Equal(list[0].Source, text) {
			t.Fatalf("%d documents came back: %s\nwant %s", len(list), list, text)
		}
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.UseNumber()
		var document map[string]any
		if err := decoder.Decode(&document); err != nil {
			t.Fatal(err)
		}
		for i := range catalogue.Fields {
			f := &catalogue.Fields[i]
			if f.Form == catalogue.FormConst || f.Form == catalogue.FormKind {
				checkField(t, s, stream, f, document, 2) // every document has it
			} else {
				checkField(t, s, stream, f, document, 1)
			}
		}
	})
}

// checkField searches and aggregates by one field; want is the number of
// documents that have its value.
func checkField(t *testing.T, s elastictest.Server, stream string, f *catalogue.Field, document map[string]any, want int64) {
	t.Helper()
	name, value := f.Name, first(lookup(document, f.Name))
	kind := f.StoreType()
	query, aggregation := "", fmt.Sprintf(`{"terms":{"field":%q}}`, name)
	switch {
	case value == nil:
		t.Errorf("%s is not in the document", name)
		return
	case kind == "flattened":
		name, value = name+".sysName", "core"
		if aggregation = fmt.Sprintf(`{"terms":{"field":%q}}`, name); s.Product == opensearch {
			aggregation = "" // flat_object has none
		}
	case kind == "geo_point":
		point := value.(map[string]any)
		query = fmt.Sprintf(`{"geo_distance":{"distance":"1km",%q:{"lat":%s,"lon":%s}}}`, name, point["lat"], point["lon"])
		aggregation = fmt.Sprintf(`{"value_count":{"field":%q}}`, name)
	case kind == "long":
		aggregation = fmt.Sprintf(`{"stats":{"field":%q}}`, name)
	}
	if query == "" {
		text, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		query = fmt.Sprintf(`{"term":{%q:{"value":%s}}}`, name, text)
	}
	body := `{"size":0,"query":` + query
	if aggregation != "" {
		body += `,"aggs":{"field":` + aggregation + `}`
	}
	var answer struct {
		Hits         struct{ Total struct{ Value int64 } }
		Aggregations struct {
			Field struct {
				Value   int64       // of value_count
				Max     json.Number // of stats
				Buckets []struct {
					Key any
					Doc int64 `json:"doc_count"`
				}
			}
		}
	}
	s.Call(t, http.MethodPost, "/"+stream+"/_search", body+"}", &answer)
	if answer.Hits.Total.Value != want {
		t.Errorf("%s: %d documents found by %s, want %d", f.Name, answer.Hits.Total.Value, query, want)
	}
	got := answer.Aggregations.Field
	switch {
	case aggregation == "":
	case kind == "geo_point":
		if got.Value != want {
			t.Errorf("%s: %d values, want %d", f.Name, got.Value, want)
		}
	case kind == "long":
		if highest, err := got.Max.Float64(); err != nil || fmt.Sprint(highest) != fmt.Sprint(last(lookup(document, f.Name))) {
			t.Errorf("%s: the highest value is %v, want %v", f.Name, got.Max, last(lookup(document, f.Name)))
		}
	case len(got.Buckets) == 0 || got.Buckets[0].Doc != want:
		t.Errorf("%s: groups %v, want %d documents in the first", f.Name, got.Buckets, want)
	}
}

func lookup(document map[string]any, name string) any {
	var v any = document
	for part := range strings.SplitSeq(name, ".") {
		o, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = o[part]
	}
	return v
}

func first(v any) any {
	if list, ok := v.([]any); ok {
		return list[0]
	}
	return v
}

func last(v any) any {
	if list, ok := v.([]any); ok {
		return list[len(list)-1]
	}
	return v
}
