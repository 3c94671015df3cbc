package elastic

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/indexer/elastic/elastictest"
)

// startReal gives a sink that is connected to a real server, and its log.
func startReal(t *testing.T, s elastictest.Server, namespace string) (*Sink, *bytes.Buffer) {
	t.Helper()
	c := DefaultConfig(s.URL)
	c.Namespace = namespace
	var log bytes.Buffer // of slog, which locks; read after Close
	sink, err := New(c, Dependencies{Logger: slog.New(slog.NewTextHandler(&log, nil)), Registerer: prometheus.NewRegistry()})
	if err != nil {
		t.Fatal(err)
	}
	if err := sink.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if _, _, ok := sink.link.await(ctx); !ok {
		t.Fatalf("not connected after a minute: %v", sink.Ready())
	}
	return sink, &log
}

// store writes records and closes the sink: then the server has them, or has
// refused them, and its log is complete.
func store(t *testing.T, s elastictest.Server, namespace string, b *flow.Batch) (*Sink, *bytes.Buffer) {
	t.Helper()
	sink, log := startReal(t, s, namespace)
	write(t, sink, b)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := sink.Close(ctx); err != nil {
		t.Fatal(err)
	}
	return sink, log
}

// hit is a document as a search gives it.
type hit struct {
	Index  string          `json:"_index"`
	Source json.RawMessage `json:"_source"`
}

// search refreshes a stream and gives the documents that a query finds.
func search(t *testing.T, s elastictest.Server, stream, query string) []hit {
	t.Helper()
	s.Call(t, http.MethodPost, "/"+stream+"/_refresh", "", nil)
	var answer struct{ Hits struct{ Hits []hit } }
	s.Call(t, http.MethodPost, "/"+stream+"/_search", `{"size":100,"query":`+query+`}`, &answer)
	return answer.Hits.Hits
}

func TestRealTemplates(t *testing.T) {
	elastictest.Each(t, func(t *testing.T, s elastictest.Server) {
		namespace := s.Namespace(t)
		read := func() (all string) {
			for _, stream := range []string{streamFlows, streamCounters, streamRejected} {
				var text json.RawMessage
				s.Call(t, http.MethodGet, "/_index_template/"+stream+namespace, "", &text)
				all += string(text)
			}
			return all
		}
		begin := func() string {
			sink, log := startReal(t, s, namespace)
			if p := sink.link.product; p.name != s.Product || !strings.Contains(p.version, ".") {
				t.Errorf("detected %+v, the server is %s", p, s.Product)
			}
			stop(t, sink)
			return log.String()
		}
		if n := strings.Count(begin(), "index template installed"); n != allTemplates {
			t.Errorf("the first start installed %d templates, want %d", n, allTemplates)
		}
		first := read()
		if n := strings.Count(begin(), "index template installed"); n != 0 {
			t.Errorf("the second start installed %d templates, want none", n)
		}
		if second := read(); second != first || !strings.Contains(first, `"managed_by":"weir"`) {
			t.Errorf("the second start changed the templates from\n%s\nto\n%s", first, second)
		}
	})
}

// A counter above 2^63-1 is JSON, but no long: the server refuses such a
// document, and only that one.
func TestRealRejection(t *testing.T) {
	types := map[string]string{elasticsearch: "document_parsing_exception", opensearch: "mapper_parsing_exception"}
	elastictest.Each(t, func(t *testing.T, s elastictest.Server) {
		namespace := s.Namespace(t)
		b := flows(0, 3)
		b.At(1).SetNetworkBytes(math.MaxUint64)
		sink, log := store(t, s, namespace, b)
		rejected := metric(sink.metrics.documents.WithLabelValues(resultRejected, types[s.Product]))
		if rejected != 1 || metric(sink.metrics.indexed) != 2 || metric(sink.metrics.reports.WithLabelValues("stored")) != 1 {
			t.Errorf("%v rejected, %v indexed; want 1 and 2; the log:\n%s", rejected, metric(sink.metrics.indexed), log)
		}
		if n := len(search(t, s, streamFlows+namespace, `{"match_all":{}}`)); n != 2 {
			t.Errorf("%d documents are there, want 2", n)
		}
		list := search(t, s, streamRejected+namespace, `{"term":{"error.type":"`+types[s.Product]+`"}}`)
		if len(list) != 1 {
			t.Fatalf("%d documents about rejected ones, want 1", len(list))
		}
		var r rejection
		if err := json.Unmarshal(list[0].Source, &r); err != nil {
			t.Fatal(err)
		}
		if want := string(flow.NewEncoder().AppendJSON(nil, b.At(1))); r.Event.Original != want {
			t.Errorf("kept is %s, want %s", r.Event.Original, want)
		}
		if !strings.Contains(r.Error.Message, "network.bytes") || r.Error.Code != "400" || r.Event.Kind != "pipeline_error" {
			t.Errorf("the reason is given as %+v", r)
		}
		if !strings.Contains(log.String(), "the server rejects documents") {
			t.Errorf("the log does not say it:\n%s", log)
		}
	})
}

