// Package keystore keeps named secrets in a file that only its owner may read,
// encrypted and authenticated under a password. Without a password of one's own
// the encryption protects nothing but the look of it: the file's mode does. It
// knows nothing of the configuration that refers to the secrets.
package keystore

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"golang.org/x/sys/unix"
)

// The bounds of what a keystore holds, in bytes.
const (
	maxFile  = 4 << 20
	maxValue = 64 << 10
)

var namePattern = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]{0,99}$`)

// ErrPassword says that the file does not open with the password: it is another
// one, or the file is damaged or forged.
var ErrPassword = errors.New("the password is wrong, or the file is damaged; set WEIR_KEYSTORE_PASSWORD or WEIR_KEYSTORE_PASSWORD_FILE to the password that it was made with")

// Store is an opened keystore. It is not safe for concurrent use.
type Store struct {
	path     string
	password []byte
	cost     cost
	values   map[string]string
}

// New makes an empty keystore; Save writes it.
func New(path, password string) *Store {
	return &Store{path: path, password: []byte(password), cost: recommended, values: map[string]string{}}
}

// Open reads a keystore. The error is fs.ErrNotExist when there is none,
// ErrPassword when the password is wrong, or says what else is wrong, such as
// that others may read the file.
func Open(path, password string) (*Store, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	if err := private(f, path); err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, err
	}
	s := New(path, password)
	if s.values, s.cost, err = unseal(text, s.password); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

// private refuses a file that others than its owner can read or write, or that
// belongs to somebody who is neither us nor root.
func private(f *os.File, path string) error {
	about, err := f.Stat()
	if err != nil {
		return err
	}
	if !about.Mode().IsRegular() {
		return fmt.Errorf("%s is no regular file", path)
	}
	if mode := about.Mode().Perm(); mode&0o077 != 0 {
		return fmt.Errorf("%s: others than its owner may use it (mode %04o); run: chmod 600 %s", path, mode, path)
	}
	var s unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &s); err != nil {
		return err
	}
	if us := os.Geteuid(); us != 0 && s.Uid != 0 && int64(s.Uid) != int64(us) {
		return fmt.Errorf("%s belongs to user %d, and this is user %d; run this as its owner, or give it to yourself with chown", path, s.Uid, us)
	}
	return nil
}

// Path is where the keystore is.
func (s *Store) Path() string { return s.path }

// Get gives a secret.
func (s *Store) Get(name string) (value string, ok bool) {
	value, ok = s.values[name]
	return value, ok
}

// Names lists the secrets in order.
func (s *Store) Names() []string { return slices.Sorted(maps.Keys(s.values)) }

// Set adds or replaces a secret.
func (s *Store) Set(name, value string) error {
	if err := CheckName(name); err != nil {
		return err
	}
	if value == "" {
		return errors.New("the value is empty")
	}
	if len(value) > maxValue {
		return fmt.Errorf("the value has %d bytes; allowed: up to %d", len(value), maxValue)
	}
	s.values[name] = value
	return nil
}

// CheckName tells what is wrong with a secret's name.
func CheckName(name string) error {
	if !namePattern.MatchString(name) {
		return fmt.Errorf("%q is no name of a secret; allowed: up to 100 letters, digits, '_', '.' and '-', first a letter or '_'", name)
	}
	return nil
}

// Remove takes a secret out, and reports whether it was there.
func (s *Store) Remove(name string) bool {
	_, ok := s.values[name]
	delete(s.values, name)
	return ok
}

// Save replaces the file as a whole: after a crash there is the old one or the
// new one.
func (s *Store) Save() (err error) {
	text, err := seal(s.values, s.password, s.cost)
	if err != nil {
		return err
	}
	if len(text) > maxFile {
		return fmt.Errorf("the keystore would have %d bytes; allowed: up to %d", len(text), maxFile)
	}
	dir := filepath.Dir(s.path)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".weir-keystore-*") // with mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	_, err = io.Copy(f, bytes.NewReader(text))
	err = errors.Join(err, owner(f, s.path), f.Sync(), f.Close())
	if err != nil {
		return err
	}
	if err := os.Rename(f.Name(), s.path); err != nil {
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// owner gives the new file to the owner of the one that it replaces, so that root
// can add secrets for the user that the collector runs as.
func owner(f *os.File, path string) error {
	var s unix.Stat_t
	switch err := unix.Stat(path, &s); {
	case errors.Is(err, fs.ErrNotExist):
		// The folder's owner is who will run the collector.
		if err := unix.Stat(filepath.Dir(path), &s); err != nil {
			return err
		}
	case err != nil:
		return err
	}
	if os.Geteuid() != 0 || s.Uid == 0 {
		return nil
	}
	return f.Chown(int(s.Uid), int(s.Gid))
}
