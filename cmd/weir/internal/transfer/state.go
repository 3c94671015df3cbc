package transfer

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// State is how far an import has come. It is kept in a file, so that an import
// that was interrupted goes on where it was.
type State struct {
	// Target says where flows go, Selection which: an import only goes on with the
	// same.
	Target    string `json:"target"`
	Selection string `json:"selection"`
	// From and To bound the flows' times, From ≤ @timestamp < To; all before Next
	// are done.
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	Next time.Time `json:"next"`
	// Rows is how many flows there are before Next. Indexed, Duplicate and Rejected
	// are what became of them and of others; what was sent once more after an
	// interruption counts as duplicate.
	Rows      int64 `json:"rows"`
	Indexed   int64 `json:"indexed"`
	Duplicate int64 `json:"duplicate"`
	Rejected  int64 `json:"rejected"`
	// Finished tells that all are done.
	Finished bool `json:"finished"`
	// Incomplete is how many parts of the store could not be read.
	Incomplete int `json:"incomplete,omitempty"`
}

// LoadState reads a state; ok is false when there is none.
func LoadState(path string) (s State, ok bool, err error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return s, false, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &s)
	}
	if err == nil && (s.Next.Before(s.From) || s.To.Before(s.Next)) {
		err = errors.New("its times are out of order")
	}
	if err != nil {
		return s, false, fmt.Errorf("the state of the import cannot be read: %s: %w; remove it to begin anew, which leaves no document twice", path, err)
	}
	return s, true, nil
}

// save replaces the file as a whole.
func (s *State) save(path string) (err error) {
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		var inner *fs.PathError
		if errors.As(err, &inner) { // of the temporary file, whose name says nothing
			err = inner.Err
		}
		return fmt.Errorf("the state of the import cannot be kept in %s: %w; name another file with --state", path, err)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	_, err = f.Write(append(text, '\n'))
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
