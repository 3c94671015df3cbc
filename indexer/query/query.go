// Package query is how questions about stored flows are asked and answered: the
// request, the answer, the filter language, and the Querier that a store
// implements. It knows the fields of flow/catalogue and no store, so that the
// embedded store and a remote index answer the same request in the same way.
//
// Where a document store and the embedded one could differ, Elasticsearch's
// meaning holds: a list counts in the group of each of its values, rows without
// a value are in no group unless asked for, averages leave absent values out,
// texts match exactly, buckets are aligned to the epoch, times compare in
// milliseconds.
package query

import (
	"context"
	"time"
)

// Querier answers requests. Implementations are safe for concurrent use.
type Querier interface {
	// Query answers r. Errors are *RequestError when the request itself is at
	// fault, *LimitError when it needs more than it may, ctx's error when ctx
	// ends first. The answer belongs to the caller.
	Query(ctx context.Context, r Request) (*Answer, error)
}

// Request is one question: which rows, and what to make of them. Exactly one of
// Groups, Histogram and Newest is set.
type Request struct {
	// From and To bound @timestamp: From ≤ @timestamp < To. A zero time leaves
	// that end open. They count in whole milliseconds; Normalize cuts the rest.
	From, To time.Time
	// Filter selects rows; nil selects all. Parse reads one.
	Filter Node

	// Groups asks for rows summed up by field values.
	Groups *Groups
	// Histogram asks for sums over time.
	Histogram *Histogram
	// Newest asks for the rows themselves.
	Newest *Newest

	// Limits bounds what the answer may take; zero fields take DefaultLimits.
	Limits Limits
	// Progress is called now and then while a request runs, from one goroutine
	// at a time, and once at the end. It must return quickly. Nil: not called.
	Progress func(Progress)
}

// The bounds of a request's numbers, and its defaults.
const (
	// MaxGroupFields is how many fields rows can be grouped by.
	MaxGroupFields = 3
	// MaxMetrics is how many metrics one request can ask for.
	MaxMetrics = 16
	// DefaultTop is how many groups are listed when Top is 0.
	DefaultTop = 10
	// MaxTop is how many groups can be listed.
	MaxTop = 10_000
	// DefaultCount is how many rows Newest gives when Count is 0.
	DefaultCount = 50
	// MaxCount is how many rows Newest can give at once.
	MaxCount = 10_000
	// MinInterval is the shortest bucket of a histogram.
	MinInterval = time.Millisecond
)

// Groups asks for metrics of the rows with the same values in up to three
// fields. Without fields all rows are one group: the answer's Total.
type Groups struct {
	// By names the fields; 0 to MaxGroupFields.
	By []string
	// Metrics are computed for each group. Empty: the number of rows.
	Metrics []Metric
	// Order is the index in Metrics that groups are ordered by, largest first;
	// equal ones by their keys, ascending.
	Order int
	// Top is how many groups are listed, 0 to MaxTop; 0 is DefaultTop. The rest is
	// summed up as Other.
	Top int
	// Missing makes groups of the rows that have no value in a field, too, with a
	// nil key.
	Missing bool
}

// Histogram asks for metrics per bucket of time, in total and for the top groups.
type Histogram struct {
	// Interval is the width of a bucket. Buckets start at its multiples since the
	// Unix epoch.
	Interval time.Duration
	// By, Metrics, Order, Top and Missing make the series as in Groups: the top
	// groups over the whole range are a series each. Without By there is the
	// total alone.
	By      []string
	Metrics []Metric
	Order   int
	Top     int
	Missing bool
}

// Newest asks for the rows with the latest @timestamp, latest first.
type Newest struct {
	// Count is how many rows to give, 0 to MaxCount; 0 is DefaultCount.
	Count int
	// Fields are the columns. Empty: every field that any of the rows has.
	Fields []string
	// After is the Next of the page before; empty for the first page. Rows that
	// came meanwhile do not move pages: a row is given once, however the store
	// rearranges itself.
	After string
}

// Func is what a metric does with the values of its field.
type Func string

// The functions of metrics. Of a field that holds a list every value counts.
const (
	// Count is the number of rows, or of values when the metric has a field.
	Count Func = "count"
	// Sum, Avg, Min and Max need a number field; Min and Max take times, too.
	Sum Func = "sum"
	Avg Func = "avg"
	Min Func = "min"
	Max Func = "max"
	// Distinct is the number of different values: exact up to Limits.Distinct
	// values, an estimate beyond that, which the answer's column says.
	Distinct Func = "distinct"
)

// Metric is a function and the field that it reads.
type Metric struct {
	Func Func `json:"func"`
	// Field is empty for Count alone.
	Field string `json:"field,omitempty"`
}

// String is the metric's name in answers: sum(network.bytes), count.
func (m Metric) String() string {
	if m.Field == "" {
		return string(m.Func)
	}
	return string(m.Func) + "(" + m.Field + ")"
}

// Limits bounds what one request may take.
type Limits struct {
	// Groups is how many groups are held at once. Beyond it, those with the least
	// of the metric that orders are given up and summed as other; the answer says
	// so and how far its groups can be off.
	Groups int
	// Memory bounds what groups, distinct values and rows take, in bytes. Beyond
	// it the same is done; if nothing can be given up, a *LimitError.
	Memory int64
	// Distinct is how many different values are counted exactly per group.
	Distinct int
	// Buckets is how many buckets a histogram may have.
	Buckets int
	// Time is how long a request may run; less than 0: as long as its context.
	Time time.Duration
}

// DefaultLimits are the limits that zero fields take.
var DefaultLimits = Limits{Groups: 2_000_000, Memory: 192 << 20, Distinct: 65_536, Buckets: 10_000, Time: 5 * time.Minute}

// Progress tells how far a request is.
type Progress struct {
	// Rows of Total rows are done, by scanning or by skipping.
	Rows, Total int64
}

// LimitError says that a request needs more than it may.
type LimitError struct {
	// What is exceeded and what to do, as a sentence without a full stop.
	What string
}

func (e *LimitError) Error() string { return "query limit: " + e.What }

// RequestError says what is wrong with a request.
type RequestError struct {
	// Part is the request's part: by, metrics, interval, fields and so on.
	Part string
	// Reason says what is wrong and what is allowed.
	Reason string
}

func (e *RequestError) Error() string { return e.Part + ": " + e.Reason }
