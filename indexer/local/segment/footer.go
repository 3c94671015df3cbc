package segment

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"slices"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"github.com/weirflow/weir/indexer/local/column"
)

// maxFooter bounds a footer, in bytes.
const maxFooter = 64 << 20

// selfAt finds the digits of the footer's own checksum.
func selfAt(footer []byte) (at int, ok bool) {
	mark := append([]byte(keySelf), 0x18, byte(len(selfEmpty))) // key, then field 2 of KeyValue: a text of eight bytes
	i := bytes.LastIndex(footer, mark)
	if i < 0 || i+len(mark)+len(selfEmpty) > len(footer) {
		return 0, false
	}
	return i + len(mark), true
}

// seal writes the footer's checksum into it.
func seal(footer []byte) error {
	at, ok := selfAt(footer)
	if !ok || string(footer[at:at+len(selfEmpty)]) != selfEmpty {
		return errors.New("the footer has no place for its checksum")
	}
	copy(footer[at:], fmt.Sprintf("%08x", crc32.Checksum(footer, castagnoli)))
	return nil
}

// sealed reports whether a footer is what was written.
func sealed(footer []byte) bool {
	at, ok := selfAt(footer)
	if !ok {
		return false
	}
	said := string(footer[at : at+len(selfEmpty)])
	empty := slices.Clone(footer)
	copy(empty[at:], selfEmpty)
	return said == fmt.Sprintf("%08x", crc32.Checksum(empty, castagnoli))
}

// readFooter gives the file's size and its footer.
func readFooter(f *os.File) (size int64, footer []byte, err error) {
	st, err := f.Stat()
	if err != nil {
		return 0, nil, err
	}
	size = st.Size()
	var tail [8]byte
	if size < int64(len(magic)+len(tail)) {
		return size, nil, fmt.Errorf("%d bytes are no segment: %w", size, column.ErrDamaged)
	}
	if _, err := f.ReadAt(tail[:], size-int64(len(tail))); err != nil {
		return size, nil, err
	}
	length := int64(binary.LittleEndian.Uint32(tail[:]))
	if string(tail[4:]) != magic || length > maxFooter || length > size-int64(len(magic)+len(tail)) {
		return size, nil, fmt.Errorf("the end is missing: %w", column.ErrDamaged)
	}
	footer = make([]byte, length)
	if _, err := f.ReadAt(footer, size-int64(len(tail))-length); err != nil && !errors.Is(err, io.EOF) {
		return size, nil, err
	}
	if !sealed(footer) {
		return size, nil, fmt.Errorf("footer: checksum: %w", column.ErrDamaged)
	}
	return size, footer, nil
}

// parseFooter decodes a footer whose checksum is right.
func parseFooter(footer []byte) (m *format.FileMetaData, err error) {
	m = new(format.FileMetaData)
	if err := thrift.Unmarshal(new(thrift.CompactProtocol), footer, m); err != nil {
		return nil, fmt.Errorf("footer: %w: %w", err, column.ErrDamaged)
	}
	return m, nil
}
