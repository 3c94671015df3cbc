// Package vendor names the organisation that IEEE has assigned a MAC address's
// prefix to. The registry is compiled in; the package reads no file.
package vendor

import (
	_ "embed" // the registry file
	"fmt"
	"slices"
	"strconv"
	"strings"
)

//go:generate go run ./gen

//go:embed oui.tsv
var registryTSV string

// block is the assignments of one size: sorted prefixes, and the holder of each.
type block struct {
	prefixes []uint64
	names    []string
}

// Table is the registry. It is immutable and safe for concurrent use. Its names
// alias the text that is compiled in, and may be kept.
type Table struct {
	large, medium, small block // 24, 28 and 36 bits: MA-L, MA-M, MA-S
}

// New parses the registry file that is compiled in, which takes some
// milliseconds; an error means that the program was built from a damaged file.
func New() (*Table, error) { return parse(registryTSV) }

func parse(text string) (*Table, error) {
	type row struct {
		prefix uint64
		name   string
	}
	lists := map[int][]row{}
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimSuffix(line, "\n")
		if line == "" || line[0] == '#' {
			continue
		}
		name, prefixes, ok := strings.Cut(line, "\t")
		if !ok || name == "" {
			return nil, fmt.Errorf("oui.tsv:%d: want name and prefixes, got %q", number, line)
		}
		for prefix := range strings.SplitSeq(prefixes, " ") {
			v, err := strconv.ParseUint(prefix, 16, 36)
			if digits := len(prefix); err != nil || digits != 6 && digits != 7 && digits != 9 {
				return nil, fmt.Errorf("oui.tsv:%d: prefix %q is not 6, 7 or 9 hexadecimal digits", number, prefix)
			}
			lists[len(prefix)] = append(lists[len(prefix)], row{v, name})
		}
	}
	t := &Table{}
	for digits, b := range map[int]*block{6: &t.large, 7: &t.medium, 9: &t.small} {
		rows := lists[digits]
		slices.SortFunc(rows, func(a, b row) int {
			if a.prefix < b.prefix {
				return -1
			} else if a.prefix > b.prefix {
				return 1
			}
			return 0
		})
		for _, r := range rows {
			b.prefixes = append(b.prefixes, r.prefix)
			b.names = append(b.names, r.name)
		}
	}
	return t, nil
}

// Prefix is the part of a MAC address that Lookup depends on: its upper 36 bits.
func Prefix(mac [6]byte) uint64 {
	return uint64(mac[0])<<28 | uint64(mac[1])<<20 | uint64(mac[2])<<12 | uint64(mac[3])<<4 | uint64(mac[4])>>4
}

// Lookup is the holder of the longest assignment that covers the prefix, or "".
// Group addresses and locally administered ones have no holder (IEEE 802, the
// two low bits of the first octet).
func (t *Table) Lookup(prefix uint64) string {
	if prefix>>28&3 != 0 {
		return ""
	}
	if name := t.small.find(prefix); name != "" {
		return name
	}
	if name := t.medium.find(prefix >> 8); name != "" {
		return name
	}
	return t.large.find(prefix >> 12)
}

func (b *block) find(prefix uint64) string {
	if i, ok := slices.BinarySearch(b.prefixes, prefix); ok {
		return b.names[i]
	}
	return ""
}
