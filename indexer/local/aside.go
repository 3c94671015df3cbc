package local

import (
	"fmt"
	"os"
	"path/filepath"
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
