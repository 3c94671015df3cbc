package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// buffer is a strings.Builder that several goroutines may write to.
type buffer struct {
	mu   sync.Mutex
	text strings.Builder
	// seen is closed once mark is in the text.
	mark string
	seen chan struct{}
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	before := b.mark != "" && strings.Contains(b.text.String(), b.mark)
	n, err := b.text.Write(p)
	if b.mark != "" && !before && strings.Contains(b.text.String(), b.mark) {
		close(b.seen)
	}
	return n, err
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func build(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "weir")
	if text, err := exec.Command("go", "build", "-o", path, "../weir").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return path
}

// TestDemo runs the whole demo with the real program: once to its own end, and
// once until it is interrupted.
func TestDemo(t *testing.T) {
	weir := build(t)
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	var out, errOut buffer
	if err := run(ctx, options{weir: weir, exports: "../../testdata/exports", rate: 400, exit: true}, &out, &errOut); err != nil {
		t.Fatalf("%v\n%s", err, errOut.String())
	}
	for _, want := range []string{`weir listens on UDP, 127\.0\.0\.1: netflow5 \d+, netflow9 \d+, ipfix \d+, sflow \d+\n`, `(?m)^flows +4,002$`, `(?m)^bytes +18\.8 MiB$`, `\nCategories over time\n`, `(?m)^Web +14\.8 MiB .*[▁▂▃▄▅▆▇█]`,
		`\nExporters\n`, `netflow9 .* 1,682 `, `\nTop talkers\n`, `\n13\.107\.42\.14 .*█`, `\nTop conversations\n`, `\nCountries, from and to\n`, `United States`, `\nNewest flows\n`} {
		if !regexp.MustCompile(want).MatchString(out.String()) {
			t.Errorf("%s is not in:\n%s", want, out.String())
		}
	}
	if errOut.String() != "" {
		t.Errorf("on the standard error: %s", errOut.String())
	}

	interruptible, interrupt := context.WithCancel(ctx)
	running := buffer{mark: "until Ctrl-C", seen: make(chan struct{})}
	ended := make(chan error, 1)
	go func() {
		ended <- run(interruptible, options{weir: weir, exports: "../../testdata/exports"}, &running, &errOut)
	}()
	select {
	case <-running.seen:
	case err := <-ended:
		t.Fatalf("it ended by itself: %v: %s", err, errOut.String())
	}
	interrupt()
	if err := <-ended; err != nil {
		t.Errorf("after the interruption: %v: %s", err, errOut.String())
	}
	if rest, err := os.ReadDir(temporary); err != nil || len(rest) > 0 {
		t.Errorf("left behind: %v, %v", rest, err)
	}
}
