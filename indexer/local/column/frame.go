package column

import (
	"encoding/binary"
	"math"
	"math/bits"
)

// A frame is some rows of a table as bytes, on its own, for the write-ahead log:
//
//	rows                     uvarint
//	per column with values:
//	  column                 uvarint, index into the writer's schema
//	  flags                  byte: 1 = presence bits follow, 2 = Text
//	  length                 uvarint, bytes of the rest of the column
//	  presence               ⌈rows/8⌉ bytes, low bit first; absent when all rows have a value
//	  Int:  unit             byte: values are multiples of 10^unit
//	        base             zigzag varint, the least value
//	        width            byte: 0, 1, 2, 4 or 8
//	        values           width bytes each, little endian: (value − base) / 10^unit
//	  Text: entries          uvarint, of the frame's own dictionary
//	        entry            uvarint length, bytes
//	        codes            0, 1, 2 or 4 bytes each, by the number of entries
//
// Rows without a value have neither value nor code.
const (
	flagPresence = 1
	flagText     = 2
)

// AppendFrame appends rows from to to, not including to, as a frame.
func (t *Table) AppendFrame(dst []byte, from, to int) []byte {
	t.frame++
	if t.frame == math.MaxUint32 { // stamps of old frames must not come back
		t.frame = 1
		for _, b := range t.columns {
			if b != nil {
				clear(b.stamp)
			}
		}
	}
	dst = binary.AppendUvarint(dst, uint64(to-from))
	for i, b := range t.columns {
		if b == nil {
			continue
		}
		n := b.countIn(from, to)
		if n == 0 {
			continue
		}
		dst = binary.AppendUvarint(dst, uint64(i))
		flags := byte(0)
		if n < to-from {
			flags |= flagPresence
		}
		if Columns[i].Kind == Text {
			flags |= flagText
		}
		dst = append(dst, flags, 0, 0, 0) // the length as a uvarint of three bytes
		at := len(dst)
		if flags&flagPresence != 0 {
			dst = b.appendPresence(dst, from, to)
		}
		if flags&flagText != 0 {
			dst = b.appendTexts(dst, from, to, n, t.frame)
		} else {
			dst = b.appendInts(dst, from, to, n)
		}
		dst = putLength(dst, at)
	}
	return dst
}

// putLength writes the length of what follows at into the three bytes before it,
// and makes room for more when it does not fit.
func putLength(dst []byte, at int) []byte {
	n := len(dst) - at
	if n < 1<<21 {
		dst[at-3], dst[at-2], dst[at-1] = byte(n)|0x80, byte(n>>7)|0x80, byte(n>>14)
		return dst
	}
	length := binary.AppendUvarint(nil, uint64(n))
	extra := len(length) - 3
	dst = append(dst, length[:extra]...)
	copy(dst[at+extra:], dst[at:at+n])
	copy(dst[at-3:], length)
	return dst
}

// word gives the presence bits of 64 rows from row on.
func (b *builder) word(row int) uint64 {
	i, shift := row>>6, row&63
	var w uint64
	if i < len(b.present) {
		w = b.present[i] >> shift
	}
	if shift != 0 && i+1 < len(b.present) {
		w |= b.present[i+1] << (64 - shift)
	}
	return w
}

func (b *builder) countIn(from, to int) (n int) {
	for row := from; row < to; row += 64 {
		w := b.word(row)
		if left := to - row; left < 64 {
			w &= 1<<left - 1
		}
		n += bits.OnesCount64(w)
	}
	return n
}

func (b *builder) appendPresence(dst []byte, from, to int) []byte {
	for row := from; row < to; row += 64 {
		w := b.word(row)
		left := to - row
		if left < 64 {
			w &= 1<<left - 1
		}
		for n := 0; n < min(left, 64); n += 8 {
			dst = append(dst, byte(w>>n))
		}
	}
	return dst
}

