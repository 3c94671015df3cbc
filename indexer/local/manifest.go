package local

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
)

// manifestName is the file that says which segments count.
const manifestName = "manifest.json"

// manifestVersion is the version of the folder's layout that we write; a folder
// of a later one is refused.
const manifestVersion = 1

// maxManifest bounds the file, in bytes.
const maxManifest = 256 << 20

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// manifest is the state of the folder. It is replaced as a whole.
type manifest struct {
	Version int `json:"version"`
	// Generation counts the manifests.
	Generation uint64 `json:"generation"`
	// Next is the number of the next segment.
	Next uint64 `json:"next"`
	// Log is the last log file whose rows are in segments; it and those before it
	// do not count any more.
	Log uint64 `json:"log"`
	// Segments are what counts, in the order of their times.
	Segments []entry `json:"segments"`
	// Removing are segments whose files are being deleted.
	Removing []uint64 `json:"removing,omitempty"`
	// UnreadLogs are log files up to Log whose rows are in no segment all the
	// same, as they could not be read when that was their turn.
	UnreadLogs []uint64 `json:"unread_logs,omitempty"`
	// Undecided are segments that are not listed and could not be read when it
	// was to be decided whether their rows are elsewhere.
	Undecided []uint64 `json:"undecided,omitempty"`
}

// entry is a segment in the manifest.
type entry struct {
	ID   uint64 `json:"id"`
	Rows int64  `json:"rows"`
	Size int64  `json:"size"`
	// CRC is the file's CRC-32C; Checked is false when it is not known.
	CRC     uint32 `json:"crc32c"`
	Checked bool   `json:"checked"`
	// MinTime and MaxTime bound @timestamp, Unix nanoseconds.
	MinTime int64 `json:"min_time"`
	MaxTime int64 `json:"max_time"`
	// Log is the last log file whose rows are in the segment.
	Log uint64 `json:"log"`
}

// The file is JSON around the manifest, with the checksum of the manifest's
// bytes. The parts around it are compared as they are.
const (
	fileBegin  = `{"crc32c":"`
	fileMiddle = `","manifest":`
	fileEnd    = `}`
)

var errManifest = errors.New("the manifest is damaged")

// errNewer tells of a folder that a later version has written.
var errNewer = errors.New("the folder was written by a later version of weir")

func (m *manifest) encode() ([]byte, error) {
	body, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	return fmt.Appendf(nil, "%s%08x%s%s%s\n", fileBegin, crc32.Checksum(body, castagnoli), fileMiddle, body, fileEnd), nil
}

func decodeManifest(b []byte) (m manifest, err error) {
	text, ok := strings.CutPrefix(strings.TrimSuffix(string(b), "\n"), fileBegin)
	crc, text, ok2 := strings.Cut(text, fileMiddle)
	body, ok3 := strings.CutSuffix(text, fileEnd)
	if !ok || !ok2 || !ok3 {
		return m, fmt.Errorf("%w: it is cut off, or not one", errManifest)
	}
	if crc != fmt.Sprintf("%08x", crc32.Checksum([]byte(body), castagnoli)) {
		return m, fmt.Errorf("%w: checksum", errManifest)
	}
	if err := json.Unmarshal([]byte(body), &m); err != nil {
		return m, fmt.Errorf("%w: %w", errManifest, err)
	}
	if m.Version > manifestVersion {
		return m, fmt.Errorf("%w: layout %d, this one knows %d", errNewer, m.Version, manifestVersion)
	}
	seen := make(map[uint64]bool, len(m.Segments))
	for i := range m.Segments {
		s := &m.Segments[i]
		if seen[s.ID] || s.ID >= m.Next || s.Rows < 1 || s.Size < 1 || s.MinTime > s.MaxTime || m.Next == math.MaxUint64 {
			return m, fmt.Errorf("%w: segment %d", errManifest, s.ID)
		}
		seen[s.ID] = true
	}
	return m, nil
}

// readManifest reads the folder's manifest; fs.ErrNotExist tells that there is
// none.
func readManifest(dir string) (m manifest, err error) {
	f, err := os.Open(filepath.Join(dir, manifestName))
	if err != nil {
		return m, err
	}
	defer func() { _ = f.Close() }()
	b, err := io.ReadAll(io.LimitReader(f, maxManifest))
	if err != nil {
		return m, err
	}
	return decodeManifest(b)
}

// writeManifest replaces the folder's manifest: after a crash it is the old one
// or the new one.
func writeManifest(dir string, m *manifest) (err error) {
	b, err := m.encode()
	if err != nil {
		return err
	}
	temp := filepath.Join(dir, manifestName+tempSuffix)
	f, err := os.OpenFile(temp, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o640)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(temp))
	}
	if err := os.Rename(temp, filepath.Join(dir, manifestName)); err != nil {
		return err
	}
	return syncDir(dir)
}
