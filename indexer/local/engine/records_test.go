package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/flow/catalogue"
	"github.com/weirflow/weir/indexer/local/column"
)

var day = time.Date(2026, 9, 21, 0, 0, 0, 0, time.UTC)

// randomRecord fills r with values of few kinds, so that filters and groups find
// some.
func randomRecord(rng *rand.Rand, r *flow.Record) {
	r.SetTimestamp(day.UnixNano() + rng.Int64N(3600)*1e9 + []int64{0, 0, 123_000_000, 999_999_999}[rng.IntN(4)])
	if rng.IntN(20) > 0 {
		r.SetSourceIP(randomAddr(rng))
		r.SetDestinationIP(randomAddr(rng))
	}
	if rng.IntN(4) == 0 {
		r.SetSourceNATIP(randomAddr(rng))
		r.SetSourceMAC(flow.MAC{0, 0x1b, 0x21, 0, 0, byte(rng.IntN(3))})
		r.SetDestinationGeoLocation(flow.Point{Lat: 52.5, Lon: -13.25})
	}
	r.SetNetworkBytes(uint64(rng.IntN(5000)))
	r.SetNetworkPackets(uint64(1 + rng.IntN(50)))
	for _, f := range []flow.FieldID{flow.FieldSourcePort, flow.FieldDestinationPort, flow.FieldFlowTCPFlags, flow.FieldNetworkIANANumber,
		flow.FieldFlowEndReason, flow.FieldFlowDirection, flow.FieldFlowForwardingStatus, flow.FieldNetworkVLANID, flow.FieldSourceASNumber, flow.FieldIngressInterfaceID} {
		if rng.IntN(4) > 0 {
			r.SetUint(f, uint64(rng.IntN(8))*uint64(1+rng.IntN(30)))
		}
	}
	if rng.IntN(3) > 0 {
		r.SetEventDuration(rng.Int64N(1e9))
		r.SetFlowClockSkew(rng.Int64N(200) - 100)
		r.SetEventStart(day.UnixNano() + rng.Int64N(3600e9))
	}
	for _, f := range []flow.FieldID{flow.FieldFlowCategory, flow.FieldNetworkTransport, flow.FieldSourceDomain, flow.FieldObserverName, flow.FieldUserName} {
		if rng.IntN(3) > 0 {
			r.SetString(f, []string{"Web", "Name Resolution", "a.example.net", "b.example.net", "", `q"\*`, "käse", "and"}[rng.IntN(8)])
		}
	}
	if rng.IntN(3) == 0 {
		r.AddTags([]string{"one", "two", "three", "one"}[rng.IntN(3):][:2]...)
		r.AddFlowMPLSLabels(uint32(rng.IntN(4)))
		r.AddFlowMPLSLabels(uint32(rng.IntN(4)))
	}
	for range rng.IntN(3) {
		r.Extra = append(r.Extra, flow.Element{Name: []string{"ttl", "x\"y", "other"}[rng.IntN(3)],
			Kind: flow.ElementKind(rng.IntN(6)), Num: uint64(rng.IntN(3)), Bytes: []byte([]string{"a", `b"`, "null"}[rng.IntN(3)])})
	}
	r.Kind = flow.Kind(rng.IntN(30) / 28)
}

func randomAddr(rng *rand.Rand) netip.Addr {
	a := netip.AddrFrom4([4]byte{10, byte(rng.IntN(2)), 0, byte(rng.IntN(6))})
	switch rng.IntN(8) {
	case 0:
		return netip.AddrFrom16(a.As16())
	case 1:
		return netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, 15: byte(rng.IntN(4))})
	}
	return a
}

// randomBlocks gives blocks of random records, and their documents.
func randomBlocks(rng *rand.Rand, sizes ...int) (blocks []column.Block, docs []document) {
	encoder := flow.NewEncoder()
	for _, n := range sizes {
		table, batch := column.NewTable(), flow.NewBatch(n)
		for range n {
			randomRecord(rng, batch.Next())
		}
		for i := range batch.Records() {
			docs = append(docs, newDocument(encoder.AppendJSON(nil, batch.At(i))))
		}
		table.Append(batch.Records())
		var b column.Block = table.View(n)
		if rng.IntN(2) == 0 {
			b = &stored{Block: b}
		}
		blocks = append(blocks, b)
	}
	return blocks, docs
}

// stored gives a block's numbers with a dictionary, and statistics for some
// columns only.
type stored struct{ column.Block }

func (s *stored) Range(col int) (lo, hi int64, ok bool) {
	lo, hi, ok = s.Block.Range(col)
	return lo - 5, hi + 5, ok && col%2 == 0
}

func (s *stored) Nulls(col int) (n int, ok bool) {
	n, ok = s.Block.Nulls(col)
	return n, ok && col%3 == 0
}

func (s *stored) Load(ctx context.Context, columns []int, into []*column.Vector) error {
	for i, col := range columns {
		if err := s.Block.Load(ctx, []int{col}, []*column.Vector{into[i]}); err != nil {
			return err
		}
		if v := into[i]; v.Ints != nil {
			codes, codeOf := v.MakeCodes(), map[int64]uint32{}
			v.IntDict = []int64{-77}
			for row, x := range v.Ints {
				if _, ok := codeOf[x]; !ok {
					codeOf[x] = uint32(len(v.IntDict))
					v.IntDict = append(v.IntDict, x)
				}
				codes[row] = codeOf[x]
			}
			v.Ints = nil
		}
	}
	return ctx.Err()
}

// document is a record as its JSON document: names to values.
type document map[string]any

func newDocument(text []byte) document {
	d := json.NewDecoder(strings.NewReader(string(text)))
	d.UseNumber()
	var tree map[string]any
	if err := d.Decode(&tree); err != nil {
		panic(err)
	}
	doc := document{}
	doc.flatten("", tree)
	return doc
}

func (d document) flatten(prefix string, tree map[string]any) {
	for name, v := range tree {
		name = prefix + name
		_, known := byCatalogue[name]
		if inner, ok := v.(map[string]any); ok && (!known || name == "flow.ie") {
			d.flatten(name+".", inner)
			if name != "flow.ie" {
				continue
			}
		}
		d[name] = v
	}
}

var byCatalogue = func() map[string]*catalogue.Field {
	m := map[string]*catalogue.Field{}
	for i := range catalogue.Fields {
		m[catalogue.Fields[i].Name] = &catalogue.Fields[i]
	}
	return m
}()

// values gives a field's values as texts; those of flow.ie are of all elements.
func (d document) values(name string) (list []string) {
	var add func(v any)
	add = func(v any) {
		switch v := v.(type) {
		case nil:
		case []any:
			for _, x := range v {
				add(x)
			}
		case map[string]any:
			if name != "flow.ie" {
				list = append(list, "a position")
				return
			}
			for _, x := range v {
				add(x)
			}
		default:
			list = append(list, fmt.Sprint(v))
		}
	}
	add(d[name])
	return list
}

func mustNot(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
