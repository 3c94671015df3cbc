package segment

import (
	"encoding/binary"
	"math/bits"
)

// Definition levels say which rows have a value: one bit each, in Parquet's
// hybrid of runs and literal bits, after their length in four bytes.

// noValues gives the body of a data page of rows without values.
func (e *encoder) noValues(rows int) []byte {
	e.body = append(binary.AppendUvarint(append(e.body[:0], 0, 0, 0, 0), uint64(rows)<<1), 0)
	binary.LittleEndian.PutUint32(e.body, uint32(len(e.body)-4))
	return e.body
}

// levels begins a data page, in e.body; present is nil when every row has a
// value.
func (e *encoder) levels(present []uint64, rows int) []byte {
	dst := append(e.body[:0], 0, 0, 0, 0)
	if present == nil {
		dst = append(binary.AppendUvarint(dst, uint64(rows)<<1), 1)
	} else {
		dst = appendBits(dst, present, rows)
	}
	binary.LittleEndian.PutUint32(dst, uint32(len(dst)-4))
	return dst
}

// minRun is how many words of equal bits become a run.
const minRun = 2

// appendBits appends bits as runs and literals. Words that are all zeros or all
// ones become runs when there are several of them.
func appendBits(dst []byte, words []uint64, n int) []byte {
	full := n / 64
	for at := 0; at < full; {
		end := at
		if words[at] == 0 || words[at] == ^uint64(0) {
			for end < full && words[end] == words[at] {
				end++
			}
		}
		if end-at >= minRun {
			dst = append(binary.AppendUvarint(dst, uint64(end-at)*64<<1), byte(words[at]&1))
			at = end
			continue
		}
		for end = at + 1; end < full; end++ {
			if end+1 < full && words[end] == words[end+1] && (words[end] == 0 || words[end] == ^uint64(0)) {
				break
			}
		}
		dst = binary.AppendUvarint(dst, uint64(end-at)*8<<1|1)
		for _, w := range words[at:end] {
			dst = binary.LittleEndian.AppendUint64(dst, w)
		}
		at = end
	}
	if rest := n % 64; rest > 0 {
		groups := (rest + 7) / 8
		dst = binary.AppendUvarint(dst, uint64(groups)<<1|1)
		for i := range groups {
			dst = append(dst, byte(words[full]>>(8*i)))
		}
	}
	return dst
}

// readBits reads n bits into words and reports whether they are there.
func readBits(src []byte, words []uint64, n int) bool {
	clear(words)
	for at := 0; at < n; {
		head, size := binary.Uvarint(src)
		if size <= 0 {
			return false
		}
		src = src[size:]
		if head&1 == 0 {
			count := head >> 1
			if count == 0 || count > uint64(n-at) || len(src) == 0 {
				return false
			}
			if src[0] == 1 {
				setBits(words, at, at+int(count))
			}
			src = src[1:]
			at += int(count)
			continue
		}
		groups := head >> 1
		if groups == 0 || groups > uint64(len(src)) || groups > uint64(n-at+7)/8 {
			return false
		}
		for _, b := range src[:groups] {
			putByte(words, at, b)
			at += 8
		}
		src = src[groups:]
	}
	if n&63 != 0 {
		words[n>>6] &= 1<<(n&63) - 1
	}
	return true
}

func setBits(words []uint64, from, to int) {
	for from < to {
		i, shift := from>>6, from&63
		n := min(64-shift, to-from)
		words[i] |= ^uint64(0) >> (64 - n) << shift
		from += n
	}
}

// putByte sets eight bits; those beyond the last word are dropped.
func putByte(words []uint64, at int, b byte) {
	i, shift := at>>6, at&63
	if i < len(words) {
		words[i] |= uint64(b) << shift
	}
	if shift > 56 && i+1 < len(words) {
		words[i+1] |= uint64(b) >> (64 - shift)
	}
}

func onesIn(words []uint64) (n int) {
	for _, w := range words {
		n += bits.OnesCount64(w)
	}
	return n
}
