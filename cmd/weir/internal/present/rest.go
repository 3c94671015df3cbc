package present

import "github.com/weirflow/weir/indexer/query"

// noValue names the flows that are in no group, as they lack a field.
const noValue = "(none)"

// Rest sums up the flows that are in no group, as they have no value in a field
// that groups are made by: what is missing from the groups' shares. Only sums and
// counts are known of them. It is nil when there are none, and when lists put
// flows into several groups, so that groups do not add up at all.
func Rest(g *query.GroupsAnswer) *query.Group {
	for _, k := range g.Keys {
		if f, err := query.LookupField(k.Field); err != nil || f.List() {
			return nil
		}
	}
	if len(g.Keys) == 0 || g.Approximate {
		return nil
	}
	listed := g.Rows
	if g.Other != nil {
		listed = append(listed[:len(listed):len(listed)], *g.Other)
	}
	rest, some := &query.Group{Values: make([]any, len(g.Metrics))}, false
	for i, m := range g.Metrics {
		left, whole := g.Total.Values[i].(int64)
		if !whole || !addable(m) {
			continue
		}
		for _, r := range listed {
			n, ok := r.Values[i].(int64)
			whole = whole && (ok || r.Values[i] == nil)
			left -= n
		}
		if whole {
			rest.Values[i], some = left, some || left > 0
		}
	}
	if !some {
		return nil
	}
	return rest
}
