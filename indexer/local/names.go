package local

import (
	"fmt"
	"os"
	"path/filepath"
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
		if strings.HasSuffix(name, tempSuffix) {
			c.temps = append(c.temps, name)
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

// setAside moves a damaged file to the folder for those, under a free name.
func setAside(dir, name string) (string, error) {
	into := filepath.Join(dir, damagedName)
	if err := os.MkdirAll(into, 0o750); err != nil {
		return "", err
	}
	to := filepath.Join(into, name)
	for i := 1; ; i++ {
		if _, err := os.Lstat(to); err != nil {
			break
		}
		to = filepath.Join(into, fmt.Sprintf("%s.%d", name, i))
	}
	return to, os.Rename(filepath.Join(dir, name), to)
}
