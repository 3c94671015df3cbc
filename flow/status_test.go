package flow

import (
	"math"
	"testing"

	"github.com/weirflow/weir/flow/catalogue"
)

// TestStatus writes every row of the table through its setter and finds it in the
// document by its name, and sees the setters refuse rows of other types.
func TestStatus(t *testing.T) {
	r := NewBatch(1).Next()
	r.Kind = KindExporter
	if len(catalogue.Status) != int(NumStatus) {
		t.Fatalf("%d rows, %d numbers", len(catalogue.Status), NumStatus)
	}
	for i, f := range catalogue.Status {
		s := Status(i)
		if s.String() != f.Path() {
			t.Errorf("status %d is %s, want %s", i, s, f.Path())
		}
		number := f.Type == catalogue.U64 || f.Type == catalogue.I64 || f.Type == catalogue.Time
		if r.AddStatus(s, uint64(i)+1) != number || r.AddStatusFloat(s, float64(i)+0.5) != (f.Type == catalogue.F64) || r.AddStatusText(s, f.Name) != (f.Type == catalogue.Keyword) {
			t.Errorf("%s is not taken by the setter of its type alone", f.Name)
		}
	}
	m := document(t, r)
	if lookup(m, "event.kind") != "metric" || lookup(m, "event.action") != "exporter_status" || lookup(m, "flow.ie") != nil {
		t.Errorf("the document says of itself: %v", m)
	}
	for i, f := range catalogue.Status {
		want := map[catalogue.Type]any{catalogue.U64: float64(i) + 1, catalogue.I64: float64(i) + 1, catalogue.F64: float64(i) + 0.5, catalogue.Keyword: f.Name,
			catalogue.Time: "1970-01-01T00:00:00." + nanoseconds(i+1) + "Z"}[f.Type]
		if got := lookup(m, f.Path()); got != want {
			t.Errorf("%s is %v, want %v", f.Path(), got, want)
		}
	}
	r.SetEventAction(ActionCollector)
	if got := lookup(document(t, r), "event.action"); got != ActionCollector {
		t.Errorf("event.action is %v", got)
	}
}

func nanoseconds(n int) string {
	text := []byte("000000000")
	for i := len(text) - 1; n > 0; i-- {
		text[i] = byte('0' + n%10)
		n /= 10
	}
	return string(text)
}

// TestStatusValues has what no store takes kept out of documents.
func TestStatusValues(t *testing.T) {
	r := NewBatch(1).Next()
	r.Kind = KindExporter
	if r.AddStatusFloat(StatusLostRatio, math.NaN()) || r.AddStatusFloat(StatusLostRatio, math.Inf(1)) || len(r.Extra) != 0 {
		t.Error("what is no number is taken")
	}
	skew := int64(-1500)
	r.AddStatus(StatusClockSkew, uint64(skew))
	r.AddStatus(StatusBytes, math.MaxUint64)
	m := document(t, r)
	if lookup(m, "flow.status.clock_skew_ms") != -1500.0 || lookup(m, "flow.status.bytes") != float64(math.MaxInt64) {
		t.Errorf("the document is %v", m)
	}
}

// TestMetricKinds has roll-ups say that they are metrics, and what flows are stay
// events.
func TestMetricKinds(t *testing.T) {
	r := NewBatch(1).Next()
	for k := KindFlow; k < NumKinds; k++ {
		r.Kind = k
		m := document(t, r)
		want := "event"
		if k == KindRollup || k == KindExporter {
			want = "metric"
		}
		if lookup(m, "event.kind") != want || lookup(m, "event.action") != k.String() {
			t.Errorf("kind %d is written as %v", k, m)
		}
	}
}
