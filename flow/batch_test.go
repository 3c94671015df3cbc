package flow

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"
)

// TestBatchIsBoundedInBytes: a batch of large records is full early, whatever
// they are large of, and does not stay large when it is used again.
func TestBatchIsBoundedInBytes(t *testing.T) {
	const size = 60_000 // bytes, about what one message can make of a record
	for name, fill := range map[string]func(*Batch, *Record){
		"copies":       func(b *Batch, _ *Record) { b.Copy(make([]byte, size)) },
		"long strings": func(b *Batch, r *Record) { r.SetURLPath(string(make([]byte, size))); b.Weigh(size) },
		"elements":     func(_ *Batch, r *Record) { r.Extra = append(r.Extra, make([]Element, size/elementSize)...) },
	} {
		b := NewBatch(512)
		for range 3 {
			records := 0
			for r := b.Next(); r != nil; r = b.Next() {
				fill(b, r)
				records++
			}
			if want := batchBytes / size; records < want || records > want+2 {
				t.Errorf("%s: full after %d records of %d bytes, want about %d", name, records, size, want)
			}
			b.Reset()
			for i := range b.records {
				if n := cap(b.records[i].Extra); n > keptElements {
					t.Fatalf("%s: record %d keeps room for %d elements", name, i, n)
				}
			}
			if cap(b.arena) > arenaLimit {
				t.Errorf("%s: the arena keeps %d bytes", name, cap(b.arena))
			}
		}
	}
}

// TestDropDoesNotWeigh: records that were taken back leave the batch as it was.
func TestDropDoesNotWeigh(t *testing.T) {
	b := NewBatch(3)
	b.Next().Extra = make([]Element, 10)
	for range 100_000 {
		r := b.Next()
		if r == nil {
			t.Fatal("full of records that were dropped")
		}
		r.Extra = append(r.Extra, make([]Element, 5)...)
		b.Drop()
	}
}

// TestManyElements: elements of the same name become lists in the order of the
// record, however many there are.
func TestManyElements(t *testing.T) {
	for _, n := range []int{1, fewElements, fewElements + 1, 500} {
		r := NewBatch(1).Next()
		want := map[string]any{}
		for i := range n {
			name := fmt.Sprintf("e%d", i*i%(n*2/3+1))
			r.Extra = append(r.Extra, Element{Name: name, Num: uint64(i)})
			switch before := want[name].(type) {
			case nil:
				want[name] = float64(i)
			case []any:
				want[name] = append(before, float64(i))
			default:
				want[name] = []any{before, float64(i)}
			}
		}
		var got struct {
			Flow struct{ IE map[string]any }
		}
		if err := json.Unmarshal(NewEncoder().AppendJSON(nil, r), &got); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got.Flow.IE, want) {
			t.Errorf("%d elements: %v, want %v", n, got.Flow.IE, want)
		}
	}
}

func BenchmarkManyElements(b *testing.B) {
	for _, n := range []int{8, 32, 512} {
		r := NewBatch(1).Next()
		for i := range n {
			r.Extra = append(r.Extra, Element{Name: fmt.Sprintf("element_with_a_name_%d", i), Num: uint64(i)})
		}
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			e, buf := NewEncoder(), []byte(nil)
			b.ReportAllocs()
			for b.Loop() {
				buf = e.AppendJSON(buf[:0], r)
			}
		})
	}
}
