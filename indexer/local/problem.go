package local

import (
	"fmt"
	"time"
)

// Problem is something that an operator should know: damage, what was lost by
// it, and where the damaged file lies now; or a file that cannot be read.
type Problem struct {
	Time time.Time
	Text string
}

// maxProblems is how many are kept; the newest stay.
const maxProblems = 100

// problem logs and keeps what happened to a file: "log", "segment" or
// "manifest". s.mu is not held.
func (s *Store) problem(file string, rows int, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	s.log.Error("damage in the store", "problem", text)
	s.metrics.damaged.WithLabelValues(file).Inc()
	s.metrics.drop(rows, reasonDamaged)
	s.keepProblem(text)
}

// tell logs and keeps what is wrong without anything being damaged.
func (s *Store) tell(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	s.log.Error("something is wrong in the store", "problem", text)
	s.keepProblem(text)
}

func (s *Store) keepProblem(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.problems) == maxProblems {
		s.problems = append(s.problems[:0], s.problems[1:]...)
	}
	s.problems = append(s.problems, Problem{time.Now(), text})
}

// Health lists the damage found since Start, and what could not be read then,
// oldest first; none is nil.
func (s *Store) Health() []Problem {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Problem(nil), s.problems...)
}

// Ready gives nil while records can be stored, else why they cannot.
func (s *Store) Ready() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case !s.open:
		return ErrClosed
	case s.writeErr != nil:
		return s.writeErr
	}
	return s.flushErr
}
