package keystore

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// cheap lets tests try many passwords.
var cheap = cost{passes: 1, memory: 8, threads: 1}

func newCheap(path, password string) *Store {
	s := New(path, password)
	s.cost = cheap
	return s
}

func TestKeystore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "weir.keystore")
	if _, err := Open(path, ""); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a keystore that is not there gives %v", err)
	}
	s := newCheap(path, "word")
	for name, value := range map[string]string{"ES_PWD": "canary-\"quoted\"\nline", "a.b-c_1": "é"} {
		if err := s.Set(name, value); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Save(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if about, err := os.Stat(path); err != nil || about.Mode().Perm() != 0o600 || bytes.Contains(text, []byte("canary")) || bytes.Contains(text, []byte("ES_PWD")) {
		t.Errorf("the file has mode %v, or shows what is in it", about.Mode())
	}
	s, err = Open(path, "word")
	if err != nil {
		t.Fatal(err)
	}
	if v, ok := s.Get("ES_PWD"); !ok || v != "canary-\"quoted\"\nline" || !slices.Equal(s.Names(), []string{"ES_PWD", "a.b-c_1"}) || s.cost != cheap {
		t.Errorf("read %q of %q, cost %v", v, s.Names(), s.cost)
	}
	if !s.Remove("a.b-c_1") || s.Remove("a.b-c_1") {
		t.Error("a secret cannot be removed once")
	}
	if err := s.Save(); err != nil {
		t.Fatal(err)
	}
	second, err := os.ReadFile(path)
	if err != nil || bytes.Equal(text[saltAt:sealedAt], second[saltAt:sealedAt]) {
		t.Error("salt and nonce are the same again")
	}
	if list, err := os.ReadDir(filepath.Dir(path)); err != nil || len(list) != 1 {
		t.Errorf("beside the keystore there is something: %v, %v", list, err)
	}
	for _, password := range []string{"", "Word"} {
		if _, err := Open(path, password); !errors.Is(err, ErrPassword) || strings.Contains(err.Error(), "canary") {
			t.Errorf("password %q gives %v", password, err)
		}
	}
}

func TestKeystoreRefusesOthersEyes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "weir.keystore")
	if err := newCheap(path, "").Save(); err != nil {
		t.Fatal(err)
	}
	for _, mode := range []fs.FileMode{0o644, 0o640, 0o604, 0o620, 0o602, 0o610} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(path, ""); err == nil || !strings.Contains(err.Error(), "run: chmod 600 "+path) {
			t.Errorf("mode %v gives %v", mode, err)
		}
	}
	for _, mode := range []fs.FileMode{0o600, 0o400} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(path, ""); err != nil {
			t.Errorf("mode %v gives %v", mode, err)
		}
	}
	if os.Geteuid() == 0 { // only root can give files away
		if err := os.Chown(filepath.Dir(path), 12345, 12345); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if err := newCheap(path, "").Save(); err != nil {
			t.Fatal(err)
		}
		about, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if uid := ownerOf(about); uid != 12345 {
			t.Errorf("what root makes in another's folder belongs to %d", uid)
		}
	}
	if _, err := Open(t.TempDir(), ""); err == nil {
		t.Error("a folder was opened")
	}
}

func ownerOf(about fs.FileInfo) uint32 { return about.Sys().(*syscall.Stat_t).Uid }

func TestKeystoreRefusesValues(t *testing.T) {
	s := newCheap(filepath.Join(t.TempDir(), "k"), "")
	for _, name := range []string{"", "1a", "a b", "a}", "é", strings.Repeat("a", 101)} {
		if err := s.Set(name, "canary"); err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("the name %q gives %v", name, err)
		}
	}
	for _, value := range []string{"", strings.Repeat("x", maxValue+1)} {
		if err := s.Set("a", value); err == nil {
			t.Errorf("a value of %d bytes was taken", len(value))
		}
	}
	if err := s.Set("a", "\xff"); err != nil {
		t.Fatal(err)
	}
	if err := s.Save(); err == nil {
		t.Error("a value that is no text was kept, and would come back as another one")
	}
}

// Every changed bit is found out.
func TestKeystoreIsAuthenticated(t *testing.T) {
	text, err := seal(map[string]string{"a": "b"}, nil, cheap)
	if err != nil {
		t.Fatal(err)
	}
	for i := range text {
		bad := bytes.Clone(text)
		bad[i] ^= 1
		if c := binary.BigEndian.Uint32(bad[len(magic)+6:]); c > 1<<20 {
			continue // parse refuses it, see below
		}
		if values, _, err := unseal(bad, nil); err == nil {
			t.Errorf("with byte %d changed, %v was read", i, values)
		}
	}
	for name, bad := range map[string][]byte{
		"empty": nil, "cut": text[:len(text)-1], "header only": text[:sealedAt], "longer": append(bytes.Clone(text), 0), "another file": []byte("password: x\n"),
	} {
		if _, _, err := unseal(bad, nil); err == nil {
			t.Errorf("%s: it was read", name)
		}
	}
	newer := bytes.Clone(text)
	newer[len(magic)] = 2
	if _, _, err := unseal(newer, nil); !errors.Is(err, errVersion) {
		t.Errorf("a newer version gives %v", err)
	}
	for name, c := range map[string]cost{"no threads": {1, 8, 0}, "no memory": {1, 0, 1}, "all memory": {1, 1 << 31, 1}, "for ever": {1 << 31, 8, 1}} {
		bad := bytes.Clone(text)
		bad[len(magic)+1] = c.threads
		binary.BigEndian.PutUint32(bad[len(magic)+2:], c.passes)
		binary.BigEndian.PutUint32(bad[len(magic)+6:], c.memory)
		if _, _, err := unseal(bad, nil); !errors.Is(err, errFormat) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzKeystore checks that no file makes the parser panic or ask for more than
// its bounds, and that what is no keystore of ours is refused.
func FuzzKeystore(f *testing.F) {
	text, err := seal(map[string]string{"a": "b"}, []byte("p"), cheap)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add(text[:sealedAt])
	f.Add([]byte(magic + "\x01"))
	f.Fuzz(func(t *testing.T, input []byte) {
		h, sealed, err := parse(input)
		if err != nil {
			if sealed != nil || h.salt != nil {
				t.Fatal("something is given with an error")
			}
			return
		}
		if h.cost.memory > maxMemory || h.cost.passes > maxPasses || h.cost.threads == 0 || len(h.salt) != 16 || len(h.nonce) != 24 || len(sealed) < 18 {
			t.Fatalf("accepted %+v with %d bytes", h, len(sealed))
		}
		if h.cost.memory > 64 || h.cost.passes > 2 {
			return // takes too long for a fuzz test
		}
		if _, _, err := unseal(input, []byte("another")); !errors.Is(err, ErrPassword) {
			t.Fatal("a file that nobody has sealed with this password was opened")
		}
	})
}
