package flow

import (
	"bytes"
	"testing"
)

// TestAppend checks that copies are whole, and that they stand on their own when
// the batch that they come from is used again.
func TestAppend(t *testing.T) {
	from, to := NewBatch(2), NewBatch(3)
	for range 2 {
		r := from.Next()
		*r = *filled(t)
		r.Extra = append(r.Extra[:0:0], Element{Name: "s", Kind: ElementString, Bytes: from.Copy([]byte("text"))}, Element{Name: "n", Num: 7})
	}
	want := NewEncoder().AppendJSON(nil, from.At(1))
	if !to.Append(from) || to.Len() != 2 {
		t.Fatalf("%d records appended, want 2", to.Len())
	}
	if to.Append(from) || to.Len() != 2 {
		t.Error("a full batch took more")
	}
	from.Reset()
	from.Copy([]byte("xxxxyyyy"))
	from.Next().AddTags("x", "y")
	from.Next().AddTags("x", "y")
	for i := range to.Records() {
		if got := NewEncoder().AppendJSON(nil, to.At(i)); !bytes.Equal(got, want) {
			t.Errorf("record %d is\n%s\nwant\n%s", i, got, want)
		}
	}
	if r := to.Next(); r == nil || r.Has(FieldSourceIP) || len(r.Extra) > 0 {
		t.Error("the record after the copies is not fresh")
	}
}

// TestAppendIsBounded appends batches that are large in bytes.
func TestAppendIsBounded(t *testing.T) {
	large := NewBatch(1)
	r := large.Next()
	r.Extra = append(r.Extra, Element{Name: "s", Kind: ElementString, Bytes: large.Copy(make([]byte, batchBytes/4))})
	to, n := NewBatch(100), 0
	for to.Append(large) {
		n++
	}
	if n != 3 {
		t.Errorf("%d batches of a quarter of the bound fit, want 3", n)
	}
}
