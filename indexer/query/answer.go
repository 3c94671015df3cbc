package query

import "time"

// Answer is what a request gives: the part that it asked for, and how it came
// about.
//
// Values are of these types: nil when absent; string for texts, addresses and
// numbers that documents write as text; int64; float64 for averages and for sums
// that came out larger than an int64; time.Time in UTC; []any for lists;
// json.RawMessage for positions and flow.ie. Encoded as JSON they are what
// documents hold.
type Answer struct {
	Groups    *GroupsAnswer    `json:"groups,omitempty"`
	Histogram *HistogramAnswer `json:"histogram,omitempty"`
	Newest    *NewestAnswer    `json:"newest,omitempty"`
	Stats     Stats            `json:"stats"`
	// Warnings say what the answer lacks: damaged parts of a store, groups that
	// were given up, estimates.
	Warnings []string `json:"warnings,omitempty"`
}

// Column describes one column of an answer.
type Column struct {
	// Name is the field's or the metric's: source.ip, sum(network.bytes).
	Name string `json:"name"`
	// Field is the field that the values come from; empty for a count of rows.
	Field string `json:"field,omitempty"`
	// Func is the metric's function; empty for a field's own values.
	Func Func `json:"func,omitempty"`
	// Unit is the unit of the values, empty without one.
	Unit string `json:"unit,omitempty"`
	// Estimate marks a distinct count that is not exact in at least one cell. The
	// standard error is below 1 %.
	Estimate bool `json:"estimate,omitempty"`
}

// GroupsAnswer answers Groups.
type GroupsAnswer struct {
	// Keys and Metrics describe a group's Keys and Values.
	Keys    []Column `json:"keys"`
	Metrics []Column `json:"metrics"`
	// Rows are the top groups, largest first. Empty without group fields.
	Rows []Group `json:"rows"`
	// Other sums up the groups that Rows leaves out; nil when it leaves none out.
	// A row that is in several of them, by a list, counts in each, but once in a
	// distinct count.
	Other *Group `json:"other,omitempty"`
	// OtherGroups is how many groups Other sums up; at least so many when groups
	// were given up (Approximate).
	OtherGroups int64 `json:"other_groups,omitempty"`
	// Total is over all rows that the request selects, in a group or not; each
	// counts once.
	Total Group `json:"total"`
	// Approximate tells that groups were given up on the way (Limits.Groups), so
	// that the listed ones can be too small, and a group may be missing from
	// Rows. Off is by how much of the metric that orders at most; Total is exact.
	Approximate bool  `json:"approximate,omitempty"`
	Off         int64 `json:"off,omitempty"`
}

// Group is the values of one group.
type Group struct {
	// Keys are the values of the group fields; nil for Other and Total.
	Keys []any `json:"keys,omitempty"`
	// Values are the metrics.
	Values []any `json:"values"`
}

// HistogramAnswer answers Histogram.
type HistogramAnswer struct {
	Keys    []Column `json:"keys"`
	Metrics []Column `json:"metrics"`
	// Buckets are the starts of the buckets, ascending and without gaps: over the
	// request's range where it has ends, else over the rows.
	Buckets []time.Time `json:"buckets"`
	// Series are the top groups, largest first.
	Series []Series `json:"series,omitempty"`
	// Other sums up the groups that are not in Series; nil when there are none.
	Other *Series `json:"other,omitempty"`
	// Total is over all rows.
	Total Series `json:"total"`
	// Approximate and Off are as in GroupsAnswer.
	Approximate bool  `json:"approximate,omitempty"`
	Off         int64 `json:"off,omitempty"`
}

// Series is one line of a histogram.
type Series struct {
	// Keys are the values of the group fields; nil for Other and Total.
	Keys []any `json:"keys,omitempty"`
	// Values holds the metrics of each bucket: Values[bucket][metric].
	Values [][]any `json:"values"`
	// Total holds the metrics over all buckets.
	Total []any `json:"total"`
}

// NewestAnswer answers Newest.
type NewestAnswer struct {
	Columns []Column `json:"columns"`
	Rows    [][]any  `json:"rows"`
	// Next asks for the page after this one (Newest.After); empty at the end.
	Next string `json:"next,omitempty"`
}

// Stats says what an answer was made from.
type Stats struct {
	// Matched is how many rows the range and the filter select.
	// For Newest it is not counted where blocks could be left out: then it is a
	// lower bound.
	Matched int64 `json:"matched"`
	// Rows is how many rows there were, Scanned how many were looked at; the rest
	// was left out by statistics.
	Rows    int64 `json:"rows"`
	Scanned int64 `json:"scanned"`
	// Blocks is how many blocks there were, Skipped how many statistics left out,
	// Failed how many could not be read (Warnings say why).
	Blocks  int `json:"blocks"`
	Skipped int `json:"skipped"`
	Failed  int `json:"failed,omitempty"`
	// Took is the time from the request to the answer, in nanoseconds.
	Took time.Duration `json:"took"`
}
