// Package stack makes what the services of a compose stack need before they
// start: random passwords, and the files in which each service takes its own. It
// runs once, in a container that has no shell, and talks to no server.
package stack

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Users of the processes in the containers. Those of both vendors' images have
// 1000; 10001 is that of deployments/Dockerfile.
const (
	superuser = 0
	vendor    = 1000
	weir      = 10001
)

// Products are the values of Config.Product.
var Products = []string{"elasticsearch", "opensearch"}

// Config says what to make.
type Config struct {
	// Dir is the folder. Each service gets one below it, to be mounted in it alone;
	// admin has the passwords themselves. No default.
	Dir string
	// Product is elasticsearch or opensearch. No default.
	Product string
}

// Dependencies is what the work needs from outside.
type Dependencies struct {
	// Chown gives a file to a user. Default: os.Chown.
	Chown func(path string, uid, gid int) error
}

// maker makes one stack's files.
type maker struct {
	dir   string
	chown func(path string, uid, gid int) error
}

// Create makes the files that are missing, and renders those that follow from
// passwords anew. Passwords and keys that are there stay, so that it may run at
// each start. Every file is 0400 and its reader's.
func Create(cfg Config, d Dependencies) error {
	if d.Chown == nil {
		d.Chown = os.Chown
	}
	m := maker{dir: cfg.Dir, chown: d.Chown}
	switch cfg.Product {
	case "elasticsearch":
		return m.elasticsearch()
	case "opensearch":
		return m.opensearch()
	}
	return fmt.Errorf("%q is no product; allowed: %s", cfg.Product, strings.Join(Products, ", "))
}

// Show gives a password that Create has made.
func Show(dir, name string) (string, error) {
	folder := filepath.Join(dir, "admin")
	entries, err := os.ReadDir(folder)
	if err != nil {
		return "", fmt.Errorf("%w; the folder is made by weir secrets create", err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if !slices.Contains(names, name) {
		return "", fmt.Errorf("there is no password of %q; allowed: %s", name, strings.Join(names, ", "))
	}
	text, err := os.ReadFile(filepath.Join(folder, name))
	return strings.TrimSpace(string(text)), err
}

// password gives the password of a name, and makes it when there is none. It has
// 130 bits, and letters and digits only, which mean the same in all the files.
func (m maker) password(name string) (string, error) {
	path := filepath.Join(m.dir, "admin", name)
	text, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		made := rand.Text()
		return made, m.write("admin", name, superuser, made)
	case err != nil:
		return "", err
	case strings.TrimSpace(string(text)) == "":
		return "", fmt.Errorf("%s: is empty; delete it to have another password made", path)
	}
	return strings.TrimSpace(string(text)), nil
}

// write replaces a file as a whole, for one reader. The folder is the reader's,
// too.
func (m maker) write(folder, name string, uid int, text string) (err error) {
	dir := filepath.Join(m.dir, folder)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, "."+name+"-") // 0600 from the start
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("%s/%s: %w", folder, name, err), os.Remove(f.Name()))
		}
	}()
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Chmod(0o400), f.Sync(), f.Close()); err != nil {
		return err
	}
	for _, path := range []string{f.Name(), dir} {
		if err := m.chown(path, uid, uid); err != nil {
			return fmt.Errorf("%w; it takes the superuser to give files to the services' users", err)
		}
	}
	if err := os.Chmod(dir, 0o700); err != nil { // a volume's folder is there already, for all to read
		return err
	}
	return os.Rename(f.Name(), filepath.Join(dir, name))
}

// file is one file of a service.
type file struct {
	folder, name string
	uid          int
	text         string
}

func (m maker) all(files ...file) error {
	for _, f := range files {
		if err := m.write(f.folder, f.name, f.uid, f.text); err != nil {
			return err
		}
	}
	return nil
}
