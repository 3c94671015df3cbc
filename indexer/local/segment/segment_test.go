package segment

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/indexer/local/column"
)

// traffic fills a table with n made-up flows and gives their documents.
func traffic(seed uint64, n int) (*column.Table, []string) {
	rng := rand.New(rand.NewPCG(seed, 1))
	t, b, e := column.NewTable(), flow.NewBatch(n), flow.NewEncoder()
	var documents []string
	for i := range n {
		r := b.Next()
		at := int64(1.77e18) + int64(i)*1e6 + rng.Int64N(1e9)
		r.SetTimestamp(at)
		r.SetEventEnd(at)
		client, server := netip.AddrFrom4([4]byte{10, 0, byte(rng.IntN(4)), byte(rng.IntN(256))}), netip.AddrFrom4([4]byte{192, 0, 2, byte(rng.IntN(20))})
		r.SetSourceIP(client)
		r.SetDestinationIP(server)
		r.SetFlowServerIP(server)
		r.SetSourcePort(uint16(1024 + rng.IntN(60000)))
		r.SetDestinationPort(443)
		r.SetNetworkIANANumber(6)
		r.SetNetworkBytes(rng.Uint64() >> (20 + rng.IntN(40)))
		r.SetNetworkTransport("tcp")
		r.SetSourceASNumber(4200000000 + uint32(rng.IntN(3)))
		if rng.IntN(3) == 0 {
			r.SetFlowCategory(fmt.Sprint("category ", rng.IntN(30)))
			r.SetFlowClockSkew(rng.Int64N(1000) - 500)
			r.AddTags("a", "ü")
		}
		if i == n/2 {
			r.SetURLPath("/only/once")
			r.Extra = append(r.Extra, flow.Element{Name: "x", Num: 7})
		}
		documents = append(documents, string(e.AppendJSON(nil, r)))
	}
	t.Append(b.Records())
	return t, documents
}

// rowsOf gives the rows of a table.
func rowsOf(t *column.Table) *Rows {
	rows, view := &Rows{N: t.Rows()}, t.View(t.Rows())
	for c := range rows.Columns {
		rows.Columns[c] = new(column.Vector)
		view.Stored(c, rows.Columns[c])
	}
	return rows
}

// write writes tables as the row groups of one file.
func write(t testing.TB, path string, sorted bool, tables ...*column.Table) Info {
	t.Helper()
	w, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range tables {
		rows := rowsOf(table)
		var order []uint32
		if sorted {
			order = Order(rows)
		}
		if err := w.Write(t.Context(), rows, order); err != nil {
			t.Fatal(err)
		}
	}
	info, err := w.Finish(Meta{ID: 7, Log: 3, Replaces: []uint64{1, 2}})
	if err != nil {
		t.Fatal(err)
	}
	return info
}

// documents gives the documents of a block's rows.
func documents(b column.Block) (list []string, err error) {
	columns, vectors := make([]int, column.Count), make([]*column.Vector, column.Count)
	for i := range columns {
		columns[i], vectors[i] = i, &column.Vector{}
	}
	if err := b.Load(context.Background(), columns, vectors); err != nil {
		return nil, err
	}
	e := flow.NewEncoder()
	for row := range b.Rows() {
		var r flow.Record
		for i, v := range vectors {
			if err := column.Fill(&r, i, v, row); err != nil {
				return nil, err
			}
		}
		list = append(list, string(e.AppendJSON(nil, &r)))
	}
	return list, nil
}

