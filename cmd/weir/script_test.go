package main

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets the scripts run this program as weir.
func TestMain(m *testing.M) {
	testscript.Main(tidy{m}, map[string]func(){"weir": main})
}

// tidy runs the tests and removes what buildOnce has built.
type tidy struct{ tests *testing.M }

// Run gives the exit status.
func (t tidy) Run() int {
	status := t.tests.Run()
	if builtIn != "" {
		_ = os.RemoveAll(builtIn) // a temporary folder
	}
	return status
}

// TestScripts runs testdata/script: what the command line says and does.
func TestScripts(t *testing.T) {
	exports, err := filepath.Abs("../../testdata/exports")
	if err != nil {
		t.Fatal(err)
	}
	store, damaged := filepath.Join(t.TempDir(), "store"), filepath.Join(t.TempDir(), "damaged")
	makeStore(t, store, 3000, 1024)
	makeStore(t, damaged, 3000, 1024)
	spoil(t, damaged)
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script", RequireExplicitExec: true, RequireUniqueNames: true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("EXPORTS", exports)
			e.Setenv("STORE", store)
			e.Setenv("DAMAGED", damaged)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"status": scriptStatus, "unhex": scriptUnhex, "count": scriptCount, "occupy": scriptOccupy, "notime": scriptNoTime,
		},
		UpdateScripts: *update,
	})
}

// spoil changes all bytes but the footer of the first segment of a store.
func spoil(t *testing.T, dir string) {
	t.Helper()
	list, err := filepath.Glob(filepath.Join(dir, "flows-*.parquet"))
	if err != nil || len(list) < 2 {
		t.Fatal(list, err)
	}
	text, err := os.ReadFile(list[0])
	if err != nil {
		t.Fatal(err)
	}
	footer := int(binary.LittleEndian.Uint32(text[len(text)-8:])) + 8
	for at := 4; at < len(text)-footer; at++ {
		text[at] ^= 0x55
	}
	if err := os.WriteFile(list[0], text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// scriptStatus runs weir and compares its exit status: status N arguments... The
// outputs are in the files out and err of the script's folder.
func scriptStatus(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: status N arguments...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	stdout, err := os.Create(ts.MkAbs("out"))
	ts.Check(err)
	defer func() { _ = stdout.Close() }()
	stderr, err := os.Create(ts.MkAbs("err"))
	ts.Check(err)
	defer func() { _ = stderr.Close() }()
	c := exec.CommandContext(context.Background(), "weir", args[1:]...)
	c.Dir, c.Stdout, c.Stderr = ts.Getenv("WORK"), stdout, stderr
	c.Env = append(os.Environ(), "WEIR_LOG_LEVEL="+ts.Getenv("WEIR_LOG_LEVEL"), "TZ=UTC")
	err = c.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		ts.Fatalf("%v", err)
	}
	if got := c.ProcessState.ExitCode(); got != want {
		text, _ := os.ReadFile(ts.MkAbs("err"))
		ts.Fatalf("weir %s: exit status %d, want %d\n%s", strings.Join(args[1:], " "), got, want, text)
	}
}

var tookPattern = regexp.MustCompile(`[0-9,]+( looked at, )[0-9.]+ [a-zµ]+|("took":)[0-9]+`)

// scriptNoTime takes what an answer took out of a file: notime file.
func scriptNoTime(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: notime file")
	}
	text := tookPattern.ReplaceAllString(ts.ReadFile(args[0]), "N${1}${2}TIME")
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o600))
}

// scriptUnhex makes a binary file out of one with hexadecimal digits: unhex in
// out.
func scriptUnhex(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: unhex in out")
	}
	digits := strings.Join(strings.Fields(ts.ReadFile(args[0])), "")
	b, err := hex.DecodeString(digits)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), b, 0o600))
}

// scriptCount compares the number of lines of a file: count N file.
func scriptCount(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: count N file")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	if got := strings.Count(ts.ReadFile(args[1]), "\n"); got != want {
		ts.Fatalf("%s has %d lines, want %d", args[1], got, want)
	}
}

// scriptOccupy takes a free port of 127.0.0.1 until the script ends, and writes
// its number over PORT in files: occupy udp|tcp files...
func scriptOccupy(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: occupy udp|tcp files...")
	}
	var (
		address net.Addr
		close   func() error
	)
	if args[0] == "udp" {
		socket, err := net.ListenPacket("udp4", "127.0.0.1:0")
		ts.Check(err)
		address, close = socket.LocalAddr(), socket.Close
	} else {
		socket, err := net.Listen("tcp4", "127.0.0.1:0")
		ts.Check(err)
		address, close = socket.Addr(), socket.Close
	}
	ts.Defer(func() { _ = close() })
	_, port, err := net.SplitHostPort(address.String())
	ts.Check(err)
	for _, file := range args[1:] {
		text := strings.ReplaceAll(ts.ReadFile(file), "PORT", port)
		ts.Check(os.WriteFile(ts.MkAbs(file), []byte(text), 0o600))
	}
}
