package local

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// childEnv has the test binary run as the process that is killed.
const childEnv = "WEIR_LOCAL_TEST_CHILD"

// childMain appends batches from the number in the environment on, and tells on
// standard output which are acknowledged. It never ends by itself.
func childMain(arg string) {
	number, dir, _ := strings.Cut(arg, ":")
	first, _ := strconv.Atoi(number)
	c := DefaultConfig(dir)
	c.RotateRows, c.MergeRows = 2048, 131072
	fail := func(err error) {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(3)
		}
	}
	s, err := New(c, Dependencies{Logger: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry()})
	fail(err)
	fail(s.Start(context.Background()))
	if problems := s.Health(); problems != nil {
		fail(fmt.Errorf("%v", problems))
	}
	type waiting struct {
		number int
		Pending
	}
	acks := make(chan waiting, 8)
	go func() {
		for w := range acks {
			fail(w.Wait(context.Background()))
			fmt.Println(w.number)
		}
	}()
	for n := first; ; n++ {
		p, err := s.Append(context.Background(), batch(n, sizeOf(n)))
		fail(err)
		acks <- waiting{n, p}
	}
}

// sizeOf is how many records batch n has.
func sizeOf(n int) int { return 1 + n*37%300 }

// TestKill kills a process at random moments while it stores flows: no batch
// that was acknowledged is missing, none is there twice, none in part.
func TestKill(t *testing.T) {
	const rounds = 30
	dir := t.TempDir()
	rng := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 1))
	var acknowledged []int
	next := 0
	for round := range rounds {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), childEnv+"="+strconv.Itoa(next)+":"+dir)
		var stderr strings.Builder
		cmd.Stderr = &stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		kill := time.AfterFunc(time.Duration(20+rng.IntN(500))*time.Millisecond, func() { _ = cmd.Process.Kill() })
		got := 0
		for lines := bufio.NewScanner(out); lines.Scan(); got++ {
			n, err := strconv.Atoi(lines.Text())
			if err != nil {
				t.Fatal(err)
			}
			acknowledged = append(acknowledged, n)
		}
		_ = cmd.Wait()
		kill.Stop()
		if state := cmd.ProcessState.Sys().(syscall.WaitStatus); !state.Signaled() {
			t.Fatalf("round %d: the process ended by itself: %v\n%s", round, cmd.ProcessState, stderr.String())
		}
		if got > 0 {
			next = slices.Max(acknowledged) + 1
		}
		next += 10000 // batches that were not acknowledged may be there: numbers are not used twice
		r, err := OpenReader(dir)
		if err != nil {
			if got == 0 && round == 0 {
				continue // killed before there was anything
			}
			t.Fatal(err)
		}
		x, err := r.Snapshot(t.Context())
		if err != nil || x.Problems != nil {
			t.Fatalf("round %d: %v, %v", round, err, x.Problems)
		}
		there := numbers(t, x.Blocks(), sizeOf)
		for _, n := range acknowledged {
			if there[n] != 1 {
				t.Fatalf("round %d: batch %d was acknowledged and is there %d times", round, n, there[n])
			}
		}
		for n, times := range there {
			if times != 1 {
				t.Fatalf("round %d: batch %d is there %d times", round, n, times)
			}
		}
		x.Release()
	}
	if len(acknowledged) < 500 {
		t.Errorf("only %d batches were acknowledged in all", len(acknowledged))
	}
	s := start(t, dir)
	if problems := s.Health(); problems != nil {
		t.Errorf("problems: %v", problems)
	}
	there := numbers(t, blocks(t, s), sizeOf)
	for _, n := range acknowledged {
		if there[n] != 1 {
			t.Errorf("in the end batch %d is there %d times", n, there[n])
		}
	}
	t.Logf("%d batches were acknowledged, %d are there", len(acknowledged), len(there))
}