func open(t testing.TB, path string) *Segment {
	t.Helper()
	s, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestRoundTrip(t *testing.T) {
	for _, sorted := range []bool{false, true} {
		a, first := traffic(1, 1000)
		b, second := traffic(2, 77)
		path := filepath.Join(t.TempDir(), "a.parquet")
		info := write(t, path, sorted, a, b)
		s := open(t, path)
		if lo, hi := s.Times(); info.Rows != 1077 || s.Rows() != 1077 || s.Meta().ID != 7 || s.Meta().Log != 3 || !slices.Equal(s.Meta().Replaces, []uint64{1, 2}) ||
			lo != info.MinTime || hi != info.MaxTime || s.Size() != info.Size {
			t.Errorf("info is %+v, the file says %+v, %d rows, times %d to %d", info, s.Meta(), s.Rows(), lo, hi)
		}
		if crc, err := s.Checksum(t.Context(), nil); err != nil || crc != info.CRC {
			t.Errorf("checksum %08x, %v; want %08x", crc, err, info.CRC)
		}
		for i, want := range [][]string{first, second} {
			got, err := documents(s.Blocks()[i])
			if err != nil {
				t.Fatal(err)
			}
			if sorted {
				slices.Sort(got)
				slices.Sort(want)
			}
			if !slices.Equal(got, want) {
				t.Fatalf("block %d holds other documents, such as\n%s\n%s", i, got[0], want[0])
			}
			checkStatistics(t, s.Blocks()[i])
		}
	}
}

// checkStatistics compares what a block says of its columns with its values.
func checkStatistics(t *testing.T, b *Block) {
	t.Helper()
	var v column.Vector
	ranges := 0
	for c := range column.Columns {
		if err := b.Load(t.Context(), []int{c}, []*column.Vector{&v}); err != nil {
			t.Fatal(err)
		}
		if n, ok := b.Nulls(c); ok && n != v.Nulls() {
			t.Errorf("%s: %d nulls, there are %d", column.Columns[c].Name, n, v.Nulls())
		}
		lo, hi, ok := b.Range(c)
		if !ok {
			continue
		}
		ranges++
		for row := range b.Rows() {
			if v.Has(row) && (v.Int(row) < lo || v.Int(row) > hi) {
				t.Errorf("%s: %d is not within %d and %d", column.Columns[c].Name, v.Int(row), lo, hi)
			}
		}
	}
	if ranges < 6 {
		t.Errorf("%d columns have a range", ranges)
	}
}

// TestCopy takes row groups over into another file.
func TestCopy(t *testing.T) {
	dir := t.TempDir()
	a, first := traffic(1, 300)
	b, second := traffic(2, 50)
	write(t, filepath.Join(dir, "a"), false, a, b)
	s := open(t, filepath.Join(dir, "a"))
	w, err := Create(filepath.Join(dir, "b"))
	if err != nil {
		t.Fatal(err)
	}
	c, third := traffic(3, 20)
	if err := w.Write(t.Context(), rowsOf(c), nil); err != nil {
		t.Fatal(err)
	}
	for _, block := range s.Blocks() {
		if ok, err := w.Copy(block); !ok || err != nil {
			t.Fatal(ok, err)
		}
	}
	if _, err := w.Finish(Meta{ID: 8}); err != nil {
		t.Fatal(err)
	}
	copied := open(t, filepath.Join(dir, "b"))
	for i, want := range [][]string{third, first, second} {
		if got, err := documents(copied.Blocks()[i]); err != nil || !slices.Equal(got, want) {
			t.Errorf("block %d: %d documents, %v", i, len(got), err)
		}
	}
}

// TestDamage flips bits and cuts the file at every hundredth of it: it does not
// open, or the columns concerned do not load, or their values are right.
func TestDamage(t *testing.T) {
	a, want := traffic(1, 500)
	path := filepath.Join(t.TempDir(), "a")
	info := write(t, path, false, a)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	check := func(what string, bytes []byte) {
		t.Helper()
		if err := os.WriteFile(path, bytes, 0o644); err != nil {
			t.Fatal(err)
		}
		s, err := Open(path)
		if err != nil {
			if !errors.Is(err, column.ErrDamaged) {
				t.Errorf("%s: %v", what, err)
			}
			return
		}
		defer func() { _ = s.Close() }()
		if crc, err := s.Checksum(t.Context(), nil); err == nil && crc == info.CRC {
			t.Errorf("%s: the file's checksum does not tell", what)
		}
		got, err := documents(s.Blocks()[0])
		if err == nil && !slices.Equal(got, want) || err != nil && !errors.Is(err, column.ErrDamaged) {
			t.Errorf("%s: other documents, or %v", what, err)
		}
		var damaged *DamagedError
		if err != nil && (!errors.As(err, &damaged) || damaged.Segment != s) {
			t.Errorf("%s: the error %v does not tell the segment", what, err)
		}
	}
	for i := range 101 {
		at := min(len(good)*i/100, len(good)-1)
		flipped := slices.Clone(good)
		flipped[at] ^= 1 << (i % 8)
		check(fmt.Sprint("flipped at ", at), flipped)
		check(fmt.Sprint("cut at ", at), good[:at])
	}
}