// each calls do for the rows with a value; all tells that every row has one.
func (b *builder) each(from, to int, all bool, do func(row int)) {
	if all {
		for row := from; row < to; row++ {
			do(row)
		}
		return
	}
	for start := from; start < to; start += 64 {
		w := b.word(start)
		if left := to - start; left < 64 {
			w &= 1<<left - 1
		}
		for ; w != 0; w &= w - 1 {
			do(start + bits.TrailingZeros64(w))
		}
	}
}

// units are the powers of ten that times are often multiples of.
var units = []struct {
	exponent byte
	factor   int64
}{{9, 1e9}, {6, 1e6}, {3, 1e3}}

func (b *builder) appendInts(dst []byte, from, to, n int) []byte {
	all := n == to-from
	lo, hi := int64(math.MaxInt64), int64(math.MinInt64)
	b.each(from, to, all, func(row int) { lo, hi = min(lo, b.ints[row]), max(hi, b.ints[row]) })
	unit, factor := byte(0), uint64(1)
	if uint64(hi-lo) > math.MaxUint32 {
		for _, u := range units {
			fits := true
			for row := from; row < to && fits; row++ {
				fits = b.ints[min(row, len(b.ints)-1)]%u.factor == 0 // absent rows hold 0
			}
			if fits && lo%u.factor == 0 {
				unit, factor = u.exponent, uint64(u.factor)
				break
			}
		}
	}
	dst = append(dst, unit)
	dst = binary.AppendVarint(dst, lo)
	width := widthOf(uint64(hi-lo) / factor)
	dst = append(dst, byte(width))
	switch width {
	case 1:
		b.each(from, to, all, func(row int) { dst = append(dst, byte(uint64(b.ints[row]-lo)/factor)) })
	case 2:
		b.each(from, to, all, func(row int) {
			dst = binary.LittleEndian.AppendUint16(dst, uint16(uint64(b.ints[row]-lo)/factor))
		})
	case 4:
		b.each(from, to, all, func(row int) {
			dst = binary.LittleEndian.AppendUint32(dst, uint32(uint64(b.ints[row]-lo)/factor))
		})
	case 8:
		b.each(from, to, all, func(row int) { dst = binary.LittleEndian.AppendUint64(dst, uint64(b.ints[row]-lo)/factor) })
	}
	return dst
}

func widthOf(v uint64) int {
	switch {
	case v == 0:
		return 0
	case v <= math.MaxUint8:
		return 1
	case v <= math.MaxUint16:
		return 2
	case v <= math.MaxUint32:
		return 4
	}
	return 8
}

func (b *builder) appendTexts(dst []byte, from, to, n int, frame uint32) []byte {
	for len(b.stamp) < len(b.dict) {
		b.stamp, b.local = append(b.stamp, 0), append(b.local, 0)
	}
	all := n == to-from
	// Entries first: their number decides how wide the codes are.
	entries := uint32(0)
	dst = append(dst, 0, 0, 0)
	at := len(dst)
	b.each(from, to, all, func(row int) {
		code := b.codes[row]
		if b.stamp[code] != frame {
			b.stamp[code], b.local[code] = frame, entries
			entries++
			dst = binary.AppendUvarint(dst, uint64(len(b.dict[code])))
			dst = append(dst, b.dict[code]...)
		}
	})
	dst[at-3], dst[at-2], dst[at-1] = byte(entries)|0x80, byte(entries>>7)|0x80, byte(entries>>14)
	switch codeWidth(int(entries)) {
	case 1:
		b.each(from, to, all, func(row int) { dst = append(dst, byte(b.local[b.codes[row]])) })
	case 2:
		b.each(from, to, all, func(row int) { dst = binary.LittleEndian.AppendUint16(dst, uint16(b.local[b.codes[row]])) })
	case 4:
		b.each(from, to, all, func(row int) { dst = binary.LittleEndian.AppendUint32(dst, b.local[b.codes[row]]) })
	}
	return dst
}

func codeWidth(entries int) int {
	if entries == 0 {
		return 0
	}
	return widthOf(uint64(entries - 1))
}
