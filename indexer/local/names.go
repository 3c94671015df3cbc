package local

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
)

const (
	logPrefix, logSuffix         = "log-", ".wal"
	segmentPrefix, segmentSuffix = "flows-", ".parquet"
	// tempSuffix marks files that are being written; after a crash they are
	// leftovers.
	tempSuffix = ".tmp"
	// damagedName is the folder where damaged files are set aside.
	damagedName = "damaged"
)

func logName(id uint64) string     { return fmt.Sprintf("%s%012d%s", logPrefix, id, logSuffix) }
func segmentName(id uint64) string { return fmt.Sprintf("%s%012d%s", segmentPrefix, id, segmentSuffix) }

// contents is what lies in a folder.
type contents struct {
	logs, segments []uint64 // ascending
	temps          []string // names
}

// list reads a folder.
func list(dir string) (c contents, err error) {
	files, err := os.ReadDir(dir)
	if err != nil {
		return c, err
	}
	for _, f := range files {
		name := f.Name()
		if whole, ok := strings.CutSuffix(name, tempSuffix); ok {
			_, ours := numberOf(whole, segmentPrefix, segmentSuffix)
			if ours || whole == manifestName { // anything else is not the store's to delete
				c.temps = append(c.temps, name)
			}
		} else if id, ok := numberOf(name, logPrefix, logSuffix); ok && name == logName(id) {
			c.logs = append(c.logs, id)
		} else if id, ok := numberOf(name, segmentPrefix, segmentSuffix); ok && name == segmentName(id) {
			c.segments = append(c.segments, id)
		}
	}
	slices.Sort(c.logs)
	slices.Sort(c.segments)
	return c, nil
}

func numberOf(name, prefix, suffix string) (uint64, bool) {
	middle, ok := strings.CutPrefix(name, prefix)
	if !ok {
		return 0, false
	}
	if middle, ok = strings.CutSuffix(middle, suffix); !ok {
		return 0, false
	}
	id, err := strconv.ParseUint(middle, 10, 63)
	return id, err == nil
}
