package wal

import (
	"encoding/binary"
	"encoding/json"
	"hash/crc32"
	"testing"
)

// reschema gives a file with another head, and its frames as the writer of that
// head would have marked them.
func reschema(t *testing.T, file []byte, h head) []byte {
	t.Helper()
	text, err := json.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	b := binary.LittleEndian.AppendUint32([]byte(headMagic), uint32(len(text)))
	b = binary.LittleEndian.AppendUint32(append(b, text...), crc32.Checksum(text, castagnoli))
	rest := file[len(AppendHead(nil, 9)):]
	for len(rest) > 0 {
		n := frameHead + int(binary.LittleEndian.Uint32(rest[4:])) + 4
		at := len(b)
		b = append(b, rest[:n]...)
		binary.LittleEndian.PutUint32(b[at+12:], fingerprint(h.Columns))
		binary.LittleEndian.PutUint32(b[at+24:], crc32.Checksum(b[at:at+24], castagnoli))
		rest = rest[n:]
	}
	return b
}
