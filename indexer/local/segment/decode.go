package segment

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"unsafe"

	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/encoding/delta"
	"github.com/parquet-go/parquet-go/encoding/rle"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"github.com/weirflow/weir/indexer/local/column"
)

// maxPage bounds a page before compression, in bytes.
const maxPage = 1 << 30

// decoder reads column chunks. It keeps its buffers.
type decoder struct {
	raw   []byte
	body  []byte
	small []int32
}

// inflater is shared: DecodeAll may be called by many goroutines.
var inflater = func() *zstd.Decoder {
	z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(maxPage), zstd.WithDecodeAllCapLimit(true))
	if err != nil {
		panic(err) // the options are constants
	}
	return z
}()

var errPage = errors.New("the pages are not as written")

// chunk decodes d.raw into v. A panic in the decoders of others is damage that
// the checksum did not show.
func (d *decoder) chunk(kind format.Type, as column.Kind, v *column.Vector) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v", errPage, p)
		}
	}()
	rest := d.raw
	entries := 0
	for len(rest) > 0 {
		head, body, after, err := d.page(rest)
		if err != nil {
			return err
		}
		rest = after
		switch {
		case head.Type == format.DictionaryPage && head.DictionaryPageHeader.Valid && entries == 0:
			entries = int(head.DictionaryPageHeader.V.NumValues)
			if err := d.dictionary(kind, as, body, entries, v); err != nil {
				return err
			}
		case head.Type == format.DataPage && head.DataPageHeader.Valid && len(rest) == 0:
			h := &head.DataPageHeader.V
			if int(h.NumValues) != v.N || h.DefinitionLevelEncoding != format.RLE {
				return errPage
			}
			return d.data(kind, as, h.Encoding, body, entries, v)
		default:
			return errPage
		}
	}
	return errPage
}

// page takes a page off b.
func (d *decoder) page(b []byte) (head format.PageHeader, body, rest []byte, err error) {
	r := new(thrift.CompactProtocol).NewReaderFromBytes(b)
	if err := thrift.NewDecoder(r).Decode(&head); err != nil {
		return head, nil, nil, err
	}
	b = b[r.BytesRead():]
	size, plain := int(head.CompressedPageSize), int(head.UncompressedPageSize)
	if size < 0 || size > len(b) || plain < 0 || plain > maxPage {
		return head, nil, nil, errPage
	}
	d.body = resize(d.body, plain+padding)
	body, err = inflater.DecodeAll(b[:size], d.body[:0:plain])
	if err == nil && (len(body) != plain || plain > 0 && &body[0] != &d.body[0]) {
		err = errPage
	}
	return head, d.body[:plain], b[size:], err
}

// padding is room behind a page that the decoder of runs may read.
const padding = 64

// dictionary reads a dictionary page.
func (d *decoder) dictionary(kind format.Type, as column.Kind, body []byte, entries int, v *column.Vector) error {
	if entries < 1 || entries > v.N {
		return errPage
	}
	if as == column.Int {
		size := sizeOf(kind)
		if len(body) != entries*size {
			return errPage
		}
		v.IntDict = make([]int64, entries)
		readPlain(v.IntDict, body, size)
		return nil
	}
	if kind != format.ByteArray || len(body) < 4*entries {
		return errPage
	}
	// One string for all: an allocation per entry costs more than the rest.
	text := string(body)
	v.Dict = make([]string, entries)
	at := 0
	for i := range v.Dict {
		if len(body)-at < 4 {
			return errPage
		}
		n := int(binary.LittleEndian.Uint32(body[at:]))
		at += 4
		if n < 0 || n > len(body)-at {
			return errPage
		}
		v.Dict[i] = text[at : at+n]
		at += n
	}
	return nil
}

// data reads a data page.
func (d *decoder) data(kind format.Type, as column.Kind, coding format.Encoding, body []byte, entries int, v *column.Vector) error {
	if len(body) < 4 {
		return errPage
	}
	n := int(binary.LittleEndian.Uint32(body))
	if n < 0 || n > len(body)-4 {
		return errPage
	}
	levels, body := body[4:4+n], body[4+n:]
	values := v.N
	if !allOnes(levels, v.N) {
		present := v.MakePresent()
		if !readBits(levels, present, v.N) {
			return errPage
		}
		values = onesIn(present)
	}
	switch {
	case coding == format.RLEDictionary && entries > 0:
		return d.codes(body, entries, values, v)
	case as == column.Int && (coding == format.Plain || coding == format.DeltaBinaryPacked):
		return d.numbers(kind, coding, body, values, v)
	}
	return errPage
}

// allOnes reports whether levels are one run of ones, the usual case.
func allOnes(levels []byte, rows int) bool {
	head, size := binary.Uvarint(levels)
	return size > 0 && head == uint64(rows)<<1 && len(levels) == size+1 && levels[size] == 1
}

func (d *decoder) codes(body []byte, entries, values int, v *column.Vector) error {
	if len(body) < 1 {
		return errPage
	}
	width := int(body[0])
	if width != bits.Len(uint(entries-1)) {
		return errPage
	}
	codes := v.MakeCodes()
	if width == 0 {
		clear(codes)
		return nil
	}
	coding := rle.Encoding{BitWidth: width}
	list, err := coding.DecodeInt32(signed(codes)[:0], body[1:])
	if err != nil {
		return err
	}
	if len(list) < values {
		return errPage
	}
	if &list[0] != &signed(codes)[0] { // groups of eight may go beyond the room
		copy(signed(codes), list[:values])
	}
	for _, c := range codes[:values] {
		if c >= uint32(entries) {
			return errPage
		}
	}
	spread(codes, values, v)
	return nil
}

func (d *decoder) numbers(kind format.Type, coding format.Encoding, body []byte, values int, v *column.Vector) (err error) {
	ints := v.MakeInts()
	size := sizeOf(kind)
	switch {
	case coding == format.Plain:
		if len(body) != values*size {
			return errPage
		}
		readPlain(ints[:values], body, size)
	case size == 4:
		if d.small, err = new(delta.BinaryPackedEncoding).DecodeInt32(d.small[:0], body); err != nil || len(d.small) != values {
			return errors.Join(errPage, err)
		}
		for i, x := range d.small {
			ints[i] = int64(uint32(x)) // 32-bit columns are unsigned
		}
	default:
		list, err := new(delta.BinaryPackedEncoding).DecodeInt64(ints[:0], body)
		if err != nil || len(list) != values {
			return errors.Join(errPage, err)
		}
		if len(list) > 0 && &list[0] != &ints[0] {
			copy(ints, list)
		}
	}
	spread(ints, values, v)
	return nil
}

// spread moves the values, which stand at the front, to the rows that have one.
func spread[T int64 | uint32](list []T, values int, v *column.Vector) {
	if v.Present == nil {
		return
	}
	from := values - 1
	for row := v.N - 1; row >= 0; row-- {
		if v.Has(row) {
			list[row] = list[from]
			from--
		} else {
			list[row] = 0
		}
	}
}

func sizeOf(kind format.Type) int {
	if kind == format.Int32 {
		return 4
	}
	return 8
}

func readPlain(dst []int64, b []byte, size int) {
	for i := range dst {
		if size == 4 {
			dst[i] = int64(binary.LittleEndian.Uint32(b[4*i:]))
		} else {
			dst[i] = int64(binary.LittleEndian.Uint64(b[8*i:]))
		}
	}
}

// signed gives codes as the type that the decoder of runs fills.
func signed(codes []uint32) []int32 {
	return unsafe.Slice((*int32)(unsafe.Pointer(unsafe.SliceData(codes))), len(codes))
}
