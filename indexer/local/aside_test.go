package local

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// TestSetAsideCounts has damaged files count: they are told at each start, take
// part in the size of the folder, and go by age and before what can be read.
func TestSetAsideCounts(t *testing.T) {
	dir := abandoned(t)
	into := filepath.Join(dir, damagedName)
	if err := os.Mkdir(into, 0o750); err != nil {
		t.Fatal(err)
	}
	hour := time.Now().Add(-time.Hour)
	for name, at := range map[string]time.Time{"new": time.Now(), "old": hour.Add(-time.Minute)} {
		path := filepath.Join(into, name)
		err := os.WriteFile(path, make([]byte, 1000), 0o600)
		if err == nil {
			err = os.Chtimes(path, at, at)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	c := DefaultConfig(dir)
	c.ScrubBytes, c.MergeRows, c.Keep = 0, 0, 2*time.Hour
	s, err := New(c, Dependencies{Logger: slog.New(slog.NewTextHandler(&out, nil)), Registerer: prometheus.NewRegistry()})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if x := s.Stats(); x.AsideFiles != 2 || x.AsideBytes != 2000 {
		t.Errorf("%+v", x)
	}
	settle(t, s)
	s.keeping.Lock()
	s.cfg.Keep = time.Hour
	s.retain(time.Now())
	if x := s.Stats(); x.AsideFiles != 1 || x.AsideBytes != 1000 {
		t.Errorf("by age: %+v", x)
	}
	_, total := files(dir)
	s.cfg.MaxSize = total + 999
	s.retain(time.Now())
	s.keeping.Unlock()
	if x := s.Stats(); x.AsideFiles != 0 || x.Segments != 4 {
		t.Errorf("by size: %+v", x)
	}
	stop(t, s)
	if !strings.Contains(out.String(), "damaged files are set aside") {
		t.Errorf("the start does not tell of the files:\n%s", &out)
	}
}
