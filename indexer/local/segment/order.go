package segment

import (
	"math/bits"
	"slices"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/indexer/local/column"
)

// orderColumns are what the rows of a row group are sorted by, first to last:
// what belongs to a server, then to a source, stands together, and so do all the
// columns that follow from addresses.
var orderColumns = []int{int(flow.FieldFlowServerIP), int(flow.FieldSourceIP), int(flow.FieldDestinationIP), column.Timestamp}

// Order gives the order in which the rows take the least room.
func Order(rows *Rows) []uint32 {
	order, spare := make([]uint32, rows.N), make([]uint32, rows.N)
	for i := range order {
		order[i] = uint32(i)
	}
	keys := make([]uint64, rows.N)
	for _, c := range slices.Backward(orderColumns) {
		v := rows.Columns[c]
		if v == nil || v.Empty() {
			continue
		}
		limit := keysOf(v, keys)
		order, spare = radix(order, spare, keys, limit)
	}
	return order
}

// keysOf gives each row a key for sorting, 0 without a value, and the greatest.
func keysOf(v *column.Vector, keys []uint64) (limit uint64) {
	if v.Codes == nil {
		lo := int64(0)
		for i, x := range v.Ints {
			if v.Has(i) && (lo == 0 || x < lo) {
				lo = x
			}
		}
		for i, x := range v.Ints {
			keys[i] = 0
			if v.Has(i) {
				keys[i] = uint64(x-lo)>>20 + 1 // about a millisecond will do
			}
			limit = max(limit, keys[i])
		}
		return limit
	}
	// Codes in order of first use will do: sorting the texts gains nothing.
	for i, code := range v.Codes {
		keys[i] = 0
		if v.Has(i) {
			keys[i] = uint64(code) + 1
		}
		limit = max(limit, keys[i])
	}
	return limit
}

// radix sorts order by keys, keeping the order of equal ones. spare is room.
func radix(order, spare []uint32, keys []uint64, limit uint64) (sorted, room []uint32) {
	const width = 11
	for shift := 0; shift < bits.Len64(limit); shift += width {
		var counts [1 << width]uint32
		for _, row := range order {
			counts[keys[row]>>shift&(1<<width-1)]++
		}
		at := uint32(0)
		for i, n := range counts {
			counts[i] = at
			at += n
		}
		for _, row := range order {
			k := keys[row] >> shift & (1<<width - 1)
			spare[counts[k]] = row
			counts[k]++
		}
		order, spare = spare, order
	}
	return order, spare
}
