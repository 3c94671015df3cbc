package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/weirflow/weir/cmd/weir/internal/transfer"
	"github.com/weirflow/weir/indexer/elastic/elastictest"
)

// TestProgramImport imports a store into a real server. The import is killed in
// the middle of a window and run again: nothing is missing, and nothing is there
// twice. Once more, from the start, adds nothing.
func TestProgramImport(t *testing.T) {
	const flows = 150_000
	store := filepath.Join(t.TempDir(), "flows")
	makeStore(t, store, flows, 1<<16)
	sum := uint64(0)
	for i := range uint64(flows) {
		sum += 1000 + i
	}
	path, err := buildOnce()
	if err != nil {
		t.Fatal(err)
	}
	elastictest.Each(t, func(t *testing.T, s elastictest.Server) {
		namespace := s.Namespace(t)
		t.Setenv("WEIR_INDEX_ELASTICSEARCH_NAMESPACE", namespace)
		t.Setenv("WEIR_INDEX_ELASTICSEARCH_FLUSH_BYTES", "256KiB") // so that documents are there soon
		stream, state := "weir-flows-"+namespace, filepath.Join(t.TempDir(), "state.json")
		arguments := []string{"import", s.URL, "--data", store, "--state", state}

		c := exec.Command(path, arguments...)
		var errOut strings.Builder
		c.Dir, c.Stderr = t.TempDir(), &errOut
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		marked := func() (done transfer.State) {
			done, _, err := transfer.LoadState(state)
			if err != nil {
				t.Fatal(err)
			}
			return done
		}
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			_ = c.Wait() // killed below
		}()
		running := func() {
			select {
			case <-ended:
				t.Fatalf("the import ended: %s", errOut.String())
			default:
			}
		}
		until(t, slowly, "the import makes no mark", func() bool { running(); return marked().Rows > 0 })
		until(t, slowly, "nothing is indexed beyond the mark", func() bool {
			documents, _ := s.Totals(t, stream, "network.bytes")
			return documents > uint64(marked().Rows) || marked().Finished
		})
		if err := c.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		<-ended
		before := marked()
		documents, _ := s.Totals(t, stream, "network.bytes")
		if before.Finished || documents <= uint64(before.Rows) || documents >= flows {
			t.Fatalf("killed with %d documents after the mark at %d rows, which shows nothing: %s", documents, before.Rows, errOut.String())
		}

		check := func(indexed, duplicate string, arguments ...string) {
			t.Helper()
			out, errOut, status := weir(t, arguments...)
			if want := fmt.Sprintf("%d flows: %s documents indexed, %s were there already, 0 rejected\n", flows, indexed, duplicate); status != exitOK || indexed != "" && out != want {
				t.Errorf("exit status %d: %s%s, want %s", status, out, errOut, want)
			}
			if documents, bytes := s.Totals(t, stream, "network.bytes"); documents != flows || bytes != sum {
				t.Errorf("%d documents with %d bytes, want %d with %d", documents, bytes, flows, sum)
			}
		}
		check("", "", arguments...)
		after := marked()
		if !after.Finished || after.Rows != flows || after.Duplicate == 0 || after.Duplicate > flows/2 {
			t.Errorf("%+v", after)
		}
		t.Logf("killed with %d documents, marked %d rows; then %d were there already", documents, before.Rows, after.Duplicate)
		check("0", fmt.Sprint(flows), arguments...) // it is finished, so this is a new one
	})
}

// TestProgramImportState: an unfinished import is not mixed up with another.
func TestProgramImportState(t *testing.T) {
	store, state := filepath.Join(t.TempDir(), "flows"), filepath.Join(t.TempDir(), "state.json")
	makeStore(t, store, 100, 1024)
	old := transfer.State{Target: "127.0.0.1:9 default", Selection: "||||all|", From: noon, Next: noon, To: noon.Add(1)}
	text, err := json.Marshal(old)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ state, want string }{
		{string(text), "is the state of another import, which is not finished"},
		{"{", "the state of the import cannot be read"},
	} {
		if err := os.WriteFile(state, []byte(c.state), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, errOut, status := weir(t, "import", "http://127.0.0.1:9", "--data", store, "--state", state); status != exitError || !strings.Contains(errOut, c.want) {
			t.Errorf("exit status %d: %s", status, errOut)
		}
	}
}

// TestImportNoServer: an import to a server that is not there ends and says so,
// and leaves no state behind.
func TestImportNoServer(t *testing.T) {
	store, state := filepath.Join(t.TempDir(), "flows"), filepath.Join(t.TempDir(), "state.json")
	makeStore(t, store, 100, 1024)
	o := importOptions{selection: selection{kind: everyKind, data: store}, state: state, patience: 200 * time.Millisecond}
	var out strings.Builder
	err := o.run(t.Context(), "http://127.0.0.1:9", &out, &out)
	if err == nil || !strings.Contains(err.Error(), "no answer from http://127.0.0.1:9 within 200ms: ") || !strings.Contains(err.Error(), "or wait for it with --wait") || out.Len() > 0 {
		t.Errorf("%v; printed %q", err, out.String())
	}
	if _, err := os.Stat(state); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a state is left: %v", err)
	}
}