// The names of counters come with the exporters; their numbers must be there
// for sums. All ones is sFlow's way to say that a counter is not known.
func TestRealCounters(t *testing.T) {
	elastictest.Each(t, func(t *testing.T, s elastictest.Server) {
		namespace := s.Namespace(t)
		b := flow.NewBatch(3)
		for i, load := range []float64{2, 0.5, 1} {
			r := b.Next()
			r.Kind = flow.KindCounters
			r.SetTimestamp(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC).UnixNano())
			octets := uint64(1000 + i)
			if i == 0 { // the first one makes the mapping
				octets = math.MaxUint64
			}
			r.Extra = append(r.Extra,
				flow.Element{Name: "if_in_octets", Num: octets},
				flow.Element{Name: "cpu_load_one", Kind: flow.ElementFloat, Num: math.Float64bits(load)},
				flow.Element{Name: "ratio", Kind: flow.ElementFloat, Num: math.Float64bits(0.25)},
				flow.Element{Name: "hostname", Kind: flow.ElementString, Bytes: []byte("switch")},
				flow.Element{Name: "up", Kind: flow.ElementBool, Num: 1})
		}
		sink, log := store(t, s, namespace, b)
		if n := metric(sink.metrics.indexed); n != 3 {
			t.Fatalf("%v indexed, want 3; the log:\n%s", n, log)
		}
		stream := streamCounters + namespace
		for name, want := range map[string]float64{"if_in_octets": 2003, "cpu_load_one": 3.5, "ratio": 0.75} {
			s.Call(t, http.MethodPost, "/"+stream+"/_refresh", "", nil)
			var answer struct {
				Aggregations struct{ Sum struct{ Value float64 } }
			}
			s.Call(t, http.MethodPost, "/"+stream+"/_search", `{"size":0,"aggs":{"sum":{"sum":{"field":"flow.counters.`+name+`"}}}}`, &answer)
			if answer.Aggregations.Sum.Value != want {
				t.Errorf("the sum of %s is %v, want %v", name, answer.Aggregations.Sum.Value, want)
			}
		}
		if n := len(search(t, s, stream, `{"term":{"event.action":"counters_sample"}}`)); n != 3 {
			t.Errorf("%d counter samples found, want 3", n)
		}
	})
}

// An IPFIX text may have 65,535 bytes, more than a search index takes. The
// document must be stored all the same, whatever the bytes are.
func TestRealLongTexts(t *testing.T) {
	long := strings.Repeat("é", 32767)
	elastictest.Each(t, func(t *testing.T, s elastictest.Server) {
		namespace := s.Namespace(t)
		b := flows(0, 4)
		b.At(0).SetUserName(long)
		b.At(0).AddTags(long)
		for i, x := range []flow.Element{{Kind: flow.ElementString, Bytes: []byte(long)},
			{Kind: flow.ElementString, Bytes: bytes.Repeat([]byte{0xff}, 65535)}, {Kind: flow.ElementHex, Bytes: make([]byte, 65535)}} {
			x.Name = strings.Repeat("longName", 8)
			b.At(i + 1).Extra = append(b.At(i+1).Extra, x)
		}
		sink, log := store(t, s, namespace, b)
		if n := metric(sink.metrics.indexed); n != 4 {
			t.Errorf("%v indexed, want 4; the log:\n%s", n, log)
		}
		if len(b.At(3).Extra[0].Bytes) != 65535 {
			t.Error("the record was changed, which other sinks read")
		}
	})
}
