package engine

import (
	"cmp"
	"math"
	"time"

	"github.com/weirflow/weir/indexer/query"
)

// value gives a group's value as answers show it, and whether it is estimated.
func (a *metric) value(g int) (v any, estimated bool) {
	switch a.Func {
	case query.Count:
		return a.n[g], false
	case query.Distinct:
		if a.sets[g] == nil {
			return int64(0), false
		}
		return a.sets[g].count()
	case query.Sum:
		if a.wraps[uint32(g)] != 0 {
			return a.float(g), false
		}
		return a.v[g], false
	}
	switch {
	case a.n[g] == 0:
		return nil, false
	case a.Func == query.Avg:
		return a.float(g) / float64(a.n[g]), false
	case a.field.Class == query.Time:
		return time.Unix(0, a.v[g]).UTC(), false
	}
	return a.v[g], false
}

// float is a group's sum.
func (a *metric) float(g int) float64 {
	return float64(a.v[g]) + float64(a.wraps[uint32(g)])*(1<<64)
}

// compareWith compares group x with group y of b, a metric of the same kind.
func (a *metric) compareWith(x int, b *metric, y int) int {
	switch a.Func {
	case query.Count:
		return cmp.Compare(a.n[x], b.n[y])
	case query.Distinct:
		return cmp.Compare(a.distinct(x), b.distinct(y))
	case query.Sum:
		if a.wraps != nil || b.wraps != nil {
			if d := cmp.Compare(a.wraps[uint32(x)], b.wraps[uint32(y)]); d != 0 {
				return d
			}
		}
		return cmp.Compare(a.v[x], b.v[y])
	}
	if a.n[x] == 0 || b.n[y] == 0 { // groups without a value come last
		return cmp.Compare(min(a.n[x], 1), min(b.n[y], 1))
	}
	if a.Func == query.Avg {
		return cmp.Compare(a.float(x)/float64(a.n[x]), b.float(y)/float64(b.n[y]))
	}
	return cmp.Compare(a.v[x], b.v[y])
}

func (a *metric) distinct(g int) int64 {
	if a.sets[g] == nil {
		return 0
	}
	n, _ := a.sets[g].count()
	return n
}

// amount is a group's count or sum, 0 for metrics that do not add up.
func (a *metric) amount(g int) int64 {
	switch a.Func {
	case query.Count:
		return a.n[g]
	case query.Sum:
		if a.wraps[uint32(g)] > 0 {
			return math.MaxInt64
		}
		return max(a.v[g], 0)
	}
	return 0
}
