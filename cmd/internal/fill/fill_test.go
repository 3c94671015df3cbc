package fill

import (
	"context"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/weirflow/weir/dashboards/demo"
	"github.com/weirflow/weir/indexer/elastic"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Where no server answers, filling ends with the time that it has, and says why.
// cmd/internal/panels fills the real servers.
func TestNoServer(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	counts, err := Fill(ctx, elastic.DefaultConfig("http://127.0.0.1:1"), demo.DefaultConfig(time.Now()), slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err == nil || counts != nil || !strings.Contains(err.Error(), "127.0.0.1:1") {
		t.Errorf("%v, %v; want an error that names the server", counts, err)
	}
}

// A configuration that is wrong is an error at once.
func TestWrongConfiguration(t *testing.T) {
	c := elastic.DefaultConfig("http://127.0.0.1:1")
	c.Namespace = "A-B"
	if _, err := Fill(t.Context(), c, demo.DefaultConfig(time.Now()), slog.New(slog.NewTextHandler(io.Discard, nil))); err == nil || !strings.Contains(err.Error(), "namespace") {
		t.Errorf("error %v, want one about the namespace", err)
	}
}
