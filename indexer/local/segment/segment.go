// Package segment writes and reads the store's files of flows: Parquet, so that
// any reader of that format opens them.
//
// The pages are put together here, column by column from vectors, with
// parquet-go's encodings and metadata types: its own writer takes values one by
// one and looks each up in a dictionary of its own, where the store has codes
// already. A file holds every column of the catalogue, in one page per row group
// besides the dictionary; all chunks, the footer and the file have checksums.
// The package knows nothing of the store around its files.
package segment

import (
	"encoding/json"
	"fmt"
	"hash/crc32"

	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"github.com/weirflow/weir/flow/catalogue"
	"github.com/weirflow/weir/indexer/local/column"
)

// MaxRows is how many rows a row group may have.
const MaxRows = 1 << 20

// Meta is what a file says about itself, so that a store can be put together
// from the files alone.
type Meta struct {
	// ID is the segment's number, unique within its store.
	ID uint64 `json:"id"`
	// Log is the last log file whose rows are in the segment.
	Log uint64 `json:"log"`
	// Replaces lists the segments whose rows are in this one.
	Replaces []uint64 `json:"replaces,omitempty"`
}

// Info is what is known of a file that was written.
type Info struct {
	// Rows is the number of rows.
	Rows int64
	// Size is in bytes.
	Size int64
	// CRC is the CRC-32C of the file.
	CRC uint32
	// MinTime and MaxTime bound @timestamp, Unix nanoseconds; 0 and 0 without any.
	MinTime, MaxTime int64
}

// Keys of the file's metadata.
const (
	keyMeta   = "weir.segment"
	keyChunks = "weir.chunks"   // CRC-32C of each column chunk, by row group: base64 of 4 bytes each, little endian
	keySelf   = "weir.checksum" // CRC-32C of the footer with these eight digits as zeros
)

const (
	magic     = "PAR1"
	selfEmpty = "00000000"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// physical tells how a column's values are held in a file.
func physical(c *column.Column) (format.Type, format.LogicalTypeValue, thrift.Null[deprecated.ConvertedType]) {
	none := thrift.Null[deprecated.ConvertedType]{}
	integer := func(bits int8, signed bool) format.LogicalTypeValue {
		return &format.IntType{BitWidth: bits, IsSigned: signed}
	}
	switch c.Type {
	case catalogue.U8:
		return format.Int32, integer(8, false), thrift.New(deprecated.Uint8)
	case catalogue.U16:
		return format.Int32, integer(16, false), thrift.New(deprecated.Uint16)
	case catalogue.U32:
		return format.Int32, integer(32, false), thrift.New(deprecated.Uint32)
	case catalogue.U64:
		return format.Int64, integer(64, false), thrift.New(deprecated.Uint64)
	case catalogue.I64:
		return format.Int64, integer(64, true), thrift.New(deprecated.Int64)
	case catalogue.Time:
		unit := format.TimeUnit{Value: &format.NanoSeconds{}}
		return format.Int64, &format.TimestampType{IsAdjustedToUTC: true, Unit: unit}, none
	}
	return format.ByteArray, &format.StringType{}, thrift.New(deprecated.UTF8)
}

// schema is the file's schema: a flat list of optional columns.
func schema() []format.SchemaElement {
	list := []format.SchemaElement{{Name: "flows", NumChildren: thrift.New(int32(column.Count))}}
	for i := range column.Columns {
		c := &column.Columns[i]
		kind, logical, converted := physical(c)
		list = append(list, format.SchemaElement{Name: c.Name, Type: thrift.New(kind), RepetitionType: thrift.New(format.Optional),
			LogicalType: format.LogicalType{Value: logical}, ConvertedType: converted})
	}
	return list
}

func (m Meta) encode() (string, error) {
	b, err := json.Marshal(m)
	return string(b), err
}

func decodeMeta(s string) (m Meta, err error) {
	if err := json.Unmarshal([]byte(s), &m); err != nil {
		return m, fmt.Errorf("metadata: %w", err)
	}
	return m, nil
}
