package elastic

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weirflow/weir/flow"
)

// TestIDs gives documents ids of their own, also those of other streams and
// those that are cut.
func TestIDs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		s := f.start(nil)
		s.id = func(document []byte) string {
			sum := sha256.Sum256(document)
			return base64.RawURLEncoding.EncodeToString(sum[:6])
		}
		b := flow.NewBatch(3)
		b.Next().SetSourcePort(1)
		b.Next().Kind = flow.KindCounters
		long := b.Next()
		long.Extra = append(long.Extra, flow.Element{Name: "enormous", Kind: flow.ElementString, Bytes: []byte(strings.Repeat("x", 2*longestTerm))})
		write(t, s, b)
		if err := s.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		got := f.bulks[0]
		want := make([]string, 3)
		for i, doc := range got.docs {
			want[i] = `{"create":{"_id":"` + s.id([]byte(doc)) + `"}}`
		}
		want[1] = strings.Replace(want[1], `"_id"`, `"_index":"weir-counters-default","_id"`, 1)
		if !slices.Equal(got.actions, want) {
			t.Errorf("actions %q, want %q", got.actions, want)
		}
		stop(t, s)
	})
}

// TestFlush waits for the answers, and no longer than its context.
func TestFlush(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		s := f.start(nil)
		if err := s.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		write(t, s, flows(1, 10))
		if err := s.Flush(t.Context()); err != nil || len(f.stored) != 10 {
			t.Fatalf("%d documents stored after Flush, %v", len(f.stored), err)
		}
		f.change(func() { f.down = func(string) error { return refused() } })
		write(t, s, flows(11, 5))
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if err := s.Flush(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("while the server is away, Flush gives %v", err)
		}
		f.change(func() { f.down = nil })
		if err := s.Flush(t.Context()); err != nil || len(f.stored) != 15 {
			t.Errorf("%d documents stored after the server came back, %v", len(f.stored), err)
		}
		stop(t, s)
		if err := s.Flush(t.Context()); err == nil {
			t.Error("a closed sink was flushed")
		}
	})
}
