package column

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"net/netip"
	"testing"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/flow/catalogue"
	"github.com/weirflow/weir/flow/communityid"
)

// randomRecord fills r with values for about half of its fields.
func randomRecord(rng *rand.Rand, r *flow.Record) {
	text := func() string {
		return []string{"", "a", "käse", "x\xffy", `q"\` + "\n", fmt.Sprint(rng.IntN(50))}[rng.IntN(6)]
	}
	for i := range flow.NumFields {
		if rng.IntN(2) == 0 {
			continue
		}
		switch Columns[i].Type {
		case catalogue.IP:
			a := netip.AddrFrom4([4]byte{10, byte(rng.IntN(3)), 0, byte(rng.IntN(256))})
			switch rng.IntN(5) {
			case 0:
				a = netip.AddrFrom16(a.As16())
			case 1:
				var b [16]byte
				b[0], b[15] = 0x20, byte(rng.IntN(9))
				a = netip.AddrFrom16(b)
			}
			r.SetAddr(i, a)
		case catalogue.MAC:
			r.SetMAC(i, flow.MAC{2, 0, 0, 0, 0, byte(rng.IntN(20))})
		case catalogue.Keyword:
			r.SetString(i, text())
		case catalogue.U64:
			r.SetUint(i, rng.Uint64()>>(1+rng.IntN(63)))
		case catalogue.Time:
			r.SetUint(i, uint64(1.7e18+rng.Int64N(1e15)))
		default:
			r.SetUint(i, rng.Uint64()) // false for other types
		}
	}
	if rng.IntN(2) == 0 {
		r.SetSourceGeoLocation(flow.Point{Lat: float64(rng.IntN(180)) - 90, Lon: math.Pi})
		r.AddTags("one", text())
		r.AddFlowMPLSLabels(rng.Uint32())
	}
	r.Kind = flow.Kind(rng.IntN(3))
	for range rng.IntN(4) {
		e := flow.Element{Name: text() + "n", Kind: flow.ElementKind(rng.IntN(9)), Num: rng.Uint64() >> rng.IntN(64), Bytes: []byte(text())}
		r.Extra = append(r.Extra, e)
	}
	if rng.IntN(3) == 0 {
		structured := []string{`[]`, `[7]`, `[1,2]`, `{"a":1,"b":[{"c":"d"}]}`, `[[1],{"x":null}]`, `{}`}
		r.Extra = append(r.Extra, flow.Element{Name: "list", Kind: flow.ElementJSON, Bytes: []byte(structured[rng.IntN(len(structured))])})
	}
	if rng.IntN(2) == 0 || r.NetworkCommunityID == "" { // an empty one is as none
		r.Clear(flow.FieldNetworkCommunityID)
		if tuple, ok := tupleOf(r); ok && rng.IntN(4) > 0 {
			r.SetNetworkCommunityID(string(communityid.Append(nil, 0, tuple)))
		}
	}
}

func randomBatch(rng *rand.Rand, n int) *flow.Batch {
	b := flow.NewBatch(n)
	for range n {
		randomRecord(rng, b.Next())
	}
	return b
}

// documents gives the JSON documents of a block's rows.
func documents(t testing.TB, b Block) (list []string) {
	t.Helper()
	columns, vectors := make([]int, Count), make([]*Vector, Count)
	for i := range columns {
		columns[i], vectors[i] = i, &Vector{}
	}
	if err := b.Load(t.Context(), columns, vectors); err != nil {
		t.Fatal(err)
	}
	encoder := flow.NewEncoder()
	for row := range b.Rows() {
		var r flow.Record
		for i, v := range vectors {
			if err := Fill(&r, i, v, row); err != nil {
				t.Fatal(err)
			}
		}
		list = append(list, string(encoder.AppendJSON(nil, &r)))
	}
	return list
}

func documentsOf(b *flow.Batch) (list []string) {
	encoder := flow.NewEncoder()
	for i := range b.Records() {
		list = append(list, string(encoder.AppendJSON(nil, b.At(i))))
	}
	return list
}

// TestRoundTrip takes records apart and puts them together again: directly, and
// by way of frames.
func TestRoundTrip(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	table, restored := NewTable(), NewTable()
	decoder := NewDecoder(Schema())
	var want []string
	for _, n := range []int{1, 63, 64, 65, 1, 300} {
		b := randomBatch(rng, n)
		want = append(want, documentsOf(b)...)
		from := table.Rows()
		table.Append(b.Records())
		if err := decoder.AppendFrame(restored, table.AppendFrame(nil, from, table.Rows())); err != nil {
			t.Fatal(err)
		}
	}
	for what, table := range map[string]*Table{"table": table, "frames": restored} {
		got := documents(t, table.View(table.Rows()))
		if len(got) != len(want) {
			t.Fatalf("%s: %d rows, want %d", what, len(got), len(want))
		}
		for i := range got {
			if got[i] != want[i] {
				t.Fatalf("%s: row %d is\n%s\nwant\n%s", what, i, got[i], want[i])
			}
		}
	}
}

// TestViewsAndTruncation takes rows back and adds others; views stay as they
// were.
func TestViewsAndTruncation(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	table := NewTable()
	var want []string
	type view struct {
		*View
		want []string
	}
	var views []view
	for range 40 {
		b := randomBatch(rng, 1+rng.IntN(100))
		table.Append(b.Records())
		want = append(want, documentsOf(b)...)
		n := len(want)
		if rng.IntN(2) == 0 {
			n -= rng.IntN(b.Len() + 1) // no view has these rows yet
			table.Truncate(n)
			want = want[:n:n]
		}
		if n > 0 {
			views = append(views, view{table.View(n - rng.IntN(min(n, 5))), want})
		}
	}
	for _, v := range views {
		for i, d := range documents(t, v.View) {
			if d != v.want[i] {
				t.Fatalf("view of %d rows: row %d is\n%s\nwant\n%s", v.Rows(), i, d, v.want[i])
			}
		}
		checkStatistics(t, v.View)
	}
}

// checkStatistics compares what a block says of its columns with its values.
func checkStatistics(t *testing.T, b Block) {
	t.Helper()
	var v Vector
	for c := range Columns {
		if err := b.Load(t.Context(), []int{c}, []*Vector{&v}); err != nil {
			t.Fatal(err)
		}
		if n, ok := b.Nulls(c); ok && n != v.Nulls() {
			t.Errorf("%s: %d nulls, there are %d", Columns[c].Name, n, v.Nulls())
		}
		lo, hi, ok := b.Range(c)
		if !ok {
			continue
		}
		for row := range b.Rows() {
			if v.Has(row) && (v.Int(row) < lo || v.Int(row) > hi) {
				t.Errorf("%s: %d is not within %d and %d", Columns[c].Name, v.Int(row), lo, hi)
			}
		}
	}
}

func TestDamagedFrames(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	table := NewTable()
	table.Append(randomBatch(rng, 70).Records())
	frame := table.AppendFrame(nil, 0, 70)
	for n := 0; n < len(frame); n += 1 + rng.IntN(600) {
		restored := NewTable()
		if err := NewDecoder(Schema()).AppendFrame(restored, frame[:n]); err == nil && restored.Rows() != 70 {
			t.Fatalf("cut at %d: %d rows", n, restored.Rows())
		}
		broken := bytes.Clone(frame)
		broken[n] ^= byte(1 + rng.IntN(255))
		restored = NewTable()
		if NewDecoder(Schema()).AppendFrame(restored, broken) == nil && restored.Rows() > 0 {
			var v Vector
			for c := range Columns {
				restored.View(restored.Rows()).Stored(c, &v)
			}
		}
	}
}
