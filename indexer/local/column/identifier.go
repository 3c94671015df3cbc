package column

import (
	"context"
	"net/netip"
	"slices"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/flow/communityid"
)

// identifierParts are the columns that a conversation's identifier is computed
// from.
var identifierParts = []int{
	int(flow.FieldSourceIP), int(flow.FieldDestinationIP), int(flow.FieldSourcePort), int(flow.FieldDestinationPort),
	int(flow.FieldNetworkIANANumber), int(flow.FieldFlowICMPType), int(flow.FieldFlowICMPCode),
}

// LoadIdentifiers fills into with network.community_id of a block's rows as
// queries see them: what is stored, else what addresses, ports and protocol give.
// load is the block's own way to stored values. Blocks call it in Load.
func LoadIdentifiers(ctx context.Context, rows int, into *Vector, load func(context.Context, []int, []*Vector) error) error {
	vectors := make([]Vector, len(identifierParts)+1)
	columns, pointers := append([]int{CommunityID}, identifierParts...), make([]*Vector, len(vectors))
	for i := range vectors {
		pointers[i] = &vectors[i]
	}
	if err := load(ctx, columns, pointers); err != nil {
		return err
	}
	stored, source, destination := &vectors[0], &vectors[1], &vectors[2]
	sources, destinations := addresses(source.Dict), addresses(destination.Dict)

	into.Reset(rows)
	codes, present := into.MakeCodes(), into.MakePresent()
	clear(present)
	b := &builder{}
	type conversation struct {
		source, destination uint32
		ends
	}
	known := make(map[conversation]int64)
	var text []byte
	for row := range codes {
		if row&4095 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		codes[row] = 0
		if !stored.Empty() && stored.Has(row) {
			if s := stored.Text(row); s != "" {
				codes[row] = b.intern(s)
				present[row>>6] |= 1 << (row & 63)
			}
			continue
		}
		if source.Empty() || destination.Empty() || vectors[5].Empty() || !source.Has(row) || !destination.Has(row) || !vectors[5].Has(row) {
			continue
		}
		c := conversation{source.Codes[row], destination.Codes[row], ends{
			sourcePort: part(&vectors[3], row), destinationPort: part(&vectors[4], row), protocol: uint8(vectors[5].Int(row)),
			icmpType: part(&vectors[6], row), icmpCode: part(&vectors[7], row)}}
		code, seen := known[c]
		if !seen {
			code = -1
			if tuple, ok := c.tuple(sources[c.source], destinations[c.destination]); ok {
				text = communityid.Append(text[:0], 0, tuple)
				code = int64(b.intern(string(text)))
			}
			known[c] = code
		}
		if code >= 0 {
			codes[row] = uint32(code)
			present[row>>6] |= 1 << (row & 63)
		}
	}
	into.Dict = b.dict
	if b.dict == nil {
		into.SetEmpty(rows)
	}
	return nil
}

// DecidesIdentifier reports whether a column has a part in what LoadIdentifiers
// gives, the stored identifiers included.
func DecidesIdentifier(c int) bool { return c == CommunityID || slices.Contains(identifierParts, c) }

// WithoutIdentifier fills into with a stored network.community_id that says of
// every row that it has none, so that none is computed from parts that are
// missing.
func WithoutIdentifier(rows int, into *Vector) {
	into.Reset(rows)
	clear(into.MakeCodes())
	into.Dict = []string{""}
}

// part gives a number of a row, -1 when it is absent.
func part(v *Vector, row int) int32 {
	if v.Empty() || !v.Has(row) {
		return -1
	}
	return int32(v.Int(row))
}

// addresses parses a dictionary; what is no address is the zero Addr.
func addresses(dict []string) []netip.Addr {
	list := make([]netip.Addr, len(dict))
	for i, s := range dict {
		list[i], _ = netip.ParseAddr(s)
	}
	return list
}
