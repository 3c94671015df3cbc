package local

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

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

// files lists a folder's regular files, oldest first. What cannot be looked at is
// left out.
func files(dir string) (list []fs.FileInfo, bytes int64) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, 0 // as for the folder of damaged files, which may not be there
	}
	for _, e := range entries {
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() {
			list = append(list, info)
			bytes += info.Size()
		}
	}
	slices.SortStableFunc(list, func(a, b fs.FileInfo) int { return a.ModTime().Compare(b.ModTime()) })
	return list, bytes
}

// emptyAside deletes damaged files that were written before Config.Keep, and the
// oldest ones while the folder takes too much: flows that can be read are worth
// more. It gives what the whole folder takes then.
func (s *Store) emptyAside(now time.Time) (total int64) {
	_, total = files(s.cfg.Path)
	into := filepath.Join(s.cfg.Path, damagedName)
	list, bytes := files(into)
	total += bytes
	for _, f := range list {
		old := s.cfg.Keep > 0 && f.ModTime().Before(now.Add(-s.cfg.Keep))
		if !old && (s.cfg.MaxSize == 0 || total <= s.cfg.MaxSize) {
			continue
		}
		if err := os.Remove(filepath.Join(into, f.Name())); err != nil {
			s.log.Warn("a damaged file cannot be deleted", "error", err)
			continue
		}
		total -= f.Size()
		s.log.Info("a damaged file that was set aside is deleted", "file", f.Name(), "bytes", f.Size())
	}
	s.countAside()
	return total
}

// countAside notes what is set aside.
func (s *Store) countAside() (n int) {
	list, bytes := files(filepath.Join(s.cfg.Path, damagedName))
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asideFiles, s.asideBytes = len(list), bytes
	return len(list)
}
