// Package column is the store's view of flow records: one column per field that
// a record stores, named as the field, each with values for some of the rows.
//
// The table of columns and the code that takes records apart are generated from
// the field catalogue (go generate). The package knows neither files nor
// queries: the store's files give Blocks, the query engine reads them.
package column

//go:generate go run ./gen .

import (
	"context"
	"errors"

	"github.com/weirflow/weir/flow"
	"github.com/weirflow/weir/flow/catalogue"
)

// Kind tells how a column's values are held.
type Kind uint8

// The kinds of column.
const (
	// Int is a 64-bit signed number: the catalogue's numbers and times (Unix
	// nanoseconds). A U64 above the largest int64 is held as that; no counter of
	// a real device gets there.
	Int Kind = iota + 1
	// Text is a text: addresses in their usual form, MACs as AA-BB-CC-DD-EE-FF,
	// points as "lat,lon" in degrees, lists as a JSON array, elements as a JSON
	// object. Always valid UTF-8.
	Text
)

// Column is a row of the table of columns.
type Column struct {
	// Name is the field's dotted name.
	Name string
	// Field is the record's field; flow.NumFields for a column that is none.
	Field flow.FieldID
	// Kind tells how values are held.
	Kind Kind
	// Type is the catalogue's type.
	Type catalogue.Type
	// Form is how documents show a value.
	Form catalogue.Form
	// Unit is the unit of a number, empty when it has none.
	Unit string
}

// The columns that are no field of a record, after the flow.NumFields that are.
const (
	// Elements holds flow.ie, a JSON object as documents have it.
	Elements = int(flow.NumFields) + iota
	// Counters holds flow.counters of counter samples, likewise.
	Counters
	// Count is how many columns there are.
	Count
)

// Numbers of the columns that the store itself works with.
const (
	Timestamp = int(flow.FieldTimestamp)
	// Action holds event.action of every row, which also tells the record's kind.
	Action      = int(flow.FieldEventAction)
	CommunityID = int(flow.FieldNetworkCommunityID)
)

var byName = func() map[string]int {
	m := make(map[string]int, Count)
	for i := range Columns {
		m[Columns[i].Name] = i
	}
	return m
}()

// Lookup gives the number of the column of that name.
func Lookup(name string) (number int, ok bool) {
	number, ok = byName[name]
	return number, ok
}

// ErrDamaged is in the chain of an error of Load when the block's bytes are not
// what was written. The other blocks are not concerned.
var ErrDamaged = errors.New("damaged")

// Block is some rows that were written together: a row group of a segment, or
// the rows of the log. Its methods may be called by many goroutines.
type Block interface {
	// Rows is how many rows there are, above 0.
	Rows() int
	// Range bounds the values of an Int column; both bounds need not occur. ok is
	// false when the bounds are unknown or no row has a value.
	Range(column int) (lo, hi int64, ok bool)
	// Nulls is how many rows have no value; ok is false when that is unknown.
	Nulls(column int) (n int, ok bool)
	// Load fills into[i] with the values of columns[i], reusing its room. An error
	// is one of ctx, of reading, or has ErrDamaged in its chain.
	Load(ctx context.Context, columns []int, into []*Vector) error
}
