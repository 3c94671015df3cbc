package elastic

import (
	"os"
	"sync"
	"time"
)

// watched is a value that is made from files, and made anew when one of them has
// changed. Safe for concurrent use.
type watched[T any] struct {
	paths []string
	make  func() (T, error)

	mu     sync.Mutex
	stamps []stamp
	value  T
	known  bool // value is one
}

// stamp tells one state of a file from another.
type stamp struct {
	changed time.Time
	size    int64
}

// get gives the value. When the files cannot be read, or hold no value, it gives
// the one before, if there is one, and the error.
func (w *watched[T]) get() (T, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.known && w.same() {
		return w.value, nil
	}
	return w.value, w.load()
}

// refresh reads the files even if they look unchanged.
func (w *watched[T]) refresh() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.load()
}

// load makes the value; w.mu is held.
func (w *watched[T]) load() error {
	stamps := w.look() // before reading, so that a change meanwhile is seen the next time
	value, err := w.make()
	if err != nil {
		return err
	}
	w.value, w.known, w.stamps = value, true, stamps
	return nil
}

func (w *watched[T]) same() bool {
	for i, s := range w.look() {
		if s != w.stamps[i] {
			return false
		}
	}
	return true
}

func (w *watched[T]) look() []stamp {
	list := make([]stamp, len(w.paths))
	for i, path := range w.paths {
		if about, err := os.Stat(path); err == nil {
			list[i] = stamp{about.ModTime(), about.Size()}
		}
	}
	return list
}
