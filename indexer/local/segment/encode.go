package segment

import (
	"encoding/binary"
	"math"
	"math/bits"

	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/encoding/delta"
	"github.com/parquet-go/parquet-go/encoding/rle"
	"github.com/parquet-go/parquet-go/format"

	"github.com/weirflow/weir/flow/catalogue"
	"github.com/weirflow/weir/indexer/local/column"
)

// encoder turns the values of a column into the bodies of pages. It keeps its
// buffers.
type encoder struct {
	zstd    *zstd.Encoder
	remap   []uint32 // code of the vector → code of the page + 1
	used    []uint32 // code of the page → code of the vector
	codes   []int32
	ints    []int64
	small   []int32
	present []uint64
	numbers numberSet
	body    []byte
	part    []byte
	out     []byte
}

// page is a page's content before compression.
type page struct {
	encoding format.Encoding
	values   int // dictionary: entries; data: rows
	body     []byte
}

func newEncoder() (*encoder, error) {
	z, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedDefault), zstd.WithEncoderCRC(false))
	return &encoder{zstd: z}, err
}

// chunkOf says what was encoded.
type chunkOf struct {
	nulls    int
	lo, hi   int64 // of numbers
	hasRange bool
}

// encode calls put with the pages of a column in file order, and gives what the
// footer says about it. order is the rows in their order in the file; nil means
// as they are.
func (e *encoder) encode(c *column.Column, v *column.Vector, order []uint32, put func(dictionary bool, p page) error) (s chunkOf, err error) {
	s.nulls = v.N
	if v.Empty() {
		return s, put(false, page{encoding: format.Plain, values: v.N, body: e.noValues(v.N)})
	}
	present := v.Present
	if present != nil && order != nil {
		e.present = resize(e.present, len(present))
		clear(e.present)
		for i, row := range order {
			e.present[i>>6] |= (present[row>>6] >> (row & 63) & 1) << (i & 63)
		}
		present = e.present
	}
	s.nulls = v.Nulls()
	if s.nulls == v.N {
		return s, put(false, page{encoding: format.Plain, values: v.N, body: e.noValues(v.N)})
	}
	if c.Kind == column.Text {
		return s, e.texts(v, present, order, put)
	}
	return s, e.numbersOf(c, v, present, order, &s, put)
}

// texts encodes a Text column: the dictionary in order of first use, and codes.
func (e *encoder) texts(v *column.Vector, present []uint64, order []uint32, put func(bool, page) error) error {
	e.remap = resize(e.remap, len(v.Dict))
	clear(e.remap)
	e.used, e.codes = e.used[:0], e.codes[:0]
	eachPresent(present, v.N, func(i int) {
		code := v.Codes[rowAt(order, i)]
		n := e.remap[code]
		if n == 0 {
			e.used = append(e.used, code)
			n = uint32(len(e.used))
			e.remap[code] = n
		}
		e.codes = append(e.codes, int32(n-1))
	})
	body := e.body[:0]
	for _, code := range e.used {
		body = binary.LittleEndian.AppendUint32(body, uint32(len(v.Dict[code])))
		body = append(body, v.Dict[code]...)
	}
	e.body = body
	if err := put(true, page{encoding: format.Plain, values: len(e.used), body: body}); err != nil {
		return err
	}
	return e.putCodes(v.N, len(e.used), present, put)
}

// putCodes writes e.codes as a data page.
func (e *encoder) putCodes(rows, entries int, present []uint64, put func(bool, page) error) (err error) {
	width := bits.Len(uint(entries - 1))
	body := append(e.levels(present, rows), byte(width))
	if width > 0 {
		coding := rle.Encoding{BitWidth: width}
		if e.part, err = coding.EncodeInt32(e.part[:0], e.codes); err != nil {
			return err
		}
		body = append(body, e.part...)
	} else { // one run of zeros
		body = binary.AppendUvarint(body, uint64(len(e.codes))<<1)
	}
	e.body = body
	return put(false, page{encoding: format.RLEDictionary, values: rows, body: body})
}

// numbersOf encodes an Int column: with a dictionary where values repeat.
func (e *encoder) numbersOf(c *column.Column, v *column.Vector, present []uint64, order []uint32, s *chunkOf, put func(bool, page) error) (err error) {
	e.ints = e.ints[:0]
	eachPresent(present, v.N, func(i int) { e.ints = append(e.ints, v.Int(int(rowAt(order, i)))) })
	s.lo, s.hi, s.hasRange = math.MaxInt64, math.MinInt64, true
	for _, x := range e.ints {
		s.lo, s.hi = min(s.lo, x), max(s.hi, x)
	}
	kind, _, _ := physical(c)
	if e.repeats(kind) && e.numbers.fill(e.ints, min(len(e.ints)/2, maxNumbers)) {
		e.codes = resize(e.codes, len(e.ints))
		for i, x := range e.ints {
			e.codes[i] = int32(e.numbers.code(x))
		}
		e.body = appendPlain(e.body[:0], kind, e.numbers.list)
		if err := put(true, page{encoding: format.Plain, values: len(e.numbers.list), body: e.body}); err != nil {
			return err
		}
		return e.putCodes(v.N, len(e.numbers.list), present, put)
	}
	body := e.levels(present, v.N)
	coding := format.DeltaBinaryPacked
	if kind == format.Int32 {
		e.small = resize(e.small, len(e.ints))
		for i, x := range e.ints {
			e.small[i] = int32(x)
		}
		e.part, err = new(delta.BinaryPackedEncoding).EncodeInt32(e.part[:0], e.small)
		body = append(body, e.part...)
	} else if c.Type == catalogue.Time {
		coding = format.Plain
		body = appendPlain(body, kind, e.ints)
	} else {
		e.part, err = new(delta.BinaryPackedEncoding).EncodeInt64(e.part[:0], e.ints)
		body = append(body, e.part...)
	}
	e.body = body
	if err != nil {
		return err
	}
	return put(false, page{encoding: coding, values: v.N, body: body})
}

// repeats reports whether numbers look as if a dictionary pays: 64-bit ones are
// mostly times and counters, and filling the dictionary in vain costs as much as
// all else. Rows are in the order of addresses, so that the first are a sample.
func (e *encoder) repeats(kind format.Type) bool {
	const sample = 4096
	return kind == format.Int32 || len(e.ints) <= sample || e.numbers.fill(e.ints[:sample], sample*3/4)
}

func appendPlain(dst []byte, kind format.Type, list []int64) []byte {
	for _, x := range list {
		if kind == format.Int32 {
			dst = binary.LittleEndian.AppendUint32(dst, uint32(x))
		} else {
			dst = binary.LittleEndian.AppendUint64(dst, uint64(x))
		}
	}
	return dst
}

// rowAt gives the row of the vector that becomes row i of the file.
func rowAt(order []uint32, i int) uint32 {
	if order == nil {
		return uint32(i)
	}
	return order[i]
}

// eachPresent calls do for the rows with a value.
func eachPresent(present []uint64, rows int, do func(i int)) {
	if present == nil {
		for i := range rows {
			do(i)
		}
		return
	}
	for i, w := range present {
		for ; w != 0; w &= w - 1 {
			do(i<<6 + bits.TrailingZeros64(w))
		}
	}
}

// resize gives s with length n; the content is undefined.
func resize[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}
