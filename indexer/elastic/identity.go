package elastic

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
)

// identify puts the id of a document into its action's line. The line begins at
// action and the document at start in raw.
func (s *Sink) identify(raw []byte, action, start int) []byte {
	id := s.id(raw[start : len(raw)-1])
	end := start - len("}}\n")
	member := fmt.Appendf(nil, `"_id":%q`, id)
	if raw[end-1] != '{' {
		member = slices.Insert(member, 0, ',')
	}
	if !bytes.HasSuffix(raw[action:start], []byte("}}\n")) || id == "" {
		return raw // a bug, and the server gives the document an id
	}
	return slices.Insert(raw, end, member...)
}

// Flush sends what has been written so far, and waits until the server has
// answered about every document: it is indexed, rejected or, as the metrics
// tell, dropped. Only ctx ends the wait for a server that is away.
func (s *Sink) Flush(ctx context.Context) error {
	s.mu.Lock()
	if s.closed || s.client == nil {
		s.mu.Unlock()
		return errors.New("the sink is closed")
	}
	s.flush()
	s.mu.Unlock()
	for {
		_, docs, sending, change := s.queue.load()
		if docs == 0 && sending == 0 {
			return nil
		}
		if !sleep(ctx, -1, change) {
			return fmt.Errorf("%d documents are not written: %w", docs, context.Cause(ctx))
		}
	}
}
